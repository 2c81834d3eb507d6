//! Lints on the subject of certificates that name an organization (BR §7.1.4.2, EVG §9.2).

use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::{BUSINESS_CATEGORY, C, L, O, POSTAL_CODE, SERIAL_NUMBER, ST, STREET};
use der::Error;
use icu_normalizer::ComposingNormalizerBorrowed;

use super::{Lint, Twin, ensure, unreadable};
use crate::decode::Element;
use crate::encode::tag;
use crate::extension::CABF_ORGANIZATION_IDENTIFIER;
use crate::profile::{Country, Level, Profile};
use crate::subject::attribute::{
    JURISDICTION_COUNTRY, JURISDICTION_LOCALITY, JURISDICTION_STATE, ORGANIZATION_IDENTIFIER,
};
use crate::subject::{BUSINESS_CATEGORIES, OrganizationIdentifier, RegistrationScheme};

pub(super) const LINTS: &[Lint] = &[
    Lint {
        name: "subject_of_level",
        citation: "BR §7.1.2.7.2, §7.1.2.7.4, EVG §9.2, EN 319 412-4 §4.1",
        check: subject_of_level,
    },
    Lint {
        name: "subject_single_values",
        citation: "BR §7.1.4.2",
        check: subject_single_values,
    },
    Lint {
        name: "subject_order",
        citation: "BR §7.1.4.2",
        check: subject_order,
    },
    Lint {
        name: "subject_encoding",
        citation: "BR §7.1.4.2",
        check: subject_encoding,
    },
    Lint {
        name: "subject_lengths",
        citation: "BR §7.1.4.2",
        check: subject_lengths,
    },
    Lint {
        name: "subject_values",
        citation: "BR §7.1.4.2, profile",
        check: subject_values,
    },
    Lint {
        name: "subject_countries",
        citation: "BR §7.1.4.2, EVG §9.2.4",
        check: subject_countries,
    },
    Lint {
        name: "subject_place",
        citation: "BR §7.1.2.7.4, EVG §9.2.6",
        check: subject_place,
    },
    Lint {
        name: "business_category",
        citation: "EVG §9.2.3",
        check: business_category,
    },
    Lint {
        name: "jurisdiction",
        citation: "EVG §9.2.4",
        check: jurisdiction,
    },
    Lint {
        name: "organization_identifier",
        citation: "EN 319 412-1 §5.1.4, EVG §9.2.8, Appendix H",
        check: organization_identifier,
    },
    Lint {
        name: "organization_identifier_extension",
        citation: "EVG §9.8.2",
        check: organization_identifier_extension,
    },
];

/// Exactly the attributes that the level may have, and among them those that it must have. No OU anywhere.
fn subject_of_level(twin: &Twin<'_>) -> Result<(), String> {
    let found = attributes(twin)?;
    let profile = twin.profile;
    for (oid, _) in &found {
        ensure(may_have(profile, *oid), || {
            format!("{oid} is no attribute of the level {}", profile.level)
        })?;
    }
    let mut needed = TABLE.iter().filter(|row| must_have(profile, row.oid));
    let missing = needed.find(|row| found.iter().all(|(oid, _)| *oid != row.oid));
    ensure(missing.is_none(), || {
        let oid = missing.map(|row| row.oid.to_string()).unwrap_or_default();
        format!("{oid} is missing at the level {}", profile.level)
    })
}

fn may_have(profile: &Profile, oid: ObjectIdentifier) -> bool {
    let is_extended = profile.is_extended();
    match oid {
        C | ST | L | O => profile.level != Level::Domain,
        ORGANIZATION_IDENTIFIER => is_extended || profile.level == Level::Qualified,
        other => is_extended && TABLE.iter().any(|row| row.oid == other),
    }
}

fn must_have(profile: &Profile, oid: ObjectIdentifier) -> bool {
    match oid {
        C | O => profile.level != Level::Domain,
        BUSINESS_CATEGORY | JURISDICTION_COUNTRY | SERIAL_NUMBER => profile.is_extended(),
        ORGANIZATION_IDENTIFIER => profile.level == Level::Qualified,
        _ => false,
    }
}

