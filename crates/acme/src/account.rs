//! Accounts (RFC 8555 §7.1.2, §7.3): what a client may say about itself and what it is told.
//!
//! Whether a new account is admitted, and under which subscription, is decided by the flow from the
//! external account binding.

pub mod key_change;

use std::fmt;

use base::DnsName;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::payload;
use crate::problem::{Kind, Problem, Subproblem, told};

/// Where an account stands (RFC 8555 §7.1.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum AccountStatus {
    /// In use.
    Valid,
    /// Ended by its holder.
    Deactivated,
    /// Ended by us.
    Revoked,
}

impl AccountStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Valid, Self::Deactivated, Self::Revoked];

    /// The word of the RFC, which is also stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Valid => "valid",
            Self::Deactivated => "deactivated",
            Self::Revoked => "revoked",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == text)
    }

    /// Whether the account may sign anything at all (RFC 8555 §7.3.6).
    pub fn check_usable(self) -> Result<(), AccountError> {
        match self {
            Self::Valid => Ok(()),
            Self::Deactivated => Err(AccountError::Deactivated),
            Self::Revoked => Err(AccountError::Revoked),
        }
    }

    /// The status after its holder has deactivated it.
    pub fn deactivate(self) -> Result<Self, AccountError> {
        self.check_usable().map(|()| Self::Deactivated)
    }
}

/// Why an account request is refused.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The contacts that cannot be used, with the reason of each.
    #[error("{} contacts cannot be used", .0.len())]
    Contacts(Vec<ContactError>),
    /// The holder has ended it.
    #[error("this account is deactivated, which cannot be undone; register a new one")]
    Deactivated,
    /// Not a JSON object with fitting members.
    #[error("the payload is not a valid account object: {0}")]
    Json(serde_json::Error),
    /// We have ended it.
    #[error(
        "this account was revoked; ask whoever gave you its credentials, and register a new one with another key"
    )]
    Revoked,
    /// A status that a client cannot set.
    #[error("the account's status can only be set to \"deactivated\", not to \"{0}\"")]
    Status(String),
    /// The terms of service were not accepted (RFC 8555 §7.3.3).
    #[error("the terms of service at {0} must be agreed to: set \"termsOfServiceAgreed\" to true")]
    TermsOfService(String),
    /// Too many contacts.
    #[error("an account has at most {MAX_CONTACTS} contacts")]
    TooManyContacts,
}

impl From<&AccountError> for Problem {
    fn from(error: &AccountError) -> Self {
        let detail = error.to_string();
        match error {
            AccountError::Contacts(bad) => contacts_problem(bad),
            AccountError::Deactivated | AccountError::Revoked => {
                Self::new(Kind::Unauthorized, detail).with_status(401)
            }
            AccountError::TermsOfService(_) => Self::new(Kind::UserActionRequired, detail),
            AccountError::TooManyContacts => Self::new(Kind::InvalidContact, detail),
            AccountError::Json(_) | AccountError::Status(_) => Self::malformed(detail),
        }
    }
}

told!(AccountError);

fn contacts_problem(bad: &[ContactError]) -> Problem {
    let subproblems = bad.iter().map(|error| Subproblem {
        kind: error.kind(),
        detail: error.to_string(),
        identifier: None,
    });
    // A scheme that we do not know tells a client more than what is wrong with its neighbour.
    let kind = if bad
        .iter()
        .any(|error| error.kind() == Kind::UnsupportedContact)
    {
        Kind::UnsupportedContact
    } else {
        Kind::InvalidContact
    };
    let detail = bad.first().map(ToString::to_string).unwrap_or_default();
    let subproblems = if bad.len() > 1 {
        subproblems.collect()
    } else {
        Vec::new()
    };
    Problem {
        subproblems,
        ..Problem::new(kind, detail)
    }
}

/// One e-mail address as a `mailto` URL (RFC 6068), without header fields.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Contact(String);

/// Why a contact cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ContactError {
    /// No plain e-mail address.
    #[error("the contact \"{0}\" is not an e-mail address such as mailto:admin@example.com")]
    Address(String),
    /// `?subject=` and the like.
    #[error("the contact \"{0}\" has header fields; give only the address")]
    HeaderFields(String),
    /// Another scheme.
    #[error("the contact \"{0}\" is not supported; use a mailto: URL")]
    Scheme(String),
    /// More than one address in one URL.
    #[error("the contact \"{0}\" has several addresses; give each a contact of its own")]
    SeveralAddresses(String),
}

