//! Settings from flags, the environment and a file, merged and checked. The one place that knows defaults.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Args, ValueEnum};
use serde::Deserialize;
use store::DatabaseUrl;

/// Every setting as it may be given; the names in the file are those of the flags with underscores.
#[derive(Debug, Clone, Default, Args, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Settings")]
pub(crate) struct Options {
    /// A TOML file with settings
    #[arg(long, env = "CHANCERY_CONFIG", global = true)]
    #[serde(skip)]
    config: Option<PathBuf>,
    /// Where files are kept: the embedded database, the sealing key, the CA certificates [default: ./data]
    #[arg(long, env = "CHANCERY_DATA", global = true)]
    data: Option<PathBuf>,
    /// The database: sqlite:PATH or postgres://USER@HOST/NAME [default: sqlite:DATA/chancery.db]
    #[arg(long, env = "CHANCERY_DATABASE", global = true, hide_env_values = true)]
    database: Option<String>,
    /// The key file that seals secrets in the database; back it up apart from it [default: DATA/sealing.key]
    #[arg(long, env = "CHANCERY_SEALING_KEY", global = true)]
    sealing_key: Option<PathBuf>,
    /// Connections to PostgreSQL [default: 10]
    #[arg(long, env = "CHANCERY_POSTGRES_CONNECTIONS", global = true)]
    postgres_connections: Option<usize>,
    /// What serve does with a database of an older release: auto brings it up to date, check refuses it [default: auto]
    #[arg(
        long,
        env = "CHANCERY_MIGRATE",
        global = true,
        hide_possible_values = true
    )]
    migrate: Option<Migrate>,
    /// Where the portal listens [default: 127.0.0.1:8443]
    #[arg(long, env = "CHANCERY_PORTAL_LISTEN", global = true)]
    portal_listen: Option<SocketAddr>,
    /// Where people reach the portal [default: https://localhost:PORT]
    #[arg(long, env = "CHANCERY_PORTAL_URL", global = true)]
    portal_url: Option<String>,
    /// Where the ACME server listens [default: 127.0.0.1:14000]
    #[arg(long, env = "CHANCERY_ACME_LISTEN", global = true)]
    acme_listen: Option<SocketAddr>,
    /// Where ACME clients reach us [default: https://localhost:PORT]
    #[arg(long, env = "CHANCERY_ACME_URL", global = true)]
    acme_url: Option<String>,
    /// Where CRLs and CA certificates are served, in plain HTTP [default: 127.0.0.1:8080]
    #[arg(long, env = "CHANCERY_PKI_LISTEN", global = true)]
    pki_listen: Option<SocketAddr>,
    /// Where relying parties fetch CRLs; written into every certificate [default: http://localhost:PORT]
    #[arg(long, env = "CHANCERY_PKI_URL", global = true)]
    pki_url: Option<String>,
    /// Where health, metrics and the other nodes are answered; not for the public [default: 127.0.0.1:8081]
    #[arg(long, env = "CHANCERY_INTERNAL_LISTEN", global = true)]
    internal_listen: Option<SocketAddr>,
    /// Where other nodes reach that listener [default: http://ADDRESS]
    #[arg(long, env = "CHANCERY_INTERNAL_URL", global = true)]
    internal_url: Option<String>,
    /// The TLS certificate chain of portal and ACME server, PEM, read again when it changes; without it a CA of its own issues one, to be trusted by DATA/server-ca.pem
    #[arg(
        long,
        env = "CHANCERY_TLS_CERTIFICATE",
        global = true,
        requires = "tls_key"
    )]
    tls_certificate: Option<PathBuf>,
    /// The private key that belongs to it, PEM
    #[arg(
        long,
        env = "CHANCERY_TLS_KEY",
        global = true,
        requires = "tls_certificate"
    )]
    tls_key: Option<PathBuf>,
    /// Speak plain HTTP on the portal and ACME listeners, for a proxy in front that ends TLS
    #[arg(long, env = "CHANCERY_PLAIN_HTTP", global = true)]
    plain_http: bool,
    /// Proxies whose X-Forwarded-For counts; separate several with commas
    #[arg(
        long,
        env = "CHANCERY_TRUSTED_PROXIES",
        global = true,
        value_delimiter = ','
    )]
    trusted_proxies: Vec<IpAddr>,
    /// The URL of the terms of service that ACME clients have to agree to
    #[arg(long, env = "CHANCERY_TERMS_OF_SERVICE", global = true)]
    terms_of_service: Option<String>,
    /// The URL of a page about this service, for the ACME directory
    #[arg(long, env = "CHANCERY_WEBSITE", global = true)]
    website: Option<String>,
    /// The names by which CAA records allow this CA; separate several with commas
    #[arg(
        long,
        env = "CHANCERY_CAA_IDENTITIES",
        global = true,
        value_delimiter = ','
    )]
    caa_identities: Vec<String>,
    /// The most names an order may have [default: 100]
    #[arg(long, env = "CHANCERY_MAX_NAMES", global = true)]
    max_names: Option<usize>,
    /// Hours for which a proof of control may be used again [default: 168]
    #[arg(long, env = "CHANCERY_AUTHORIZATION_REUSE_HOURS", global = true)]
    authorization_reuse_hours: Option<u64>,
    /// DNS servers for validation, as ADDRESS:PORT [default: those of the system]
    #[arg(
        long,
        env = "CHANCERY_DNS_SERVERS",
        global = true,
        value_delimiter = ','
    )]
    dns_servers: Vec<SocketAddr>,
    /// Lab only: names that resolve to fixed addresses, as NAME=ADDRESS, *.NAME=ADDRESS or *=ADDRESS
    ///
    /// This and the other lab settings are for tests: they let validation contact loopback and private addresses,
    /// those that are named here and no others.
    #[arg(
        long,
        env = "CHANCERY_LAB_ADDRESSES",
        global = true,
        value_delimiter = ','
    )]
    lab_addresses: Vec<String>,
    /// Lab only: resolve through this DNS server
    #[arg(long, env = "CHANCERY_LAB_DNS_SERVER", global = true)]
    lab_dns_server: Option<SocketAddr>,
    /// Lab only: addresses that may be contacted when the lab's DNS server names them, such as 127.0.0.0/8
    #[arg(
        long,
        env = "CHANCERY_LAB_OPEN_ADDRESSES",
        global = true,
        value_delimiter = ','
    )]
    lab_open_addresses: Vec<String>,
    /// Lab only: the port that stands for 80 in http-01
    #[arg(long, env = "CHANCERY_LAB_HTTP_PORT", global = true)]
    lab_http_port: Option<u16>,
    /// Lab only: the port that stands for 443 in redirects
    #[arg(long, env = "CHANCERY_LAB_TLS_PORT", global = true)]
    lab_tls_port: Option<u16>,
    /// Lab only: take every name for proven without looking
    #[arg(long, env = "CHANCERY_LAB_ASSUME_VALID", global = true)]
    lab_assume_valid: bool,
    /// What to log, such as info or chancery=debug,warn [default: info]
    #[arg(long, env = "CHANCERY_LOG", global = true)]
    log: Option<String>,
    /// Log one JSON document per line instead of text
    #[arg(long, env = "CHANCERY_LOG_JSON", global = true)]
    log_json: bool,
    /// Threads that answer requests [default: one per core]
    #[arg(long, env = "CHANCERY_WORKER_THREADS", global = true)]
    worker_threads: Option<usize>,
}

