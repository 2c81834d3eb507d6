//! The rules of the house: where what stands, and who may name whom, one file for each.
//!
//! Their breaches are compared with a list (`breaches`). Not here yet, because what they look at is not:
//! every `…Error` of flow has a refusal, its codes are documented, every use case has a test file of its
//! path, and what changes a hot row takes a transaction by key.

use super::Finding;
use super::code::Code;

mod app_size;
mod doors;
mod file_circles;
mod folder_size;
mod inserts_from_columns;
mod jobs_listed;
mod literals;
mod module_circles;
mod no_boxed_closures;
mod rooms_know_no_app;
mod scope_made_in;
mod sql_text;
mod statements;
mod types_once;
mod wings;
mod wings_upwards;

/// One rule.
pub(crate) struct Rule {
    /// As the list of breaches calls it.
    pub(crate) name: &'static str,
    /// The issue that removes today's breaches, unless the list says another one.
    pub(crate) issue: &'static str,
    /// Finds them all; those of one file or folder are counted together.
    pub(crate) check: fn(&Code<'_>) -> Vec<Finding>,
}

/// All of them, in the order of the list.
pub(crate) const RULES: &[Rule] = &[
    rule("module-circles", "jobs", module_circles::check),
    rule("file-circles", "jobs", file_circles::check),
    rule("wings-upwards", "rooms", wings_upwards::check),
    rule("rooms-know-no-app", "jobs", rooms_know_no_app::check),
    rule("doors", "rooms", doors::check),
    rule("no-boxed-closures", "rooms", no_boxed_closures::check),
    rule("scope-made-in", "rooms", scope_made_in::check),
    rule("statements", "rooms", statements::check),
    rule("inserts-from-columns", "rooms", inserts_from_columns::check),
    rule("folder-size", "rooms", folder_size::check),
    rule("app-size", "jobs", app_size::check),
    rule("types-once", "rooms", types_once::check),
    rule("literals", "catalogue", literals::check),
    rule("jobs-listed", "jobs", jobs_listed::check),
];

const fn rule(
    name: &'static str,
    issue: &'static str,
    check: fn(&Code<'_>) -> Vec<Finding>,
) -> Rule {
    Rule { name, issue, check }
}
