//! ACME authorizations (RFC 8555 §7.1.4). One row holds the token that its challenges share, the types on offer and
//! which of them was tried; where it stands follows from these facts. The evidence of a success is a row of its own.

use acme::Problem;
use acme::authorization::{Authorization as Record, State};
use acme::challenge::{Token, Type, Types};
use base::{
    AccountId, AuthorizationId, DnsName, Identifier, IdentifierKind, OrderId, TenantId, Timestamp,
    ValidationId,
};

use super::evidence::{RULES, Validation};
use crate::old::Old;
use crate::{Error, Progress, ReadTx, Row, Sql, Value, WriteTx, columns, sql, values};

/// An authorization as stored.
#[derive(Clone, Debug)]
pub struct Authorization {
    /// What the rules need to know.
    pub record: Record,
    /// Whose control is proven.
    pub account: AccountId,
    /// Who owns the subscription.
    pub tenant: TenantId,
    /// The order it was made for, if it was for one; others may use it once it is valid.
    pub order: Option<OrderId>,
    /// When the client asked for validation.
    pub begun_at: Option<Timestamp>,
    /// The evidence of the proof, once there is one.
    pub validation: Option<ValidationId>,
    /// When CAA records were last asked for, if they were.
    pub caa_checked_at: Option<Timestamp>,
}

/// CAA records were asked for again, and let us issue.
#[derive(Clone, Debug)]
pub struct CaaCheck {
    /// The evidence.
    pub id: ValidationId,
    /// Whose proof is used with it.
    pub authorization: Authorization,
    /// When they were asked for.
    pub checked_at: Timestamp,
    /// Until when the answer may be used.
    pub good_until: Timestamp,
    /// What they said, JSON.
    pub evidence: String,
}

impl CaaCheck {
    /// What stands for a method of validation in its evidence.
    pub const METHOD: &'static str = "caa";
}

/// The columns of an authorization, in the words of a query whose table is called `z`.
macro_rules! authorization {
    () => {
        "z.id, z.challenge_types, z.expires_at, z.begun_at, z.validated_at, z.is_wildcard, z.account_id, z.tenant_id,
           z.order_id, z.token, z.validation_id, z.caa_checked_at, z.value, z.chosen_type, z.outcome, z.error"
    };
}

/// What is known of an authorization when it is made.
struct New {
    id: AuthorizationId,
    challenge_types: i64,
    expires_at: Timestamp,
    is_wildcard: bool,
    account: AccountId,
    tenant: TenantId,
    order: Option<OrderId>,
    token: String,
    kind: IdentifierKind,
    value: Identifier,
}

columns! { "acme_authorization" new_authorization => New {
    id, challenge_types, expires_at, is_wildcard, account = "account_id", tenant = "tenant_id", order = "order_id",
    token, kind, value,
} }

/// Stores new authorizations.
pub async fn insert_all(tx: &mut WriteTx, authorizations: &[Authorization]) -> Result<(), Error> {
    for authorization in authorizations {
        let record = &authorization.record;
        tx.insert(&New {
            id: record.id,
            challenge_types: record.offered.as_bits(),
            expires_at: record.expires,
            is_wildcard: record.is_wildcard,
            account: authorization.account,
            tenant: authorization.tenant,
            order: authorization.order,
            token: record.token.as_str().to_owned(),
            kind: record.identifier.kind(),
            value: record.identifier.clone(),
        })
        .await?;
    }
    Ok(())
}

/// The authorization with this identifier.
pub async fn by_id(tx: &mut ReadTx, id: &AuthorizationId) -> Result<Option<Authorization>, Error> {
    let (statement, values) = select(*id);
    let row = tx.row(statement, &values).await?;
    row.as_ref().map(from_row).transpose()
}

/// The authorizations with these identifiers, in their order; unknown ones are left out.
pub async fn by_ids(tx: &mut ReadTx, ids: &[AuthorizationId]) -> Result<Vec<Authorization>, Error> {
    let statements: Vec<_> = ids.iter().map(|id| select(*id)).collect();
    let lists = tx.rows_all(&statements).await?;
    lists.iter().flatten().map(from_row).collect()
}

