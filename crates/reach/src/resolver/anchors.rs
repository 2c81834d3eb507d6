//! The keys that DNSSEC begins with. The Internet's are those of the root zone, which IANA publishes and the library
//! brings; nothing replaces them but a lab, which may have a root of its own.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use hickory_resolver::proto::dnssec::TrustAnchors;

/// The keys of a lab's own root zone.
#[derive(Clone)]
pub struct LabAnchors(Arc<TrustAnchors>);

/// The text has no keys of a root.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LabAnchorsError {
    /// There is none.
    #[error("there is no DNSKEY record in it")]
    Empty,
    /// It is not a list of such records.
    #[error("it is not a list of DNSKEY records as in a zone file: {0}")]
    Malformed(String),
    /// A key of another zone.
    #[error("\"{0}\" is not the root: begin each DNSKEY record of the lab's root zone with a dot")]
    NotTheRoot(String),
}

impl FromStr for LabAnchors {
    type Err = LabAnchorsError;

    /// Reads DNSKEY records of the root, one a line, as in a zone file.
    fn from_str(text: &str) -> Result<Self, LabAnchorsError> {
        let lines = text.lines().map(str::trim_start);
        let owners = lines
            .filter(|line| !line.starts_with(';'))
            .filter_map(|line| line.split_whitespace().next());
        for owner in owners {
            if owner != "." {
                return Err(LabAnchorsError::NotTheRoot(owner.to_owned()));
            }
        }
        let read = TrustAnchors::from_str(&format!("{text}\n"));
        let anchors = read.map_err(|error| LabAnchorsError::Malformed(error.to_string()))?;
        if anchors.is_empty() {
            return Err(LabAnchorsError::Empty);
        }
        Ok(Self(Arc::new(anchors)))
    }
}

impl LabAnchors {
    pub(crate) fn keys(&self) -> Arc<TrustAnchors> {
        Arc::clone(&self.0)
    }
}

impl fmt::Debug for LabAnchors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LabAnchors({} keys)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The root's of 2017, as IANA publishes it.
    const KEY: &str = ". 172800 IN DNSKEY 257 3 8 AwEAAaz/tAm8yTn4Mfeh5eyI96WSVexTBAvkMgJzkKTOiW1vkIbzxeF3+/4RgWOq7HrxRixHlFlExOLAJr5emLvN7SWXgnLh4+B5xQlNVz8Og8kvArMtNROxVQuCaSnIDdD5LKyWbRd2n9WGe2R8PzgCmr3EgVLrjyBxWezF0jLHwVN8efS3rCj/EWgvIWgb9tarpVUDK/b58Da+sqqls3eNbuv7pr+eoZG+SrDK6nWeL3c6H5Apxz7LjVc1uTIdsIXxuOLYA4/ilBmSVIzuDWfdRUfhHdY6+cn8HFRm+2hM8AnXGXws9555KrUB5qihylGa8subX2Nn6UwNR1AkUTV74bU=";

    #[test]
    fn h0_a_labs_anchors_are_keys_of_a_root() {
        let two = format!("; of the lab\n{KEY}\n\n{KEY}");
        assert!(KEY.parse::<LabAnchors>().is_ok());
        assert!(two.parse::<LabAnchors>().is_ok());
        let other = KEY.replacen('.', "example.", 1);
        let error = other.parse::<LabAnchors>().unwrap_err();
        assert_eq!(error, LabAnchorsError::NotTheRoot("example.".to_owned()));
        for empty in ["", "; nothing\n"] {
            assert_eq!(
                empty.parse::<LabAnchors>().unwrap_err(),
                LabAnchorsError::Empty
            );
        }
        let ds = ". 172800 IN DS 20326 8 2 00";
        assert!(matches!(
            ds.parse::<LabAnchors>(),
            Err(LabAnchorsError::Malformed(_))
        ));
    }
}
