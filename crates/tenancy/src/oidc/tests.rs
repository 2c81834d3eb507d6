use base::Timestamp;
use serde_json::{Value, json};

use super::testing::TokenSigner;
use super::*;
use crate::token::{Token, sha256};

const ISSUER: &str = "https://login.example.com/realms/northwind";
const CLIENT: &str = "chancery-portal";
const ASKED: Timestamp = Timestamp::from_seconds(1_800_000_000);
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_030);

struct Fixed(u8);

impl base::Random for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

fn nonce() -> Token {
    Token::generate(&Fixed(7))
}

fn keys(signers: &[&TokenSigner]) -> SigningKeys {
    let all: Vec<Value> = signers.iter().map(|signer| signer.jwk()).collect();
    SigningKeys::parse(json!({ "keys": all }).to_string().as_bytes()).unwrap()
}

fn claims() -> Value {
    json!({ "iss": ISSUER, "sub": "248289761001", "aud": CLIENT, "exp": 1_800_000_300, "iat": 1_800_000_020,
        "nonce": nonce().reveal(), "email": "mirabel@example.com", "amr": ["mfa"] })
}

fn read(token: &str, keys: &SigningKeys) -> Result<Identity, IdTokenError> {
    let expected = ExpectedToken {
        issuer: &Issuer::parse(ISSUER).unwrap(),
        client: &ClientId::parse(CLIENT).unwrap(),
        nonce: &nonce().digest(),
        asked_at: ASKED,
        now: NOW,
    };
    check_id_token(token, keys, expected)
}

/// A token of which these claims are otherwise; null takes one away.
fn changed(changes: &Value) -> Value {
    let mut claims = claims();
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
        .as_object_mut()
        .unwrap()
        .retain(|_, value| !value.is_null());
    claims
}

#[test]
fn s67_every_algorithm_that_is_believed_signs_somebody_in() {
    for algorithm in ["ES256", "EdDSA", "RS256", "PS256"] {
        let signer = TokenSigner::new(algorithm);
        let identity = read(&signer.sign(&claims()), &keys(&[&signer])).unwrap();
        assert_eq!(identity.issuer(), ISSUER);
        assert_eq!(identity.subject(), "248289761001");
        assert_eq!(Identity::parse(identity.as_str()), Some(identity));
        // Another key of the same kind did not sign it.
        let other = TokenSigner::new(algorithm);
        let mut jwk = other.jwk();
        jwk["kid"] = signer.jwk()["kid"].clone();
        let forged = json!({ "keys": [jwk] }).to_string();
        let forged = SigningKeys::parse(forged.as_bytes()).unwrap();
        let refused = read(&signer.sign(&claims()), &forged);
        assert_eq!(refused, Err(IdTokenError::Signature), "{algorithm}");
    }
}

#[track_caller]
fn check(token: &str, keys: &SigningKeys, expected: IdTokenError) {
    assert_eq!(read(token, keys), Err(expected), "{token}");
}