fn select(id: AuthorizationId) -> (Sql, Vec<Value<'static>>) {
    let statement =
        sql!(system: "SELECT ", authorization!(), " FROM acme_authorization z WHERE z.id = $1");
    (statement, values![id].to_vec())
}

/// Asks for the names of an order, in its order, each with its authorization, whichever order that was made for, as far
/// as it is still there.
pub(crate) fn of_order(order: OrderId) -> (Sql, Vec<Value<'static>>) {
    let statement = sql!(system:
        "SELECT i.order_id AS of_order_id, i.position, i.authorization_id, i.kind, i.value AS name, ",
        authorization!(),
        " FROM order_identifier i LEFT JOIN acme_authorization z ON z.id = i.authorization_id
         WHERE i.order_id = $1 ORDER BY i.position"
    );
    (statement, values![order].to_vec())
}

/// Reads the authorization of a row of [`of_order`], unless it is gone.
pub(crate) fn from_joined_row(row: &Row) -> Result<Option<Authorization>, Error> {
    if row.is_null("id")? {
        return Ok(None);
    }
    from_row(row).map(Some)
}

/// What validation saw for each authorization, in the order given: JSON, for people.
pub async fn evidence_of(
    tx: &mut ReadTx,
    authorizations: &[Authorization],
) -> Result<Vec<Option<String>>, Error> {
    let statement = sql!(tenant:
        "SELECT COALESCE(z.evidence, v.evidence) AS evidence FROM acme_authorization z
           LEFT JOIN domain_validation v ON v.id = z.validation_id
         WHERE z.id = $2 AND z.tenant_id = $1"
    );
    let values: Vec<_> = authorizations
        .iter()
        .map(|each| values![each.record.id].to_vec())
        .collect();
    let rows = tx.row_each(statement, &values).await?;
    rows.iter()
        .map(|row| match row {
            Some(row) => Ok(row.opt_text("evidence")?.map(str::to_owned)),
            None => Ok(None),
        })
        .collect()
}

/// For each name, whether wildcard or not, a valid authorization of the account that lives until `until`.
pub async fn reusable(
    tx: &mut ReadTx,
    account: AccountId,
    names: &[Identifier],
    until: Timestamp,
) -> Result<Vec<Option<AuthorizationId>>, Error> {
    let statement = sql!(system:
        "SELECT id FROM acme_authorization
         WHERE account_id = $1 AND value = $2 AND is_wildcard = $3 AND validated_at IS NOT NULL AND ended_at IS NULL
           AND expires_at > $4 ORDER BY expires_at DESC LIMIT 1"
    );
    let values: Vec<Vec<Value<'_>>> = names
        .iter()
        .map(|name| {
            let base = name.base().as_text().into_owned();
            values![account, base, name.is_wildcard(), until].to_vec()
        })
        .collect();
    let rows = tx.row_each(statement, &values).await?;
    rows.iter()
        .map(|row| row.as_ref().map(|row| row.id("id")).transpose())
        .collect()
}

/// Notes that a challenge is being validated.
pub async fn begin(
    tx: &mut WriteTx,
    id: AuthorizationId,
    chosen: Type,
    now: Timestamp,
) -> Result<(), Error> {
    let statement = sql!(system:
        "UPDATE acme_authorization SET chosen_type = $2, begun_at = $3 WHERE id = $1"
    );
    tx.execute_later(statement, &values![id, chosen.as_str(), now])
        .await
}

/// How a validation ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The authorization as it is from now on: valid, with the identifier of its evidence, or invalid.
    pub authorization: Authorization,
    /// What was seen, JSON.
    pub evidence: String,
    /// When it ended.
    pub now: Timestamp,
}

/// The evidence of a success.
fn proof(ending: &Ending, id: ValidationId, method: &str) -> Validation {
    let authorization = &ending.authorization;
    let record = &authorization.record;
    Validation {
        id,
        validated_at: ending.now,
        valid_until: record.expires,
        tenant: authorization.tenant,
        account: Some(authorization.account),
        name: record.ordered().value,
        method: method.to_owned(),
        rules: RULES.to_owned(),
        evidence: ending.evidence.clone(),
    }
}

