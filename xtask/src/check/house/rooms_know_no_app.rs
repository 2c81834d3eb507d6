//! The rooms of flow that everybody uses know neither `App` nor a wing, and the list of jobs, which knows
//! all, is known to the binary and the tools of tests only.

use super::wings;
use crate::check::Finding;
use crate::check::code::Code;
use crate::check::names::{Name, module_path};

/// The rooms, files or folders in `flow/src`.
const ROOMS: &[&str] = &["audit", "effects", "memory", "outside", "queue"];
/// Who may name the jobs.
const NAME_JOBS: &[&str] = &["crates/chancery/", "crates/testkit/"];

/// Checks who names the app, a wing or the jobs.
pub(crate) fn check(code: &Code<'_>) -> Vec<Finding> {
    code.names
        .iter()
        .filter_map(|name| {
            let message = broken(name)?;
            Some(Finding::new(&name.from, name.line, message))
        })
        .collect()
}

fn broken(name: &Name) -> Option<String> {
    let to = room(&name.to)?;
    let from = room(&name.from);
    if from.is_some_and(|from| ROOMS.contains(&from)) {
        if to == "app" {
            return Some("a room names the app: take what is needed as an argument".to_owned());
        }
        if wings::place(&name.to).is_some() {
            return Some(format!(
                "a room names {}: what knows a wing belongs in it",
                name.to
            ));
        }
    }
    let may_name_jobs = NAME_JOBS.iter().any(|start| name.from.starts_with(start));
    (to == "jobs" && from != Some("jobs") && !may_name_jobs).then(|| {
        format!(
            "names {}: jobs are named by chancery and testkit only",
            name.to
        )
    })
}

/// The first name of a file's place in flow.
fn room(path: &str) -> Option<&str> {
    let is_flow = path.starts_with("crates/flow/src/");
    is_flow
        .then(|| module_path(path).first().copied())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::code::places;

    #[track_caller]
    fn check_file(path: &str, text: &str, expected: &[usize]) {
        let files = [
            (
                "crates/flow/src/lib.rs",
                "pub mod app;\npub mod issuance;\npub mod jobs;\npub use app::App;",
            ),
            ("crates/flow/src/app.rs", "pub struct App;"),
            ("crates/flow/src/issuance/issue.rs", ""),
            ("crates/flow/src/jobs.rs", "pub fn all() {}"),
            ("crates/flow/src/caller.rs", ""),
            (path, text),
        ];
        let expected: Vec<String> = expected
            .iter()
            .map(|line| format!("{path}:{line}"))
            .collect();
        assert_eq!(places(check, &files), expected);
    }

    #[test]
    fn rooms_know_neither_app_nor_wings() {
        let text = "use crate::App;\nuse crate::issuance::issue;\nuse crate::caller::Caller;";
        check_file("crates/flow/src/memory/nonces.rs", text, &[1, 2]);
        check_file("crates/flow/src/queue.rs", text, &[1, 2]);
        check_file("crates/flow/src/audit/issuance.rs", text, &[1, 2]);
        check_file("crates/flow/src/outside.rs", text, &[1, 2]);
        check_file("crates/flow/src/settings.rs", text, &[]);
        check_file("crates/flow/src/issuance/revoke.rs", text, &[]);
    }

    #[test]
    fn jobs_are_named_by_the_binary_and_the_tools_only() {
        let text = "use flow::jobs::all;";
        check_file("crates/chancery/src/start.rs", text, &[]);
        check_file("crates/testkit/src/server.rs", text, &[]);
        check_file("crates/web/src/internal.rs", text, &[1]);
        check_file(
            "crates/flow/src/issuance/revoke.rs",
            "use crate::jobs;",
            &[1],
        );
        check_file("crates/flow/src/jobs/prune.rs", "use super::all;", &[]);
    }
}
