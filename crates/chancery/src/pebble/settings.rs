//! Turns what Pebble was told into the settings of this server.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::Context;
use base::CaId;
use flow::Settings;
use flow::catalog::change_directory::DirectoryPlan;
use store::DatabaseUrl;

use super::arguments::Arguments;
use super::file::File;
use crate::config::{self, Config, Lab};

/// The product and the directory that take Pebble's place.
pub(super) const DIRECTORY: &str = "pebble";

/// Where test suites run their web servers.
const OPEN_ADDRESSES: [&str; 6] = [
    "127.0.0.0/8",
    "::1",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
];

/// Everything that is known before the database is there.
pub(super) struct Stage {
    pub(super) config: Config,
    pub(super) file: File,
    pub(super) management_listen: SocketAddr,
}

impl Stage {
    /// Keeps its data in `folder`; `relying` is where CRLs are served.
    pub(super) async fn new(
        arguments: &Arguments,
        folder: &Path,
        relying: SocketAddr,
    ) -> anyhow::Result<Self> {
        arguments.environment.check()?;
        let file = File::read(&arguments.config)?;
        let mut config = config::defaults()?;
        config.data = folder.to_owned();
        config.database = DatabaseUrl::Sqlite(folder.join("pebble.db"));
        config.sealing_key = folder.join("sealing.key");
        config.acme_listen = resolve(&file.listen_address)
            .await
            .context("listenAddress")?;
        // For requests that do not say which host they mean.
        config.acme_url = format!("https://localhost:{}", config.acme_listen.port());
        config.pki_listen = relying;
        config.pki_url = format!("http://{relying}");
        config.tls_files = Some((file.certificate.clone(), file.private_key.clone()));
        config.log.clone_from(&arguments.log);
        let dns_server = match &arguments.dnsserver {
            Some(text) => resolve(text).await.context("-dnsserver")?,
            None => system_dns_server()?,
        };
        config.lab = Some(Lab {
            addresses: Vec::new(),
            dns_server: Some(dns_server),
            open_addresses: OPEN_ADDRESSES.map(str::to_owned).to_vec(),
            http_port: file.http_port,
            tls_port: file.tls_port,
            any_redirect_port: true,
            trust_anchors: None,
            assume_valid: arguments.environment.always_valid,
        });
        let management_listen = resolve(&file.management_listen_address)
            .await
            .context("managementListenAddress")?;
        Ok(Self {
            config,
            file,
            management_listen,
        })
    }

    /// Changes the settings of an ordinary server.
    pub(super) fn apply(&self, arguments: &Arguments, settings: &mut Settings) {
        let environment = &arguments.environment;
        settings.paths = acme::paths::Shape::Pebble;
        settings.sole_directory = Some(DIRECTORY.to_owned());
        settings.meta.terms_of_service = Some("data:text/plain,Do%20what%20thou%20wilt".to_owned());
        settings.orders_per_page = usize::from(environment.orders_per_page);
        settings.retry_after = self.file.retry_after();
        if self.file.has_choice_of_profiles() {
            tracing::warn!("clients cannot choose a profile yet; all get the default one");
        }
        if self.file.wants_ocsp() {
            tracing::warn!(
                "ocspResponderURL is ignored: certificates point to a CRL and name no OCSP responder"
            );
        }
        if self.file.admits_nobody() {
            tracing::warn!(
                "nobody can register: externalAccountBindingRequired without externalAccountMACKeys"
            );
        }
    }

    /// What the one directory is like.
    pub(super) fn directory(&self, arguments: &Arguments, issuing: CaId) -> DirectoryPlan {
        let rule = |key: &str, value: String| (key.to_owned(), value);
        let required = self.file.external_account_binding_required;
        DirectoryPlan {
            slug: DIRECTORY.to_owned(),
            product: Some(DIRECTORY.to_owned()),
            cas: vec![issuing],
            profile: Some(DIRECTORY.to_owned()),
            rules: vec![
                rule("blocked_suffixes", self.file.domain_blocklist.join(",")),
                rule("external_account_required", required.to_string()),
                rule("keys", "relaxed".to_owned()),
                rule(
                    "proof_reuse_percent",
                    arguments.environment.authzreuse.to_string(),
                ),
            ],
            ..DirectoryPlan::default()
        }
    }
}

/// `HOST:PORT` as Go programs take it, so that an empty host means every address.
async fn resolve(text: &str) -> anyhow::Result<SocketAddr> {
    let text = if text.starts_with(':') {
        format!("0.0.0.0{text}")
    } else {
        text.to_owned()
    };
    let mut found = tokio::net::lookup_host(&text)
        .await
        .with_context(|| format!("\"{text}\" is not a HOST:PORT that can be resolved"))?;
    found
        .next()
        .with_context(|| format!("\"{text}\" has no address"))
}

fn system_dns_server() -> anyhow::Result<SocketAddr> {
    let text = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let mut servers = text
        .lines()
        .filter_map(|line| line.strip_prefix("nameserver"));
    servers
        .find_map(|rest| rest.trim().parse().ok())
        .map(|address| SocketAddr::new(address, 53))
        .context("no DNS server in /etc/resolv.conf; name one with -dnsserver HOST:PORT")
}
