//! Lints on the subject alternative name (RFC 5280 §4.2.1.6, BR §7.1.2.7.12).

use base::DnsName;
use const_oid::db::rfc5280::ID_CE_SUBJECT_ALT_NAME;

use super::{Lint, Twin, ensure, unreadable};
use crate::decode::Element;
use crate::encode::tag;

pub(super) const LINTS: &[Lint] = &[
    Lint {
        name: "san_present_and_critical",
        citation: "RFC 5280 §4.2.1.6, BR §7.1.2.7.12",
        check: san_present_and_critical,
    },
    Lint {
        name: "san_names",
        citation: "RFC 5280 §4.2.1.6, BR §7.1.2.7.12",
        check: san_names,
    },
    Lint {
        name: "san_count_of_profile",
        citation: "profile",
        check: san_count_of_profile,
    },
    Lint {
        name: "san_wildcards_of_profile",
        citation: "EVG §9.8.1, profile",
        check: san_wildcards_of_profile,
    },
];

/// Rules of the Baseline Requirements alone, for public profiles.
pub(super) const PUBLIC_LINTS: &[Lint] = &[Lint {
    name: "san_no_reverse_zone",
    citation: "BR §4.2.2 (SC-086)",
    check: san_no_reverse_zone,
}];

fn san_present_and_critical(twin: &Twin<'_>) -> Result<(), String> {
    let fields = &twin.certificate.fields;
    let san = fields.extension(ID_CE_SUBJECT_ALT_NAME).ok_or("missing")?;
    let is_subject_empty = fields.subject == [0x30, 0x00];
    ensure(san.is_critical == is_subject_empty, || {
        "it must be critical exactly when the subject is empty".to_owned()
    })
}

/// DNS names only, each once, in letters, digits and hyphens, an asterisk only as the whole first label.
fn san_names(twin: &Twin<'_>) -> Result<(), String> {
    let names = names(twin)?;
    ensure(!names.is_empty(), || "no name".to_owned())?;
    let mut seen: Vec<&str> = Vec::with_capacity(names.len());
    for name in &names {
        let canonical = DnsName::parse(name).map_err(|error| error.to_string())?;
        ensure(canonical.as_str() == *name, || {
            format!("\"{name}\" is not in its canonical form")
        })?;
        seen.push(name);
    }
    seen.sort_unstable();
    let count = seen.len();
    seen.dedup();
    ensure(seen.len() == count, || "a name occurs twice".to_owned())
}

fn san_no_reverse_zone(twin: &Twin<'_>) -> Result<(), String> {
    let reverse = names(twin)?
        .into_iter()
        .find(|name| name.ends_with(".in-addr.arpa") || name.ends_with(".ip6.arpa"));
    ensure(reverse.is_none(), || {
        format!("\"{}\" is in a reverse zone", reverse.unwrap_or_default())
    })
}

fn san_count_of_profile(twin: &Twin<'_>) -> Result<(), String> {
    let (count, most) = (names(twin)?.len(), twin.profile.max_names);
    ensure(count <= most, || {
        format!("{count} names, the profile has {most}")
    })
}

fn san_wildcards_of_profile(twin: &Twin<'_>) -> Result<(), String> {
    let profile = twin.profile;
    if profile.has_wildcards && profile.level.may_have_wildcards() {
        return Ok(());
    }
    let wildcard = names(twin)?.into_iter().find(|name| name.contains('*'));
    ensure(wildcard.is_none(), || {
        format!("\"{}\" is a wildcard name", wildcard.unwrap_or_default())
    })
}

fn names<'a>(twin: &Twin<'a>) -> Result<Vec<&'a str>, String> {
    let san = twin
        .certificate
        .fields
        .extension(ID_CE_SUBJECT_ALT_NAME)
        .ok_or("missing")?;
    let mut elements = Element::only(san.value, tag::SEQUENCE)
        .and_then(Element::elements)
        .map_err(unreadable)?;
    let mut names = Vec::new();
    while let Some(name) = elements.next().map_err(unreadable)? {
        ensure(name.tag == tag::primitive(2), || {
            "a name that is no DNS name".to_owned()
        })?;
        names.push(std::str::from_utf8(name.content).map_err(unreadable)?);
    }
    Ok(names)
}
