//! newAccount (RFC 8555 §7.3): a key joins a subscription by its external account binding.

use std::sync::Arc;

use acme::Jwk;
use acme::account::{AccountError, NewAccount, Registration};
use acme::eab::{EabError, ExternalAccountBinding};
use base::{AccountId, Timestamp};
use enrollment::eab::NotBinding;
use enrollment::subscription::{State, Subscription};
use serde_json::json;
use store::WriteTx;
use store::audit::Entry;
pub use store::issuance::account::Account;

use crate::app::DIRECTORY;
use crate::{App, Caller};

/// The account of a key.
pub struct Registered {
    /// The account.
    pub account: Account,
    /// Whether it was made just now.
    pub is_new: bool,
}

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The payload, or what it says.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The binding itself.
    #[error(transparent)]
    Binding(#[from] EabError),
    /// There is none, and the directory demands one.
    #[error(
        "this server needs an external account binding: give your client the EAB key ID and MAC key of an ACME \
         account from the portal"
    )]
    BindingRequired,
    /// The client only looked for an account.
    #[error("there is no account with this key")]
    NoAccount,
    /// The credential binds no more accounts.
    #[error(transparent)]
    NotBinding(#[from] NotBinding),
    /// The sealed MAC key cannot be opened.
    #[error("the MAC key of a credential cannot be opened")]
    Seal(#[from] store::seal::SealError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The credential's subscription takes no accounts.
    #[error("EAB key ID \"{key_id}\" belongs to an ACME account that is {state}; see the portal")]
    Subscription {
        /// The credential.
        key_id: String,
        /// What its subscription is.
        state: State,
    },
}

/// The account of `key`: an old one as it is, or a new one under the subscription of its binding.
pub async fn register_account(
    app: &App,
    caller: &Caller,
    key: Jwk,
    url: &str,
    payload: &[u8],
) -> Result<Registered, RegisterError> {
    let wanted = NewAccount::parse(payload)?;
    let thumbprint = key.thumbprint().to_string();
    if let Some(account) = find(app, thumbprint.clone()).await? {
        account.status.check_usable()?;
        return Ok(Registered {
            account,
            is_new: false,
        });
    }
    let NewAccount::Register(registration) = wanted else {
        return Err(RegisterError::NoAccount);
    };
    registration.check_terms(app.settings.meta.terms_of_service.as_deref())?;
    let binding = open_binding(app, &registration, url, &key).await?;
    let now = app.clock.now();
    let account = Account {
        id: AccountId::generate(now, app.random.as_ref()),
        directory: DIRECTORY.to_owned(),
        tenant: binding.subscription.tenant,
        subscription: binding.subscription.id,
        eab_key_id: binding.key_id,
        external_account_binding: binding.json,
        thumbprint,
        jwk: key.to_json().to_owned(),
        status: acme::account::Status::Valid,
        contact: registration
            .contact
            .iter()
            .map(|contact| contact.as_str().to_owned())
            .collect(),
        terms_agreed_at: registration.terms_of_service_agreed.then_some(now),
        created_at: now,
        client_address: caller.client_address.clone(),
        client_agent: caller.client_agent.clone(),
    };
    store_account(app, caller, account, now).await
}

/// What a binding that was proven leads to.
struct Binding {
    key_id: String,
    json: String,
    subscription: Subscription,
}

async fn find(app: &App, thumbprint: String) -> Result<Option<Account>, store::Error> {
    app.store
        .read(thumbprint, |tx, thumbprint| {
            Box::pin(store::issuance::account::by_thumbprint(
                tx, DIRECTORY, thumbprint,
            ))
        })
        .await
}

async fn open_binding(
    app: &App,
    registration: &Registration,
    url: &str,
    key: &Jwk,
) -> Result<Binding, RegisterError> {
    let Some(json) = &registration.external_account_binding else {
        return open_house(app).await;
    };
    let binding = ExternalAccountBinding::parse(json, url, key)?;
    let found = app
        .store
        .read(binding.kid(), |tx, kid| {
            Box::pin(async move {
                let Some(stored) = store::enrollment::eab_credential::by_key_id(tx, kid).await?
                else {
                    return Ok::<_, store::Error>(None);
                };
                let id = stored.credential.subscription;
                let subscription = store::enrollment::subscription::by_id(tx, id).await?;
                Ok(subscription.map(|subscription| (stored, subscription)))
            })
        })
        .await?;
    let Some((stored, subscription)) = found else {
        return Err(binding.refuse_unknown().into());
    };
    binding.verify(stored.open(&app.sealer)?.as_bytes())?;
    // Only the holder of the MAC key learns more about the credential.
    stored.credential.may_bind(app.clock.now())?;
    check_subscription(&subscription, binding.kid(), app.clock.now())?;
    Ok(Binding {
        key_id: binding.kid().to_owned(),
        json: json.get().to_owned(),
        subscription,
    })
}

/// A test server's accounts need no binding and join its one subscription.
async fn open_house(app: &App) -> Result<Binding, RegisterError> {
    let Some(house) = &app.settings.open_house else {
        return Err(RegisterError::BindingRequired);
    };
    let id = house.subscription;
    if app.settings.meta.external_account_required {
        return Err(RegisterError::BindingRequired);
    }
    let found = app
        .store
        .read(id, |tx, id| {
            Box::pin(async move {
                let subscription = store::enrollment::subscription::by_id(tx, *id).await?;
                let Some(subscription) = subscription else {
                    return Ok::<_, store::Error>(None);
                };
                let credentials = store::enrollment::eab_credential::by_subscription(
                    tx,
                    subscription.tenant,
                    *id,
                )
                .await?;
                Ok(credentials
                    .into_iter()
                    .next()
                    .map(|stored| (stored, subscription)))
            })
        })
        .await?;
    let (stored, subscription) = found.ok_or(RegisterError::BindingRequired)?;
    Ok(Binding {
        key_id: stored.credential.key_id.as_str().to_owned(),
        json: String::new(),
        subscription,
    })
}

/// Registering needs no domain (F-070), but a subscription that is not over.
fn check_subscription(
    subscription: &Subscription,
    key_id: &str,
    now: Timestamp,
) -> Result<(), RegisterError> {
    let state = subscription.state(now);
    match state {
        State::Pending | State::Active => Ok(()),
        State::Suspended | State::Expired | State::Deactivated => {
            Err(RegisterError::Subscription {
                key_id: key_id.to_owned(),
                state,
            })
        }
    }
}

async fn store_account(
    app: &App,
    caller: &Caller,
    account: Account,
    now: Timestamp,
) -> Result<Registered, RegisterError> {
    let actor = Caller {
        actor: account.id.to_string(),
        ..caller.clone()
    };
    let detail = json!({ "eab_key_id": account.eab_key_id, "subscription": account.subscription });
    let object = account.id.to_string();
    let audit = app.audit_entry(
        &actor,
        account.tenant,
        "acme_account.register",
        object,
        &detail,
        now,
    );
    let input = Arc::new((account, audit, now));
    app.store
        .write(input, |tx, input| {
            let (account, audit, now) = &**input;
            Box::pin(write(tx, account, audit, *now))
        })
        .await
}

async fn write(
    tx: &mut WriteTx,
    account: &Account,
    audit: &Entry,
    now: Timestamp,
) -> Result<Registered, RegisterError> {
    if !store::issuance::account::insert(tx, account).await? {
        // The same key registered at the same moment; both calls get the one account.
        let found =
            store::issuance::account::by_thumbprint(tx, DIRECTORY, &account.thumbprint).await?;
        let account = found.ok_or(RegisterError::NoAccount)?;
        return Ok(Registered {
            account,
            is_new: false,
        });
    }
    if !store::enrollment::eab_credential::count_binding(tx, &account.eab_key_id, now).await? {
        let stored = store::enrollment::eab_credential::by_key_id(tx, &account.eab_key_id).await?;
        let credential = stored.ok_or(RegisterError::BindingRequired)?.credential;
        credential.may_bind(now)?;
        return Err(NotBinding::Revoked {
            key_id: credential.key_id,
        }
        .into());
    }
    store::audit::append(tx, audit).await?;
    Ok(Registered {
        account: account.clone(),
        is_new: true,
    })
}
