//! How payloads are read: as JSON objects, and as nothing else. Derived readers would also take an
//! array of the members' values, which no client means.

use serde::Deserialize;
use serde::de::{Error as _, Unexpected};

/// Reads an object; unknown members are ignored, as RFC 8555 lets servers extend every one.
pub(crate) fn object<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, serde_json::Error> {
    if json.trim_ascii_start().first() != Some(&b'{') {
        let found = Unexpected::Other("something else");
        return Err(serde_json::Error::invalid_type(found, &"a JSON object"));
    }
    serde_json::from_slice(json)
}