#[test]
fn s67_a_token_with_one_wrong_claim_is_refused() {
    let signer = TokenSigner::new("ES256");
    let keys = keys(&[&signer]);
    let refused = |change: Value, expected| {
        let token = signer.sign(&changed(&change));
        assert_eq!(read(&token, &keys), Err(expected), "{change}");
    };
    refused(
        json!({ "iss": "https://login.example.com/realms/northwind/" }),
        IdTokenError::Issuer,
    );
    refused(
        json!({ "iss": "https://login.example.com/realms/other" }),
        IdTokenError::Issuer,
    );
    refused(
        json!({ "iss": "http://login.example.com/realms/northwind" }),
        IdTokenError::Issuer,
    );
    refused(json!({ "aud": "another-portal" }), IdTokenError::Audience);
    refused(json!({ "aud": [] }), IdTokenError::Audience);
    refused(
        json!({ "aud": [CLIENT, "another-portal"] }),
        IdTokenError::Audience,
    );
    refused(
        json!({ "aud": [CLIENT, "other"], "azp": "other" }),
        IdTokenError::Audience,
    );
    refused(
        json!({ "aud": ["other", "third"], "azp": CLIENT }),
        IdTokenError::Audience,
    );
    refused(json!({ "azp": "another-portal" }), IdTokenError::Audience);
    refused(json!({ "exp": 1_799_999_970 }), IdTokenError::Expired);
    refused(json!({ "iat": 1_799_999_939 }), IdTokenError::IssuedAt);
    refused(json!({ "iat": 1_800_000_091 }), IdTokenError::IssuedAt);
    refused(json!({ "nbf": 1_800_000_091 }), IdTokenError::IssuedAt);
    refused(json!({ "nonce": null }), IdTokenError::Nonce);
    refused(json!({ "nonce": "" }), IdTokenError::Nonce);
    refused(
        json!({ "nonce": Token::generate(&Fixed(8)).reveal() }),
        IdTokenError::Nonce,
    );
    refused(json!({ "sub": "" }), IdTokenError::Subject);
    refused(json!({ "sub": "a".repeat(256) }), IdTokenError::Subject);
    refused(json!({ "sub": "\u{e9}" }), IdTokenError::Subject);
    for missing in ["iss", "sub", "aud", "exp", "iat"] {
        refused(json!({ missing: null }), IdTokenError::Malformed);
    }
    refused(json!({ "sub": 5 }), IdTokenError::Malformed);
    refused(json!({ "exp": "never" }), IdTokenError::Malformed);
    let several = json!({ "aud": [CLIENT, "other"], "azp": CLIENT, "exp": 1_799_999_971 });
    assert!(read(&signer.sign(&changed(&several)), &keys).is_ok());
    assert!(read(&signer.sign(&changed(&json!({ "aud": [CLIENT] }))), &keys).is_ok());
}

#[test]
fn s67_a_token_that_is_not_signed_as_it_should_be_is_refused() {
    let (signer, other) = (TokenSigner::new("RS256"), TokenSigner::new("ES256"));
    let both = keys(&[&signer, &other]);
    for algorithm in [
        "none", "None", "", "HS256", "HS512", "RS512", "ES384", "rs256",
    ] {
        let mut header = signer.header();
        header["alg"] = algorithm.into();
        check(
            &signer.sign_as(&header, &claims()),
            &both,
            IdTokenError::Algorithm,
        );
    }
    // The key says what it is for.
    let mut header = signer.header();
    header["alg"] = "PS256".into();
    check(
        &signer.sign_as(&header, &claims()),
        &both,
        IdTokenError::UnknownKey,
    );
    // A key of another kind under the name of this one.
    let mut header = other.header();
    header["kid"] = signer.header()["kid"].clone();
    check(
        &other.sign_as(&header, &claims()),
        &both,
        IdTokenError::UnknownKey,
    );
    for (name, value) in [("crit", json!(["b64"])), ("typ", json!("at+jwt"))] {
        let mut header = signer.header();
        header[name] = value;
        check(
            &signer.sign_as(&header, &claims()),
            &both,
            IdTokenError::Malformed,
        );
    }
}

#[test]
fn s67_a_token_whose_parts_do_not_belong_together_is_refused() {
    let (signer, other) = (TokenSigner::new("RS256"), TokenSigner::new("ES256"));
    let both = keys(&[&signer, &other]);
    let token = signer.sign(&claims());
    let (message, signature) = token.rsplit_once('.').unwrap();
    check(&format!("{message}."), &both, IdTokenError::Signature);
    check(message, &both, IdTokenError::Malformed);
    check(
        &format!("{token}.{signature}"),
        &both,
        IdTokenError::Signature,
    );
    let foreign = signer.sign(&changed(&json!({ "sub": "1" })));
    let (foreign, _) = foreign.rsplit_once('.').unwrap();
    check(
        &format!("{foreign}.{signature}"),
        &both,
        IdTokenError::Signature,
    );
    check(&token, &keys(&[&other]), IdTokenError::UnknownKey);
    check(&"a".repeat(20_000), &both, IdTokenError::Malformed);
    // Without a name for its key, a token can mean one only.
    let nameless = json!({ "alg": "RS256" });
    assert!(read(&signer.sign_as(&nameless, &claims()), &both).is_ok());
    let two = keys(&[&signer, &TokenSigner::new("RS256")]);
    check(
        &signer.sign_as(&nameless, &claims()),
        &two,
        IdTokenError::UnknownKey,
    );
}

