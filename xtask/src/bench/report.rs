//! Figures of each run and a Markdown table of all of them.

use super::load::Phase;
use super::statistics::{Spread, percentile};
use super::target::{Changes, Kind, Reading};
use super::yardstick::REFERENCE_MICROSECONDS;

const STATEMENTS: &str = "chancery_store_statements_total";
const COMMITS: &str = "chancery_store_commits_total";

/// How many workers there are unless somebody says otherwise.
pub(crate) const USUAL_CONCURRENCY: usize = 32;

const HEADER: &str = "\
| server | validation | c | issuances/s | server CPU ms | PostgreSQL CPU ms | client CPU ms \
| flow p50 / p95 / p99 ms | requests | statements | commits | peak MiB | runs | KiB written | rows |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|";

const LEGEND: &str = "\
KiB written: what the server's process gave to the disk (write_bytes of /proc/PID/io); with PostgreSQL, its WAL instead.
Rows inserted, changed and deleted: by the server's own counter on SQLite, by the records of the WAL on PostgreSQL.";

/// How names are proven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Proof {
    /// By assumption.
    SelfValid,
    /// By real requests.
    Http01,
    /// By real requests to names that are looked up.
    Names(ByNames),
    /// They were proven before, for another certificate.
    Before,
}

/// What is asked of a name server besides addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ByNames {
    /// CAA records.
    pub(crate) asks_caa: bool,
    /// That answers are signed, or proven not to have to be.
    pub(crate) asks_dnssec: bool,
    /// Whether the names' zone is signed.
    pub(crate) is_signed: bool,
}

impl ByNames {
    /// Nothing, each alone, and both for names of either kind.
    pub(crate) const ALL: [Self; 6] = [
        Self::of(false, false, false),
        Self::of(true, false, false),
        Self::of(false, true, false),
        Self::of(false, true, true),
        Self::of(true, true, false),
        Self::of(true, true, true),
    ];

    const fn of(asks_caa: bool, asks_dnssec: bool, is_signed: bool) -> Self {
        Self {
            asks_caa,
            asks_dnssec,
            is_signed,
        }
    }

    fn label(self) -> &'static str {
        match (self.asks_caa, self.asks_dnssec, self.is_signed) {
            (false, false, _) => "names",
            (true, false, _) => "names, CAA",
            (false, true, false) => "names, DNSSEC, unsigned",
            (false, true, true) => "names, DNSSEC, signed",
            (true, true, false) => "names, both, unsigned",
            (true, true, true) => "names, both, signed",
        }
    }
}

/// One server with one kind of validation.
pub(crate) struct Case {
    /// The server.
    pub(crate) kind: Kind,
    /// How names are proven.
    pub(crate) proof: Proof,
    /// How many workers order at once.
    pub(crate) concurrency: usize,
    /// How many certificates the database holds before; none when it is empty.
    pub(crate) certificates: Option<u64>,
    /// What was measured.
    pub(crate) runs: Vec<Run>,
}

/// The figures of one run; CPU and counts are per issuance.
pub(crate) struct Run {
    rate: f64,
    server_ms: f64,
    postgres_ms: Option<f64>,
    client_ms: f64,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    requests: f64,
    statements: Option<f64>,
    commits: Option<f64>,
    peak_mib: f64,
    written_kib: Option<f64>,
    rows: Option<f64>,
    first_failure: Option<String>,
    /// Flows without a certificate.
    pub(crate) failures: usize,
}

impl Proof {
    /// What a reader calls it.
    fn label(self) -> &'static str {
        match self {
            Self::SelfValid => "self-valid",
            Self::Http01 => "http-01",
            Self::Names(how) => how.label(),
            Self::Before => "renewal",
        }
    }
}

impl Case {
    /// Without runs yet.
    pub(crate) fn new(
        kind: Kind,
        proof: Proof,
        concurrency: usize,
        certificates: Option<u64>,
    ) -> Self {
        Self {
            kind,
            proof,
            concurrency,
            certificates,
            runs: Vec::new(),
        }
    }

