//! What a user may do: one table of role, tenant level and permission (security S-29, C25).
//!
//! A permission bounds what is done, the tenant bounds to whom; that every object belongs to the
//! caller's tenant is enforced by the queries, not here.

use crate::tenant::TenantKind;
use base::words;

words! {
    /// What a user was trusted with.
    pub enum Role {
        /// Everything in the tenant, with its users.
        Admin = "admin",
        /// The daily work: domains, accounts, certificates.
        Member = "member",
        /// Looks, and changes nothing.
        Viewer = "viewer",
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
        /// Revoke certificates (C25).
        RevokeCertificates = "cert.revoke",
        /// See and download certificates.
        ViewCertificates = "cert.view",
        /// Add and remove domains.
        ManageDomains = "domain.manage",
        /// See domains.
        ViewDomains = "domain.view",
        /// See EAB MAC keys and scripts that carry them; asks for a recent sign-in too (S-23).
        RevealSecrets = "secret.reveal",
        /// Create and suspend the tenants below.
        ManageTenants = "tenant.manage",
        /// Invite, change, disable and unlock users of the tenant.
        ManageUsers = "user.manage",
        /// Unlock any user of the installation (F-006).
        UnlockUsers = "user.unlock",
        /// See the users of the tenant.
        ViewUsers = "user.view",
    }
}

impl Role {
    /// Whether a user with this role, in a tenant of that level, holds a permission.
    pub const fn permits(self, level: TenantKind, permission: Permission) -> bool {
        match permission {
            Permission::ViewAccounts
            | Permission::ViewActivity
            | Permission::ViewCertificates
            | Permission::ViewDomains => true,
            Permission::ManageAccounts
            | Permission::ManageDomains
            | Permission::RevealSecrets
            | Permission::RevokeCertificates => matches!(self, Self::Admin | Self::Member),
            Permission::ManageUsers | Permission::ViewUsers => matches!(self, Self::Admin),
            Permission::ManageTenants => {
                matches!(self, Self::Admin) && !matches!(level, TenantKind::Customer)
            }
            Permission::UnlockUsers => matches!((self, level), (Self::Admin, TenantKind::Operator)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The permissions a role holds, in the order of their words.
    #[track_caller]
    fn check(role: Role, level: TenantKind, expected: &[&str]) {
        let held: Vec<_> = Permission::ALL
            .iter()
            .filter(|permission| role.permits(level, **permission))
            .map(|permission| permission.as_str())
            .collect();
        assert_eq!(held, expected);
    }

    #[test]
    fn s29_viewers_change_nothing_and_see_no_secret() {
        let expected = ["account.view", "activity.view", "cert.view", "domain.view"];
        for level in TenantKind::ALL {
            check(Role::Viewer, *level, &expected);
        }
    }

    #[test]
    fn s29_members_do_the_daily_work() {
        let expected = [
            "account.manage",
            "account.view",
            "activity.view",
            "cert.revoke",
            "cert.view",
            "domain.manage",
            "domain.view",
            "secret.reveal",
        ];
        for level in TenantKind::ALL {
            check(Role::Member, *level, &expected);
        }
    }

    #[test]
    fn s29_only_levels_with_something_below_manage_tenants() {
        let lacks = |level, permission| !Role::Admin.permits(level, permission);
        assert!(lacks(TenantKind::Customer, Permission::ManageTenants));
        assert!(lacks(TenantKind::Customer, Permission::UnlockUsers));
        assert!(lacks(TenantKind::Reseller, Permission::UnlockUsers));
        assert!(!lacks(TenantKind::Reseller, Permission::ManageTenants));
        assert!(!lacks(TenantKind::Distributor, Permission::ManageTenants));
        let all: Vec<_> = Permission::ALL
            .iter()
            .map(|permission| permission.as_str())
            .collect();
        check(Role::Admin, TenantKind::Operator, &all);
    }

    #[test]
    fn stored_words_round_trip_and_are_sorted() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Some(*role));
        }
        assert!(Permission::ALL.is_sorted_by_key(|permission| permission.as_str()));
    }
}
