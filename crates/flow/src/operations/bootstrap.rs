//! The first people of an installation: its operator, a reseller below it, and the reseller's first
//! administrator (features F-001, F-011). Nobody else can be made without signing in.

use base::{TenantId, Timestamp, UserId};
use serde_json::json;
use store::WriteTx;
use tenancy::password::{Credential, Password, Unmet};
use tenancy::role::Role;
use tenancy::tenant::{Tenant, TenantKind, TenantName, TreeError};
use tenancy::user::{DisplayName, Email, User};

use crate::access::PasswordWorkError;
use crate::access::new_password::{Owner, check};
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
    /// Another process made the operator at the same time.
    #[error("the operator was created by another process; try again")]
    OperatorTaken,
    /// The password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordWorkError),
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

/// Makes a reseller with its first administrator, and the operator if there is none.
pub async fn bootstrap(
    app: &App,
    caller: &Caller,
    wanted: Bootstrap,
) -> Result<Bootstrapped, BootstrapError> {
    let (password, is_own) = match &wanted.password {
        FirstPassword::Generated => (Password::generate(app.random.as_ref()), false),
        FirstPassword::Initial(password) => (password.clone(), false),
        FirstPassword::Own(password) => (password.clone(), true),
    };
    let owner = Owner {
        tenant: &wanted.reseller,
        email: &wanted.email,
        display_name: &wanted.display_name,
    };
    check(owner, &password)?;
    let hash = app
        .passwords
        .hash(password.clone(), app.random.clone())
        .await?;
    let now = app.clock.now();
    let credential = if is_own {
        Credential::own(hash, now)
    } else {
        Credential::initial(hash, now)
    };
    let (operator, reseller, user) = app
        .store
        .write(
            (app.clone(), caller.clone(), wanted, credential),
            move |tx, (app, caller, wanted, credential)| {
                Box::pin(write(tx, app, caller, wanted, credential, now))
            },
        )
        .await?;
    Ok(Bootstrapped {
        operator,
        reseller,
        user,
        password,
    })
}

async fn write(
    tx: &mut WriteTx,
    app: &App,
    caller: &Caller,
    wanted: &Bootstrap,
    credential: &Credential,
    now: Timestamp,
) -> Result<(Tenant, Tenant, User), BootstrapError> {
    let operator = operator(tx, app, caller, &wanted.operator, now).await?;
    let (kind, name) = (TenantKind::Reseller, wanted.reseller.clone());
    let id = TenantId::generate(now, app.random.as_ref());
    let reseller = Tenant::new(id, kind, name, Some(&operator), now)?;
    insert_tenant(tx, app, caller, &reseller).await?;
    let user = User::new(
        UserId::generate(now, app.random.as_ref()),
        reseller.id,
        wanted.email.clone(),
        wanted.display_name.clone(),
        Role::Admin,
        now,
    );
    if !store::access::user::insert(tx, &user, credential).await? {
        return Err(BootstrapError::EmailTaken(user.email));
    }
    let detail = json!({ "email": user.email, "role": user.role });
    let object = user.id.to_string();
    let audit = app.audit_entry(caller, reseller.id, "user.create", object, &detail, now);
    store::audit::append(tx, &audit).await?;
    Ok((operator, reseller, user))
}

/// The operator of the installation, made if there is none.
async fn operator(
    tx: &mut WriteTx,
    app: &App,
    caller: &Caller,
    name: &TenantName,
    now: Timestamp,
) -> Result<Tenant, BootstrapError> {
    if let Some(operator) = store::tenancy::tenant::operator(tx).await? {
        return Ok(operator);
    }
    let id = TenantId::generate(now, app.random.as_ref());
    let operator = Tenant::new(id, TenantKind::Operator, name.clone(), None, now)?;
    insert_tenant(tx, app, caller, &operator).await?;
    Ok(operator)
}

async fn insert_tenant(
    tx: &mut WriteTx,
    app: &App,
    caller: &Caller,
    tenant: &Tenant,
) -> Result<(), BootstrapError> {
    if !store::tenancy::tenant::insert(tx, tenant).await? {
        return Err(BootstrapError::OperatorTaken);
    }
    let detail = json!({ "name": tenant.name, "kind": tenant.kind });
    let (object, now) = (tenant.id.to_string(), tenant.created_at);
    let audit = app.audit_entry(caller, tenant.id, "tenant.create", object, &detail, now);
    store::audit::append(tx, &audit).await?;
    Ok(())
}
