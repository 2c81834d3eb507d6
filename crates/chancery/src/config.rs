//! Settings from flags, variables and a file, merged and checked. The one place that knows where they come from.
//!
//! A setting is known by its key: `acme_url`, or `acme.max_names` in a section. Each source gives values by keys, and
//! merging them is extending one map by the next, so that every value remembers where it came from. A section is a
//! struct of its own with its defaults and bounds; what it has is known to the file, to variables, to `config show` and to
//! the test of docs/configuration.md without being listed again.

mod acme;
mod given;
mod known;
mod limits;
mod logging;
mod mail;
mod network;
mod options;
mod passwords;
mod refused;
mod retention;
mod runtime;
mod sections;
mod show;
mod storage;
#[cfg(test)]
mod tests;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use store::DatabaseUrl;

use self::acme::AcmeSection;
use self::given::Given;
use self::limits::LimitsSection;
use self::logging::LoggingSection;
pub(crate) use self::mail::{MailSection, MailSecurity};
use self::network::NetworkSection;
pub(crate) use self::options::Options;
use self::passwords::PasswordsSection;
use self::refused::{Refused, refuse_other_than_url};
use self::retention::RetentionSection;
use self::runtime::RuntimeSection;
use self::sections::Sections;
pub(crate) use self::show::show;
pub(crate) use self::storage::Migrate;
use self::storage::StorageSection;

/// Settings with their defaults, checked.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) data: PathBuf,
    pub(crate) database: DatabaseUrl,
    pub(crate) sealing_key: PathBuf,
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
    pub(crate) lab: Option<Lab>,
    /// Set by `chancery demo` alone.
    pub(crate) is_demo: bool,
    pub(crate) log: String,
    pub(crate) acme: AcmeSection,
    pub(crate) limits: LimitsSection,
    pub(crate) logging: LoggingSection,
    pub(crate) mail: MailSection,
    pub(crate) network: NetworkSection,
    pub(crate) passwords: PasswordsSection,
    pub(crate) retention: RetentionSection,
    pub(crate) runtime: RuntimeSection,
    pub(crate) storage: StorageSection,
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
    /// A file with the keys of the lab's own root zone.
    pub(crate) trust_anchors: Option<PathBuf>,
    pub(crate) assume_valid: bool,
}

/// The settings in force, and where each came from.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    options: Options,
    sections: Sections,
    given: Given,
}

/// Merges what the command line and the variables say with the file and the defaults. A flag counts more than a
/// variable, a variable more than the file.
pub(crate) fn load(options: &Options, matches: &ArgMatches) -> anyhow::Result<Loaded> {
    // Not `env::var`: which variables there are is asked, so that a wrong one can be refused.
    load_from(options, matches, std::env::vars_os())
}

fn load_from(
    options: &Options,
    matches: &ArgMatches,
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> anyhow::Result<Loaded> {
    let mut given = match &options.config {
        Some(path) => Given::in_file(path)?,
        None => Given::default(),
    };
    given.extend(Given::in_variables(variables)?);
    given.extend(Given::by_command_line(options, matches)?);
    Loaded::new(given)
}

/// The settings of somebody who has given none.
#[cfg(feature = "pebble")]
pub(crate) fn defaults() -> anyhow::Result<Config> {
    Ok(Loaded::new(Given::default())?.config)
}

/// The settings in a file of this text.
#[cfg(test)]
pub(crate) fn of_text(text: &str) -> anyhow::Result<Config> {
    let given = Given::in_text(text, Path::new("test.toml"))?;
    Ok(Loaded::new(given)?.config)
}

impl Loaded {
    fn new(given: Given) -> anyhow::Result<Self> {
        let (options, sections) = given.read()?;
        let config = Config::new(&options, &sections)
            .map_err(|refused| anyhow::anyhow!("{}", given.explain(&refused)))?;
        Ok(Self {
            options: options.in_force(&config),
            sections: sections.in_force(&config),
            config,
            given,
        })
    }
}

impl Config {
    /// What was not given becomes its default.
    fn new(options: &Options, sections: &Sections) -> Result<Self, Refused> {
        sections.validate()?;
        let given = options.clone();
        let data = given.data.unwrap_or_else(|| PathBuf::from("data"));
        let loopback = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        let portal_listen = given.portal_listen.unwrap_or_else(|| loopback(8443));
        let acme_listen = given.acme_listen.unwrap_or_else(|| loopback(14000));
        let pki_listen = given.pki_listen.unwrap_or_else(|| loopback(8080));
        let internal_listen = given.internal_listen.unwrap_or_else(|| loopback(8081));
        let sealing_key = sections.storage.sealing_key.clone();
        let plain_http = given.plain_http.unwrap_or_default();
        let scheme = if plain_http { "http" } else { "https" };
        let local =
            |scheme: &str, listen: SocketAddr| format!("{scheme}://localhost:{}", listen.port());
        Ok(Self {
            database: database(given.database.as_deref(), &data)?,
            portal_url: origin("portal_url", given.portal_url, || {
                local(scheme, portal_listen)
            })?,
            acme_url: origin("acme_url", given.acme_url, || local(scheme, acme_listen))?,
            pki_url: origin("pki_url", given.pki_url, || local("http", pki_listen))?,
            internal_url: origin("internal_url", given.internal_url, || {
                format!("http://{internal_listen}")
            })?,
            portal_listen,
            acme_listen,
            pki_listen,
            internal_listen,
            tls_files: tls_files(given.tls_certificate, given.tls_key)?,
            plain_http,
            lab: options.lab(),
            is_demo: false,
            log: given.log.unwrap_or_else(|| "info".to_owned()),
            acme: sections.acme.clone(),
            limits: sections.limits.clone(),
            logging: sections.logging.clone(),
            mail: sections.mail.clone(),
            network: sections.network.clone(),
            passwords: sections.passwords.clone(),
            retention: sections.retention.clone(),
            runtime: sections.runtime.clone(),
            sealing_key: sealing_key.unwrap_or_else(|| data.join("sealing.key")),
            storage: sections.storage.clone(),
            data,
        })
    }
}

/// The value is not told: there may be a password in it.
fn database(given: Option<&str>, data: &Path) -> Result<DatabaseUrl, Refused> {
    let Some(text) = given else {
        return Ok(DatabaseUrl::Sqlite(data.join("chancery.db")));
    };
    text.parse().map_err(|_| {
        Refused::new(
            "database",
            "not understood",
            "sqlite:PATH or postgres://USER@HOST/NAME",
        )
    })
}

/// An origin without a final slash.
fn origin(
    key: &str,
    given: Option<String>,
    default: impl FnOnce() -> String,
) -> Result<String, Refused> {
    let url = given.unwrap_or_else(default);
    refuse_other_than_url(key, &url)?;
    Ok(url.trim_end_matches('/').to_owned())
}

fn tls_files(
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
) -> Result<Option<(PathBuf, PathBuf)>, Refused> {
    let together = "both tls_certificate and tls_key, or none of them";
    match (certificate, key) {
        (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
        (Some(path), None) => Err(Refused::new("tls_certificate", path.display(), together)),
        (None, Some(path)) => Err(Refused::new("tls_key", path.display(), together)),
        (None, None) => Ok(None),
    }
}
