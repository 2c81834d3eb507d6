//! A SQLite file belongs to one `chancery serve`: a second one says so and ends, and touches no job of the first.

use std::net::Ipv4Addr;
use std::process::ExitStatus;
use std::time::Duration;

use anyhow::{Context, ensure};
use futures_util::FutureExt as _;
use instant_acme::{ChallengeType, Identifier, NewOrder};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Child;

use crate::instant::register_at;
use crate::server::{Server, end, wait_for};
use crate::{on_postgres, on_sqlite};

/// Within which a server that may not start has ended.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn ended(process: &mut Child) -> anyhow::Result<ExitStatus> {
    let status = tokio::time::timeout(PATIENCE, process.wait()).await;
    Ok(status.context("the second server runs")??)
}

/// Starts a second server and expects that it ends with a sentence about the first.
async fn is_refused(server: &Server) -> anyhow::Result<()> {
    let (mut second, _) = server.spawn_beside("second.log")?;
    let status = ended(&mut second).await?;
    let log = server.log("second.log");
    ensure!(!status.success() && status.code().is_some(), "{status}");
    let id = server.process_id().context("the first server has ended")?;
    let sentence = format!("is served already, by process {id} since 2");
    ensure!(log.contains(&sentence), "{log}");
    ensure!(log.contains("end that server first"), "{log}");
    ensure!(!log.contains("chancery serves"), "{log}");
    Ok(())
}

async fn refuses(server: &Server) -> anyhow::Result<()> {
    is_refused(server).await?;
    // The first one is as it was, and commands work beside it.
    register_at(server).await?;
    server.certificates().await?;
    is_refused(server).await
}

async fn leaves_jobs_alone(server: &Server) -> anyhow::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, server.http_port)).await?;
    let account = register_at(server).await?;
    let names = [Identifier::Dns("example.com".to_owned())];
    let mut order = account.new_order(&NewOrder::new(&names)).await?;
    let mut authorizations = order.authorizations();
    let mut authorization = authorizations.next().await.context("an authorization")??;
    let mut challenge = authorization
        .challenge(ChallengeType::Http01)
        .context("http-01")?;
    challenge.set_ready().await?;
    let (first, _) = tokio::time::timeout(PATIENCE, listener.accept()).await??;

    // The first server is at work on the job.
    is_refused(server).await?;
    let again = listener.accept().now_or_never();
    ensure!(again.is_none(), "the same name was probed again");
    drop(first);
    Ok(())
}

/// What a server that was killed leaves behind holds nobody up.
async fn follows_a_dead_one(server: &mut Server) -> anyhow::Result<()> {
    let (mut second, _) = server.spawn_beside("second.log")?;
    ensure!(!ended(&mut second).await?.success(), "two servers");
    server.kill().await?;
    let (mut next, door) = server.spawn_beside("next.log")?;
    let opened = wait_for(door, &mut next).await;
    ensure!(opened.is_ok(), "{opened:?}\n{}", server.log("next.log"));
    end(&mut next).await
}

/// Asked to end in the first moment in which it can be reached.
async fn ends_well_at_once(server: &Server) -> anyhow::Result<()> {
    let (mut second, door) = server.spawn_beside("second.log")?;
    let reached = async {
        while TcpStream::connect(door).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, reached).await?;
    end(&mut second).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sb11_a_second_server_on_one_sqlite_file_does_not_start() -> anyhow::Result<()> {
    on_sqlite(refuses).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sb11_a_second_server_takes_no_job_of_the_first() -> anyhow::Result<()> {
    on_sqlite(leaves_jobs_alone).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sb11_a_killed_server_has_a_successor() -> anyhow::Result<()> {
    let database = store::testing::Database::sqlite();
    let mut server = Server::start(&database).await?;
    let outcome = follows_a_dead_one(&mut server).await;
    if outcome.is_err() {
        server.show_log();
    }
    outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn sb11_a_server_that_is_asked_to_end_as_its_doors_open_ends_well() -> anyhow::Result<()> {
    on_postgres(ends_well_at_once).await
}
