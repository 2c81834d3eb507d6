//! The life of one node beside the others that share the database: it starts, goes on with what a crash left
//! behind, and takes leave.

use std::time::Duration;

use acme::nonce::{Mint, NodePrefix};
use base::NodeId;
use pki::InternalProfile;
use store::ReadTx;
use store::operations::node::{self, Node, insert};
use store::operations::setting::{self, Setting};
use store::queue::job;
use tenancy::password::HashError;

use crate::App;
use crate::app::Inner;
use crate::caller::system;
use crate::catalog::seed::{SeedError, seed};
use crate::catalog::server_certificate::{ServerKey, server_certificate};
use crate::mail::portal::PORTAL_URL;
use crate::memory::Memory;
use crate::memory::catalog::{self, CatalogError};
use crate::memory::clock_watch::ClockWatch;
use crate::memory::limits::Limits;
use crate::memory::measures::Measures;
use crate::memory::password_work::Passwords;
use crate::operations::address::{Clash, claim};
use crate::operations::record_refusals::record;
use crate::outside::Outside;
use crate::queue::{Desk, Kind, Work};
use crate::tenancy::brand::reload::reload_brands;

/// How often a node says that it is alive.
const TOUCH_INTERVAL: Duration = Duration::from_secs(60);

/// Why a node cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Another node lives at an address that cannot be beside the one of this node.
    #[error(transparent)]
    Address(#[from] Clash),
    /// The catalogue cannot be read.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The cost of password hashes is out of range.
    #[error(transparent)]
    Passwords(#[from] HashError),
    /// No free nonce prefix was found; thousands of nodes would have to run.
    #[error("no free nonce prefix was found for this node")]
    NoncePrefix,
    /// What a fresh database begins with cannot be made.
    #[error(transparent)]
    Seed(#[from] SeedError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Announces this node and loads what it needs; at the very first start it makes what a fresh database begins with.
/// What it can run is given to it.
pub async fn start(outside: Outside, kinds: Vec<Kind<App>>) -> Result<App, StartError> {
    seed(&outside).await?;
    let catalog = catalog::load(&outside, None).await?;
    let cost = outside.settings.password_hash.clone();
    let passwords = Passwords::new(cost, outside.random.as_ref())?;
    let node = announce(&outside).await?;
    let clock = ClockWatch::new(outside.clock.clone());
    let limits = Limits::new(outside.settings.has_limits);
    let measures = Measures::new(&outside.store);
    let jobs = measures.jobs.clone();
    let memory = Memory::new(
        (clock, catalog),
        limits,
        measures,
        nonces(&outside, &node),
        passwords,
    );
    let desk = Desk {
        store: outside.store.clone(),
        clock: outside.clock.clone(),
        random: outside.random.clone(),
        node: node.id,
    };
    let app = App::new(Inner {
        work: Work::new(desk, kinds, jobs),
        outside,
        memory,
    });
    reload_brands(&app).await?;
    Ok(app)
}

/// Finds a nonce prefix that no other node has and writes this node down, unless others could not reach it.
async fn announce(outside: &Outside) -> Result<Node, StartError> {
    let now = outside.clock.now();
    for _ in 0..16 {
        let mut prefix = [0_u8; 4];
        outside.random.fill(&mut prefix);
        let node = Node {
            id: NodeId::generate(now, outside.random.as_ref()),
            nonce_prefix: u32::from_be_bytes(prefix),
            internal_url: outside.internal_url.clone(),
            started_at: now,
            seen_at: now,
        };
        let store = outside.store.within(system("nodes are everybody's"));
        if !store.write(node.clone(), insert).await? {
            continue;
        }
        if let Some(clash) = claim(outside, &node).await? {
            store.write(node.id, node::delete).await?;
            return Err(clash.into());
        }
        return Ok(node);
    }
    Err(StartError::NoncePrefix)
}

/// The nonces of a node, which begin with its prefix.
fn nonces(outside: &Outside, node: &Node) -> Mint {
    let key = outside.sealer.derive("acme nonce");
    let start = u64::try_from(outside.clock.now().as_micros()).unwrap_or(0);
    let prefix = NodePrefix::from_bytes(node.nonce_prefix.to_be_bytes());
    Mint::new(prefix, &key, start)
}

/// Takes over what a crash left behind. Only for a database that one process has to itself.
pub async fn reclaim_jobs(app: &App) -> Result<u64, store::Error> {
    let from = (app.work.node(), app.now());
    let store = app.store(system("jobs are everybody's"));
    store.write(from, job::reclaim_all).await
}

/// Says now and then that this node is alive, until it ends.
pub async fn tell_until_ended(app: App) {
    while app.work.goes_on_after(TOUCH_INTERVAL).await {
        let store = app.store(system("nodes are everybody's"));
        let touched = store.write((app.work.node(), app.now()), node::touch).await;
        if let Err(error) = touched {
            tracing::warn!(error = %error, "could not say that this node is alive");
        }
    }
}

/// Ends the work of this node, which waits for none of it, and takes leave of the other nodes.
pub async fn shut_down(app: &App) {
    app.work.end().await;
    record(app).await;
    let store = app.store(system("nodes are everybody's"));
    if let Err(error) = store.write(app.work.node(), node::delete).await {
        tracing::warn!(error = %error, "could not take leave of the database");
    }
    app.outside.store.close().await;
}

/// Where clients and people find the server that serves, for commands that may have been given other settings.
const ACME_ORIGIN: &str = "acme_origin";

/// Says where this server is.
pub async fn tell_where(app: &App, portal_url: &str) -> Result<(), store::Error> {
    let told = [
        (ACME_ORIGIN, app.settings().acme_origin.as_str()),
        (PORTAL_URL, portal_url),
    ];
    let store = app.store(system(WHERE));
    for (name, value) in told {
        let (name, value) = (name.to_owned(), value.to_owned());
        store.write(Setting { name, value }, setting::put).await?;
    }
    Ok(())
}

/// Where clients find a directory: at the server that was started last, or else as the settings have it.
pub async fn served_directory_url(app: &App, slug: &str) -> Result<String, store::Error> {
    let told = app.store(system(WHERE)).read((), load_origin).await?;
    Ok(match told {
        Some(told) => app.settings().paths.of(slug).at(&told.value).directory(),
        None => app.directory_url(slug),
    })
}

const WHERE: &str = "where the server is found is everybody's";

async fn load_origin(tx: &mut ReadTx, (): &()) -> Result<Option<Setting>, store::Error> {
    setting::by_name(tx, ACME_ORIGIN).await
}

/// A key and its certificate for the names of this server, from a CA that issues to nobody else.
pub async fn own_certificate(
    app: &App,
    profile: &InternalProfile,
) -> Result<ServerKey, CatalogError> {
    server_certificate(&app.outside, profile).await
}
