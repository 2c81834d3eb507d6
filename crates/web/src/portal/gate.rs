//! Who may come in: the person, what they may do, that a form is theirs, and that they proved lately
//! who they are.

pub(crate) mod allowed;
pub(crate) mod csrf;
pub(crate) mod permitted;
pub(crate) mod recent;
