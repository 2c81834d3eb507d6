//! What a user may do: one table of role, tenant level and permission (security S-29, C25).
//!
//! A permission bounds what is done, the tenant bounds to whom; that every object belongs to the
//! caller's tenant is enforced by the queries, not here.

use std::collections::BTreeSet;

use base::{Class, Refusal, Refuse, words};
use serde::{Serialize, Serializer};

use crate::tenant::TenantKind;

pub mod binding;

words! {
    /// What a user was trusted with in a tenant. Several add up.
    pub enum Role {
        /// Everything in the tenant, with its users.
        Admin = "admin",
        /// The daily work: domains, accounts, certificates.
        Manager = "manager",
        /// Looks, and changes nothing.
        Viewer = "viewer",
        /// Everything in the installation; of the operator only, as all that follow.
        Owner = "owner",
        /// Helps those who cannot sign in, and looks.
        Support = "support",
        /// Checks organizations.
        Reviewer = "reviewer",
        /// Looks, and changes nothing.
        Auditor = "auditor",
    }
}

words! {
    /// Something that a route asks for.
    pub enum Permission {
        /// Create, suspend, resume and deactivate ACME accounts.
        ManageAccounts = "account.manage",
        /// See ACME accounts without their secrets.
        ViewAccounts = "account.view",
        /// See orders and what their validation saw.
        ViewActivity = "activity.view",
        /// See CAs and directories.
        ViewAuthorities = "authority.view",
        /// Choose name, contact and host names by which the tenant's people know the portal.
        ManageBrand = "brand.manage",
        /// Revoke certificates (C25).
        RevokeCertificates = "cert.revoke",
        /// See and download certificates.
        ViewCertificates = "cert.view",
        /// Replace and revoke EAB credentials, and release what they are bound to.
        RotateCredentials = "credential.rotate",
        /// Add and remove domains.
        ManageDomains = "domain.manage",
        /// See domains.
        ViewDomains = "domain.view",
        /// Publish offers with their policies.
        ManageOffers = "offer.manage",
        /// See offers with their policies.
        ViewOffers = "offer.view",
        /// Add and change organizations and their departments, and ask for pre-validations.
        ManageOrganizations = "organization.manage",
        /// See organizations and what was checked of them.
        ViewOrganizations = "organization.view",
        /// Decide pre-validations of the tenants below (BR §3.2.2.1).
        DecidePreValidations = "pre_validation.decide",
        /// Suspend resellers, put them on hold, and say what they may buy.
        ManageResellers = "reseller.manage",
        /// See the resellers of the installation.
        ViewResellers = "reseller.view",
        /// See EAB MAC keys and scripts that carry them; asks for a recent sign-in too (S-23).
        RevealSecrets = "secret.reveal",
        /// Stand in for a tenant for a while, for a reason that it reads.
        ActAs = "tenant.act_as",
        /// Create and suspend the tenants below.
        ManageTenants = "tenant.manage",
        /// See the tenants below.
        ViewTenants = "tenant.view",
        /// Invite, change, disable and unlock users of the tenant.
        ManageUsers = "user.manage",
        /// Unlock any user of the installation (F-006).
        UnlockUsers = "user.unlock",
        /// See the users of the tenant.
        ViewUsers = "user.view",
    }
}

impl Permission {
    /// Whether it is about what products bring along: accounts, their domains and certificates. There is none of it where
    /// no product may be bought and none was.
    pub const fn is_about_products(self) -> bool {
        match self {
            Self::ManageAccounts
            | Self::ManageDomains
            | Self::RevealSecrets
            | Self::RevokeCertificates
            | Self::RotateCredentials
            | Self::ViewAccounts
            | Self::ViewActivity
            | Self::ViewCertificates
            | Self::ViewDomains => true,
            Self::ActAs
            | Self::DecidePreValidations
            | Self::ManageBrand
            | Self::ManageOffers
            | Self::ManageOrganizations
            | Self::ManageResellers
            | Self::ManageTenants
            | Self::ManageUsers
            | Self::UnlockUsers
            | Self::ViewAuthorities
            | Self::ViewOffers
            | Self::ViewOrganizations
            | Self::ViewResellers
            | Self::ViewTenants
            | Self::ViewUsers => false,
        }
    }
}

