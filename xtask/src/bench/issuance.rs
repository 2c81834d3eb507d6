//! `cargo xtask bench issuance`: whole flows, one name per order, ES256 accounts, P-256 subscriber
//! keys, TLS kept alive, server and load on cores of their own.

use std::path::Path;
use std::sync::Arc;

use anyhow::bail;
use clap::{Args, ValueEnum};

use super::load::{self, Work};
use super::report::{self, ByNames, Case, Proof, Run, USUAL_CONCURRENCY};
use super::target::{Ground, Kind, Placement, Target};
use super::yardstick;
use crate::acme_client::Client;
use crate::acme_client::http_01::Answers;
use crate::fill::Engine;
use crate::launch::Launch;
use crate::server::chancery::{DOMAIN, Validation};
use crate::server::name_server::NameServer;
use crate::server::pebble;
use crate::stopwatch::Stopwatch;

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
    /// What to measure instead of what --validation says; several are separated by commas
    #[arg(
        long,
        value_enum,
        value_delimiter = ',',
        conflicts_with = "validation",
        value_name = "CASE,CASE"
    )]
    cases: Vec<Chosen>,
    /// Workers, each with a connection and an account of its own
    #[arg(long, default_value_t = USUAL_CONCURRENCY, value_name = "N")]
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
    /// Count how often something is done, with bounds that nothing reaches; not where proofs are assumed
    #[arg(long)]
    limits: bool,
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

/// A case by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Chosen {
    /// A name that is taken as proven when its client asks
    SelfValid,
    /// A name that is proven by a request
    #[value(name = "http-01")]
    Http01,
    /// A name that was proven before: newOrder, finalize, certificate
    Renewal,
    /// http-01 through a name server of our own: without more, with CAA, with DNSSEC, with both on unsigned and signed names
    Names,
    /// As self-valid, by 8 workers
    SelfValidC8,
    /// As self-valid, by 1 worker
    SelfValidC1,
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
        cases: Vec::new(),
        concurrency: USUAL_CONCURRENCY,
        orders: 3000,
        warmup: 500,
        runs: 2,
        server_core: 0,
        client_core: CLIENT_CORE,
        postgres_core: None,
        certificates: sizes.to_vec(),
        limits: false,
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
    report::print_summary(&cases, &speed);
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
    let names = match case.proof {
        Proof::Names(how) => {
            let starting = NameServer::start(DOMAIN, how.is_signed, options.client_core);
            Some((how, starting.await?))
        }
        Proof::Before | Proof::Http01 | Proof::SelfValid => None,
    };
    let validation = match (case.proof, &names) {
        (Proof::Http01, _) => Validation::Http01 {
            port: answers.serve().await?.port(),
        },
        (Proof::Names(_), Some((how, server))) => Validation::Names {
            port: answers.serve().await?.port(),
            server: server.address,
            anchors: how.asks_dnssec.then(|| server.anchors.clone()),
            asks_caa: how.asks_caa,
        },
        (Proof::Before | Proof::Names(_) | Proof::SelfValid, _) => Validation::SelfValid,
    };
    let placement = Placement {
        server: options.server_core,
        postgres: options.postgres_core,
        has_limits: options.limits,
    };
    let ground = Ground {
        kind: case.kind,
        certificates: case.certificates,
    };
    let started = Target::start(ground, binary, placement, validation, case.concurrency);
    let (target, clients) = started.await?;
    let (clients, work) = warm_up(options, case, clients, &answers).await?;
    let before = target.read().await?;
    let (_clients, phase) = load::run_each(clients, work, &answers, Stopwatch::start()).await?;
    let after = target.read().await?;
    let changes = target.changes(&before, &after);
    Ok(Run::new(&phase, &before, &after, &changes))
}

/// What comes before the measured orders: some of the same kind, or those that prove their names. Gives each
/// worker its names.
async fn warm_up(
    options: &Options,
    case: &Case,
    clients: Vec<Client>,
    answers: &Answers,
) -> anyhow::Result<(Vec<Client>, Vec<Arc<Work>>)> {
    let orders = match case.kind {
        Kind::Pebble => options.orders.min(PEBBLE_ORDERS),
        Kind::Postgres | Kind::Sqlite => options.orders,
    };
    let work = Work::fresh("m", orders)?;
    // A proof is good for the account that made it, so whoever proves a name renews it.
    let (warmup, work) = match case.proof {
        Proof::Before => {
            let work = work.split(clients.len());
            (work.clone(), work.iter().map(|part| part.again()).collect())
        }
        Proof::Http01 | Proof::Names(_) | Proof::SelfValid => {
            let warmup = load::shared(Work::fresh("w", options.warmup)?, clients.len());
            (warmup, load::shared(work, clients.len()))
        }
    };
    let (clients, warm) = load::run_each(clients, warmup, answers, Stopwatch::start()).await?;
    warm.check(&format!("{}, warming up", case.label()))?;
    Ok((clients, work))
}

impl Options {
    fn cases(&self) -> Vec<Case> {
        let has_pebble = !self.without_pebble && pebble::find("pebble").is_some();
        let mut cases = Vec::new();
        for (proof, concurrency) in self.loads() {
            let case = |kind, size| Case::new(kind, proof, concurrency, size);
            for kind in self.kinds() {
                let sizes = &self.certificates;
                cases.extend(sizes.iter().map(|size| case(kind, Some(*size))));
                cases.extend(sizes.is_empty().then(|| case(kind, None)));
            }
            let is_pebbles = match proof {
                Proof::SelfValid => true,
                Proof::Http01 => pebble::can_validate(),
                // It asks for proofs anew at random.
                Proof::Before | Proof::Names(_) => false,
            };
            if has_pebble && is_pebbles {
                cases.push(case(Kind::Pebble, None));
            }
        }
        cases
    }

    fn kinds(&self) -> Vec<Kind> {
        let mut kinds = Vec::new();
        if matches!(self.engine, Engines::Both | Engines::Sqlite) {
            kinds.push(Kind::Sqlite);
        }
        if matches!(self.engine, Engines::Both | Engines::Postgres) {
            kinds.push(Kind::Postgres);
        }
        kinds
    }

    /// How names are proven, and by how many workers.
    fn loads(&self) -> Vec<(Proof, usize)> {
        let by_validation = match self.validation {
            Validations::Both => &[Chosen::SelfValid, Chosen::Http01][..],
            Validations::Http01 => &[Chosen::Http01],
            Validations::SelfValid => &[Chosen::SelfValid],
        };
        let chosen = if self.cases.is_empty() {
            by_validation
        } else {
            &self.cases
        };
        let loads = |chosen: &Chosen| match chosen {
            Chosen::SelfValid => vec![(Proof::SelfValid, self.concurrency)],
            Chosen::Http01 => vec![(Proof::Http01, self.concurrency)],
            Chosen::Renewal => vec![(Proof::Before, self.concurrency)],
            Chosen::Names => {
                let each = ByNames::ALL.into_iter().map(Proof::Names);
                each.map(|proof| (proof, self.concurrency)).collect()
            }
            Chosen::SelfValidC8 => vec![(Proof::SelfValid, 8)],
            Chosen::SelfValidC1 => vec![(Proof::SelfValid, 1)],
        };
        chosen.iter().flat_map(loads).collect()
    }
}
