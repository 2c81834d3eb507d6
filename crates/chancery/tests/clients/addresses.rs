//! Several nodes on one database have to be reached where they say: one that starts in the way of another is refused with
//! what to set, one that follows a dead one is not.

use std::net::SocketAddr;

use anyhow::{Context, ensure};
use store::testing::Database;
use tokio::process::Child;

use crate::alone::ended;
use crate::instant::register_at;
use crate::on_postgres;
use crate::server::{Server, end, free_ports, wait_for};

/// An address of a network that is nobody's.
const ELSEWHERE: &str = "--internal-url=http://192.0.2.1:8081";

/// Starts a node with an internal URL and expects that it ends with these words.
async fn is_refused(server: &Server, internal_url: &str, words: &[&str]) -> anyhow::Result<()> {
    let (mut second, _) = server.spawn_beside_with("second.log", &[internal_url])?;
    let status = ended(&mut second).await?;
    let log = server.log("second.log");
    ensure!(!status.success() && status.code().is_some(), "{status}");
    for words in words {
        ensure!(log.contains(words), "not told: {words}\n{log}");
    }
    ensure!(!log.contains("chancery serves"), "{log}");
    Ok(())
}

async fn starts(server: &Server, internal_url: &str) -> anyhow::Result<(Child, SocketAddr)> {
    let (mut next, door) = server.spawn_beside_with("next.log", &[internal_url])?;
    let opened = wait_for(door, &mut next).await;
    ensure!(opened.is_ok(), "{opened:?}\n{}", server.log("next.log"));
    Ok((next, door))
}

async fn refuses_the_same_address(server: &Server) -> anyhow::Result<()> {
    let url = server.internal_url()?;
    let same = format!("--internal-url={url}");
    let here = format!("internal_url is {url} here and at node nod_");
    let words = [here.as_str(), "give each node an internal_url of its own"];
    is_refused(server, &same, &words).await?;
    let log = server.log("serve.log");
    ensure!(log.contains("another node starts at"), "{log}");
    // The first one is as it was, and another one can be beside it on this machine.
    register_at(server).await?;
    is_refused(server, &same, &words).await?;
    let (mut second, _) = starts(server, "--plain-http=false").await?;
    end(&mut second).await
}

async fn refuses_loopback_beside_a_network(server: &Server) -> anyhow::Result<()> {
    let url = server.internal_url()?;
    let only = format!("its internal_url is {url}, which only its own machine reaches");
    let words = [only.as_str(), "set internal_url there"];
    is_refused(server, ELSEWHERE, &words).await
}

async fn doctor_says_so(server: &Server) -> anyhow::Result<()> {
    let (is_well, said) = server.doctor(None, &[]).await?;
    ensure!(is_well, "{said}");
    let url = server.internal_url()?;
    let alone = format!("ok    nodes: 1 seen lately; only this machine reaches {url}");
    ensure!(said.contains(&alone), "{said}");
    // From another machine with the default address: the node is not the one that doctor asks about.
    let [free] = free_ports()?;
    let (is_well, said) = server
        .doctor(Some(free), &[&format!("--internal-url={url}")])
        .await?;
    ensure!(!is_well, "{said}");
    ensure!(said.contains("WRONG nodes: internal_url is"), "{said}");
    let (is_well, said) = server.doctor(None, &[ELSEWHERE]).await?;
    ensure!(!is_well, "{said}");
    ensure!(said.contains("WRONG nodes: node nod_"), "{said}");
    ensure!(said.contains("set internal_url there"), "{said}");
    Ok(())
}

/// At the address that it had itself.
async fn follows_a_dead_one(server: &mut Server) -> anyhow::Result<()> {
    let same = format!("--internal-url={}", server.internal_url()?);
    server.kill().await?;
    let (mut next, _) = starts(server, &same).await?;
    next.kill().await?;
    let (mut next, _) = starts(server, &same).await?;
    end(&mut next).await
}

/// None of them can say that it is alive before the other one has looked.
async fn one_of_two_at_once(server: &mut Server) -> anyhow::Result<()> {
    let same = format!("--internal-url={}", server.internal_url()?);
    server.kill().await?;
    let (mut one, one_door) = server.spawn_beside_with("one.log", &[&same])?;
    let (mut two, two_door) = server.spawn_beside_with("two.log", &[&same])?;
    let logs = || format!("{}\n{}", server.log("one.log"), server.log("two.log"));
    let (status, other, door) = tokio::select! {
        status = ended(&mut one) => (status, &mut two, two_door),
        status = ended(&mut two) => (status, &mut one, one_door),
    };
    ensure!(!status.with_context(logs)?.success(), "{}", logs());
    wait_for(door, other).await.with_context(logs)?;
    end(other).await
}

/// Runs a test that ends the server itself.
async fn on<F>(database: Option<Database>, test: F) -> anyhow::Result<()>
where
    F: AsyncFnOnce(&mut Server) -> anyhow::Result<()>,
{
    let Some(database) = database else {
        crate::program::skip("CHANCERY_TEST_POSTGRES_URL");
        return Ok(());
    };
    let mut server = Server::start(&database).await?;
    let outcome = test(&mut server).await;
    if outcome.is_err() {
        server.show_log();
    }
    outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn sb15_a_second_node_at_the_same_address_is_refused() -> anyhow::Result<()> {
    on_postgres(refuses_the_same_address).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sb15_a_node_beside_the_default_address_is_refused() -> anyhow::Result<()> {
    on_postgres(refuses_loopback_beside_a_network).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sb15_doctor_says_what_is_wrong_with_addresses() -> anyhow::Result<()> {
    on_postgres(doctor_says_so).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sb15_a_killed_node_starts_again_at_its_address_on_postgresql() -> anyhow::Result<()> {
    on(Database::postgres().await, follows_a_dead_one).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sb15_a_killed_server_starts_again_at_its_address_on_sqlite() -> anyhow::Result<()> {
    on(Some(Database::sqlite()), follows_a_dead_one).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sb15_of_two_at_one_address_one_starts() -> anyhow::Result<()> {
    on(Database::postgres().await, one_of_two_at_once).await
}
