//! The doors of web do not name each other, and the portal names of web only `request`, so that it can
//! become a crate of its own.

use crate::check::Finding;
use crate::check::code::Code;
use crate::check::names::{Name, module_path};

/// The doors, files or folders in `web/src`.
const DOORS: &[&str] = &[
    "acme", "api", "hooks", "internal", "partner", "pki", "portal",
];

/// Checks what the files of web name of web.
pub(crate) fn check(code: &Code<'_>) -> Vec<Finding> {
    code.names.iter().filter_map(broken).collect()
}

fn broken(name: &Name) -> Option<Finding> {
    if !(name.from.starts_with("crates/web/src/") && name.is_within_crate()) {
        return None;
    }
    let room = |path| module_path(path).first().copied().unwrap_or("lib.rs");
    let (from, to) = (room(&name.from), room(&name.to));
    if !DOORS.contains(&from) || from == to {
        return None;
    }
    let message = if DOORS.contains(&to) {
        format!("the door {from} names {}: doors stand alone", name.to)
    } else if from == "portal" && to != "request" {
        format!(
            "the portal names {}: of web it may name request only",
            name.to
        )
    } else {
        return None;
    };
    Some(Finding::new(&name.from, name.line, message))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::code::places;

    #[track_caller]
    fn check_file(path: &str, text: &str, expected: &[usize]) {
        let files = [
            ("crates/web/src/lib.rs", "pub mod acme;\npub struct Own;"),
            ("crates/web/src/acme/problem.rs", ""),
            ("crates/web/src/client.rs", ""),
            ("crates/web/src/portal/page.rs", ""),
            ("crates/web/src/portal/page/frame.rs", ""),
            ("crates/web/src/request/client.rs", ""),
            (path, text),
        ];
        let expected: Vec<String> = expected
            .iter()
            .map(|line| format!("{path}:{line}"))
            .collect();
        assert_eq!(places(check, &files), expected);
    }

    #[test]
    fn doors_stand_alone() {
        check_file(
            "crates/web/src/api/v1.rs",
            "use crate::acme::problem;",
            &[1],
        );
        check_file(
            "crates/web/src/internal.rs",
            "use crate::portal::page::frame;",
            &[1],
        );
        check_file(
            "crates/web/src/acme.rs",
            "use crate::client;\nuse self::problem;",
            &[],
        );
    }

    #[test]
    fn the_portal_names_request_only() {
        let text = "use crate::request::client;\nuse crate::portal::page::frame;\nuse super::page;";
        check_file("crates/web/src/portal/gate.rs", text, &[]);
        check_file("crates/web/src/portal/gate.rs", "use crate::client;", &[1]);
        check_file("crates/web/src/portal.rs", "use crate::Own;", &[1]);
    }
}
