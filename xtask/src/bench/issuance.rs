//! `cargo xtask bench issuance`: whole flows, one name per order, ES256 accounts, P-256 subscriber
//! keys, TLS kept alive, server and load on cores of their own.

use std::path::Path;

use anyhow::bail;
use clap::{Args, ValueEnum};

use super::load;
use super::report::{self, Case, Run};
use super::target::{Ground, Kind, Placement, Target};
use super::yardstick;
use crate::acme_client::csr::Csr;
use crate::acme_client::http_01::Answers;
use crate::fill::Engine;
use crate::launch::Launch;
use crate::server::chancery::{DOMAIN, Validation};
use crate::server::pebble;

/// Pebble gets fewer orders: its newOrder walks all earlier ones, and under load it locks up for
/// good after some ten thousand.
const PEBBLE_ORDERS: usize = 3000;

/// Where the load client runs unless somebody says otherwise.
pub(crate) const CLIENT_CORE: usize = 1;

/// How to measure.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The database
    #[arg(long, value_enum, default_value_t = Engines::Both)]
    engine: Engines,
    /// How authorizations become valid
    #[arg(long, value_enum, default_value_t = Validations::Both)]
    validation: Validations,
    /// Workers, each with a connection and an account of its own
    #[arg(long, default_value_t = 32, value_name = "N")]
    concurrency: usize,
    /// Measured orders per run
    #[arg(long, default_value_t = 6000, value_name = "N")]
    orders: usize,
    /// Orders before the measured ones
    #[arg(long, default_value_t = 500, value_name = "N")]
    warmup: usize,
    /// Runs of each case, each on empty data
    #[arg(long, default_value_t = 3, value_name = "N")]
    runs: usize,
    /// The server's core
    #[arg(long, default_value_t = 0, value_name = "CORE")]
    server_core: usize,
    /// The load client's core
    #[arg(long, default_value_t = CLIENT_CORE, value_name = "CORE")]
    client_core: usize,
    /// PostgreSQL's core [default: whichever is free]
    #[arg(long, value_name = "CORE")]
    postgres_core: Option<usize>,
    /// Certificates that the database holds before; several numbers are several cases
    #[arg(long, value_delimiter = ',', value_name = "N,N")]
    certificates: Vec<u64>,
    /// Leave Pebble out even if it is on the PATH
    #[arg(long)]
    without_pebble: bool,
    #[command(flatten)]
    launch: Launch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engines {
    Both,
    /// Only Pebble
    None,
    Postgres,
    Sqlite,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Validations {
    Both,
    #[value(name = "http-01")]
    Http01,
    SelfValid,
}

/// Measures every case `runs` times in turn, so that a slow minute hits all of them alike.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let binary = options.launch.prepare(Some(options.client_core))?;
    on(options, &binary)
}

/// Measures self-valid issuances on databases that hold so many certificates before.
pub(crate) fn at_sizes(engine: Engine, sizes: &[u64], launch: &Launch) -> anyhow::Result<()> {
    let options = Options {
        engine: match engine {
            Engine::Postgres => Engines::Postgres,
            Engine::Sqlite => Engines::Sqlite,
        },
        validation: Validations::SelfValid,
        concurrency: 32,
        orders: 3000,
        warmup: 500,
        runs: 2,
        server_core: 0,
        client_core: CLIENT_CORE,
        postgres_core: None,
        certificates: sizes.to_vec(),
        without_pebble: true,
        launch: launch.clone(),
    };
    run(&options)
}

fn on(options: &Options, binary: &Path) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure_all(options, binary))
}

async fn measure_all(options: &Options, binary: &Path) -> anyhow::Result<()> {
    let mut cases = options.cases();
    let mut speed = Vec::new();
    for round in 1..=options.runs {
        speed.push(yardstick::microseconds()?);
        for case in &mut cases {
            let run = measure(options, binary, case).await?;
            report::print_run(case, round, &run);
            case.runs.push(run);
        }
    }
    speed.push(yardstick::microseconds()?);
    report::print_summary(&cases, options.concurrency, &speed);
    let failures: usize = cases
        .iter()
        .flat_map(|case| &case.runs)
        .map(|run| run.failures)
        .sum();
    if failures > 0 {
        bail!("{failures} flows failed");
    }
    Ok(())
}

async fn measure(options: &Options, binary: &Path, case: &Case) -> anyhow::Result<Run> {
    let answers = Answers::default();
    let validation = if case.is_real {
        let port = answers.serve().await?.port();
        Validation::Http01 { port }
    } else {
        Validation::SelfValid
    };
    let placement = Placement {
        server: options.server_core,
        postgres: options.postgres_core,
    };
    let orders = match case.kind {
        Kind::Pebble => options.orders.min(PEBBLE_ORDERS),
        Kind::Postgres | Kind::Sqlite => options.orders,
    };
    let (warmup, work) = (requests("w", options.warmup)?, requests("m", orders)?);
    let ground = Ground {
        kind: case.kind,
        certificates: case.certificates,
    };
    let started = Target::start(ground, binary, placement, validation, options.concurrency);
    let (target, clients) = started.await?;
    let (clients, warm) = load::run(clients, warmup, &answers).await?;
    if let Some(failure) = warm.first_failure {
        bail!(
            "{}: {} flows failed while warming up: {failure}",
            case.label(),
            warm.failures
        );
    }
    let before = target.read().await?;
    let (_clients, phase) = load::run(clients, work, &answers).await?;
    let after = target.read().await?;
    Ok(Run::new(&phase, &before, &after))
}

/// Requests for names that differ in their first label.
fn requests(prefix: &str, count: usize) -> anyhow::Result<Vec<Csr>> {
    (0..count)
        .map(|index| Csr::make(format!("{prefix}-{index:06}.{DOMAIN}")))
        .collect()
}

impl Options {
    fn cases(&self) -> Vec<Case> {
        let mut kinds = Vec::new();
        if matches!(self.engine, Engines::Both | Engines::Sqlite) {
            kinds.push(Kind::Sqlite);
        }
        if matches!(self.engine, Engines::Both | Engines::Postgres) {
            kinds.push(Kind::Postgres);
        }
        let has_pebble = !self.without_pebble && pebble::find("pebble").is_some();
        let mut cases = Vec::new();
        for is_real in [false, true] {
            let left_out = if is_real {
                Validations::SelfValid
            } else {
                Validations::Http01
            };
            if self.validation == left_out {
                continue;
            }
            for kind in &kinds {
                let sizes = &self.certificates;
                cases.extend(sizes.iter().map(|size| Case::on(*kind, is_real, *size)));
                cases.extend(sizes.is_empty().then(|| Case::new(*kind, is_real)));
            }
            if has_pebble && (!is_real || pebble::can_validate()) {
                cases.push(Case::new(Kind::Pebble, is_real));
            }
        }
        cases
    }
}
