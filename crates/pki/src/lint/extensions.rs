//! Lints on the other extensions (BR §7.1.2.7.6 lists which may be there).

use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_AD_CA_ISSUERS, ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_BASIC_CONSTRAINTS,
    ID_CE_CERTIFICATE_POLICIES, ID_CE_CRL_DISTRIBUTION_POINTS, ID_CE_EXT_KEY_USAGE,
    ID_CE_KEY_USAGE, ID_CE_SUBJECT_ALT_NAME, ID_KP_SERVER_AUTH, ID_PE_AUTHORITY_INFO_ACCESS,
};
use der::Error;

use super::{Lint, Twin, ensure, unreadable};
use crate::decode::Element;
use crate::encode::tag;
use crate::extension::{
    CABF_ORGANIZATION_IDENTIFIER, QC_STATEMENTS, TLS_FEATURE, has_status_request,
};
use crate::profile::Level;
use crate::profile::policy::{
    self, DOMAIN_VALIDATED, EXTENDED_VALIDATION, ORGANIZATION_VALIDATED, QUALIFIED_EXTENDED,
    QUALIFIED_NORMALIZED,
};

pub(super) const LINTS: &[Lint] = &[
    Lint {
        name: "extensions_known_and_once",
        citation: "RFC 5280 §4.2, BR §7.1.2.7.6",
        check: extensions_known_and_once,
    },
    Lint {
        name: "authority_key_identifier",
        citation: "RFC 5280 §4.2.1.1, BR §7.1.2.11.1",
        check: authority_key_identifier,
    },
    Lint {
        name: "key_usage",
        citation: "RFC 5280 §4.2.1.3, BR §7.1.2.7.11",
        check: key_usage,
    },
    Lint {
        name: "extended_key_usage",
        citation: "RFC 5280 §4.2.1.12, BR §7.1.2.7.10",
        check: extended_key_usage,
    },
    Lint {
        name: "basic_constraints",
        citation: "RFC 5280 §4.2.1.9, BR §7.1.2.7.8",
        check: basic_constraints,
    },
    Lint {
        name: "certificate_policies",
        citation: "RFC 5280 §4.2.1.4, BR §7.1.2.7.9",
        check: certificate_policies,
    },
    Lint {
        name: "authority_information_access",
        citation: "RFC 5280 §4.2.2.1, BR §7.1.2.7.7",
        check: authority_information_access,
    },
    Lint {
        name: "crl_distribution_points",
        citation: "RFC 5280 §4.2.1.13, BR §7.1.2.11.2",
        check: crl_distribution_points,
    },
    Lint {
        name: "tls_feature",
        citation: "RFC 7633 §4, profile",
        check: tls_feature,
    },
];

/// Rules of the Baseline Requirements alone, for public profiles.
pub(super) const PUBLIC_LINTS: &[Lint] = &[
    Lint {
        name: "policy_reserved",
        citation: "BR §7.1.2.7.9, §7.1.6.1, EVG §9.3",
        check: policy_reserved,
    },
    Lint {
        name: "policy_qualified",
        citation: "EN 319 411-2 §5.3, EN 319 412-5 §5.2",
        check: policy_qualified,
    },
];

fn extensions_known_and_once(twin: &Twin<'_>) -> Result<(), String> {
    let extensions = &twin.certificate.fields.extensions;
    for (index, found) in extensions.iter().enumerate() {
        ensure(KNOWN.contains(&found.oid), || {
            format!("{} is not part of the profile", found.oid)
        })?;
        let is_repeated = extensions
            .iter()
            .skip(index + 1)
            .any(|o| o.oid == found.oid);
        ensure(!is_repeated, || format!("{} occurs twice", found.oid))?;
    }
    Ok(())
}

const KNOWN: [ObjectIdentifier; 11] = [
    CABF_ORGANIZATION_IDENTIFIER,
    ID_CE_AUTHORITY_KEY_IDENTIFIER,
    ID_CE_BASIC_CONSTRAINTS,
    ID_CE_CERTIFICATE_POLICIES,
    ID_CE_CRL_DISTRIBUTION_POINTS,
    ID_CE_EXT_KEY_USAGE,
    ID_CE_KEY_USAGE,
    ID_CE_SUBJECT_ALT_NAME,
    ID_PE_AUTHORITY_INFO_ACCESS,
    QC_STATEMENTS,
    TLS_FEATURE,
];

