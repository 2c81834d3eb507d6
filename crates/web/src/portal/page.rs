//! What pages are made of and how they are answered, whatever they are about.
//!
//! A page is a struct of strings ready for display, beside the handler that fills it; its template
//! only repeats and chooses, and never reads the database, knows the time or decides what somebody
//! may do. The rules the pages follow are in `docs/portal-style.md`; accessibility follows WCAG 2.2
//! AA. Nothing here names the gate or a wing.

pub(crate) mod account;
pub mod assets;
pub mod confirm;
pub mod contact;
pub(crate) mod cookie;
pub(crate) mod face;
pub(crate) mod finish;
pub mod form;
pub(crate) mod frame;
pub mod icon;
pub(crate) mod links;
pub mod listing;
pub mod menu;
pub(crate) mod moment;
pub mod part;
pub(crate) mod part_choice;
pub mod picture;
pub mod refused;
pub mod shell;
pub(crate) mod words;
