//! Lets years pass over a busy installation and says what its tables have come to; see `testkit::soak`.
//!
//! `cargo xtask soak` runs it.

use std::path::PathBuf;

use store::testing::Database;
use store::testing::report::{say, stopwatch};
use testkit::soak::{Sample, Soak, chart, soak};

/// The columns of the table.
const TABLES: [&str; 9] = [
    "acme_order",
    "acme_authorization",
    "certificate",
    "lineage",
    "revocation",
    "domain_validation",
    "audit",
    "session",
    "crl",
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [engine, orders, days, audit_days, picture] = &arguments[..] else {
        return Err("soak sqlite|postgres ORDERS DAYS AUDIT-DAYS PICTURE".into());
    };
    let wanted = Soak {
        orders: orders.parse()?,
        days: days.parse()?,
        step: 1,
        audit_days: audit_days.parse()?,
    };
    let database = match engine.as_str() {
        "sqlite" => Database::sqlite(),
        _ => Database::postgres().await.ok_or("no PostgreSQL is given")?,
    };
    let heads = TABLES.join(" | ");
    say(&format!("| day | {heads} | MB | octets a certificate |"));
    say(&format!("|--:|{}--:|--:|", "--:|".repeat(TABLES.len())));
    let begun = stopwatch();
    let samples = soak(database, wanted, |sample| say(&row(sample))).await;
    let took = begun.elapsed().as_secs_f64();
    let rate = f64::from(wanted.orders) / took;
    say(&format!(
        "\n{orders} orders in {days} days took {took:.0} s, {rate:.0} a second"
    ));
    std::fs::write(PathBuf::from(picture), chart(&samples))?;
    Ok(())
}

fn row(sample: &Sample) -> String {
    let rows = TABLES.map(|table| sample.of(table).to_string()).join(" | ");
    let certificates = sample.of("certificate").max(1);
    let (megabytes, each) = (sample.bytes / 1_000_000, sample.bytes / certificates);
    format!("| {} | {rows} | {megabytes} | {each} |", sample.day)
}
