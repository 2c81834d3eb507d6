//! What a node decides for itself; what is sold under which rules is data.

use std::time::Duration;

use acme::directory::Meta;
use acme::paths::Shape;
use outbound::mail::letter::Brand;
use tenancy::passkey::RelyingParty;
use tenancy::password::{HashParameters, Mode};

use crate::breached::BreachedPasswords;
use crate::caller::Client;

/// How mails are written, for an installation that sends some.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// Who sends them.
    pub brand: Brand,
}

/// What an installation decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where ACME clients reach us, such as `https://acme.example.com`, without a final slash.
    pub acme_origin: String,
    /// Where browsers reach the portal, such as `https://portal.example.com`, without a final slash.
    pub portal_origin: String,
    /// Where CRLs and CA certificates are fetched, `http://…`, without a final slash.
    pub pki_origin: String,
    /// The shape of the paths.
    pub paths: Shape,
    /// The one directory, where paths do not say which.
    pub sole_directory: Option<String>,
    /// What a directory says about the server, unless it says something else.
    pub meta: Meta,
    /// How many names an order may have, unless its directory says something else.
    pub max_identifiers: usize,
    /// How long an order and its authorizations wait for the client.
    pub order_lifetime: Duration,
    /// How long a proof of control may be used again, unless its directory says something else.
    pub authorization_lifetime: Duration,
    /// How long certificates stay after their end, and what was proven for them.
    pub keep_certificates: Duration,
    /// How long audit entries stay, but for those of CAs and keys.
    pub keep_audit: Duration,
    /// How long the answer to a challenge response waits for the validation to end.
    pub challenge_wait: Duration,
    /// How long the answer to finalize waits for the certificate before it says `processing`.
    pub finalize_wait: Duration,
    /// How long clients are asked to wait between polls.
    pub retry_after: Duration,
    /// How many orders a page of an account's list has.
    pub orders_per_page: usize,
    /// Names that are never issued for in any directory, and what else an order's names must be.
    pub name_policy: acme::policy::Policy,
    /// Keys of Debian's predictable generator (CVE-2008-0166), as far as the operator has lists of them.
    pub weak_keys: pki::DebianWeakKeys,
    /// How long after a revocation its CRL is signed, so that one is for all revocations of a moment.
    pub crl_wait: Duration,
    /// How far the certificates of a tenant are counted for each page that says how many there are.
    pub counted_up_to: i64,
    /// Whether it is limited how often something may be done.
    pub has_limits: bool,
    /// How mails are written; without it, none are sent.
    pub mail: Option<MailSettings>,
    /// Passwords that are refused since others have seen them, where the operator has a list.
    pub breached: Option<BreachedPasswords>,
    /// Whether the people of the operator must have a second factor: everywhere but in a lab.
    pub operator_needs_second_factor: bool,
    /// What a new password has to have.
    pub password_policy: Mode,
    /// What a password's hash costs.
    pub password_hash: HashParameters,
}

impl Settings {
    /// Where clients find a directory.
    pub fn directory_url(&self, slug: &str) -> String {
        self.paths.of(slug).at(&self.acme_origin).directory()
    }

    /// The portal as passkeys know it where a request came; `None` where it is reached in a way for which browsers have none.
    pub fn relying_party(&self, client: &Client) -> Option<RelyingParty> {
        RelyingParty::at(self.origin_of(client))
    }

    /// Where a browser reaches the portal, without a final slash: its brand's host name, or the URL of the settings.
    pub fn origin_of<'a>(&'a self, client: &'a Client) -> &'a str {
        let place = client.place.as_ref();
        place.map_or(&self.portal_origin, |place| &place.origin)
    }
}