    /// What a reader calls it.
    pub(crate) fn label(&self) -> String {
        let label = format!("{}, {}", self.server(), self.proof.label());
        match self.concurrency {
            USUAL_CONCURRENCY => label,
            workers => format!("{label}, c={workers}"),
        }
    }

    fn server(&self) -> String {
        let label = self.kind.label();
        self.certificates.map_or_else(
            || label.to_owned(),
            |certificates| format!("{label}, {certificates} certificates before"),
        )
    }

    fn spread(&self, figure: impl Fn(&Run) -> f64) -> Option<Spread> {
        Spread::of(self.runs.iter().map(figure))
    }

    fn optional(&self, figure: impl Fn(&Run) -> Option<f64>) -> Option<Spread> {
        Spread::of(self.runs.iter().filter_map(figure))
    }
}

impl Run {
    /// From what the load saw, what the server had used before and after, and what changed between.
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of one run are far below 2^52"
    )]
    pub(crate) fn new(phase: &Phase, before: &Reading, after: &Reading, changes: &Changes) -> Self {
        let flows_ms = phase.flows_ms();
        let issued = flows_ms.len() as f64;
        let counters = after.counters.since(&before.counters);
        let postgres_ms = after
            .postgres_ms
            .zip(before.postgres_ms)
            .map(|(after, before)| (after - before) / issued);
        Self {
            rate: issued / phase.elapsed.as_secs_f64(),
            server_ms: (after.server_ms - before.server_ms) / issued,
            postgres_ms,
            client_ms: (after.client_ms - before.client_ms) / issued,
            p50_ms: percentile(&flows_ms, 50),
            p95_ms: percentile(&flows_ms, 95),
            p99_ms: percentile(&flows_ms, 99),
            requests: phase.requests as f64 / issued,
            statements: counters.total(STATEMENTS).map(|count| count / issued),
            commits: counters.total(COMMITS).map(|count| count / issued),
            peak_mib: after.peak_kib as f64 / 1024.0,
            written_kib: changes.written_kib.map(|kib| kib / issued),
            rows: changes.rows.map(|rows| rows / issued),
            first_failure: phase.first_failure.clone(),
            failures: phase.failures,
        }
    }
}

/// One line per run, as it ends.
pub(crate) fn print_run(case: &Case, round: usize, run: &Run) {
    let written = |figure: Option<f64>, unit: &str| {
        figure.map_or(String::new(), |figure| format!(", {figure:.1} {unit}"))
    };
    println!(
        "==> {}, run {round}: {:.0} issuances/s, server {:.2} ms{}, client {:.2} ms, \
         flow {:.0} / {:.0} / {:.0} ms, {:.1} requests, peak {:.0} MiB{}{}",
        case.label(),
        run.rate,
        run.server_ms,
        run.postgres_ms
            .map_or(String::new(), |ms| format!(" + PostgreSQL {ms:.2} ms")),
        run.client_ms,
        run.p50_ms,
        run.p95_ms,
        run.p99_ms,
        run.requests,
        run.peak_mib,
        written(run.written_kib, "KiB written"),
        written(run.rows, "rows"),
    );
    if let Some(failure) = &run.first_failure {
        println!("    {} flows failed, the first: {failure}", run.failures);
    }
}

/// The table, what it means on the machine of the budgets, and the ratios. `speed` holds readings of the
/// yardstick from between the runs.
pub(crate) fn print_summary(cases: &[Case], speed: &[f64]) {
    println!("\nMedians with their range; CPU and counts are per issuance.\n\n{HEADER}");
    for case in cases {
        println!("{}", row(case));
    }
    println!("\n{LEGEND}\n");
    for case in cases {
        print_per_request(case);
    }
    if let Some(speed) = Spread::of(speed.iter().copied()) {
        print_speed(cases, speed);
    }
    print_ratios(cases);
    print_parts(cases);
}

