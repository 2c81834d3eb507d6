//! Lints on what a qualified certificate states about itself (EN 319 412-5).

use const_oid::ObjectIdentifier;
use der::Error;

use super::{Lint, Twin, ensure, unreadable};
use crate::decode::Element;
use crate::encode::tag;
use crate::extension::{
    QC_COMPLIANCE, QC_DISCLOSURES, QC_LEGISLATION, QC_STATEMENTS, QC_TYPE, QC_TYPE_WEB,
};
use crate::profile::{Disclosure, Level};

pub(super) const LINTS: &[Lint] = &[
    Lint {
        name: "qc_statements_of_level",
        citation: "EN 319 412-5 §4.1, §5.1",
        check: qc_statements_of_level,
    },
    Lint {
        name: "qc_compliance",
        citation: "EN 319 412-5 §4.2.1",
        check: qc_compliance,
    },
    Lint {
        name: "qc_type",
        citation: "EN 319 412-5 §4.2.3",
        check: qc_type,
    },
    Lint {
        name: "qc_disclosures",
        citation: "EN 319 412-5 §4.3.4, profile",
        check: qc_disclosures,
    },
    Lint {
        name: "qc_legislation",
        citation: "EN 319 412-5 §4.2.4, profile",
        check: qc_legislation,
    },
];

/// There exactly in qualified certificates, not critical, each of our statements once and no other.
fn qc_statements_of_level(twin: &Twin<'_>) -> Result<(), String> {
    let is_qualified = twin.profile.level == Level::Qualified;
    let found = twin.certificate.fields.extension(QC_STATEMENTS);
    ensure(found.is_some() == is_qualified, || {
        format!(
            "present: {}, at the level {}",
            found.is_some(),
            twin.profile.level
        )
    })?;
    ensure(found.is_none_or(|found| !found.is_critical), || {
        "it is critical".to_owned()
    })?;
    let statements = statements(twin)?;
    for (index, (oid, _)) in statements.iter().enumerate() {
        ensure(KNOWN.contains(oid), || format!("{oid} is not stated here"))?;
        let is_repeated = statements
            .iter()
            .skip(index + 1)
            .any(|(other, _)| other == oid);
        ensure(!is_repeated, || format!("{oid} occurs twice"))?;
    }
    Ok(())
}

const KNOWN: [ObjectIdentifier; 4] = [QC_COMPLIANCE, QC_TYPE, QC_DISCLOSURES, QC_LEGISLATION];

/// The claim itself, without more.
fn qc_compliance(twin: &Twin<'_>) -> Result<(), String> {
    if twin.profile.level != Level::Qualified {
        return Ok(());
    }
    let (_, information) = statement(twin, QC_COMPLIANCE)?.ok_or("missing")?;
    ensure(information.is_none(), || {
        "it says more than that".to_owned()
    })
}

/// Website authentication and nothing else.
fn qc_type(twin: &Twin<'_>) -> Result<(), String> {
    if twin.profile.level != Level::Qualified {
        return Ok(());
    }
    let (_, information) = statement(twin, QC_TYPE)?.ok_or("missing")?;
    let kind = Element::only(information.ok_or("empty")?.whole, tag::SEQUENCE)
        .and_then(|list| Element::only(list.content, tag::OID))
        .and_then(Element::oid)
        .map_err(unreadable)?;
    ensure(kind == QC_TYPE_WEB, || {
        format!("{kind} is not for websites")
    })
}

/// Those of the profile, by `https:`, the English one first.
fn qc_disclosures(twin: &Twin<'_>) -> Result<(), String> {
    let Some(qualified) = &twin.profile.qualified else {
        return Ok(());
    };
    let (_, information) = statement(twin, QC_DISCLOSURES)?.ok_or("missing")?;
    let found = disclosures(information.ok_or("empty")?.whole).map_err(unreadable)?;
    let is_english = found
        .first()
        .is_some_and(|(_, language)| *language == b"en");
    let is_https = |(url, _): &Location<'_>| url.starts_with(b"https://");
    ensure(is_english && found.iter().all(is_https), || {
        "the first is not in English, or one is not an https URL".to_owned()
    })?;
    let is_same = |((url, language), wanted): (&Location<'_>, &Disclosure)| {
        *url == wanted.url.as_bytes() && *language == wanted.language.as_bytes()
    };
    let wanted = &qualified.disclosures;
    let are_same = found.len() == wanted.len() && found.iter().zip(wanted).all(is_same);
    ensure(are_same, || "not those of the profile".to_owned())
}

/// URL and language.
type Location<'a> = (&'a [u8], &'a [u8]);

fn disclosures(list: &[u8]) -> Result<Vec<Location<'_>>, Error> {
    let mut found = Vec::new();
    let mut locations = Element::only(list, tag::SEQUENCE)?.elements()?;
    while let Some(location) = locations.next()? {
        let mut parts = Element::only(location.whole, tag::SEQUENCE)?.elements()?;
        let url = parts.expect(tag::IA5_STRING)?.content;
        let language = parts.expect(tag::PRINTABLE_STRING)?.content;
        parts.finish()?;
        found.push((url, language));
    }
    Ok(found)
}

/// The countries of the profile; the statement is absent under the law of the European Union.
fn qc_legislation(twin: &Twin<'_>) -> Result<(), String> {
    let wanted = twin.profile.qualified.as_ref();
    let wanted = wanted.map_or(&[][..], |qualified| &qualified.legislation);
    let Some((_, information)) = statement(twin, QC_LEGISLATION)? else {
        return ensure(wanted.is_empty(), || "missing".to_owned());
    };
    let found = countries(information.ok_or("empty")?.whole).map_err(unreadable)?;
    let are_same = wanted.iter().map(|country| country.as_str().as_bytes());
    ensure(!wanted.is_empty() && are_same.eq(found), || {
        "not the countries of the profile".to_owned()
    })
}

fn countries(list: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let mut found = Vec::new();
    let mut countries = Element::only(list, tag::SEQUENCE)?.elements()?;
    while let Some(country) = countries.optional(tag::PRINTABLE_STRING)? {
        found.push(country.content);
    }
    countries.finish()?;
    Ok(found)
}

type Statement<'a> = (ObjectIdentifier, Option<Element<'a>>);

fn statement<'a>(
    twin: &Twin<'a>,
    wanted: ObjectIdentifier,
) -> Result<Option<Statement<'a>>, String> {
    Ok(statements(twin)?
        .into_iter()
        .find(|(oid, _)| *oid == wanted))
}

/// Each statement with what it says; none without the extension.
fn statements<'a>(twin: &Twin<'a>) -> Result<Vec<Statement<'a>>, String> {
    let found = twin.certificate.fields.extension(QC_STATEMENTS);
    found.map_or_else(
        || Ok(Vec::new()),
        |found| read(found.value).map_err(unreadable),
    )
}

fn read(value: &[u8]) -> Result<Vec<Statement<'_>>, Error> {
    let mut found = Vec::with_capacity(KNOWN.len());
    let mut statements = Element::only(value, tag::SEQUENCE)?.elements()?;
    while let Some(statement) = statements.next()? {
        let mut parts = Element::only(statement.whole, tag::SEQUENCE)?.elements()?;
        let oid = parts.any()?.oid()?;
        let information = parts.next()?;
        parts.finish()?;
        found.push((oid, information));
    }
    Ok(found)
}