/// What to do with a database whose schema is behind this release. An empty one is always set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Migrate {
    /// Bring it up to date
    Auto,
    /// Refuse it
    Check,
}

/// Settings with their defaults, checked.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) data: PathBuf,
    pub(crate) database: DatabaseUrl,
    pub(crate) sealing_key: PathBuf,
    pub(crate) postgres_connections: usize,
    pub(crate) migrate: Migrate,
    pub(crate) portal_listen: SocketAddr,
    pub(crate) portal_url: String,
    pub(crate) acme_listen: SocketAddr,
    pub(crate) acme_url: String,
    pub(crate) pki_listen: SocketAddr,
    pub(crate) pki_url: String,
    pub(crate) internal_listen: SocketAddr,
    pub(crate) internal_url: String,
    pub(crate) tls_files: Option<(PathBuf, PathBuf)>,
    pub(crate) plain_http: bool,
    pub(crate) trusted_proxies: Vec<IpAddr>,
    pub(crate) terms_of_service: Option<String>,
    pub(crate) website: Option<String>,
    pub(crate) caa_identities: Vec<String>,
    pub(crate) max_names: usize,
    pub(crate) authorization_reuse_hours: u64,
    pub(crate) dns_servers: Vec<SocketAddr>,
    pub(crate) lab: Option<Lab>,
    pub(crate) log: String,
    pub(crate) log_json: bool,
    pub(crate) worker_threads: Option<usize>,
}

