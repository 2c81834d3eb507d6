//! ACME accounts (RFC 8555 §7.1.2): a key that a subscription's credential was bound to.

use std::sync::Arc;

use acme::Thumbprint;
use acme::account::AccountStatus;
use base::{AccountId, SubscriptionId, TenantId, Timestamp};
use enrollment::policy::Policy;

use crate::access::role_binding::covered;
use crate::catalog::offer::{self, Policies};
use crate::{Error, ReadTx, Record as _, Row, WriteTx, columns, sql, values};

/// An ACME account as stored.
#[derive(Clone, Debug)]
pub struct Account {
    /// The account's identifier; its URL ends with it.
    pub id: AccountId,
    /// The product directory it lives in, such as `DV`.
    pub directory: String,
    /// The thumbprint of the key (RFC 7638).
    pub thumbprint: Thumbprint,
    /// Who owns the subscription.
    pub tenant: TenantId,
    /// Whose enrolled domains it may order.
    pub subscription: SubscriptionId,
    /// The EAB credential that it was bound with; none when that binding was given back.
    pub eab_key_id: Option<String>,
    /// The binding as received, JSON, which the account object repeats.
    pub external_account_binding: Option<String>,
    /// The public key, JSON.
    pub jwk: String,
    /// Contact URLs.
    pub contact: Contact,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When the terms of service were agreed to.
    pub terms_agreed_at: Option<Timestamp>,
    /// When we ended it.
    pub suspended_at: Option<Timestamp>,
    /// When its holder ended it.
    pub deactivated_at: Option<Timestamp>,
    /// Where it registered from.
    pub client_address: String,
    /// What it registered with.
    pub client_agent: String,
}

/// The contact URLs of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contact(pub Vec<String>);

impl crate::Column for Contact {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        let urls = row.text(column)?.split_ascii_whitespace();
        Ok(Self(urls.map(str::to_owned).collect()))
    }

    fn value(&self) -> crate::Value<'_> {
        self.0.join(" ").into()
    }
}

impl crate::Column for Thumbprint {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        <[u8; 32]>::read(row, column).map(Self::from_bytes)
    }

    fn value(&self) -> crate::Value<'_> {
        self.as_bytes().into()
    }
}

columns! { "acme_account" account => Account {
    id, directory, thumbprint, tenant = "tenant_id", subscription = "subscription_id", eab_key_id,
    external_account_binding, jwk, contact, created_at, terms_agreed_at, suspended_at, deactivated_at,
    client_address, client_agent,
} }

impl Account {
    /// Where it stands (RFC 8555 §7.1.6).
    pub fn status(&self) -> AccountStatus {
        if self.suspended_at.is_some() {
            AccountStatus::Revoked
        } else if self.deactivated_at.is_some() {
            AccountStatus::Deactivated
        } else {
            AccountStatus::Valid
        }
    }

    /// Whether it gave its binding back.
    pub fn is_released(&self) -> bool {
        self.eab_key_id.is_none() && self.external_account_binding.is_some()
    }
}

/// Stores a new account.
pub async fn insert(tx: &mut WriteTx, account: &Account) -> Result<(), Error> {
    tx.insert(account).await
}

/// The account with this identifier.
pub async fn by_id(tx: &mut ReadTx, id: &AccountId) -> Result<Option<Account>, Error> {
    let statement = sql!(system: "SELECT ", account!(), " FROM acme_account WHERE id = $1");
    tx.record(statement, &values![id]).await
}

/// What an account's subscription says about certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The policies that it was bought under.
    pub policy: Arc<Policy>,
    /// The first moment at which its last term is over, once it has started.
    pub covered_until: Option<Timestamp>,
}

/// The account with this identifier, with what its subscription says.
pub async fn with_terms(
    tx: &mut ReadTx,
    (id, policies): &(AccountId, Policies),
) -> Result<Option<(Account, Terms)>, Error> {
    let statement = sql!(system:
        "SELECT ", account!(a), ", s.offer_version_id, s.covered_until
         FROM acme_account a JOIN subscription s ON s.id = a.subscription_id WHERE a.id = $1"
    );
    let Some(row) = tx.row(statement, &values![id]).await? else {
        return Ok(None);
    };
    let terms = Terms {
        policy: offer::policy(tx, row.id("offer_version_id")?, policies).await?,
        covered_until: row.opt_timestamp("covered_until")?,
    };
    Ok(Some((Account::from_joined(&row)?, terms)))
}

