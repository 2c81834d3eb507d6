//! Makes the outside of a [`flow::App`] from the settings.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use acme::directory::Meta;
use acme::paths::Shape;
use acme::policy::Policy;
use anyhow::{Context, bail};
use base::{AddressBlock, Clock, Random};
use flow::breached::BreachedPasswords;
use flow::catalog::list_caa::list_caa;
use flow::memory::catalog::SoldOffer;
use flow::operations::clock::recover;
use flow::operations::node;
use flow::operations::sealing_key::sealed_values;
use flow::{App, Outside, Settings, jobs};
use outbound::identity::HttpsProviders;
use pki::DebianWeakKeys;
use reach::network::{LabAnchors, LabSettings, Network, PublicSettings};
use store::migrate::{SchemaState, Wall};
use store::seal::{KeyFileError, Sealer};
use store::{DatabaseUrl, Options, Store};
use validation::{AssumeValid, NetworkValidator, ProbeSettings, Validator};

use crate::config::{Config, Lab, Migrate};
use crate::files::write_if_new;
use crate::mail;
use crate::peers::HttpPeers;
use crate::system::{SystemClock, SystemRandom};
use crate::tls;

/// The root of what is sold first, PEM, in the data directory.
pub(crate) const ROOT_FILE: &str = "root-ca.pem";

/// What is missing until the first reseller is there.
pub(crate) const NOBODY_YET: &str = "there is none yet, so nobody can sign in; chancery admin bootstrap --reseller NAME --email ADDRESS makes the first";

/// Opens the database and starts an application on it.
pub(crate) async fn start(config: &Config, migrate: Migrate) -> anyhow::Result<App> {
    let store = ready_store(config, migrate).await?;
    if let Some(text) = what_the_wall_lacks(&store.wall().await?) {
        tracing::warn!(
            lacks = text,
            "the database does not keep tenants apart by itself"
        );
    }
    start_with(config, outside(config, store).await?).await
}

/// Refuses where there is no database yet, as far as that can be told without one.
pub(crate) fn expect_database(config: &Config) -> anyhow::Result<()> {
    match &config.database {
        DatabaseUrl::Sqlite(path) if !path.exists() => bail!(
            "there is no database at {}; name the folder with --data, or begin with chancery serve or chancery admin \
             bootstrap",
            path.display()
        ),
        DatabaseUrl::Postgres(_) | DatabaseUrl::Sqlite(_) => Ok(()),
    }
}

/// Starts an application for one command. It gives out no nonces, so that no other node has to reach it.
pub(crate) async fn start_aside(config: &Config) -> anyhow::Result<App> {
    let store = ready_store(config, Migrate::Check).await?;
    let mut outside = outside(config, store).await?;
    outside.internal_url.clear();
    start_with(config, outside).await
}

/// Opens the database with the schema of this release. An empty one is set up by whoever comes first.
pub(crate) async fn ready_store(config: &Config, migrate: Migrate) -> anyhow::Result<Store> {
    make_data_directory(&config.data)?;
    let store = open_store(config).await?;
    match make_ready(&store, migrate).await {
        Ok(()) => Ok(store),
        Err(error) => {
            store.close().await;
            Err(error.context(format!("the database {} cannot be used", config.database)))
        }
    }
}

async fn make_ready(store: &Store, migrate: Migrate) -> anyhow::Result<()> {
    match (store.check_schema().await?, migrate) {
        (SchemaState::Current, Migrate::Check) => Ok(()),
        (SchemaState::Empty, _) => {
            store.migrate().await?;
            tracing::info!("set up an empty database");
            Ok(())
        }
        // To a schema that is current the second wall may have to be added.
        (SchemaState::Behind(_) | SchemaState::Current, Migrate::Auto) => {
            store.migrate().await?;
            Ok(())
        }
        (SchemaState::Behind(missing), Migrate::Check) => bail!("{}", what_is_missing(&missing)),
    }
}

/// What to do about a schema that is behind.
pub(crate) fn what_is_missing(names: &[&str]) -> String {
    format!(
        "it is behind this release ({} missing); run chancery migrate, or chancery serve with migrate = \"auto\" in [storage]",
        names.join(", ")
    )
}