impl ContactError {
    /// The problem type (RFC 8555 §7.3).
    pub fn kind(&self) -> Kind {
        match self {
            Self::Scheme(_) => Kind::UnsupportedContact,
            Self::Address(_) | Self::HeaderFields(_) | Self::SeveralAddresses(_) => {
                Kind::InvalidContact
            }
        }
    }
}

impl Contact {
    /// Reads a contact URL.
    pub fn parse(url: &str) -> Result<Self, ContactError> {
        let (scheme, address) = url
            .split_once(':')
            .ok_or_else(|| ContactError::Address(url.to_owned()))?;
        if !scheme.eq_ignore_ascii_case("mailto") {
            return Err(ContactError::Scheme(url.to_owned()));
        }
        if address.contains('?') {
            return Err(ContactError::HeaderFields(url.to_owned()));
        }
        if address.contains(',') {
            return Err(ContactError::SeveralAddresses(url.to_owned()));
        }
        let address = decoded(address).filter(|address| is_address(address));
        match address {
            Some(address) => Ok(Self(format!("mailto:{address}"))),
            None => Err(ContactError::Address(url.to_owned())),
        }
    }

    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address in it.
    pub fn address(&self) -> &str {
        self.0.strip_prefix("mailto:").unwrap_or(&self.0)
    }
}

/// Without the percent-encoding that a URL may have anywhere (RFC 6068 §2); decoded here once, so that nobody does it later.
fn decoded(address: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(address.len());
    let mut rest = address.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let (octet, after) = match (first, after) {
            (b'%', [high, low, after @ ..]) => (from_hex(*high, *low)?, after),
            (b'%', _) => return None,
            (plain, after) => (*plain, after),
        };
        octets.push(octet);
        rest = after;
    }
    String::from_utf8(octets).ok()
}

fn from_hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let octet = digit(high)? * 16 + digit(low)?;
    u8::try_from(octet).ok()
}

/// Letters, digits and the marks of RFC 5322 §3.2.3 before the `@`, a full domain name behind it. No percent sign: somebody
/// might decode it again.
fn is_address(address: &str) -> bool {
    let is_local = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$&'*+-/=^_`{|}~".contains(&byte);
    let Some((local, domain)) = address.rsplit_once('@') else {
        return false;
    };
    let is_plain_domain = || domain.is_ascii() && !domain.starts_with("*.");
    (1..=64).contains(&local.len())
        && local.bytes().all(is_local)
        && is_plain_domain()
        && DnsName::parse(domain).is_ok_and(|name| name.as_str().eq_ignore_ascii_case(domain))
}