impl Role {
    /// Whether somebody in a tenant of that level can have it.
    pub const fn is_of(self, level: TenantKind) -> bool {
        match self {
            Self::Admin | Self::Manager | Self::Viewer => !is_operator(level),
            Self::Owner | Self::Support | Self::Reviewer | Self::Auditor => is_operator(level),
        }
    }

    /// The roles of a level, the most trusted first.
    pub fn of_level(level: TenantKind) -> impl Iterator<Item = Self> {
        Self::ALL
            .iter()
            .copied()
            .filter(move |role| role.is_of(level))
    }

    /// The role without which nobody could give roles any more: a tenant keeps at least one user with it.
    pub const fn highest(level: TenantKind) -> Self {
        match level {
            TenantKind::Operator => Self::Owner,
            TenantKind::Distributor | TenantKind::Reseller | TenantKind::Customer => Self::Admin,
        }
    }

    /// Whether it can be for some organizations and departments of a tenant rather than for all of it.
    pub const fn can_be_bound(self) -> bool {
        match self {
            Self::Manager | Self::Viewer => true,
            Self::Admin | Self::Auditor | Self::Owner | Self::Reviewer | Self::Support => false,
        }
    }

    /// Whether a user with this role, in a tenant of that level, holds a permission.
    pub const fn permits(self, level: TenantKind, permission: Permission) -> bool {
        if !self.is_of(level) {
            return false;
        }
        let is_highest = matches!(self, Self::Admin | Self::Owner);
        match permission {
            Permission::ViewAccounts
            | Permission::ViewActivity
            | Permission::ViewCertificates
            | Permission::ViewDomains
            | Permission::ViewOrganizations => true,
            Permission::ManageAccounts
            | Permission::ManageDomains
            | Permission::RevealSecrets
            | Permission::RevokeCertificates
            | Permission::RotateCredentials => is_highest || matches!(self, Self::Manager),
            Permission::ManageOrganizations => {
                is_highest || matches!(self, Self::Manager | Self::Reviewer)
            }
            Permission::DecidePreValidations => matches!(self, Self::Owner | Self::Reviewer),
            Permission::ManageUsers | Permission::ViewUsers => is_highest,
            Permission::ManageBrand | Permission::ManageTenants => {
                is_highest && !matches!(level, TenantKind::Customer)
            }
            Permission::ViewTenants => {
                matches!(level, TenantKind::Distributor | TenantKind::Reseller)
            }
            Permission::ManageOffers
            | Permission::ManageResellers
            | Permission::ViewAuthorities => {
                matches!(self, Self::Owner)
            }
            Permission::ViewOffers => matches!(self, Self::Auditor | Self::Owner),
            Permission::ViewResellers => is_operator(level),
            Permission::ActAs | Permission::UnlockUsers => {
                matches!(self, Self::Owner | Self::Support)
            }
        }
    }
}

const fn is_operator(level: TenantKind) -> bool {
    matches!(level, TenantKind::Operator)
}

/// The roles of one user in one tenant.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Roles(BTreeSet<Role>);

/// Why somebody cannot have these roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RolesError {
    /// They would hold what the giver does not.
    #[error("you can give only what you may do yourself; choose a lesser role")]
    BeyondOwn,
    /// Nobody can sign in and do nothing.
    #[error("choose at least one role")]
    Empty,
    /// The tenant has another level.
    #[error("nobody in this organisation can be {0}")]
    OtherLevel(Role),
}

impl Refuse for RolesError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::BeyondOwn => Class::Forbidden.because("roles_beyond_own", self),
            Self::Empty => Class::Invalid.because("roles_empty", self).at("roles"),
            Self::OtherLevel(_) => Class::Invalid
                .because("roles_of_other_level", self)
                .at("roles"),
        }
    }
}

