//! The tree of those who own things: one operator, its distributors and resellers, their customers (features
//! F-007, F-027, F-028, C19).
//!
//! A tenant owns, a user signs in. It does not know its users or what it owns; those point to it.

pub mod brand;
pub mod entitlement;

use std::fmt;

use base::{Class, Refusal, Refuse, TenantId, TenantPath, Timestamp};
use serde::{Serialize, Serializer};

use crate::line;
use base::words;

pub use crate::line::NameError;

words! {
    /// A tenant's level in the tree.
    pub enum TenantKind {
        /// Owns the installation; the only one without a parent.
        Operator = "operator",
        /// Has resellers; below the operator.
        Distributor = "distributor",
        /// Sells; below the operator or a distributor.
        Reseller = "reseller",
        /// A reseller's client.
        Customer = "customer",
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

/// An operator, distributor, reseller or customer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tenant {
    /// Its identifier.
    pub id: TenantId,
    /// The tenant above it; `None` for the operator.
    pub parent: Option<TenantId>,
    /// Where it stands in the tree; begins with the path of the tenant above it.
    pub path: TenantPath,
    /// Its level.
    pub kind: TenantKind,
    /// What people call it.
    pub name: TenantName,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when its users may not sign in, nor those of the tenants below it (F-007).
    pub suspended_at: Option<Timestamp>,
    /// Whether it says that its users must have a second factor (S-17).
    pub requires_second_factor: bool,
    /// Whether reviewers are asked by themselves for what ends soon, of all its organizations.
    pub renews_pre_validations: bool,
}

words! {
    /// Something that a tenant decides for itself: yes or no, and no until it says so.
    pub enum TenantSwitch {
        /// Its users must have a second factor.
        RequireSecondFactor = "second_factor_required",
        /// Reviewers are asked by themselves before a pre-validation ends.
        RenewPreValidations = "pre_validations_renewed",
    }
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

impl Refuse for TreeError {
    fn refusal(&self) -> Refusal {
        let code = match self {
            Self::Parent { .. } => "tenant_below_wrong_level",
            Self::Root(_) => "tenant_without_parent",
        };
        Class::Invalid.because(code, self)
    }
}

/// The tenant or one above it is suspended; shown only after correct credentials (F-007).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Organization suspended")]
pub struct OrganizationSuspended;

impl Refuse for OrganizationSuspended {
    fn refusal(&self) -> Refusal {
        Class::Forbidden.because("organization_suspended", self)
    }
}

/// How many customers a reseller has at most.
pub const MAX_CUSTOMERS: u32 = 10_000;

impl Tenant {
    /// A new tenant below `parent`, or the operator when there is none.
    pub fn new(
        id: TenantId,
        kind: TenantKind,
        name: TenantName,
        parent: Option<&Self>,
        now: Timestamp,
    ) -> Result<Self, TreeError> {
        let own = TenantPath::own(id);
        match (kind, parent.map(|parent| parent.kind)) {
            (TenantKind::Operator, None)
            | (TenantKind::Distributor, Some(TenantKind::Operator))
            | (TenantKind::Reseller, Some(TenantKind::Operator | TenantKind::Distributor))
            | (TenantKind::Customer, Some(TenantKind::Reseller)) => Ok(Self {
                id,
                parent: parent.map(|parent| parent.id),
                path: parent.map_or_else(|| own.clone(), |parent| parent.path.child(&own)),
                kind,
                name,
                created_at: now,
                suspended_at: None,
                requires_second_factor: false,
                renews_pre_validations: false,
            }),
            (_, Some(parent)) => Err(TreeError::Parent { kind, parent }),
            (_, None) => Err(TreeError::Root(kind)),
        }
    }

    /// What it decided.
    pub fn is_on(&self, switch: TenantSwitch) -> bool {
        match switch {
            TenantSwitch::RequireSecondFactor => self.requires_second_factor,
            TenantSwitch::RenewPreValidations => self.renews_pre_validations,
        }
    }

    /// Whether its users must have a second factor, given whether those of the operator always must (S-17).
    pub fn demands_second_factor(&self, of_operator: bool) -> bool {
        self.requires_second_factor || (of_operator && self.kind == TenantKind::Operator)
    }
}

/// Whether users of a tenant may sign in, given since when it or one above it is suspended.
pub fn may_sign_in(suspended_at: Option<Timestamp>) -> Result<(), OrganizationSuspended> {
    suspended_at.map_or(Ok(()), |_| Err(OrganizationSuspended))
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
        let id = TenantId::generate(NOW, &Fixed);
        Tenant {
            id,
            parent: None,
            path: TenantPath::own(id),
            kind,
            name: TenantName::parse("Example").unwrap(),
            created_at: NOW,
            suspended_at: None,
            requires_second_factor: false,
            renews_pre_validations: false,
        }
    }

    #[test]
    fn c19_the_tree_is_operator_distributor_reseller_customer() {
        use TenantKind::{Customer, Distributor, Operator, Reseller};
        let allowed = [
            (Operator, None),
            (Distributor, Some(Operator)),
            (Reseller, Some(Operator)),
            (Reseller, Some(Distributor)),
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
                if let (Ok(made), Some(above)) = (made, above) {
                    assert!(above.path.contains(&made.path) && above.path != made.path);
                }
            }
        }
    }

    #[test]
    fn f007_a_suspension_anywhere_above_stops_sign_in() {
        assert_eq!(may_sign_in(None), Ok(()));
        assert_eq!(may_sign_in(Some(NOW)), Err(OrganizationSuspended));
        assert_eq!(OrganizationSuspended.to_string(), "Organization suspended");
    }

    #[test]
    fn s17_the_operator_always_demands_a_second_factor_and_others_if_they_say_so() {
        for kind in TenantKind::ALL.iter().copied() {
            let silent = tenant(kind);
            let is_operator = kind == TenantKind::Operator;
            assert_eq!(silent.demands_second_factor(true), is_operator, "{kind}");
            assert!(!silent.demands_second_factor(false), "{kind}");
            let says_so = Tenant {
                requires_second_factor: true,
                renews_pre_validations: false,
                ..silent
            };
            assert!(says_so.demands_second_factor(false), "{kind}");
        }
    }

    #[test]
    fn stored_words_round_trip() {
        for kind in TenantKind::ALL {
            assert_eq!(TenantKind::parse(kind.as_str()), Some(*kind));
        }
        assert_eq!(TenantKind::parse("Operator"), None);
    }
}
