//! Who is at the other end: address, software, and the name of the request in logs and audit entries.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::connect_info::ConnectInfo;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use flow::caller::Client;

static REQUESTS: AtomicU64 = AtomicU64::new(1);

/// How much of a client's own name is kept.
const MAX_AGENT: usize = 200;

/// Which proxies may say whom they speak for; added to every request by the server.
#[derive(Clone, Debug, Default)]
pub struct TrustedProxies(pub std::sync::Arc<Vec<IpAddr>>);

/// A name for a request, unique in this process.
pub(crate) fn next_request_id() -> String {
    format!("req_{:08x}", REQUESTS.fetch_add(1, Ordering::Relaxed))
}

/// Reads the client from a request's head.
pub(crate) fn client_of(parts: &Parts) -> Client {
    let peer = parts
        .extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0.ip());
    let proxies = parts.extensions.get::<TrustedProxies>();
    let is_trusted = peer
        .zip(proxies)
        .is_some_and(|(peer, known)| known.0.contains(&peer));
    let forwarded = if is_trusted {
        forwarded_for(&parts.headers)
    } else {
        None
    };
    Client {
        address: forwarded
            .or(peer)
            .map(|address| address.to_string())
            .unwrap_or_default(),
        agent: agent(&parts.headers),
        request_id: next_request_id(),
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
    use axum::http::Request;

    use super::*;

    fn request(peer: &str, forwarded: &str, trusted: &[&str]) -> Client {
        let (mut parts, ()) = Request::builder()
            .header("x-forwarded-for", forwarded)
            .body(())
            .unwrap()
            .into_parts();
        let peer: SocketAddr = peer.parse().unwrap();
        parts.extensions.insert(ConnectInfo(peer));
        let trusted = trusted.iter().map(|text| text.parse().unwrap()).collect();
        parts
            .extensions
            .insert(TrustedProxies(std::sync::Arc::new(trusted)));
        client_of(&parts)
    }

    #[test]
    fn s55_only_trusted_proxies_may_name_the_client() {
        let claimed = "198.51.100.1, 203.0.113.7";
        assert_eq!(request("192.0.2.1:5", claimed, &[]).address, "192.0.2.1");
        assert_eq!(
            request("192.0.2.1:5", claimed, &["192.0.2.1"]).address,
            "203.0.113.7"
        );
        assert_eq!(
            request("192.0.2.1:5", "nonsense", &["192.0.2.1"]).address,
            "192.0.2.1"
        );
    }
}
