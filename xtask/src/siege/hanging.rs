//! 1,500 validations of one tenant's two accounts against a web server that never answers (H1, H2): another tenant's
//! validation and a CRL do not wait for them.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail};

use super::stage::{HANGING, Stage};
use super::{Options, Promise};
use crate::acme_client::Client;
use crate::acme_client::certificate::leaf;
use crate::acme_client::csr::Csr;
use crate::acme_client::plain;
use crate::server::chancery::{Access, DOMAIN};
use crate::stopwatch::Stopwatch;

const ACCOUNTS: usize = 2;
const ORDERS: usize = 15;
const NAMES: usize = 50;
/// A CRL is waited for so long.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn attack(options: &Options, binary: &Path) -> anyhow::Result<Vec<Promise>> {
    let stage = Stage::start(options, binary, None).await?;
    let attacker = stage.chancery.another_reseller("Hang", HANGING).await?;
    let mut client = stage.good.client().await?;
    let quiet = validate(&stage, &mut client, "quiet").await?;
    let before = revoke(&stage, &mut client, "before").await?;
    let orders = if options.short { ORDERS / 5 } else { ORDERS };
    let answered = hang(&stage.good.bound_by(&attacker), orders).await?;
    println!("hanging: {answered} validations are under way");
    tokio::time::sleep(Duration::from_secs(if options.short { 1 } else { 5 })).await;
    let beside = validate(&stage, &mut client, "beside").await?;
    let published = revoke(&stage, &mut client, "published").await?;
    Ok(vec![
        Promise::seconds(
            "another tenant's validation takes longer by",
            beside.saturating_sub(quiet),
            1.0,
        ),
        Promise::seconds(
            "a CRL takes longer by",
            published.saturating_sub(before),
            2.0,
        ),
    ])
}

/// Asks for validations of names behind which nobody answers.
async fn hang(access: &Access, orders: usize) -> anyhow::Result<usize> {
    let mut answered = 0;
    for account in 0..ACCOUNTS {
        let mut client = access.client().await?;
        for order in 0..orders {
            let names: Vec<String> = (0..NAMES)
                .map(|name| format!("a{account}-o{order}-n{name}.{HANGING}"))
                .collect();
            let order = client.new_order_of(&names).await?;
            answered += client.answer_all(&order).await?;
        }
    }
    Ok(answered)
}

/// How long one order by http-01 takes.
async fn validate(stage: &Stage, client: &mut Client, label: &str) -> anyhow::Result<Duration> {
    let clock = Stopwatch::start();
    certificate(stage, client, label).await?;
    Ok(clock.elapsed())
}

/// How long it takes from a revocation to the CRL with it.
async fn revoke(stage: &Stage, client: &mut Client, label: &str) -> anyhow::Result<Duration> {
    let certificate = certificate(stage, client, &format!("revoked-{label}")).await?;
    let (_, pki, _) = stage.chancery.addresses();
    let path = stage.chancery.crl_path().await?;
    let old = plain::bytes(pki, &path).await?;
    let clock = Stopwatch::start();
    client.revoke(&certificate).await?;
    while clock.elapsed() < PATIENCE {
        if plain::bytes(pki, &path).await? != old {
            return Ok(clock.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    bail!("no CRL came within {} s", PATIENCE.as_secs())
}

/// The first certificate of a chain, DER.
async fn certificate(stage: &Stage, client: &mut Client, label: &str) -> anyhow::Result<Vec<u8>> {
    let name = format!("{label}.{DOMAIN}");
    let csr = Csr::make(name.clone())?;
    let order = client.new_order(&name).await?;
    let order = client.complete(order, &csr, &stage.answers, |_| {}).await?;
    let url = order.certificate.context("no certificate")?;
    let chain = client.certificate(&url).await?;
    Ok(leaf(&chain)?.to_vec())
}
