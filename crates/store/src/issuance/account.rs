//! ACME accounts (RFC 8555 §7.1.2): a key that a subscription's credential was bound to.

use base::{AccountId, SubscriptionId, TenantId, Timestamp};

use crate::{Error, ReadTx, Row, WriteTx, sql, values};

/// An ACME account as stored.
#[derive(Clone, Debug)]
pub struct Account {
    /// The account's identifier; its URL ends with it.
    pub id: AccountId,
    /// The product directory it lives in, such as `DV`.
    pub directory: String,
    /// Who owns the subscription.
    pub tenant: TenantId,
    /// Whose enrolled domains it may order.
    pub subscription: SubscriptionId,
    /// The EAB credential that it was bound with.
    pub eab_key_id: String,
    /// The binding as received, JSON, which the account object repeats.
    pub external_account_binding: String,
    /// RFC 7638 thumbprint of the key, base64url.
    pub thumbprint: String,
    /// The public key, JSON.
    pub jwk: String,
    /// `valid`, `deactivated` or `revoked`.
    pub status: acme::account::Status,
    /// Contact URLs.
    pub contact: Vec<String>,
    /// When the terms of service were agreed to.
    pub terms_agreed_at: Option<Timestamp>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// Where it registered from.
    pub client_address: String,
    /// What it registered with.
    pub client_agent: String,
}

/// Stores a new account; `false` when the directory has one with that key.
pub async fn insert(tx: &mut WriteTx, account: &Account) -> Result<bool, Error> {
    let contact = contact_text(&account.contact);
    let stored = tx
        .execute(
            sql!(
                "INSERT INTO acme_account (id, directory, tenant_id, subscription_id, eab_key_id,
                   external_account_binding, thumbprint, jwk, status, contact, terms_agreed_at,
                   created_at, client_address, client_agent)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
                 ON CONFLICT DO NOTHING"
            ),
            &values![
                account.id,
                &account.directory,
                account.tenant,
                account.subscription,
                &account.eab_key_id,
                &account.external_account_binding,
                &account.thumbprint,
                &account.jwk,
                account.status.as_str(),
                &contact,
                account.terms_agreed_at,
                account.created_at,
                &account.client_address,
                &account.client_agent
            ],
        )
        .await?;
    Ok(stored == 1)
}

/// The account with this identifier.
pub async fn by_id(tx: &mut ReadTx, id: AccountId) -> Result<Option<Account>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT id, directory, tenant_id, subscription_id, eab_key_id, external_account_binding,
                   thumbprint, jwk, status, contact, terms_agreed_at, created_at, client_address, client_agent
                 FROM acme_account WHERE id = $1"
            ),
            &values![id],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The account with this key.
pub async fn by_thumbprint(
    tx: &mut ReadTx,
    directory: &str,
    thumbprint: &str,
) -> Result<Option<Account>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT id, directory, tenant_id, subscription_id, eab_key_id, external_account_binding,
                   thumbprint, jwk, status, contact, terms_agreed_at, created_at, client_address, client_agent
                 FROM acme_account WHERE directory = $1 AND thumbprint = $2"
            ),
            &values![directory, thumbprint],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The accounts that were bound to a subscription, newest first.
pub async fn by_subscription(
    tx: &mut ReadTx,
    tenant: TenantId,
    subscription: SubscriptionId,
    limit: i64,
) -> Result<Vec<Account>, Error> {
    let rows = tx
        .rows(
            sql!(
                "SELECT id, directory, tenant_id, subscription_id, eab_key_id, external_account_binding,
                   thumbprint, jwk, status, contact, terms_agreed_at, created_at, client_address, client_agent
                 FROM acme_account WHERE subscription_id = $2 AND tenant_id = $1
                 ORDER BY id DESC LIMIT $3"
            ),
            &values![tenant, subscription, limit],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// How many accounts were bound to each subscription, and when each was last ordered from, in the
/// order given.
pub async fn use_of(
    tx: &mut ReadTx,
    tenant: TenantId,
    subscriptions: &[SubscriptionId],
) -> Result<Vec<(i64, Option<Timestamp>)>, Error> {
    let values: Vec<_> = subscriptions
        .iter()
        .map(|id| values![tenant, *id].to_vec())
        .collect();
    let rows = tx
        .row_each(
            sql!(
                "SELECT COUNT(*) AS accounts, MAX(a.created_at) AS registered_at,
                   MAX((SELECT o.created_at FROM acme_order o WHERE o.account_id = a.id ORDER BY o.id DESC LIMIT 1))
                     AS ordered_at
                 FROM acme_account a WHERE a.subscription_id = $2 AND a.tenant_id = $1"
            ),
            &values,
        )
        .await?;
    rows.iter()
        .map(|row| match row {
            Some(row) => {
                let registered = row.opt_timestamp("registered_at")?;
                let ordered = row.opt_timestamp("ordered_at")?;
                Ok((row.int("accounts")?, registered.max(ordered)))
            }
            None => Ok((0, None)),
        })
        .collect()
}

/// When an account last ordered something.
pub async fn last_order_at(tx: &mut ReadTx, id: AccountId) -> Result<Option<Timestamp>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT created_at FROM acme_order WHERE account_id = $1 ORDER BY id DESC LIMIT 1"
            ),
            &values![id],
        )
        .await?;
    row.map(|row| row.timestamp("created_at")).transpose()
}

