//! `chancery doctor`: looks at what a server needs, says what is wrong and what to do. Changes nothing.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use base::Clock as _;
use flow::operations::address::{Neighbours, is_local, neighbours};
use store::Engine;
use store::migrate::SchemaState;
use tokio::net::{TcpListener, TcpStream};

use crate::admin::say;
use crate::config::Config;
use crate::parts;
use crate::system::SystemClock;

/// Looks at everything; fails when something is wrong.
pub(crate) async fn run(config: &Config) -> anyhow::Result<()> {
    let mut findings = Findings(0);
    findings.note("data directory", data_directory(&config.data));
    findings.note("sealing key", sealing_key(&config.sealing_key));
    findings.note("database", database(config).await);
    findings.note("nodes", nodes(config).await);
    findings.note("TLS", tls(config));
    for (name, address) in [
        ("portal listener", config.portal_listen),
        ("ACME listener", config.acme_listen),
        ("CRL listener", config.pki_listen),
        ("internal listener", config.internal_listen),
    ] {
        findings.note(name, listener(address).await);
    }
    findings.note("network", Ok(network(config)));
    if findings.0 > 0 {
        anyhow::bail!("{} things need your attention", findings.0);
    }
    Ok(())
}

struct Findings(usize);

impl Findings {
    fn note(&mut self, what: &str, outcome: Result<String, String>) {
        match outcome {
            Ok(text) => say(&format!("ok    {what}: {text}")),
            Err(text) => {
                self.0 = self.0.saturating_add(1);
                say(&format!("WRONG {what}: {text}"));
            }
        }
    }
}

fn data_directory(path: &Path) -> Result<String, String> {
    match std::fs::metadata(path) {
        Ok(found) if !found.is_dir() => Err(format!("{} is not a directory", path.display())),
        Ok(found) if found.permissions().readonly() => Err(format!(
            "{} is not writable; change its owner or mode",
            path.display()
        )),
        Ok(_) => Ok(path.display().to_string()),
        Err(_) => Ok(format!(
            "{} is not there yet and will be made",
            path.display()
        )),
    }
}

fn sealing_key(path: &Path) -> Result<String, String> {
    let Ok(found) = std::fs::metadata(path) else {
        return Ok(format!(
            "{} is not there yet and will be made",
            path.display()
        ));
    };
    if found.permissions().mode() & 0o077 != 0 {
        return Err(format!(
            "others can read {}; run chmod 600 on it",
            path.display()
        ));
    }
    Ok(path.display().to_string())
}

async fn database(config: &Config) -> Result<String, String> {
    let place = config.database.to_string();
    if let store::DatabaseUrl::Sqlite(path) = &config.database
        && !path.exists()
    {
        return Ok(format!("{place} is not there yet and will be made"));
    }
    let store = parts::open_store(config)
        .await
        .map_err(|error| format!("{error:#}"))?;
    let state = store.check_schema().await;
    store.close().await;
    match state {
        Ok(SchemaState::Behind(missing)) => {
            Err(format!("{place}: {}", parts::what_is_missing(&missing)))
        }
        Ok(SchemaState::Current) => Ok(format!("{place} answers and is up to date")),
        Ok(SchemaState::Empty) => Ok(format!("{place} answers and is empty; it will be set up")),
        Err(error) => Err(format!("{place}: {error}")),
    }
}

/// Whether the nodes of a shared database can reach each other.
async fn nodes(config: &Config) -> Result<String, String> {
    let url = &config.internal_url;
    if config.database.engine() == Engine::Sqlite {
        return Ok("one; PostgreSQL is for more".to_owned());
    }
    let store = parts::open_store(config)
        .await
        .map_err(|_| "cannot be known without the database".to_owned())?;
    let found = match store.check_schema().await {
        Ok(SchemaState::Current) => {
            let runs = TcpListener::bind(config.internal_listen).await.is_err();
            let found = neighbours(&store, url, runs, SystemClock.now()).await;
            found.ok()
        }
        Ok(SchemaState::Behind(_) | SchemaState::Empty) | Err(_) => None,
    };
    store.close().await;
    let count = match found {
        Some(Neighbours {
            clash: Some(clash), ..
        }) => {
            return Err(format!(
                "{clash} (a node that has crashed is forgotten after some minutes)"
            ));
        }
        Some(Neighbours { count, .. }) => format!("{count} seen lately"),
        None => "none known yet".to_owned(),
    };
    if is_local(url) {
        return Ok(format!(
            "{count}; only this machine reaches {url}: before a node on another one starts, set internal_url and \
             internal_listen"
        ));
    }
    Ok(format!("{count}; the others reach this one at {url}"))
}

fn tls(config: &Config) -> Result<String, String> {
    if config.plain_http {
        return Ok("plain HTTP; a proxy has to end TLS".to_owned());
    }
    match &config.tls_files {
        None => Ok("a certificate from a CA of its own, to be trusted by server-ca.pem in the data directory".to_owned()),
        Some((certificate, key)) => {
            match [certificate, key].into_iter().find(|path| !path.is_file()) {
                Some(missing) => Err(format!("{} cannot be read", missing.display())),
                None => Ok(certificate.display().to_string()),
            }
        }
    }
}

async fn listener(address: std::net::SocketAddr) -> Result<String, String> {
    if TcpListener::bind(address).await.is_ok() {
        return Ok(format!("{address} is free"));
    }
    let connecting = TcpStream::connect(address);
    match tokio::time::timeout(Duration::from_secs(2), connecting).await {
        Ok(Ok(_)) => Ok(format!("{address} is in use, perhaps by a running server")),
        Ok(Err(_)) | Err(_) => Err(format!(
            "{address} cannot be used; choose another or grant more rights"
        )),
    }
}

fn network(config: &Config) -> String {
    match &config.lab {
        None => "public; special-purpose addresses are never contacted".to_owned(),
        Some(lab) if lab.assume_valid => "LAB: every name is taken for proven".to_owned(),
        Some(_) => "LAB: names resolve by the lab settings".to_owned(),
    }
}
