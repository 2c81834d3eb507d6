//! ACME orders as rows and as timelines; shared by several pages.

use crate::portal::page::part::{Chip, Tone, When};

/// One order in a list.
#[derive(Clone, Debug)]
pub struct OrderRow {
    /// Path of its page.
    pub href: String,
    /// The first name.
    pub name: String,
    /// Such as "and 2 more"; empty for a single name.
    pub more: String,
    /// Label of the ACME account.
    pub account: String,
    /// Such as "certbot/5.8.0"; empty when unknown.
    pub agent: String,
    /// How far it came, such as "Validating" or "Issued"; when failed, why, in a few words.
    pub stage: String,
    /// Its state.
    pub status: Chip,
    /// When it began.
    pub when: When,
}

/// What was sent and seen, word for word.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// What it shows, such as "What the server at 192.0.2.7 answered".
    pub title: String,
    /// The text, already limited in length.
    pub text: String,
}

/// One thing that happened in an order.
#[derive(Clone, Debug)]
pub struct TimelineStep {
    /// How it went; busy while it is going on.
    pub tone: Tone,
    /// What happened.
    pub title: String,
    /// A plain sentence; may be empty.
    pub detail: String,
    /// Time since the order began, such as "212 ms".
    pub took: String,
    /// Shown collapsed.
    pub evidence: Vec<Evidence>,
}
