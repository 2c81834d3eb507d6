//! What runs beside the requests.

mod clock;
mod effects;
mod health;
mod jobs;
mod limits;
mod mails;
mod metrics;
mod retention;
mod soak;
