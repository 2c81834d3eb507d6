//! The demo's data: made once, written to `demo.json`, read again at the next start.

use std::fs;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;

use anyhow::Context;
use enrollment::subscription::{Label, Term};
use flow::enrollment::enroll_domains::{Enrollment, enroll_domains};
use flow::enrollment::open_subscription::{Opening, open_subscription};
use flow::operations::bootstrap::{Bootstrap, bootstrap};
use flow::{App, Caller};
use serde::{Deserialize, Serialize};
use tenancy::password::Password;
use tenancy::tenant::TenantName;
use tenancy::user::{DisplayName, Email};

use super::DOMAIN;
use crate::config::Config;
use crate::parts::first_offer;
use crate::tls::SERVER_CA;

/// What `demo.json` holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Sample {
    pub(super) portal_url: String,
    pub(super) email: String,
    pub(super) password: String,
    pub(super) directory_url: String,
    /// Absent in what an earlier release has written.
    #[serde(default)]
    pub(super) test_directory_url: String,
    pub(super) eab_kid: String,
    pub(super) eab_hmac_key: String,
    pub(super) ca_file: PathBuf,
    pub(super) certificate_file: PathBuf,
    pub(super) domain: String,
    pub(super) http01_port: u16,
}

impl Sample {
    /// What an earlier start has written.
    pub(super) fn read(config: &Config) -> anyhow::Result<Option<Self>> {
        let path = file(config);
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes).with_context(|| {
                format!(
                    "{} cannot be read; remove the directory to start afresh",
                    path.display()
                )
            })?)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| path.display().to_string()),
        }
    }

    /// Writes it whole or not at all, for its owner's eyes: it holds a password.
    pub(super) fn save(&self, config: &Config) -> anyhow::Result<()> {
        let path = file(config);
        let unfinished = path.with_extension("json.new");
        let mut options = fs::OpenOptions::new();
        let mut out = options
            .create(true)
            .write(true)
            .truncate(true)
            .mode(0o600)
            .open(&unfinished)?;
        serde_json::to_writer_pretty(&mut out, self)?;
        out.sync_all()?;
        fs::rename(&unfinished, &path)?;
        Ok(())
    }
}

fn file(config: &Config) -> PathBuf {
    config.data.join("demo.json")
}

/// The data of an earlier start, or new data.
pub(super) async fn load_or_create(config: &Config, app: &App) -> anyhow::Result<Sample> {
    if let Some(sample) = Sample::read(config)? {
        let (directory_url, test_directory_url) = directories(app)?;
        return Ok(Sample {
            portal_url: config.portal_url.clone(),
            directory_url,
            test_directory_url,
            ..sample
        });
    }
    let email = Email::parse("demo@reseller.test")?;
    let password = Password::generate(app.random());
    let made = bootstrap(
        app,
        &Caller::command_line(),
        Bootstrap {
            operator: TenantName::parse("Demo operator")?,
            reseller: TenantName::parse("Northwind Hosting")?,
            email: email.clone(),
            display_name: DisplayName::parse("Demo user")?,
            password: Some(password.clone()),
        },
    )
    .await
    .context("the data directory holds another installation; choose an empty one with --data")?;
    let (directory_url, test_directory_url) = directories(app)?;
    let opening = Opening {
        offer: first_offer(app)?.slug,
        shows_key: true,
        label: Label::parse("Production")?,
        term: Term::from_years(1)?,
        organization: None,
        department: None,
        max_bindings: None,
    };
    let caller = Caller::command_line().within(made.reseller.id);
    let opened = open_subscription(app, &caller, opening).await?;
    let enrollment = Enrollment {
        anchor: None,
        subscription: opened.subscription.id,
        text: DOMAIN.to_owned(),
        companions: None,
    };
    enroll_domains(app, &caller, enrollment).await?;
    let data = fs::canonicalize(&config.data)?;
    let sample = Sample {
        portal_url: config.portal_url.clone(),
        email: email.as_str().to_owned(),
        password: password.reveal().to_owned(),
        directory_url,
        test_directory_url,
        eab_kid: opened.credential.key_id.as_str().to_owned(),
        eab_hmac_key: opened.mac_key.reveal(),
        ca_file: data.join(SERVER_CA),
        certificate_file: data.join("certificate.pem"),
        domain: DOMAIN.to_owned(),
        http01_port: config.lab.as_ref().map_or(80, |lab| lab.http_port),
    };
    Ok(sample)
}

/// Where certificates of what is sold first are ordered, and where that can be tried.
fn directories(app: &App) -> anyhow::Result<(String, String)> {
    let catalog = app.catalog();
    let production = catalog.of_product(first_offer(app)?.product.as_str());
    let production = production.context("what is sold has no directory")?;
    let test = catalog.test_of(&production.slug);
    let url = |slug: &str| app.directory_url(slug);
    Ok((
        url(&production.slug),
        test.map(|test| url(&test.slug)).unwrap_or_default(),
    ))
}

/// Keeps a private key from others.
pub(super) fn write_private(path: &std::path::Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(())
}