/// Records how a validation ended; the evidence of a success is kept apart from its authorization.
pub async fn complete(tx: &mut WriteTx, ending: &Ending) -> Result<(), Error> {
    let Authorization {
        record,
        begun_at,
        validation,
        caa_checked_at,
        ..
    } = &ending.authorization;
    match &record.state {
        State::Valid {
            challenge,
            validated,
        } => {
            let statement = sql!(system:
                "UPDATE acme_authorization
                 SET chosen_type = $2, begun_at = $3, validated_at = $4, expires_at = $5, validation_id = $6,
                   caa_checked_at = $7
                 WHERE id = $1"
            );
            let values = values![
                record.id,
                challenge.as_str(),
                *begun_at,
                *validated,
                record.expires,
                *validation,
                *caa_checked_at
            ];
            tx.execute_later(statement, &values).await?;
            match validation {
                Some(id) => tx.insert(&proof(ending, *id, challenge.as_str())).await,
                None => Ok(()),
            }
        }
        State::Invalid { challenge, error } => {
            let statement = sql!(system:
                "UPDATE acme_authorization SET chosen_type = $2, begun_at = $3, ended_at = $4, outcome = 'invalid',
                   error = $5, evidence = $6, expires_at = $7
                 WHERE id = $1"
            );
            let values = values![
                record.id,
                challenge.as_str(),
                *begun_at,
                ending.now,
                error.to_json(),
                &ending.evidence,
                record.expires
            ];
            tx.execute_later(statement, &values).await
        }
        State::Deactivated | State::Pending | State::Processing { .. } | State::Revoked => Ok(()),
    }
}

/// Records that CAA records were asked for again before a signature, with what they said.
pub(crate) async fn caa_checked(tx: &mut WriteTx, check: &CaaCheck) -> Result<(), Error> {
    let Authorization {
        record,
        tenant,
        account,
        ..
    } = &check.authorization;
    let statement = sql!(tenant:
        "UPDATE acme_authorization SET caa_checked_at = $3 WHERE id = $2 AND tenant_id = $1"
    );
    tx.execute_later(statement, &values![record.id, check.checked_at])
        .await?;
    tx.insert(&Validation {
        id: check.id,
        validated_at: check.checked_at,
        valid_until: check.good_until,
        tenant: *tenant,
        account: Some(*account),
        name: record.ordered().value,
        method: CaaCheck::METHOD.to_owned(),
        rules: RULES.to_owned(),
        evidence: check.evidence.clone(),
    })
    .await
}

/// Notes of a new authorization that it is valid without a challenge: its domain was proven before, or nothing has to be.
pub async fn grant(tx: &mut WriteTx, authorization: &Authorization) -> Result<(), Error> {
    let record = &authorization.record;
    let State::Valid {
        challenge,
        validated,
    } = &record.state
    else {
        return Ok(());
    };
    let statement = sql!(tenant:
        "UPDATE acme_authorization SET chosen_type = $3, validated_at = $4, validation_id = $5
         WHERE id = $2 AND tenant_id = $1"
    );
    let values = values![
        record.id,
        challenge.as_str(),
        *validated,
        authorization.validation
    ];
    tx.execute_later(statement, &values).await
}

/// Gives up an authorization (RFC 8555 §7.5.2).
pub async fn deactivate(
    tx: &mut WriteTx,
    id: AuthorizationId,
    now: Timestamp,
) -> Result<(), Error> {
    let statement = sql!(system:
        "UPDATE acme_authorization SET outcome = 'deactivated', ended_at = $2 WHERE id = $1 AND ended_at IS NULL"
    );
    tx.execute_later(statement, &values![id, now]).await
}

/// Ends what an account held for a name that left its subscription, as far as it was made before.
pub async fn deactivate_for(
    tx: &mut WriteTx,
    account: AccountId,
    name: &DnsName,
    before: AuthorizationId,
    now: Timestamp,
) -> Result<u64, Error> {
    let statement = sql!(system:
        "UPDATE acme_authorization SET outcome = 'deactivated', ended_at = $4
         WHERE account_id = $1 AND value = $2 AND is_wildcard = $3 AND validated_at IS NOT NULL AND ended_at IS NULL
           AND id < $5"
    );
    let base = name.base();
    tx.execute(
        statement,
        &values![account, &base, name.is_wildcard(), now, before],
    )
    .await
}

