//! The first people of an installation: its operator, a reseller below it, and the reseller's first
//! administrator (features F-001, F-011). Nobody else can be made without signing in.

use base::{Class, Refusal, Refuse, TenantId, Timestamp, UserId};
use store::access::user;
use store::audit::{self, Entry};
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::password::{Credential, Password, Unmet};
use tenancy::role::Role;
use tenancy::tenant::{Tenant, TenantKind, TenantName, TreeError};
use tenancy::user::{DisplayName, Email, User};

use crate::access::new_password::{Owner, check};
use crate::audit::{Document, Event, Text};
use crate::caller::system;
use crate::memory::password_work::PasswordWorkError;
use crate::{App, Caller};

/// Whom to make.
#[derive(Clone, Debug)]
pub struct Bootstrap {
    /// The operator's name, if the installation has none yet.
    pub operator: TenantName,
    /// The reseller's name.
    pub reseller: TenantName,
    /// The administrator's address.
    pub email: Email,
    /// The administrator's name.
    pub display_name: DisplayName,
    /// What the administrator signs in with.
    pub password: FirstPassword,
}

/// Where the first password comes from.
#[derive(Clone, Debug)]
pub enum FirstPassword {
    /// A random one, good for 72 hours and to be replaced first.
    Generated,
    /// A given one, good for 72 hours and to be replaced first.
    Initial(Password),
    /// The administrator's own.
    Own(Password),
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Bootstrapped {
    /// The operator, new or not.
    pub operator: Tenant,
    /// The reseller.
    pub reseller: Tenant,
    /// Its administrator.
    pub user: User,
    /// The password to sign in with; show a generated one once.
    pub password: Password,
}

/// Why nothing was made.
#[derive(Debug, thiserror::Error)]
pub enum BootstrapError {
    /// Somebody has the address.
    #[error("there is already a user with the e-mail address {0}")]
    EmailTaken(Email),
    /// The password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordWorkError),
    /// Chance gave a new tenant the path of another one.
    #[error("another tenant has the path that the new one was given; try again")]
    PathTaken,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The tenants do not fit into each other.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The given password is not good enough.
    #[error(transparent)]
    Unmet(#[from] Unmet),
}

impl Refuse for BootstrapError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::EmailTaken(_) => Class::Conflict.because("email_taken", self),
            Self::Password(error) => Refusal::internal(error),
            Self::PathTaken => Class::Conflict.because("tenant_path_taken", self),
            Self::Store(error) => error.refusal(),
            Self::Tree(error) => error.refusal(),
            Self::Unmet(error) => error.refusal(),
        }
    }
}

/// Makes a reseller with its first administrator, and the operator if there is none.
pub async fn bootstrap(
    app: &App,
    caller: &Caller,
    wanted: Bootstrap,
) -> Result<Bootstrapped, BootstrapError> {
    let (password, is_own) = match &wanted.password {
        FirstPassword::Generated => (Password::generate(app.random()), false),
        FirstPassword::Initial(password) => (password.clone(), false),
        FirstPassword::Own(password) => (password.clone(), true),
    };
    let owner = Owner {
        tenant: &wanted.reseller,
        email: &wanted.email,
        display_name: &wanted.display_name,
    };
    check(app, owner, &password).await?;
    let hash = app
        .memory
        .passwords
        .hash(password.clone(), app.outside.random.clone())
        .await?;
    let now = app.now();
    let credential = if is_own {
        Credential::own(hash, now)
    } else {
        Credential::initial(hash, now)
    };
    let founding = Founding {
        app: app.clone(),
        caller: caller.clone(),
        wanted,
        credential,
        now,
    };
    let store = app.store(system("the first people of an installation"));
    let founded = store.decide(founding, load, decide, save).await?;
    let Founded {
        operator,
        reseller,
        user,
    } = founded.ok_or(BootstrapError::PathTaken)?;
    Ok(Bootstrapped {
        operator,
        reseller,
        user,
        password,
    })
}

struct Founding {
    app: App,
    caller: Caller,
    wanted: Bootstrap,
    credential: Credential,
    now: Timestamp,
}

struct Facts {
    operator: Option<Tenant>,
    is_email_taken: bool,
}

#[derive(Clone)]
struct Founded {
    operator: Tenant,
    reseller: Tenant,
    user: User,
}

struct Decision {
    founded: Founded,
    tenants: Vec<Tenant>,
    user: (User, Credential),
    entries: Vec<Entry>,
}

async fn load(tx: &mut ReadTx, founding: &Founding) -> Result<Facts, store::Error> {
    Ok(Facts {
        operator: tenant::operator(tx).await?,
        is_email_taken: user::by_email(tx, &founding.wanted.email).await?.is_some(),
    })
}

fn decide(founding: &Founding, facts: Facts) -> Result<Decision, BootstrapError> {
    let Founding {
        app,
        wanted,
        credential,
        now,
        ..
    } = founding;
    let Facts {
        operator,
        is_email_taken,
    } = facts;
    if is_email_taken {
        return Err(BootstrapError::EmailTaken(wanted.email.clone()));
    }
    let new_tenant = |kind, name: &TenantName, above: Option<&Tenant>| {
        let id = TenantId::generate(*now, app.random());
        Tenant::new(id, kind, name.clone(), above, *now)
    };
    let mut tenants = Vec::new();
    let operator = if let Some(operator) = operator {
        operator
    } else {
        let operator = new_tenant(TenantKind::Operator, &wanted.operator, None)?;
        tenants.push(operator.clone());
        operator
    };
    let reseller = new_tenant(TenantKind::Reseller, &wanted.reseller, Some(&operator))?;
    tenants.push(reseller.clone());
    let user = User::new(
        UserId::generate(*now, app.random()),
        reseller.id,
        wanted.email.clone(),
        wanted.display_name.clone(),
        Role::Admin,
        *now,
    );
    Ok(Decision {
        entries: entries(founding, &tenants, &user),
        tenants,
        user: (user.clone(), credential.clone()),
        founded: Founded {
            operator,
            reseller,
            user,
        },
    })
}

fn entries(founding: &Founding, tenants: &[Tenant], user: &User) -> Vec<Entry> {
    let entry = |tenant, event: &Event| {
        let (caller, now) = (&founding.caller, founding.now);
        founding.app.entry(caller, tenant, event, now)
    };
    let mut entries: Vec<_> = tenants
        .iter()
        .map(|tenant| {
            let event = Event::TenantCreated {
                tenant: tenant.id,
                name: Text::new(tenant.name.as_str()),
                kind: Document::new(&tenant.kind),
            };
            entry(tenant.id, &event)
        })
        .collect();
    let event = Event::UserCreated {
        user: user.id,
        email: Text::new(user.email.as_str()),
        role: Document::new(&user.role),
    };
    entries.push(entry(user.tenant, &event));
    entries
}

/// `None` when the path of a tenant is taken. Who makes the same operator or user meanwhile is waited for, and all
/// is decided again.
async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<Option<Founded>, store::Error> {
    for new in &decision.tenants {
        if !tenant::insert(tx, new).await? {
            return Ok(None);
        }
    }
    let is_new = user::insert(tx, &decision.user).await?;
    for entry in &decision.entries {
        audit::append(tx, entry).await?;
    }
    Ok(is_new.then(|| decision.founded.clone()))
}
