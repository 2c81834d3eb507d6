//! `cargo xtask siege`: attacks on a server on loopback, each bounded, with what it may cost those who are not attackers.
//! A broken promise is an error.

mod bodies;
mod flood;
mod hanging;
mod orders;
mod silent;
mod stage;

use std::time::Duration;

use anyhow::bail;
use clap::{Args, Subcommand};

use crate::launch::Launch;
use stage::Engine;

/// Which attack.
#[derive(Debug, Subcommand)]
pub(crate) enum Attack {
    /// All attacks, one after the other
    All(Options),
    /// 100 HTTP/2 connections send bodies that never end
    Bodies(Options),
    /// 5,000 requests a second that nobody has signed
    Flood(Options),
    /// 1,500 validations of a tenant meet a web server that never answers
    Hanging(Options),
    /// 300 orders of 100 names
    Orders(Options),
    /// Those that do not depend on speed, short: what every test run does
    Quick(Options),
    /// Silent connections take all descriptors of a process that has few
    Silent(Options),
}

/// How to attack.
#[derive(Clone, Debug, Args)]
pub(crate) struct Options {
    /// The database
    #[arg(long, value_enum, default_value_t = Engine::Sqlite)]
    engine: Engine,
    /// A small attack of a few seconds, as the tests run it
    #[arg(long)]
    short: bool,
    #[command(flatten)]
    launch: Launch,
}

/// What was promised, and what came of it.
struct Promise {
    what: &'static str,
    /// In the unit of the text.
    found: f64,
    most: f64,
    unit: &'static str,
}

impl Promise {
    fn seconds(what: &'static str, found: Duration, most: f64) -> Self {
        Self {
            what,
            found: found.as_secs_f64(),
            most,
            unit: "s",
        }
    }

    fn is_kept(&self) -> bool {
        self.found <= self.most
    }
}

/// Attacks, prints what it cost, and fails if that is more than was promised.
pub(crate) fn run(attack: &Attack) -> anyhow::Result<()> {
    let (options, names): (_, &[&str]) = match attack {
        Attack::All(options) => (options, &["bodies", "flood", "hanging", "orders", "silent"]),
        Attack::Bodies(options) => (options, &["bodies"]),
        Attack::Flood(options) => (options, &["flood"]),
        Attack::Hanging(options) => (options, &["hanging"]),
        Attack::Orders(options) => (options, &["orders"]),
        Attack::Quick(options) => (options, &["hanging", "orders", "silent"]),
        Attack::Silent(options) => (options, &["silent"]),
    };
    let options = &Options {
        short: options.short || matches!(attack, Attack::Quick(_)),
        ..options.clone()
    };
    let binary = options.launch.prepare(None)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut broken = 0;
    for name in names {
        let promises = runtime.block_on(async {
            match *name {
                "bodies" => bodies::attack(options, &binary).await,
                "flood" => flood::attack(options, &binary).await,
                "hanging" => hanging::attack(options, &binary).await,
                "orders" => orders::attack(options, &binary).await,
                _ => silent::attack(options, &binary).await,
            }
        })?;
        broken += print(name, &promises);
    }
    if broken > 0 {
        bail!("{broken} promises were broken");
    }
    Ok(())
}

fn print(name: &str, promises: &[Promise]) -> usize {
    for promise in promises {
        let Promise {
            what,
            found,
            most,
            unit,
        } = promise;
        let verdict = if promise.is_kept() { "kept" } else { "BROKEN" };
        println!("{name}: {what}: {found:.3} {unit}, at most {most} {unit}: {verdict}");
    }
    promises.iter().filter(|promise| !promise.is_kept()).count()
}
