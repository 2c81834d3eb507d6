//! `chancery pebble`: takes the place of the test server Pebble, so that test suites of ACME clients run
//! against this server unchanged. Only in builds with the feature `pebble`, which are not for production.
//!
//! It takes Pebble's flags, file and environment, has Pebble's URLs, keeps everything in a temporary database
//! and contacts loopback and private addresses. What Pebble can do and this cannot is refused at the start.

mod arguments;
mod authorities;
mod file;
mod install;
mod management;
mod origins;
mod settings;

use std::ffi::OsString;
use std::process::ExitCode;

use base::Clock as _;
use clap::Parser as _;
use flow::memory::measures::DoorName;
use flow::operations::health::measures;
use flow::operations::node::shut_down;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use web::request::client::TrustedProxies;

use self::arguments::Arguments;
use self::settings::Stage;
use crate::listen::descriptors::{self, Budget};
use crate::listen::{Door, bind};
use crate::lock::ServeLock;
use crate::signals::Signals;
use crate::system::SystemClock;
use crate::{logging, tls};

/// The arguments after `pebble`, when it is the command that was given.
pub(crate) fn arguments() -> Option<Vec<OsString>> {
    let mut arguments = std::env::args_os().skip(1);
    (arguments.next()? == "pebble").then(|| arguments.collect())
}

/// Runs until SIGTERM or SIGINT.
pub(crate) fn main(given: Vec<OsString>) -> ExitCode {
    let arguments = Arguments::parse_from(arguments::with_two_dashes(given));
    let outcome = tokio::runtime::Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(&arguments)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("chancery pebble: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// What listens, and the key of Pebble's settings that says where.
const ACME: (&str, &str) = ("ACME server", "listenAddress");
const MANAGEMENT: (&str, &str) = ("management listener", "managementListenAddress");

async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        anyhow::bail!("another TLS provider was installed first");
    }
    let folder = tempfile::Builder::new()
        .prefix("chancery-pebble-")
        .tempdir()?;
    let anywhere = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    let relying = tokio::net::TcpListener::bind(anywhere).await?;
    let stage = Stage::new(arguments, folder.path(), relying.local_addr()?).await?;
    logging::start(&stage.config)?;
    let lock = ServeLock::take(&stage.config.database, SystemClock.now())?;
    let (app, authorities) = install::install(arguments, &stage).await?;
    let tls = tls::server_config(&stage.config, &app).await?;
    let mut signals = Signals::catch()?;
    let acme = bind(ACME, stage.config.acme_listen).await?;
    let management = bind(MANAGEMENT, stage.management_listen).await?;
    let budget = Budget::of(descriptors::raise());
    let door = |name, listener, tls, router| Door {
        name,
        listener,
        tls,
        router,
        proxies: TrustedProxies::default(),
        connections: budget.of_door(name),
        no_room: measures(&app).requests.no_room(name),
    };
    let origins = origins::router(app.clone(), arguments.environment.noncereject);
    let doors = [
        door(DoorName::Acme, acme, tls.clone(), origins),
        door(
            DoorName::Internal,
            management,
            tls,
            management::router(app.clone(), authorities),
        ),
        door(DoorName::Pki, relying, None, web::pki::router(app.clone())),
    ];
    let stop = CancellationToken::new();
    let mut running = JoinSet::new();
    for door in doors {
        running.spawn(door.serve(stop.clone()));
    }
    tokio::spawn(flow::jobs::run_until_ended(app.clone()));
    tracing::info!(
        acme.url = app.directory_url(settings::DIRECTORY),
        "standing in for Pebble"
    );
    signals.received().await;
    stop.cancel();
    while running.join_next().await.is_some() {}
    shut_down(&app).await;
    drop(lock);
    Ok(())
}
