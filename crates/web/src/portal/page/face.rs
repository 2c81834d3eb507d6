//! At which host name a request came, and whom the portal shows there: before anybody is known, on every page (features F-002,
//! F-036; security S-26). The answer is in memory, also for a name that nobody has.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Uri, header};
use flow::caller::place::Place;
use flow::tenancy::brand::find_place::{brand_of_operator, find_place};
use tenancy::tenant::brand::Brand;

use super::contact::HelpLine;
use crate::portal::state::Portal;

/// What the portal is called where nobody has said how.
const NEUTRAL: &str = "Chancery";

/// Whom the portal shows.
#[derive(Clone, Debug)]
pub(crate) struct Face {
    /// What it is called.
    pub(crate) name: String,
    /// Whom people ask.
    pub(crate) contact: Vec<HelpLine>,
}

impl Face {
    /// Nobody in particular.
    pub(crate) fn neutral() -> Self {
        Self {
            name: NEUTRAL.to_owned(),
            contact: Vec::new(),
        }
    }

    fn of(brand: &Brand) -> Self {
        Self {
            name: brand.name.as_str().to_owned(),
            contact: brand.contact.lines().map(HelpLine::new).collect(),
        }
    }
}

/// Where a request came: the place of a brand, if it is one, and whom that shows. A name that neither the settings nor a brand
/// has shows nobody in particular.
pub(super) fn place_of(portal: &Portal, request: &Request) -> (Option<Arc<Place>>, Face) {
    let asked = host(request.uri(), request.headers()).unwrap_or_default();
    // A brand cannot take the place of the portal's own names.
    if portal.own_hosts.contains(&asked) {
        let brand = brand_of_operator(&portal.app);
        return (None, brand.map_or_else(Face::neutral, |of| Face::of(&of)));
    }
    match find_place(&portal.app, &asked) {
        Some(place) => {
            let face = Face::of(&place.brand);
            (Some(place), face)
        }
        None => (None, Face::neutral()),
    }
}

/// The host name that a request says, in small letters, without port and final dot (RFC 9110 §7.2, RFC 9113 §8.3.1).
fn host(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let named = if let Some(host) = uri.host() {
        host.to_owned()
    } else {
        let text = headers.get(header::HOST)?.to_str().ok()?;
        text.parse::<Authority>().ok()?.host().to_owned()
    };
    let named = named.strip_suffix('.').unwrap_or(&named);
    Some(named.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(uri: &str, named: &str, expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, named.parse().unwrap());
        let found = host(&uri.parse().unwrap(), &headers);
        assert_eq!(found.as_deref(), expected, "{uri} {named}");
    }

    #[test]
    fn f002_a_host_is_read_as_browsers_write_it() {
        check("/", "ca.example", Some("ca.example"));
        check("/", "CA.Example.:8443", Some("ca.example"));
        check("/", "[::1]:8443", Some("[::1]"));
        check(
            "https://ca.example:8443/",
            "other.example",
            Some("ca.example"),
        );
        check("/", "two words", None);
    }

    proptest! {
        #[test]
        fn whatever_a_client_calls_the_host_is_read(named in "\\PC{0,80}") {
            let mut headers = HeaderMap::new();
            if let Ok(value) = named.parse() {
                headers.insert(header::HOST, value);
            }
            if let Some(found) = host(&Uri::from_static("/"), &headers) {
                prop_assert!(found.len() <= named.len());
            }
        }
    }
}