impl Roles {
    /// One role.
    pub fn one(role: Role) -> Self {
        Self(BTreeSet::from([role]))
    }

    /// Reads stored words, separated by spaces; `None` when one is not ours.
    pub fn parse(words: &str) -> Option<Self> {
        let roles: Option<BTreeSet<_>> = words.split_whitespace().map(Role::parse).collect();
        roles.map(Self)
    }

    /// Them, the most trusted first.
    pub fn iter(&self) -> impl Iterator<Item = Role> {
        self.0.iter().copied()
    }

    /// Whether it is among them.
    pub fn has(&self, role: Role) -> bool {
        self.0.contains(&role)
    }

    /// Whether one of them holds a permission in a tenant of that level.
    pub fn permit(&self, level: TenantKind, permission: Permission) -> bool {
        self.iter().any(|role| role.permits(level, permission))
    }

    /// Whether somebody in a tenant of that level can have them.
    pub fn check(&self, level: TenantKind) -> Result<(), RolesError> {
        if self.0.is_empty() {
            return Err(RolesError::Empty);
        }
        match self.iter().find(|role| !role.is_of(level)) {
            Some(other) => Err(RolesError::OtherLevel(other)),
            None => Ok(()),
        }
    }

    /// Whether whoever has these may give those, in a tenant of that level: nobody gives away what they do not hold.
    pub fn may_give(&self, level: TenantKind, given: &Self) -> Result<(), RolesError> {
        given.check(level)?;
        let is_beyond = |permission: &&Permission| {
            given.permit(level, **permission) && !self.permit(level, **permission)
        };
        match Permission::ALL.iter().find(is_beyond) {
            Some(_) => Err(RolesError::BeyondOwn),
            None => Ok(()),
        }
    }
}

impl FromIterator<Role> for Roles {
    fn from_iter<I: IntoIterator<Item = Role>>(roles: I) -> Self {
        Self(roles.into_iter().collect())
    }
}

