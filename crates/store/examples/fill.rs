//! Fills a database with a believable history of so many certificates; see `store::testing::fill`.
//!
//! `cargo xtask fill --engine sqlite|postgres --certificates N --into PATH|URL` runs it.

use std::time::Duration;

use base::{Scope, Timestamp};
use store::testing::fill::{Shape, fill, shape_of};
use store::testing::report::{say, stopwatch};
use store::testing::{settle, size};
use store::{DatabaseUrl, Options, Store};

/// How often it says how far it is.
const PAUSE: Duration = Duration::from_secs(3);

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(location), Some(certificates)) = (arguments.next(), arguments.next()) else {
        return Err("fill sqlite:PATH|postgres://… CERTIFICATES [SEED]".into());
    };
    let location: DatabaseUrl = location.parse()?;
    let shape = Shape {
        certificates: certificates.parse()?,
        seed: arguments.next().map_or(Ok(1), |seed| seed.parse())?,
        now: today(),
    };
    let options = Options {
        // An index of millions of rows takes longer to build than a request may take.
        statement_timeout: Duration::from_secs(3600),
        ..Options::default()
    };
    let store = Store::open(&location, options).await?;
    store.migrate().await?;
    let within = store.within(Scope::System("a database to measure is filled"));
    if let Some(before) = shape_of(within).await? {
        return Err(format!("{} certificates are there already", before.certificates).into());
    }
    let begun = stopwatch();
    let mut said = begun;
    let mut watch = |step: &str, done: u64, of: u64| {
        if said.elapsed() >= PAUSE {
            said = stopwatch();
            let seconds = begun.elapsed().as_secs();
            say(&format!("{seconds:>6} s  {step}: {done} of {of}"));
        }
    };
    fill(&store, within, shape, &mut watch).await?;
    let took = begun.elapsed();
    settle(&location).await;
    let bytes = within.read((), size).await?;
    store.close().await;
    let rate = u128::from(shape.certificates) * 1000 / took.as_millis().max(1);
    say(&format!(
        "{} certificates in {:.1} s, {rate} a second; {} MB, {} bytes a certificate",
        shape.certificates,
        took.as_secs_f64(),
        bytes / 1_000_000,
        u64::try_from(bytes)? / shape.certificates.max(1)
    ));
    Ok(())
}

/// The beginning of this hour.
#[expect(
    clippy::disallowed_methods,
    reason = "a server that is started on it looks at its own clock"
)]
fn today() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let hours = since.unwrap_or_default().as_secs() / 3600;
    Timestamp::from_seconds(i64::try_from(hours * 3600).unwrap_or_default())
}