/// A network for tests instead of the public one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lab {
    pub(crate) addresses: Vec<String>,
    pub(crate) dns_server: Option<SocketAddr>,
    pub(crate) open_addresses: Vec<String>,
    pub(crate) http_port: u16,
    pub(crate) tls_port: u16,
    pub(crate) any_redirect_port: bool,
    pub(crate) assume_valid: bool,
}

/// Merges what was given with the file and the defaults.
pub(crate) fn load(given: Options) -> anyhow::Result<Config> {
    let from_file = match &given.config {
        Some(path) => read(path)?,
        None => Options::default(),
    };
    Config::from_options(merged(given, from_file))
}

fn read(path: &Path) -> anyhow::Result<Options> {
    let text = fs::read_to_string(path)
        .with_context(|| format!("cannot read the settings in {}", path.display()))?;
    toml::from_str(&text)
        .with_context(|| format!("{} is not a valid settings file", path.display()))
}

fn merged(given: Options, file: Options) -> Options {
    let list = |given: Vec<_>, file| if given.is_empty() { file } else { given };
    let addresses = |given: Vec<_>, file| if given.is_empty() { file } else { given };
    let sockets = |given: Vec<_>, file| if given.is_empty() { file } else { given };
    Options {
        config: given.config,
        data: given.data.or(file.data),
        database: given.database.or(file.database),
        sealing_key: given.sealing_key.or(file.sealing_key),
        postgres_connections: given.postgres_connections.or(file.postgres_connections),
        migrate: given.migrate.or(file.migrate),
        portal_listen: given.portal_listen.or(file.portal_listen),
        portal_url: given.portal_url.or(file.portal_url),
        acme_listen: given.acme_listen.or(file.acme_listen),
        acme_url: given.acme_url.or(file.acme_url),
        pki_listen: given.pki_listen.or(file.pki_listen),
        pki_url: given.pki_url.or(file.pki_url),
        internal_listen: given.internal_listen.or(file.internal_listen),
        internal_url: given.internal_url.or(file.internal_url),
        tls_certificate: given.tls_certificate.or(file.tls_certificate),
        tls_key: given.tls_key.or(file.tls_key),
        plain_http: given.plain_http || file.plain_http,
        trusted_proxies: addresses(given.trusted_proxies, file.trusted_proxies),
        terms_of_service: given.terms_of_service.or(file.terms_of_service),
        website: given.website.or(file.website),
        caa_identities: list(given.caa_identities, file.caa_identities),
        max_names: given.max_names.or(file.max_names),
        authorization_reuse_hours: given
            .authorization_reuse_hours
            .or(file.authorization_reuse_hours),
        dns_servers: sockets(given.dns_servers, file.dns_servers),
        lab_addresses: list(given.lab_addresses, file.lab_addresses),
        lab_dns_server: given.lab_dns_server.or(file.lab_dns_server),
        lab_open_addresses: list(given.lab_open_addresses, file.lab_open_addresses),
        lab_http_port: given.lab_http_port.or(file.lab_http_port),
        lab_tls_port: given.lab_tls_port.or(file.lab_tls_port),
        lab_assume_valid: given.lab_assume_valid || file.lab_assume_valid,
        log: given.log.or(file.log),
        log_json: given.log_json || file.log_json,
        worker_threads: given.worker_threads.or(file.worker_threads),
    }
}

