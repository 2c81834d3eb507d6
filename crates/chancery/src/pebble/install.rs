//! A whole installation in an empty database: CAs, a reseller, and the one subscription that everybody joins.

use anyhow::Context;
use base::SubscriptionId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use enrollment::eab::{KeyId, MacKey};
use enrollment::subscription::{Label, Term};
use flow::enrollment::import_credential::{ImportedCredential, import_credential};
use flow::enrollment::open_subscription::{Opening, open_subscription};
use flow::issuance::publish_crl::publish_first;
use flow::operations::bootstrap::{Bootstrap, Bootstrapped, FirstPassword, bootstrap};
use flow::operations::node::{shut_down, start};
use flow::{App, Caller, jobs};
use tenancy::tenant::TenantName;
use tenancy::user::{DisplayName, Email};

use super::arguments::Arguments;
use super::authorities::{self, Authorities};
use super::settings::Stage;
use crate::config::Migrate;
use crate::parts;

/// Sets everything up, then starts the application that serves. It needs to know the subscription from its
/// start, so that a first one makes it.
pub(super) async fn install(
    arguments: &Arguments,
    stage: &Stage,
) -> anyhow::Result<(App, Authorities)> {
    let store = parts::ready_store(&stage.config, Migrate::Auto).await?;
    let first = parts::outside(&stage.config, store)?;
    let authorities = authorities::create(&first, arguments.environment.alternate_roots).await?;
    let first = start(first).await?;
    let subscription = open(&first, stage).await?;
    shut_down(&first).await;

    let mut outside = parts::outside(&stage.config, parts::open_store(&stage.config).await?)?;
    stage.apply(arguments, subscription, &mut outside.settings);
    let app = start(outside).await?;
    jobs::schedule_periodic(&app).await?;
    publish_first(&app).await?;
    Ok((app, authorities))
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
            password: FirstPassword::Generated,
        },
    )
    .await?;
    let opening = Opening {
        label: Label::parse("Everybody")?,
        term: Term::from_years(3)?,
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
