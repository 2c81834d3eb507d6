//! Figures of each run and a Markdown table of all of them.

use super::load::Phase;
use super::statistics::{Spread, percentile};
use super::target::{Kind, Reading};
use super::yardstick::REFERENCE_MICROSECONDS;

const STATEMENTS: &str = "chancery_store_statements_total";
const COMMITS: &str = "chancery_store_commits_total";

const HEADER: &str = "\
| server | validation | c | issuances/s | server CPU ms | PostgreSQL CPU ms | client CPU ms \
| flow p50 / p95 / p99 ms | requests | statements | commits | peak MiB | runs |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|";

/// One server with one kind of validation.
pub(crate) struct Case {
    /// The server.
    pub(crate) kind: Kind,
    /// Whether validation is real http-01.
    pub(crate) is_real: bool,
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
    first_failure: Option<String>,
    /// Flows without a certificate.
    pub(crate) failures: usize,
}

impl Case {
    /// Without runs yet.
    pub(crate) fn new(kind: Kind, is_real: bool) -> Self {
        Self {
            kind,
            is_real,
            certificates: None,
            runs: Vec::new(),
        }
    }

    /// The same on a filled database.
    pub(crate) fn on(kind: Kind, is_real: bool, certificates: u64) -> Self {
        Self {
            certificates: Some(certificates),
            ..Self::new(kind, is_real)
        }
    }

    /// What a reader calls it.
    pub(crate) fn label(&self) -> String {
        format!("{}, {}", self.server(), self.validation())
    }

    fn server(&self) -> String {
        let label = self.kind.label();
        self.certificates.map_or_else(
            || label.to_owned(),
            |certificates| format!("{label}, {certificates} certificates before"),
        )
    }

    fn validation(&self) -> &'static str {
        if self.is_real {
            "http-01"
        } else {
            "self-valid"
        }
    }

    fn spread(&self, figure: impl Fn(&Run) -> f64) -> Option<Spread> {
        Spread::of(self.runs.iter().map(figure))
    }

    fn optional(&self, figure: impl Fn(&Run) -> Option<f64>) -> Option<Spread> {
        Spread::of(self.runs.iter().filter_map(figure))
    }
}

impl Run {
    /// From what the load saw and what the server had used before and after.
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of one run are far below 2^52"
    )]
    pub(crate) fn new(phase: &Phase, before: &Reading, after: &Reading) -> Self {
        let issued = phase.flows_ms.len() as f64;
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
            p50_ms: percentile(&phase.flows_ms, 50),
            p95_ms: percentile(&phase.flows_ms, 95),
            p99_ms: percentile(&phase.flows_ms, 99),
            requests: phase.requests as f64 / issued,
            statements: counters.total(STATEMENTS).map(|count| count / issued),
            commits: counters.total(COMMITS).map(|count| count / issued),
            peak_mib: after.peak_kib as f64 / 1024.0,
            first_failure: phase.first_failure.clone(),
            failures: phase.failures,
        }
    }
}

/// One line per run, as it ends.
pub(crate) fn print_run(case: &Case, round: usize, run: &Run) {
    println!(
        "==> {}, run {round}: {:.0} issuances/s, server {:.2} ms{}, client {:.2} ms, \
         flow {:.0} / {:.0} / {:.0} ms, {:.1} requests, peak {:.0} MiB",
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
    );
    if let Some(failure) = &run.first_failure {
        println!("    {} flows failed, the first: {failure}", run.failures);
    }
}

/// The table, what it means on the machine of the budgets, and the ratios. `speed` holds readings of the
/// yardstick from between the runs.
pub(crate) fn print_summary(cases: &[Case], concurrency: usize, speed: &[f64]) {
    println!("\nMedians with their range; CPU and counts are per issuance.\n\n{HEADER}");
    for case in cases {
        println!("{}", row(case, concurrency));
    }
    println!();
    for case in cases {
        print_per_request(case);
    }
    if let Some(speed) = Spread::of(speed.iter().copied()) {
        print_speed(cases, speed);
    }
    print_ratios(cases);
}

fn row(case: &Case, concurrency: usize) -> String {
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
        case.validation().to_owned(),
        concurrency.to_string(),
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
    for is_real in [false, true] {
        let rate = |kind: Kind| {
            let found = cases
                .iter()
                .find(|case| case.kind == kind && case.is_real == is_real);
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
}