/// What to do where PostgreSQL could keep tenants apart and does not.
pub(crate) fn what_the_wall_lacks(wall: &Wall) -> Option<String> {
    let text = match wall {
        Wall::Behind { tables } => {
            format!("PostgreSQL does not guard these tables: {tables}; run chancery migrate")
        }
        Wall::NoRole { statements, reason } => format!(
            "our statements alone keep them apart, and PostgreSQL could as well ({reason}); have somebody who may make \
             roles run {statements} then run chancery migrate"
        ),
        Wall::NoneHere | Wall::Stands => return None,
    };
    Some(text)
}

async fn start_with(config: &Config, outside: Outside) -> anyhow::Result<App> {
    let app = node::start(outside, jobs::all()).await?;
    write_root(config, &app)?;
    Ok(app)
}

/// The outside of an application on a database that is ready.
pub(crate) async fn outside(config: &Config, store: Store) -> anyhow::Result<Outside> {
    let random = Arc::new(SystemRandom::new());
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let sealer = match sealer(config, &store).await? {
        Some((sealer, _)) => sealer,
        None => new_sealer(config, random.as_ref())?,
    };
    let network = network(config)?;
    Ok(Outside {
        providers: Arc::new(HttpsProviders::new(network.clone())?),
        validator: validator(config, network, clock.clone())?,
        store,
        clock,
        random,
        peers: Arc::new(HttpPeers::new()),
        mailer: mail::mailer(config)?,
        sealer,
        internal_url: config.internal_url.clone(),
        settings: settings(config)?,
    })
}

/// The sealing key of a database that is up to date, and how many of its secrets it has opened; `None` when there is no
/// key and nothing that needs one.
pub(crate) async fn sealer(
    config: &Config,
    store: &Store,
) -> anyhow::Result<Option<(Sealer, usize)>> {
    let path = &config.sealing_key;
    let secrets = sealed_values(store).await?;
    match Sealer::load(path) {
        Ok(sealer) => {
            let opened = secrets.open_with(&sealer);
            let opened =
                opened.with_context(|| format!("the sealing key in {}", path.display()))?;
            Ok(Some((sealer, opened)))
        }
        Err(KeyFileError::Missing { .. }) if secrets.is_empty() => Ok(None),
        Err(KeyFileError::Missing { .. }) => bail!(
            "the sealing key {} is missing, and the database {} has secrets that only it opens; put the file back from its \
             copy, or say where it is with sealing_key in [storage]; another key is not made in its place",
            path.display(),
            config.database
        ),
        Err(error) => Err(error).with_context(|| format!("the sealing key in {}", path.display())),
    }
}

fn new_sealer(config: &Config, random: &dyn Random) -> anyhow::Result<Sealer> {
    let path = &config.sealing_key;
    let made = Sealer::load_or_create(path, random)
        .with_context(|| format!("the sealing key in {}", path.display()))?;
    tracing::info!(path = %path.display(), "made a sealing key; keep a copy of it apart from the database");
    Ok(made)
}

/// Opens the database as it is.
pub(crate) async fn open_store(config: &Config) -> anyhow::Result<Store> {
    let options = Options {
        postgres_connections: config.storage.postgres_connections,
        ..Options::default()
    };
    Store::open(&config.database, options)
        .await
        .with_context(|| format!("the database {} cannot be opened", config.database))
}

/// Whether a server has the database to itself (it holds the lock), so that nobody else can hold a lease.
pub(crate) fn is_alone(config: &Config) -> bool {
    match config.database {
        DatabaseUrl::Postgres(_) => false,
        DatabaseUrl::Sqlite(_) => true,
    }
}

/// Makes the directory of our files, unless it is there.
pub(crate) fn make_data_directory(path: &Path) -> anyhow::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(path)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o755)))
        .with_context(|| format!("the data directory {} cannot be made", path.display()))
}

