//! Certificate signing requests (PKCS #10, RFC 2986): what a client wants, proven to come from the key's holder.
//!
//! From a request we take the key, the DNS names and whether the TLS feature extension (must-staple, RFC 7633) is
//! wanted. Everything else in it, a challengePassword and every other extension, is read past: the profile decides.
//! Whether the names are the order's and the key is strong is decided elsewhere.

use std::borrow::Cow;
use std::collections::HashSet;
use std::net::IpAddr;

use base::{Class, DnsName, DnsNameError, Identifier, Refusal, Refuse};
use const_oid::ObjectIdentifier;
use const_oid::db::rfc4519::CN;
use const_oid::db::rfc5280::ID_CE_SUBJECT_ALT_NAME;

use crate::algorithm::SignatureAlgorithm;
use crate::decode::{Element, Elements};
use crate::encode::tag;
use crate::extension::{self, TLS_FEATURE};
use crate::key::{KeyError, PublicKey, SignatureError};

/// Why a request cannot be used; ACME answers `badCSR` (RFC 8555 §7.4).
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum CsrError {
    /// An extension or the extension request itself occurs twice.
    #[error("the request contains {0} twice")]
    Duplicate(&'static str),
    /// Not DER, or not the structure of a request.
    #[error("the request is not a valid DER-encoded PKCS #10 certificate signing request")]
    Encoding(#[from] der::Error),
    /// The key is of a kind that we do not certify.
    #[error("the key in the request cannot be certified")]
    Key(#[from] KeyError),
    /// A name is not a DNS name a certificate can carry.
    #[error("the name in the {place} of the request cannot be certified")]
    Name {
        /// `subject common name` or `subject alternative name`.
        place: &'static str,
        /// What is wrong with it.
        source: DnsNameError,
    },
    /// An alternative name that is not a DNS name.
    #[error("the request asks for the {kind} \"{value}\"; only DNS names are supported")]
    NameKind {
        /// Its kind, as in `IP address`.
        kind: &'static str,
        /// Its value as text, as far as it has one.
        value: String,
    },
    /// Neither alternative names nor a common name.
    #[error("the request contains no DNS name")]
    NoNames,
    /// It is not signed by the key in it.
    #[error("the request is not signed by the key that it contains")]
    Signature(#[from] SignatureError),
    /// SHA-1, MD5 or anything else that we do not verify.
    #[error("the signature algorithm {0} is not supported; use SHA-256, SHA-384 or SHA-512")]
    SignatureAlgorithm(String),
    /// A version that nobody has defined.
    #[error("the request is not of version 1")]
    Version,
}

impl Refuse for CsrError {
    fn refusal(&self) -> Refusal {
        Class::Invalid.because("csr_malformed", &base::chain(self))
    }
}

/// A request whose signature was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Csr {
    key: PublicKey,
    names: Vec<Identifier>,
    wants_must_staple: bool,
}

impl Csr {
    /// Reads DER and verifies the request's own signature.
    pub fn parse(der: &[u8]) -> Result<Self, CsrError> {
        let mut outer = Element::only(der, tag::SEQUENCE)?.elements()?;
        let information = outer.expect(tag::SEQUENCE)?;
        let identifier = outer.expect(tag::SEQUENCE)?;
        let signature = outer.expect(tag::BIT_STRING)?.bit_octets()?;
        outer.finish()?;
        let algorithm = signature_algorithm(identifier)?;

        let mut fields = information.elements()?;
        check_version(fields.expect(tag::INTEGER)?)?;
        let subject = fields.expect(tag::SEQUENCE)?;
        let key = PublicKey::from_spki(fields.expect(tag::SEQUENCE)?.whole)?;
        let attributes = fields.optional(tag::constructed(0))?;
        fields.finish()?;
        key.verify(algorithm, information.whole, signature)?;

        let requested = match attributes {
            Some(attributes) => read_attributes(attributes.elements()?)?,
            None => Requested::default(),
        };
        let names = once(requested.names, common_names(subject)?);
        if names.is_empty() {
            return Err(CsrError::NoNames);
        }
        Ok(Self {
            key,
            names,
            wants_must_staple: requested.wants_must_staple,
        })
    }

    /// The key to certify.
    pub fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Every name of the alternative names in their order, then of the common name, each once; never empty.
    pub fn names(&self) -> &[Identifier] {
        &self.names
    }

    /// Whether the TLS feature status_request is asked for (RFC 7633).
    pub fn wants_must_staple(&self) -> bool {
        self.wants_must_staple
    }

    /// The key and the names without copying them.
    pub fn into_parts(self) -> (PublicKey, Vec<Identifier>) {
        (self.key, self.names)
    }
}

/// RFC 2986 knows version 1 only, which is written 0. Widespread software writes 1 or 2 there, as for certificates
/// (Ruby's acme-client up to 2.0.18), and means the same.
fn check_version(version: Element<'_>) -> Result<(), CsrError> {
    match version.content {
        [0..=2] => Ok(()),
        _ => Err(CsrError::Version),
    }
}

/// Each name where it stands first.
fn once(names: Vec<Identifier>, more: Vec<Identifier>) -> Vec<Identifier> {
    let mut seen = HashSet::new();
    let all = names.into_iter().chain(more);
    all.filter(|name| seen.insert(name.clone())).collect()
}

#[derive(Default)]
struct Requested {
    names: Vec<Identifier>,
    wants_must_staple: bool,
}

/// RFC 4055 §5 wants NULL parameters with RSA; software that leaves them out means the same.
fn signature_algorithm(identifier: Element<'_>) -> Result<SignatureAlgorithm, CsrError> {
    if let Some(known) = SignatureAlgorithm::from_identifier(identifier.whole) {
        return Ok(known);
    }
    let mut fields = identifier.elements()?;
    let oid = fields.any()?;
    let unparameterised = [
        SignatureAlgorithm::RsaSha256,
        SignatureAlgorithm::RsaSha384,
        SignatureAlgorithm::RsaSha512,
    ]
    .into_iter()
    .find(|algorithm| algorithm.identifier().get(2..13) == Some(oid.whole));
    let name = oid.oid()?.to_string();
    match (unparameterised, fields.next()?) {
        (Some(algorithm), None) => Ok(algorithm),
        _ => Err(CsrError::SignatureAlgorithm(name)),
    }
}

fn common_names(subject: Element<'_>) -> Result<Vec<Identifier>, CsrError> {
    let mut names = Vec::new();
    let mut rdns = subject.elements()?;
    while let Some(rdn) = rdns.next()? {
        let mut attributes = rdn.elements()?;
        while let Some(attribute) = attributes.next()? {
            let mut fields = attribute.elements()?;
            let is_common_name = fields.any()?.oid()? == CN;
            let value = fields.any()?;
            fields.finish()?;
            value.check_below(MOST_LEVELS)?;
            // Many tools write an empty common name when they are given none.
            if is_common_name && !value.content.is_empty() {
                names.push(name(&octets(value), "subject common name")?);
            }
        }
    }
    Ok(names)
}

/// How deep what we do not read may be nested: an extension request has five levels.
const MOST_LEVELS: u8 = 8;

fn read_attributes(mut attributes: Elements<'_>) -> Result<Requested, CsrError> {
    let mut requested = None;
    while let Some(attribute) = attributes.next()? {
        let mut fields = attribute.elements()?;
        let oid = fields.any()?.oid()?;
        let values = fields.expect(tag::SET)?;
        fields.finish()?;
        if oid == ID_AT_EXTENSION_REQ {
            let extensions = Element::only(values.content, tag::SEQUENCE)?;
            if requested.replace(read_extensions(extensions)?).is_some() {
                return Err(CsrError::Duplicate("an extension request"));
            }
        } else {
            values.check_below(MOST_LEVELS)?;
        }
    }
    Ok(requested.unwrap_or_default())
}

fn read_extensions(extensions: Element<'_>) -> Result<Requested, CsrError> {
    let mut requested = Requested::default();
    let mut seen: Vec<ObjectIdentifier> = Vec::new();
    for found in extension::read_all(extensions)? {
        if seen.contains(&found.oid) {
            return Err(CsrError::Duplicate("an extension"));
        }
        seen.push(found.oid);
        if found.oid == ID_CE_SUBJECT_ALT_NAME {
            requested.names = alternative_names(found.value)?;
        } else if found.oid == TLS_FEATURE {
            requested.wants_must_staple = extension::has_status_request(found.value)?;
        }
    }
    Ok(requested)
}

fn alternative_names(value: &[u8]) -> Result<Vec<Identifier>, CsrError> {
    let mut names = Vec::new();
    let mut general_names = Element::only(value, tag::SEQUENCE)?.elements()?;
    while let Some(general_name) = general_names.next()? {
        if general_name.tag == tag::primitive(2) {
            names.push(name(general_name.content, "subject alternative name")?);
        } else {
            return Err(other_kind(general_name));
        }
    }
    Ok(names)
}

/// The octets of a common name as text: a BMPString has two for each letter (X.690 §8.23).
fn octets(value: Element<'_>) -> Cow<'_, [u8]> {
    if value.tag != BMP_STRING {
        return Cow::Borrowed(value.content);
    }
    let units = value.content.chunks(2).map(|unit| match unit {
        [high, low] => u16::from_be_bytes([*high, *low]),
        _ => 0xfffd,
    });
    let letters = char::decode_utf16(units);
    let text: String = letters
        .map(|read| read.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    Cow::Owned(text.into_bytes())
}

const BMP_STRING: u8 = 0x1e;

fn name(octets: &[u8], place: &'static str) -> Result<Identifier, CsrError> {
    let text = String::from_utf8_lossy(octets);
    let parsed = if octets.iter().all(u8::is_ascii_graphic) {
        DnsName::parse(&text)
    } else {
        Err(DnsNameError::Character(text.escape_debug().to_string()))
    };
    parsed
        .map(Identifier::Dns)
        .map_err(|source| CsrError::Name { place, source })
}

fn other_kind(general_name: Element<'_>) -> CsrError {
    let text = || {
        String::from_utf8_lossy(general_name.content)
            .escape_debug()
            .to_string()
    };
    let (kind, value) = match general_name.tag {
        0x81 => ("email address", text()),
        0x86 => ("URI", text()),
        0x87 => ("IP address", address(general_name.content)),
        0x88 => ("registered identifier", String::new()),
        0xa4 => ("directory name", String::new()),
        _ => ("other name", String::new()),
    };
    CsrError::NameKind { kind, value }
}

pub(crate) fn address(octets: &[u8]) -> String {
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    let v6 = <[u8; 16]>::try_from(octets).map(IpAddr::from);
    v4.or(v6).map_or_else(
        |_| crate::serial::hex(octets),
        |address| address.to_string(),
    )
}

/// PKCS #9 extensionRequest (RFC 2985 §5.4.2).
const ID_AT_EXTENSION_REQ: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.9.14");

#[cfg(test)]
mod tests;
