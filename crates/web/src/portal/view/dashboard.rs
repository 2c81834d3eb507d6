//! The start page (`ux.md` R1): what is there, what needs attention, what happened.

use askama::Template;

use super::chart::Expiry;
use super::onboarding::Onboarding;
use crate::portal::issuance::orders::table::OrderRow;
use crate::portal::page::part::{Chip, Tone};
use crate::portal::page::shell::Shell;

/// One figure; it equals the length of the list it links to.
#[derive(Clone, Debug)]
pub struct Tile {
    /// What is counted.
    pub label: String,
    /// The figure, with thousands separated.
    pub value: String,
    /// A few words more, such as "41 free companions".
    pub note: String,
    /// Colour of the note.
    pub note_tone: Tone,
    /// The list behind the figure.
    pub href: String,
}

/// One thing somebody should look at.
#[derive(Clone, Debug)]
pub struct Attention {
    /// The name or object concerned.
    pub title: String,
    /// What is the matter, in a few words.
    pub detail: String,
    /// How urgent.
    pub chip: Chip,
    /// Where it is put right.
    pub href: String,
}

/// Figures and lists of a tenant that has ACME accounts.
#[derive(Clone, Debug)]
pub struct Overview {
    /// Four tiles.
    pub tiles: Vec<Tile>,
    /// Certificates by the week in which they end.
    pub expiry: Expiry,
    /// Most urgent first.
    pub attention: Vec<Attention>,
    /// The last ten orders.
    pub orders: Vec<OrderRow>,
}

/// `GET /`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/dashboard.html")]
pub struct DashboardPage {
    /// The frame.
    pub shell: Shell,
    /// First steps, until all are done.
    pub onboarding: Option<Onboarding>,
    /// None before there is an ACME account.
    pub overview: Option<Overview>,
}
