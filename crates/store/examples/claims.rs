//! What taking jobs costs when few wait and when very many do.
//!
//! `cargo xtask bench jobs` runs it on empty databases.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::{JobId, NodeId, Random, Scope, TenantId, Timestamp};
use store::queue::job::{self, Claim, Job};
use store::testing::report::{say, stopwatch};
use store::testing::settle;
use store::{DatabaseUrl, Error, Options, Scoped, Store, WriteTx};

/// How many jobs are taken at a time.
const TAKEN: i64 = 8;
/// How often.
const TIMES: usize = 500;
/// Jobs inserted in one transaction.
const PIECE: u64 = 1_000;
/// Among how many tenants, of which the first has half of the jobs.
const TENANTS: u64 = 100;
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let databases = arguments.as_chunks::<2>().0;
    if databases.is_empty() {
        return Err("claims DATABASE JOBS [DATABASE JOBS…]".into());
    }
    say(
        "| jobs that wait | taking 8, the statement: median, 99 % | with its commit | nothing due: median, 99 % |",
    );
    say("|--:|--:|--:|--:|");
    for [location, jobs] in databases {
        measure(&location.parse()?, jobs.parse()?).await?;
    }
    Ok(())
}

async fn measure(location: &DatabaseUrl, jobs: u64) -> Result<(), Failure> {
    let store = Store::open(location, Options::default()).await?;
    store.migrate().await?;
    let rows = store.within(Scope::System("a database is measured"));
    let random = Count(AtomicU64::new(1));
    fill(rows, jobs, &random).await?;
    settle(location).await;
    let node = NodeId::generate(NOW, &random);
    let claim = Claim {
        node,
        queue: "bulk",
        now: NOW,
        lease_ends_at: NOW.plus(Duration::from_secs(20)),
        limit: TAKEN,
    };
    let (mut statements, mut commits, mut looks) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..TIMES {
        let began = stopwatch();
        let (taken, statement) = rows.write(claim, take).await?;
        commits.push(began.elapsed());
        statements.push(statement);
        if i64::try_from(taken.len()) != Ok(TAKEN) {
            return Err(format!("{} jobs were taken", taken.len()).into());
        }
        // The next claim meets the same number.
        rows.write(taken, put_back).await?;
        let began = stopwatch();
        rows.read("crl".to_owned(), job::next_due).await?;
        looks.push(began.elapsed());
    }
    say(&format!(
        "| {jobs} | {} | {} | {} |",
        shown(statements),
        shown(commits),
        shown(looks)
    ));
    store.close().await;
    Ok(())
}

/// Takes jobs; says how long the statement took.
async fn take(tx: &mut WriteTx, claim: &Claim) -> Result<(Vec<Job>, Duration), Error> {
    let began = stopwatch();
    let taken = job::claim(tx, claim).await?;
    Ok((taken, began.elapsed()))
}

/// Ends jobs, and lets as many new ones wait.
async fn put_back(tx: &mut WriteTx, taken: &Vec<Job>) -> Result<(), Error> {
    for job in taken {
        job::delete(tx, job.id).await?;
        let again = Job {
            leased_by: None,
            due_at: NOW,
            attempt: 0,
            ..job.clone()
        };
        job::insert(tx, &again).await?;
    }
    Ok(())
}

async fn fill(rows: Scoped<'_>, jobs: u64, random: &Count) -> Result<(), Error> {
    let mut number = 0;
    while number < jobs {
        let until = (number + PIECE).min(jobs);
        let piece: Vec<Job> = (number..until)
            .map(|number| waiting(number, random))
            .collect();
        rows.write(piece, insert).await?;
        number = until;
    }
    Ok(())
}

async fn insert(tx: &mut WriteTx, piece: &Vec<Job>) -> Result<(), Error> {
    for job in piece {
        job::insert(tx, job).await?;
    }
    Ok(())
}

/// Half of them are of one tenant.
fn waiting(number: u64, random: &Count) -> Job {
    let tenant = if number.is_multiple_of(2) {
        0
    } else {
        number % TENANTS
    };
    Job {
        id: JobId::generate(NOW, random),
        due_at: NOW.minus(Duration::from_millis(number % 600_000)),
        priority: i64::from(!number.is_multiple_of(100)),
        attempt: 0,
        max_attempts: 8,
        leased_by: None,
        share_of: Some(TenantId::from_bytes(u128::from(tenant).to_be_bytes())),
        queue: "bulk".to_owned(),
        kind: "mail".to_owned(),
        dedup_key: None,
        payload: format!("{{\"mail\":{number}}}"),
        last_error: None,
        request_id: None,
    }
}

/// The median and the 99th percentile.
fn shown(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |percent: usize| {
        let place = times.len().saturating_sub(1) * percent / 100;
        times.get(place).map_or(0, Duration::as_micros)
    };
    format!("{} us, {} us", at(50), at(99))
}

struct Count(AtomicU64);

impl Random for Count {
    fn fill(&self, bytes: &mut [u8]) {
        let next = self.0.fetch_add(1, Ordering::Relaxed);
        let mixed = next.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
        for (byte, random) in bytes.iter_mut().zip(mixed.into_iter().cycle()) {
            *byte = random;
        }
    }
}
