//! A whole server in one process, for the tests of the binary: the real doors on a real application and
//! database, with the time, chance, validation and the other nodes in the hands of the test, and actors
//! that speak to it as clients do. No sockets, no sleeping.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::return_self_not_must_use,
    reason = "a test whose surroundings fail has failed"
)]

pub mod acme_client;
pub mod answer;
pub mod api_client;
pub mod clock;
pub mod eab;
pub mod engines;
pub mod identity_provider;
pub mod in_process;
pub mod key;
pub mod mail_server;
pub mod name_server;
pub mod peers;
pub mod random;
pub mod server;
pub mod soak;
pub mod validator;
pub mod visitor;

pub use acme_client::{AcmeClient, Issued, Order};
pub use answer::Answer;
pub use api_client::ApiClient;
pub use eab::Eab;
pub use identity_provider::{CLIENT_ID, CLIENT_SECRET, FakeIdentityProvider};
pub use in_process::InProcess;
pub use key::{Key, LISTED};
pub use mail_server::{MailServer, MailTrouble, ReceivedMail};
pub use name_server::{Misbehaviour, NameServer};
pub use server::{Reseller, TestServer, opening};
pub use visitor::Visitor;

/// Base64url without padding, as JOSE writes it.
pub(crate) fn base64url(bytes: impl AsRef<[u8]>) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}
