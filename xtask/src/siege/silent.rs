//! 236 connections that say nothing, to a process that may have 256 descriptors (H4).

use std::net::Ipv4Addr;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use tokio::time::timeout;

use super::stage::{Stage, connect_from};
use super::{Options, Promise};
use crate::acme_client::plain;
use crate::stopwatch::Stopwatch;

const DESCRIPTORS: u32 = 256;
const CONNECTIONS: usize = 236;
const ATTACKER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

pub(super) async fn attack(options: &Options, binary: &Path) -> anyhow::Result<Vec<Promise>> {
    let stage = Stage::start(options, binary, Some(DESCRIPTORS)).await?;
    let (acme, pki, internal) = stage.chancery.addresses();
    let crl = stage.chancery.crl_path().await?;
    let mut silent = Vec::new();
    for _ in 0..CONNECTIONS {
        silent.push(connect_from(ATTACKER, acme).await?);
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let asked = Stopwatch::start();
    let answer = timeout(Duration::from_secs(10), plain::get(pki, &crl)).await;
    let crl = asked.elapsed();
    answer.context("the CRL was not served")??;
    let asked = Stopwatch::start();
    let answer = timeout(Duration::from_secs(10), plain::get(internal, "/healthz")).await;
    let health = asked.elapsed();
    answer.context("health was not told")??;
    let asked = Stopwatch::start();
    let client = timeout(Duration::from_secs(10), stage.good.client()).await;
    let registered = asked.elapsed();
    client.context("a good client was not served")??;
    drop(silent);
    Ok(vec![
        Promise::seconds("a CRL", crl, 1.0),
        Promise::seconds("/healthz", health, 1.0),
        Promise::seconds("a good client registers", registered, 1.0),
    ])
}
