//! Durable transactions a second, by engine and number of clients: one 400-byte row each.
//!
//! `cargo run --release -p store --features testing --example commit_rate [SECONDS]`; PostgreSQL
//! is measured when `CHANCERY_TEST_POSTGRES_URL` names a database.

use std::time::{Duration, Instant};

use store::testing::report::stopwatch;
use store::testing::{Database, make_schema};
use store::{Engine, Error, Store, sql, values};

#[tokio::main]
async fn main() -> Result<(), Error> {
    let seconds = std::env::args()
        .nth(1)
        .and_then(|text| text.parse().ok())
        .unwrap_or(3);
    let mut databases = vec![Database::sqlite()];
    databases.extend(Database::postgres().await);
    report([
        "engine",
        "clients",
        "tx/s",
        "commits/s",
        "CPU us/tx",
        "p50 ms",
        "p99 ms",
        "max ms",
    ]);
    for database in databases {
        let store = database.open().await;
        let schema = "CREATE TABLE item (id BIGINT PRIMARY KEY, body TEXT NOT NULL);";
        make_schema(&store, schema).await?;
        for clients in [1, 8, 64, 256] {
            measure(&store, clients, Duration::from_secs(seconds)).await?;
        }
        store.close().await;
        database.remove().await;
    }
    Ok(())
}

async fn measure(store: &Store, clients: i64, length: Duration) -> Result<(), Error> {
    let before = store.counters();
    let (begin, used) = (stopwatch(), cpu_micros());
    let tasks =
        (0..clients).map(|client| tokio::spawn(insert(store.clone(), client, begin, length)));
    let mut waits = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        waits.extend(task.await.unwrap_or(Err(Error::Closed))?);
    }
    let took = begin.elapsed();
    let after = store.counters();
    let done = after.transactions - before.transactions;
    waits.sort_unstable();
    let rate = |count: u64| u128::from(count) * 1000 / took.as_millis().max(1);
    let at = |part: usize| {
        let wait = waits
            .get((waits.len().saturating_sub(1)) * part / 1000)
            .copied();
        format!("{:.2}", wait.unwrap_or_default().as_secs_f64() * 1e3)
    };
    let engine = match store.engine() {
        Engine::Postgres => "PostgreSQL",
        Engine::Sqlite => "SQLite",
    };
    report([
        engine,
        &clients.to_string(),
        &rate(done).to_string(),
        &rate(after.commits - before.commits).to_string(),
        &(cpu_micros().saturating_sub(used) / done.max(1)).to_string(),
        &at(500),
        &at(990),
        &at(1000),
    ]);
    Ok(())
}

async fn insert(
    store: Store,
    client: i64,
    begin: Instant,
    length: Duration,
) -> Result<Vec<Duration>, Error> {
    // Scattered keys, as hashes and serial numbers are.
    let mut key = (client << 40) ^ i64::from(begin.elapsed().subsec_nanos());
    let mut waits = Vec::new();
    while begin.elapsed() < length {
        key = key
            .wrapping_mul(0x5851_f42d_4c95_7f2d)
            .wrapping_add(client * 2 + 1);
        let asked = begin.elapsed();
        let run = store.write(key, |tx, key| {
            Box::pin(async move {
                let insert =
                    sql!("INSERT INTO item (id, body) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING");
                tx.execute(insert, &values![*key, "x".repeat(400)]).await
            })
        });
        run.await?;
        waits.push(begin.elapsed().saturating_sub(asked));
    }
    Ok(waits)
}

/// What this process has used, store and clients together; a shared machine makes rates swing,
/// this much less. The ticks of `/proc/self/stat` (proc(5)) are 10 ms.
fn cpu_micros() -> u64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|tick| tick.parse::<u64>().ok()).sum();
    ticks * 10_000
}

#[expect(clippy::print_stdout, reason = "the report is what it is for")]
fn report(cells: [&str; 8]) {
    let [engine, clients, rate, commits, cpu, median, late, latest] = cells;
    println!(
        "{engine:10} {clients:>7} {rate:>8} {commits:>9} {cpu:>9} {median:>7} {late:>7} {latest:>7}"
    );
}
