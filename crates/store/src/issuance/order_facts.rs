//! The steps of an issuance that touch several aggregates, each in one round trip: what decides whether names
//! may be ordered or certified, and the end of an order.

use base::{AuthorizationId, CertificateId, DnsName, JobId, OrderId, SubscriptionId, Timestamp};
use enrollment::subscription::Subscription;

use crate::enrollment::subscription;
use crate::issuance::certificate::{self, Certificate};
use crate::issuance::order::{self, Order};
use crate::queue::job;
use crate::{Error, ReadTx, Row, Sql, Value, WriteTx, sql, values};

/// A subscription and which of the names asked about it covers.
#[derive(Debug)]
pub struct Coverage {
    /// The subscription; `None` when there is none.
    pub subscription: Option<Subscription>,
    /// The enrolled names that cover any of them.
    pub enrolled: Vec<DnsName>,
}

/// What newOrder needs to know.
#[derive(Debug)]
pub struct ForOrder {
    /// Who may order what.
    pub coverage: Coverage,
    /// For each name, a valid authorization of the account that lives long enough.
    pub reusable: Vec<Option<AuthorizationId>>,
    /// A pending order of the account for the same names.
    pub pending: Option<Order>,
}

/// What finalize needs to know.
#[derive(Debug)]
pub struct ForCertificate {
    /// Whether the order is now this certificate's: only one finalize wins.
    pub has_begun: bool,
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
    let mut statements = vec![order::pending_like(wanted)];
    statements.extend(wanted.names.iter().map(|name| {
        let base = name.base().as_str().to_owned();
        let reuse = values![wanted.account, base, name.is_wildcard(), needed];
        look(wanted.subscription, name, reuse, Value::Null)
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
        pending: unexpired(&pending, wanted.created_at)?,
    })
}

/// Takes the order for the intended certificate and looks at everything that the certificate depends on; undo
/// it if anything is not as it should be.
pub async fn take_for_certificate(
    tx: &mut WriteTx,
    intended: &Certificate,
    key_fingerprint: &[u8],
) -> Result<ForCertificate, Error> {
    let taking = order::begin_processing(intended.order, intended.id, intended.created_at);
    let mut statements = vec![taking];
    statements.extend(intended.names.iter().map(|name| {
        let no_reuse = [Value::Null, Value::Null, Value::Null, Value::Null];
        look(
            intended.subscription,
            name,
            no_reuse,
            key_fingerprint.into(),
        )
    }));
    let mut lists = tx.rows_all(&statements).await?.into_iter();
    let begun = lists.next().unwrap_or_default();
    let looked = firsts(lists);
    let blocked = looked
        .iter()
        .flatten()
        .map(|row| row.bool("is_key_blocked"));
    Ok(ForCertificate {
        has_begun: begun.len() == 1,
        coverage: coverage(&intended.names, &looked)?,
        is_key_blocked: blocked.collect::<Result<Vec<_>, _>>()?.contains(&true),
    })
}

/// Asks for the subscription, who covers a name (itself, or the wildcard one level up), a valid authorization
/// of an account for a base name, wildcard or not, until a moment, and whether a key is blocked; what is asked
/// with NULL is not found.
fn look<'v>(
    subscription: SubscriptionId,
    name: &'v DnsName,
    reuse: [Value<'v>; 4],
    key_fingerprint: Value<'v>,
) -> (Sql, Vec<Value<'v>>) {
    let statement = sql!(
        "SELECT s.id, s.tenant_id, s.label, s.product, s.term_years, s.status, s.created_by, s.created_at,
           s.started_at, s.ends_at,
           EXISTS (SELECT 1 FROM enrolled_domain d
             WHERE d.subscription_id = s.id AND d.name = $2 AND d.status = 'active') AS is_enrolled,
           EXISTS (SELECT 1 FROM enrolled_domain d
             WHERE d.subscription_id = s.id AND d.name = $3 AND d.status = 'active') AS is_under_wildcard,
           (SELECT a.id FROM acme_authorization a
             WHERE a.account_id = $4 AND a.name = $5 AND a.is_wildcard = $6 AND a.status = 'valid'
               AND a.expires_at > $7 ORDER BY a.expires_at DESC LIMIT 1) AS reusable_id,
           EXISTS (SELECT 1 FROM blocked_key k WHERE k.fingerprint = $8) AS is_key_blocked
         FROM subscription s WHERE s.id = $1"
    );
    let wildcard = name
        .covering_wildcard()
        .map(|wildcard| wildcard.as_str().to_owned());
    let mut values = values![subscription, name, wildcard].to_vec();
    values.extend(reuse);
    values.push(key_fingerprint);
    (statement, values)
}

/// Ends an issuance: the certificate takes the place of its intent, its order is valid and its job done. `false`
/// when another node did so before.
pub async fn complete(
    tx: &mut WriteTx,
    certificate: CertificateId,
    order: OrderId,
    job: JobId,
    der: &[u8],
    now: Timestamp,
) -> Result<bool, Error> {
    let [completed, replaced] = certificate::complete(certificate, der, now);
    let statements = [
        completed,
        replaced,
        order::complete(order, now),
        job::delete_one(job),
    ];
    let changed = tx.execute_all(&statements).await?;
    let [certificates, _, orders, _] = changed.as_slice() else {
        return Ok(false);
    };
    Ok((*certificates, *orders) == (1, 1))
}

fn unexpired(rows: &[Row], now: Timestamp) -> Result<Option<Order>, Error> {
    let orders = rows
        .iter()
        .map(order::from_row)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(orders.into_iter().find(|order| order.expires_at > now))
}

fn firsts(lists: impl Iterator<Item = Vec<Row>>) -> Vec<Option<Row>> {
    lists.map(|rows| rows.into_iter().next()).collect()
}

fn coverage(names: &[DnsName], looked: &[Option<Row>]) -> Result<Coverage, Error> {
    let subscription = looked
        .iter()
        .flatten()
        .next()
        .map(subscription::from_row)
        .transpose()?;
    let mut enrolled = Vec::new();
    for (name, row) in names.iter().zip(looked) {
        let Some(row) = row else { continue };
        if row.bool("is_enrolled")? {
            enrolled.push(name.clone());
        }
        if row.bool("is_under_wildcard")? {
            enrolled.extend(name.covering_wildcard());
        }
    }
    Ok(Coverage {
        subscription,
        enrolled,
    })
}
