//! Everything that reads bytes from outside, as targets for a fuzzer: a target takes any bytes, and panics only where the
//! product has a defect.
//!
//! `cargo xtask fuzz` runs them with libFuzzer on an instrumented build; `tests/corpora.rs` gives each target what is in
//! its folder of `corpus/` without one, in every test run. `cargo xtask check` looks that each parser is called here, or
//! stands in `left_out.txt` with its reason.

#![expect(
    clippy::unwrap_used,
    reason = "a panic is how a target says that it found something"
)]

mod acme_body;
mod dns;
mod lists;
mod names;
mod oidc;
mod passkey;
mod probe;
mod seed;
mod x509;

/// One way in for bytes from outside.
#[derive(Clone, Copy)]
pub struct Target {
    /// As it is called on the command line; its corpus has the same name.
    pub name: &'static str,
    /// Reads the bytes as the product would, and checks what always holds.
    pub run: fn(&[u8]),
    /// Valid inputs to begin with.
    pub seeds: fn() -> Vec<Vec<u8>>,
    /// The longest input that is tried, in octets.
    pub longest: usize,
}

/// Every target.
pub const TARGETS: &[Target] = &[
    target("jws", acme_body::jws, seed::jws, 8192),
    target("payload", acme_body::payload, seed::payload, 4096),
    target("inner_jws", acme_body::inner_jws, seed::inner_jws, 4096),
    target("caa", dns::caa, seed::caa, 512),
    target("names", names::names, seed::names, 512),
    target("csr", x509::csr, seed::csr, 4096),
    target("certificate", x509::certificate, seed::certificate, 4096),
    target("crl", x509::crl, seed::crl, 4096),
    target("lists", lists::lists, seed::lists, 4096),
    target("policy", lists::policy, seed::policy, 2048),
    target("oidc", oidc::oidc, oidc::seeds, 4096),
    target("passkey", passkey::passkey, passkey::seeds, 4096),
    target("web_server", probe::web_server, seed::web_server, 8192),
];

const fn target(
    name: &'static str,
    run: fn(&[u8]),
    seeds: fn() -> Vec<Vec<u8>>,
    longest: usize,
) -> Target {
    Target {
        name,
        run,
        seeds,
        longest,
    }
}

/// The target of this name.
pub fn named(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}