fn settings(config: &Config) -> anyhow::Result<Settings> {
    let mut names = Policy::new();
    if config.lab.is_some() {
        names = names.allow_any_suffix();
    }
    Ok(Settings {
        acme_origin: config.acme_url.clone(),
        portal_origin: config.portal_url.clone(),
        pki_origin: config.pki_url.clone(),
        paths: Shape::Ours,
        sole_directory: None,
        meta: Meta {
            terms_of_service: config.acme.terms_of_service.clone(),
            website: config.acme.website.clone(),
            caa_identities: config.acme.caa_identities.clone(),
            external_account_required: true,
        },
        max_identifiers: config.acme.max_names,
        order_lifetime: Duration::from_secs(7 * 24 * 3600),
        authorization_lifetime: Duration::from_secs(
            config.acme.authorization_reuse_hours.saturating_mul(3600),
        ),
        keep_certificates: config.retention.certificates(),
        keep_audit: config.retention.audit(),
        challenge_wait: Duration::from_millis(100),
        finalize_wait: Duration::from_millis(900),
        retry_after: Duration::from_secs(1),
        orders_per_page: 100,
        name_policy: names,
        crl_wait: Duration::from_millis(500),
        counted_up_to: 10_000,
        has_limits: config.limits.enabled
            && !config.lab.as_ref().is_some_and(|lab| lab.assume_valid),
        weak_keys: weak_keys(config)?,
        mail: mail::settings(config),
        breached: breached(config)?,
        operator_needs_second_factor: config.lab.is_none(),
        password_policy: config.passwords.mode(),
        password_hash: config.passwords.parameters(),
    })
}

/// The keys that are in the operator's lists.
pub(crate) fn weak_keys(config: &Config) -> anyhow::Result<DebianWeakKeys> {
    let mut all = DebianWeakKeys::default();
    for path in &config.acme.weak_keys {
        let file = || format!("the list of weak keys {}", path.display());
        let text = fs::read_to_string(path).with_context(file)?;
        all = all.with(&DebianWeakKeys::parse(&text).with_context(file)?);
    }
    Ok(all)
}

/// The operator's list of breached passwords, if there is one.
pub(crate) fn breached(config: &Config) -> anyhow::Result<Option<BreachedPasswords>> {
    let open = |path: &PathBuf| {
        let file = || format!("the list of breached passwords {}", path.display());
        BreachedPasswords::open(path).with_context(file)
    };
    config.passwords.breached.as_ref().map(open).transpose()
}

/// Over which customers' names are asked.
fn network(config: &Config) -> anyhow::Result<Network> {
    match &config.lab {
        Some(lab) => lab_network(lab),
        None => Ok(Network::public(&PublicSettings {
            dns_servers: config.network.dns_servers.clone(),
            own_addresses: own_addresses(config)?,
            ..PublicSettings::default()
        })?),
    }
}

fn validator(
    config: &Config,
    network: Network,
    clock: Arc<dyn Clock>,
) -> anyhow::Result<Arc<dyn Validator>> {
    if config.lab.as_ref().is_some_and(|lab| lab.assume_valid) {
        tracing::warn!("lab: every name is taken for proven without looking");
        return Ok(Arc::new(AssumeValid::in_lab(clock)));
    }
    Ok(Arc::new(NetworkValidator::new(
        network,
        &ProbeSettings::default(),
        clock,
    )?))
}

/// Where this server itself is reached, as far as its settings say: a validation that asks there would ask us (S-51).
fn own_addresses(config: &Config) -> anyhow::Result<Vec<AddressBlock>> {
    let urls = [
        &config.portal_url,
        &config.acme_url,
        &config.pki_url,
        &config.internal_url,
    ];
    let in_urls = urls.into_iter().filter_map(|url| tls::address_in(url));
    let listeners = [
        config.portal_listen,
        config.acme_listen,
        config.pki_listen,
        config.internal_listen,
    ];
    let listeners = listeners.iter().map(SocketAddr::ip);
    let known = in_urls.chain(listeners.filter(|address| !address.is_unspecified()));
    let known = known.map(|address| address.to_string());
    let all = known.chain(config.network.own_addresses.iter().cloned());
    all.map(|text| text.parse::<AddressBlock>().with_context(|| text.clone()))
        .collect()
}

