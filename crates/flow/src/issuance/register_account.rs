//! newAccount (RFC 8555 §7.3): a key joins a subscription by its external account binding.

pub mod forget_keys;

use acme::account::{AccountError, NewAccount, Registration};
use acme::eab::{EabError, ExternalAccountBinding, named_key_id};
use acme::{Jwk, Thumbprint};
use base::{AccountId, Actor, Class, Refusal, Refuse, SubscriptionId, TenantId, Timestamp};
use enrollment::admission::Standing;
use enrollment::eab::{EabCredential, Holder, NotBinding};
use enrollment::subscription::{State, Subscription};
use store::audit::Entry;
use store::enrollment::eab_credential::{self, Bound, SealedCredential};
use store::enrollment::subscription;
use store::issuance::account;
pub use store::issuance::account::{Account, Contact};
use store::issuance::retired_key::KeyStanding;
use store::queue::job::{self, Job};
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::limit::RateLimited;

use self::forget_keys::ForgetKeys;
use super::account_key::{AccountKeyError, Candidate, check_standing};
use super::test_account::{test_account, test_subscription};
use crate::audit::{Event, Text};
use crate::caller::system;
use crate::memory::catalog::Directory;
use crate::memory::limits::Charge;
use crate::memory::refused::Asker;
use crate::queue::Cause;
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
    /// The key.
    #[error(transparent)]
    AccountKey(#[from] AccountKeyError),
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
    /// Too many were made.
    #[error(transparent)]
    Limited(#[from] RateLimited),
    /// The installation has not begun.
    #[error(
        "this server has no operator yet, so that nothing can be tried; ask whoever installs it"
    )]
    NoOperator,
    /// The credential binds no more accounts.
    #[error(transparent)]
    NotBinding(#[from] NotBinding),
    /// The credential is for another directory.
    #[error(
        "EAB key ID \"{key_id}\" is not for directory {here}: give your client the server URL {url}"
    )]
    OtherDirectory {
        /// The credential.
        key_id: String,
        /// Where it was used.
        here: String,
        /// Where it is good.
        url: String,
    },
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
            Self::AccountKey(error) => error.refusal(),
            Self::Binding(error) => error.refusal(),
            Self::BindingRequired => Class::Forbidden.because("external_account_required", self),
            Self::NoAccount => Class::Invalid.because("account_does_not_exist", self),
            Self::Limited(error) => error.refusal(),
            Self::NoOperator => Class::Unavailable.because("no_operator", self),
            Self::OtherDirectory { .. } => Class::Forbidden.because("credential_directory", self),
            Self::NotBinding(error) => error.refusal(),
            Self::Seal(error) => Refusal::internal(error),
            Self::Store(error) => error.refusal(),
            Self::OwnerSuspended { .. } => Class::Forbidden.because("owner_suspended", self),
            Self::Subscription { .. } => Class::Forbidden.because("subscription_not_open", self),
        }
    }
}

/// The account of `key` in a directory: an old one as it is, or a new one under the subscription of its binding.
pub async fn register_account(
    app: &App,
    caller: &Caller,
    directory: &Directory,
    key: Jwk,
    request: (&str, &[u8]),
) -> Result<Registered, RegisterError> {
    let answer = match find_or_register(app, caller, directory, key, request).await {
        Err(RegisterError::NotBinding(refused)) => Err(name_holder(app, refused).await?.into()),
        answer => answer,
    };
    match &answer {
        // Whoever only looks whether there is one is not refused anything.
        Ok(_) | Err(RegisterError::NoAccount) => {}
        Err(error) => {
            let (refusal, refused) = (error.refusal(), &app.memory.refused);
            refused.count(asker(request), &caller.client, &refusal, app.now());
        }
    }
    answer
}

/// Whoever holds the credential that the request names, proven or not.
fn asker((_, payload): (&str, &[u8])) -> Asker {
    let Ok(NewAccount::Register(registration)) = NewAccount::parse(payload) else {
        return Asker::Nobody;
    };
    let binding = registration.external_account_binding;
    let key_id = binding.and_then(|json| named_key_id(&json));
    key_id.map_or(Asker::Nobody, Asker::Credential)
}

