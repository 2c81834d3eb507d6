//! Issued certificates: the list, one certificate, and revoking it (`ux.md` R14, R15).

use askama::Template;

use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::listing::{FilterGroup, Paging, Search};
use crate::portal::page::part::{Chip, Lifetime, When};
use crate::portal::page::shell::Shell;

/// One certificate in a list.
#[derive(Clone, Debug)]
pub struct CertificateRow {
    /// Path of its page.
    pub href: String,
    /// The first name.
    pub name: String,
    /// Such as "and 2 more"; empty for a single name.
    pub more: String,
    /// Beginning of the serial number, in hex.
    pub serial: String,
    /// Common name of the issuer.
    pub issuer: String,
    /// End of validity.
    pub not_after: When,
    /// How much of the lifetime has passed.
    pub lifetime: Lifetime,
    /// Valid, Expiring, Expired, Revoked.
    pub status: Chip,
    /// Label of its ACME account.
    pub account: String,
}

/// `GET /certificates`, with `view`, `q`, `account`, `after`, `before`, `size`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/certificate/list.html")]
pub struct CertificatesPage {
    /// The frame.
    pub shell: Shell,
    /// The search field: names and serial numbers.
    pub search: Search,
    /// Views and accounts.
    pub filters: Vec<FilterGroup>,
    /// Certificates, those that end first on top.
    pub certificates: Vec<CertificateRow>,
    /// Links to the pages before and after.
    pub paging: Paging,
    /// Whether a search or filter other than the usual view is set.
    pub is_filtered: bool,
}

/// A label with a value that can be copied.
#[derive(Clone, Debug)]
pub struct Fact {
    /// What it is.
    pub label: String,
    /// The value.
    pub value: String,
    /// Shown in a fixed-width face with a copy button.
    pub is_code: bool,
}

impl Fact {
    /// A plain value.
    pub fn text(label: &str, value: &str) -> Self {
        Self {
            label: label.to_owned(),
            value: value.to_owned(),
            is_code: false,
        }
    }

    /// A value that people copy, such as a fingerprint.
    pub fn code(label: &str, value: &str) -> Self {
        Self {
            label: label.to_owned(),
            value: value.to_owned(),
            is_code: true,
        }
    }
}

/// One certificate of the chain, leaf first.
#[derive(Clone, Debug)]
pub struct ChainLink {
    /// "Certificate", "Issuing CA", "Root".
    pub role: String,
    /// Common name.
    pub subject: String,
    /// Such as "ends 3 March 2036".
    pub note: String,
}

/// How control of one name was proved.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The name.
    pub name: String,
    /// Such as "http-01".
    pub method: String,
    /// When it was proved.
    pub when: When,
    /// What was seen, in one line; may be empty.
    pub detail: String,
}

/// Why and when it was revoked.
#[derive(Clone, Debug)]
pub struct Revocation {
    /// Reason in words.
    pub reason: String,
    /// When.
    pub when: When,
    /// Who asked for it, such as "the ACME client".
    pub by: String,
}

/// `GET /certificates/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/certificate/detail.html")]
pub struct CertificatePage {
    /// The frame.
    pub shell: Shell,
    /// Path of this page; downloads and the revoke page lie below it.
    pub href: String,
    /// The list to go back to, with its filter.
    pub back_href: String,
    /// The first name, as the headline.
    pub name: String,
    /// Valid, Expiring, Expired, Revoked.
    pub status: Chip,
    /// Why it is in this state and what ends it.
    pub explanation: String,
    /// All names.
    pub names: Vec<String>,
    /// Begin of validity.
    pub not_before: When,
    /// End of validity.
    pub not_after: When,
    /// How much of the lifetime has passed.
    pub lifetime: Lifetime,
    /// Serial number, key, profile, account, fingerprints.
    pub facts: Vec<Fact>,
    /// Leaf first.
    pub chain: Vec<ChainLink>,
    /// One per name.
    pub proofs: Vec<Proof>,
    /// Path of the order; none when it is no longer kept.
    pub order_href: Option<String>,
    /// Set once it is revoked.
    pub revocation: Option<Revocation>,
    /// Path of the certificate that took its place.
    pub successor_href: Option<String>,
    /// Whether it may still be revoked.
    pub can_revoke: bool,
}

/// `GET /certificates/{id}/revoke` and its failures; sent to the same path.
///
/// Fields: `reason` (a CRL reason by name, RFC 5280 §5.3.1), `confirmation` (`on` when ticked) and,
/// when asked for, `password`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/certificate/revoke.html")]
pub struct RevokePage {
    /// The frame.
    pub shell: Shell,
    /// Path of the certificate.
    pub href: String,
    /// The first name.
    pub name: String,
    /// All names.
    pub names: Vec<String>,
    /// Serial number in hex.
    pub serial: String,
    /// Reasons, with their meaning in the hint.
    pub reasons: Vec<Choice>,
    /// Whether the sign-in is too long ago for this.
    pub asks_password: bool,
    /// What is wrong; fields `reason`, `confirmation`, `password`.
    pub problems: Problems,
}

impl RevokePage {
    /// The reasons a subscriber may give, the usual one chosen.
    pub fn usual_reasons() -> Vec<Choice> {
        let reasons = [
            (
                "superseded",
                "Replaced",
                "A new certificate has taken its place.",
            ),
            (
                "keyCompromise",
                "Key compromised",
                "Somebody else may have the private key.",
            ),
            (
                "cessationOfOperation",
                "No longer used",
                "The service or the name was given up.",
            ),
            (
                "affiliationChanged",
                "Owner changed",
                "The name now belongs to somebody else.",
            ),
            ("unspecified", "Other reason", "No reason is published."),
        ];
        let choices = reasons.map(|(value, label, hint)| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            hint: hint.to_owned(),
            is_chosen: value == "superseded",
        });
        choices.to_vec()
    }
}