/// The account of a directory with this key.
pub async fn by_key(
    tx: &mut ReadTx,
    (directory, thumbprint): &(String, Thumbprint),
) -> Result<Option<Account>, Error> {
    let statement = sql!(system:
        "SELECT ", account!(), " FROM acme_account WHERE directory = $1 AND thumbprint = $2"
    );
    tx.record(statement, &values![directory, thumbprint.as_bytes()])
        .await
}

/// The tenant's account with this identifier.
pub async fn find(tx: &mut ReadTx, id: &AccountId) -> Result<Option<Account>, Error> {
    let statement = sql!(tenant:
        "SELECT ", account!(), " FROM acme_account WHERE tenant_id = $1 AND id = $2 AND ",
        covered!("subscription_id", "$3", "$4")
    );
    let (is_whole, user) = tx.bound_to();
    tx.record(statement, &values![*id, is_whole, user]).await
}

/// The account that was last bound with a credential and holds a binding of it, and when it was bound. Accounts of
/// test directories hold none.
pub async fn holder_of(
    tx: &mut ReadTx,
    key_id: &String,
) -> Result<Option<(AccountId, Timestamp)>, Error> {
    let statement = sql!(system:
        "SELECT a.id, a.created_at FROM acme_account a JOIN directory d ON d.slug = a.directory
         WHERE a.eab_key_id = $1 AND NOT d.is_test ORDER BY a.id DESC LIMIT 1"
    );
    let row = tx.row(statement, &values![key_id]).await?;
    let read = |row: Row| Ok((row.id("id")?, row.timestamp("created_at")?));
    row.map(read).transpose()
}

/// Whether a directory counts the accounts that are bound in it.
pub async fn is_counted(tx: &mut ReadTx, account: &Account) -> Result<bool, Error> {
    let statement = sql!("SELECT slug FROM directory WHERE slug = $1 AND NOT is_test");
    let row = tx.row(statement, &values![&account.directory]).await?;
    Ok(row.is_some())
}

/// A page of the accounts that were bound to a subscription, newest first.
pub async fn page(
    tx: &mut ReadTx,
    (subscription, after, limit): &(SubscriptionId, Option<AccountId>, i64),
) -> Result<Vec<Account>, Error> {
    let statement = sql!(tenant:
        "SELECT ", account!(), " FROM acme_account
         WHERE subscription_id = $2 AND tenant_id = $1 AND id < $3 ORDER BY id DESC LIMIT $4"
    );
    let before = after.unwrap_or(AccountId::LAST);
    tx.records(statement, &values![*subscription, before, *limit])
        .await
}

/// The accounts that were bound to a subscription, after `after`, in their order; for work of our own.
pub async fn bound_to(
    tx: &mut ReadTx,
    subscription: SubscriptionId,
    after: AccountId,
    limit: i64,
) -> Result<Vec<AccountId>, Error> {
    let statement = sql!(system:
        "SELECT id FROM acme_account WHERE subscription_id = $1 AND id > $2 ORDER BY id LIMIT $3"
    );
    let rows = tx
        .rows(statement, &values![subscription, after, limit])
        .await?;
    rows.iter().map(|row| row.id("id")).collect()
}

