//! `chancery serve`: all doors on one application, until a signal.

use std::sync::Arc;

use axum::Router;
use base::Clock as _;
use flow::catalog::reload::reload_until_stopped;
use flow::memory::measures::DoorName;
use flow::operations::address::hold_until_stopped;
use flow::operations::clock::watch_until_ended;
use flow::operations::health::measures;
use flow::operations::inspect::inspect_own;
use flow::operations::node::{reclaim_jobs, shut_down, tell_until_ended, tell_where};
use flow::operations::record_refusals::record_until_ended;
use flow::operations::share_limits::share_until_ended;
use flow::tenancy::brand::reload::reload_brands_until_stopped;
use flow::{App, jobs};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use web::portal::Hints;
use web::request::client::TrustedProxies;

use crate::config::Config;
use crate::doctor::local_urls;
use crate::listen::descriptors::{self, Budget};
use crate::listen::{Door, bind};
use crate::lock::ServeLock;
use crate::signals::Signals;
use crate::system::SystemClock;
use crate::{logging, parts, tls};

/// A server that runs.
pub(crate) struct Running {
    pub(crate) app: App,
    /// How it is asked to end.
    pub(crate) signals: Signals,
    doors: JoinSet<()>,
    /// Given back when everything else has ended.
    lock: ServeLock,
    stop: CancellationToken,
}

/// Runs until SIGTERM or SIGINT.
pub(crate) async fn run(config: &Config) -> anyhow::Result<()> {
    logging::start(config)?;
    let mut running = start(config).await?;
    tracing::info!(
        portal.url = config.portal_url,
        acme.url = config.acme_url,
        database = %config.database,
        root = %config.data.join(parts::ROOT_FILE).display(),
        "chancery serves"
    );
    if config.tls_files.is_none() && !config.plain_http {
        tracing::info!(
            server_ca = %config.data.join(tls::SERVER_CA).display(),
            "browsers and ACME clients have to trust the CA of this server's own TLS certificate, or set tls_certificate"
        );
    }
    tell_what_comes_next(config, &running.app).await?;
    running.signals.received().await;
    tracing::info!("ending: finishing what was begun");
    running.stop().await;
    tracing::info!("ended");
    Ok(())
}

/// What an operator has to do before others can use it.
async fn tell_what_comes_next(config: &Config, app: &App) -> anyhow::Result<()> {
    let local = local_urls(config);
    if !local.is_empty() && config.lab.is_none() {
        tracing::warn!(
            urls = local.join(", "),
            "only this machine reaches these URLs; CAs and certificates name pki_url for good: set them, and begin with new CAs"
        );
    }
    if !inspect_own(app).await?.has_reseller {
        tracing::info!(
            "nobody can sign in yet; chancery admin bootstrap --reseller NAME --email ADDRESS makes the first reseller"
        );
    }
    Ok(())
}

/// Opens every door.
pub(crate) async fn start(config: &Config) -> anyhow::Result<Running> {
    parts::make_data_directory(&config.data)?;
    let lock = ServeLock::take(&config.database, SystemClock.now())?;
    let app = parts::start(config, config.storage.migrate).await?;
    tell_where(&app, &config.portal_url).await?;
    // At once: whoever starts in the way of this node waits only so long for its answer.
    tokio::spawn(hold_until_stopped(app.clone()));
    if parts::is_alone(config) {
        let reclaimed = reclaim_jobs(&app).await?;
        if reclaimed > 0 {
            tracing::info!(
                jobs = reclaimed,
                "going on with what the last run left behind"
            );
        }
    }
    parts::begin_crls(&app).await?;
    parts::tell_caa(&app);
    let signals = Signals::catch()?;
    let stop = CancellationToken::new();
    let mut doors = JoinSet::new();
    for door in doors_of(config, &app).await? {
        doors.spawn(door.serve(stop.clone()));
    }
    tokio::spawn(jobs::run_until_ended(app.clone()));
    tokio::spawn(tell_until_ended(app.clone()));
    tokio::spawn(share_until_ended(app.clone()));
    tokio::spawn(record_until_ended(app.clone()));
    tokio::spawn(watch_until_ended(app.clone()));
    tokio::spawn(reload_brands_until_stopped(app.clone()));
    tokio::spawn(reload_until_stopped(app.clone(), tell_root(config.clone())));
    Ok(Running {
        app,
        signals,
        doors,
        lock,
        stop,
    })
}

/// Keeps the file with the root up to date.
fn tell_root(config: Config) -> impl Fn(&App) {
    move |app| {
        if let Err(error) = parts::write_root(&config, app) {
            tracing::warn!(error = format!("{error:#}"), "the root is not in its file");
        }
    }
}

impl Running {
    /// Takes no more requests, ends those that were begun, and closes the database.
    pub(crate) async fn stop(mut self) {
        self.stop.cancel();
        while self.doors.join_next().await.is_some() {}
        shut_down(&self.app).await;
        drop(self.lock);
    }
}

async fn doors_of(config: &Config, app: &App) -> anyhow::Result<Vec<Door>> {
    let tls = tls::server_config(config, app).await?;
    let proxies = TrustedProxies(Arc::new(config.network.trusted_proxies.clone()));
    let budget = Budget::of(descriptors::raise());
    let door = |name, listener, tls, router| Door {
        name,
        listener,
        tls,
        router,
        proxies: proxies.clone(),
        connections: budget.of_door(name),
        no_room: measures(app).requests.no_room(name),
    };
    let portal = bind(("portal", "--portal-listen"), config.portal_listen).await?;
    let acme = bind(("ACME server", "--acme-listen"), config.acme_listen).await?;
    let pki = bind(("CRL server", "--pki-listen"), config.pki_listen).await?;
    let internal = bind(
        ("internal listener", "--internal-listen"),
        config.internal_listen,
    )
    .await?;
    Ok(vec![
        door(
            DoorName::Portal,
            portal,
            tls.clone(),
            portal_and_api(config, app),
        ),
        door(DoorName::Acme, acme, tls, web::acme::router(app.clone())),
        door(DoorName::Pki, pki, None, web::pki::router(app.clone())),
        door(
            DoorName::Internal,
            internal,
            None,
            web::internal::router(app.clone()),
        ),
    ])
}

/// Pages and API share an address: what begins with `/api` is the API's.
fn portal_and_api(config: &Config, app: &App) -> Router {
    let portal = web::portal::router_with_hints(app.clone(), &config.portal_url, hints(config));
    web::api::router(app.clone()).fallback_service(portal)
}

/// What clients must be told while a CA of our own speaks for the server, and what the demo shows besides.
fn hints(config: &Config) -> Hints {
    let mut hints = Hints::default();
    hints.shows_design |= config.is_demo;
    let Some(lab) = &config.lab else {
        return hints;
    };
    let root = config.data.join(tls::SERVER_CA);
    let root = std::path::absolute(&root).unwrap_or(root);
    Hints {
        ca_file: config
            .tls_files
            .is_none()
            .then(|| root.display().to_string()),
        http_port: Some(lab.http_port).filter(|port| *port != 80),
        ..hints
    }
}
