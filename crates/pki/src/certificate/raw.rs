//! A certificate's fields as they stand in its DER (RFC 5280 §4.1), borrowed; the linter and the view read from it.

use base::Timestamp;
use const_oid::ObjectIdentifier;
use der::Error;

use crate::decode::{Element, Elements};
use crate::encode::tag;
use crate::extension::{self, Extension};

#[derive(Debug)]
pub(crate) struct RawCertificate<'a> {
    /// The TBSCertificate with its header: what is signed.
    pub(crate) tbs: &'a [u8],
    pub(crate) fields: RawTbs<'a>,
    pub(crate) outer_algorithm: &'a [u8],
    pub(crate) signature: &'a [u8],
}

#[derive(Debug)]
pub(crate) struct RawTbs<'a> {
    /// 2 is version 3; `None` is version 1.
    pub(crate) version: Option<&'a [u8]>,
    /// The INTEGER's content with its sign octet.
    pub(crate) serial: &'a [u8],
    pub(crate) algorithm: &'a [u8],
    pub(crate) issuer: &'a [u8],
    pub(crate) not_before: Element<'a>,
    pub(crate) not_after: Element<'a>,
    pub(crate) subject: &'a [u8],
    pub(crate) spki: &'a [u8],
    pub(crate) has_unique_identifiers: bool,
    pub(crate) extensions: Vec<Extension<'a>>,
}

impl<'a> RawCertificate<'a> {
    pub(crate) fn parse(der: &'a [u8]) -> Result<Self, Error> {
        let mut outer = Element::only(der, tag::SEQUENCE)?.elements()?;
        let tbs = outer.expect(tag::SEQUENCE)?;
        let outer_algorithm = outer.expect(tag::SEQUENCE)?.whole;
        let signature = outer.expect(tag::BIT_STRING)?.bit_octets()?;
        outer.finish()?;
        Ok(Self {
            tbs: tbs.whole,
            fields: RawTbs::read(tbs)?,
            outer_algorithm,
            signature,
        })
    }
}

impl<'a> RawTbs<'a> {
    pub(crate) fn parse(der: &'a [u8]) -> Result<Self, Error> {
        Self::read(Element::only(der, tag::SEQUENCE)?)
    }

    fn read(tbs: Element<'a>) -> Result<Self, Error> {
        let mut fields = tbs.elements()?;
        let version = match fields.optional(tag::constructed(0))? {
            Some(explicit) => Some(Element::only(explicit.content, tag::INTEGER)?.content),
            None => None,
        };
        let serial = fields.expect(tag::INTEGER)?.content;
        let algorithm = fields.expect(tag::SEQUENCE)?.whole;
        let issuer = fields.expect(tag::SEQUENCE)?.whole;
        let mut validity = fields.expect(tag::SEQUENCE)?.elements()?;
        let (not_before, not_after) = (validity.any()?, validity.any()?);
        validity.finish()?;
        let subject = fields.expect(tag::SEQUENCE)?.whole;
        let spki = fields.expect(tag::SEQUENCE)?.whole;
        let issuer_unique = fields.optional(tag::primitive(1))?;
        let subject_unique = fields.optional(tag::primitive(2))?;
        let extensions = read_extensions(&mut fields)?;
        fields.finish()?;
        Ok(Self {
            version,
            serial,
            algorithm,
            issuer,
            not_before,
            not_after,
            subject,
            spki,
            has_unique_identifiers: issuer_unique.is_some() || subject_unique.is_some(),
            extensions,
        })
    }

    pub(crate) fn extension(&self, oid: ObjectIdentifier) -> Option<Extension<'a>> {
        self.extensions
            .iter()
            .find(|found| found.oid == oid)
            .copied()
    }

    /// First and last second.
    pub(crate) fn validity(&self) -> Result<(Timestamp, Timestamp), Error> {
        Ok((self.not_before.time()?, self.not_after.time()?))
    }
}

fn read_extensions<'a>(fields: &mut Elements<'a>) -> Result<Vec<Extension<'a>>, Error> {
    match fields.optional(tag::constructed(3))? {
        Some(explicit) => extension::read_all(Element::only(explicit.content, tag::SEQUENCE)?),
        None => Ok(Vec::new()),
    }
}
