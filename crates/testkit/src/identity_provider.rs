//! An identity provider on loopback, with a key and people of its own, that answers as it is told; and what stands between it
//! and the nodes, which loses answers as it is told.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::{RawForm, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base::Clock;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, ready};
use http::{HeaderMap, StatusCode, header};
use outbound::identity::{
    HttpsProviders, IdentityProviders, ProviderSilence, Redeemed, Redemption,
};
use reach::Network;
use reach::network::LabSettings;
use serde_json::{Value, json};
use tenancy::oidc::testing::TokenSigner;
use tenancy::token::sha256;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the provider calls the portal.
pub const CLIENT_ID: &str = "chancery-portal";
/// What the portal proves that with.
pub const CLIENT_SECRET: &str = "s3cr3t-of-the-portal";

/// A provider that runs until it is dropped.
pub struct FakeIdentityProvider {
    issuer: String,
    inside: Arc<Inside>,
    task: JoinHandle<()>,
}

struct Inside {
    issuer: String,
    clock: Arc<dyn Clock>,
    state: Mutex<ProviderState>,
}

struct ProviderState {
    signer: TokenSigner,
    /// The keys that it shows.
    shown: Vec<Value>,
    /// What browsers brought here and have not redeemed, by code.
    codes: BTreeMap<String, Code>,
    made: u32,
    /// Claims that are otherwise in the next tokens.
    changes: Value,
    key_requests: u32,
    redeemed: u32,
}

struct Code {
    subject: String,
    nonce: String,
    challenge: String,
    redirect_uri: String,
}

impl Drop for FakeIdentityProvider {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl FakeIdentityProvider {
    /// A provider with this name below `test`.
    pub async fn start(name: &str, clock: Arc<dyn Clock>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let issuer = format!("http://{name}.test:{port}/realm");
        let signer = TokenSigner::new("ES256");
        let state = ProviderState {
            shown: vec![signer.jwk()],
            signer,
            codes: BTreeMap::new(),
            made: 0,
            changes: json!({}),
            key_requests: 0,
            redeemed: 0,
        };
        let inside = Arc::new(Inside {
            issuer: issuer.clone(),
            clock,
            state: Mutex::new(state),
        });
        let router = Router::new()
            .route("/realm/.well-known/openid-configuration", get(description))
            .route("/realm/keys", get(keys))
            .route("/realm/token", post(token))
            .with_state(inside.clone());
        let task = tokio::spawn(async move {
            axum::serve(listener, router).await.expect("a provider");
        });
        Self {
            issuer,
            inside,
            task,
        }
    }

    /// How it calls itself.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Signs somebody in who was sent here with this URL; where their browser is sent back to, below the portal.
    pub fn sign_in(&self, sent: &str, subject: &str) -> String {
        let asked = fields(sent.split_once('?').map_or("", |(_, query)| query));
        let of = |name: &str| asked.get(name).cloned().unwrap_or_default();
        assert!(
            sent.starts_with(&self.issuer),
            "{sent} is not of {}",
            self.issuer
        );
        assert_eq!(of("response_type"), "code");
        assert_eq!(of("client_id"), CLIENT_ID);
        assert_eq!(of("code_challenge_method"), "S256");
        let mut state = self.inside.state();
        state.made += 1;
        let code = format!("code-{}", state.made);
        let redirect_uri = of("redirect_uri");
        let back = redirect_uri.splitn(4, '/').nth(3).unwrap_or_default();
        let back = format!("/{back}?code={code}&state={}", of("state"));
        let made = Code {
            subject: subject.to_owned(),
            nonce: of("nonce"),
            challenge: of("code_challenge"),
            redirect_uri,
        };
        state.codes.insert(code, made);
        back
    }

    /// Has these claims of the next tokens be otherwise; null takes one away.
    pub fn claim_otherwise(&self, changes: Value) {
        self.inside.state().changes = changes;
    }

    /// Signs with another key from now on, which it shows beside none of the old ones.
    pub fn change_key(&self) {
        let mut state = self.inside.state();
        state.signer = TokenSigner::new("ES256");
        state.shown = vec![state.signer.jwk()];
    }

    /// Signs with a key that it does not show.
    pub fn hide_key(&self) {
        self.inside.state().signer = TokenSigner::new("ES256");
    }

    /// How often its keys were asked for.
    pub fn key_requests(&self) -> u32 {
        self.inside.state().key_requests
    }

