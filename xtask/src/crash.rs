//! `cargo xtask crash`: the server is killed at random moments under load, as a power cut would end
//! its process, and after each restart everything that it ever acknowledged must still be there.
//!
//! The clients write down what they were told ([`record`]), each kill is one [`round`], and [`audit`]
//! compares the notes with the server. A flush that lies is not found this way: only the process
//! dies, the operating system goes on.

use std::path::Path;
use std::time::Duration;

use anyhow::bail;
use clap::{Args, ValueEnum};

use crate::launch::Launch;
use crate::server::chancery::{ALL_HERE, Chancery, Settings, Validation};
use crate::server::postgres::{Durability, Postgres};
use crate::stopwatch::Stopwatch;

mod audit;
mod record;
mod round;
mod worker;

use audit::Audit;
use round::Site;

/// How to test.
#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The database
    #[arg(long, value_enum)]
    engine: Engine,
    /// How often the server is killed
    #[arg(long, default_value_t = 50, value_name = "N")]
    kills: usize,
    /// Workers that order, finalize, download and revoke
    #[arg(long, default_value_t = 8, value_name = "N")]
    workers: usize,
    /// The server is killed after at most this many milliseconds of load
    #[arg(long, default_value_t = 1500, value_name = "MS")]
    longest_round_ms: u32,
    /// Give up when it takes longer than this in all
    #[arg(long, default_value_t = 30, value_name = "MINUTES")]
    limit_minutes: u64,
    #[command(flatten)]
    launch: Launch,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Engine {
    Postgres,
    Sqlite,
}

/// Kills, checks, prints the counts and fails if anything was lost.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let binary = options.launch.prepare(None)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(kill_and_check(options, &binary))
}

async fn kill_and_check(options: &Options, binary: &Path) -> anyhow::Result<()> {
    let mut postgres = None;
    let mut database = None;
    if options.engine == Engine::Postgres {
        let cluster = Postgres::start(None, Durability::Full)?;
        cluster.create_database("crash")?;
        database = Some(cluster.url("crash"));
        postgres = Some(cluster);
    }
    let answers = round::Answers::default();
    let port = answers.serve().await?.port();
    let settings = Settings {
        binary,
        core: None,
        database,
        validation: Validation::Http01 { port },
        descriptors: None,
        has_limits: false,
        addresses: ALL_HERE.to_owned(),
    };
    let chancery = Chancery::start(settings).await?;
    let mut site = Site::open(chancery, answers, options.workers).await?;
    let audit = kill_often(options, &mut site).await;
    drop(site);
    drop(postgres);
    let audit = audit?;
    println!("{audit}");
    if !audit.is_clean() {
        bail!("something acknowledged was lost");
    }
    Ok(())
}

async fn kill_often(options: &Options, site: &mut Site) -> anyhow::Result<Audit> {
    let started = Stopwatch::start();
    let limit = Duration::from_secs(options.limit_minutes * 60);
    let mut audit = Audit::default();
    for kill in 1..=options.kills {
        if started.elapsed() > limit {
            bail!("only {} of {} kills in time", kill - 1, options.kills);
        }
        let load = round::random_pause(options.longest_round_ms)?;
        site.load_and_kill(load).await?;
        let restart = site.restart().await?;
        site.finish_orders(&mut audit).await?;
        site.check_recent(&mut audit).await?;
        audit.restarts(restart);
        println!(
            "==> kill {kill} of {} after {} ms of load: healthy again in {} ms, {}",
            options.kills,
            load.as_millis(),
            restart.as_millis(),
            audit.brief()
        );
    }
    site.check_everything(&mut audit).await?;
    Ok(audit)
}
