//! What keeps an installation running: its first users, its nodes, what operators do with jobs, and the end of what has
//! expired.

pub mod address;
pub mod bootstrap;
pub mod change_job;
pub mod change_limit;
pub mod clock;
pub mod effect;
pub mod health;
pub mod inspect;
pub mod list_jobs;
pub mod node;
pub mod prune;
pub mod rates;
pub mod record_refusals;
pub mod rotate_sealing_key;
pub mod sealing_key;
pub mod share_limits;