#[test]
fn s67_keys_that_are_not_for_signatures_are_left_out() {
    let signer = TokenSigner::new("ES256");
    let good = signer.jwk();
    let without = |change: &dyn Fn(&mut Value)| {
        let mut jwk = good.clone();
        change(&mut jwk);
        let set = json!({ "keys": [jwk] }).to_string();
        SigningKeys::parse(set.as_bytes()).unwrap().is_empty()
    };
    assert!(!without(&|_| {}));
    assert!(without(&|jwk| jwk["use"] = "enc".into()));
    assert!(without(&|jwk| jwk["x"] = "AAAA".into()));
    assert!(without(&|jwk| jwk["crv"] = "P-384".into()));
    assert!(without(
        &|jwk| *jwk = json!({ "kty": "oct", "k": "c2VjcmV0" })
    ));
    let short = json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" });
    assert!(without(&|jwk| *jwk = short.clone()));
    for text in ["", "[]", "{}", "{\"keys\":{}}"] {
        assert!(SigningKeys::parse(text.as_bytes()).is_err(), "{text}");
    }
}

fn document() -> Value {
    json!({ "issuer": ISSUER, "authorization_endpoint": "https://login.example.com/authorize?tenant=1",
        "token_endpoint": "https://login.example.com/token", "jwks_uri": "https://login.example.com/keys" })
}

fn described(document: &Value, issuer: &str) -> Result<ProviderMetadata, MetadataError> {
    let issuer = Issuer::parse(issuer).unwrap();
    ProviderMetadata::parse(document.to_string().as_bytes(), &issuer)
}

#[test]
fn s67_a_provider_describes_exactly_the_issuer_that_was_set() {
    let with = |name: &str, value: Value| {
        let mut document = document();
        document[name] = value;
        described(&document, ISSUER)
    };
    let read = described(&document(), ISSUER).unwrap();
    assert_eq!(read.authentication, ClientAuthentication::Basic);
    assert!(!read.names_itself);
    let slash = format!("{ISSUER}/");
    assert_eq!(described(&document(), &slash), Err(MetadataError::Issuer));
    let pattern = "https://login.example.com/{tenantid}/v2.0";
    assert_eq!(with("issuer", pattern.into()), Err(MetadataError::Issuer));
    for endpoint in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        for url in [
            "http://login.example.com/x",
            "javascript:alert(1)",
            "https://a@b.example/",
            "https://b.example/\r\nx: y",
            "https://b.example/#x",
            "//b.example/",
        ] {
            assert_eq!(
                with(endpoint, url.into()),
                Err(MetadataError::Endpoint(endpoint)),
                "{url}"
            );
        }
        assert_eq!(with(endpoint, Value::Null), Err(MetadataError::Malformed));
    }
    let methods = "token_endpoint_auth_methods_supported";
    let post = with(methods, json!(["client_secret_post", "private_key_jwt"])).unwrap();
    assert_eq!(post.authentication, ClientAuthentication::Post);
    assert_eq!(
        with(methods, json!(["private_key_jwt"])),
        Err(MetadataError::Authentication)
    );
    let challenges = "code_challenge_methods_supported";
    assert_eq!(
        with(challenges, json!(["plain"])),
        Err(MetadataError::NoPkce)
    );
    assert!(with(challenges, json!(["plain", "S256"])).is_ok());
}