impl Config {
    fn from_options(options: Options) -> anyhow::Result<Self> {
        let data = options
            .data
            .clone()
            .unwrap_or_else(|| PathBuf::from("data"));
        let database = match &options.database {
            Some(text) => text.parse().with_context(|| {
                "the database has to be sqlite:PATH or postgres://USER@HOST/NAME".to_owned()
            })?,
            None => DatabaseUrl::Sqlite(data.join("chancery.db")),
        };
        let lab = options.lab();
        let loopback = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        let portal_listen = options.portal_listen.unwrap_or_else(|| loopback(8443));
        let acme_listen = options.acme_listen.unwrap_or_else(|| loopback(14000));
        let pki_listen = options.pki_listen.unwrap_or_else(|| loopback(8080));
        let internal_listen = options.internal_listen.unwrap_or_else(|| loopback(8081));
        let scheme = if options.plain_http { "http" } else { "https" };
        let local =
            |scheme: &str, listen: SocketAddr| format!("{scheme}://localhost:{}", listen.port());
        Ok(Self {
            database,
            sealing_key: options
                .sealing_key
                .unwrap_or_else(|| data.join("sealing.key")),
            data,
            postgres_connections: options.postgres_connections.unwrap_or(10),
            migrate: options.migrate.unwrap_or(Migrate::Auto),
            portal_url: origin(options.portal_url, || local(scheme, portal_listen))?,
            acme_url: origin(options.acme_url, || local(scheme, acme_listen))?,
            pki_url: origin(options.pki_url, || local("http", pki_listen))?,
            internal_url: origin(options.internal_url, || format!("http://{internal_listen}"))?,
            portal_listen,
            acme_listen,
            pki_listen,
            internal_listen,
            tls_files: options.tls_certificate.zip(options.tls_key),
            plain_http: options.plain_http,
            trusted_proxies: options.trusted_proxies,
            terms_of_service: options.terms_of_service,
            website: options.website,
            caa_identities: options.caa_identities,
            max_names: options.max_names.unwrap_or(100),
            authorization_reuse_hours: options.authorization_reuse_hours.unwrap_or(168),
            dns_servers: options.dns_servers,
            lab,
            log: options.log.unwrap_or_else(|| "info".to_owned()),
            log_json: options.log_json,
            worker_threads: options.worker_threads,
        })
    }
}

impl Options {
    /// Any lab setting makes the network a lab.
    fn lab(&self) -> Option<Lab> {
        let is_lab = !self.lab_addresses.is_empty()
            || !self.lab_open_addresses.is_empty()
            || self.lab_dns_server.is_some()
            || self.lab_http_port.is_some()
            || self.lab_tls_port.is_some()
            || self.lab_assume_valid;
        is_lab.then(|| Lab {
            addresses: self.lab_addresses.clone(),
            dns_server: self.lab_dns_server,
            open_addresses: self.lab_open_addresses.clone(),
            http_port: self.lab_http_port.unwrap_or(80),
            tls_port: self.lab_tls_port.unwrap_or(443),
            any_redirect_port: false,
            assume_valid: self.lab_assume_valid,
        })
    }
}

/// An origin without a final slash.
fn origin(given: Option<String>, default: impl FnOnce() -> String) -> anyhow::Result<String> {
    let url = given.unwrap_or_else(default);
    let url = url.trim_end_matches('/');
    if !url.starts_with("https://") && !url.starts_with("http://") {
        anyhow::bail!("\"{url}\" has to begin with https:// or http://");
    }
    Ok(url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> Options {
        toml::from_str(text).unwrap()
    }

    #[test]
    fn what_was_given_counts_more_than_the_file() {
        let given = options("acme_url = \"https://acme.example/\"");
        let file = options("acme_url = \"https://other.example\"\nmax_names = 7");
        let config = Config::from_options(merged(given, file)).unwrap();
        assert_eq!(
            (config.acme_url.as_str(), config.max_names),
            ("https://acme.example", 7)
        );
    }

    #[test]
    fn a_lab_is_only_there_when_it_was_asked_for() {
        assert!(
            Config::from_options(Options::default())
                .unwrap()
                .lab
                .is_none()
        );
        let config = Config::from_options(options("lab_http_port = 5002")).unwrap();
        assert_eq!(config.lab.unwrap().http_port, 5002);
    }

    #[test]
    fn every_setting_is_documented() {
        #[derive(clap::Parser)]
        struct Command {
            #[command(flatten)]
            _options: Options,
        }
        let document = include_str!("../../../docs/configuration.md");
        let command = <Command as clap::CommandFactory>::command();
        let flags = command.get_arguments().filter_map(clap::Arg::get_long);
        for flag in flags.filter(|flag| !["config", "help"].contains(flag)) {
            let key = format!("| `{}` |", flag.replace('-', "_"));
            assert!(
                document.contains(&key),
                "docs/configuration.md does not explain {key}"
            );
        }
    }

    #[test]
    fn a_server_migrates_unless_it_is_told_not_to() {
        let config = Config::from_options(Options::default()).unwrap();
        assert_eq!(config.migrate, Migrate::Auto);
        let config = Config::from_options(options("migrate = \"check\"")).unwrap();
        assert_eq!(config.migrate, Migrate::Check);
        assert!(toml::from_str::<Options>("migrate = \"never\"").is_err());
    }

    #[test]
    fn unknown_settings_are_refused() {
        assert!(toml::from_str::<Options>("acme_ulr = \"x\"").is_err());
    }
}
