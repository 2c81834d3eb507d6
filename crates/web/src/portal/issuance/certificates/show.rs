//! One certificate: how it stands, what it says, who stands above it, how its names were proved.

use acme::authorization;
use askama::Template;
use base::{CertificateId, Timestamp};
use flow::Caller;
use flow::issuance::list_certificates::{
    CertificateDetail, Revoker, Status, certificate, common_name, is_due,
};
use flow::issuance::list_orders::Attempt;
use pki::RevocationReason;
use tenancy::role::Permission;

use super::list;
use super::table::{chip, lifetime, pairs};
use crate::portal::gate::allowed::{Allowed, Object};
use crate::portal::gate::permitted::ViewCertificates;
use crate::portal::issuance::orders::timeline::{seen_in_short, way};
use crate::portal::page::account::label_or_stand_in;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::{day, distance, when};
use crate::portal::page::part::{Chip, Lifetime, When};
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::state::Portal;

impl Object for CertificateDetail {
    async fn load(portal: &Portal, caller: &Caller, id: &str) -> Result<Option<Self>, Refusal> {
        let Ok(id) = CertificateId::from_suffix(id) else {
            return Ok(None);
        };
        Ok(certificate(&portal.app, caller, id).await?)
    }
}

pub(super) async fn show(
    Allowed { who, object: found }: Allowed<ViewCertificates, CertificateDetail>,
) -> Answer {
    let can_revoke = who.may(Permission::RevokeCertificates);
    let shell = who.shell(Nav::Certificates, &title(&found));
    page(&view(shell, &found, can_revoke))
}

/// The name under which people know it.
pub(super) fn title(detail: &CertificateDetail) -> String {
    let first = detail.stored.names.first();
    first.map(ToString::to_string).unwrap_or_default()
}

/// Its serial number as people compare it.
pub(super) fn serial(detail: &CertificateDetail) -> String {
    apart(&detail.leaf.serial)
}

pub(super) fn names(detail: &CertificateDetail) -> Vec<String> {
    detail
        .stored
        .names
        .iter()
        .map(ToString::to_string)
        .collect()
}

/// Whether revoking it would mean anything.
pub(super) fn is_revocable(detail: &CertificateDetail) -> bool {
    let counts = detail.stored.status == Status::Issued && detail.stored.not_after > detail.now;
    counts && detail.is_revoked_in_portal
}