/// Whoever could not be bound, for want of a binding, learns who holds it.
async fn name_holder(app: &App, refused: NotBinding) -> Result<NotBinding, store::Error> {
    let NotBinding::Exhausted { key_id, .. } = &refused else {
        return Ok(refused);
    };
    let key_id = key_id.to_string();
    let store = app.store(system("the credential is proven"));
    let found = store.read(key_id, account::holder_of).await?;
    let holder = found.map(|(account, since)| Holder { account, since });
    Ok(match holder {
        Some(holder) => refused.held_by(holder),
        None => refused,
    })
}

async fn find_or_register(
    app: &App,
    caller: &Caller,
    directory: &Directory,
    key: Jwk,
    (url, payload): (&str, &[u8]),
) -> Result<Registered, RegisterError> {
    let thumbprint = key.thumbprint();
    // Whoever has an account is told where it is, whatever else the request says (RFC 8555 §7.3).
    if let Some(account) = find(app, &directory.slug, thumbprint).await? {
        account.status().check_usable()?;
        return Ok(Registered {
            account,
            is_new: false,
        });
    }
    let wanted = NewAccount::parse(payload)?;
    if let Some(account) = from_production(app, directory, thumbprint).await? {
        let is_new = matches!(wanted, NewAccount::Register(_));
        return Ok(Registered { account, is_new });
    }
    let NewAccount::Register(registration) = wanted else {
        return Err(RegisterError::NoAccount);
    };
    registration.check_terms(directory.meta.terms_of_service.as_deref())?;
    let binding = open_binding(app, directory, &registration, url, &key).await?;
    let candidate = Candidate::new(&directory.slug, &directory.keys, &key)?;
    let now = app.now();
    let account = Account {
        id: AccountId::generate(now, app.random()),
        directory: directory.slug.clone(),
        tenant: binding.subscription.tenant,
        subscription: binding.subscription.id,
        eab_key_id: binding.key_id,
        external_account_binding: binding.json,
        thumbprint,
        jwk: key.to_json().to_owned(),
        contact: contact(&registration),
        suspended_at: None,
        deactivated_at: None,
        terms_agreed_at: registration.terms_of_service_agreed.then_some(now),
        created_at: now,
        client_address: caller.client.address_text(),
        client_agent: caller.client.agent.clone(),
    };
    count_and_store(app, caller, directory, (account, candidate)).await
}

/// Stores the account, unless as many were made as may be.
async fn count_and_store(
    app: &App,
    caller: &Caller,
    directory: &Directory,
    (account, key): (Account, Candidate),
) -> Result<Registered, RegisterError> {
    let now = account.created_at;
    let charges = charges(caller, &account, directory.is_test);
    app.memory.limits.spend_all(&charges, now)?;
    let registered = store_account(app, caller, (account, key), directory.is_test).await;
    match &registered {
        Ok(Registered {
            account,
            is_new: true,
        }) => {
            let of = (account.id, account.tenant);
            app.memory.limits.nothing_waits(of, directory.is_test, now);
        }
        Ok(_) | Err(_) => {
            for charge in charges {
                app.memory.limits.refund(charge, now);
            }
        }
    }
    registered
}

/// What a new account counts for: its credential, and where it comes from.
fn charges(caller: &Caller, account: &Account, is_test: bool) -> Vec<Charge> {
    let key_id = account.eab_key_id.as_deref();
    let of_credential =
        key_id.map(|key_id| Charge::account_of_credential(key_id, account.tenant, is_test));
    let from = caller.client.network().map(Charge::account_from);
    of_credential.into_iter().chain(from).collect()
}

/// What a binding that was proven leads to; without a credential where the directory asks for none.
struct Binding {
    key_id: Option<String>,
    json: Option<String>,
    subscription: Subscription,
}

fn contact(registration: &Registration) -> Contact {
    let urls = registration.contact.iter();
    Contact(urls.map(|contact| contact.as_str().to_owned()).collect())
}

async fn find(
    app: &App,
    directory: &str,
    thumbprint: Thumbprint,
) -> Result<Option<Account>, store::Error> {
    app.store(system("a key is not known yet"))
        .read((directory.to_owned(), thumbprint), account::by_key)
        .await
}

