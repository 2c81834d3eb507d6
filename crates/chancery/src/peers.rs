//! The other nodes, over plain HTTP on their internal listeners. Connections are kept for a while, since clients that
//! are spread over nodes bring one foreign nonce after the other.

use std::time::Duration;

use anyhow::Context as _;
use bytes::Bytes;
use flow::outside::Peers;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error};
use hyper_util::rt::{TokioExecutor, TokioTimer};

/// A client cannot wait longer for its nonce; it tries again with a fresh one.
const TIMEOUT: Duration = Duration::from_secs(2);
/// How long an unused connection is kept: half of what a node gives its clients to send something.
const IDLE: Duration = Duration::from_secs(10);
/// How many unused connections are kept to each node.
const MAX_IDLE: usize = 16;
/// The answer is its status; a peer's words are not read beyond this.
const MAX_BODY: usize = 1024;

/// Asks other nodes to redeem nonces that they gave out.
pub(crate) struct HttpPeers(Client<HttpConnector, Full<Bytes>>);

impl HttpPeers {
    /// Without a connection yet.
    pub(crate) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(MAX_IDLE)
            .build(connector);
        Self(client)
    }

    async fn ask(&self, url: &str, nonce: &str) -> anyhow::Result<StatusCode> {
        let uri: Uri = format!("{url}/nonce")
            .parse()
            .with_context(|| format!("no address in {url}"))?;
        let nonce = Bytes::from(nonce.to_owned());
        match self.exchange(&uri, &nonce).await {
            // The peer may have closed a connection that was kept, just as we wrote to it. Asking twice does no
            // harm: a nonce that was used up by the first question is refused to the second.
            Err(error) if !error.is_connect() => Ok(self.exchange(&uri, &nonce).await?),
            answer => Ok(answer?),
        }
    }

    async fn exchange(&self, uri: &Uri, nonce: &Bytes) -> Result<StatusCode, Error> {
        let mut request = Request::new(Full::new(nonce.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri.clone();
        let (head, body) = self.0.request(request).await?.into_parts();
        // A connection whose answer was not read to its end is not used again, which is right for a long one.
        let _read = Limited::new(body, MAX_BODY).collect().await;
        Ok(head.status)
    }
}

impl Peers for HttpPeers {
    fn redeem<'a>(&'a self, url: &'a str, nonce: &'a str) -> BoxFuture<'a, bool> {
        async move {
            match tokio::time::timeout(TIMEOUT, self.ask(url, nonce)).await {
                Ok(Ok(status)) => status == StatusCode::OK,
                Ok(Err(error)) => {
                    let error = format!("{error:#}");
                    tracing::warn!(
                        peer.url = url,
                        error,
                        "a node could not be asked for a nonce"
                    );
                    false
                }
                Err(_) => {
                    tracing::warn!(peer.url = url, "a node did not answer in time");
                    false
                }
            }
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::net::SocketAddr;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    use axum::Router;
    use axum::extract::ConnectInfo;
    use axum::routing::post;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::Instant;
    use tokio_util::sync::CancellationToken;
    use web::request::client::TrustedProxies;

    use super::*;
    use flow::memory::measures::{DoorName, Tally};

    use crate::listen::Door;

    /// How many requests a fake peer answers on a connection before it closes it without a word.
    #[derive(Clone, Copy)]
    enum Patience {
        Endless,
        OneRequest,
        /// It never answers.
        Silent,
    }

    /// A peer on loopback that says yes to everything.
    struct FakePeer {
        url: String,
        accepted: Arc<AtomicUsize>,
    }

    impl FakePeer {
        async fn start(patience: Patience) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let accepted = Arc::new(AtomicUsize::new(0));
            let count = accepted.clone();
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    count.fetch_add(1, Ordering::SeqCst);
                    tokio::spawn(serve(stream, patience));
                }
            });
            Self { url, accepted }
        }

        fn accepted(&self) -> usize {
            self.accepted.load(Ordering::SeqCst)
        }
    }

    async fn serve(mut stream: TcpStream, patience: Patience) {
        while has_request(&mut stream).await {
            if let Patience::Silent = patience {
                return std::future::pending().await;
            }
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(answer).await.unwrap();
            if let Patience::OneRequest = patience {
                return;
            }
        }
    }

    /// Reads to the end of the nonce, which is `yes`.
    async fn has_request(stream: &mut TcpStream) -> bool {
        let mut seen = Vec::new();
        while !seen.ends_with(b"\r\n\r\nyes") {
            if stream.read_buf(&mut seen).await.unwrap_or(0) == 0 {
                return false;
            }
        }
        assert!(seen.starts_with(b"POST /nonce HTTP/1.1\r\n"));
        true
    }

    #[tokio::test]
    async fn redemptions_share_a_connection() {
        let peer = FakePeer::start(Patience::Endless).await;
        let peers = HttpPeers::new();
        for _ in 0..3 {
            assert!(peers.redeem(&peer.url, "yes").await);
        }
        assert_eq!(peer.accepted(), 1);
    }

    #[tokio::test]
    async fn a_door_of_ours_is_asked_over_one_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen: Arc<Mutex<BTreeSet<SocketAddr>>> = Arc::default();
        let noted = seen.clone();
        let redeem = async move |ConnectInfo(from): ConnectInfo<SocketAddr>, nonce: String| {
            noted.lock().unwrap().insert(from);
            match nonce.as_str() {
                "yes" => StatusCode::OK,
                _ => StatusCode::GONE,
            }
        };
        let door = Door {
            name: DoorName::Internal,
            listener,
            tls: None,
            router: Router::new().route("/nonce", post(redeem)),
            proxies: TrustedProxies::default(),
            connections: 16,
            no_room: Tally::default(),
        };
        let stop = CancellationToken::new();
        let serving = tokio::spawn(door.serve(stop.clone()));
        let peers = HttpPeers::new();
        for nonce in ["yes", "no", "yes"] {
            assert_eq!(peers.redeem(&url, nonce).await, nonce == "yes");
        }
        assert_eq!(seen.lock().unwrap().len(), 1);
        // A kept connection holds up no end.
        stop.cancel();
        tokio::time::timeout(TIMEOUT, serving)
            .await
            .unwrap()
            .unwrap();
    }

    #[tokio::test]
    async fn a_connection_that_the_peer_has_closed_is_made_anew() {
        let peer = FakePeer::start(Patience::OneRequest).await;
        let peers = HttpPeers::new();
        for count in 1..=5 {
            assert!(peers.redeem(&peer.url, "yes").await);
            assert_eq!(peer.accepted(), count);
        }
    }

    #[tokio::test]
    async fn a_peer_that_never_answers_says_no_in_time() {
        let peer = FakePeer::start(Patience::Silent).await;
        let begun = Instant::now();
        assert!(!HttpPeers::new().redeem(&peer.url, "yes").await);
        let took = begun.elapsed();
        assert!(took >= TIMEOUT && took < TIMEOUT * 2, "{took:?}");
        assert_eq!(peer.accepted(), 1);
    }

    #[tokio::test]
    async fn a_peer_that_is_away_says_no_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let begun = Instant::now();
        assert!(!HttpPeers::new().redeem(&url, "yes").await);
        assert!(!HttpPeers::new().redeem("no address", "yes").await);
        assert!(begun.elapsed() < TIMEOUT);
    }
}
