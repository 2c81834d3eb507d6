//! What runs beside the requests.

mod jobs;
mod metrics;
