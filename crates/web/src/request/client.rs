//! Who is at the other end: address, software, and the name of the request in logs and audit entries.

use std::net::{IpAddr, SocketAddr};

use axum::extract::connect_info::ConnectInfo;
use axum::http::{HeaderMap, HeaderName, Request, header};
use base::RequestId;
use flow::caller::Client;

/// Carries the name of the request in every answer.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How much of a client's own name is kept.
const MAX_AGENT: usize = 200;

/// Which proxies may say whom they speak for; added to every request by the server.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(pub std::sync::Arc<Vec<IpAddr>>);

/// Reads the client from the head of a request, and names the request.
pub(crate) fn client_of<B>(request: &Request<B>, id: RequestId) -> Client {
    let extensions = request.extensions();
    let peer = extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0.ip());
    let proxies = extensions.get::<TrustedProxies>();
    let is_trusted = peer
        .zip(proxies)
        .is_some_and(|(peer, known)| known.0.contains(&peer));
    let forwarded = if is_trusted {
        forwarded_for(request.headers())
    } else {
        None
    };
    Client {
        address: forwarded.or(peer),
        agent: agent(request.headers()),
        request_id: Some(id),
        place: None,
    }
}

/// The last address that a trusted proxy wrote down; those before it are the client's own claim.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let value = headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()?
        .to_str()
        .ok()?;
    value.rsplit(',').next()?.trim().parse().ok()
}

fn agent(headers: &HeaderMap) -> String {
    let text = headers
        .get(header::USER_AGENT)
        .and_then(|value| value.to_str().ok());
    text.unwrap_or_default()
        .chars()
        .filter(|c| !c.is_control())
        .take(MAX_AGENT)
        .collect()
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn request(peer: &str, forwarded: &str, trusted: &[&str]) -> Client {
        let peer: SocketAddr = peer.parse().unwrap();
        let trusted = trusted.iter().map(|text| text.parse().unwrap()).collect();
        let request = Request::builder()
            .header("x-forwarded-for", forwarded)
            .extension(ConnectInfo(peer))
            .extension(TrustedProxies(std::sync::Arc::new(trusted)))
            .body(())
            .unwrap();
        client_of(&request, RequestId::FIRST)
    }

    #[test]
    fn s55_only_trusted_proxies_may_name_the_client() {
        let claimed = "198.51.100.1, 203.0.113.7";
        let address =
            |claimed, trusted: &[&str]| request("192.0.2.1:5", claimed, trusted).address_text();
        assert_eq!(address(claimed, &[]), "192.0.2.1");
        assert_eq!(address(claimed, &["192.0.2.1"]), "203.0.113.7");
        assert_eq!(address("nonsense", &["192.0.2.1"]), "192.0.2.1");
    }

    proptest! {
        #[test]
        fn what_a_client_calls_itself_is_short_and_plain(name in "\\PC{0,300}", forwarded in "[0-9a-f:., ]{0,60}") {
            let proxy = IpAddr::from([192, 0, 2, 1]);
            let mut request = Request::new(());
            for (header, text) in [("user-agent", &name), ("x-forwarded-for", &forwarded)] {
                if let Ok(value) = HeaderValue::from_str(text) {
                    request.headers_mut().insert(header, value);
                }
            }
            let extensions = request.extensions_mut();
            extensions.insert(ConnectInfo(SocketAddr::new(proxy, 443)));
            extensions.insert(TrustedProxies(std::sync::Arc::new(vec![proxy])));
            let client = client_of(&request, RequestId::FIRST);
            prop_assert!(client.agent.chars().count() <= MAX_AGENT);
            prop_assert!(!client.agent.contains(char::is_control));
            prop_assert!(client.address.is_some());
        }
    }
}