    /// How many codes it redeemed.
    pub fn redeemed(&self) -> u32 {
        self.inside.state().redeemed
    }
}

impl Inside {
    fn state(&self) -> MutexGuard<'_, ProviderState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn description(State(inside): State<Arc<Inside>>) -> Json<Value> {
    let issuer = &inside.issuer;
    Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "jwks_uri": format!("{issuer}/keys"),
        "code_challenge_methods_supported": ["S256"],
    }))
}

async fn keys(State(inside): State<Arc<Inside>>) -> Json<Value> {
    let mut state = inside.state();
    state.key_requests += 1;
    Json(json!({ "keys": state.shown }))
}

async fn token(
    State(inside): State<Arc<Inside>>,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Response {
    let form = fields(&String::from_utf8_lossy(&form));
    match inside.redeem(&headers, &form) {
        Ok(token) => {
            let answer = json!({ "id_token": token, "access_token": "x", "token_type": "Bearer" });
            Json(answer).into_response()
        }
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": error }))).into_response(),
    }
}

impl Inside {
    /// As RFC 6749 §4.1.3 and RFC 7636 §4.6 want it: a code is good once, for who asked, with what they said before.
    fn redeem(
        &self,
        headers: &HeaderMap,
        form: &BTreeMap<String, String>,
    ) -> Result<String, &'static str> {
        let of = |name: &str| form.get(name).map_or("", String::as_str);
        let expected = STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}"));
        let given = headers.get(header::AUTHORIZATION);
        if given.map(http::HeaderValue::as_bytes) != Some(format!("Basic {expected}").as_bytes()) {
            return Err("invalid_client");
        }
        let mut state = self.state();
        let code = state.codes.remove(of("code")).ok_or("invalid_grant")?;
        let challenge = URL_SAFE_NO_PAD.encode(sha256(of("code_verifier").as_bytes()));
        if challenge != code.challenge || of("redirect_uri") != code.redirect_uri {
            return Err("invalid_grant");
        }
        state.redeemed += 1;
        let now = self.clock.now().as_seconds();
        let mut claims = json!({ "iss": self.issuer, "sub": code.subject, "aud": CLIENT_ID, "iat": now,
            "exp": now + 300, "nonce": code.nonce });
        let changes = state.changes.as_object().cloned().unwrap_or_default();
        if let Some(claims) = claims.as_object_mut() {
            claims.extend(changes);
            claims.retain(|_, value| !value.is_null());
        }
        Ok(state.signer.sign(&claims))
    }
}

fn fields(text: &str) -> BTreeMap<String, String> {
    let decoded = |text: &str| {
        let bytes = percent_encoding::percent_decode_str(text);
        bytes.decode_utf8_lossy().into_owned()
    };
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

/// What may happen to the next code that is redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mishap {
    Lost,
    NotSent,
}

/// What asks providers whose names end in `test`, on loopback.
pub struct FlakyProviders {
    over: HttpsProviders,
    next: Mutex<Option<Mishap>>,
}

impl FlakyProviders {
    pub(crate) fn new() -> Self {
        let network = Network::lab(LabSettings {
            hosts: vec!["*=127.0.0.1".parse().expect("a host")],
            any_redirect_port: true,
            ..LabSettings::default()
        });
        let over = HttpsProviders::new(network.expect("a network"));
        Self {
            over: over.expect("TLS"),
            next: Mutex::new(None),
        }
    }

    /// Has the next code be redeemed, and the answer lost.
    pub fn lose_next(&self) {
        *self.next() = Some(Mishap::Lost);
    }

    /// Has the next code go nowhere.
    pub fn drop_next(&self) {
        *self.next() = Some(Mishap::NotSent);
    }

    fn next(&self) -> MutexGuard<'_, Option<Mishap>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl IdentityProviders for FlakyProviders {
    fn document<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, ProviderSilence>> {
        self.over.document(url)
    }

    fn redeem<'a>(&'a self, redemption: &'a Redemption) -> BoxFuture<'a, Redeemed> {
        let mishap = self.next().take();
        match mishap {
            None => self.over.redeem(redemption),
            Some(Mishap::NotSent) => ready(Redeemed::NotSent("a test".to_owned())).boxed(),
            Some(Mishap::Lost) => async {
                IdentityProviders::redeem(&self.over, redemption).await;
                Redeemed::Lost("a test".to_owned())
            }
            .boxed(),
        }
    }
}
