//! Extensions in words, for the portal.

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_AD_CA_ISSUERS, ID_AD_OCSP, ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_BASIC_CONSTRAINTS,
    ID_CE_CERTIFICATE_POLICIES, ID_CE_CRL_DISTRIBUTION_POINTS, ID_CE_EXT_KEY_USAGE,
    ID_CE_KEY_USAGE, ID_CE_SUBJECT_ALT_NAME, ID_CE_SUBJECT_KEY_IDENTIFIER, ID_KP_CLIENT_AUTH,
    ID_KP_SERVER_AUTH, ID_PE_AUTHORITY_INFO_ACCESS,
};
use der::Error;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::name::Name;

use super::ExtensionText;
use crate::csr::address;
use crate::decode::Element;
use crate::encode::tag;
use crate::extension::{
    CABF_ORGANIZATION_IDENTIFIER, Extension, QC_COMPLIANCE, QC_DISCLOSURES, QC_LEGISLATION,
    QC_STATEMENTS, QC_TYPE, QC_TYPE_WEB, TLS_FEATURE, has_status_request,
};
use crate::profile::{
    DOMAIN_VALIDATED, EXTENDED_VALIDATION, ORGANIZATION_VALIDATED, QUALIFIED_EXTENDED,
    QUALIFIED_NORMALIZED,
};
use crate::serial::hex;
use crate::subject::attribute::{
    JURISDICTION_COUNTRY, JURISDICTION_LOCALITY, JURISDICTION_STATE, ORGANIZATION_IDENTIFIER,
};

/// The extension under its usual name; one that cannot be read is shown in hexadecimal.
pub(super) fn describe(extension: &Extension<'_>) -> ExtensionText {
    let known = KNOWN.iter().find(|(oid, _, _)| *oid == extension.oid);
    let (name, text) = match known {
        Some((_, name, read)) => ((*name).to_owned(), read(extension.value).ok()),
        None => (extension.oid.to_string(), None),
    };
    ExtensionText {
        name,
        is_critical: extension.is_critical,
        text: text.unwrap_or_else(|| hex(extension.value)),
    }
}

type Read = fn(&[u8]) -> Result<String, Error>;

const KNOWN: [(ObjectIdentifier, &str, Read); 12] = [
    (
        ID_CE_AUTHORITY_KEY_IDENTIFIER,
        "Authority key identifier",
        authority_key,
    ),
    (
        ID_CE_BASIC_CONSTRAINTS,
        "Basic constraints",
        basic_constraints,
    ),
    (
        CABF_ORGANIZATION_IDENTIFIER,
        "Organization identifier",
        organization_identifier,
    ),
    (ID_CE_CERTIFICATE_POLICIES, "Certificate policies", policies),
    (
        ID_CE_CRL_DISTRIBUTION_POINTS,
        "CRL distribution points",
        distribution_points,
    ),
    (
        ID_CE_EXT_KEY_USAGE,
        "Extended key usage",
        extended_key_usage,
    ),
    (ID_CE_KEY_USAGE, "Key usage", key_usage),
    (
        ID_CE_SUBJECT_ALT_NAME,
        "Subject alternative name",
        alternative_names,
    ),
    (
        ID_CE_SUBJECT_KEY_IDENTIFIER,
        "Subject key identifier",
        subject_key,
    ),
    (
        ID_PE_AUTHORITY_INFO_ACCESS,
        "Authority information access",
        information_access,
    ),
    (QC_STATEMENTS, "Qualified statements", qualified_statements),
    (TLS_FEATURE, "TLS feature", tls_feature),
];

/// RFC 4514 text, most specific attribute first; attributes of organizations by their usual names too.
pub(super) fn name(name: &Name) -> String {
    let rdns = name.iter_rdn().map(|rdn| {
        let pairs: Vec<_> = rdn.iter().map(attribute).collect();
        pairs.join("+")
    });
    let mut rdns: Vec<_> = rdns.collect();
    rdns.reverse();
    rdns.join(",")
}

fn attribute(pair: &AttributeTypeAndValue) -> String {
    let known = ATTRIBUTES.iter().find(|(oid, _)| *oid == pair.oid);
    let value = std::str::from_utf8(pair.value.value());
    match (known, value) {
        (Some((_, keyword)), Ok(value)) => format!("{keyword}={}", escaped(value)),
        (Some(_) | None, _) => pair.to_string(),
    }
}

