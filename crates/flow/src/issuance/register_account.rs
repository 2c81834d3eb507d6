//! newAccount (RFC 8555 §7.3): a key joins a subscription by its external account binding.

use acme::account::{AccountError, NewAccount, Registration};
use acme::eab::{EabError, ExternalAccountBinding};
use acme::{Jwk, Thumbprint};
use base::{AccountId, Actor, Class, Refusal, Refuse, SubscriptionId, Timestamp};
use enrollment::admission::Standing;
use enrollment::eab::{EabCredential, NotBinding};
use enrollment::subscription::{State, Subscription};
use serde_json::json;
use store::audit::Entry;
use store::enrollment::eab_credential::{self, Bound, SealedCredential};
use store::enrollment::subscription;
use store::issuance::account;
pub use store::issuance::account::{Account, Contact};
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};

use crate::app::DIRECTORY;
use crate::caller::system;
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
    /// The tenant of the credential, or one above it, is suspended (F-007).
    #[error(
        "EAB key ID \"{key_id}\" belongs to an ACME account whose owner is suspended; ask your provider"
    )]
    OwnerSuspended {
        /// The credential.
        key_id: String,
    },
    /// The credential's subscription takes no accounts.
    #[error("EAB key ID \"{key_id}\" belongs to an ACME account that is {state}; see the portal")]
    Subscription {
        /// The credential.
        key_id: String,
        /// What its subscription is.
        state: State,
    },
}

impl Refuse for RegisterError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Account(error) => error.refusal(),
            Self::Binding(error) => error.refusal(),
            Self::BindingRequired => Class::Forbidden.because("external_account_required", self),
            Self::NoAccount => Class::Invalid.because("account_does_not_exist", self),
            Self::NotBinding(error) => error.refusal(),
            Self::Seal(error) => Refusal::internal(error),
            Self::Store(error) => error.refusal(),
            Self::OwnerSuspended { .. } => Class::Forbidden.because("owner_suspended", self),
            Self::Subscription { .. } => Class::Forbidden.because("subscription_not_open", self),
        }
    }
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
    let thumbprint = key.thumbprint();
    if let Some(account) = find(app, thumbprint).await? {
        account.status().check_usable()?;
        return Ok(Registered {
            account,
            is_new: false,
        });
    }
    let NewAccount::Register(registration) = wanted else {
        return Err(RegisterError::NoAccount);
    };
    registration.check_terms(app.settings().meta.terms_of_service.as_deref())?;
    let binding = open_binding(app, &registration, url, &key).await?;
    let now = app.now();
    let account = Account {
        id: AccountId::generate(now, app.random()),
        directory: DIRECTORY.to_owned(),
        tenant: binding.subscription.tenant,
        subscription: binding.subscription.id,
        eab_key_id: Some(binding.key_id),
        external_account_binding: binding.json,
        thumbprint,
        jwk: key.to_json().to_owned(),
        contact: contact(&registration),
        suspended_at: None,
        deactivated_at: None,
        terms_agreed_at: registration.terms_of_service_agreed.then_some(now),
        created_at: now,
        client_address: caller.client.address.clone(),
        client_agent: caller.client.agent.clone(),
    };
    store_account(app, caller, account, now).await
}

/// What a binding that was proven leads to.
struct Binding {
    key_id: String,
    json: Option<String>,
    subscription: Subscription,
}

fn contact(registration: &Registration) -> Contact {
    let urls = registration.contact.iter();
    Contact(urls.map(|contact| contact.as_str().to_owned()).collect())
}

async fn find(app: &App, thumbprint: Thumbprint) -> Result<Option<Account>, store::Error> {
    app.store(system("a key is not known yet"))
        .read((DIRECTORY.to_owned(), thumbprint), account::by_key)
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
        .store(system("a binding is not proven yet"))
        .read(binding.kid().to_owned(), load_binding)
        .await?;
    let Some((stored, subscription, standing)) = found else {
        return Err(binding.refuse_unknown().into());
    };
    binding.verify(stored.open(&app.outside.sealer)?.as_bytes())?;
    // Only the holder of the MAC key learns more about the credential.
    stored.credential.may_bind(app.now())?;
    if standing == Some(Standing::Suspended) {
        let key_id = binding.kid().to_owned();
        return Err(RegisterError::OwnerSuspended { key_id });
    }
    check_subscription(&subscription, binding.kid(), app.now())?;
    Ok(Binding {
        key_id: binding.kid().to_owned(),
        json: Some(json.get().to_owned()),
        subscription,
    })
}

