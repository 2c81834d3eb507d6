//! Pages of the operator's people: reviews, what is sold, and who signs.

mod catalog;
mod review;