/// What CAA and DNSSEC cost, each and together, against the same without them.
fn print_parts(cases: &[Case]) {
    let median = |case: &Case| Some(case.spread(|run| run.server_ms)?.median);
    let is_bare = |case: &&Case| case.proof == Proof::Names(ByNames::of(false, false, false));
    for bare in cases.iter().filter(is_bare) {
        let Some(without) = median(bare) else {
            continue;
        };
        println!("\n{}: {without:.2} ms of server CPU", bare.label());
        let alike = cases.iter().filter(|case| case.kind == bare.kind);
        for case in alike {
            if let (Proof::Names(how), Some(with)) = (case.proof, median(case))
                && (how.asks_caa || how.asks_dnssec)
            {
                let more = with - without;
                let percent = 100.0 * more / without;
                println!("  {}: {more:+.2} ms, {percent:+.0} %", how.label());
            }
        }
    }
}

fn row(case: &Case) -> String {
    let figure = |spread: Option<Spread>, digits: usize| {
        spread.map_or("-".to_owned(), |spread| format!("{spread:.digits$}"))
    };
    let median = |spread: Option<Spread>, digits: usize| {
        spread.map_or("-".to_owned(), |spread| {
            format!("{:.digits$}", spread.median)
        })
    };
    let cells = [
        case.server(),
        case.proof.label().to_owned(),
        case.concurrency.to_string(),
        figure(case.spread(|run| run.rate), 0),
        figure(case.spread(|run| run.server_ms), 2),
        figure(case.optional(|run| run.postgres_ms), 2),
        median(case.spread(|run| run.client_ms), 2),
        [
            median(case.spread(|run| run.p50_ms), 0),
            median(case.spread(|run| run.p95_ms), 0),
            median(case.spread(|run| run.p99_ms), 0),
        ]
        .join(" / "),
        median(case.spread(|run| run.requests), 1),
        median(case.optional(|run| run.statements), 1),
        median(case.optional(|run| run.commits), 2),
        median(case.spread(|run| run.peak_mib), 0),
        case.runs.len().to_string(),
        median(case.optional(|run| run.written_kib), 1),
        median(case.optional(|run| run.rows), 1),
    ];
    format!("| {} |", cells.join(" | "))
}

/// Of the last run.
fn print_per_request(case: &Case) {
    let Some(run) = case.runs.last() else { return };
    if let (Some(statements), Some(commits)) = (run.statements, run.commits) {
        println!(
            "{}: {:.2} statements and {:.2} commits per request",
            case.label(),
            statements / run.requests,
            commits / run.requests
        );
    }
}

fn print_speed(cases: &[Case], speed: Spread) {
    let factor = speed.median / REFERENCE_MICROSECONDS;
    println!(
        "\nAn ECDSA P-256 verification took {speed:.1} us of CPU here; on the machine of the budgets it took \
         {REFERENCE_MICROSECONDS} us.\nThis machine is {factor:.2} times as slow. At the speed of that machine:\n"
    );
    for case in cases {
        let rate = case.spread(|run| run.rate);
        if let (Some(rate), Some(cpu)) = (rate, case.spread(|run| run.server_ms)) {
            println!(
                "{}: about {:.0} issuances/s, {:.2} ms of server CPU",
                case.label(),
                rate.median * factor,
                cpu.median / factor
            );
        }
    }
}

fn print_ratios(cases: &[Case]) {
    println!();
    let mut loads: Vec<(Proof, usize)> = Vec::new();
    for case in cases {
        let load = (case.proof, case.concurrency);
        if !loads.contains(&load) {
            loads.push(load);
        }
    }
    for load in loads {
        let alike = cases
            .iter()
            .filter(|case| (case.proof, case.concurrency) == load);
        print_ratios_of(&alike.collect::<Vec<_>>());
    }
}

/// Of servers under the same load.
fn print_ratios_of(cases: &[&Case]) {
    let rate = |kind: Kind| {
        let found = cases.iter().find(|case| case.kind == kind);
        found.and_then(|case| Some((case, case.spread(|run| run.rate)?.median)))
    };
    let pairs = [
        (Kind::Postgres, Kind::Sqlite),
        (Kind::Sqlite, Kind::Pebble),
        (Kind::Postgres, Kind::Pebble),
    ];
    for (one, other) in pairs {
        if let (Some((one, fast)), Some((other, slow))) = (rate(one), rate(other)) {
            println!(
                "{} / {}: {:.2}",
                one.label(),
                other.kind.label(),
                fast / slow
            );
        }
    }
}
