//! What roles and permissions are called.

use tenancy::role::{Permission, Role, Roles};
use tenancy::tenant::TenantKind;

use crate::portal::page::form::Choice;

/// The names of some roles, in one line.
pub(crate) fn role_names(roles: &Roles) -> String {
    let names: Vec<_> = roles.iter().map(role_name).collect();
    names.join(", ")
}

pub(crate) fn role_name(role: Role) -> &'static str {
    match role {
        Role::Admin => "Administrator",
        Role::Auditor => "Auditor",
        Role::Manager => "Manager",
        Role::Owner => "Owner",
        Role::Reviewer => "Reviewer",
        Role::Support => "Support",
        Role::Viewer => "Viewer",
    }
}

fn role_hint(role: Role) -> &'static str {
    match role {
        Role::Admin => "Everything, and the people here.",
        Role::Manager => "Domains, ACME accounts, credentials, certificates and organizations.",
        Role::Owner => "Everything in this installation.",
        Role::Reviewer => "Checks organizations before certificates name them.",
        Role::Auditor | Role::Support | Role::Viewer => {
            "Sees everything but secrets, and changes nothing."
        }
    }
}

/// The roles of a level, with those that are chosen.
pub fn role_choices(level: TenantKind, chosen: &Roles) -> Vec<Choice> {
    let choice = |role: Role| Choice {
        value: role.as_str().to_owned(),
        label: role_name(role).to_owned(),
        hint: role_hint(role).to_owned(),
        is_chosen: chosen.has(role),
    };
    Role::of_level(level).map(choice).collect()
}

pub(crate) fn permission_name(permission: Permission) -> &'static str {
    match permission {
        Permission::ManageAccounts => "ACME accounts: open, suspend, close",
        Permission::ViewAccounts => "ACME accounts: see",
        Permission::ViewActivity => "Activity: see",
        Permission::ViewAuthorities => "Authorities: see CAs and directories",
        Permission::ManageBrand => "Brand: name, contact, host names",
        Permission::RevokeCertificates => "Certificates: revoke",
        Permission::ViewCertificates => "Certificates: see, download",
        Permission::ManageDomains => "Domains: add, remove",
        Permission::ViewDomains => "Domains: see",
        Permission::ManageOrganizations => "Organizations: add, change, have checked",
        Permission::ViewOrganizations => "Organizations: see",
        Permission::RotateCredentials => "Credentials: replace, revoke, release",
        Permission::ManageOffers => "Offers: publish policies",
        Permission::ViewOffers => "Offers: see policies",
        Permission::DecidePreValidations => "Pre-validations of all: decide",
        Permission::RevealSecrets => "Credentials: reveal MAC keys",
        Permission::ActAs => "Resellers: act as one, for a reason",
        Permission::ManageResellers => "Resellers: suspend, hold, say what they may buy",
        Permission::ViewResellers => "Resellers: see",
        Permission::ManageTenants => "Organisations below: create, suspend",
        Permission::ViewTenants => "Organisations below: see",
        Permission::ManageUsers => "People: invite, change, remove",
        Permission::UnlockUsers => "People of all: unlock",
        Permission::ViewUsers => "People: see",
    }
}

/// A line of the table of roles.
#[derive(Clone, Debug)]
pub struct PermissionRow {
    /// What it is called.
    pub name: String,
    /// Whether each role of the level holds it, in their order.
    pub held: Vec<bool>,
}

/// The names of the roles of a level, and what each may do there of what the portal asks for.
pub fn matrix(
    level: TenantKind,
    is_asked: impl Fn(Permission) -> bool,
) -> (Vec<String>, Vec<PermissionRow>) {
    let roles: Vec<_> = Role::of_level(level).collect();
    let mut rows: Vec<_> = Permission::ALL
        .iter()
        .filter(|permission| is_asked(**permission))
        .map(|permission| PermissionRow {
            name: permission_name(*permission).to_owned(),
            held: roles
                .iter()
                .map(|role| role.permits(level, *permission))
                .collect(),
        })
        .filter(|row| row.held.contains(&true))
        .collect();
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    let names = roles.into_iter().map(|role| role_name(role).to_owned());
    (names.collect(), rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s29_the_table_of_roles_says_what_each_may_do() {
        let is_asked = |permission| permission != Permission::ManageTenants;
        let (roles, rows) = matrix(TenantKind::Reseller, is_asked);
        assert_eq!(roles, ["Administrator", "Manager", "Viewer"]);
        let held = |name: &str| {
            let row = rows.iter().find(|row| row.name == name);
            row.map(|row| row.held.clone())
        };
        assert_eq!(held("Domains: see"), Some(vec![true, true, true]));
        assert_eq!(held("Domains: add, remove"), Some(vec![true, true, false]));
        assert_eq!(
            held("People: invite, change, remove"),
            Some(vec![true, false, false])
        );
        assert_eq!(held("People of all: unlock"), None);
        assert_eq!(held("Organisations below: create, suspend"), None);
    }
}
