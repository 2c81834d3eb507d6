//! Signing requests (RFC 8555 §6.2, RFC 7515): flattened JSON, ES256, and HS256 for the binding.

use anyhow::anyhow;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::ExternalAccount;

/// Who signs: a key that the server does not know yet, or an account.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Signer<'a> {
    /// By account URL, the `kid` header.
    Account(&'a str),
    /// By the key itself, the `jwk` header.
    Key,
}

/// An account's P-256 key.
pub(crate) struct AccountKey {
    pair: EcdsaKeyPair,
    random: SystemRandom,
    jwk: String,
    thumbprint: String,
}

impl AccountKey {
    /// A new key.
    pub(crate) fn generate() -> anyhow::Result<Self> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
            .map_err(|_| anyhow!("no key could be made"))?;
        let jwk = public_jwk(pair.public_key().as_ref());
        let thumbprint = encode(digest(&SHA256, jwk.as_bytes()).as_ref());
        Ok(Self {
            pair,
            random: SystemRandom::new(),
            jwk,
            thumbprint,
        })
    }

    /// RFC 8555 §8.1.
    pub(crate) fn key_authorization(&self, token: &str) -> String {
        format!("{token}.{}", self.thumbprint)
    }

    /// A request's body.
    pub(crate) fn sign(
        &self,
        signer: Signer<'_>,
        nonce: &str,
        url: &str,
        payload: &str,
    ) -> anyhow::Result<String> {
        let header = match signer {
            Signer::Account(account) => {
                format!(r#"{{"alg":"ES256","kid":"{account}","nonce":"{nonce}","url":"{url}"}}"#)
            }
            Signer::Key => format!(
                r#"{{"alg":"ES256","jwk":{},"nonce":"{nonce}","url":"{url}"}}"#,
                self.jwk
            ),
        };
        let (header, payload) = (encode(header.as_bytes()), encode(payload.as_bytes()));
        let signature = self
            .pair
            .sign(&self.random, format!("{header}.{payload}").as_bytes())
            .map_err(|_| anyhow!("signing failed"))?;
        Ok(flattened(&header, &payload, signature.as_ref()))
    }

    /// The external account binding of RFC 8555 §7.3.4: our public key under the MAC key.
    pub(crate) fn bind(&self, external: &ExternalAccount, url: &str) -> String {
        let key_id = &external.key_id;
        let header = format!(r#"{{"alg":"HS256","kid":"{key_id}","url":"{url}"}}"#);
        let (header, payload) = (encode(header.as_bytes()), encode(self.jwk.as_bytes()));
        let key = hmac::Key::new(hmac::HMAC_SHA256, &external.mac_key);
        let tag = hmac::sign(&key, format!("{header}.{payload}").as_bytes());
        flattened(&header, &payload, tag.as_ref())
    }
}

/// Base64url without padding, the only form that JOSE knows.
pub(crate) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The opposite of [`encode`].
pub(crate) fn decode(text: &str) -> anyhow::Result<Vec<u8>> {
    Ok(URL_SAFE_NO_PAD.decode(text)?)
}

fn flattened(header: &str, payload: &str, signature: &[u8]) -> String {
    let signature = encode(signature);
    format!(r#"{{"protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#)
}

/// Members in the order that a thumbprint needs (RFC 7638 §3.2). The point is uncompressed: one
/// byte, then both coordinates.
fn public_jwk(point: &[u8]) -> String {
    let coordinates = point.get(1..).unwrap_or_default();
    let (x, y) = coordinates.split_at(coordinates.len() / 2);
    let (x, y) = (encode(x), encode(y));
    format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
    use serde_json::Value;

    use super::*;

    fn part(body: &Value, name: &str) -> Vec<u8> {
        decode(body[name].as_str().unwrap()).unwrap()
    }

    #[test]
    fn a_request_verifies_under_its_own_key() {
        let key = AccountKey::generate().unwrap();
        let body = key
            .sign(Signer::Key, "n", "https://localhost/a", "{}")
            .unwrap();
        let body: Value = serde_json::from_str(&body).unwrap();
        let header: Value = serde_json::from_slice(&part(&body, "protected")).unwrap();
        assert_eq!(header["nonce"], "n");
        assert_eq!(header["jwk"]["crv"], "P-256");
        let signed = format!(
            "{}.{}",
            body["protected"].as_str().unwrap(),
            body["payload"].as_str().unwrap()
        );
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.pair.public_key().as_ref())
            .verify(signed.as_bytes(), &part(&body, "signature"))
            .unwrap();
    }

    #[test]
    fn an_account_signs_by_its_url() {
        let key = AccountKey::generate().unwrap();
        let body = key
            .sign(Signer::Account("https://localhost/acct/1"), "n", "u", "")
            .unwrap();
        let body: Value = serde_json::from_str(&body).unwrap();
        let header: Value = serde_json::from_slice(&part(&body, "protected")).unwrap();
        assert_eq!(header["kid"], "https://localhost/acct/1");
        assert_eq!(header.get("jwk"), None);
        assert_eq!(body["payload"], "");
    }

    #[test]
    fn the_binding_holds_the_public_key() {
        let key = AccountKey::generate().unwrap();
        let external = ExternalAccount {
            key_id: "kid-1".to_owned(),
            mac_key: vec![7; 32],
        };
        let body: Value = serde_json::from_str(&key.bind(&external, "u")).unwrap();
        assert_eq!(part(&body, "payload"), key.jwk.as_bytes());
        assert_eq!(part(&body, "signature").len(), 32);
    }

    #[test]
    fn a_key_authorization_is_token_and_thumbprint() {
        let key = AccountKey::generate().unwrap();
        assert_eq!(
            key.key_authorization("token"),
            format!("token.{}", key.thumbprint)
        );
        assert_eq!(key.thumbprint.len(), 43);
    }
}
