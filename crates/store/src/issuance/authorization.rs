//! ACME authorizations (RFC 8555 §7.1.4). One row holds the token that its challenges share, the
//! types on offer, which of them was tried and what validation saw.

use acme::Problem;
use acme::authorization::{Authorization as Record, State};
use acme::challenge::{Token, Type, Types};
use base::{AccountId, AuthorizationId, DnsName, OrderId, SubscriptionId, TenantId, Timestamp};

use crate::{Error, ReadTx, Row, Value, WriteTx, sql, values};

/// An authorization as stored.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// What the rules need to know.
    pub record: Record,
    /// Whose control is proven.
    pub account: AccountId,
    /// Who owns the subscription.
    pub tenant: TenantId,
    /// What covered the name when it was made.
    pub subscription: SubscriptionId,
    /// The order it was made for; others may use it once it is valid.
    pub order: OrderId,
    /// When it was made.
    pub created_at: Timestamp,
    /// When the client asked for validation.
    pub begun_at: Option<Timestamp>,
    /// What validation saw, JSON.
    pub evidence: Option<String>,
}

/// Stores new authorizations.
pub async fn insert_all(tx: &mut WriteTx, authorizations: &[Authorization]) -> Result<(), Error> {
    let statement = sql!(
        "INSERT INTO acme_authorization (id, account_id, tenant_id, subscription_id, order_id, name,
           is_wildcard, status, token, challenge_types, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    );
    for authorization in authorizations {
        let record = &authorization.record;
        let values = values![
            record.id,
            authorization.account,
            authorization.tenant,
            authorization.subscription,
            authorization.order,
            &record.name,
            record.is_wildcard,
            word(&record.state),
            record.token.as_str(),
            record.offered.as_bits(),
            authorization.created_at,
            record.expires
        ];
        tx.execute_later(statement, &values).await?;
    }
    Ok(())
}

/// The authorization with this identifier.
pub async fn by_id(tx: &mut ReadTx, id: AuthorizationId) -> Result<Option<Authorization>, Error> {
    Ok(by_ids(tx, &[id]).await?.pop())
}

/// The authorizations with these identifiers, in their order; unknown ones are left out.
pub async fn by_ids(tx: &mut ReadTx, ids: &[AuthorizationId]) -> Result<Vec<Authorization>, Error> {
    let values: Vec<_> = ids.iter().map(|id| values![*id].to_vec()).collect();
    let rows = tx
        .row_each(
            sql!(
                "SELECT id, account_id, tenant_id, subscription_id, order_id, name, is_wildcard, status, token,
                   challenge_types, chosen_type, created_at, begun_at, validated_at, expires_at, error, evidence
                 FROM acme_authorization WHERE id = $1"
            ),
            &values,
        )
        .await?;
    rows.iter().flatten().map(from_row).collect()
}

/// For each name, whether wildcard or not, a valid authorization of the account that lives until `until`.
pub async fn reusable(
    tx: &mut ReadTx,
    account: AccountId,
    names: &[DnsName],
    until: Timestamp,
) -> Result<Vec<Option<AuthorizationId>>, Error> {
    let values: Vec<Vec<Value<'_>>> = names
        .iter()
        .map(|name| {
            let base = name.base().as_str().to_owned();
            values![account, base, name.is_wildcard(), until].to_vec()
        })
        .collect();
    let rows = tx
        .row_each(
            sql!(
                "SELECT id FROM acme_authorization
                 WHERE account_id = $1 AND name = $2 AND is_wildcard = $3 AND status = 'valid' AND expires_at > $4
                 ORDER BY expires_at DESC LIMIT 1"
            ),
            &values,
        )
        .await?;
    rows.iter()
        .map(|row| row.as_ref().map(|row| row.id("id")).transpose())
        .collect()
}