/// The key identifier of the issuer and nothing else.
fn authority_key_identifier(twin: &Twin<'_>) -> Result<(), String> {
    let value = value(twin, ID_CE_AUTHORITY_KEY_IDENTIFIER, false)?;
    let identifier = only_in_sequence(value, tag::primitive(0)).map_err(unreadable)?;
    ensure(identifier.content == twin.issuer.key_identifier, || {
        "not the issuer's key identifier".to_owned()
    })
}

fn key_usage(twin: &Twin<'_>) -> Result<(), String> {
    let value = value(twin, ID_CE_KEY_USAGE, true)?;
    let bits = Element::only(value, tag::BIT_STRING).map_err(unreadable)?;
    let key = twin.key.as_ref().map_err(unreadable)?;
    let expected = twin.profile.key_usage(key.algorithm());
    let is_minimal = |unused: u8| u32::from(unused) == expected.trailing_zeros();
    match bits.content {
        [unused, usages] if *usages == expected && is_minimal(*unused) => Ok(()),
        other => Err(format!("{other:02x?} does not fit the key and the profile")),
    }
}

fn extended_key_usage(twin: &Twin<'_>) -> Result<(), String> {
    let value = value(twin, ID_CE_EXT_KEY_USAGE, false)?;
    let usage = only_in_sequence(value, tag::OID)
        .and_then(Element::oid)
        .map_err(unreadable)?;
    ensure(usage == ID_KP_SERVER_AUTH, || {
        format!("{usage} is not serverAuth")
    })
}

/// May be absent; present it is critical and says no.
fn basic_constraints(twin: &Twin<'_>) -> Result<(), String> {
    let fields = &twin.certificate.fields;
    match fields.extension(ID_CE_BASIC_CONSTRAINTS) {
        Some(found) => ensure(found.is_critical && found.value == [0x30, 0x00], || {
            "it must be critical and empty".to_owned()
        }),
        None => Ok(()),
    }
}

/// The profile's policies, or no extension where the profile has none.
fn certificate_policies(twin: &Twin<'_>) -> Result<(), String> {
    let expected = &twin.profile.policies;
    if expected.is_empty() {
        let found = twin
            .certificate
            .fields
            .extension(ID_CE_CERTIFICATE_POLICIES);
        return ensure(found.is_none(), || "the profile has no policy".to_owned());
    }
    let found = policies(twin)?;
    ensure(found == *expected, || {
        format!("{} are not the profile's policies", words(&found))
    })
}

/// The reserved policy of the level comes first, and no other reserved one after it.
fn policy_reserved(twin: &Twin<'_>) -> Result<(), String> {
    let (found, level) = (policies(twin)?, twin.profile.level);
    let reserved = found
        .iter()
        .filter(|policy| policy::RESERVED.contains(policy));
    let expected: &[ObjectIdentifier] = match level {
        Level::Domain => &[DOMAIN_VALIDATED],
        Level::Organization => &[ORGANIZATION_VALIDATED],
        Level::Extended => &[EXTENDED_VALIDATION],
        Level::Qualified => &[ORGANIZATION_VALIDATED, EXTENDED_VALIDATION],
    };
    let first = found.first().filter(|first| expected.contains(first));
    let is_single = reserved.count() == 1 && !found.contains(&policy::ANY_POLICY);
    ensure(first.is_some() && is_single, || {
        format!(
            "{} do not begin with the one policy of the level {level}",
            words(&found)
        )
    })
}

/// QEVCP-w beside the policy of EV certificates or QNCP-w beside that of OV certificates, and no other of its kind; none
/// in what is not qualified.
fn policy_qualified(twin: &Twin<'_>) -> Result<(), String> {
    let extension = twin
        .certificate
        .fields
        .extension(ID_CE_CERTIFICATE_POLICIES);
    let found = extension.map_or_else(|| Ok(Vec::new()), |_| policies(twin))?;
    let qualified = found.iter().filter(|found| policy::is_qualified(found));
    let expected = match twin.profile.level {
        Level::Domain | Level::Organization | Level::Extended => None,
        Level::Qualified if found.first() == Some(&EXTENDED_VALIDATION) => Some(QUALIFIED_EXTENDED),
        Level::Qualified => Some(QUALIFIED_NORMALIZED),
    };
    ensure(qualified.eq(&expected), || {
        format!(
            "{} do not fit the level {}",
            words(&found),
            twin.profile.level
        )
    })
}