impl fmt::Debug for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Contact {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

fn contacts(urls: &[String]) -> Result<Vec<Contact>, AccountError> {
    if urls.len() > MAX_CONTACTS {
        return Err(AccountError::TooManyContacts);
    }
    let mut good: Vec<Contact> = Vec::with_capacity(urls.len());
    let mut bad = Vec::new();
    for url in urls {
        match Contact::parse(url) {
            Ok(contact) if good.contains(&contact) => {}
            Ok(contact) => good.push(contact),
            Err(error) => bad.push(error),
        }
    }
    if bad.is_empty() {
        Ok(good)
    } else {
        Err(AccountError::Contacts(bad))
    }
}

/// The payload of newAccount (RFC 8555 §7.3).
#[derive(Debug)]
pub enum NewAccount {
    /// Only look whether the key has an account (RFC 8555 §7.3.1).
    OnlyReturnExisting,
    /// Make one if it has none.
    Register(Registration),
}

/// What a new account says about itself.
#[derive(Debug)]
pub struct Registration {
    /// Whom to tell about its certificates.
    pub contact: Vec<Contact>,
    /// An unread external account binding, for
    /// [`ExternalAccountBinding::parse`](crate::eab::ExternalAccountBinding::parse).
    pub external_account_binding: Option<Box<RawValue>>,
    /// Whether the terms of service are agreed to.
    pub terms_of_service_agreed: bool,
}

impl NewAccount {
    /// Reads the payload.
    pub fn parse(payload: &[u8]) -> Result<Self, AccountError> {
        let payload: NewPayload = payload::object(payload).map_err(AccountError::Json)?;
        // Nothing else counts then, so a client need not repeat it.
        if payload.only_return_existing == Some(true) {
            return Ok(Self::OnlyReturnExisting);
        }
        Ok(Self::Register(Registration {
            contact: contacts(&payload.contact.unwrap_or_default())?,
            external_account_binding: payload.external_account_binding,
            terms_of_service_agreed: payload.terms_of_service_agreed == Some(true),
        }))
    }
}

impl Registration {
    /// Demands agreement to the terms of service, if there are any.
    pub fn check_terms(&self, terms_of_service: Option<&str>) -> Result<(), AccountError> {
        match terms_of_service {
            Some(url) if !self.terms_of_service_agreed => {
                Err(AccountError::TermsOfService(url.to_owned()))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// A member that is null is one that is not there, here as in every payload.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewPayload {
    contact: Option<Vec<String>>,
    only_return_existing: Option<bool>,
    external_account_binding: Option<Box<RawValue>>,
    terms_of_service_agreed: Option<bool>,
}

/// The payload of a POST to an account (RFC 8555 §7.3.2, §7.3.6).
#[derive(Debug, PartialEq, Eq)]
pub enum Update {
    /// End the account.
    Deactivate,
    /// Change what is given; nothing when all is `None`.
    Change {
        /// The new contacts.
        contact: Option<Vec<Contact>>,
    },
}

impl Update {
    /// Reads the payload; members that a client cannot change are ignored (RFC 8555 §7.3.2).
    pub fn parse(payload: &[u8]) -> Result<Self, AccountError> {
        #[derive(Deserialize)]
        struct Payload {
            contact: Option<Vec<String>>,
            status: Option<String>,
        }
        let payload: Payload = payload::object(payload).map_err(AccountError::Json)?;
        match payload.status.as_deref() {
            Some("deactivated") => return Ok(Self::Deactivate),
            // Clients that send their whole object back mean no change.
            Some("valid") | None => {}
            Some(other) => return Err(AccountError::Status(other.to_owned())),
        }
        let contact = payload.contact.as_deref().map(contacts).transpose()?;
        Ok(Self::Change { contact })
    }
}

/// An account as its holder sees it (RFC 8555 §7.1.2).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountObject<'a> {
    /// Where it stands.
    pub status: AccountStatus,
    /// Its public key; the RFC does not ask for it, but other servers show it and clients' suites compare it.
    pub key: &'a RawValue,
    /// Its contacts.
    pub contact: &'a [Contact],
    /// Whether the terms of service were agreed to.
    pub terms_of_service_agreed: bool,
    /// The binding it was made with, as received (RFC 8555 §7.3.4).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub external_account_binding: Option<&'a RawValue>,
    /// The URL of its orders.
    pub orders: String,
}

const MAX_CONTACTS: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Result<&str, Kind>) {
        let contact = Contact::parse(url);
        assert_eq!(
            contact
                .as_ref()
                .map(Contact::as_str)
                .map_err(ContactError::kind),
            expected
        );
    }

    #[test]
    fn contacts_are_one_plain_address_each() {
        check("mailto:admin@example.com", Ok("mailto:admin@example.com"));
        check(
            "MAILTO:a.b+acme@example.com",
            Ok("mailto:a.b+acme@example.com"),
        );
        check("mailto:a%2Bb%40example%2ecom", Ok("mailto:a+b@example.com"));
        check("tel:+358123", Err(Kind::UnsupportedContact));
        check("https://example.com/", Err(Kind::UnsupportedContact));
        for url in [
            "",
            "admin@example.com",
            "mailto:",
            "mailto:admin",
            "mailto:@example.com",
            "mailto:a@localhost",
            "mailto:a@*.example.com",
            "mailto:a b@example.com",
            "mailto:a%0d%0ab@example.com",
            "mailto:a%252Bb@example.com",
            "mailto:a%2@example.com",
            "mailto:a@example.com%",
            "mailto:a%fc@example.com",
            "mailto:a%2Cb@example.com",
            "mailto:a@example.com,b@example.com",
            "mailto:a@example.com?subject=x",
            "mailto:a@example.com.",
            "mailto:b\u{fc}ro@example.com",
            "mailto:a@192.0.2.1",
        ] {
            check(url, Err(Kind::InvalidContact));
        }
    }

