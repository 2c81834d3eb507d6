//! What decides whether names may be ordered or certified, each in one round trip.

use acme::order::Progress;
use base::{AuthorizationId, DnsName, Identifier, OrderId, SubscriptionId, Timestamp};
use enrollment::subscription::Subscription;

use super::subscription;
use crate::issuance::order::{self, Order};
use crate::{Error, ReadTx, Record as _, Row, Sql, Value, sql, values};

/// A subscription and which of the names asked about it covers.
#[derive(Debug)]
pub struct Coverage {
    /// The subscription; `None` when there is none.
    pub subscription: Option<Subscription>,
    /// The enrolled names that cover any of them.
    pub enrolled: Vec<DnsName>,
}

/// What a new order depends on.
#[derive(Debug)]
pub struct ForOrder {
    /// Who may order what.
    pub coverage: Coverage,
    /// For each name, a valid authorization of the account that lives long enough.
    pub reusable: Vec<Option<AuthorizationId>>,
    /// A pending order of the account for the same names.
    pub pending: Option<OrderId>,
}

/// What a certificate depends on.
#[derive(Debug)]
pub struct ForCertificate {
    /// How far the order is; `None` when there is none.
    pub progress: Option<Progress>,
    /// Who may order what.
    pub coverage: Coverage,
    /// Whether the key may not be certified again.
    pub is_key_blocked: bool,
}

/// Looks at everything that a new order depends on. Authorizations count when they live until `needed`.
pub async fn for_order(
    tx: &mut ReadTx,
    wanted: &Order,
    needed: Timestamp,
) -> Result<ForOrder, Error> {
    let now = wanted.created_at();
    let mut statements = vec![order::pending_like(wanted.account, wanted.lineage, now)];
    statements.extend(wanted.names.iter().map(|Identifier::Dns(name)| {
        let base = name.base().as_str().to_owned();
        let reuse = values![wanted.account, base, name.is_wildcard(), needed];
        look(wanted.subscription, name, reuse, [Value::Null, Value::Null])
    }));
    let mut lists = tx.rows_all(&statements).await?.into_iter();
    let pending = lists.next().unwrap_or_default();
    let looked = firsts(lists);
    let reusable = |row: &Option<Row>| {
        row.as_ref()
            .map_or(Ok(None), |row| row.opt_id("reusable_id"))
    };
    Ok(ForOrder {
        coverage: coverage(&wanted.names, &looked)?,
        reusable: looked.iter().map(reusable).collect::<Result<_, _>>()?,
        pending: pending.first().map(|row| row.id("order_id")).transpose()?,
    })
}

/// Looks at everything that a certificate depends on: its order, who covers the names, whether the key is blocked.
pub async fn for_certificate(
    tx: &mut ReadTx,
    order: &Order,
    key_digest: &[u8],
) -> Result<ForCertificate, Error> {
    let statements: Vec<_> = order
        .names
        .iter()
        .map(|Identifier::Dns(name)| {
            let no_reuse = [Value::Null, Value::Null, Value::Null, Value::Null];
            let asked = [Value::from(key_digest), Value::from(order.id)];
            look(order.subscription, name, no_reuse, asked)
        })
        .collect();
    let looked = firsts(tx.rows_all(&statements).await?.into_iter());
    let first = looked.iter().flatten().next();
    let blocked = looked
        .iter()
        .flatten()
        .map(|row| row.bool("is_key_blocked"));
    Ok(ForCertificate {
        progress: first.map(progress).transpose()?.flatten(),
        coverage: coverage(&order.names, &looked)?,
        is_key_blocked: blocked.collect::<Result<Vec<_>, _>>()?.contains(&true),
    })
}

fn progress(row: &Row) -> Result<Option<Progress>, Error> {
    match row.opt_text("order_progress")? {
        None => Ok(None),
        Some(word) => Progress::parse(word)
            .map(Some)
            .ok_or_else(|| row.corrupt("order_progress", "unknown word")),
    }
}

/// Asks for the subscription, who covers a name (itself, or the wildcard one level up), a valid authorization
/// of an account for a base name, wildcard or not, until a moment, whether a key is blocked, and how far an order is;
/// what is asked with NULL is not found.
fn look<'v>(
    subscription: SubscriptionId,
    name: &'v DnsName,
    reuse: [Value<'v>; 4],
    key_and_order: [Value<'v>; 2],
) -> (Sql, Vec<Value<'v>>) {
    let statement = sql!(system:
        "SELECT ", subscription::subscription_columns!(), ",
           EXISTS (SELECT 1 FROM enrolled_domain d
             WHERE d.subscription_id = s.id AND d.rname = $2 AND d.removed_at IS NULL) AS is_enrolled,
           EXISTS (SELECT 1 FROM enrolled_domain d
             WHERE d.subscription_id = s.id AND d.rname = $3 AND d.removed_at IS NULL) AS is_under_wildcard,
           (SELECT a.id FROM acme_authorization a
             WHERE a.account_id = $4 AND a.value = $5 AND a.is_wildcard = $6 AND a.validated_at IS NOT NULL
               AND a.ended_at IS NULL AND a.expires_at > $7 ORDER BY a.expires_at DESC LIMIT 1) AS reusable_id,
           EXISTS (SELECT 1 FROM blocked_key k WHERE k.key_digest = $8) AS is_key_blocked,
           (SELECT CASE WHEN o.ended_at IS NOT NULL AND o.error IS NOT NULL THEN 'invalid'
              WHEN o.ended_at IS NOT NULL THEN 'valid' WHEN o.finalized_at IS NOT NULL THEN 'processing'
              ELSE 'pending' END FROM acme_order o WHERE o.id = $9) AS order_progress
         FROM subscription s WHERE s.id = $1"
    );
    let wildcard = name.covering_wildcard().map(|wildcard| wildcard.reversed());
    let mut values = values![subscription, name.reversed(), wildcard].to_vec();
    values.extend(reuse);
    values.extend(key_and_order);
    (statement, values)
}

fn coverage(names: &[Identifier], looked: &[Option<Row>]) -> Result<Coverage, Error> {
    let mut enrolled = Vec::new();
    for (Identifier::Dns(name), row) in names.iter().zip(looked) {
        let Some(row) = row else {
            continue;
        };
        if row.bool("is_enrolled")? {
            enrolled.push(name.clone());
        }
        if row.bool("is_under_wildcard")? {
            enrolled.extend(name.covering_wildcard());
        }
    }
    let subscription = looked.iter().flatten().next();
    Ok(Coverage {
        subscription: subscription.map(Subscription::from_row).transpose()?,
        enrolled,
    })
}

fn firsts(lists: impl Iterator<Item = Vec<Row>>) -> Vec<Option<Row>> {
    lists.map(|rows| rows.into_iter().next()).collect()
}
