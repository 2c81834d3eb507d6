//! The tree of those who own things: one operator, its resellers, their customers (features F-007,
//! F-027, C19).
//!
//! A tenant owns, a user signs in. It does not know its users or what it owns; those point to it.

use std::fmt;

use base::{TenantId, Timestamp};
use serde::{Serialize, Serializer};

use crate::line;
use base::words;

pub use crate::line::NameError;

words! {
    /// A tenant's level in the tree.
    pub enum TenantKind {
        /// Owns the installation; the only one without a parent.
        Operator = "operator",
        /// Sells; below the operator.
        Reseller = "reseller",
        /// A reseller's client.
        Customer = "customer",
    }
}

words! {
    /// Whether a tenant's users may sign in.
    pub enum Status {
        /// They may.
        Active = "active",
        /// They may not, nor may those of the tenants below (F-007).
        Suspended = "suspended",
    }
}

/// 1 to 100 characters on one line.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TenantName(String);

impl TenantName {
    /// Reads what a person typed.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        line::parse(text).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for TenantName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// An operator, reseller or customer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tenant {
    /// Its identifier.
    pub id: TenantId,
    /// The tenant above it; `None` for the operator.
    pub parent: Option<TenantId>,
    /// Its level.
    pub kind: TenantKind,
    /// What people call it.
    pub name: TenantName,
    /// Whether its users may sign in.
    pub status: Status,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Why a tenant cannot stand where it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The level below does not fit the level above.
    #[error("a {kind} cannot be below a {parent}")]
    Parent {
        /// The new tenant's level.
        kind: TenantKind,
        /// The level of the tenant above.
        parent: TenantKind,
    },
    /// Only the operator has nothing above it.
    #[error("a {0} needs a tenant above it")]
    Root(TenantKind),
}

/// The tenant or one above it is suspended; shown only after correct credentials (F-007).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Organization suspended")]
pub struct OrganizationSuspended;

impl Tenant {
    /// A new tenant below `parent`, or the operator when there is none.
    pub fn new(
        id: TenantId,
        kind: TenantKind,
        name: TenantName,
        parent: Option<&Self>,
        now: Timestamp,
    ) -> Result<Self, TreeError> {
        match (kind, parent.map(|parent| parent.kind)) {
            (TenantKind::Operator, None)
            | (TenantKind::Reseller, Some(TenantKind::Operator))
            | (TenantKind::Customer, Some(TenantKind::Reseller)) => Ok(Self {
                id,
                parent: parent.map(|parent| parent.id),
                kind,
                name,
                status: Status::Active,
                created_at: now,
            }),
            (_, Some(parent)) => Err(TreeError::Parent { kind, parent }),
            (_, None) => Err(TreeError::Root(kind)),
        }
    }
}

/// Whether users of a tenant may sign in, given its own status and those of all above it.
pub fn may_sign_in(chain: impl IntoIterator<Item = Status>) -> Result<(), OrganizationSuspended> {
    let is_suspended = chain.into_iter().any(|status| status == Status::Suspended);
    if is_suspended {
        Err(OrganizationSuspended)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use base::Random;

    use super::*;

    struct Fixed;
    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(3);
        }
    }

    const NOW: Timestamp = Timestamp::from_seconds(1_795_435_200);

    fn tenant(kind: TenantKind) -> Tenant {
        Tenant {
            id: TenantId::generate(NOW, &Fixed),
            parent: None,
            kind,
            name: TenantName::parse("Example").unwrap(),
            status: Status::Active,
            created_at: NOW,
        }
    }

    #[test]
    fn c19_the_tree_is_operator_reseller_customer() {
        use TenantKind::{Customer, Operator, Reseller};
        let allowed = [
            (Operator, None),
            (Reseller, Some(Operator)),
            (Customer, Some(Reseller)),
        ];
        let parents = TenantKind::ALL.iter().copied().map(Some).chain([None]);
        for parent in parents {
            for kind in TenantKind::ALL.iter().copied() {
                let above = parent.map(tenant);
                let name = TenantName::parse("Example").unwrap();
                let id = TenantId::generate(NOW, &Fixed);
                let made = Tenant::new(id, kind, name, above.as_ref(), NOW);
                assert_eq!(
                    made.is_ok(),
                    allowed.contains(&(kind, parent)),
                    "{kind} {parent:?}"
                );
            }
        }
    }

    #[test]
    fn f007_a_suspension_anywhere_above_stops_sign_in() {
        assert_eq!(may_sign_in([Status::Active, Status::Active]), Ok(()));
        let refused = may_sign_in([Status::Active, Status::Suspended]);
        assert_eq!(refused, Err(OrganizationSuspended));
        assert_eq!(OrganizationSuspended.to_string(), "Organization suspended");
    }

    #[test]
    fn stored_words_round_trip() {
        for kind in TenantKind::ALL {
            assert_eq!(TenantKind::parse(kind.as_str()), Some(*kind));
        }
        assert_eq!(Status::parse("suspended"), Some(Status::Suspended));
        assert_eq!(Status::parse("Suspended"), None);
    }
}
