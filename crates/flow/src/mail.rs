//! How a mail leaves. A use case prepares it (`prepare`, or `notice` for what nobody waits for), its save intends it with
//! its cause (`intend`), and the effect [`SendMail`] gives it to the operator's server. Without `[mail]` in the settings
//! nothing is prepared. A mail that is its own cause is sent by [`send`](send::send). This room knows the application and
//! no wing: what a mail says is a letter of `outbound`.

pub mod portal;
mod prepare;
pub mod send;
pub mod send_mail;

pub(crate) use prepare::intend;
pub use prepare::{PreparedMail, Recipient, notice, once, origin, prepare};
pub use send_mail::SendMail;
