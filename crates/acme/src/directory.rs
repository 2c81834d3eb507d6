//! The directory document (RFC 8555 §7.1.1): it advertises exactly what is served.

use serde::Serialize;

use crate::paths::Urls;

/// What the directory says about the server.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// Where the terms of service are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms_of_service: Option<String>,
    /// Where more is said about the server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
    /// The names by which CAA records allow us (RFC 8659 §4.2).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub caa_identities: Vec<String>,
    /// Whether newAccount needs an external account binding.
    pub external_account_required: bool,
}

/// The directory document.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Directory<'a> {
    new_nonce: String,
    new_account: String,
    new_order: String,
    new_authz: String,
    revoke_cert: String,
    key_change: String,
    meta: &'a Meta,
}

impl<'a> Directory<'a> {
    /// The directory of these URLs.
    pub fn new(urls: &Urls<'_>, meta: &'a Meta) -> Self {
        Self {
            new_nonce: urls.new_nonce(),
            new_account: urls.new_account(),
            new_order: urls.new_order(),
            new_authz: urls.new_authorization(),
            revoke_cert: urls.revoke_certificate(),
            key_change: urls.key_change(),
            meta,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paths::Paths;

    #[test]
    fn the_directory_advertises_what_is_served() {
        let paths = Paths::under("/v2/DV");
        let meta = Meta {
            terms_of_service: Some("https://acme.example/terms".to_owned()),
            website: None,
            caa_identities: vec!["acme.example".to_owned()],
            external_account_required: true,
        };
        let directory = Directory::new(&paths.at("https://acme.example"), &meta);
        insta::assert_snapshot!(serde_json::to_string_pretty(&directory).unwrap(), @r#"
        {
          "newNonce": "https://acme.example/v2/DV/new-nonce",
          "newAccount": "https://acme.example/v2/DV/new-account",
          "newOrder": "https://acme.example/v2/DV/new-order",
          "newAuthz": "https://acme.example/v2/DV/new-authorization",
          "revokeCert": "https://acme.example/v2/DV/revoke-certificate",
          "keyChange": "https://acme.example/v2/DV/key-change",
          "meta": {
            "termsOfService": "https://acme.example/terms",
            "caaIdentities": [
              "acme.example"
            ],
            "externalAccountRequired": true
          }
        }
        "#);
    }
}
