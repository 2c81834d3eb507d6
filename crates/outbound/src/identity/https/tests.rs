use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use reach::network::{LabSettings, PublicSettings};
use reach::resolver::{Addresses, CaaRecords, LookupError, Resolver, TxtRecords};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

/// Answers every connection with the same octets; counts them.
struct Listener {
    port: u16,
    asked: Arc<AtomicUsize>,
}

impl Listener {
    async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (asked, answer) = (Arc::new(AtomicUsize::new(0)), answer.into());
        let counted = asked.clone();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::SeqCst);
                let mut request = [0; 4096];
                let _ = stream.read(&mut request).await;
                let _ = stream.write_all(&answer).await;
            }
        });
        Self { port, asked }
    }

    fn url(&self) -> String {
        format!("http://idp.test:{}/x", self.port)
    }
}

fn lab() -> HttpsProviders {
    let network = Network::lab(LabSettings {
        hosts: vec!["idp.test=127.0.0.1".parse().unwrap()],
        any_redirect_port: true,
        ..LabSettings::default()
    });
    HttpsProviders::new(network.unwrap()).unwrap()
}

fn public() -> HttpsProviders {
    let settings = PublicSettings {
        dns_servers: vec!["127.0.0.1:1".parse().unwrap()],
        ..PublicSettings::default()
    };
    HttpsProviders::new(Network::public(&settings).unwrap()).unwrap()
}

fn redemption(url: String) -> Redemption {
    Redemption {
        url,
        form: "code=1".to_owned(),
        authorization: Some("Basic x".to_owned()),
    }
}

fn answer(status: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}")
}

#[tokio::test]
async fn s51_providers_are_asked_by_name_and_tls_on_one_port() {
    let providers = public();
    for (url, expected) in [
        ("http://idp.example/", "by https only"),
        ("ftp://idp.example/", "by https only"),
        ("https://127.0.0.1/", "not at an address"),
        ("https://[::1]/", "not at an address"),
        ("https://2130706433/", "not at an address"),
        ("https://localhost/", "not at an address"),
        ("https://idp.example:8443/", "port 8443 is not asked"),
        ("https://idp.example:80/", "port 80 is not asked"),
        ("nonsense\r\n", "no URL"),
    ] {
        let error = providers.document(url).await.unwrap_err();
        assert!(error.0.contains(expected), "{url}: {error}");
    }
}

/// Whose every name is at one address.
struct Everywhere(IpAddr);

impl Resolver for Everywhere {
    fn addresses<'a>(&'a self, _: &'a DnsName) -> BoxFuture<'a, Result<Addresses, LookupError>> {
        let addresses = Addresses {
            addresses: vec![self.0],
            ..Addresses::default()
        };
        Box::pin(std::future::ready(Ok(addresses)))
    }

    fn txt<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<TxtRecords, LookupError>> {
        panic!("nobody asks for texts")
    }

    fn caa<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Result<CaaRecords, LookupError>> {
        panic!("nobody asks for CAA records")
    }

    fn description(&self) -> &'static str {
        "a test"
    }
}

#[tokio::test]
async fn s51_the_guard_is_asked_for_every_address() {
    for (address, what) in [
        ("127.0.0.1", "a loopback address"),
        ("169.254.169.254", "a link-local address"),
        ("10.1.2.3", "a private address"),
        ("::1", "the loopback address"),
    ] {
        let resolver = Arc::new(Everywhere(address.parse().unwrap()));
        let network = Network::public(&PublicSettings::default()).unwrap();
        let providers = HttpsProviders::new(network.with_resolver(resolver)).unwrap();
        let error = providers.document("https://idp.example/x").await;
        let error = error.unwrap_err();
        assert!(error.0.contains(what), "{address}: {error}");
        let code = redemption("https://idp.example/x".to_owned());
        let redeemed = providers.redeem(&code).await;
        assert!(matches!(redeemed, Redeemed::NotSent(_)));
    }
}

#[tokio::test]
async fn s51_redirects_are_not_followed_and_answers_are_bounded() {
    let other = Listener::answering(answer("200 OK", "{}")).await;
    let location = format!("HTTP/1.1 302 Found\r\nlocation: {}\r\n\r\n", other.url());
    let listener = Listener::answering(location).await;
    let error = lab().document(&listener.url()).await.unwrap_err();
    assert!(error.0.contains("302"), "{error}");
    assert_eq!(other.asked.load(Ordering::SeqCst), 0);
    let large = answer("200 OK", &"a".repeat(LARGEST + 1));
    let listener = Listener::answering(large).await;
    assert!(lab().document(&listener.url()).await.is_err());
}

#[tokio::test]
async fn s67_what_is_known_of_a_code_depends_on_how_far_the_call_came() {
    let providers = lab();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let nobody = redemption(format!("http://idp.test:{port}/x"));
    assert!(matches!(
        providers.redeem(&nobody).await,
        Redeemed::NotSent(_)
    ));
    // It was read, and no answer came.
    let silent = Listener::answering("").await;
    let lost = providers.redeem(&redemption(silent.url())).await;
    assert!(matches!(lost, Redeemed::Lost(_)), "{lost:?}");
    let half = Listener::answering("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{").await;
    let lost = providers.redeem(&redemption(half.url())).await;
    assert!(matches!(lost, Redeemed::Lost(_)), "{lost:?}");
    let no = answer("400 Bad Request", r#"{"error":"invalid_grant\u0007"}"#);
    let no = Listener::answering(no).await;
    let refused = providers.redeem(&redemption(no.url())).await;
    assert_eq!(refused, Redeemed::Refused("invalid_grant".to_owned()));
    let yes = Listener::answering(answer("200 OK", "{}")).await;
    let taken = providers.redeem(&redemption(yes.url())).await;
    assert_eq!(taken, Redeemed::Taken(b"{}".to_vec()));
    assert!(!format!("{:?}", redemption(String::new())).contains("Basic"));
}
