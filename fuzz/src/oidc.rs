//! What an identity provider says: its description, its keys and its tokens; and what people type to set one.

use base::Timestamp;
use tenancy::oidc::{
    ClientId, ClientSecret, ExpectedToken, Identity, Issuer, PkceVerifier, ProviderMetadata,
    ProviderShortName, SigningKeys, TokenAlgorithm, check_id_token,
};
use tenancy::token::Token;

const ISSUER: &str = "https://login.example.com";

/// A description, a set of keys, a token, or what is typed.
pub(crate) fn oidc(bytes: &[u8]) {
    let issuer = Issuer::parse(ISSUER).unwrap();
    if let Ok(metadata) = ProviderMetadata::parse(bytes, &issuer) {
        let urls = [
            metadata.authorization_endpoint,
            metadata.token_endpoint,
            metadata.jwks_uri,
        ];
        // What browsers are sent to, and what is asked, is by TLS and stands in a header as it is.
        let is_plain = |url: &String| url.bytes().all(|byte| byte.is_ascii_graphic());
        assert!(
            urls.iter()
                .all(|url| url.starts_with("https://") && is_plain(url))
        );
    }
    let keys = SigningKeys::parse(bytes).unwrap_or_default();
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let expected = ExpectedToken {
        issuer: &issuer,
        client: &ClientId::parse("portal").unwrap(),
        nonce: &Token::parse(&"A".repeat(43)).unwrap().digest(),
        asked_at: Timestamp::from_seconds(0),
        now: Timestamp::from_seconds(1),
    };
    // No key has signed anything.
    assert!(check_id_token(text, &keys, expected).is_err());
    typed(text);
}

fn typed(text: &str) {
    if let Ok(issuer) = Issuer::parse(text) {
        assert_eq!(issuer.as_str(), text);
        assert!(Issuer::parse(&issuer.discovery_url()).is_ok() || text.len() > 450);
    }
    if let Some(identity) = Identity::parse(text) {
        assert_eq!(identity.as_str(), text);
        assert_eq!(
            format!("{} {}", identity.issuer(), identity.subject()),
            text
        );
    }
    if let Ok(name) = ProviderShortName::parse(text) {
        assert_eq!(ProviderShortName::parse(name.as_str()).unwrap(), name);
    }
    if let Ok(client) = ClientId::parse(text) {
        assert_eq!(client.as_str(), text.trim());
    }
    if let Ok(secret) = ClientSecret::parse(text) {
        assert_eq!(secret.reveal(), text.trim());
    }
    if let Some(verifier) = PkceVerifier::parse(text) {
        assert_eq!(verifier.as_str(), text);
    }
    assert!(TokenAlgorithm::parse(text).is_none() || text.len() == 5);
}

/// One of each.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let description = format!(
        r#"{{"issuer":"{ISSUER}","authorization_endpoint":"{ISSUER}/a","token_endpoint":"{ISSUER}/t","jwks_uri":"{ISSUER}/k"}}"#
    );
    let keys = r#"{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"1","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
        {"kty":"RSA","use":"sig","alg":"RS256","n":"AQAB","e":"AQAB"},{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}"#;
    // {"alg":"EdDSA","kid":"1"}
    let token = "eyJhbGciOiJFZERTQSIsImtpZCI6IjEifQ.e30.AAAA";
    let identity = format!("{ISSUER} 248289761001");
    let texts = [
        description.as_str(),
        keys,
        token,
        ISSUER,
        &identity,
        "northwind",
        "EdDSA",
    ];
    texts.map(|text| text.as_bytes().to_vec()).to_vec()
}
