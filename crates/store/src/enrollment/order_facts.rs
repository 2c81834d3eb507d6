//! What decides whether names may be ordered or certified, each in one round trip.

use acme::order::Progress;
use base::{AuthorizationId, DnsName, Identifier, LineageId, OrderId, SubscriptionId, Timestamp};
use enrollment::admission::{Facts, Standing};
use enrollment::subscription::Subscription;

use super::subscription;
use crate::issuance::order::{self, Order};
use crate::tenancy::tenant::{chain_standing, standing_of};
use crate::{Error, ReadTx, Record as _, Row, Sql, Value, sql, values};

/// What a new order depends on.
#[derive(Debug)]
pub struct ForOrder {
    /// Who may order what.
    pub admission: Facts,
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
    pub admission: Facts,
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
    statements.extend(each(&wanted.names, wanted.lineage).map(|(name, once)| {
        let base = name.base().as_str().to_owned();
        let reuse = values![wanted.account, base, name.is_wildcard(), needed];
        let asked = [Value::Null, Value::Null, once];
        look(wanted.subscription, name, reuse, asked)
    }));
    let mut lists = tx.rows_all(&statements).await?.into_iter();
    let pending = lists.next().unwrap_or_default();
    let looked = firsts(lists);
    let reusable = |row: &Option<Row>| {
        row.as_ref()
            .map_or(Ok(None), |row| row.opt_id("reusable_id"))
    };
    Ok(ForOrder {
        admission: facts(&wanted.names, &looked)?,
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
    let statements: Vec<_> = each(&order.names, order.lineage)
        .map(|(name, once)| {
            let no_reuse = [Value::Null, Value::Null, Value::Null, Value::Null];
            let asked = [Value::from(key_digest), Value::from(order.id), once];
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
        admission: facts(&order.names, &looked)?,
        is_key_blocked: blocked.collect::<Result<Vec<_>, _>>()?.contains(&true),
    })
}

/// Looks at what decides whether a subscription may order names, without an order.
pub async fn for_names(
    tx: &mut ReadTx,
    subscription: SubscriptionId,
    names: &[Identifier],
    lineage: LineageId,
) -> Result<Facts, Error> {
    let statements: Vec<_> = each(names, lineage)
        .map(|(name, once)| {
            let no_reuse = [Value::Null, Value::Null, Value::Null, Value::Null];
            look(
                subscription,
                name,
                no_reuse,
                [Value::Null, Value::Null, once],
            )
        })
        .collect();
    let looked = firsts(tx.rows_all(&statements).await?.into_iter());
    facts(names, &looked)
}

fn progress(row: &Row) -> Result<Option<Progress>, Error> {
    match row.opt_text("order_progress")? {
        None => Ok(None),
        Some(word) => Progress::parse(word)
            .map(Some)
            .ok_or_else(|| row.corrupt("order_progress", "unknown word")),
    }
}

/// The names of an order, the first with its set of names: what is the same for all is asked once.
fn each(
    names: &[Identifier],
    lineage: LineageId,
) -> impl Iterator<Item = (&DnsName, Value<'static>)> {
    let mut once = Value::from(lineage);
    names
        .iter()
        .map(move |Identifier::Dns(name)| (name, std::mem::replace(&mut once, Value::Null)))
}

/// Asks for the subscription, who covers a name (itself, or the wildcard one level up), a valid authorization
/// of an account for a base name, wildcard or not, until a moment, whether a key is blocked, how far an order is, and of a
/// set of names how the tenant stands and whether they had a certificate; what is asked with NULL is not found.
fn look<'v>(
    subscription: SubscriptionId,
    name: &'v DnsName,
    reuse: [Value<'v>; 4],
    asked: [Value<'v>; 3],
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
              ELSE 'pending' END FROM acme_order o WHERE o.id = $9) AS order_progress,
           EXISTS (SELECT 1 FROM lineage l WHERE l.id = $10 AND l.certificate_id IS NOT NULL) AS is_renewal,
           CASE WHEN $10 IS NOT NULL THEN (SELECT ", chain_standing!(t), "
             FROM tenant t WHERE t.id = COALESCE(s.customer_id, s.tenant_id)) END AS standing
         FROM subscription s WHERE s.id = $1"
    );
    let wildcard = name.covering_wildcard().map(|wildcard| wildcard.reversed());
    let mut values = values![subscription, name.reversed(), wildcard].to_vec();
    values.extend(reuse);
    values.extend(asked);
    (statement, values)
}

fn facts(names: &[Identifier], looked: &[Option<Row>]) -> Result<Facts, Error> {
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
    let Some(first) = looked.iter().flatten().next() else {
        return Ok(Facts {
            subscription: None,
            standing: Standing::Good,
            enrolled,
            is_renewal: false,
        });
    };
    Ok(Facts {
        subscription: Some(Subscription::from_row(first)?),
        standing: standing_of(first, "standing")?,
        enrolled,
        is_renewal: first.bool("is_renewal")?,
    })
}

fn firsts(lists: impl Iterator<Item = Vec<Row>>) -> Vec<Option<Row>> {
    lists.map(|rows| rows.into_iter().next()).collect()
}
