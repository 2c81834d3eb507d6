//! Certificate revocation lists (RFC 5280 §5, BR §7.2): one shard of an issuer's list, signed as a whole.
//!
//! Which certificates are revoked and which shard they belong to is stored elsewhere; the entries come in as an
//! iterator and are written one after the other.

use std::time::Duration;

use base::Timestamp;
use const_oid::db::rfc5280::{
    ID_CE_CRL_NUMBER, ID_CE_CRL_REASONS, ID_CE_ISSUING_DISTRIBUTION_POINT,
};
use der::Error;

use crate::decode::{Element, Elements};
use crate::encode::{Writer, tag};
use crate::extension::{self, Extension};
use crate::issuer::Issuer;
use crate::key::{PublicKey, SignatureError};
use crate::revocation_reason::RevocationReason;
use crate::serial::SerialNumber;
use crate::signer::SignerError;

/// What a CRL says besides its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrlRequest<'a> {
    /// Higher than in every earlier CRL of the shard (RFC 5280 §5.2.3).
    pub number: u64,
    /// When the entries were read.
    pub this_update: Timestamp,
    /// Until when there will be another one.
    pub next_update: Timestamp,
    /// Where this shard is served: octet for octet what its certificates carry (RFC 5280 §5.2.5).
    pub url: &'a str,
    /// Which certificates it speaks about.
    pub scope: CrlScope,
}

/// Which certificates of the issuer a CRL covers (RFC 5280 §5.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrlScope {
    /// All that the CA has signed, which are certificates of CAs: a root's list, or an intermediate's. It names no
    /// distribution point, which BR §7.2.2.1 does not recommend for a complete list, so that it also speaks about the
    /// root itself, which names none either; validators that look at the whole chain ask for that (`-crl_check_all`).
    CaCertificates,
    /// Certificates of subscribers whose distribution point this is: an issuing CA's list, which may be one of several.
    UserCertificates,
}

/// One revoked certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RevokedCertificate {
    /// Its serial number.
    pub serial: SerialNumber,
    /// When it was revoked.
    pub revoked_at: Timestamp,
    /// Why.
    pub reason: RevocationReason,
}

impl<'a> CrlRequest<'a> {
    /// A CRL of an issuing CA, good for four days (BR §4.9.7).
    pub fn new(number: u64, this_update: Timestamp, url: &'a str) -> Self {
        let this_update = this_update.truncated_to_second();
        Self {
            number,
            this_update,
            next_update: this_update.plus(LIFETIME),
            url,
            scope: CrlScope::UserCertificates,
        }
    }
}

impl Issuer {
    /// The DER of a signed CRL.
    pub fn sign_crl(
        &self,
        request: &CrlRequest<'_>,
        revoked: impl IntoIterator<Item = RevokedCertificate>,
    ) -> Result<Vec<u8>, SignerError> {
        let mut writer = Writer::with_capacity(1024);
        writer.sequence(|writer| {
            writer.unsigned(&[1]);
            writer.raw(self.identity().algorithm.identifier());
            writer.raw(&self.identity().name);
            writer.time(request.this_update);
            writer.time(request.next_update);
            write_entries(writer, revoked);
            writer.nested(tag::constructed(0), |writer| {
                writer.sequence(|writer| self.write_extensions(writer, request));
            });
        });
        self.sign(&writer.finish())
    }

    fn write_extensions(&self, writer: &mut Writer, request: &CrlRequest<'_>) {
        extension::write_authority_key_identifier(writer, &self.identity().key_identifier);
        extension::write(writer, ID_CE_CRL_NUMBER, false, |writer| {
            writer.unsigned(&request.number.to_be_bytes());
        });
        match request.scope {
            CrlScope::CaCertificates => {}
            CrlScope::UserCertificates => write_issuing_distribution_point(writer, request.url),
        }
    }
}

/// The list is about certificates of subscribers with this distribution point, and no others.
fn write_issuing_distribution_point(writer: &mut Writer, url: &str) {
    extension::write(writer, ID_CE_ISSUING_DISTRIBUTION_POINT, true, |writer| {
        writer.sequence(|writer| {
            extension::write_full_name(writer, url);
            writer.value(tag::primitive(1), &[0xff]);
        });
    });
}

/// The list is absent when it is empty (RFC 5280 §5.1.2.6).
fn write_entries(writer: &mut Writer, revoked: impl IntoIterator<Item = RevokedCertificate>) {
    let mut entries = revoked.into_iter().peekable();
    if entries.peek().is_none() {
        return;
    }
    writer.sequence(|writer| {
        for entry in entries {
            writer.sequence(|writer| write_entry(writer, entry));
        }
    });
}

/// An unspecified reason is written by leaving the extension out (RFC 5280 §5.3.1, BR §7.2.2).
fn write_entry(writer: &mut Writer, entry: RevokedCertificate) {
    writer.unsigned(entry.serial.as_bytes());
    writer.time(entry.revoked_at);
    if entry.reason != RevocationReason::Unspecified {
        writer.sequence(|writer| {
            extension::write(writer, ID_CE_CRL_REASONS, false, |writer| {
                writer.value(tag::ENUMERATED, &[entry.reason.code()]);
            });
        });
    }
}