/// RFC 4514 §2.4.
fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut text = String::with_capacity(value.len());
    for (place, character) in value.chars().enumerate() {
        let is_at_edge = place == 0 || place == last;
        let is_special = ",+\"\\<>;".contains(character);
        if is_special || (is_at_edge && character == ' ') || (place == 0 && character == '#') {
            text.push('\\');
        }
        text.push(character);
    }
    text
}

/// Those that RFC 4514 has no keyword for, as OpenSSL calls them.
const ATTRIBUTES: [(ObjectIdentifier, &str); 4] = [
    (ORGANIZATION_IDENTIFIER, "organizationIdentifier"),
    (JURISDICTION_COUNTRY, "jurisdictionC"),
    (JURISDICTION_STATE, "jurisdictionST"),
    (JURISDICTION_LOCALITY, "jurisdictionL"),
];

/// The names in a SEQUENCE OF GeneralName; kinds without a text of their own in hexadecimal.
pub(super) fn general_names(value: &[u8]) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    let mut elements = Element::only(value, tag::SEQUENCE)?.elements()?;
    while let Some(name) = elements.next()? {
        names.push(general_name(name));
    }
    Ok(names)
}

fn general_name(name: Element<'_>) -> String {
    match name.tag {
        0x81 | 0x82 | 0x86 => String::from_utf8_lossy(name.content).into_owned(),
        0x87 => address(name.content),
        _ => hex(name.whole),
    }
}

fn alternative_names(value: &[u8]) -> Result<String, Error> {
    Ok(general_names(value)?.join(", "))
}

fn authority_key(value: &[u8]) -> Result<String, Error> {
    let mut fields = Element::only(value, tag::SEQUENCE)?.elements()?;
    Ok(hex(fields.expect(tag::primitive(0))?.content))
}

fn subject_key(value: &[u8]) -> Result<String, Error> {
    Ok(hex(Element::only(value, tag::OCTET_STRING)?.content))
}

fn basic_constraints(value: &[u8]) -> Result<String, Error> {
    let mut fields = Element::only(value, tag::SEQUENCE)?.elements()?;
    if fields.optional(tag::BOOLEAN)?.is_none() {
        return Ok("not a certificate authority".to_owned());
    }
    Ok(match fields.optional(tag::INTEGER)? {
        Some(length) => format!(
            "certificate authority, path length {}",
            length.unsigned()?.last().copied().unwrap_or(0)
        ),
        None => "certificate authority".to_owned(),
    })
}

fn policies(value: &[u8]) -> Result<String, Error> {
    let mut texts = Vec::new();
    let mut elements = Element::only(value, tag::SEQUENCE)?.elements()?;
    while let Some(policy) = elements.next()? {
        let oid = policy.elements()?.any()?.oid()?;
        let known = POLICIES.iter().find(|(known, _)| *known == oid);
        texts.push(match known {
            Some((_, name)) => format!("{name} ({oid})"),
            None => oid.to_string(),
        });
    }
    Ok(texts.join(", "))
}

const POLICIES: [(ObjectIdentifier, &str); 5] = [
    (DOMAIN_VALIDATED, "domain validated"),
    (ORGANIZATION_VALIDATED, "organization validated"),
    (EXTENDED_VALIDATION, "extended validation"),
    (QUALIFIED_EXTENDED, "qualified, QEVCP-w"),
    (QUALIFIED_NORMALIZED, "qualified, QNCP-w"),
];

/// The parts, as they stand in the attribute of that name.
fn organization_identifier(value: &[u8]) -> Result<String, Error> {
    let mut parts = Element::only(value, tag::SEQUENCE)?.elements()?;
    let mut text = String::new();
    let append = |text: &mut String, part: Element<'_>| {
        text.push_str(&String::from_utf8_lossy(part.content));
    };
    append(&mut text, parts.expect(tag::PRINTABLE_STRING)?);
    append(&mut text, parts.expect(tag::PRINTABLE_STRING)?);
    if let Some(state) = parts.optional(tag::primitive(0))? {
        text.push('+');
        append(&mut text, state);
    }
    text.push('-');
    append(&mut text, parts.expect(tag::UTF8_STRING)?);
    Ok(text)
}

