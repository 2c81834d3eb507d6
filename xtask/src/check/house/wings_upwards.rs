//! A wing names the wings before it in their order, never one below.
//!
//! That holds among the use cases, the rows and the pages, and for the use cases that a page calls. Which
//! rows a use case reads is free: what it needs from below it reads as rows.

use super::wings::{self, Floor};
use crate::check::Finding;
use crate::check::code::Code;
use crate::check::names::Name;

/// Checks flow, store and the portal; each finding is a file that names one of a wing below.
pub(crate) fn check(code: &Code<'_>) -> Vec<Finding> {
    code.names.iter().filter_map(downwards).collect()
}

fn downwards(name: &Name) -> Option<Finding> {
    let (from, to) = (wings::place(&name.from)?, wings::place(&name.to)?);
    let is_bound = from.floor == to.floor || from.floor == Floor::Portal && to.floor == Floor::Flow;
    (is_bound && from.order < to.order).then(|| {
        let message = format!(
            "{} names {} of {}, a wing below it: a wing looks upwards only",
            from.wing, name.to, to.wing
        );
        Finding::new(&name.from, name.line, message)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::code::places;

    #[track_caller]
    fn check_file(path: &str, text: &str, expected: &[usize]) {
        let files = [
            ("crates/flow/src/lib.rs", "pub mod access;"),
            ("crates/flow/src/access/user.rs", ""),
            ("crates/flow/src/issuance/issue.rs", ""),
            ("crates/flow/src/overview/search.rs", ""),
            ("crates/store/src/lib.rs", ""),
            ("crates/store/src/billing/item.rs", ""),
            ("crates/store/src/db/row.rs", ""),
            (path, text),
        ];
        let expected: Vec<String> = expected
            .iter()
            .map(|line| format!("{path}:{line}"))
            .collect();
        assert_eq!(places(check, &files), expected);
    }

    #[test]
    fn use_cases_look_upwards() {
        let path = "crates/flow/src/issuance/revoke.rs";
        check_file(path, "use crate::access::user;\nuse super::issue;", &[]);
        check_file(path, "\nuse crate::overview::search::A;", &[2]);
        check_file(
            "crates/flow/src/access.rs",
            "fn a() {\n crate::issuance::issue::b() }",
            &[2],
        );
    }

    #[test]
    fn rows_from_below_may_be_read() {
        let path = "crates/flow/src/catalog/publish_policy.rs";
        check_file(path, "use store::billing::item;", &[]);
        let path = "crates/store/src/catalog/ca.rs";
        check_file(path, "use crate::billing::item;\nuse crate::db::row;", &[1]);
    }

    #[test]
    fn pages_call_upwards() {
        let path = "crates/web/src/portal/issuance/orders/list.rs";
        check_file(path, "use flow::overview::search;", &[1]);
        check_file(path, "use flow::issuance::issue;", &[]);
        check_file(
            "crates/web/src/portal/page/frame.rs",
            "use flow::overview::search;",
            &[],
        );
    }
}
