//! What a node decides for itself; what is sold under which rules is data.

use std::time::Duration;

use acme::directory::Meta;
use acme::paths::Paths;
use base::{Random, SubscriptionId};
use pki::{KeyPolicy, Profile};
use tenancy::password::HashParameters;

/// What an installation decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where ACME clients reach us, such as `https://acme.example.com`, without a final slash.
    pub acme_origin: String,
    /// Where CRLs and CA certificates are fetched, `http://…`, without a final slash.
    pub pki_origin: String,
    /// The paths of the directory.
    pub paths: Paths,
    /// What the directory says about the server.
    pub meta: Meta,
    /// How many names an order may have.
    pub max_identifiers: usize,
    /// How long an order and its authorizations wait for the client.
    pub order_lifetime: Duration,
    /// How long a proof of control may be used again.
    pub authorization_lifetime: Duration,
    /// How long the answer to a challenge response waits for the validation to end.
    pub challenge_wait: Duration,
    /// How long the answer to finalize waits for the certificate before it says `processing`.
    pub finalize_wait: Duration,
    /// How long clients are asked to wait between polls.
    pub retry_after: Duration,
    /// How many orders a page of an account's list has.
    pub orders_per_page: usize,
    /// Names that are never issued for, and what else an order's names must be.
    pub name_policy: acme::policy::Policy,
    /// What a password's hash costs.
    pub password_hash: HashParameters,
    /// Which subscriber keys are good enough.
    pub key_policy: KeyPolicy,
    /// What certificates look like.
    pub profile: Profile,
    /// Only for the stand-in of a test server.
    pub open_house: Option<OpenHouse>,
}

/// How the stand-in of a test server receives its clients: it admits every name, and makes trouble that
/// clients have to cope with. A server of a real CA has none of this.
#[derive(Clone, Debug)]
pub struct OpenHouse {
    /// Which subscription accounts join that bring no binding.
    pub subscription: SubscriptionId,
    /// How many of 100 good nonces are refused.
    pub nonce_rejection_percent: u8,
    /// How many of 100 proofs of control that could be used again are.
    pub authorization_reuse_percent: u8,
}

impl OpenHouse {
    /// Throws a die: answers `true` in `percent` of 100 cases.
    pub(crate) fn happens(percent: u8, random: &dyn Random) -> bool {
        let mut bytes = [0_u8; 4];
        random.fill(&mut bytes);
        u32::from_be_bytes(bytes) % 100 < u32::from(percent)
    }
}
