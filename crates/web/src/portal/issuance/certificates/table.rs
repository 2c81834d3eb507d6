//! Certificates as the rows of a table, which several pages have.

use base::Timestamp;
use flow::issuance::list_certificates::{CertificateRow as Listed, Status, ca_name};

use crate::portal::page::account::label_or_stand_in;
use crate::portal::page::part::{Chip, Lifetime, Tone, When};
use crate::portal::page::words::more;
use crate::portal::page::{links, moment};
use crate::portal::state::Portal;

pub(super) fn rows(portal: &Portal, found: &[Listed], now: Timestamp) -> Vec<CertificateRow> {
    found.iter().map(|each| row(portal, each, now)).collect()
}

fn row(portal: &Portal, found: &Listed, now: Timestamp) -> CertificateRow {
    let names: Vec<String> = found.names.iter().map(ToString::to_string).collect();
    let status = chip(found.status, found.not_after, found.is_expiring(now), now);
    CertificateRow {
        href: links::certificate(found.id),
        name: names.first().cloned().unwrap_or_default(),
        more: more(&names),
        serial: short_serial(&found.serial),
        issuer: ca_name(&portal.app, found.ca),
        not_after: moment::when(found.not_after, now),
        lifetime: lifetime(found.not_before, found.not_after, status.tone, now),
        status,
        account: label_or_stand_in(&found.label),
    }
}

pub(super) fn chip(
    status: Status,
    not_after: Timestamp,
    is_expiring: bool,
    now: Timestamp,
) -> Chip {
    match status {
        Status::Revoked => Chip::new(Tone::Bad, "Revoked"),
        Status::Issued if not_after <= now => Chip::new(Tone::Idle, "Expired"),
        Status::Issued if is_expiring => Chip::new(Tone::Warn, "Expiring"),
        Status::Issued => Chip::new(Tone::Good, "Valid"),
    }
}

/// A revoked certificate has no lifetime left to be glad of.
pub(super) fn lifetime(from: Timestamp, until: Timestamp, tone: Tone, now: Timestamp) -> Lifetime {
    let whole = until.since(from).as_secs().max(1);
    let passed = now.since(from).as_secs().min(whole);
    let percent = u8::try_from(passed.saturating_mul(100) / whole).unwrap_or(100);
    let days = whole.saturating_add(43_200) / 86_400;
    Lifetime {
        percent,
        tone: if tone == Tone::Bad { Tone::Idle } else { tone },
        text: match days {
            0 => format!("{percent} % of its lifetime has passed"),
            1 => format!("{percent} % of 1 day has passed"),
            _ => format!("{percent} % of {days} days have passed"),
        },
    }
}

/// The first four bytes, apart.
fn short_serial(serial: &str) -> String {
    let pairs: Vec<&str> = pairs(serial).take(4).collect();
    format!("{} …", pairs.join(" "))
}

pub(super) fn pairs(hex: &str) -> impl Iterator<Item = &str> {
    (0..hex.len())
        .step_by(2)
        .filter_map(|at| hex.get(at..at + 2))
}

/// One certificate in a list.
#[derive(Clone, Debug)]
pub struct CertificateRow {
    /// Path of its page.
    pub href: String,
    /// The first name.
    pub name: String,
    /// Such as "and 2 more"; empty for a single name.
    pub more: String,
    /// Beginning of the serial number, in hex.
    pub serial: String,
    /// Common name of the issuer.
    pub issuer: String,
    /// End of validity.
    pub not_after: When,
    /// How much of the lifetime has passed.
    pub lifetime: Lifetime,
    /// Valid, Expiring, Expired, Revoked.
    pub status: Chip,
    /// Label of its ACME account.
    pub account: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_are_shares_of_the_whole() {
        let day = |days: i64| Timestamp::from_seconds(days * 86_400);
        let bar = lifetime(day(0), day(90), Tone::Good, day(45));
        assert_eq!(
            (bar.percent, bar.text.as_str()),
            (50, "50 % of 90 days have passed")
        );
        assert_eq!(lifetime(day(0), day(90), Tone::Bad, day(100)).percent, 100);
    }
}
