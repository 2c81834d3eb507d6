//! What runs beside the requests.

mod jobs;
mod limits;
mod metrics;
