//! The ACME door, as clients see it. The modules follow RFC 8555.

/// Compares a problem document; twice, since every test runs on both engines.
macro_rules! assert_problem {
    ($answer:expr, @$snapshot:literal) => {{
        let problem = $answer.problem();
        insta::allow_duplicates! { insta::assert_snapshot!(problem, @$snapshot) }
    }};
}

mod account;
mod authorization;
mod binding;
mod budget;
mod crash;
mod database;
mod fence;
mod finalize;
mod happy;
mod key_change;
mod new_order;
mod nodes;
mod nonce;
mod orders;
mod refusal;
mod removal;
mod revocation;
mod secrets;
mod signed;
mod tenants;
