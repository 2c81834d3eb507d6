//! The extensions of certificates, requests and CRLs (RFC 5280 §4.2, §5.2): one function writes or reads each.
//!
//! Which of them a certificate gets is the profile's decision.

use base::Identifier;
use const_oid::ObjectIdentifier;
use const_oid::db::rfc5280::{
    ID_AD_CA_ISSUERS, ID_CE_AUTHORITY_KEY_IDENTIFIER, ID_CE_BASIC_CONSTRAINTS,
    ID_CE_CERTIFICATE_POLICIES, ID_CE_CRL_DISTRIBUTION_POINTS, ID_CE_EXT_KEY_USAGE,
    ID_CE_KEY_USAGE, ID_CE_SUBJECT_ALT_NAME, ID_CE_SUBJECT_KEY_IDENTIFIER, ID_KP_SERVER_AUTH,
    ID_PE_AUTHORITY_INFO_ACCESS,
};

use crate::decode::Element;
use crate::encode::{Writer, tag};
use crate::profile::Qualified;
use crate::subject::OrganizationIdentifier;

/// cabfOrganizationIdentifier (EVG §9.8.2).
pub(crate) const CABF_ORGANIZATION_IDENTIFIER: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("2.23.140.3.1");
/// id-pe-qcStatements (RFC 3739 §3.2.6); what follows are statements of EN 319 412-5 Annex B.
pub(crate) const QC_STATEMENTS: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.3");
pub(crate) const QC_COMPLIANCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.1");
pub(crate) const QC_DISCLOSURES: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.5");
pub(crate) const QC_TYPE: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6");
pub(crate) const QC_TYPE_WEB: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.6.3");
pub(crate) const QC_LEGISLATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("0.4.0.1862.1.7");

/// id-pe-tlsfeature (RFC 7633 §4.1), better known as must-staple.
pub(crate) const TLS_FEATURE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.1.24");

/// One extension as it stands in the document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Extension<'a> {
    pub(crate) oid: ObjectIdentifier,
    pub(crate) is_critical: bool,
    pub(crate) value: &'a [u8],
}

