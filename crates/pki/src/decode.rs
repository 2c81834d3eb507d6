//! Reads DER element by element, borrowing from the input; strictness comes from the `der` crate's header rules.

use base::Timestamp;
use const_oid::ObjectIdentifier;
use der::asn1::{GeneralizedTime, UtcTime};
use der::{Decode, Error, ErrorKind, Header, Reader, SliceReader};

use crate::encode::tag;

/// One element: its identifier octet, its content and the whole of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u8,
    pub(crate) content: &'a [u8],
    pub(crate) whole: &'a [u8],
}

/// The elements that follow each other in one content.
#[derive(Clone)]
pub(crate) struct Elements<'a> {
    reader: SliceReader<'a>,
    next_tag: Option<u8>,
}

impl<'a> Elements<'a> {
    pub(crate) fn new(content: &'a [u8]) -> Result<Self, Error> {
        Ok(Self {
            reader: SliceReader::new(content)?,
            next_tag: content.first().copied(),
        })
    }

    /// The next element, whatever it is; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Element<'a>>, Error> {
        let Some(tag) = self.next_tag else {
            return Ok(None);
        };
        let header = Header::peek(&self.reader)?;
        let whole = self.reader.tlv_bytes()?;
        let length = usize::try_from(header.length())?;
        let content = whole.get(whole.len() - length..).unwrap_or_default();
        self.next_tag = self.reader.peek_byte();
        Ok(Some(Element {
            tag,
            content,
            whole,
        }))
    }

    /// The next element when it has this tag.
    pub(crate) fn optional(&mut self, tag: u8) -> Result<Option<Element<'a>>, Error> {
        if self.next_tag == Some(tag) {
            self.next()
        } else {
            Ok(None)
        }
    }

    /// The next element, which must have this tag.
    pub(crate) fn expect(&mut self, tag: u8) -> Result<Element<'a>, Error> {
        self.optional(tag)?.ok_or_else(|| self.unexpected())
    }

    /// The next element, which must exist.
    pub(crate) fn any(&mut self) -> Result<Element<'a>, Error> {
        self.next()?.ok_or_else(|| self.unexpected())
    }

    /// Refuses anything left over.
    pub(crate) fn finish(self) -> Result<(), Error> {
        self.reader.finish()
    }

    fn unexpected(&self) -> Error {
        Error::new(ErrorKind::Failed, self.reader.position())
    }
}

impl<'a> Element<'a> {
    /// The only element of `der`.
    pub(crate) fn only(der: &'a [u8], tag: u8) -> Result<Self, Error> {
        let mut elements = Elements::new(der)?;
        let element = elements.expect(tag)?;
        elements.finish()?;
        Ok(element)
    }

    pub(crate) fn elements(self) -> Result<Elements<'a>, Error> {
        Elements::new(self.content)
    }

    /// Refuses what is not DER somewhere below; nobody nests deeper than so many levels.
    pub(crate) fn check_below(self, levels: u8) -> Result<(), Error> {
        const CONSTRUCTED: u8 = 0x20;
        if self.tag & CONSTRUCTED == 0 {
            return Ok(());
        }
        let levels = levels.checked_sub(1).ok_or_else(invalid)?;
        let mut below = self.elements()?;
        while let Some(element) = below.next()? {
            element.check_below(levels)?;
        }
        Ok(())
    }

    pub(crate) fn oid(self) -> Result<ObjectIdentifier, Error> {
        self.check_tag(tag::OID)?;
        Ok(ObjectIdentifier::from_bytes(self.content)?)
    }

    /// The magnitude of a non-negative INTEGER, without its sign octet.
    pub(crate) fn unsigned(self) -> Result<&'a [u8], Error> {
        self.check_tag(tag::INTEGER)?;
        match self.content {
            [0] => Ok(self.content),
            [0, next, ..] if *next >= 0x80 => Ok(self.content.get(1..).unwrap_or_default()),
            [first, ..] if (1..0x80).contains(first) => Ok(self.content),
            _ => Err(invalid()),
        }
    }

    /// The octets of a BIT STRING without unused bits.
    pub(crate) fn bit_octets(self) -> Result<&'a [u8], Error> {
        self.check_tag(tag::BIT_STRING)?;
        match self.content.split_first() {
            Some((0, octets)) => Ok(octets),
            _ => Err(invalid()),
        }
    }

    pub(crate) fn boolean(self) -> Result<bool, Error> {
        self.check_tag(tag::BOOLEAN)?;
        match self.content {
            [0] => Ok(false),
            [0xff] => Ok(true),
            _ => Err(invalid()),
        }
    }

    /// A UTCTime or GeneralizedTime.
    pub(crate) fn time(self) -> Result<Timestamp, Error> {
        let duration = if self.tag == tag::UTC_TIME {
            UtcTime::from_der(self.whole)?.to_unix_duration()
        } else {
            GeneralizedTime::from_der(self.whole)?.to_unix_duration()
        };
        let seconds = i64::try_from(duration.as_secs()).map_err(|_| invalid())?;
        Ok(Timestamp::from_seconds(seconds))
    }

    fn check_tag(self, tag: u8) -> Result<(), Error> {
        (self.tag == tag).then_some(()).ok_or_else(invalid)
    }
}

fn invalid() -> Error {
    Error::from(ErrorKind::Failed)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn walk(content: &[u8], depth: usize) -> Result<(), Error> {
        let mut elements = Elements::new(content)?;
        while let Some(element) = elements.next()? {
            let _ = (element.oid(), element.unsigned(), element.bit_octets());
            let _ = (element.boolean(), element.time());
            if depth > 0 {
                let _ = walk(element.content, depth - 1);
            }
        }
        elements.finish()
    }

    #[test]
    fn lengths_that_are_not_minimal_are_refused() {
        assert!(walk(&[0x04, 0x81, 0x01, 0x00], 0).is_err());
        assert!(walk(&[0x30, 0x80, 0x00, 0x00], 0).is_err());
        assert!(walk(&[0x04, 0x02, 0x00], 0).is_err());
    }

    #[test]
    fn integers_with_superfluous_octets_or_a_sign_are_refused() {
        let read =
            |der: &[u8]| Element::only(der, tag::INTEGER).is_ok_and(|e| e.unsigned().is_ok());
        assert!(read(&[2, 1, 0]) && read(&[2, 2, 0, 0x80]) && read(&[2, 1, 0x7f]));
        assert!(!read(&[2, 1, 0x80]) && !read(&[2, 2, 0, 0x7f]) && !read(&[2, 0]));
    }

    proptest! {
        #[test]
        fn no_input_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = walk(&bytes, 4);
        }
    }
}
