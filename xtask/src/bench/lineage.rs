//! `cargo xtask bench lineage`: what the certificates that a name had before cost its next one. Two servers, one
//! after the other on the same core, each with one name: one has had few certificates, the other many. A single
//! client then renews both in turn, some at a time, so that a slow minute hits both alike.

use std::path::Path;
use std::sync::Arc;

use clap::Args;

use super::issuance::CLIENT_CORE;
use super::load::{self, Work};
use super::statistics::percentile;
use super::target::{Ground, Kind, Placement, Target};
use crate::acme_client::Client;
use crate::acme_client::csr::Csr;
use crate::acme_client::http_01::Answers;
use crate::fill::Engine;
use crate::launch::Launch;
use crate::server::chancery::{DOMAIN, Validation};
use crate::stopwatch::Stopwatch;

/// How often the two servers take turns.
const TURNS: usize = 10;
/// What is promised: so many per cent more at the most.
const PROMISED: f64 = 20.0;

const HEADER: &str = "\
| server | certificates of the name before | flow p50 ms | p99 ms | server CPU ms | PostgreSQL CPU ms | issuances |
|---|--:|--:|--:|--:|--:|--:|";

/// What to compare.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The databases, separated by commas
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Engine::Sqlite, Engine::Postgres])]
    engine: Vec<Engine>,
    /// Certificates that the one name has had
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    few: usize,
    /// Certificates that the other name has had
    #[arg(long, default_value_t = 20_000, value_name = "N")]
    many: usize,
    /// Workers that issue what a name is to have before; with several of them its orders also end at once
    #[arg(long, default_value_t = 1, value_name = "N")]
    fillers: usize,
    /// Measured issuances of each name
    #[arg(long, default_value_t = 200, value_name = "N")]
    orders: usize,
    /// The servers' core
    #[arg(long, default_value_t = 0, value_name = "CORE")]
    server_core: usize,
    /// The client's core
    #[arg(long, default_value_t = CLIENT_CORE, value_name = "CORE")]
    client_core: usize,
    /// PostgreSQL's core [default: whichever is free]
    #[arg(long, value_name = "CORE")]
    postgres_core: Option<usize>,
    #[command(flatten)]
    launch: Launch,
}

/// One server, its name and what was measured of it; CPU in milliseconds.
struct Side {
    target: Target,
    clients: Vec<Client>,
    request: Csr,
    before: usize,
    flows_ms: Vec<f64>,
    server_ms: f64,
    postgres_ms: Option<f64>,
}

/// Measures on each database and prints.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let binary = options.launch.prepare(Some(options.client_core))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    for engine in &options.engine {
        let kind = Kind::from(*engine);
        let sides = runtime.block_on(measure(options, &binary, kind))?;
        report(kind, &sides);
    }
    Ok(())
}

async fn measure(options: &Options, binary: &Path, kind: Kind) -> anyhow::Result<[Side; 2]> {
    let mut few = Side::start(options, binary, kind, options.few).await?;
    let mut many = Side::start(options, binary, kind, options.many).await?;
    for turn in 0..TURNS {
        let orders = |turn| options.orders * turn / TURNS;
        let count = orders(turn + 1) - orders(turn);
        few = few.issue(count).await?;
        many = many.issue(count).await?;
    }
    Ok([few, many])
}

impl Side {
    /// Starts a server and has the name issued so many times.
    async fn start(
        options: &Options,
        binary: &Path,
        kind: Kind,
        before: usize,
    ) -> anyhow::Result<Self> {
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
        let started = Target::start(ground, binary, placement, validation, options.fillers);
        let (target, clients) = started.await?;
        let request = Csr::make(format!("lineage.{DOMAIN}"))?;
        println!("==> {}: issuing the name {before} times", kind.label());
        let work = Work::repeated(&request, before);
        let (clients, phase) = load::run(clients, work, &Answers::default()).await?;
        phase.check("filling")?;
        Ok(Self {
            target,
            clients,
            request,
            before,
            flows_ms: Vec::new(),
            server_ms: 0.0,
            postgres_ms: None,
        })
    }

    /// Issues the name so many times more, one after the other, and notes what it took.
    async fn issue(mut self, count: usize) -> anyhow::Result<Self> {
        let work = Arc::new(Work::repeated(&self.request, count));
        let others = self.clients.split_off(1.min(self.clients.len()));
        let before = self.target.read().await?;
        let (answers, clock) = (Answers::default(), Stopwatch::start());
        let issued = load::run_each(self.clients, vec![work], &answers, clock);
        let (clients, phase) = issued.await?;
        let after = self.target.read().await?;
        self.clients = clients;
        self.clients.extend(others);
        phase.check("measuring")?;
        self.flows_ms.extend(phase.flows_ms());
        self.server_ms += after.server_ms - before.server_ms;
        let postgres_ms = after.postgres_ms.zip(before.postgres_ms);
        if let Some((after, before)) = postgres_ms {
            *self.postgres_ms.get_or_insert_default() += after - before;
        }
        Ok(self)
    }

    fn median_ms(&self) -> f64 {
        percentile(&self.flows_ms, 50)
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of one run are far below 2^52"
    )]
    fn each(&self, of_all: f64) -> f64 {
        of_all / self.flows_ms.len() as f64
    }

    fn row(&self, kind: Kind) -> String {
        let postgres = self.postgres_ms;
        let cells = [
            kind.label().to_owned(),
            self.before.to_string(),
            format!("{:.2}", self.median_ms()),
            format!("{:.2}", percentile(&self.flows_ms, 99)),
            format!("{:.2}", self.each(self.server_ms)),
            postgres.map_or("-".to_owned(), |all| format!("{:.2}", self.each(all))),
            self.flows_ms.len().to_string(),
        ];
        format!("| {} |", cells.join(" | "))
    }
}

fn report(kind: Kind, [few, many]: &[Side; 2]) {
    println!("\n{HEADER}\n{}\n{}\n", few.row(kind), many.row(kind));
    let latency = more(few.median_ms(), many.median_ms());
    let cpu = more(few.each(few.server_ms), many.each(many.server_ms));
    println!(
        "{}: {} certificates before against {}: median {latency:+.0} %, server CPU {cpu:+.0} %{}; \
         less than {PROMISED:.0} % is promised",
        kind.label(),
        many.before,
        few.before,
        few.postgres_ms
            .zip(many.postgres_ms)
            .map_or(String::new(), |(few_ms, many_ms)| {
                let more = more(few.each(few_ms), many.each(many_ms));
                format!(", PostgreSQL CPU {more:+.0} %")
            }),
    );
}

/// By how many per cent the second one is more.
fn more(one: f64, other: f64) -> f64 {
    (other / one - 1.0) * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_in_per_cent() {
        assert!((more(2.0, 2.5) - 25.0).abs() < 1e-9);
        assert!((more(2.0, 1.0) + 50.0).abs() < 1e-9);
    }
}