/// One attribute in each RelativeDistinguishedName, and each attribute once.
fn subject_single_values(twin: &Twin<'_>) -> Result<(), String> {
    let mut sets = Element::only(twin.certificate.fields.subject, tag::SEQUENCE)
        .and_then(Element::elements)
        .map_err(unreadable)?;
    while let Some(set) = sets.next().map_err(unreadable)? {
        let mut values = set.elements().map_err(unreadable)?;
        let mut count = 0;
        while values.next().map_err(unreadable)?.is_some() {
            count += 1;
        }
        ensure(count == 1, || format!("{count} attributes in one RDN"))?;
    }
    let found = attributes(twin)?;
    for (index, (oid, _)) in found.iter().enumerate() {
        let is_repeated = found.iter().skip(index + 1).any(|(other, _)| other == oid);
        ensure(!is_repeated, || format!("{oid} occurs twice"))?;
    }
    Ok(())
}

fn subject_order(twin: &Twin<'_>) -> Result<(), String> {
    let found = attributes(twin)?;
    let places = found.iter().filter_map(|(oid, _)| place(*oid));
    ensure(places.is_sorted(), || {
        "the attributes are not in the order of the table".to_owned()
    })
}

fn subject_encoding(twin: &Twin<'_>) -> Result<(), String> {
    for (oid, value) in attributes(twin)? {
        let row = TABLE.iter().find(|row| row.oid == oid);
        ensure(row.is_none_or(|row| row.tag == value.tag), || {
            format!("{oid} has the tag {:#04x}", value.tag)
        })?;
    }
    Ok(())
}

fn subject_lengths(twin: &Twin<'_>) -> Result<(), String> {
    for (oid, value) in attributes(twin)? {
        let length = text(value)?.chars().count();
        let most = TABLE.iter().find(|row| row.oid == oid).map(|row| row.most);
        ensure(most.is_none_or(|most| (1..=most).contains(&length)), || {
            format!("{oid} has {length} characters")
        })?;
    }
    Ok(())
}

/// As it was reviewed: without space around it, composed, and without characters that hide something; and not only signs.
fn subject_values(twin: &Twin<'_>) -> Result<(), String> {
    let composer = ComposingNormalizerBorrowed::new_nfc();
    for (oid, value) in attributes(twin)? {
        let text = text(value)?;
        ensure(text.trim() == text && composer.is_normalized(text), || {
            format!("{oid} is not trimmed, or not in normalization form C")
        })?;
        ensure(!text.contains(crate::subject::is_hidden), || {
            format!("{oid} contains an invisible character")
        })?;
        ensure(text.contains(char::is_alphanumeric), || {
            format!("{oid} says nothing")
        })?;
    }
    Ok(())
}