fn view(shell: Shell, detail: &CertificateDetail, may_revoke: bool) -> CertificatePage {
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
        account: label_or_stand_in(&detail.label),
        account_href: links::account(stored.subscription),
        key_facts: key_facts(detail),
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

fn is_expiring(detail: &CertificateDetail) -> bool {
    let stored = &detail.stored;
    stored.status == Status::Issued
        && detail.successor.is_none()
        && is_due(stored.not_before, stored.not_after, detail.now)
}

/// The list that has it.
fn back(detail: &CertificateDetail) -> String {
    let is_over = detail.stored.not_after <= detail.now;
    let view = match detail.stored.status {
        Status::Revoked => "?view=revoked",
        Status::Issued if is_over => "?view=expired",
        Status::Issued if is_expiring(detail) => "?view=expiring",
        Status::Issued => "",
    };
    format!("{}{view}", list::PATH)
}

fn explanation(detail: &CertificateDetail) -> String {
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

/// What is asked first.
fn key_facts(detail: &CertificateDetail) -> Vec<Fact> {
    let key = detail.leaf.key.algorithm().to_string();
    vec![
        Fact::text("Issuer", &common_name(&detail.leaf.issuer)),
        Fact::text("Key", &key),
        Fact::text("Profile", &detail.stored.profile),
    ]
}

fn facts(detail: &CertificateDetail) -> Vec<Fact> {
    let leaf = &detail.leaf;
    let mut facts = vec![
        Fact::code("Serial number", &serial(detail)),
        Fact::code("SHA-256", &apart(&leaf.sha256).to_uppercase()),
        Fact::code("SHA-1", &apart(&leaf.sha1).to_uppercase()),
        Fact::text("Issuer", &leaf.issuer),
    ];
    let told = leaf
        .extensions
        .iter()
        // The names have a list of their own.
        .filter(|extension| extension.name != "Subject alternative name");
    facts.extend(told.map(|extension| Fact::text(&extension.name, &extension.text)));
    facts
}

fn chain(detail: &CertificateDetail) -> Vec<ChainLink> {
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
    let authorization::State::Valid {
        challenge,
        validated,
    } = &attempt.state
    else {
        return None;
    };
    Some(Proof {
        name: attempt.name.clone(),
        way: way(*challenge),
        when: when(*validated, now),
        detail: seen_in_short(attempt),
    })
}

fn revocation(detail: &CertificateDetail) -> Option<Revocation> {
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
        // In the middle of a sentence, where a distance beside the date would not read.
        when: When {
            hint: String::new(),
            ..when(at, detail.now)
        },
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

/// A label with a value that can be copied.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// The value.
    pub value: String,
    /// Shown in a fixed-width face with a copy button.
    pub is_code: bool,
}

impl Fact {
    /// A plain value.
    pub fn text(label: &str, value: &str) -> Self {
        Self {
            label: label.to_owned(),
            value: value.to_owned(),
            is_code: false,
        }
    }

    /// A value that people copy, such as a fingerprint.
    pub fn code(label: &str, value: &str) -> Self {
        Self {
            label: label.to_owned(),
            value: value.to_owned(),
            is_code: true,
        }
    }
}

/// One certificate of the chain, leaf first.
#[derive(Clone, Debug)]
pub struct ChainLink {
    /// "Certificate", "Issuing CA", "Root".
    pub role: String,
    /// Common name.
    pub subject: String,
    /// Such as "ends 3 March 2036".
    pub note: String,
}

/// How control of one name was proved.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The name.
    pub name: String,
    /// Such as "over HTTP".
    pub way: &'static str,
    /// When it was proved.
    pub when: When,
    /// What was seen, in one line; may be empty.
    pub detail: String,
}

/// Why and when it was revoked.
#[derive(Clone, Debug)]
pub struct Revocation {
    /// Reason in words.
    pub reason: String,
    /// When.
    pub when: When,
    /// Who asked for it, such as "the ACME client".
    pub by: String,
}

/// `GET /certificates/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/issuance/certificates/show.html")]
pub struct CertificatePage {
    /// The frame.
    pub shell: Shell,
    /// Path of this page; downloads and the revoke page lie below it.
    pub href: String,
    /// The list to go back to, with its filter.
    pub back_href: String,
    /// The first name, as the headline.
    pub name: String,
    /// Valid, Expiring, Expired, Revoked.
    pub status: Chip,
    /// Why it is in this state and what ends it.
    pub explanation: String,
    /// All names.
    pub names: Vec<String>,
    /// Begin of validity.
    pub not_before: When,
    /// End of validity.
    pub not_after: When,
    /// How much of the lifetime has passed.
    pub lifetime: Lifetime,
    /// Label of its ACME account.
    pub account: String,
    /// Path of that account.
    pub account_href: String,
    /// Issuer, key, profile.
    pub key_facts: Vec<Fact>,
    /// Serial number, fingerprints, extensions.
    pub facts: Vec<Fact>,
    /// Leaf first.
    pub chain: Vec<ChainLink>,
    /// One per name.
    pub proofs: Vec<Proof>,
    /// Path of the order; none when it is no longer kept.
    pub order_href: Option<String>,
    /// Set once it is revoked.
    pub revocation: Option<Revocation>,
    /// Path of the certificate that took its place.
    pub successor_href: Option<String>,
    /// Whether it may still be revoked.
    pub can_revoke: bool,
}
