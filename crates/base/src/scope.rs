//! Whose rows a transaction may see.

use std::fmt;
use std::sync::Arc;

use crate::{TenantId, UserId};

/// A node of the tree of tenants with all above it, six digits of base 32 for each level. All below a tenant are
/// the paths that begin with its own.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TenantPath(Arc<str>);

/// How long the part of one level is.
const LEVEL: usize = 6;

/// The text is no path of tenants.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("\"{0}\" is not a path of tenants")]
pub struct TenantPathError(String);

impl TenantPath {
    /// Reads a path; an empty one is nobody's.
    pub fn parse(text: &str) -> Result<Self, TenantPathError> {
        let is_whole = !text.is_empty() && text.len().is_multiple_of(LEVEL);
        if is_whole && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            Ok(Self(text.into()))
        } else {
            Err(TenantPathError(text.to_owned()))
        }
    }

    /// The path of a tenant with nothing above it: its own part, from the random end of its identifier.
    pub fn own(id: TenantId) -> Self {
        let digits = id.suffix();
        let start = digits.len().saturating_sub(LEVEL);
        Self(digits.get(start..).unwrap_or_default().into())
    }

    /// The path of a tenant below this one; `own` is its own part.
    #[must_use]
    pub fn child(&self, own: &Self) -> Self {
        Self(format!("{}{}", self.0, own.last()).into())
    }

    /// The text that is stored.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` is this tenant or below it.
    pub fn contains(&self, other: &Self) -> bool {
        other.0.starts_with(&*self.0)
    }

    fn last(&self) -> &str {
        let start = self.0.len().saturating_sub(LEVEL);
        self.0.get(start..).unwrap_or_default()
    }
}

impl fmt::Display for TenantPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose rows a transaction sees. Whoever has a caller takes the caller's; made in few places, which are checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope {
    /// One tenant's own rows, as far as they are for the organizations and departments to which a person is bound.
    Bound {
        /// The tenant.
        tenant: TenantId,
        /// Who is bound.
        user: UserId,
        /// Whether PostgreSQL holds each statement to the tenant's rows once more.
        is_guarded: bool,
    },
    /// One tenant's own rows, for a person or their program: PostgreSQL holds each statement to them once more, where it
    /// may.
    Guarded(TenantId),
    /// Everybody's, for work of our own; the text says why.
    System(&'static str),
    /// One tenant's own rows.
    Tenant(TenantId),
}

impl Scope {
    /// The tenant whose rows are seen; `None` for everybody's.
    pub fn tenant(self) -> Option<TenantId> {
        match self {
            Self::System(_) => None,
            Self::Bound { tenant: id, .. } | Self::Guarded(id) | Self::Tenant(id) => Some(id),
        }
    }

    /// Who is bound to organizations and departments of the tenant; `None` for who has all of it.
    pub fn bound_user(self) -> Option<UserId> {
        match self {
            Self::Bound { user, .. } => Some(user),
            Self::Guarded(_) | Self::System(_) | Self::Tenant(_) => None,
        }
    }

    /// Whether the database holds statements to the tenant's rows once more.
    pub fn is_guarded(self) -> bool {
        match self {
            Self::Bound { is_guarded, .. } => is_guarded,
            Self::Guarded(_) => true,
            Self::System(_) | Self::Tenant(_) => false,
        }
    }

    /// The same without that guard, for a database that has none.
    #[must_use]
    pub fn unguarded(self) -> Self {
        match self {
            Self::Bound { tenant, user, .. } => Self::Bound {
                tenant,
                user,
                is_guarded: false,
            },
            Self::Guarded(tenant) => Self::Tenant(tenant),
            Self::System(_) | Self::Tenant(_) => self,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_contains_itself_and_all_below_it() {
        let operator = TenantPath::parse("0000op").unwrap();
        let reseller = operator.child(&TenantPath::parse("0000re").unwrap());
        assert_eq!(reseller.as_str(), "0000op0000re");
        assert!(operator.contains(&reseller) && reseller.contains(&reseller));
        assert!(!reseller.contains(&operator));
    }

    #[test]
    fn f028_a_tenant_stands_below_all_above_it() {
        let id = |digits: &str| TenantId::from_suffix(&format!("{digits:0>26}")).unwrap();
        let mut path = TenantPath::own(id("00pera"));
        for digits in ["00dstr", "00rese", "00cstm"] {
            path = path.child(&TenantPath::own(id(digits)));
        }
        assert_eq!(path.as_str(), "00pera00dstr00rese00cstm");
    }

    #[test]
    fn a_path_has_whole_levels_of_letters_and_digits() {
        for text in ["", "12345", "1234567", "12345%"] {
            assert!(TenantPath::parse(text).is_err(), "{text}");
        }
    }
}