/// Claims the right to validate: only the first challenge of the account's authorization that the client
/// answers is tried. Gives the authorization as it is then; the caller undoes it if it was not to be begun.
pub async fn begin(
    tx: &mut WriteTx,
    account: AccountId,
    id: AuthorizationId,
    chosen: Type,
    now: Timestamp,
) -> Result<Option<Authorization>, Error> {
    let row = tx
        .row(
            sql!(
                "UPDATE acme_authorization SET status = 'processing', chosen_type = $3, begun_at = $4
                 WHERE id = $1 AND account_id = $2 AND status = 'pending'
                 RETURNING id, account_id, tenant_id, subscription_id, order_id, name, is_wildcard, status, token,
                   challenge_types, chosen_type, created_at, begun_at, validated_at, expires_at, error, evidence"
            ),
            &values![id, account, chosen.as_str(), now],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// Records how a validation ended; `false` when it is no longer going on.
pub async fn complete(
    tx: &mut WriteTx,
    id: AuthorizationId,
    state: &State,
    expires: Timestamp,
    evidence: &str,
) -> Result<bool, Error> {
    let (validated, error) = match state {
        State::Valid { validated, .. } => (Some(*validated), None),
        State::Invalid { error, .. } => (None, Some(error.to_json())),
        State::Deactivated | State::Pending | State::Processing { .. } | State::Revoked => {
            (None, None)
        }
    };
    let changed = tx
        .execute(
            sql!(
                "UPDATE acme_authorization
                 SET status = $2, validated_at = $3, expires_at = $4, error = $5, evidence = $6
                 WHERE id = $1 AND status = 'processing'"
            ),
            &values![id, word(state), validated, expires, error, evidence],
        )
        .await?;
    Ok(changed == 1)
}

/// Gives up an authorization (RFC 8555 §7.5.2).
pub async fn deactivate(tx: &mut WriteTx, id: AuthorizationId) -> Result<bool, Error> {
    let changed = tx
        .execute(
            sql!(
                "UPDATE acme_authorization SET status = 'deactivated'
                 WHERE id = $1 AND status IN ('pending', 'processing', 'valid')"
            ),
            &values![id],
        )
        .await?;
    Ok(changed == 1)
}

/// Ends what an account holds for a name that left its subscription.
pub async fn deactivate_for(
    tx: &mut WriteTx,
    account: AccountId,
    name: &DnsName,
) -> Result<u64, Error> {
    tx.execute(
        sql!(
            "UPDATE acme_authorization SET status = 'deactivated'
             WHERE account_id = $1 AND name = $2 AND is_wildcard = $3 AND status = 'valid'"
        ),
        &values![account, &name.base(), name.is_wildcard()],
    )
    .await
}

/// Removes authorizations that expired before `before` without being proven, at most `limit`.
pub async fn delete_expired(tx: &mut WriteTx, before: Timestamp, limit: i64) -> Result<u64, Error> {
    tx.execute(
        sql!(
            "DELETE FROM acme_authorization WHERE id IN (
               SELECT id FROM acme_authorization
               WHERE validated_at IS NULL AND error IS NULL AND status IN ('pending', 'processing')
                 AND expires_at < $1 ORDER BY expires_at LIMIT $2)"
        ),
        &values![before, limit],
    )
    .await
}

fn word(state: &State) -> &'static str {
    match state {
        State::Deactivated => "deactivated",
        State::Invalid { .. } => "invalid",
        State::Pending => "pending",
        State::Processing { .. } => "processing",
        State::Revoked => "revoked",
        State::Valid { .. } => "valid",
    }
}

fn state(row: &Row) -> Result<State, Error> {
    let challenge = || row.word("chosen_type", Type::parse);
    match row.text("status")? {
        "deactivated" => Ok(State::Deactivated),
        "invalid" => Ok(State::Invalid {
            challenge: challenge()?,
            error: row.json::<Problem>("error")?,
        }),
        "pending" => Ok(State::Pending),
        "processing" => Ok(State::Processing {
            challenge: challenge()?,
        }),
        "revoked" => Ok(State::Revoked),
        "valid" => Ok(State::Valid {
            challenge: challenge()?,
            validated: row.timestamp("validated_at")?,
        }),
        other => Err(row.corrupt("status", format!("unknown word \"{other}\""))),
    }
}

pub(crate) fn from_row(row: &Row) -> Result<Authorization, Error> {
    Ok(Authorization {
        record: Record {
            id: row.id("id")?,
            name: row.parse("name")?,
            is_wildcard: row.bool("is_wildcard")?,
            offered: Types::from_bits(row.int("challenge_types")?),
            token: Token::parse(row.text("token")?).map_err(|error| row.corrupt("token", error))?,
            state: state(row)?,
            expires: row.timestamp("expires_at")?,
        },
        account: row.id("account_id")?,
        tenant: row.id("tenant_id")?,
        subscription: row.id("subscription_id")?,
        order: row.id("order_id")?,
        created_at: row.timestamp("created_at")?,
        begun_at: row.opt_timestamp("begun_at")?,
        evidence: row.opt_text("evidence")?.map(str::to_owned),
    })
}
