//! What a token may do: permissions, of which some can be given to programs at all.

use std::collections::BTreeSet;
use std::fmt;

use base::{Class, Refusal, Refuse};
use serde::{Serialize, Serializer};

use crate::role::{Permission, Roles};
use crate::tenant::TenantKind;

/// The permissions that a token can hold. Who may see secrets or decide about people and tenants has signed in.
const POSSIBLE: [Permission; 9] = [
    Permission::ManageAccounts,
    Permission::ViewAccounts,
    Permission::ViewActivity,
    Permission::RevokeCertificates,
    Permission::ViewCertificates,
    Permission::ManageDomains,
    Permission::ViewDomains,
    Permission::ManageOrganizations,
    Permission::ViewOrganizations,
];

/// The permissions of a token.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Scopes(BTreeSet<Permission>);

/// Why a token cannot have these permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScopesError {
    /// Nobody gives away what they do not hold.
    #[error("the roles of the owner do not permit {0}; choose from what they permit")]
    BeyondOwn(Permission),
    /// A token that may do nothing is of no use.
    #[error("choose at least one permission")]
    Empty,
    /// It is for people who have signed in.
    #[error("no token can hold {0}; choose another permission")]
    Impossible(Permission),
}

impl Refuse for ScopesError {
    fn refusal(&self) -> Refusal {
        let refusal = match self {
            Self::BeyondOwn(_) => Class::Forbidden.because("scopes_beyond_own", self),
            Self::Empty => Class::Invalid.because("scopes_empty", self),
            Self::Impossible(_) => Class::Invalid.because("scope_impossible", self),
        };
        refusal.at("scopes")
    }
}

impl Scopes {
    /// All that a token can hold.
    pub fn possible() -> Self {
        POSSIBLE.into_iter().collect()
    }

    /// Reads stored words, separated by spaces; `None` when one is not ours.
    pub fn parse(words: &str) -> Option<Self> {
        let scopes: Option<_> = words.split_whitespace().map(Permission::parse).collect();
        scopes.map(Self)
    }

    /// Them, in the order of their words.
    pub fn iter(&self) -> impl Iterator<Item = Permission> {
        self.0.iter().copied()
    }

    /// Whether it is among them.
    pub fn has(&self, permission: Permission) -> bool {
        self.0.contains(&permission)
    }

    /// Those of them that roles permit in a tenant of that level, and that a token can hold.
    #[must_use]
    pub fn held_by(&self, roles: &Roles, level: TenantKind) -> Self {
        let is_held = |permission: &Permission| {
            POSSIBLE.contains(permission) && roles.permit(level, *permission)
        };
        self.iter().filter(is_held).collect()
    }

    /// Whether whoever has these roles, in a tenant of that level, can have a token that may do so much.
    pub fn check(&self, roles: &Roles, level: TenantKind) -> Result<(), ScopesError> {
        if self.0.is_empty() {
            return Err(ScopesError::Empty);
        }
        for permission in self.iter() {
            if !POSSIBLE.contains(&permission) {
                return Err(ScopesError::Impossible(permission));
            }
            if !roles.permit(level, permission) {
                return Err(ScopesError::BeyondOwn(permission));
            }
        }
        Ok(())
    }
}

impl FromIterator<Permission> for Scopes {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        Self(permissions.into_iter().collect())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.iter().map(Permission::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}
