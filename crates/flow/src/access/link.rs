//! Links with which people set a password: the first one, or a new one (features F-011, F-030; security S-06, S-07).

pub mod ask_for_link;
pub mod follow_link;
mod letter;
pub mod make_link;

pub use letter::Sender;
pub(super) use letter::prepare_letter;
