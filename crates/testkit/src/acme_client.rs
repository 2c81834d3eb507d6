//! An ACME client that does as it is told, also what no good client would do: it speaks to the router
//! itself, and every part of a request can be forged.

use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::Body;
use http::{Method, Request, header};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::key::Key;
use crate::{Answer, Eab, base64url};

/// The content type of signed requests (RFC 8555 §6.2).
pub const JOSE: &str = "application/jose+json";

/// A client with its account key. Clones share nonces and account.
#[derive(Clone)]
pub struct AcmeClient {
    /// What signs its requests.
    pub key: Key,
    /// The account's URL, once it is registered.
    pub account: String,
    router: Router,
    directory: Arc<Value>,
    nonce: Arc<Mutex<Option<String>>>,
}

/// An order as the server described it.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its URL.
    pub url: String,
    /// Where to finalize it.
    pub finalize: String,
    /// The URLs of its authorizations.
    pub authorizations: Vec<String>,
    /// Its status.
    pub status: String,
}

/// A certificate with what it was obtained by.
#[derive(Clone, Debug)]
pub struct Issued {
    /// The order.
    pub order: Order,
    /// The certificate's URL.
    pub url: String,
    /// The chain, PEM.
    pub chain: String,
    /// The certificate itself, DER.
    pub der: Vec<u8>,
}

impl Order {
    /// Reads an answer that describes an order.
    #[track_caller]
    pub fn of(answer: &Answer) -> Self {
        let json = answer.json();
        let authorizations = json.get("authorizations").and_then(Value::as_array);
        Self {
            url: answer.header("location").to_owned(),
            finalize: answer.member("finalize"),
            authorizations: authorizations
                .into_iter()
                .flatten()
                .filter_map(|url| url.as_str().map(str::to_owned))
                .collect(),
            status: answer.member("status"),
        }
    }
}

/// The first certificate of a chain in PEM, the one that the chain is for.
pub fn leaf(chain: &str) -> pki::Certificate {
    let all = pki::pem::decode_chain(chain).expect("a chain");
    pki::Certificate::from_der(all.first().expect("a certificate")).expect("a certificate")
}

impl AcmeClient {
    /// A client with a fresh key and no account yet.
    pub async fn new(router: Router, directory: &str) -> Self {
        let mut client = Self {
            key: Key::generate(),
            account: String::new(),
            router,
            directory: Arc::new(Value::Null),
            nonce: Arc::default(),
        };
        client.directory = Arc::new(client.get(directory).await.expect(200).json());
        client
    }

    /// The same account at another door, such as another node of the installation.
    #[must_use]
    pub fn at(&self, router: Router) -> Self {
        Self {
            router,
            nonce: Arc::default(),
            ..self.clone()
        }
    }

    /// The same client with another key.
    #[must_use]
    pub fn with_key(&self, key: Key) -> Self {
        Self {
            key,
            ..self.clone()
        }
    }

    /// The URL of a resource of the directory, such as `newOrder`.
    #[track_caller]
    pub fn resource(&self, name: &str) -> String {
        let url = self.directory.get(name).and_then(Value::as_str);
        url.unwrap_or_else(|| panic!("no \"{name}\" in the directory"))
            .to_owned()
    }