/// Each statement of EN 319 412-5 in words; others as their OID.
fn qualified_statements(value: &[u8]) -> Result<String, Error> {
    let mut texts = Vec::new();
    let mut statements = Element::only(value, tag::SEQUENCE)?.elements()?;
    while let Some(statement) = statements.next()? {
        let mut parts = statement.elements()?;
        let oid = parts.any()?.oid()?;
        let information = parts.next()?;
        texts.push(match (oid, information) {
            (QC_COMPLIANCE, None) => "qualified".to_owned(),
            (QC_TYPE, Some(kinds)) if kinds.elements()?.any()?.oid()? == QC_TYPE_WEB => {
                "for website authentication".to_owned()
            }
            (QC_DISCLOSURES, Some(locations)) => {
                format!("disclosure statement: {}", disclosures(locations)?)
            }
            (QC_LEGISLATION, Some(countries)) => {
                let mut texts = Vec::new();
                let mut countries = countries.elements()?;
                while let Some(country) = countries.next()? {
                    texts.push(String::from_utf8_lossy(country.content).into_owned());
                }
                format!("by the law of {}", texts.join(", "))
            }
            (other, _) => other.to_string(),
        });
    }
    Ok(texts.join(", "))
}

/// Each URL with its language.
fn disclosures(locations: Element<'_>) -> Result<String, Error> {
    let mut texts = Vec::new();
    let mut locations = locations.elements()?;
    while let Some(location) = locations.next()? {
        let mut parts = location.elements()?;
        let url = String::from_utf8_lossy(parts.any()?.content);
        let language = String::from_utf8_lossy(parts.any()?.content);
        texts.push(format!("{url} ({language})"));
    }
    Ok(texts.join(", "))
}

fn extended_key_usage(value: &[u8]) -> Result<String, Error> {
    let mut texts = Vec::new();
    let mut elements = Element::only(value, tag::SEQUENCE)?.elements()?;
    while let Some(usage) = elements.next()? {
        let oid = usage.oid()?;
        texts.push(match oid {
            ID_KP_SERVER_AUTH => "TLS server".to_owned(),
            ID_KP_CLIENT_AUTH => "TLS client".to_owned(),
            other => other.to_string(),
        });
    }
    Ok(texts.join(", "))
}

fn key_usage(value: &[u8]) -> Result<String, Error> {
    let bits = Element::only(value, tag::BIT_STRING)?.content;
    let first = bits.get(1).copied().unwrap_or(0);
    let names: Vec<&str> = USAGES
        .iter()
        .enumerate()
        .filter(|(position, _)| first & (0x80 >> position) != 0)
        .map(|(_, name)| *name)
        .collect();
    Ok(names.join(", "))
}

/// RFC 5280 §4.2.1.3, from bit 0.
const USAGES: [&str; 8] = [
    "digital signature",
    "content commitment",
    "key encipherment",
    "data encipherment",
    "key agreement",
    "certificate signing",
    "CRL signing",
    "encipher only",
];

fn distribution_points(value: &[u8]) -> Result<String, Error> {
    let mut urls = Vec::new();
    let mut points = Element::only(value, tag::SEQUENCE)?.elements()?;
    while let Some(point) = points.next()? {
        let name = point.elements()?.expect(tag::constructed(0))?;
        let full_name = name.elements()?.expect(tag::constructed(0))?;
        let mut names = full_name.elements()?;
        while let Some(name) = names.next()? {
            urls.push(general_name(name));
        }
    }
    Ok(urls.join(", "))
}

fn information_access(value: &[u8]) -> Result<String, Error> {
    let mut texts = Vec::new();
    let mut elements = Element::only(value, tag::SEQUENCE)?.elements()?;
    while let Some(description) = elements.next()? {
        let mut fields = description.elements()?;
        let method = fields.any()?.oid()?;
        let location = general_name(fields.any()?);
        texts.push(match method {
            ID_AD_CA_ISSUERS => format!("issuer's certificate: {location}"),
            ID_AD_OCSP => format!("OCSP: {location}"),
            other => format!("{other}: {location}"),
        });
    }
    Ok(texts.join(", "))
}

fn tls_feature(value: &[u8]) -> Result<String, Error> {
    Ok(if has_status_request(value)? {
        "must staple".to_owned()
    } else {
        hex(value)
    })
}