/// Ends what stands for a name of an order, proven or not.
pub async fn deactivate_in(
    tx: &mut WriteTx,
    order: OrderId,
    name: &DnsName,
    now: Timestamp,
) -> Result<(), Error> {
    let statement = sql!(tenant:
        "UPDATE acme_authorization SET outcome = 'deactivated', ended_at = $4
         WHERE id IN (SELECT i.authorization_id FROM order_identifier i WHERE i.order_id = $2 AND i.value = $3)
           AND tenant_id = $1 AND ended_at IS NULL"
    );
    tx.execute_later(statement, &values![order, name, now])
        .await
}

/// The names, without wildcards, for which an account holds proofs that were begun before, in the order of their octets
/// after `after`, at most `limit`.
pub async fn proven_names(
    tx: &mut ReadTx,
    account: AccountId,
    after: &str,
    before: AuthorizationId,
    limit: i64,
) -> Result<Vec<DnsName>, Error> {
    let statement = sql!(tenant:
        "SELECT DISTINCT value FROM acme_authorization
         WHERE account_id = $2 AND tenant_id = $1 AND value > $3 AND NOT is_wildcard AND validated_at IS NOT NULL
           AND ended_at IS NULL AND id < $4 ORDER BY value LIMIT $5"
    );
    let rows = tx
        .rows(statement, &values![account, after, before, limit])
        .await?;
    rows.iter().map(|row| row.parse("value")).collect()
}

/// Removes authorizations that ended or expired: no order can use them any more. The evidence of a proof stays.
pub async fn delete_old(
    tx: &mut WriteTx,
    old: &Old<AuthorizationId>,
) -> Result<Progress<Old<AuthorizationId>>, Error> {
    let end = sql!(system:
        "SELECT id FROM acme_authorization WHERE id > $1 AND id <= $2 ORDER BY id LIMIT 1 OFFSET $3"
    );
    let delete = sql!(system:
        "DELETE FROM acme_authorization WHERE id > $1 AND id <= $2 AND COALESCE(ended_at, expires_at) < $3"
    );
    let row = tx.row(end, &old.bounds()).await?;
    let end = row.map(|row| row.id("id")).transpose()?;
    let values = values![old.after, end.unwrap_or(old.until), old.ended_before];
    tx.execute(delete, &values).await?;
    Ok(old.behind(end))
}

fn state(row: &Row) -> Result<State, Error> {
    let challenge = || row.word("chosen_type", Type::parse);
    match row.opt_text("outcome")? {
        Some("deactivated") => Ok(State::Deactivated),
        Some("invalid") => Ok(State::Invalid {
            challenge: challenge()?,
            error: row.json::<Problem>("error")?,
        }),
        Some("revoked") => Ok(State::Revoked),
        Some(other) => Err(row.corrupt("outcome", format!("unknown word \"{other}\""))),
        None => match (
            row.opt_timestamp("validated_at")?,
            row.opt_timestamp("begun_at")?,
        ) {
            (Some(validated), _) => Ok(State::Valid {
                challenge: challenge()?,
                validated,
            }),
            (None, Some(_)) => Ok(State::Processing {
                challenge: challenge()?,
            }),
            (None, None) => Ok(State::Pending),
        },
    }
}

pub(crate) fn from_row(row: &Row) -> Result<Authorization, Error> {
    Ok(Authorization {
        record: Record {
            id: row.id("id")?,
            identifier: row.parse("value")?,
            is_wildcard: row.bool("is_wildcard")?,
            offered: Types::from_bits(row.int("challenge_types")?),
            token: Token::parse(row.text("token")?).map_err(|error| row.corrupt("token", error))?,
            state: state(row)?,
            expires: row.timestamp("expires_at")?,
        },
        account: row.id("account_id")?,
        tenant: row.id("tenant_id")?,
        order: row.opt_id("order_id")?,
        begun_at: row.opt_timestamp("begun_at")?,
        validation: row.opt_id("validation_id")?,
        caa_checked_at: row.opt_timestamp("caa_checked_at")?,
    })
}
