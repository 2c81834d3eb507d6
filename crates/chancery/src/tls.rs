//! The server's own TLS: a chain from files, or a certificate of a CA that issues to nobody else.

use std::fs;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use anyhow::Context;
use flow::App;
use flow::operations::node::own_certificate;
use pki::InternalProfile;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::config::Config;
use crate::files::write_if_new;

/// Whom clients have to trust to reach the server, PEM, in the data directory.
pub(crate) const SERVER_CA: &str = "server-ca.pem";

/// How long a certificate of our own lasts.
const LIFETIME: Duration = Duration::from_secs(90 * 24 * 3600);
/// How often it is made anew; there is nothing to save.
const RENEWAL: Duration = Duration::from_secs(24 * 3600);

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// The certificate that is served now.
#[derive(Debug)]
pub(crate) struct Current(RwLock<Arc<CertifiedKey>>);

impl Current {
    fn new(key: CertifiedKey) -> Self {
        Self(RwLock::new(Arc::new(key)))
    }

    /// Connections that begin from now on get this one.
    fn replace(&self, key: CertifiedKey) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
    }
}

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
pub(crate) async fn server_config(
    config: &Config,
    app: &App,
) -> anyhow::Result<Option<Arc<ServerConfig>>> {
    if config.plain_http {
        return Ok(None);
    }
    let current = certificate(config, app).await?;
    let mut server = ServerConfig::builder()
        .with_no_client_auth()
        .with_cert_resolver(current);
    server.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    server.ticketer = rustls::crypto::aws_lc_rs::Ticketer::new()?;
    Ok(Some(Arc::new(server)))
}

/// Whether the files that are set, if any, can be served.
pub(crate) fn check_files(config: &Config) -> anyhow::Result<()> {
    let Some((certificate, key)) = config.tls_files.clone() else {
        return Ok(());
    };
    Files { certificate, key }.read().map(drop)
}

/// The first certificate, and whoever keeps it current.
async fn certificate(config: &Config, app: &App) -> anyhow::Result<Arc<Current>> {
    let Some((certificate, key)) = config.tls_files.clone() else {
        let current = Arc::new(Current::new(own(config, app).await?));
        tokio::spawn(renew(config.clone(), app.clone(), current.clone()));
        return Ok(current);
    };
    let files = Files { certificate, key };
    let seen = files.state();
    let current = Arc::new(Current::new(files.read()?));
    tokio::spawn(watch(files, seen, current.clone(), LOOK));
    Ok(current)
}

async fn renew(config: Config, app: App, current: Arc<Current>) {
    loop {
        tokio::time::sleep(RENEWAL).await;
        match own(&config, &app).await {
            Ok(key) => {
                current.replace(key);
            }
            Err(error) => {
                tracing::error!(error = %error, "the server's certificate was not renewed");
            }
        }
    }
}

/// Where an operator, or an ACME client of theirs, puts the certificate and its key.
#[derive(Clone, Debug)]
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

/// What tells that a file has changed.
type State = [Option<(SystemTime, u64)>; 2];

impl Files {
    fn read(&self) -> anyhow::Result<CertifiedKey> {
        let (certificate, key) = (&self.certificate, &self.key);
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

    fn state(&self) -> State {
        [&self.certificate, &self.key].map(|path| {
            let found = fs::metadata(path).ok()?;
            Some((found.modified().ok()?, found.len()))
        })
    }
}

/// Reads the files again whenever they have changed; as long as they do not fit each other, the last pair that did
/// is served.
async fn watch(files: Files, mut seen: State, current: Arc<Current>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        let state = files.state();
        if state == seen {
            continue;
        }
        seen = state;
        match files.read() {
            Ok(key) => {
                current.replace(key);
                tracing::info!("the TLS certificate was read again");
            }
            Err(error) => {
                tracing::error!(error = %format!("{error:#}"), "the changed TLS files are not used");
            }
        }
    }
}