    #[test]
    fn finding_1_arguable_a_null_in_a_payload_is_nothing() {
        let payload = br#"{"contact":null,"onlyReturnExisting":null,"externalAccountBinding":null,
            "termsOfServiceAgreed":null}"#;
        let Ok(NewAccount::Register(registration)) = NewAccount::parse(payload) else {
            panic!("not a registration");
        };
        assert!(!registration.terms_of_service_agreed);
        assert!(registration.contact.is_empty());
        let nothing = Update::parse(br#"{"contact":null,"status":null}"#).unwrap();
        assert_eq!(nothing, Update::Change { contact: None });
    }

    #[test]
    fn all_bad_contacts_are_told_at_once() {
        let payload = br#"{"contact":["tel:1","mailto:x","mailto:a@example.com"]}"#;
        let problem = Problem::from(NewAccount::parse(payload).unwrap_err());
        assert_eq!(problem.kind, Kind::UnsupportedContact);
        assert_eq!(problem.subproblems.len(), 2);
    }

    #[test]
    fn new_accounts_are_read() {
        let payload = br#"{"contact":["mailto:a@example.com","mailto:a@example.com"],
            "termsOfServiceAgreed":true,"externalAccountBinding":{"x":1},"unknown":[]}"#;
        let Ok(NewAccount::Register(registration)) = NewAccount::parse(payload) else {
            panic!("not a registration");
        };
        assert_eq!(registration.contact.len(), 1);
        assert_eq!(
            registration.external_account_binding.unwrap().get(),
            r#"{"x":1}"#
        );
        let look = NewAccount::parse(br#"{"onlyReturnExisting":true,"contact":["tel:1"]}"#);
        assert!(matches!(look, Ok(NewAccount::OnlyReturnExisting)));
        assert!(matches!(
            NewAccount::parse(b"[]x"),
            Err(AccountError::Json(_))
        ));
    }

    #[test]
    fn terms_must_be_agreed_to_where_there_are_any() {
        let Ok(NewAccount::Register(registration)) = NewAccount::parse(b"{}") else {
            panic!("not a registration");
        };
        assert!(registration.check_terms(None).is_ok());
        let refused = registration
            .check_terms(Some("https://acme.example/terms"))
            .unwrap_err();
        let problem = Problem::from(refused);
        assert_eq!(
            (problem.kind, problem.status),
            (Kind::UserActionRequired, 403)
        );
    }

    #[test]
    fn f061_deactivation_is_final() {
        assert_eq!(
            AccountStatus::Valid.deactivate().unwrap(),
            AccountStatus::Deactivated
        );
        for ended in [AccountStatus::Deactivated, AccountStatus::Revoked] {
            let problem = Problem::from(ended.deactivate().unwrap_err());
            assert_eq!((problem.kind, problem.status), (Kind::Unauthorized, 401));
        }
        for status in AccountStatus::ALL {
            assert_eq!(AccountStatus::parse(status.as_str()), Some(status));
        }
    }

    #[test]
    fn updates_change_what_they_may() {
        let read = |json: &str| Update::parse(json.as_bytes());
        assert_eq!(
            read(r#"{"status":"deactivated"}"#).unwrap(),
            Update::Deactivate
        );
        assert_eq!(read("{}").unwrap(), Update::Change { contact: None });
        assert_eq!(
            read(r#"{"contact":[],"status":"valid","orders":"x"}"#).unwrap(),
            Update::Change {
                contact: Some(Vec::new())
            }
        );
        assert!(matches!(
            read(r#"{"status":"revoked"}"#),
            Err(AccountError::Status(_))
        ));
    }

    #[test]
    fn accounts_serialise_as_the_rfc_says() {
        let contact = [Contact::parse("mailto:a@example.com").unwrap()];
        let account = AccountObject {
            status: AccountStatus::Valid,
            key: serde_json::from_str(r#"{"kty":"EC"}"#).unwrap(),
            contact: &contact,
            terms_of_service_agreed: true,
            external_account_binding: Some(serde_json::from_str(r#"{"payload":""}"#).unwrap()),
            orders: "https://acme.example/orders/1".to_owned(),
        };
        insta::assert_snapshot!(serde_json::to_string(&account).unwrap(), @r#"{"status":"valid","key":{"kty":"EC"},"contact":["mailto:a@example.com"],"termsOfServiceAgreed":true,"externalAccountBinding":{"payload":""},"orders":"https://acme.example/orders/1"}"#);
    }
}