    /// Sends a request without a body.
    pub async fn plain(&self, method: Method, url: &str) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(url)
            .body(Body::empty());
        self.send(request.expect("a request")).await
    }

    /// Reads without signing.
    pub async fn get(&self, url: &str) -> Answer {
        self.plain(Method::GET, url).await
    }

    /// Sends any body.
    pub async fn post_body(&self, url: &str, content_type: &str, body: String) -> Answer {
        let request = Request::post(url)
            .header(header::CONTENT_TYPE, content_type)
            .header(header::USER_AGENT, "testkit/1")
            .body(Body::from(body));
        self.send(request.expect("a request")).await
    }

    /// A nonce that was not used yet.
    pub async fn nonce(&self) -> String {
        let kept = self.kept_nonce().take();
        match kept {
            Some(nonce) => nonce,
            None => self.fresh_nonce().await,
        }
    }

    /// A nonce from newNonce.
    pub async fn fresh_nonce(&self) -> String {
        let answer = self.plain(Method::HEAD, &self.resource("newNonce")).await;
        answer.expect(200).header("replay-nonce").to_owned()
    }

    /// The protected header of a request of the account.
    pub async fn header(&self, url: &str) -> Value {
        json!({ "alg": self.key.algorithm(), "kid": self.account, "nonce": self.nonce().await, "url": url })
    }

    /// The protected header of a request that carries its key.
    pub async fn key_header(&self, url: &str) -> Value {
        json!({ "alg": self.key.algorithm(), "jwk": self.key.jwk(), "nonce": self.nonce().await, "url": url })
    }

    /// Signs exactly this header and payload.
    pub async fn post_signed(&self, url: &str, protected: &Value, payload: &str) -> Answer {
        let body = self.key.jws(protected, payload).to_string();
        self.post_body(url, JOSE, body).await
    }

    /// A request of the account.
    pub async fn post(&self, url: &str, payload: &Value) -> Answer {
        let protected = self.header(url).await;
        self.post_signed(url, &protected, &payload.to_string())
            .await
    }

    /// A request that carries its key.
    pub async fn post_by_key(&self, url: &str, payload: &Value) -> Answer {
        let protected = self.key_header(url).await;
        self.post_signed(url, &protected, &payload.to_string())
            .await
    }

    /// Reads as the account (RFC 8555 §6.3).
    pub async fn post_as_get(&self, url: &str) -> Answer {
        let protected = self.header(url).await;
        self.post_signed(url, &protected, "").await
    }

    /// Asks for an account with this binding.
    pub async fn new_account(&self, eab: &Eab) -> Answer {
        let url = self.resource("newAccount");
        let payload = json!({
            "contact": ["mailto:admin@example.com"],
            "externalAccountBinding": eab.binding(&self.key, &url),
            "termsOfServiceAgreed": true,
        });
        self.post_by_key(&url, &payload).await
    }

    /// Asks for an account without an external account binding.
    pub async fn new_unbound_account(&self) -> Answer {
        let payload = json!({ "termsOfServiceAgreed": true });
        self.post_by_key(&self.resource("newAccount"), &payload)
            .await
    }

    /// Registers without an external account binding.
    pub async fn register_unbound(mut self) -> Self {
        let answer = self.new_unbound_account().await.expect(201);
        answer.header("location").clone_into(&mut self.account);
        self
    }

    /// Makes an account and goes on as it.
    pub async fn register(mut self, eab: &Eab) -> Self {
        let answer = self.new_account(eab).await.expect(201);
        answer.header("location").clone_into(&mut self.account);
        self
    }

    /// Asks for an order of these names.
    pub async fn new_order(&self, names: &[&str]) -> Answer {
        let identifiers: Vec<Value> = names
            .iter()
            .map(|name| json!({ "type": "dns", "value": name }))
            .collect();
        let payload = json!({ "identifiers": identifiers });
        self.post(&self.resource("newOrder"), &payload).await
    }

    /// An order of these names.
    pub async fn order(&self, names: &[&str]) -> Order {
        Order::of(&self.new_order(names).await.expect(201))
    }

    /// The order as it is now.
    pub async fn read(&self, order: &Order) -> Answer {
        self.post_as_get(&order.url).await.expect(200)
    }

    /// The challenge of an authorization with this type.
    pub async fn challenge(&self, authorization: &str, kind: &str) -> Option<String> {
        let json = self.post_as_get(authorization).await.expect(200).json();
        let challenges = json.get("challenges")?.as_array()?;
        let of_kind = |challenge: &&Value| challenge.get("type").is_some_and(|each| each == kind);
        let found = challenges.iter().find(of_kind)?;
        Some(found.get("url")?.as_str()?.to_owned())
    }

    /// The http-01 challenge of an order's first authorization.
    pub async fn first_challenge(&self, order: &Order) -> String {
        let authorization = order.authorizations.first().expect("an authorization");
        self.challenge(authorization, "http-01")
            .await
            .expect("http-01 is offered")
    }

    /// Says that a challenge can be validated.
    pub async fn answer(&self, challenge: &str) -> Answer {
        self.post(challenge, &json!({})).await
    }

    /// Proves control of every name of the order.
    pub async fn prove(&self, order: &Order) {
        for authorization in &order.authorizations {
            let status = self
                .post_as_get(authorization)
                .await
                .expect(200)
                .member("status");
            if status == "valid" {
                continue;
            }
            let challenge = match self.challenge(authorization, "http-01").await {
                Some(challenge) => challenge,
                None => self
                    .challenge(authorization, "dns-01")
                    .await
                    .expect("dns-01 is offered"),
            };
            let answer = self.answer(&challenge).await.expect(200);
            assert_eq!(answer.member("status"), "valid", "{}", answer.text());
        }
    }

    /// An order of these names that is ready.
    pub async fn ready_order(&self, names: &[&str]) -> Order {
        let order = self.order(names).await;
        self.prove(&order).await;
        assert_eq!(self.read(&order).await.member("status"), "ready");
        order
    }

    /// Asks for the certificate.
    pub async fn finalize(&self, order: &Order, csr: &[u8]) -> Answer {
        self.post(&order.finalize, &json!({ "csr": base64url(csr) }))
            .await
    }

    /// The whole way, with this key for the certificate.
    pub async fn issue_for(&self, key: &Key, names: &[&str]) -> Issued {
        let order = self.order(names).await;
        self.prove(&order).await;
        let answer = self.finalize(&order, &key.csr(names)).await.expect(200);
        assert_eq!(answer.member("status"), "valid", "{}", answer.text());
        let url = answer.member("certificate");
        let chain = self.post_as_get(&url).await.expect(200).text().to_owned();
        let der = leaf(&chain).der().to_vec();
        Issued {
            order,
            url,
            chain,
            der,
        }
    }

    /// The whole way.
    pub async fn issue(&self, names: &[&str]) -> Issued {
        self.issue_for(&Key::generate(), names).await
    }

    /// Asks, as the account, to revoke a certificate.
    pub async fn revoke(&self, der: &[u8], reason: u8) -> Answer {
        let payload = json!({ "certificate": base64url(der), "reason": reason });
        self.post(&self.resource("revokeCert"), &payload).await
    }

    /// Asks, by the client's key and without an account, to revoke a certificate.
    pub async fn revoke_by_key(&self, der: &[u8], reason: u8) -> Answer {
        let payload = json!({ "certificate": base64url(der), "reason": reason });
        self.post_by_key(&self.resource("revokeCert"), &payload)
            .await
    }

    /// Asks to go on with another key (RFC 8555 §7.3.5).
    pub async fn change_key(&self, new: &Key) -> Answer {
        let url = self.resource("keyChange");
        let inner = json!({ "account": self.account, "oldKey": self.key.jwk() });
        let header = json!({ "alg": new.algorithm(), "jwk": new.jwk(), "url": url });
        self.post(&url, &new.jws(&header, &inner.to_string())).await
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let answer = match self.router.clone().oneshot(request).await {
            Ok(response) => Answer::read(response).await,
            Err(never) => match never {},
        };
        let nonce = answer.header("replay-nonce");
        if !nonce.is_empty() && answer.status != 204 && !answer.body.is_empty() {
            *self.kept_nonce() = Some(nonce.to_owned());
        }
        answer
    }

    fn kept_nonce(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.nonce.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
