//! Sets who vouches for the people of a tenant. The provider is asked before anything is stored, so that a slip is told where
//! it was made. Whom an earlier issuer knew is known by the new one no more; their passwords stay.

use base::{Class, Refusal, Refuse, TenantId, Timestamp};
use store::access::identity_provider::{self, IdentityProvider, seal_secret};
use store::audit::{self, Entry};
use store::seal::SealError;
use store::{ReadTx, WriteTx};
use tenancy::oidc::{ClientId, ClientSecret, Issuer, ProviderShortName};

use super::known::{KnowProviderError, ask};
use super::show::{ShownProvider, shown};
use crate::audit::{Event, Text};
use crate::{App, Caller};

/// What a tenant sets.
#[derive(Clone, Debug)]
pub struct ProviderPlan {
    /// By what its people name it.
    pub short_name: ProviderShortName,
    /// Who vouches.
    pub issuer: Issuer,
    /// What the provider calls this portal.
    pub client: ClientId,
    /// What proves to it who asks; as before when it is not said.
    pub secret: Option<ClientSecret>,
    /// Whether whoever it knows signs in by it alone, but for those who manage people.
    pub is_required: bool,
}

/// Why nothing was set.
#[derive(Debug, thiserror::Error)]
pub enum SetProviderError {
    /// The provider cannot be used.
    #[error(transparent)]
    Provider(#[from] KnowProviderError),
    /// The secret cannot be sealed.
    #[error("the client secret cannot be sealed")]
    Seal(#[from] SealError),
    /// There is no secret yet, or it is another provider's.
    #[error("type the client secret that the provider has given out")]
    SecretMissing,
    /// Another organisation is named so.
    #[error("another organisation has this short name; choose another one")]
    ShortNameTaken,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for SetProviderError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Provider(error) => error.refusal(),
            Self::Seal(_) => Refusal::internal(self),
            Self::SecretMissing => Class::Invalid
                .because("client_secret_missing", self)
                .at("client_secret"),
            Self::ShortNameTaken => Class::Invalid
                .because("short_name_taken", self)
                .at("short_name"),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Sets the provider of the caller's tenant, in place of what it had.
pub async fn set_provider(
    app: &App,
    caller: &Caller,
    plan: ProviderPlan,
) -> Result<ShownProvider, SetProviderError> {
    let tenant = caller.tenant()?;
    ask(app, &plan.issuer).await?;
    let secret = plan.secret.as_ref().map(|secret| {
        let with = (&app.outside.sealer, app.random());
        seal_secret(tenant, secret.reveal(), with)
    });
    let setting = Setting {
        app: app.clone(),
        caller: caller.clone(),
        tenant,
        sealed: secret.transpose()?,
        plan,
        now: app.now(),
    };
    let store = app.store(caller);
    let stored = store.decide(setting, load, decide, save).await?;
    Ok(shown(app, caller, &stored))
}

struct Setting {
    app: App,
    caller: Caller,
    tenant: TenantId,
    sealed: Option<Vec<u8>>,
    plan: ProviderPlan,
    now: Timestamp,
}

struct Facts {
    before: Option<IdentityProvider>,
    named: Option<IdentityProvider>,
}

struct Decision {
    provider: IdentityProvider,
    entry: Entry,
}

async fn load(tx: &mut ReadTx, setting: &Setting) -> Result<Facts, store::Error> {
    Ok(Facts {
        before: identity_provider::own(tx, &()).await?,
        named: identity_provider::by_short_name(tx, &setting.plan.short_name).await?,
    })
}

fn decide(setting: &Setting, facts: Facts) -> Result<Decision, SetProviderError> {
    let Setting {
        tenant, plan, now, ..
    } = setting;
    if facts.named.is_some_and(|named| named.tenant != *tenant) {
        return Err(SetProviderError::ShortNameTaken);
    }
    // A secret is shown to the issuer for which it was typed and to no other.
    let kept = facts
        .before
        .as_ref()
        .filter(|before| before.issuer == plan.issuer && before.client == plan.client);
    let kept = kept.map(|before| before.sealed_secret.clone());
    let secret = setting.sealed.clone().or(kept);
    let event = Event::ProviderSet {
        tenant: *tenant,
        short_name: Text::new(plan.short_name.as_str()),
        issuer: Text::new(plan.issuer.as_str()),
        client: Text::new(plan.client.as_str()),
        has_new_secret: setting.sealed.is_some(),
        is_required: plan.is_required,
    };
    Ok(Decision {
        provider: IdentityProvider {
            tenant: *tenant,
            short_name: plan.short_name.clone(),
            issuer: plan.issuer.clone(),
            client: plan.client.clone(),
            sealed_secret: secret.ok_or(SetProviderError::SecretMissing)?,
            is_required: plan.is_required,
            created_at: facts.before.map_or(*now, |before| before.created_at),
            changed_at: *now,
        },
        entry: setting.app.entry(&setting.caller, *tenant, &event, *now),
    })
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<IdentityProvider, store::Error> {
    identity_provider::put(tx, &decision.provider).await?;
    audit::append(tx, &decision.entry).await?;
    Ok(decision.provider.clone())
}
