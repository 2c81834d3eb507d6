//! Lints on the fields that are no extensions.

use der::Error;

use super::{Lint, Twin, ensure, unreadable};
use crate::algorithm::SignatureAlgorithm;
use crate::encode::tag;
use crate::profile::validity_ceiling_seconds;

pub(super) const LINTS: &[Lint] = &[
    Lint {
        name: "content_unchanged",
        citation: "BR §4.3.1.2",
        check: content_unchanged,
    },
    Lint {
        name: "version",
        citation: "RFC 5280 §4.1.2.1",
        check: version,
    },
    Lint {
        name: "serial_number",
        citation: "RFC 5280 §4.1.2.2, BR §7.1.2.7",
        check: serial_number,
    },
    Lint {
        name: "algorithms_equal",
        citation: "RFC 5280 §4.1.1.2",
        check: algorithms_equal,
    },
    Lint {
        name: "algorithm_of_issuer",
        citation: "RFC 5280 §4.1.1.2, BR §7.1.3.2",
        check: algorithm_of_issuer,
    },
    Lint {
        name: "issuer_name",
        citation: "RFC 5280 §4.1.2.4, BR §7.1.4.1",
        check: issuer_name,
    },
    Lint {
        name: "time_encoding",
        citation: "RFC 5280 §4.1.2.5",
        check: time_encoding,
    },
    Lint {
        name: "validity_of_profile",
        citation: "RFC 5280 §4.1.2.5, profile",
        check: validity_of_profile,
    },
    Lint {
        name: "validity_within_issuer",
        citation: "RFC 5280 §6.1.3",
        check: validity_within_issuer,
    },
    Lint {
        name: "subject_empty",
        citation: "BR §7.1.2.7.2, profile",
        check: subject_empty,
    },
    Lint {
        name: "public_key",
        citation: "RFC 5280 §4.1.2.7, BR §7.1.3.1",
        check: public_key,
    },
    Lint {
        name: "no_unique_identifiers",
        citation: "RFC 5280 §4.1.2.8, BR §7.1.2.7",
        check: no_unique_identifiers,
    },
];

/// Rules of the Baseline Requirements alone, for public profiles.
pub(super) const PUBLIC_LINTS: &[Lint] = &[
    Lint {
        name: "not_before_near_now",
        citation: "BR §7.1.2.7",
        check: not_before_near_now,
    },
    Lint {
        name: "validity_ceiling",
        citation: "BR §6.3.2",
        check: validity_ceiling,
    },
];

fn content_unchanged(twin: &Twin<'_>) -> Result<(), String> {
    ensure(twin.certificate.tbs == twin.intended.der(), || {
        "the twin carries other content".to_owned()
    })
}

fn version(twin: &Twin<'_>) -> Result<(), String> {
    ensure(twin.certificate.fields.version == Some(&[2]), || {
        "not version 3".to_owned()
    })
}

/// Positive, at most 20 octets, and long enough for 64 bits from a generator.
fn serial_number(twin: &Twin<'_>) -> Result<(), String> {
    let serial = twin.certificate.fields.serial;
    let is_positive = serial.first().is_some_and(|first| *first < 0x80);
    ensure(is_positive && (9..=20).contains(&serial.len()), || {
        format!("negative, or {} octets long", serial.len())
    })?;
    ensure(serial == twin.intended.serial().as_bytes(), || {
        "not the reserved one".to_owned()
    })
}

fn algorithms_equal(twin: &Twin<'_>) -> Result<(), String> {
    let certificate = twin.certificate;
    ensure(
        certificate.outer_algorithm == certificate.fields.algorithm,
        || "inner and outer signature algorithm differ".to_owned(),
    )
}

/// The allowed encodings are a closed list that SHA-1 is not on.
fn algorithm_of_issuer(twin: &Twin<'_>) -> Result<(), String> {
    let found = SignatureAlgorithm::from_identifier(twin.certificate.fields.algorithm);
    ensure(found == Some(twin.issuer.algorithm), || {
        format!("{found:?} is not the issuer's algorithm")
    })
}

fn issuer_name(twin: &Twin<'_>) -> Result<(), String> {
    ensure(twin.certificate.fields.issuer == twin.issuer.name, || {
        "not the issuer's subject, octet for octet".to_owned()
    })
}

fn time_encoding(twin: &Twin<'_>) -> Result<(), String> {
    for element in [
        twin.certificate.fields.not_before,
        twin.certificate.fields.not_after,
    ] {
        let is_until_2049 = element.time().map_err(unreadable)?.as_seconds() < YEAR_2050;
        let expected = if is_until_2049 {
            tag::UTC_TIME
        } else {
            tag::GENERALIZED_TIME
        };
        ensure(element.tag == expected, || {
            "UTCTime is for years through 2049, GeneralizedTime for later ones".to_owned()
        })?;
    }
    Ok(())
}

fn not_before_near_now(twin: &Twin<'_>) -> Result<(), String> {
    let (not_before, _) = validity(twin)?;
    let distance = (not_before - twin.now.as_seconds()).abs();
    ensure(distance <= 48 * 3600, || {
        format!("notBefore is {distance} seconds from now")
    })
}

fn validity_ceiling(twin: &Twin<'_>) -> Result<(), String> {
    let (not_before, not_after) = validity(twin)?;
    let (length, most) = (
        not_after - not_before + 1,
        validity_ceiling_seconds(twin.now),
    );
    ensure((1..=most).contains(&length), || {
        format!("{length} seconds, at most {most} are allowed")
    })
}

fn validity_of_profile(twin: &Twin<'_>) -> Result<(), String> {
    let (not_before, not_after) = validity(twin)?;
    let (length, most) = (not_after - not_before + 1, twin.profile.validity_seconds);
    ensure((1..=most).contains(&length), || {
        format!("{length} seconds, the profile has {most}")
    })
}

fn validity_within_issuer(twin: &Twin<'_>) -> Result<(), String> {
    let (_, not_after) = validity(twin)?;
    ensure(not_after <= twin.issuer.not_after.as_seconds(), || {
        "it outlives its issuer".to_owned()
    })
}

/// Empty exactly where nobody is named.
fn subject_empty(twin: &Twin<'_>) -> Result<(), String> {
    let is_empty = twin.certificate.fields.subject == [0x30, 0x00];
    ensure(is_empty != twin.profile.level.names_organization(), || {
        format!("empty: {is_empty}, at the level {}", twin.profile.level)
    })
}

fn public_key(twin: &Twin<'_>) -> Result<(), String> {
    twin.key.as_ref().map(|_| ()).map_err(unreadable)
}

fn no_unique_identifiers(twin: &Twin<'_>) -> Result<(), String> {
    ensure(!twin.certificate.fields.has_unique_identifiers, || {
        "a unique identifier is present".to_owned()
    })
}

fn validity(twin: &Twin<'_>) -> Result<(i64, i64), String> {
    let read = twin.certificate.fields.validity();
    let (not_before, not_after) = read.map_err(|error: Error| unreadable(error))?;
    Ok((not_before.as_seconds(), not_after.as_seconds()))
}

/// 2050-01-01T00:00:00Z.
const YEAR_2050: i64 = 2_524_608_000;
