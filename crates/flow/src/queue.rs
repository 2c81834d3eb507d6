//! Work that outlives its request, for whatever it is: jobs in queues, each queue with its workers. This room knows
//! no job and no application; what runs is given to it as a list of kinds.
//!
//! A job is inserted with its cause. The node that inserts it starts it at once if it has a slot free for its tenant;
//! otherwise it waits for whoever has one first. A node keeps what it runs by a lease that it renews; what it leaves
//! behind is taken by another when the lease ends. So a job may run twice: every result is a guarded update.

pub(crate) mod desk;
pub mod job;
mod kind;
pub mod lane;
pub(crate) mod lease;
mod renewal;
pub mod schedule;
mod shares;
mod slots;
pub mod work;
mod workers;

pub use desk::Desk;
pub use job::{Done, Job, JobError, Priority};
pub use kind::{Kind, job};
pub use lane::Queue;
pub use lease::{LEASE, Lease};
pub use schedule::{Schedule, every};
pub use slots::Slot;
pub use work::{Begun, Cause, Work};

#[cfg(test)]
mod tests;