/// How many accounts were bound to each subscription, and when each was last ordered from, in the
/// order given.
pub async fn use_of(
    tx: &mut ReadTx,
    subscriptions: &[SubscriptionId],
) -> Result<Vec<(i64, Option<Timestamp>)>, Error> {
    let statement = sql!(tenant:
        "SELECT COUNT(*) AS accounts, MAX(a.created_at) AS registered_at FROM acme_account a
         WHERE a.subscription_id = $2 AND a.tenant_id = $1"
    );
    let values: Vec<_> = subscriptions
        .iter()
        .map(|id| values![*id].to_vec())
        .collect();
    let counted = tx.row_each(statement, &values).await?;
    let newest = sql!(tenant:
        "SELECT o.id FROM acme_account a JOIN acme_order o ON o.id =
           (SELECT n.id FROM acme_order n WHERE n.account_id = a.id ORDER BY n.id DESC LIMIT 1)
         WHERE a.subscription_id = $2 AND a.tenant_id = $1 ORDER BY o.id DESC LIMIT 1"
    );
    let newest = tx.row_each(newest, &values).await?;
    let each = counted.iter().zip(&newest);
    each.map(|(counted, newest)| {
        let Some(row) = counted else {
            return Ok((0, None));
        };
        let ordered: Option<base::OrderId> = newest.as_ref().map(|row| row.id("id")).transpose()?;
        let registered = row.opt_timestamp("registered_at")?;
        Ok((
            row.int("accounts")?,
            registered.max(ordered.map(base::OrderId::made_at)),
        ))
    })
    .collect()
}

/// When an account last ordered something.
pub async fn last_order_at(tx: &mut ReadTx, id: AccountId) -> Result<Option<Timestamp>, Error> {
    let statement = sql!(tenant:
        "SELECT id FROM acme_order WHERE account_id = $2 AND tenant_id = $1 ORDER BY id DESC LIMIT 1"
    );
    let row = tx.row(statement, &values![id]).await?;
    row.map(|row| row.id::<base::OrderId>("id").map(base::OrderId::made_at))
        .transpose()
}

/// Replaces the contact URLs of an account.
pub async fn update_contact(
    tx: &mut WriteTx,
    id: AccountId,
    contact: &Contact,
) -> Result<(), Error> {
    let statement = sql!(system: "UPDATE acme_account SET contact = $2 WHERE id = $1");
    tx.execute_later(statement, &values![id, contact.0.join(" ")])
        .await
}

/// Ends an account for its holder.
pub async fn deactivate(tx: &mut WriteTx, id: AccountId, now: Timestamp) -> Result<(), Error> {
    let statement = sql!(system: "UPDATE acme_account SET deactivated_at = $2 WHERE id = $1");
    tx.execute_later(statement, &values![id, now]).await
}

/// Ends a tenant's account for its owner, if it was not ended so before.
pub async fn revoke(tx: &mut WriteTx, id: AccountId, now: Timestamp) -> Result<(), Error> {
    let statement = sql!(tenant:
        "UPDATE acme_account SET suspended_at = $3
         WHERE id = $2 AND tenant_id = $1 AND suspended_at IS NULL"
    );
    tx.execute_later(statement, &values![id, now]).await
}

/// Takes the binding from a tenant's account; its own record of it, `external_account_binding`, stays.
pub async fn unbind(tx: &mut WriteTx, id: AccountId) -> Result<(), Error> {
    let statement = sql!(tenant:
        "UPDATE acme_account SET eab_key_id = NULL WHERE id = $2 AND tenant_id = $1"
    );
    tx.execute_later(statement, &values![id]).await
}

/// Gives an account another key.
pub async fn change_key(
    tx: &mut WriteTx,
    id: AccountId,
    old: &Thumbprint,
    new: &Thumbprint,
    jwk: &str,
) -> Result<(), Error> {
    let statement = sql!(system:
        "UPDATE acme_account SET thumbprint = $3, jwk = $4 WHERE id = $1 AND thumbprint = $2"
    );
    let values = values![id, old.as_bytes(), new.as_bytes(), jwk];
    tx.execute_later(statement, &values).await
}

/// Deletes guests of test directories that were registered before `until` and have no order that is kept, at most the limit.
pub async fn delete_guests(
    tx: &mut WriteTx,
    (until, limit): &(AccountId, i64),
) -> Result<u64, Error> {
    let statement = sql!(system:
        "DELETE FROM acme_account WHERE id IN
           (SELECT a.id FROM acme_account a
            WHERE a.eab_key_id IS NULL AND a.id < $1
              AND a.directory IN (SELECT d.slug FROM directory d WHERE d.is_test)
              AND NOT EXISTS (SELECT 1 FROM acme_order o WHERE o.account_id = a.id)
            ORDER BY a.id LIMIT $2)"
    );
    tx.execute(statement, &values![*until, *limit]).await
}