/// BR §4.9.7: a new CRL at least every four days where certificates name no OCSP responder.
const LIFETIME: Duration = Duration::from_secs(4 * 86_400);

/// A CRL as it was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crl {
    /// Its number; zero when it has none.
    pub number: u64,
    /// When it was made.
    pub this_update: Timestamp,
    /// When the next one is due.
    pub next_update: Timestamp,
    /// The URL in its issuing distribution point; a complete list has none.
    pub url: Option<String>,
    /// Its entries, in their order.
    pub revoked: Vec<RevokedCertificate>,
}

/// The DER is not a CRL that this module could have written, or its signature is another one's.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum CrlError {
    /// Not DER, or fields that we do not write.
    #[error("the CRL is not valid DER or has unknown fields")]
    Encoding(#[from] Error),
    /// Not signed by the issuer.
    #[error("the CRL is not signed by its issuer")]
    Signature(#[from] SignatureError),
}

impl Crl {
    /// Reads a CRL of ours and verifies its signature.
    pub fn parse(der: &[u8], issuer: &PublicKey) -> Result<Self, CrlError> {
        let mut outer = Element::only(der, tag::SEQUENCE)?.elements()?;
        let content = outer.expect(tag::SEQUENCE)?;
        let identifier = outer.expect(tag::SEQUENCE)?;
        let signature = outer.expect(tag::BIT_STRING)?.bit_octets()?;
        outer.finish()?;
        let algorithm = issuer.algorithm().signature_algorithm();
        if identifier.whole != algorithm.identifier() {
            return Err(SignatureError.into());
        }
        issuer.verify(algorithm, content.whole, signature)?;
        Ok(Self::read(content.elements()?)?)
    }

    fn read(mut fields: Elements<'_>) -> Result<Self, Error> {
        fields.expect(tag::INTEGER)?;
        fields.expect(tag::SEQUENCE)?;
        fields.expect(tag::SEQUENCE)?;
        let this_update = fields.any()?.time()?;
        let next_update = fields.any()?.time()?;
        let revoked = match fields.optional(tag::SEQUENCE)? {
            Some(entries) => read_entries(entries.elements()?)?,
            None => Vec::new(),
        };
        let explicit = fields.expect(tag::constructed(0))?;
        fields.finish()?;
        let extensions = extension::read_all(Element::only(explicit.content, tag::SEQUENCE)?)?;
        let find = |oid| extensions.iter().find(|found| found.oid == oid);
        Ok(Self {
            number: find(ID_CE_CRL_NUMBER).map_or(Ok(0), read_number)?,
            this_update,
            next_update,
            url: find(ID_CE_ISSUING_DISTRIBUTION_POINT)
                .map(read_url)
                .transpose()?,
            revoked,
        })
    }
}

fn read_number(number: &Extension<'_>) -> Result<u64, Error> {
    let digits = Element::only(number.value, tag::INTEGER)?.unsigned()?;
    Ok(digits
        .iter()
        .fold(0_u64, |value, digit| (value << 8) | u64::from(*digit)))
}

fn read_url(point: &Extension<'_>) -> Result<String, Error> {
    let mut fields = Element::only(point.value, tag::SEQUENCE)?.elements()?;
    let name = fields.expect(tag::constructed(0))?;
    let full_name = Element::only(name.content, tag::constructed(0))?;
    let url = Element::only(full_name.content, tag::primitive(6))?;
    Ok(String::from_utf8_lossy(url.content).into_owned())
}

fn read_entries(mut entries: Elements<'_>) -> Result<Vec<RevokedCertificate>, Error> {
    let mut revoked = Vec::new();
    while let Some(entry) = entries.next()? {
        let mut fields = entry.elements()?;
        let serial = SerialNumber::from_bytes(fields.expect(tag::INTEGER)?.content);
        let revoked_at = fields.any()?.time()?;
        let reason = match fields.optional(tag::SEQUENCE)? {
            Some(extensions) => read_reason(extensions)?,
            None => RevocationReason::Unspecified,
        };
        fields.finish()?;
        revoked.push(RevokedCertificate {
            serial: serial.map_err(|_| Error::from(der::ErrorKind::Failed))?,
            revoked_at,
            reason,
        });
    }
    Ok(revoked)
}

fn read_reason(extensions: Element<'_>) -> Result<RevocationReason, Error> {
    let unknown = || Error::from(der::ErrorKind::Failed);
    let found = extension::read_all(extensions)?;
    let reason = found
        .iter()
        .find(|extension| extension.oid == ID_CE_CRL_REASONS)
        .ok_or_else(unknown)?;
    match Element::only(reason.value, tag::ENUMERATED)?.content {
        [code] => RevocationReason::from_code(u64::from(*code)).map_err(|_| unknown()),
        _ => Err(unknown()),
    }
}

#[cfg(test)]
mod tests;