fn lab_network(lab: &Lab) -> anyhow::Result<Network> {
    tracing::warn!(
        "lab: names resolve by the lab settings and loopback addresses may be contacted"
    );
    let anchors = lab_anchors(lab)?;
    if anchors.is_none() {
        tracing::warn!("lab: without lab_trust_anchors no DNS answer has to be signed");
    }
    let hosts = lab
        .addresses
        .iter()
        .map(|text| text.parse())
        .collect::<Result<Vec<_>, _>>()?;
    let open_addresses = lab
        .open_addresses
        .iter()
        .map(|text| text.parse::<AddressBlock>())
        .collect::<Result<Vec<_>, _>>()
        .context("lab-open-addresses")?;
    Ok(Network::lab(LabSettings {
        anchors,
        dns_server: lab.dns_server,
        hosts,
        open_addresses,
        http_port: lab.http_port,
        tls_port: lab.tls_port,
        any_redirect_port: lab.any_redirect_port,
        ..LabSettings::default()
    })?)
}

/// The keys of a lab's own root zone.
pub(crate) fn lab_anchors(lab: &Lab) -> anyhow::Result<Option<LabAnchors>> {
    let Some(path) = &lab.trust_anchors else {
        return Ok(None);
    };
    let wrong = || format!("lab_trust_anchors: {} cannot be used", path.display());
    let text = fs::read_to_string(path).with_context(wrong)?;
    text.parse().map(Some).with_context(wrong)
}

/// Says in which directories CAA records are checked, and in which they are not.
pub(crate) fn tell_caa(app: &App) {
    for standing in list_caa(app) {
        let directory = standing.directory;
        if standing.identities.is_empty() {
            tracing::warn!(
                directory,
                "CAA records are not checked; set caa_identities under [acme] or for the directory"
            );
        } else {
            let identities = standing.identities.join(", ");
            tracing::info!(directory, identities, "CAA records are checked");
        }
    }
}

/// Writes the root of what is sold first where clients and operators can take it from.
pub(crate) fn write_root(config: &Config, app: &App) -> anyhow::Result<()> {
    let catalog = app.catalog();
    let directory = match catalog.offers().first() {
        Some(offer) => catalog.of_product(offer.product.as_str()),
        None => None,
    };
    let path = directory.map(|directory| catalog.path(directory.issuing.id));
    let Some(root) = path.and_then(|mut path| path.pop()) else {
        return Ok(());
    };
    let path = config.data.join(ROOT_FILE);
    let is_new = !path.exists();
    write_if_new(&path, &root.to_pem())?;
    if is_new {
        tracing::info!(
            path = %path.display(),
            "wrote the root of the CA that issues; whoever uses its certificates has to trust it"
        );
    }
    Ok(())
}

/// Publishes the first CRLs of CAs that have none, sees to the next ones, and puts right what a wrong clock has left.
pub(crate) async fn begin_crls(app: &App) -> anyhow::Result<()> {
    recover(app)
        .await
        .context("the first CRL cannot be published")
}

/// What is sold first.
pub(crate) fn first_offer(app: &App) -> anyhow::Result<SoldOffer> {
    let catalog = app.catalog();
    let first = catalog.offers().first().cloned();
    first.context("nothing is sold here; publish an offer with chancery admin offer publish")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;

    #[test]
    fn l14_validation_knows_the_servers_own_addresses() {
        let config = config::of_text(
            "portal_url = \"https://203.0.113.7\"\nacme_url = \"https://[2001:db8::7]:14000\"\n\
             acme_listen = \"198.51.100.4:14000\"\npki_listen = \"0.0.0.0:80\"\n\
             [network]\nown_addresses = [\"192.0.2.0/28\"]",
        );
        let blocks = own_addresses(&config.unwrap()).unwrap();
        let own: Vec<String> = blocks.iter().map(ToString::to_string).collect();
        for expected in ["203.0.113.7", "2001:db8::7", "198.51.100.4", "192.0.2.0/28"] {
            assert!(
                own.iter().any(|block| block == expected),
                "{expected}: {own:?}"
            );
        }
        assert!(
            !own.iter().any(|block| block.starts_with("0.0.0.0")),
            "{own:?}"
        );
    }
}
