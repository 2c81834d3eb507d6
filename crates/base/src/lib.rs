//! What every other crate shares: time, chance, identifiers and DNS names.
//!
//! Nothing here does I/O. The real clock and generator live in the binary; rules take a
//! [`Timestamp`] and flows take a [`Clock`], so tests decide what time it is.

mod dns_name;
mod id;
mod random;
mod timestamp;
mod words;

pub use dns_name::{DnsName, DnsNameError};
pub use id::{
    AccountId, AuditId, AuthorizationId, CaId, CertificateId, EnrolledDomainId, IdError, JobId,
    NodeId, OrderId, SubscriptionId, TenantId, UserId,
};
pub use random::Random;
#[doc(hidden)]
pub use serde;
pub use timestamp::{Clock, Timestamp, TimestampError};