fn subject_countries(twin: &Twin<'_>) -> Result<(), String> {
    for (oid, value) in attributes(twin)? {
        if oid == C || oid == JURISDICTION_COUNTRY {
            Country::parse(text(value)?).map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

fn subject_place(twin: &Twin<'_>) -> Result<(), String> {
    let has_place = find(twin, L)?.is_some() || find(twin, ST)?.is_some();
    ensure(has_place || twin.profile.level == Level::Domain, || {
        "neither localityName nor stateOrProvinceName".to_owned()
    })
}

fn business_category(twin: &Twin<'_>) -> Result<(), String> {
    let found = find(twin, BUSINESS_CATEGORY)?;
    ensure(
        found.is_none_or(|text| BUSINESS_CATEGORIES.contains(&text)),
        || format!("\"{}\" is not one of the four", found.unwrap_or_default()),
    )
}

/// A locality within a state within a country.
fn jurisdiction(twin: &Twin<'_>) -> Result<(), String> {
    let country = find(twin, JURISDICTION_COUNTRY)?.is_some();
    let state = find(twin, JURISDICTION_STATE)?.is_some();
    let locality = find(twin, JURISDICTION_LOCALITY)?.is_some();
    ensure((country || !state) && (state || !locality), || {
        "a part of the jurisdiction is missing".to_owned()
    })
}

fn organization_identifier(twin: &Twin<'_>) -> Result<(), String> {
    let Some(found) = find(twin, ORGANIZATION_IDENTIFIER)? else {
        return Ok(());
    };
    let identifier = OrganizationIdentifier::parse(found).map_err(|error| error.to_string())?;
    let scheme = identifier.scheme();
    let is_known = match scheme {
        RegistrationScheme::Ntr | RegistrationScheme::Vat => true,
        RegistrationScheme::Lei => !twin.profile.is_extended(),
        RegistrationScheme::Psd => false,
    };
    ensure(is_known, || {
        format!("{scheme} is no scheme of the level {}", twin.profile.level)
    })
}

/// There exactly when an EV certificate has the attribute, and with the same meaning.
fn organization_identifier_extension(twin: &Twin<'_>) -> Result<(), String> {
    let extension = twin
        .certificate
        .fields
        .extension(CABF_ORGANIZATION_IDENTIFIER);
    let attribute = find(twin, ORGANIZATION_IDENTIFIER)?.filter(|_| twin.profile.is_extended());
    let (extension, attribute) = match (extension, attribute) {
        (Some(extension), Some(attribute)) => (extension, attribute),
        (None, None) => return Ok(()),
        (Some(_), None) => return Err("present without the attribute".to_owned()),
        (None, Some(_)) => return Err("missing beside the attribute".to_owned()),
    };
    ensure(!extension.is_critical, || "it is critical".to_owned())?;
    let written = read_extension(extension.value).map_err(unreadable)?;
    ensure(written.as_deref() == Some(attribute), || {
        format!("{written:?} is not the attribute's \"{attribute}\"")
    })
}

/// The written form of the extension's parts; nothing if they are not text.
fn read_extension(value: &[u8]) -> Result<Option<String>, Error> {
    let mut parts = Element::only(value, tag::SEQUENCE)?.elements()?;
    let scheme = parts.expect(tag::PRINTABLE_STRING)?.content;
    let country = parts.expect(tag::PRINTABLE_STRING)?.content;
    let state = parts
        .optional(tag::primitive(0))?
        .map(|state| state.content);
    let reference = parts.expect(tag::UTF8_STRING)?.content;
    parts.finish()?;
    let plus: &[u8] = if state.is_some() { b"+" } else { b"" };
    let written = [
        scheme,
        country,
        plus,
        state.unwrap_or_default(),
        b"-",
        reference,
    ];
    Ok(String::from_utf8(written.concat()).ok())
}

/// The attributes with their values; those of an RDN with several follow each other.
fn attributes<'a>(twin: &Twin<'a>) -> Result<Vec<(ObjectIdentifier, Element<'a>)>, String> {
    read(twin.certificate.fields.subject).map_err(unreadable)
}

fn read(name: &[u8]) -> Result<Vec<(ObjectIdentifier, Element<'_>)>, Error> {
    let mut found = Vec::with_capacity(TABLE.len());
    let mut sets = Element::only(name, tag::SEQUENCE)?.elements()?;
    while let Some(set) = sets.next()? {
        let mut pairs = Element::only(set.whole, tag::SET)?.elements()?;
        while let Some(pair) = pairs.next()? {
            let mut parts = Element::only(pair.whole, tag::SEQUENCE)?.elements()?;
            let oid = parts.any()?.oid()?;
            let value = parts.any()?;
            parts.finish()?;
            found.push((oid, value));
        }
    }
    Ok(found)
}

fn find<'a>(twin: &Twin<'a>, wanted: ObjectIdentifier) -> Result<Option<&'a str>, String> {
    let found = attributes(twin)?
        .into_iter()
        .find(|(oid, _)| *oid == wanted);
    found.map(|(_, value)| text(value)).transpose()
}

fn text(value: Element<'_>) -> Result<&str, String> {
    std::str::from_utf8(value.content).map_err(unreadable)
}

fn place(oid: ObjectIdentifier) -> Option<usize> {
    TABLE.iter().position(|row| row.oid == oid)
}

/// What the lints know of an attribute, apart from the builder.
struct Row {
    oid: ObjectIdentifier,
    tag: u8,
    most: usize,
}

const fn row(oid: ObjectIdentifier, tag: u8, most: usize) -> Row {
    Row { oid, tag, most }
}

/// The two tables of BR §7.1.4.2, in their order; there is no limit for the last, ours is 128.
const TABLE: &[Row] = &[
    row(C, tag::PRINTABLE_STRING, 2),
    row(ST, tag::UTF8_STRING, 128),
    row(L, tag::UTF8_STRING, 128),
    row(POSTAL_CODE, tag::UTF8_STRING, 40),
    row(STREET, tag::UTF8_STRING, 128),
    row(O, tag::UTF8_STRING, 64),
    row(BUSINESS_CATEGORY, tag::UTF8_STRING, 128),
    row(JURISDICTION_COUNTRY, tag::PRINTABLE_STRING, 2),
    row(JURISDICTION_STATE, tag::UTF8_STRING, 128),
    row(JURISDICTION_LOCALITY, tag::UTF8_STRING, 128),
    row(SERIAL_NUMBER, tag::PRINTABLE_STRING, 64),
    row(ORGANIZATION_IDENTIFIER, tag::UTF8_STRING, 128),
];
