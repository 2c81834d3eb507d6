//! Activity: ACME orders, and one order as it happens (`ux.md` R16).

use askama::Template;

use super::order::{Evidence, OrderRow, TimelineStep};
use crate::portal::page::listing::{FilterGroup, Paging, Search};
use crate::portal::page::part::{Chip, When};
use crate::portal::page::shell::Shell;

/// `GET /activity`, with `result`, `q`, `account`, `after`, `before`, `size`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/order/list.html")]
pub struct ActivityPage {
    /// The frame.
    pub shell: Shell,
    /// The search field: names.
    pub search: Search,
    /// Results and accounts.
    pub filters: Vec<FilterGroup>,
    /// Orders, newest first.
    pub orders: Vec<OrderRow>,
    /// Links to the pages before and after.
    pub paging: Paging,
    /// Whether a search or filter is set.
    pub is_filtered: bool,
}

/// Why an order failed and what to do about it.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Such as "www.example.com answered 404".
    pub title: String,
    /// A plain sentence: what it means.
    pub sentence: String,
    /// One next step.
    pub next_step: String,
    /// Type of the problem document (RFC 8555 §6.7).
    pub problem_type: String,
    /// The problem document as the client received it.
    pub document: Option<Evidence>,
}

/// `GET /activity/{id}`; while it runs, a browser asks for the same page every two seconds.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/order/detail.html")]
pub struct OrderPage {
    /// The frame.
    pub shell: Shell,
    /// Path of this page.
    pub href: String,
    /// The list to go back to, with its filter.
    pub back_href: String,
    /// The first name, as the headline.
    pub name: String,
    /// Its state.
    pub status: Chip,
    /// Whether more is going to happen.
    pub is_running: bool,
    /// The state in one sentence, announced when it changes.
    pub announcement: String,
    /// All names.
    pub names: Vec<String>,
    /// Label of the ACME account.
    pub account: String,
    /// Path of that account.
    pub account_href: String,
    /// Such as "certbot/5.8.0"; empty when unknown.
    pub agent: String,
    /// Where the client came from; empty when unknown.
    pub address: String,
    /// When it began.
    pub began: When,
    /// Such as "1.4 s"; empty while it runs.
    pub took: String,
    /// What happened so far, first things first.
    pub steps: Vec<TimelineStep>,
    /// Set when it failed.
    pub failure: Option<Failure>,
    /// Path of the certificate, once there is one.
    pub certificate_href: Option<String>,
}