impl Serialize for Roles {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl std::fmt::Display for Roles {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let words: Vec<_> = self.iter().map(Role::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The permissions a role holds, in the order of their words.
    #[track_caller]
    fn check(role: Role, level: TenantKind, expected: &[&str]) {
        let held: Vec<_> = Permission::ALL
            .iter()
            .filter(|permission| role.permits(level, **permission))
            .map(|permission| permission.as_str())
            .collect();
        assert_eq!(held, expected, "{role}");
    }

    const LOOKING: [&str; 5] = [
        "account.view",
        "activity.view",
        "cert.view",
        "domain.view",
        "organization.view",
    ];
    /// The same, and seeing the tenants below where there can be some; its word comes after all of them.
    fn with_those_below<'a>(level: TenantKind, words: &[&'a str]) -> Vec<&'a str> {
        let has_some = level != TenantKind::Customer;
        let more = has_some.then_some("tenant.view");
        words.iter().copied().chain(more).collect()
    }

    const BELOW_THE_OPERATOR: [TenantKind; 3] = [
        TenantKind::Distributor,
        TenantKind::Reseller,
        TenantKind::Customer,
    ];

    #[test]
    fn s29_viewers_and_auditors_change_nothing_and_see_no_secret() {
        for level in BELOW_THE_OPERATOR {
            check(Role::Viewer, level, &with_those_below(level, &LOOKING));
        }
        let mut expected = LOOKING.to_vec();
        expected.extend(["offer.view", "reseller.view"]);
        expected.sort_unstable();
        check(Role::Auditor, TenantKind::Operator, &expected);
    }

    #[test]
    fn s29_managers_do_the_daily_work() {
        let expected = [
            "account.manage",
            "account.view",
            "activity.view",
            "cert.revoke",
            "cert.view",
            "credential.rotate",
            "domain.manage",
            "domain.view",
            "organization.manage",
            "organization.view",
            "secret.reveal",
        ];
        for level in BELOW_THE_OPERATOR {
            check(Role::Manager, level, &with_those_below(level, &expected));
        }
    }

    #[test]
    fn s29_only_levels_with_something_below_manage_tenants() {
        let lacks = |level, permission| !Role::Admin.permits(level, permission);
        assert!(lacks(TenantKind::Customer, Permission::ManageTenants));
        assert!(lacks(TenantKind::Customer, Permission::UnlockUsers));
        assert!(lacks(TenantKind::Reseller, Permission::UnlockUsers));
        assert!(lacks(TenantKind::Distributor, Permission::ActAs));
        assert!(lacks(TenantKind::Distributor, Permission::ViewResellers));
        assert!(!lacks(TenantKind::Reseller, Permission::ManageTenants));
        assert!(!lacks(TenantKind::Distributor, Permission::ManageTenants));
        // Those below the operator are resellers, who have permissions of their own.
        let all: Vec<_> = Permission::ALL
            .iter()
            .map(|permission| permission.as_str())
            .filter(|word| *word != "tenant.view")
            .collect();
        check(Role::Owner, TenantKind::Operator, &all);
    }

    #[test]
    fn s29_support_unlocks_and_looks() {
        let expected = [
            "account.view",
            "activity.view",
            "cert.view",
            "domain.view",
            "organization.view",
            "reseller.view",
            "tenant.act_as",
            "user.unlock",
        ];
        check(Role::Support, TenantKind::Operator, &expected);
    }

    #[test]
    fn s29_reviewers_check_organizations_and_nobody_below_the_operator_does() {
        let expected = [
            "account.view",
            "activity.view",
            "cert.view",
            "domain.view",
            "organization.manage",
            "organization.view",
            "pre_validation.decide",
            "reseller.view",
        ];
        check(Role::Reviewer, TenantKind::Operator, &expected);
        for level in BELOW_THE_OPERATOR {
            let decides = |role: &Role| role.permits(level, Permission::DecidePreValidations);
            assert!(!Role::ALL.iter().any(decides));
        }
    }

    #[test]
    fn s29_a_role_of_another_level_permits_nothing() {
        for level in TenantKind::ALL {
            for role in Role::ALL.iter().filter(|role| !role.is_of(*level)) {
                check(*role, *level, &[]);
            }
            assert!(Role::highest(*level).is_of(*level));
        }
    }

    #[test]
    fn s29_nobody_gives_away_what_they_do_not_hold() {
        let level = TenantKind::Reseller;
        let (admin, manager, viewer) = (Role::Admin, Role::Manager, Role::Viewer);
        let give = |own, given| Roles::one(own).may_give(level, &Roles::one(given));
        assert_eq!(give(admin, manager), Ok(()));
        assert_eq!(give(admin, admin), Ok(()));
        assert_eq!(give(manager, viewer), Ok(()));
        assert_eq!(give(manager, admin), Err(RolesError::BeyondOwn));
        assert_eq!(give(viewer, manager), Err(RolesError::BeyondOwn));
        let owner = RolesError::OtherLevel(Role::Owner);
        assert_eq!(give(admin, Role::Owner), Err(owner));
        let nothing = Roles::one(admin).may_give(level, &Roles::default());
        assert_eq!(nothing, Err(RolesError::Empty));
    }

    #[test]
    fn stored_words_round_trip_and_are_sorted() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(*role));
        }
        assert!(Permission::ALL.is_sorted_by_key(|permission| permission.as_str()));
        assert_eq!(Roles::parse("admin member"), None);
    }

    proptest! {
        #[test]
        fn s29_several_roles_add_up(words in proptest::sample::subsequence(Role::ALL.to_vec(), 0..=7)) {
            let roles: Roles = words.iter().copied().collect();
            prop_assert_eq!(Roles::parse(&roles.to_string()), Some(roles.clone()));
            for level in TenantKind::ALL {
                for permission in Permission::ALL {
                    let any = words.iter().any(|role| role.permits(*level, *permission));
                    prop_assert_eq!(roles.permit(*level, *permission), any);
                }
            }
        }
    }
}
