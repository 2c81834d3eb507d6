//! The entries of the sidebar: those whose page the person may open, and that mean something for a tenant of its level.

use tenancy::tenant::TenantKind;

/// The entry of the sidebar that a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nav {
    /// ACME accounts and everything below them.
    Accounts,
    /// ACME orders.
    Activity,
    /// Who signs, and where.
    Authorities,
    /// Issued certificates.
    Certificates,
    /// The tenants below a reseller.
    Customers,
    /// The start page.
    Dashboard,
    /// Enrolled domains.
    Domains,
    /// No entry, as on error pages.
    None,
    /// What is sold, for the operator.
    Offers,
    /// Legal entities that certificates name.
    Organizations,
    /// Who sells, for the operator.
    Resellers,
    /// What waits for the operator's reviewers.
    Reviews,
    /// The person's own settings.
    Settings,
    /// The people of the tenant.
    Team,
}

/// Some entries with a title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MenuSection {
    /// The title.
    pub title: &'static str,
    /// The entries.
    pub items: Vec<MenuItem>,
}

/// An entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MenuItem {
    /// Which one.
    pub nav: Nav,
    /// What it is called.
    pub title: &'static str,
    /// The page that it leads to.
    pub path: &'static str,
}

const fn item(nav: Nav, title: &'static str, path: &'static str) -> MenuItem {
    MenuItem { nav, title, path }
}

const SECTIONS: [(&str, &[MenuItem]); 5] = [
    (
        "Overview",
        &[
            item(Nav::Dashboard, "Dashboard", "/"),
            item(Nav::Activity, "Activity", "/activity"),
        ],
    ),
    (
        "Certificates",
        &[
            item(Nav::Accounts, "ACME accounts", "/accounts"),
            item(Nav::Domains, "Domains", "/domains"),
            item(Nav::Certificates, "Certificates", "/certificates"),
            item(Nav::Organizations, "Organizations", "/organizations"),
        ],
    ),
    (
        "Tenants",
        &[
            item(Nav::Customers, "Customers", "/customers"),
            item(Nav::Resellers, "Resellers", "/resellers"),
            item(Nav::Reviews, "Review", "/reviews"),
        ],
    ),
    (
        "Products",
        &[
            item(Nav::Offers, "Offers and policies", "/offers"),
            item(Nav::Authorities, "Authorities", "/authorities"),
        ],
    ),
    (
        "Account",
        &[
            item(Nav::Team, "Team", "/team"),
            item(Nav::Settings, "Settings", "/settings"),
        ],
    ),
];

/// The menu of somebody in a tenant of this level, who may open some of the pages.
pub fn menu(kind: TenantKind, may_open: impl Fn(&str) -> bool) -> Vec<MenuSection> {
    let is_for = |item: &MenuItem| match item.nav {
        // Who owns the installation or only has resellers enrols nothing.
        Nav::Accounts | Nav::Activity | Nav::Certificates | Nav::Domains => {
            matches!(kind, TenantKind::Customer | TenantKind::Reseller)
        }
        Nav::Organizations => kind != TenantKind::Operator,
        // Distributors have no page of those below them.
        Nav::Customers => kind == TenantKind::Reseller,
        Nav::Authorities | Nav::Offers | Nav::Resellers | Nav::Reviews => {
            kind == TenantKind::Operator
        }
        Nav::Dashboard | Nav::None | Nav::Settings | Nav::Team => true,
    };
    let sections = SECTIONS.iter().map(|(title, items)| MenuSection {
        title,
        items: items
            .iter()
            .filter(|item| is_for(item) && may_open(item.path))
            .copied()
            .collect(),
    });
    sections
        .filter(|section| !section.items.is_empty())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: TenantKind, may_open: impl Fn(&str) -> bool, expected: &[&str]) {
        let shown = menu(kind, may_open);
        let titles: Vec<_> = shown
            .iter()
            .flat_map(|section| section.items.iter().map(|item| item.title))
            .collect();
        assert_eq!(titles, expected);
    }

    #[test]
    fn an_entry_is_there_for_who_may_open_its_page() {
        let all = [
            "Dashboard",
            "Activity",
            "ACME accounts",
            "Domains",
            "Certificates",
            "Organizations",
            "Customers",
            "Team",
            "Settings",
        ];
        check(TenantKind::Reseller, |_| true, &all);
        let is_other = |path: &str| path != "/customers";
        let without: Vec<_> = all
            .into_iter()
            .filter(|each| *each != "Customers")
            .collect();
        check(TenantKind::Customer, |_| true, &without);
        check(TenantKind::Reseller, is_other, &without);
        check(
            TenantKind::Operator,
            |_| true,
            &[
                "Dashboard",
                "Resellers",
                "Review",
                "Offers and policies",
                "Authorities",
                "Team",
                "Settings",
            ],
        );
        check(
            TenantKind::Reseller,
            |path| path == "/domains",
            &["Domains"],
        );
        check(TenantKind::Reseller, |_| false, &[]);
    }

    #[test]
    fn f019_entries_stand_in_their_groups() {
        let groups: Vec<_> = menu(TenantKind::Reseller, |_| true)
            .iter()
            .map(|section| {
                let titles: Vec<_> = section.items.iter().map(|item| item.title).collect();
                (section.title, titles)
            })
            .collect();
        assert_eq!(
            groups,
            [
                ("Overview", vec!["Dashboard", "Activity"]),
                (
                    "Certificates",
                    vec!["ACME accounts", "Domains", "Certificates", "Organizations"]
                ),
                ("Tenants", vec!["Customers"]),
                ("Account", vec!["Team", "Settings"]),
            ]
        );
    }
}
