//! `cargo xtask bench beside`: how long issuances take while a reseller changes much at once in the portal: a wildcard
//! goes under which thousands of accounts hold orders and proofs, or thousands of names come.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use clap::Args;

use self::change::{Change, Crowd, Importers};
use self::window::{Moment, Windows};
use super::issuance::CLIENT_CORE;
use super::load::{self, Work};
use super::statistics::Spread;
use super::target::{Ground, Kind, Placement, Target};
use crate::acme_client::Client;
use crate::acme_client::http_01::Answers;
use crate::fill::Engine;
use crate::launch::Launch;
use crate::portal_client::Visitor;
use crate::server::chancery::Validation;
use crate::stopwatch::Stopwatch;

mod change;
mod window;

/// What is promised: so many times as long at the most.
const PROMISED: f64 = 2.0;

const HEADER: &str = "\
| server | beside | p99 normal ms | p99 beside ms | ratio | it took ms | issuances beside | longest ms | rounds |
|---|---|--:|--:|--:|--:|--:|--:|--:|";

/// What to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The databases, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Engine::Sqlite, Engine::Postgres])]
    engine: Vec<Engine>,
    /// Rounds of each change on one server
    #[arg(long, default_value_t = 5, value_name = "N")]
    rounds: usize,
    /// Workers that issue all the time
    #[arg(long, default_value_t = 8, value_name = "N")]
    concurrency: usize,
    /// Accounts with an order and a proof under the name that goes
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    accounts: usize,
    /// Imports at once
    #[arg(long, default_value_t = 10, value_name = "N")]
    imports: usize,
    /// Names of each import
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    names: usize,
    /// How long the load is watched before each change
    #[arg(long, default_value_t = 4, value_name = "SECONDS")]
    quiet: u64,
    /// Names made for the load of one round; it must last longer than the change
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    orders: usize,
    /// The server's core
    #[arg(long, default_value_t = 0, value_name = "CORE")]
    server_core: usize,
    /// The clients' core
    #[arg(long, default_value_t = CLIENT_CORE, value_name = "CORE")]
    client_core: usize,
    /// PostgreSQL's core [default: whichever is free]
    #[arg(long, value_name = "CORE")]
    postgres_core: Option<usize>,
    #[command(flatten)]
    launch: Launch,
}

/// Measures on each database and prints.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let binary = options.launch.prepare(Some(options.client_core))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    for engine in &options.engine {
        let kind = Kind::from(*engine);
        let [removal, import] = runtime.block_on(measure(options, &binary, kind))?;
        println!("\nMedians with their range.\n\n{HEADER}");
        print_row(kind, "removal", &removal);
        print_row(kind, "imports", &import);
        println!("\nAt most {PROMISED} times as long is promised.");
    }
    Ok(())
}

async fn measure(
    options: &Options,
    binary: &Path,
    kind: Kind,
) -> anyhow::Result<[Vec<Windows>; 2]> {
    let placement = Placement {
        server: options.server_core,
        postgres: options.postgres_core,
        has_limits: false,
    };
    let ground = Ground {
        kind,
        certificates: None,
    };
    let validation = Validation::SelfValid;
    let started = Target::start(ground, binary, placement, validation, options.concurrency);
    let (target, clients) = started.await?;
    let (chancery, access) = target.chancery()?;
    let visitor = Visitor::sign_in(&chancery.door(), &access.trust).await?;
    println!(
        "==> {}: registering {} accounts",
        kind.label(),
        options.accounts
    );
    let mut crowd = Crowd::register(chancery, access, options.accounts, options.rounds).await?;
    let importers = Importers::open(chancery, options.imports, options.names).await?;
    let warm_up = Work::fresh("warm", 500)?;
    let (mut clients, warm) = load::run(clients, warm_up, &Answers::default()).await?;
    warm.check("warming up")?;
    let mut measured = [Vec::new(), Vec::new()];
    for round in 0..options.rounds {
        println!(
            "==> {}, round {}: orders of all accounts",
            kind.label(),
            round + 1
        );
        let removal = crowd.prepare(round, visitor.another()?).await?;
        let import = importers.prepare(round, &visitor)?;
        for (change, into) in [removal, import].into_iter().zip(&mut measured) {
            let windows;
            (clients, windows) = watch(options, clients, round, change).await?;
            println!("    {}", windows.line());
            into.push(windows);
        }
    }
    Ok(measured)
}

/// Keeps the load going, first alone, then beside the change.
async fn watch(
    options: &Options,
    clients: Vec<Client>,
    round: usize,
    change: Change,
) -> anyhow::Result<(Vec<Client>, Windows)> {
    let prefix = format!("{}-{round}", change.label());
    let work = Arc::new(Work::fresh(&prefix, options.orders)?);
    let shared = vec![Arc::clone(&work); clients.len()];
    let clock = Stopwatch::start();
    let load =
        tokio::spawn(
            async move { load::run_each(clients, shared, &Answers::default(), clock).await },
        );
    tokio::time::sleep(Duration::from_secs(options.quiet)).await;
    let begun = clock.elapsed();
    let label = change.label();
    let done = change.run().await;
    let moment = Moment {
        begun,
        ended: clock.elapsed(),
    };
    let lasted = !load.is_finished();
    work.stop();
    let (clients, phase) = load.await??;
    done?;
    phase.check("the load")?;
    ensure!(
        lasted,
        "the load ended before the change: give more --orders"
    );
    Ok((clients, Windows::new(label, &phase.flows, moment)))
}

fn print_row(kind: Kind, label: &str, rounds: &[Windows]) {
    let figure = |figure: fn(&Windows) -> f64, digits: usize| {
        Spread::of(rounds.iter().map(figure))
            .map_or("-".to_owned(), |spread| format!("{spread:.digits$}"))
    };
    let cells = [
        kind.label().to_owned(),
        label.to_owned(),
        figure(Windows::normal_ms, 1),
        figure(Windows::beside_ms, 1),
        figure(Windows::ratio, 2),
        figure(Windows::took_ms, 0),
        figure(Windows::flows_beside, 0),
        figure(Windows::longest_ms, 0),
        rounds.len().to_string(),
    ];
    println!("| {} |", cells.join(" | "));
}
