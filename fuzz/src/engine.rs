//! The way from libFuzzer to the target that `FUZZ_TARGET` names; its seeds are written to the folder `FUZZ_SEEDS` first.
//! Without a name the targets are printed, each with the longest input that is tried.

#![expect(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a tool that ends when it cannot go on"
)]

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::exit;
use std::sync::LazyLock;

use fuzz::{TARGETS, Target};
use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = env::var("FUZZ_TARGET").unwrap_or_default();
    fuzz::named(&name).unwrap_or_else(|| panic!("FUZZ_TARGET is {name:?}, which is no target"))
});

fn begin() {
    if env::var_os("FUZZ_TARGET").is_none() {
        for target in TARGETS {
            println!("{} {}", target.name, target.longest);
        }
        exit(0);
    }
    let Some(folder) = env::var_os("FUZZ_SEEDS").map(PathBuf::from) else {
        return;
    };
    for (index, seed) in (TARGET.seeds)().iter().enumerate() {
        fs::write(folder.join(format!("seed-{index}")), seed).unwrap();
    }
}

fuzz_target!(init: begin(), |bytes: &[u8]| {
    (TARGET.run)(bytes);
});
