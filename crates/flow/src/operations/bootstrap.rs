//! The first people of an installation: its operator, a reseller below it, and the reseller's first
//! administrator (features F-001, F-011). Nobody else can be made without signing in.

use base::{Class, Refusal, Refuse, TenantId, Timestamp, UserId};
use store::access::credential::{self, NewPassword};
use store::access::role_assignment::{self, Assignment};
use store::access::{invitation, user};
use store::audit::{self, Entry};
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::invitation::{Invitation, Purpose};
use tenancy::password::{Credential, Password, PasswordHash, Unmet};
use tenancy::role::binding::Binding;
use tenancy::role::{Role, Roles};
use tenancy::tenant::{Tenant, TenantKind, TenantName, TreeError};
use tenancy::token::Token;
use tenancy::user::{DisplayName, Email, Status, User};

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
    /// What the administrator signs in with; without one they choose it, by a link.
    pub password: Option<Password>,
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
    /// What stands in the link with which the administrator chooses a password; show it once.
    pub link: Option<Token>,
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
    let hash = match &wanted.password {
        Some(password) => Some(checked_hash(app, &wanted, password).await?),
        None => None,
    };
    let now = app.now();
    let credential = hash.map(|hash| Credential {
        hash,
        changed_at: now,
    });
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
        link,
    } = founded.ok_or(BootstrapError::PathTaken)?;
    Ok(Bootstrapped {
        operator,
        reseller,
        user,
        link,
    })
}

async fn checked_hash(
    app: &App,
    wanted: &Bootstrap,
    password: &Password,
) -> Result<PasswordHash, BootstrapError> {
    let owner = Owner {
        tenant: &wanted.reseller,
        path: None,
        email: &wanted.email,
        display_name: &wanted.display_name,
    };
    check(app, owner, password).await?;
    let passwords = &app.memory.passwords;
    let hash = passwords.hash(password.clone(), app.outside.random.clone());
    Ok(hash.await?)
}

struct Founding {
    app: App,
    caller: Caller,
    wanted: Bootstrap,
    /// None: they choose a password by a link.
    credential: Option<Credential>,
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
    link: Option<Token>,
}

struct Decision {
    founded: Founded,
    tenants: Vec<Tenant>,
    user: User,
    assignment: Assignment,
    password: Option<NewPassword>,
    link: Option<Invitation>,
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
    let (operator, reseller, tenants) = new_tenants(founding, operator)?;
    let user = first_user(founding, reseller.id);
    let made = credential.is_none().then(|| {
        let by = founding.caller.actor;
        let whose = (user.id, user.tenant);
        Invitation::generate(whose, Purpose::Invitation, by, *now, app.random())
    });
    let (link, token) = made.unzip();
    Ok(Decision {
        entries: entries(founding, &tenants, &user),
        tenants,
        assignment: Assignment {
            user: user.id,
            tenant: user.tenant,
            roles: first_roles(),
            at: *now,
            by: founding.caller.actor,
        },
        password: credential.clone().map(|credential| NewPassword {
            user: user.id,
            tenant: user.tenant,
            credential,
        }),
        link,
        user: user.clone(),
        founded: Founded {
            operator,
            reseller,
            user,
            link: token,
        },
    })
}

/// The operator and the reseller below it, and which of them are new.
fn new_tenants(
    founding: &Founding,
    operator: Option<Tenant>,
) -> Result<(Tenant, Tenant, Vec<Tenant>), TreeError> {
    let (app, wanted, now) = (&founding.app, &founding.wanted, founding.now);
    let new_tenant = |kind, name: &TenantName, above: Option<&Tenant>| {
        let id = TenantId::generate(now, app.random());
        Tenant::new(id, kind, name.clone(), above, now)
    };
    let mut new = Vec::new();
    let operator = if let Some(operator) = operator {
        operator
    } else {
        let operator = new_tenant(TenantKind::Operator, &wanted.operator, None)?;
        new.push(operator.clone());
        operator
    };
    let reseller = new_tenant(TenantKind::Reseller, &wanted.reseller, Some(&operator))?;
    new.push(reseller.clone());
    Ok((operator, reseller, new))
}

fn first_roles() -> Roles {
    Roles::one(Role::Admin)
}

/// Active at once with a password, invited without.
fn first_user(founding: &Founding, of: TenantId) -> User {
    let (app, wanted, now) = (&founding.app, &founding.wanted, founding.now);
    let invited = User::invited(
        UserId::generate(now, app.random()),
        of,
        wanted.email.clone(),
        wanted.display_name.clone(),
        now,
    );
    match founding.credential {
        Some(_) => User {
            status: Status::Active,
            ..invited
        },
        None => invited,
    }
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
        roles: Document::new(&first_roles()),
        binding: Document::new(&Binding::default()),
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
    if is_new {
        role_assignment::insert(tx, &decision.assignment).await?;
        if let Some(password) = &decision.password {
            credential::insert_password(tx, password).await?;
        }
        if let Some(link) = &decision.link {
            invitation::insert(tx, link).await?;
        }
    }
    for entry in &decision.entries {
        audit::append(tx, entry).await?;
    }
    Ok(is_new.then(|| decision.founded.clone()))
}
