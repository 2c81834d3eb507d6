//! What runs beside the requests.

mod clock;
mod jobs;
mod limits;
mod metrics;