/// A certificate for the names that the settings use, from the CA that certifies nothing else. Clients have to trust
/// what is written beside the data.
async fn own(config: &Config, app: &App) -> anyhow::Result<CertifiedKey> {
    let mut hosts = vec!["localhost".to_owned()];
    let mut addresses = vec![IpAddr::from([127, 0, 0, 1]), "::1".parse()?];
    for url in [&config.acme_url, &config.portal_url] {
        match host(url) {
            Host::Address(address) if !addresses.contains(&address) => addresses.push(address),
            Host::Name(name) if !hosts.contains(&name) => hosts.push(name),
            Host::Address(_) | Host::Name(_) => {}
        }
    }
    let profile = InternalProfile::new(hosts, addresses, LIFETIME)?;
    let made = own_certificate(app, &profile).await?;
    write_if_new(&config.data.join(SERVER_CA), &made.root.to_pem())?;
    let key = PrivateKeyDer::try_from(made.private_key)
        .map_err(|error| anyhow::anyhow!("the server's new key cannot be used: {error}"))?;
    let chain = vec![CertificateDer::from(made.certificate)];
    Ok(CertifiedKey::new(chain, any_supported_type(&key)?))
}

enum Host {
    Address(IpAddr),
    Name(String),
}

/// The address in a URL that has one in place of a name.
pub(crate) fn address_in(url: &str) -> Option<IpAddr> {
    match host(url) {
        Host::Address(address) => Some(address),
        Host::Name(_) => None,
    }
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

#[cfg(test)]
mod tests {
    use pki::{
        CaName, KeyAlgorithm, SerialNumber, SoftwareSigner, generate_pkcs8, self_signed_root,
    };

    use super::*;
    use crate::system::{SystemClock, SystemRandom};

    const EVERY: Duration = Duration::from_millis(5);

    /// A certificate of its own key, DER, and the key.
    fn pair() -> (Vec<u8>, Vec<u8>) {
        let key = generate_pkcs8(KeyAlgorithm::EcdsaP256).unwrap();
        let signer = SoftwareSigner::from_pkcs8(&key).unwrap();
        let serial = SerialNumber::generate(&SystemRandom::new());
        let name = CaName::parse("CN=Test,O=Test,C=FI").unwrap();
        let now = base::Clock::now(&SystemClock);
        let der = self_signed_root(&name, &signer, serial, now).unwrap();
        (der, key.to_vec())
    }

    async fn served(current: &Current, der: &[u8]) -> bool {
        for _ in 0..200 {
            let key = current.0.read().unwrap().clone();
            if key.cert.first().is_some_and(|first| first.as_ref() == der) {
                return true;
            }
            tokio::time::sleep(EVERY).await;
        }
        false
    }

    #[tokio::test]
    async fn sb17_changed_tls_files_are_served_without_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let files = Files {
            certificate: directory.path().join("tls.pem"),
            key: directory.path().join("tls.key"),
        };
        let write_certificate = |der: &[u8]| {
            fs::write(&files.certificate, pki::pem::encode_chain([der])).unwrap();
        };
        let write_key = |key: &[u8]| {
            fs::write(&files.key, pki::pem::encode_private_key(key).as_bytes()).unwrap();
        };
        let (old, old_key) = pair();
        write_certificate(&old);
        write_key(&old_key);
        let current = Arc::new(Current::new(files.read().unwrap()));
        let watching = tokio::spawn(watch(files.clone(), files.state(), current.clone(), EVERY));

        let (new, new_key) = pair();
        write_certificate(&new);
        tokio::time::sleep(EVERY * 10).await;
        // The certificate came before its key.
        assert!(served(&current, &old).await);
        write_key(&new_key);
        assert!(served(&current, &new).await);
        // What cannot be read is not served.
        fs::write(&files.certificate, "nothing").unwrap();
        tokio::time::sleep(EVERY * 10).await;
        assert!(served(&current, &new).await);
        watching.abort();
    }
}
