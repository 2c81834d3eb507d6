//! What a provider says of itself (OpenID Connect Discovery 1.0 §3), as far as it is followed.

use serde::Deserialize;

use super::{Issuer, is_url};

/// Why a provider cannot be used as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// It knows no way to ask that is known here.
    #[error("the provider takes neither client_secret_basic nor client_secret_post")]
    Authentication,
    /// An address that may not be followed.
    #[error("the provider names an address that cannot be used as {0}")]
    Endpoint(&'static str),
    /// Another provider, or a pattern for many.
    #[error("the provider calls itself another issuer; copy the issuer exactly as it writes it")]
    Issuer,
    /// Not a description.
    #[error("what stands at the issuer is no description of an OpenID provider")]
    Malformed,
    /// It would let a stolen code be used.
    #[error("the provider does not know PKCE with S256")]
    NoPkce,
}

/// How a provider is told who redeems a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuthentication {
    /// `client_secret_basic`.
    Basic,
    /// `client_secret_post`.
    Post,
}

/// Where a provider is asked, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderMetadata {
    /// Where browsers are sent.
    pub authorization_endpoint: String,
    /// Where codes are redeemed.
    pub token_endpoint: String,
    /// Where its keys are.
    pub jwks_uri: String,
    /// How it is told who redeems.
    pub authentication: ClientAuthentication,
    /// Whether its answers always name it (RFC 9207).
    pub names_itself: bool,
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

impl ProviderMetadata {
    /// Reads the description that stands at an issuer, which has to name exactly that issuer.
    pub fn parse(document: &[u8], issuer: &Issuer) -> Result<Self, MetadataError> {
        let document: Document =
            serde_json::from_slice(document).map_err(|_| MetadataError::Malformed)?;
        if document.issuer != issuer.as_str() {
            return Err(MetadataError::Issuer);
        }
        let methods = document.code_challenge_methods_supported;
        if methods.is_some_and(|methods| !methods.iter().any(|method| method == "S256")) {
            return Err(MetadataError::NoPkce);
        }
        let endpoint = |url: String, name| {
            let is_good = is_url(&url) && (url.starts_with("https://") || !issuer.has_tls());
            is_good.then_some(url).ok_or(MetadataError::Endpoint(name))
        };
        Ok(Self {
            authorization_endpoint: endpoint(
                document.authorization_endpoint,
                "authorization_endpoint",
            )?,
            token_endpoint: endpoint(document.token_endpoint, "token_endpoint")?,
            jwks_uri: endpoint(document.jwks_uri, "jwks_uri")?,
            authentication: authentication(document.token_endpoint_auth_methods_supported)?,
            names_itself: document.authorization_response_iss_parameter_supported,
        })
    }
}

/// Who says nothing takes the first (§3).
fn authentication(methods: Option<Vec<String>>) -> Result<ClientAuthentication, MetadataError> {
    let Some(methods) = methods else {
        return Ok(ClientAuthentication::Basic);
    };
    let has = |name: &str| methods.iter().any(|method| method == name);
    if has("client_secret_basic") {
        Ok(ClientAuthentication::Basic)
    } else if has("client_secret_post") {
        Ok(ClientAuthentication::Post)
    } else {
        Err(MetadataError::Authentication)
    }
}
