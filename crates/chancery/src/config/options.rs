//! What has a flag: where things are, who listens where, and the lab. Everything else stands in a section.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;
use serde::{Deserialize, Serialize};

use super::{Config, Lab};

/// Every setting that has a flag; its variable and its key in the file have the same name.
#[derive(Debug, Clone, Default, Args, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
#[command(next_help_heading = "Settings")]
pub(crate) struct Options {
    /// A TOML file with settings
    #[arg(long, env = "CHANCERY_CONFIG", global = true)]
    #[serde(skip)]
    pub(super) config: Option<PathBuf>,
    /// Where files are kept: the embedded database, the sealing key, the CA certificates [default: ./data]
    #[arg(long, env = "CHANCERY_DATA", global = true)]
    pub(super) data: Option<PathBuf>,
    /// The database: sqlite:PATH or postgres://USER@HOST/NAME [default: sqlite:DATA/chancery.db]
    #[arg(long, env = "CHANCERY_DATABASE", global = true, hide_env_values = true)]
    pub(super) database: Option<String>,
    /// Where the portal listens [default: 127.0.0.1:8443]
    #[arg(long, env = "CHANCERY_PORTAL_LISTEN", global = true)]
    pub(super) portal_listen: Option<SocketAddr>,
    /// Where people reach the portal [default: https://localhost:PORT]
    #[arg(long, env = "CHANCERY_PORTAL_URL", global = true)]
    pub(super) portal_url: Option<String>,
    /// Where the ACME server listens [default: 127.0.0.1:14000]
    #[arg(long, env = "CHANCERY_ACME_LISTEN", global = true)]
    pub(super) acme_listen: Option<SocketAddr>,
    /// Where ACME clients reach us [default: https://localhost:PORT]
    #[arg(long, env = "CHANCERY_ACME_URL", global = true)]
    pub(super) acme_url: Option<String>,
    /// Where CRLs and CA certificates are served, in plain HTTP [default: 127.0.0.1:8080]
    #[arg(long, env = "CHANCERY_PKI_LISTEN", global = true)]
    pub(super) pki_listen: Option<SocketAddr>,
    /// Where relying parties fetch CRLs; written into every certificate [default: http://localhost:PORT]
    #[arg(long, env = "CHANCERY_PKI_URL", global = true)]
    pub(super) pki_url: Option<String>,
    /// Where health (/healthz), metrics (/metrics) and the other nodes are answered; not for the public [default: 127.0.0.1:8081]
    #[arg(long, env = "CHANCERY_INTERNAL_LISTEN", global = true)]
    pub(super) internal_listen: Option<SocketAddr>,
    /// Where other nodes reach that listener [default: http://ADDRESS]
    #[arg(long, env = "CHANCERY_INTERNAL_URL", global = true)]
    pub(super) internal_url: Option<String>,
    /// The TLS certificate chain of portal and ACME server, PEM, read again when it changes; without it a CA of its own issues one, to be trusted by DATA/server-ca.pem
    #[arg(long, env = "CHANCERY_TLS_CERTIFICATE", global = true)]
    pub(super) tls_certificate: Option<PathBuf>,
    /// The private key that belongs to it, PEM
    #[arg(long, env = "CHANCERY_TLS_KEY", global = true)]
    pub(super) tls_key: Option<PathBuf>,
    /// Speak plain HTTP on the portal and ACME listeners, for a proxy in front that ends TLS
    #[arg(long, env = "CHANCERY_PLAIN_HTTP", global = true, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pub(super) plain_http: Option<bool>,
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
    pub(super) lab_addresses: Option<Vec<String>>,
    /// Lab only: resolve through this DNS server
    #[arg(long, env = "CHANCERY_LAB_DNS_SERVER", global = true)]
    pub(super) lab_dns_server: Option<SocketAddr>,
    /// Lab only: addresses that may be contacted when the lab's DNS server names them, such as 127.0.0.0/8
    #[arg(
        long,
        env = "CHANCERY_LAB_OPEN_ADDRESSES",
        global = true,
        value_delimiter = ','
    )]
    pub(super) lab_open_addresses: Option<Vec<String>>,
    /// Lab only: the port that stands for 80 in http-01
    #[arg(long, env = "CHANCERY_LAB_HTTP_PORT", global = true)]
    pub(super) lab_http_port: Option<u16>,
    /// Lab only: the port that stands for 443 in redirects
    #[arg(long, env = "CHANCERY_LAB_TLS_PORT", global = true)]
    pub(super) lab_tls_port: Option<u16>,
    /// Lab only: a file with the DNSKEY records of the lab's own root zone; without it no DNS answer has to be signed
    #[arg(long, env = "CHANCERY_LAB_TRUST_ANCHORS", global = true)]
    pub(super) lab_trust_anchors: Option<PathBuf>,
    /// Lab only: take every name for proven without looking
    #[arg(long, env = "CHANCERY_LAB_ASSUME_VALID", global = true, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", value_parser = BoolishValueParser::new())]
    pub(super) lab_assume_valid: Option<bool>,
    /// What to log, such as info or chancery=debug,warn [default: info]
    #[arg(long, env = "CHANCERY_LOG", global = true)]
    pub(super) log: Option<String>,
}

impl Options {
    /// What is in force, for people: complete, and without secrets.
    pub(super) fn in_force(self, config: &Config) -> Self {
        Self {
            config: None,
            data: Some(config.data.clone()),
            database: Some(config.database.to_string()),
            portal_listen: Some(config.portal_listen),
            portal_url: Some(config.portal_url.clone()),
            acme_listen: Some(config.acme_listen),
            acme_url: Some(config.acme_url.clone()),
            pki_listen: Some(config.pki_listen),
            pki_url: Some(config.pki_url.clone()),
            internal_listen: Some(config.internal_listen),
            internal_url: Some(config.internal_url.clone()),
            plain_http: Some(config.plain_http),
            lab_addresses: Some(self.lab_addresses.unwrap_or_default()),
            lab_open_addresses: Some(self.lab_open_addresses.unwrap_or_default()),
            lab_assume_valid: Some(self.lab_assume_valid.unwrap_or_default()),
            log: Some(config.log.clone()),
            ..self
        }
    }

    /// Any lab setting makes the network a lab.
    pub(super) fn lab(&self) -> Option<Lab> {
        let addresses = self.lab_addresses.clone().unwrap_or_default();
        let open_addresses = self.lab_open_addresses.clone().unwrap_or_default();
        let assume_valid = self.lab_assume_valid == Some(true);
        let is_lab = !addresses.is_empty()
            || !open_addresses.is_empty()
            || self.lab_dns_server.is_some()
            || self.lab_http_port.is_some()
            || self.lab_tls_port.is_some()
            || self.lab_trust_anchors.is_some()
            || assume_valid;
        is_lab.then(|| Lab {
            addresses,
            dns_server: self.lab_dns_server,
            open_addresses,
            http_port: self.lab_http_port.unwrap_or(80),
            tls_port: self.lab_tls_port.unwrap_or(443),
            any_redirect_port: false,
            trust_anchors: self.lab_trust_anchors.clone(),
            assume_valid,
        })
    }
}