/// A test directory knows whoever its production directory knows.
async fn from_production(
    app: &App,
    directory: &Directory,
    thumbprint: Thumbprint,
) -> Result<Option<Account>, RegisterError> {
    let Some(production) = &directory.production else {
        return Ok(None);
    };
    match find(app, production, thumbprint).await? {
        Some(account) if account.status().check_usable().is_ok() => {
            Ok(Some(test_account(app, directory, account).await?))
        }
        Some(_) | None => Ok(None),
    }
}

async fn open_binding(
    app: &App,
    directory: &Directory,
    registration: &Registration,
    url: &str,
    key: &Jwk,
) -> Result<Binding, RegisterError> {
    let Some(json) = &registration.external_account_binding else {
        return unbound(app, directory).await;
    };
    let binding = ExternalAccountBinding::parse(json, url, key)?;
    let found = app
        .store(system("a binding is not proven yet"))
        .read(binding.kid().to_owned(), load_binding)
        .await?;
    let Some((stored, subscription, standing)) = found else {
        // What is not there costs what it would cost to open.
        SealedCredential::open_none(&app.outside.sealer, binding.kid());
        return Err(binding.refuse_unknown().into());
    };
    let Some(mac_key) = stored.open(&app.outside.sealer)? else {
        SealedCredential::open_none(&app.outside.sealer, binding.kid());
        let _nobody_knows = binding.refuse_unknown();
        let key_id = stored.credential.key_id;
        return Err(NotBinding::Erased { key_id }.into());
    };
    binding.verify(mac_key.as_bytes())?;
    // Only the holder of the MAC key learns more about the credential.
    check_directory(app, directory, &stored.credential, &subscription)?;
    may_bind(&stored.credential, directory.is_test, app.now())?;
    if standing == Some(Standing::Suspended) {
        let key_id = binding.kid().to_owned();
        return Err(RegisterError::OwnerSuspended { key_id });
    }
    check_subscription(&subscription, binding.kid(), app.now())?;
    Ok(Binding {
        key_id: Some(binding.kid().to_owned()),
        json: Some(json.get().to_owned()),
        subscription,
    })
}

/// A test directory uses up no binding.
fn may_bind(credential: &EabCredential, is_test: bool, now: Timestamp) -> Result<(), NotBinding> {
    if is_test {
        credential.may_bind_in_test(now)
    } else {
        credential.may_bind(now)
    }
}

/// A credential leads to the directories of its subscription's product, or to one of them and the test directory beside
/// it.
fn check_directory(
    app: &App,
    directory: &Directory,
    credential: &EabCredential,
    subscription: &Subscription,
) -> Result<(), RegisterError> {
    let here = directory.production.as_ref().unwrap_or(&directory.slug);
    let is_here = credential
        .directory
        .as_ref()
        .is_none_or(|only| only == here);
    if subscription.product == directory.product && is_here {
        return Ok(());
    }
    let catalog = app.catalog();
    let right = match &credential.directory {
        Some(only) => Some(only.clone()),
        None => catalog
            .of_product(subscription.product.as_str())
            .map(|right| right.slug.clone()),
    };
    Err(RegisterError::OtherDirectory {
        key_id: credential.key_id.as_str().to_owned(),
        here: directory.slug.clone(),
        url: right
            .map(|slug| app.directory_url(&slug))
            .unwrap_or_default(),
    })
}

/// Accounts that bring no binding join one subscription, where the directory lets them.
async fn unbound(app: &App, directory: &Directory) -> Result<Binding, RegisterError> {
    if directory.meta.external_account_required {
        return Err(RegisterError::BindingRequired);
    }
    let subscription = match directory.joins {
        Some(id) => {
            let store = app.store(system("accounts without a binding join one subscription"));
            let found = store.read(id, subscription::by_id).await?;
            found.ok_or(RegisterError::BindingRequired)?
        }
        None if directory.is_test => test_subscription(app, directory)
            .await?
            .ok_or(RegisterError::NoOperator)?,
        None => return Err(RegisterError::BindingRequired),
    };
    Ok(Binding {
        key_id: None,
        json: None,
        subscription,
    })
}

/// A credential with what it leads to.
type Found = (SealedCredential, Subscription, Option<Standing>);