/// Reads a SEQUENCE OF Extension (RFC 5280 §4.1).
pub(crate) fn read_all(extensions: Element<'_>) -> Result<Vec<Extension<'_>>, der::Error> {
    let mut found = Vec::with_capacity(10);
    let mut elements = extensions.elements()?;
    while let Some(extension) = elements.next()? {
        let mut fields = extension.elements()?;
        let oid = fields.any()?.oid()?;
        let is_critical = match fields.optional(tag::BOOLEAN)? {
            Some(flag) => flag.boolean()?,
            None => false,
        };
        let value = fields.expect(tag::OCTET_STRING)?.content;
        fields.finish()?;
        found.push(Extension {
            oid,
            is_critical,
            value,
        });
    }
    Ok(found)
}

/// Whether a TLS feature extension lists status_request, 5 (RFC 7633 §4.2.3.1).
pub(crate) fn has_status_request(value: &[u8]) -> Result<bool, der::Error> {
    let mut features = Element::only(value, tag::SEQUENCE)?.elements()?;
    while let Some(feature) = features.next()? {
        if feature.unsigned()? == [5] {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The policies of a certificatePolicies extension, whatever their qualifiers (RFC 5280 §4.2.1.4).
pub(crate) fn read_policies(value: &[u8]) -> Result<Vec<ObjectIdentifier>, der::Error> {
    let mut found = Vec::new();
    let mut elements = Element::only(value, tag::SEQUENCE)?.elements()?;
    while let Some(information) = elements.next()? {
        found.push(information.elements()?.any()?.oid()?);
    }
    Ok(found)
}

/// Writes the frame of an extension around the value that `body` writes.
pub(crate) fn write(
    writer: &mut Writer,
    oid: ObjectIdentifier,
    is_critical: bool,
    body: impl FnOnce(&mut Writer),
) {
    writer.sequence(|writer| {
        writer.oid(oid);
        if is_critical {
            writer.boolean_true();
        }
        writer.nested(tag::OCTET_STRING, body);
    });
}

/// RFC 5280 §4.2.1.1; the key identifier alone, as BR §7.1.2.11.1 wants it.
pub(crate) fn write_authority_key_identifier(writer: &mut Writer, key_identifier: &[u8]) {
    write(writer, ID_CE_AUTHORITY_KEY_IDENTIFIER, false, |writer| {
        writer.sequence(|writer| writer.value(tag::primitive(0), key_identifier));
    });
}

/// RFC 5280 §4.2.1.2.
pub(crate) fn write_subject_key_identifier(writer: &mut Writer, key_identifier: &[u8]) {
    write(writer, ID_CE_SUBJECT_KEY_IDENTIFIER, false, |writer| {
        writer.value(tag::OCTET_STRING, key_identifier);
    });
}

/// RFC 5280 §4.2.1.3: the first eight usages, digitalSignature being the top bit.
pub(crate) fn write_key_usage(writer: &mut Writer, bits: u8) {
    write(writer, ID_CE_KEY_USAGE, true, |writer| {
        writer.named_bits(bits);
    });
}

/// RFC 5280 §4.2.1.9 for a certificate that is no CA: an empty SEQUENCE.
pub(crate) fn write_not_a_ca(writer: &mut Writer) {
    write(writer, ID_CE_BASIC_CONSTRAINTS, true, |writer| {
        writer.sequence(|_| {});
    });
}

/// RFC 5280 §4.2.1.9 for a CA.
pub(crate) fn write_ca(writer: &mut Writer, path_length: Option<u8>) {
    write(writer, ID_CE_BASIC_CONSTRAINTS, true, |writer| {
        writer.sequence(|writer| {
            writer.boolean_true();
            if let Some(length) = path_length {
                writer.unsigned(&[length]);
            }
        });
    });
}

/// RFC 5280 §4.2.1.12: TLS servers and nothing else.
pub(crate) fn write_server_auth(writer: &mut Writer) {
    write(writer, ID_CE_EXT_KEY_USAGE, false, |writer| {
        writer.sequence(|writer| writer.oid(ID_KP_SERVER_AUTH));
    });
}

/// RFC 5280 §4.2.1.4, without qualifiers; no extension where there is no policy.
pub(crate) fn write_policies(writer: &mut Writer, policies: &[ObjectIdentifier]) {
    if policies.is_empty() {
        return;
    }
    write(writer, ID_CE_CERTIFICATE_POLICIES, false, |writer| {
        writer.sequence(|writer| {
            for policy in policies {
                writer.sequence(|writer| writer.oid(*policy));
            }
        });
    });
}

/// RFC 5280 §4.2.2.1: where the issuer's certificate is.
pub(crate) fn write_ca_issuers(writer: &mut Writer, url: &str) {
    write(writer, ID_PE_AUTHORITY_INFO_ACCESS, false, |writer| {
        writer.sequence(|writer| {
            writer.sequence(|writer| {
                writer.oid(ID_AD_CA_ISSUERS);
                writer.value(tag::primitive(6), url.as_bytes());
            });
        });
    });
}

/// RFC 5280 §4.2.1.13: one point with one URL.
pub(crate) fn write_crl_distribution_point(writer: &mut Writer, url: &str) {
    write(writer, ID_CE_CRL_DISTRIBUTION_POINTS, false, |writer| {
        writer.sequence(|writer| writer.sequence(|writer| write_full_name(writer, url)));
    });
}

/// DistributionPointName in its `[0]`, as CRL distribution points and issuing distribution points share it.
pub(crate) fn write_full_name(writer: &mut Writer, url: &str) {
    writer.nested(tag::constructed(0), |writer| {
        writer.nested(tag::constructed(0), |writer| {
            writer.value(tag::primitive(6), url.as_bytes());
        });
    });
}

/// RFC 5280 §4.2.1.6: critical when the subject is empty.
pub(crate) fn write_alternative_names(
    writer: &mut Writer,
    names: &[Identifier],
    is_critical: bool,
) {
    write(writer, ID_CE_SUBJECT_ALT_NAME, is_critical, |writer| {
        writer.sequence(|writer| {
            for name in names {
                match name {
                    Identifier::Dns(name) => {
                        writer.value(tag::primitive(2), name.as_str().as_bytes());
                    }
                }
            }
        });
    });
}

/// RFC 7633 §4: the server must staple an OCSP response.
pub(crate) fn write_must_staple(writer: &mut Writer) {
    write(writer, TLS_FEATURE, false, |writer| {
        writer.sequence(|writer| writer.unsigned(&[5]));
    });
}

/// EVG §9.8.2: the same as the attribute, in parts.
pub(crate) fn write_cabf_organization_identifier(
    writer: &mut Writer,
    identifier: &OrganizationIdentifier,
) {
    write(writer, CABF_ORGANIZATION_IDENTIFIER, false, |writer| {
        writer.sequence(|writer| {
            let scheme = identifier.scheme().as_str();
            writer.value(tag::PRINTABLE_STRING, scheme.as_bytes());
            writer.value(tag::PRINTABLE_STRING, identifier.country().as_bytes());
            if let Some(subdivision) = identifier.subdivision() {
                writer.value(tag::primitive(0), subdivision.as_bytes());
            }
            writer.value(tag::UTF8_STRING, identifier.reference().as_bytes());
        });
    });
}

/// EN 319 412-5 §4: qualified, for websites, where the disclosure statements are, and by whose law if not by that of the
/// European Union.
pub(crate) fn write_qc_statements(writer: &mut Writer, qualified: &Qualified) {
    write(writer, QC_STATEMENTS, false, |writer| {
        writer.sequence(|writer| {
            writer.sequence(|writer| writer.oid(QC_COMPLIANCE));
            writer.sequence(|writer| {
                writer.oid(QC_TYPE);
                writer.sequence(|writer| writer.oid(QC_TYPE_WEB));
            });
            writer.sequence(|writer| {
                writer.oid(QC_DISCLOSURES);
                writer.sequence(|writer| {
                    for disclosure in &qualified.disclosures {
                        writer.sequence(|writer| {
                            writer.value(tag::IA5_STRING, disclosure.url.as_bytes());
                            let language = disclosure.language.as_bytes();
                            writer.value(tag::PRINTABLE_STRING, language);
                        });
                    }
                });
            });
            if qualified.legislation.is_empty() {
                return;
            }
            writer.sequence(|writer| {
                writer.oid(QC_LEGISLATION);
                writer.sequence(|writer| {
                    for country in &qualified.legislation {
                        writer.value(tag::PRINTABLE_STRING, country.as_str().as_bytes());
                    }
                });
            });
        });
    });
}
