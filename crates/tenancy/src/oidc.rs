//! Sign-in at an identity provider of the tenant's choice (OpenID Connect Core 1.0, the code flow with PKCE of RFC 7636;
//! security S-67): what is asked, and what an answer has to say before anybody is believed to be somebody.
//!
//! A person is known by the issuer and by what it calls them, never by an e-mail address. What the provider says of a second
//! factor (`amr`, `acr`) is not read: it stands for the password and for nothing more. SAML is not there.

mod id_token;
mod keys;
mod metadata;
mod request;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

use std::fmt;

use base::{Class, Refusal, Refuse};

pub use id_token::{ExpectedToken, IdTokenError, check_id_token};
pub use keys::{KeySetError, SigningKeys, TokenAlgorithm};
pub use metadata::{ClientAuthentication, MetadataError, ProviderMetadata};
pub use request::{AuthorizationRequest, CodeExchange, PkceVerifier};

/// How long somebody may take at the provider.
pub const REQUEST_SECONDS: u64 = 600;

/// The longest URL of a provider.
const LONGEST_URL: usize = 500;
/// The longest name or secret that a provider knows us by.
const LONGEST_CLIENT: usize = 500;
/// The longest that an issuer may call somebody (OpenID Connect Core §2).
const LONGEST_SUBJECT: usize = 255;

/// Why something about a provider cannot be meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProviderSettingError {
    /// Not what providers give out.
    #[error(
        "the client ID is what the provider calls this portal: 1 to 500 characters without spaces"
    )]
    ClientId,
    /// Not what providers give out.
    #[error("the client secret has 1 to 500 characters without spaces")]
    ClientSecret,
    /// Not the URL of an issuer.
    #[error(
        "the issuer is a URL that begins with https://, as the provider writes it, without a question mark and without #"
    )]
    Issuer,
    /// Not a short name.
    #[error(
        "the short name has 3 to 40 small letters, digits and hyphens, and begins with a letter"
    )]
    ShortName,
}

impl Refuse for ProviderSettingError {
    fn refusal(&self) -> Refusal {
        let (code, field) = match self {
            Self::ClientId => ("bad_client_id", "client_id"),
            Self::ClientSecret => ("bad_client_secret", "client_secret"),
            Self::Issuer => ("bad_issuer", "issuer"),
            Self::ShortName => ("bad_short_name", "short_name"),
        };
        Class::Invalid.because(code, self).at(field)
    }
}

/// Password and passkeys are not taken from somebody whose organisation has its provider sign them in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "your organisation has you sign in at its own provider; choose \"Sign in with your organisation\""
)]
pub struct ProviderRequired;

impl Refuse for ProviderRequired {
    fn refusal(&self) -> Refusal {
        Class::Forbidden.because("provider_required", self)
    }
}

/// Who vouches for people: a URL, compared character by character.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Issuer(String);

impl Issuer {
    /// Reads one. Without TLS it is of a lab; whoever calls it sees to that.
    pub fn parse(text: &str) -> Result<Self, ProviderSettingError> {
        let is_url = is_url(text) && !text.contains('?');
        is_url
            .then(|| Self(text.to_owned()))
            .ok_or(ProviderSettingError::Issuer)
    }

    /// As the provider writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where it describes itself (OpenID Connect Discovery 1.0 §4).
    pub fn discovery_url(&self) -> String {
        let base = self.0.strip_suffix('/').unwrap_or(&self.0);
        format!("{base}/.well-known/openid-configuration")
    }

    /// Whether it is reached by TLS, and so all that belongs to it.
    fn has_tls(&self) -> bool {
        self.0.starts_with("https://")
    }
}

/// A URL that may stand in a header as it is: a scheme of the web, a host, nothing that a browser reads otherwise.
fn is_url(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?']).next());
    let has_host = host.is_some_and(|host| host.starts_with(|c: char| c.is_ascii_alphanumeric()));
    let is_plain = |c: char| c.is_ascii_graphic() && !"\\\"<>^`{|}#@".contains(c);
    has_host && text.len() <= LONGEST_URL && text.chars().all(is_plain)
}

/// What a provider calls this portal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientId(String);

impl ClientId {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, ProviderSettingError> {
        let text = text.trim();
        is_client(text)
            .then(|| Self(text.to_owned()))
            .ok_or(ProviderSettingError::ClientId)
    }

    /// As the provider writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What proves to a provider that it is this portal which asks. Never printed by accident.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSecret(String);

impl ClientSecret {
    /// Reads one.
    pub fn parse(text: &str) -> Result<Self, ProviderSettingError> {
        let text = text.trim();
        is_client(text)
            .then(|| Self(text.to_owned()))
            .ok_or(ProviderSettingError::ClientSecret)
    }

    /// The secret, to be sealed or sent.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(hidden)")
    }
}

fn is_client(text: &str) -> bool {
    (1..=LONGEST_CLIENT).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic())
}

/// By what people name their organisation when they sign in; it stands in the addresses that its provider knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ProviderShortName(String);

impl ProviderShortName {
    /// Reads one, however it is spelled.
    pub fn parse(text: &str) -> Result<Self, ProviderSettingError> {
        let name = text.trim().to_ascii_lowercase();
        let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
        let is_good = begins && (3..=40).contains(&name.len()) && name.chars().all(is_letter);
        is_good
            .then_some(Self(name))
            .ok_or(ProviderSettingError::ShortName)
    }

    /// As it stands in addresses.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where a sign-in begins, below the portal.
    pub fn start_path(&self) -> String {
        format!("/sign-in/oidc/{}", self.0)
    }

    /// Where the provider sends people back to, below the portal. Each provider has one of its own, so that the answer of one
    /// cannot be taken for another's.
    pub fn callback_path(&self) -> String {
        format!("/sign-in/oidc/{}/callback", self.0)
    }
}

/// Who somebody is: an issuer, and what it calls them. Stored as one text, of which the issuer has no space.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Identity(String);

impl Identity {
    /// What an issuer calls somebody; `None` where it may not.
    fn new(issuer: &Issuer, subject: &str) -> Option<Self> {
        let is_good = (1..=LONGEST_SUBJECT).contains(&subject.len())
            && subject.chars().all(|c| c == ' ' || c.is_ascii_graphic());
        is_good.then(|| Self(format!("{} {subject}", issuer.as_str())))
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        let (issuer, subject) = text.split_once(' ')?;
        Self::new(&Issuer::parse(issuer).ok()?, subject)
    }

    /// As it is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Who vouches for them.
    pub fn issuer(&self) -> &str {
        self.0.split_once(' ').map_or("", |(issuer, _)| issuer)
    }

    /// What the issuer calls them.
    pub fn subject(&self) -> &str {
        self.0.split_once(' ').map_or("", |(_, subject)| subject)
    }
}

#[cfg(test)]
mod tests;
