//! The targets under libFuzzer, when the build has `--cfg fuzz_engine`: `cargo xtask fuzz` makes and starts it.

#![cfg_attr(fuzz_engine, no_main)]

#[cfg(fuzz_engine)]
mod engine;

#[cfg(not(fuzz_engine))]
fn main() -> std::process::ExitCode {
    eprintln!("this build has no engine: cargo xtask fuzz makes one that has, and starts it");
    std::process::ExitCode::FAILURE
}