/// A test server's accounts need no binding and join its one subscription.
async fn open_house(app: &App) -> Result<Binding, RegisterError> {
    let Some(house) = &app.settings().open_house else {
        return Err(RegisterError::BindingRequired);
    };
    let id = house.subscription;
    if app.settings().meta.external_account_required {
        return Err(RegisterError::BindingRequired);
    }
    let found = app
        .store(system("a test server's accounts join one subscription"))
        .read(id, load_open_house)
        .await?;
    let (stored, subscription) = found.ok_or(RegisterError::BindingRequired)?;
    Ok(Binding {
        key_id: stored.credential.key_id.as_str().to_owned(),
        json: None,
        subscription,
    })
}

/// A credential with what it leads to.
type Found = (SealedCredential, Subscription, Option<Standing>);

async fn load_binding(tx: &mut ReadTx, key_id: &String) -> Result<Option<Found>, store::Error> {
    let Some(stored) = eab_credential::by_key_id(tx, key_id).await? else {
        return Ok(None);
    };
    let found = subscription::by_id(tx, &stored.credential.subscription).await?;
    let Some(subscription) = found else {
        return Ok(None);
    };
    let owner = subscription.customer.unwrap_or(subscription.tenant);
    let standing = tenant::standing(tx, &owner).await?;
    Ok(Some((stored, subscription, standing)))
}

async fn load_open_house(
    tx: &mut ReadTx,
    id: &SubscriptionId,
) -> Result<Option<(SealedCredential, Subscription)>, store::Error> {
    let Some(subscription) = subscription::by_id(tx, id).await? else {
        return Ok(None);
    };
    let credentials = eab_credential::by_subscription(tx, id).await?;
    let first = credentials.into_iter().next();
    Ok(first.map(|stored| (stored, subscription)))
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
    let caller = caller
        .known_as(Actor::Account(account.id))
        .within(account.tenant);
    let detail = json!({ "eab_key_id": account.eab_key_id, "subscription": account.subscription });
    let object = account.id.to_string();
    let audit = app.audit_entry(
        &caller,
        account.tenant,
        "acme_account.register",
        object,
        &detail,
        now,
    );
    let wish = Wish {
        account,
        audit,
        now,
    };
    app.store(&caller).decide(wish, load, decide, save).await
}

struct Wish {
    account: Account,
    audit: Entry,
    now: Timestamp,
}

struct Facts {
    /// Who has the key already.
    holder: Option<Account>,
    credential: Option<EabCredential>,
}

enum Decision {
    /// The same key registered at the same moment; both calls get the one account.
    Answer(Account),
    Register {
        account: Account,
        audit: Entry,
        now: Timestamp,
    },
}

async fn load(tx: &mut ReadTx, wish: &Wish) -> Result<Facts, store::Error> {
    let key = (DIRECTORY.to_owned(), wish.account.thumbprint);
    let key_id = wish.account.eab_key_id.as_deref().unwrap_or_default();
    let stored = eab_credential::by_key_id(tx, key_id).await?;
    Ok(Facts {
        holder: account::by_key(tx, &key).await?,
        credential: stored.map(|stored| stored.credential),
    })
}

fn decide(wish: &Wish, facts: Facts) -> Result<Decision, RegisterError> {
    let Facts { holder, credential } = facts;
    if let Some(holder) = holder {
        return Ok(Decision::Answer(holder));
    }
    let credential = credential.ok_or(RegisterError::BindingRequired)?;
    credential.may_bind(wish.now)?;
    Ok(Decision::Register {
        account: wish.account.clone(),
        audit: wish.audit.clone(),
        now: wish.now,
    })
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<Registered, store::Error> {
    let (account, audit, now) = match decision {
        Decision::Answer(account) => {
            return Ok(Registered {
                account: account.clone(),
                is_new: false,
            });
        }
        Decision::Register {
            account,
            audit,
            now,
        } => (account, audit, *now),
    };
    account::insert(tx, account).await?;
    if let Some(key_id) = &account.eab_key_id {
        let bound = Bound {
            key_id: key_id.clone(),
            at: now,
        };
        eab_credential::count_binding(tx, &bound).await?;
    }
    store::audit::append(tx, audit).await?;
    Ok(Registered {
        account: account.clone(),
        is_new: true,
    })
}
