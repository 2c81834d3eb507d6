//! Whose business a file is: the wings, which have one name on every floor.

/// The wings, in their order: one uses those before it.
const WINGS: &[&str] = &[
    "access",
    "tenancy",
    "catalog",
    "billing",
    "upstream",
    "issuance",
    "enrollment",
    "operations",
    "overview",
];

/// What kind of work a file does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Floor {
    /// Use cases.
    Flow,
    /// Pages.
    Portal,
    /// Rows.
    Store,
}

/// A wing on a floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The floor.
    pub(crate) floor: Floor,
    /// The wing's place in the order.
    pub(crate) order: usize,
    /// The wing's name.
    pub(crate) wing: &'static str,
}

/// Where a file stands; `None` when it is in no wing.
pub(crate) fn place(path: &str) -> Option<Place> {
    let floors = [
        (Floor::Flow, "crates/flow/src/"),
        (Floor::Portal, "crates/web/src/portal/"),
        (Floor::Store, "crates/store/src/"),
    ];
    floors.into_iter().find_map(|(floor, folder)| {
        let name = path.strip_prefix(folder)?.split('/').next()?;
        let name = name.trim_end_matches(".rs");
        let order = WINGS.iter().position(|wing| *wing == name)?;
        let wing = WINGS.get(order)?;
        Some(Place { floor, order, wing })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expected: Option<(Floor, &str)>) {
        let found = place(path).map(|place| (place.floor, place.wing));
        assert_eq!(found, expected, "{path}");
    }

    #[test]
    fn places_of_files() {
        check(
            "crates/flow/src/issuance/issue.rs",
            Some((Floor::Flow, "issuance")),
        );
        check("crates/flow/src/access.rs", Some((Floor::Flow, "access")));
        check(
            "crates/store/src/billing/item.rs",
            Some((Floor::Store, "billing")),
        );
        check(
            "crates/web/src/portal/tenancy/tenants/list.rs",
            Some((Floor::Portal, "tenancy")),
        );
        check("crates/flow/src/app.rs", None);
        check("crates/store/src/db/row.rs", None);
        check("crates/web/src/acme/access.rs", None);
        check("crates/tenancy/src/user.rs", None);
    }
}
