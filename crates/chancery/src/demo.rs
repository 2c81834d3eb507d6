//! `chancery demo`: a server with sample data that shows its first certificate, then runs until Ctrl-C.

mod client;
mod sample;
mod show;

use std::net::SocketAddr;

use anyhow::Context;
use flow::App;

use crate::config::{Config, Lab};
use crate::{logging, serve};

/// The domain that the demo enrols.
const DOMAIN: &str = "example.test";
/// The port that stands for 80 in the demo's lab.
const HTTP_PORT: u16 = 5002;

/// Runs the demo.
pub(crate) async fn run(config: Config) -> anyhow::Result<()> {
    let config = in_a_lab(config).await?;
    logging::start(&config)?;
    let mut running = serve::start(&config).await?;
    tokio::select! {
        shown = show_first(&config, &running.app) => {
            shown?;
            running.signals.received().await;
        }
        () = running.signals.received() => {}
    }
    running.stop().await;
    Ok(())
}

async fn show_first(config: &Config, app: &App) -> anyhow::Result<()> {
    let sample = sample::load_or_create(config, app).await?;
    show::credentials(&sample);
    client::obtain(config, &sample)
        .await
        .context("the first certificate could not be obtained")?;
    sample.save(config)?;
    show::what_to_do(&sample);
    Ok(())
}

/// Everything on loopback, quiet logs, and names that resolve to this machine. Addresses stay what they
/// were at the first start, so that URLs keep working.
async fn in_a_lab(mut config: Config) -> anyhow::Result<Config> {
    let http_port = match &config.lab {
        Some(lab) if lab.http_port != 80 => lab.http_port,
        Some(_) | None => free_port(HTTP_PORT).await?,
    };
    let stored = sample::Sample::read(&config)?;
    config.is_demo = true;
    config.lab = Some(Lab {
        addresses: vec![
            format!("{DOMAIN}=127.0.0.1"),
            format!("*.{DOMAIN}=127.0.0.1"),
        ],
        http_port: stored
            .as_ref()
            .map_or(http_port, |sample| sample.http01_port),
        tls_port: 5001,
        ..Lab::default()
    });
    if config.log == "info" {
        "warn,demo=info".clone_into(&mut config.log);
    }
    Ok(config)
}

/// The wished port if it is free, or any other.
async fn free_port(wished: u16) -> anyhow::Result<u16> {
    let loopback = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
    if tokio::net::TcpListener::bind(loopback(wished))
        .await
        .is_ok()
    {
        return Ok(wished);
    }
    let any = tokio::net::TcpListener::bind(loopback(0)).await?;
    Ok(any.local_addr()?.port())
}