fn words(policies: &[ObjectIdentifier]) -> String {
    let texts: Vec<_> = policies.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

/// The policies in their order, without qualifiers.
fn policies(twin: &Twin<'_>) -> Result<Vec<ObjectIdentifier>, String> {
    let value = value(twin, ID_CE_CERTIFICATE_POLICIES, false)?;
    let read = |value| {
        let mut found = Vec::new();
        let mut elements = Element::only(value, tag::SEQUENCE)?.elements()?;
        while let Some(information) = elements.next()? {
            found.push(only_in_sequence(information.whole, tag::OID)?.oid()?);
        }
        Ok::<_, Error>(found)
    };
    read(value).map_err(unreadable)
}

fn authority_information_access(twin: &Twin<'_>) -> Result<(), String> {
    let value = value(twin, ID_PE_AUTHORITY_INFO_ACCESS, false)?;
    let description = only_in_sequence(value, tag::SEQUENCE).map_err(unreadable)?;
    let mut fields = description.elements().map_err(unreadable)?;
    let method = fields.any().and_then(Element::oid).map_err(unreadable)?;
    let location = fields.expect(tag::primitive(6)).map_err(unreadable)?;
    fields.finish().map_err(unreadable)?;
    ensure(method == ID_AD_CA_ISSUERS, || {
        format!("{method} is not id-ad-caIssuers")
    })?;
    check_http_url(location.content)?;
    ensure(
        location.content == twin.issuer.ca_issuers_url.as_bytes(),
        || "not the issuer's URL".to_owned(),
    )
}

/// One point, with one `http:` URL as its full name, no reasons and no other issuer.
fn crl_distribution_points(twin: &Twin<'_>) -> Result<(), String> {
    let value = value(twin, ID_CE_CRL_DISTRIBUTION_POINTS, false)?;
    let url = only_in_sequence(value, tag::SEQUENCE)
        .and_then(|point| only_in(point, tag::constructed(0)))
        .and_then(|name| only_in(name, tag::constructed(0)))
        .and_then(|full_name| only_in(full_name, tag::primitive(6)))
        .map_err(unreadable)?;
    check_http_url(url.content)
}

fn tls_feature(twin: &Twin<'_>) -> Result<(), String> {
    let Some(found) = twin.certificate.fields.extension(TLS_FEATURE) else {
        return Ok(());
    };
    ensure(twin.profile.honours_must_staple, || {
        "the profile has no must-staple".to_owned()
    })?;
    let is_status_request = has_status_request(found.value).map_err(unreadable)?;
    ensure(is_status_request && !found.is_critical, || {
        "it must ask for status_request and not be critical".to_owned()
    })
}

fn check_http_url(url: &[u8]) -> Result<(), String> {
    let host_and_path = url.strip_prefix(b"http://").unwrap_or_default();
    let is_plain = host_and_path.iter().all(u8::is_ascii_graphic);
    ensure(!host_and_path.is_empty() && is_plain, || {
        format!("\"{}\" is not an http URL", String::from_utf8_lossy(url))
    })
}

/// The value of an extension that must be there with this criticality.
fn value<'a>(
    twin: &Twin<'a>,
    oid: ObjectIdentifier,
    is_critical: bool,
) -> Result<&'a [u8], String> {
    let found = twin.certificate.fields.extension(oid).ok_or("missing")?;
    ensure(found.is_critical == is_critical, || {
        format!("criticality must be {is_critical}")
    })?;
    Ok(found.value)
}

fn only_in_sequence(der: &[u8], inner: u8) -> Result<Element<'_>, Error> {
    only_in(Element::only(der, tag::SEQUENCE)?, inner)
}

fn only_in(element: Element<'_>, inner: u8) -> Result<Element<'_>, Error> {
    Element::only(element.content, inner)
}
