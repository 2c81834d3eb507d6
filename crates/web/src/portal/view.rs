//! What the portal looks like: one struct per page, holding strings ready for display.
//!
//! Handlers fill these structs and render them; templates only repeat and choose. Nothing here
//! reads the database, knows the time or decides what somebody may do. The rules the pages follow
//! are in `docs/portal-style.md`; accessibility follows WCAG 2.2 AA.

pub mod chart;
pub mod dashboard;
pub mod onboarding;