#[test]
fn s67_the_browser_is_sent_with_state_nonce_and_challenge() {
    let metadata = described(&document(), ISSUER).unwrap();
    let verifier = PkceVerifier::generate(&Fixed(9));
    let asked = AuthorizationRequest {
        client: &ClientId::parse(CLIENT).unwrap(),
        redirect_uri: "https://portal.example/sign-in/oidc/north/callback",
        state: &Token::generate(&Fixed(1)),
        nonce: &nonce(),
        verifier: &verifier,
        asks_again: true,
    };
    let url = asked.url(&metadata);
    let challenge = Token::parse(&{
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD
            .encode(sha256(verifier.as_str().as_bytes()))
    });
    let expected = format!(
        "https://login.example.com/authorize?tenant=1&response_type=code&scope=openid&client_id=chancery-portal\
         &redirect_uri=https%3A%2F%2Fportal.example%2Fsign-in%2Foidc%2Fnorth%2Fcallback&state={}&nonce={}\
         &code_challenge={}&code_challenge_method=S256&prompt=login",
        asked.state.reveal(),
        nonce().reveal(),
        challenge.unwrap().reveal()
    );
    assert_eq!(url, expected);
    assert!(!url.contains(verifier.as_str()));
}

#[test]
fn s67_a_code_is_redeemed_with_secret_and_verifier() {
    let verifier = PkceVerifier::generate(&Fixed(9));
    let exchange = CodeExchange {
        code: "a+b&c",
        client: &ClientId::parse("portal:1").unwrap(),
        secret: &ClientSecret::parse("s3cr3t&").unwrap(),
        redirect_uri: "https://portal.example/x",
        verifier: &verifier,
    };
    let (form, header) = exchange.form(ClientAuthentication::Basic);
    let common = format!(
        "grant_type=authorization_code&code=a%2Bb%26c&redirect_uri=https%3A%2F%2Fportal.example%2Fx&code_verifier={}",
        verifier.as_str()
    );
    // "portal%3A1:s3cr3t%26" (RFC 6749 §2.3.1).
    assert_eq!(
        (form, header.as_deref()),
        (common.clone(), Some("Basic cG9ydGFsJTNBMTpzM2NyM3QlMjY="))
    );
    let (form, header) = exchange.form(ClientAuthentication::Post);
    assert_eq!(
        (form, header),
        (
            format!("{common}&client_id=portal%3A1&client_secret=s3cr3t%26"),
            None
        )
    );
    assert!(!format!("{exchange:?}").contains("s3cr3t"));
}

#[test]
fn s67_what_is_set_is_looked_at() {
    for good in [
        "https://login.example.com",
        "https://login.example.com:8443/a/",
        "http://idp.test:8080",
    ] {
        assert_eq!(Issuer::parse(good).unwrap().as_str(), good);
    }
    for bad in [
        "",
        "https://",
        "login.example.com",
        "ftp://login.example.com",
        "https://a b",
        "https://a/?x=1",
        "https://a/#b",
        "https://u:p@a",
        "https://\\a",
        "https://a\\b",
        "https:///a",
        "javascript:alert(1)",
    ] {
        assert!(Issuer::parse(bad).is_err(), "{bad}");
    }
    let slash = Issuer::parse("https://a.example/x/").unwrap();
    assert_eq!(
        slash.discovery_url(),
        "https://a.example/x/.well-known/openid-configuration"
    );
    assert_eq!(
        ProviderShortName::parse(" Northwind ").unwrap().as_str(),
        "northwind"
    );
    for bad in [
        "",
        "ab",
        "1abc",
        "-abc",
        "a_b",
        "a/b",
        "a.b.c",
        &"a".repeat(41),
    ] {
        assert!(ProviderShortName::parse(bad).is_err(), "{bad}");
    }
    assert!(ClientSecret::parse(" ").is_err() && ClientId::parse("a b").is_err());
}
