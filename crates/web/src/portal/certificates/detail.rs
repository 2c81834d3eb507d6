//! One certificate: how it stands, what it says, who stands above it, how its names were proved.

use acme::authorization::State;
use base::Timestamp;
use flow::issuance::list_certificates::{Detail, Revoker, Status, common_name, is_due};
use flow::issuance::list_orders::Attempt;
use pki::RevocationReason;

use super::{chip, lifetime, pairs};
use crate::portal::activity;
use crate::portal::page::account::label_or_stand_in;
use crate::portal::page::links;
use crate::portal::page::moment::{day, distance, when};
use crate::portal::page::shell::Shell;
use crate::portal::view::certificates::{CertificatePage, ChainLink, Fact, Proof, Revocation};

/// The name under which people know it.
pub(super) fn title(detail: &Detail) -> String {
    let first = detail.stored.names.first();
    first.map(ToString::to_string).unwrap_or_default()
}

/// Its serial number as people compare it.
pub(super) fn serial(detail: &Detail) -> String {
    apart(&detail.leaf.serial)
}

pub(super) fn names(detail: &Detail) -> Vec<String> {
    detail
        .stored
        .names
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// Whether revoking it would mean anything.
pub(super) fn is_revocable(detail: &Detail) -> bool {
    detail.stored.status == Status::Issued && detail.stored.not_after > detail.now
}

pub(super) fn page(shell: Shell, detail: &Detail, may_revoke: bool) -> CertificatePage {
    let stored = &detail.stored;
    let now = detail.now;
    let status = chip(stored.status, stored.not_after, is_expiring(detail), now);
    CertificatePage {
        shell,
        href: links::certificate(stored.id),
        back_href: back(detail),
        name: title(detail),
        explanation: explanation(detail),
        names: names(detail),
        not_before: when(stored.not_before, now),
        not_after: when(stored.not_after, now),
        lifetime: lifetime(stored.not_before, stored.not_after, status.tone, now),
        status,
        facts: facts(detail),
        chain: chain(detail),
        proofs: detail
            .proofs
            .iter()
            .filter_map(|each| proof(each, now))
            .collect(),
        order_href: detail.has_order.then(|| links::order(stored.order)),
        revocation: revocation(detail),
        successor_href: detail.successor.map(links::certificate),
        can_revoke: may_revoke && is_revocable(detail),
    }
}

fn is_expiring(detail: &Detail) -> bool {
    let stored = &detail.stored;
    stored.status == Status::Issued
        && detail.successor.is_none()
        && is_due(stored.not_before, stored.not_after, detail.now)
}

/// The list that has it.
fn back(detail: &Detail) -> String {
    let is_over = detail.stored.not_after <= detail.now;
    let view = match detail.stored.status {
        Status::Revoked => "?view=revoked",
        Status::Intended | Status::Issued if is_over => "?view=expired",
        Status::Intended | Status::Issued if is_expiring(detail) => "?view=expiring",
        Status::Intended | Status::Issued => "",
    };
    format!("{}{view}", super::PATH)
}

fn explanation(detail: &Detail) -> String {
    let (from, until, now) = (
        detail.stored.not_before,
        detail.stored.not_after,
        detail.now,
    );
    if detail.stored.status == Status::Revoked {
        return "No client should accept it any more.".to_owned();
    }
    if until <= now {
        return format!("It ended on {}; browsers refuse it.", day(until));
    }
    let end = format!("It ends {}, on {}", distance(until, now), day(until));
    if detail.successor.is_some() {
        return format!("{end}. A newer certificate has taken its place.");
    }
    if is_expiring(detail) {
        return format!("{end}, and no renewal was seen. Check that its client still runs.");
    }
    // Clients usually renew when a third of the lifetime is left.
    let third = until.since(from) / 3;
    let due = until.minus(third);
    if due > now {
        format!("{end}. Its client is due to renew it around {}.", day(due))
    } else {
        format!("{end}. Its client is due to renew it now.")
    }
}

fn facts(detail: &Detail) -> Vec<Fact> {
    let leaf = &detail.leaf;
    let mut facts = vec![
        Fact::code("Serial number", &serial(detail)),
        Fact::code("SHA-256", &apart(&leaf.sha256).to_uppercase()),
        Fact::code("SHA-1", &apart(&leaf.sha1).to_uppercase()),
        Fact::text("Key", &leaf.key.algorithm().to_string()),
        Fact::text("Issuer", &leaf.issuer),
        Fact::text("Profile", &detail.stored.profile),
        Fact::text("ACME account", &label_or_stand_in(&detail.label)),
    ];
    let told = leaf
        .extensions
        .iter()
        // The names have a list of their own.
        .filter(|extension| extension.name != "Subject alternative name");
    facts.extend(told.map(|extension| Fact::text(&extension.name, &extension.text)));
    facts
}

fn chain(detail: &Detail) -> Vec<ChainLink> {
    let mut links = vec![ChainLink {
        role: "Certificate".to_owned(),
        subject: title(detail),
        note: format!("ends {}", day(detail.leaf.not_after)),
    }];
    links.extend(detail.authorities.iter().map(|authority| {
        ChainLink {
            role: if authority.subject == authority.issuer {
                "Root"
            } else {
                "Issuing CA"
            }
            .to_owned(),
            subject: common_name(&authority.subject),
            note: format!("ends {}", day(authority.not_after)),
        }
    }));
    links
}

fn proof(attempt: &Attempt, now: Timestamp) -> Option<Proof> {
    let State::Valid {
        challenge,
        validated,
    } = &attempt.state
    else {
        return None;
    };
    Some(Proof {
        name: attempt.name.clone(),
        method: challenge.as_str().to_owned(),
        when: when(*validated, now),
        detail: activity::seen_in_short(attempt),
    })
}

fn revocation(detail: &Detail) -> Option<Revocation> {
    let at = detail.stored.revoked_at?;
    let by = match detail.revoker.as_ref()? {
        Revoker::Client => "the ACME client",
        Revoker::Person(email) => email,
        Revoker::Unknown => "the authority",
    };
    let code = u64::try_from(detail.stored.revocation_reason.unwrap_or(0)).unwrap_or(0);
    let reason = RevocationReason::from_code(code).unwrap_or(RevocationReason::Unspecified);
    Some(Revocation {
        reason: reason_words(reason).to_owned(),
        when: when(at, detail.now),
        by: by.to_owned(),
    })
}

fn reason_words(reason: RevocationReason) -> &'static str {
    match reason {
        RevocationReason::Unspecified => "no reason given",
        RevocationReason::KeyCompromise => "key compromised",
        RevocationReason::CaCompromise => "authority compromised",
        RevocationReason::AffiliationChanged => "owner changed",
        RevocationReason::Superseded => "replaced",
        RevocationReason::CessationOfOperation => "no longer used",
        RevocationReason::CertificateHold => "on hold",
        RevocationReason::RemoveFromCrl => "released",
        RevocationReason::PrivilegeWithdrawn => "privilege withdrawn",
        RevocationReason::AaCompromise => "attribute authority compromised",
    }
}

fn apart(hex: &str) -> String {
    pairs(hex).collect::<Vec<_>>().join(":")
}
