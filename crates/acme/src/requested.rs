//! The wire form of an identifier (RFC 8555 §7.1.3): an object with `type` and `value`.
//!
//! One that a client wrote may be good or bad; it is judged in [`crate::identifier`].

use base::{Identifier, IdentifierKind};
use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

/// An identifier as a client wrote it, good or bad.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requested {
    /// The claimed type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The value.
    pub value: String,
}

impl Requested {
    /// A DNS name.
    pub fn dns(value: impl Into<String>) -> Self {
        Self {
            kind: IdentifierKind::Dns.as_str().to_owned(),
            value: value.into(),
        }
    }
}

impl From<&Identifier> for Requested {
    fn from(identifier: &Identifier) -> Self {
        Self {
            kind: identifier.kind().as_str().to_owned(),
            value: identifier.to_string(),
        }
    }
}

/// A good identifier as it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent<'a>(pub &'a Identifier);

impl Serialize for Sent<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_struct("Identifier", 2)?;
        object.serialize_field("type", self.0.kind().as_str())?;
        object.serialize_field("value", &self.0.as_text())?;
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_serialise_as_the_rfc_says() {
        let identifier: Identifier = "*.example.com".parse().unwrap();
        let expected = r#"{"type":"dns","value":"*.example.com"}"#;
        for json in [
            serde_json::to_string(&Sent(&identifier)),
            serde_json::to_string(&Requested::from(&identifier)),
        ] {
            assert_eq!(json.unwrap(), expected);
        }
    }
}
