//! A whole installation in an empty database: CAs, a reseller, and the one subscription that everybody joins.

use anyhow::Context;
use base::SubscriptionId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use enrollment::eab::{KeyId, MacKey};
use enrollment::policy::Policy;
use enrollment::subscription::{Label, Term};
use flow::catalog::change_directory::{DirectoryPlan, change_directory};
use flow::catalog::create_product::create_product;
use flow::catalog::publish_offer::{OfferPlan, publish_unchecked};
use flow::catalog::publish_profile::publish_profile;
use flow::enrollment::import_credential::{ImportedCredential, import_credential};
use flow::enrollment::open_subscription::{Opening, open_subscription};
use flow::operations::bootstrap::{Bootstrap, Bootstrapped, bootstrap};
use flow::operations::node::start;
use flow::{App, Caller};
use tenancy::tenant::TenantName;
use tenancy::user::{DisplayName, Email};

use super::arguments::Arguments;
use super::authorities::{self, Authorities};
use super::settings::{DIRECTORY, Stage};
use crate::config::Migrate;
use crate::parts;

/// Sets everything up with the flows that an operator has, and starts the application that serves.
pub(super) async fn install(
    arguments: &Arguments,
    stage: &Stage,
) -> anyhow::Result<(App, Authorities)> {
    let store = parts::ready_store(&stage.config, Migrate::Auto).await?;
    let mut outside = parts::outside(&stage.config, store).await?;
    stage.apply(arguments, &mut outside.settings);
    let app = start(outside, flow::jobs::all()).await?;
    let caller = Caller::command_line();
    let (issuing, authorities) =
        authorities::create(&app, arguments.environment.alternate_roots).await?;
    create_product(&app, &caller, (DIRECTORY, "Everybody", "domain")).await?;
    publish_profile(&app, &caller, &profile(&app, stage)?).await?;
    change_directory(&app, &caller, stage.directory(arguments, issuing)).await?;
    let plan = OfferPlan {
        slug: DIRECTORY.to_owned(),
        name: Some("Everybody".to_owned()),
        product: Some(DIRECTORY.to_owned()),
        policy: Policy::open_house(),
    };
    publish_unchecked(&app, &caller, plan).await?;
    let subscription = open(&app, stage).await?;
    let joining = DirectoryPlan {
        slug: DIRECTORY.to_owned(),
        rules: vec![("joins".to_owned(), subscription.to_string())],
        ..DirectoryPlan::default()
    };
    change_directory(&app, &caller, joining).await?;
    parts::begin_crls(&app).await?;
    Ok((app, authorities))
}

/// What is sold first looks like this, with the lifetime that Pebble was told.
fn profile(app: &App, stage: &Stage) -> anyhow::Result<pki::Profile> {
    let catalog = app.catalog();
    let offer = parts::first_offer(app)?;
    let directory = catalog.of_product(offer.product.as_str());
    let profile = &directory.context("there is no directory")?.profile.profile;
    Ok(pki::Profile {
        name: DIRECTORY.to_owned(),
        validity_seconds: stage
            .file
            .validity_seconds()
            .unwrap_or(profile.validity_seconds),
        // As Pebble does; nothing here has to be stapled for real.
        honours_must_staple: true,
        ..profile.clone()
    })
}

async fn open(app: &App, stage: &Stage) -> anyhow::Result<SubscriptionId> {
    let Bootstrapped { reseller, .. } = bootstrap(
        app,
        &Caller::command_line(),
        Bootstrap {
            operator: TenantName::parse("Pebble operator")?,
            reseller: TenantName::parse("Pebble")?,
            email: Email::parse("pebble@example.test")?,
            display_name: DisplayName::parse("Pebble")?,
            password: None,
        },
    )
    .await?;
    let opening = Opening {
        offer: DIRECTORY.to_owned(),
        shows_key: false,
        label: Label::parse("Everybody")?,
        term: Term::from_years(3)?,
        organization: None,
        department: None,
        max_bindings: None,
    };
    let caller = Caller::command_line().within(reseller.id);
    let opened = open_subscription(app, &caller, opening).await?;
    for (key_id, mac_key) in &stage.file.external_account_mac_keys {
        let mac_key = URL_SAFE_NO_PAD
            .decode(mac_key.trim_end_matches('='))
            .with_context(|| format!("the MAC key of \"{key_id}\" is not base64url"))?;
        let import = ImportedCredential {
            subscription: opened.subscription.id,
            key_id: KeyId::from_stored(key_id)
                .with_context(|| format!("\"{key_id}\" cannot be a key ID"))?,
            mac_key: MacKey::from_bytes(mac_key),
        };
        import_credential(app, &caller, import).await?;
    }
    Ok(opened.subscription.id)
}
