//! The server's own TLS: a chain from files, or one that our own CA issues and renews by itself.

use std::net::IpAddr;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Context;
use flow::App;
use pki::{
    InternalProfile, KeyAlgorithm, SerialNumber, Signer as _, SoftwareSigner, generate_pkcs8,
};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::config::Config;

/// How long a certificate of our own lasts.
const LIFETIME: Duration = Duration::from_secs(90 * 24 * 3600);
/// How often it is made anew; there is nothing to save.
const RENEWAL: Duration = Duration::from_secs(24 * 3600);

/// The certificate that is served now.
#[derive(Debug)]
pub(crate) struct Current(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for Current {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(
            self.0
                .read()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        )
    }
}

/// TLS for the portal and the ACME server; `None` behind a proxy that ends it.
pub(crate) fn server_config(
    config: &Config,
    app: &App,
) -> anyhow::Result<Option<Arc<ServerConfig>>> {
    if config.plain_http {
        return Ok(None);
    }
    let key = match &config.tls_files {
        Some((certificate, key)) => from_files(certificate, key)?,
        None => own(config, app)?,
    };
    let current = Arc::new(Current(RwLock::new(Arc::new(key))));
    if config.tls_files.is_none() {
        tokio::spawn(renew(config.clone(), app.clone(), current.clone()));
    }
    let mut server = ServerConfig::builder()
        .with_no_client_auth()
        .with_cert_resolver(current);
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    server.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new()?;
    Ok(Some(Arc::new(server)))
}

async fn renew(config: Config, app: App, current: Arc<Current>) {
    loop {
        tokio::time::sleep(RENEWAL).await;
        match own(&config, &app) {
            Ok(key) => {
                *current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
            }
            Err(error) => {
                tracing::error!(error = %error, "the server's certificate was not renewed");
            }
        }
    }
}

fn from_files(certificate: &Path, key: &Path) -> anyhow::Result<CertifiedKey> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("the TLS certificate in {}", certificate.display()))?;
    let key = PrivateKeyDer::from_pem_file(key)
        .with_context(|| format!("the TLS key in {}", key.display()))?;
    let key = CertifiedKey::new(chain, any_supported_type(&key)?);
    key.keys_match()
        .context("the TLS key does not belong to the TLS certificate")?;
    Ok(key)
}

/// A certificate from our own CA for the names that the settings use.
fn own(config: &Config, app: &App) -> anyhow::Result<CertifiedKey> {
    let mut hosts = vec!["localhost".to_owned()];
    let mut addresses = vec![IpAddr::from([127, 0, 0, 1]), "::1".parse()?];
    for url in [&config.acme_url, &config.portal_url] {
        match host(url) {
            Host::Address(address) if !addresses.contains(&address) => addresses.push(address),
            Host::Name(name) if !hosts.contains(&name) => hosts.push(name),
            Host::Address(_) | Host::Name(_) => {}
        }
    }
    let private_key = generate_pkcs8(KeyAlgorithm::EcdsaP256)?;
    let signer = SoftwareSigner::from_pkcs8(&private_key)?;
    let profile = InternalProfile::new(hosts, addresses, LIFETIME)?;
    let catalog = app.catalog();
    let issuing = &catalog.issuing().issuer;
    let serial = SerialNumber::generate(app.random());
    let now = app.now();
    let issued = issuing.issue_server_certificate(&profile, signer.public_key(), serial, now)?;
    let chain = vec![
        CertificateDer::from(issued.der),
        CertificateDer::from(issuing.certificate().der().to_vec()),
    ];
    let key = PrivateKeyDer::try_from(private_key.to_vec())
        .map_err(|error| anyhow::anyhow!("the server's new key cannot be used: {error}"))?;
    Ok(CertifiedKey::new(chain, any_supported_type(&key)?))
}

enum Host {
    Address(IpAddr),
    Name(String),
}

fn host(url: &str) -> Host {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap_or(rest);
    let name = match authority
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((address, _)) => address,
        None => authority.split(':').next().unwrap_or(authority),
    };
    match name.parse() {
        Ok(address) => Host::Address(address),
        Err(_) => Host::Name(name.to_ascii_lowercase()),
    }
}