async fn load_binding(tx: &mut ReadTx, key_id: &String) -> Result<Option<Found>, store::Error> {
    let stored = eab_credential::by_key_id(tx, key_id).await?;
    // For a credential that is not there the same is asked, so that the time tells nothing (S-43).
    let id = stored.as_ref().map(|stored| stored.credential.subscription);
    let id = id.unwrap_or(SubscriptionId::FIRST);
    let subscription = subscription::by_id(tx, &id).await?;
    let owner = subscription.as_ref();
    let owner = owner.map(|found| found.customer.unwrap_or(found.tenant));
    let standing = tenant::standing(tx, &owner.unwrap_or(TenantId::FIRST)).await?;
    Ok(stored
        .zip(subscription)
        .map(|(stored, subscription)| (stored, subscription, standing)))
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
    (account, key): (Account, Candidate),
    is_test: bool,
) -> Result<Registered, RegisterError> {
    let now = app.now();
    let caller = caller
        .known_as(Actor::Account(account.id))
        .within(account.tenant);
    let event = Event::AccountRegistered {
        account: account.id,
        eab_key_id: account.eab_key_id.as_ref().map(Text::new),
        subscription: account.subscription,
    };
    let audit = app.entry(&caller, account.tenant, &event, now);
    let wish = Wish {
        app: app.clone(),
        cause: Cause::of(&caller, now),
        account,
        key,
        is_test,
        audit,
        now,
    };
    app.store(&caller).decide(wish, load, decide, save).await
}

struct Wish {
    app: App,
    cause: Cause,
    account: Account,
    key: Candidate,
    is_test: bool,
    audit: Entry,
    now: Timestamp,
}

struct Facts {
    /// Who has the key already.
    holder: Option<Account>,
    key: KeyStanding,
    credential: Option<EabCredential>,
}

/// The account of the key. If the same key registered at the same moment, both calls get the one account.
struct Decision {
    account: Account,
    /// What is written with a new one.
    new: Option<New>,
}

struct New {
    /// The credential that one binding of is used up.
    bound: Option<Bound>,
    /// Where its key went with that.
    forget: Option<Job>,
    audit: Entry,
}

async fn load(tx: &mut ReadTx, wish: &Wish) -> Result<Facts, store::Error> {
    let key = (wish.account.directory.clone(), wish.account.thumbprint);
    let stored = match &wish.account.eab_key_id {
        Some(key_id) => eab_credential::by_key_id(tx, key_id).await?,
        None => None,
    };
    Ok(Facts {
        holder: account::by_key(tx, &key).await?,
        key: wish.key.load(tx).await?,
        credential: stored.map(|stored| stored.credential),
    })
}

fn decide(wish: &Wish, facts: Facts) -> Result<Decision, RegisterError> {
    let Facts {
        holder,
        key,
        credential,
    } = facts;
    if let Some(holder) = holder {
        return Ok(Decision {
            account: holder,
            new: None,
        });
    }
    check_standing(key)?;
    let bound = match &wish.account.eab_key_id {
        Some(key_id) => {
            let credential = credential.ok_or(RegisterError::BindingRequired)?;
            bind(&credential, wish)?.map(|bound| Bound {
                key_id: key_id.clone(),
                at: wish.now,
                erased_at: bound.erased_at,
            })
        }
        None => None,
    };
    let erased_at = bound.as_ref().and_then(|bound| bound.erased_at);
    let forget = erased_at.map(|_| ForgetKeys::soon(&wish.app, wish.cause));
    Ok(Decision {
        account: wish.account.clone(),
        new: Some(New {
            bound,
            forget,
            audit: wish.audit.clone(),
        }),
    })
}

/// The credential with one binding more, if this one counts.
fn bind(credential: &EabCredential, wish: &Wish) -> Result<Option<EabCredential>, NotBinding> {
    if wish.is_test {
        return credential.may_bind_in_test(wish.now).map(|()| None);
    }
    credential.bind(wish.now).map(Some)
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<Registered, store::Error> {
    let account = &decision.account;
    if let Some(new) = &decision.new {
        account::insert(tx, account).await?;
        if let Some(bound) = &new.bound {
            eab_credential::count_binding(tx, bound).await?;
        }
        if let Some(forget) = &new.forget {
            job::insert(tx, forget).await?;
        }
        store::audit::append(tx, &new.audit).await?;
    }
    Ok(Registered {
        account: account.clone(),
        is_new: decision.new.is_some(),
    })
}
