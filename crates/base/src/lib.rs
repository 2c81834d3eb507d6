//! What every other crate shares: time, chance, ids, DNS names, what certificates are about, and bounds.
//!
//! Nothing here does I/O. The real clock and generator live in the binary; rules take a
//! [`Timestamp`] and flows take a [`Clock`], so tests decide what time it is.

mod actor;
mod address_block;
mod capacity;
mod client_network;
mod dns_name;
mod id;
mod identifier;
mod page;
mod random;
mod rate;
mod refusal;
mod scope;
mod timestamp;
mod words;

pub use actor::{Actor, ActorError};
pub use address_block::{AddressBlock, AddressBlockError};
pub use capacity::{Capacity, Full, Taken};
pub use client_network::ClientNetwork;
pub use dns_name::{DnsName, DnsNameError};
pub use id::{
    AccountId, ApiTokenId, AuditId, AuthorityId, AuthorizationId, CaId, CertificateId,
    DelegationId, DepartmentId, DomainId, EffectId, EnrolledDomainId, Id, IdError, JobId,
    LineageId, MailId, NodeId, OfferId, OfferVersionId, OrderId, OrganizationId, PreValidationId,
    ProfileVersionId, RefusalId, RequestId, SubscriptionId, TenantId, UserId, ValidationId,
};
pub use identifier::{Identifier, IdentifierKind};
pub use page::{Cursor, Page, Placed, Query, Slice};
pub use random::Random;
pub use rate::{Exceeded, Rate};
pub use refusal::{About, Class, Part, Refusal, Refuse, chain};
pub use scope::{Scope, TenantPath, TenantPathError};
#[doc(hidden)]
pub use serde;
pub use timestamp::{Clock, Timestamp, TimestampError};