/// A page of the accounts that were bound to a subscription, newest first.
pub async fn page(
    tx: &mut ReadTx,
    tenant: TenantId,
    subscription: SubscriptionId,
    after: Option<AccountId>,
    limit: i64,
) -> Result<Vec<Account>, Error> {
    let rows = tx
        .rows(
            sql!(
                "SELECT id, directory, tenant_id, subscription_id, eab_key_id, external_account_binding,
                   thumbprint, jwk, status, contact, terms_agreed_at, created_at, client_address, client_agent
                 FROM acme_account WHERE subscription_id = $2 AND tenant_id = $1 AND ($3 OR id < $4)
                 ORDER BY id DESC LIMIT $5"
            ),
            &values![
                tenant,
                subscription,
                after.is_none(),
                after,
                limit
            ],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// Replaces the contact URLs of a valid account.
pub async fn update_contact(
    tx: &mut WriteTx,
    id: AccountId,
    contact: &[String],
) -> Result<bool, Error> {
    let contact = contact_text(contact);
    let changed = tx
        .execute(
            sql!("UPDATE acme_account SET contact = $2 WHERE id = $1 AND status = 'valid'"),
            &values![id, &contact],
        )
        .await?;
    Ok(changed == 1)
}

/// Ends a valid account; `false` when it had ended already.
pub async fn end(
    tx: &mut WriteTx,
    id: AccountId,
    status: acme::account::Status,
) -> Result<bool, Error> {
    let changed = tx
        .execute(
            sql!("UPDATE acme_account SET status = $2 WHERE id = $1 AND status = 'valid'"),
            &values![id, status.as_str()],
        )
        .await?;
    Ok(changed == 1)
}

/// Gives a valid account another key; `false` when its key is no longer `old_thumbprint`.
pub async fn change_key(
    tx: &mut WriteTx,
    id: AccountId,
    old_thumbprint: &str,
    new_thumbprint: &str,
    new_jwk: &str,
) -> Result<bool, Error> {
    let changed = tx
        .execute(
            sql!(
                "UPDATE acme_account SET thumbprint = $3, jwk = $4
                 WHERE id = $1 AND thumbprint = $2 AND status = 'valid'"
            ),
            &values![id, old_thumbprint, new_thumbprint, new_jwk],
        )
        .await?;
    Ok(changed == 1)
}

fn contact_text(contact: &[String]) -> String {
    contact.join(" ")
}

fn from_row(row: &Row) -> Result<Account, Error> {
    Ok(Account {
        id: row.id("id")?,
        directory: row.text("directory")?.to_owned(),
        tenant: row.id("tenant_id")?,
        subscription: row.id("subscription_id")?,
        eab_key_id: row.text("eab_key_id")?.to_owned(),
        external_account_binding: row.text("external_account_binding")?.to_owned(),
        thumbprint: row.text("thumbprint")?.to_owned(),
        jwk: row.text("jwk")?.to_owned(),
        status: row.word("status", acme::account::Status::parse)?,
        contact: row
            .text("contact")?
            .split_ascii_whitespace()
            .map(str::to_owned)
            .collect(),
        terms_agreed_at: row.opt_timestamp("terms_agreed_at")?,
        created_at: row.timestamp("created_at")?,
        client_address: row.text("client_address")?.to_owned(),
        client_agent: row.text("client_agent")?.to_owned(),
    })
}
