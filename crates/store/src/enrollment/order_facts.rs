//! What decides whether names may be ordered or certified, each in one round trip.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use acme::order::Progress;
use base::{AuthorizationId, DnsName, Identifier, LineageId, OrderId, SubscriptionId, Timestamp};
use enrollment::admission::{Coverage, Facts, Standing};
use enrollment::delegated::{DelegatedDomain, Proof, ShownBy};
use enrollment::policy::NameAdmission;
use enrollment::subscription::{ProductCode, Subscription};
use pki::{Subject, reuse_ceiling_seconds};
use tenancy::certificate_type::CertificateType;
use tenancy::domain::{DomainProof, ProofMethod};

use super::subscription;
use crate::catalog::offer::{self, Policies};
use crate::issuance::order::{self, Order};
use crate::tenancy::domain;
use crate::tenancy::pre_validation;
use crate::tenancy::tenant::{chain_standing, standing_of};
use crate::{Error, ReadTx, Record as _, Row, Sql, Value, sql, values};

/// By what names are admitted.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Whose enrolled names cover those of the order.
    pub coverage: Coverage,
    /// The certificates that a renewal would follow.
    pub renewal_of: LineageId,
    /// What is ordered.
    pub product: ProductCode,
    /// For which type of certificate an organization has to be validated; none where certificates name nobody.
    pub certificate_type: Option<CertificateType>,
    /// Whether control of the names has to be proven.
    pub needs_proof: bool,
    /// Whether proofs of delegated domains by mail count.
    pub takes_mail: bool,
    /// The policies that are known; others are read.
    pub policies: Policies,
    /// The present moment.
    pub now: Timestamp,
}

/// What a new order depends on.
#[derive(Debug)]
pub struct ForOrder {
    /// Who may order what.
    pub admission: Facts,
    /// For each name, a valid authorization of the account that lives long enough.
    pub reusable: Vec<Option<AuthorizationId>>,
    /// A pending order of the account for the same names.
    pub pending: Option<OrderId>,
    /// The organization that was validated for the subscription, where certificates name one.
    pub organization: Option<Subject>,
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
    /// The organization that was validated for the subscription, where certificates name one.
    pub organization: Option<Subject>,
}

/// Looks at everything that a new order depends on. Authorizations count when they live until `needed`.
pub async fn for_order(
    tx: &mut ReadTx,
    (wanted, asked): (&Order, &Asked),
    needed: Timestamp,
) -> Result<ForOrder, Error> {
    let now = wanted.created_at();
    let mut statements = vec![order::pending_like(wanted.account, wanted.lineage, now)];
    statements.extend(each(&wanted.names, asked.renewal_of).map(|(name, once)| {
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
        admission: facts(tx, &wanted.names, &looked, asked).await?,
        reusable: looked.iter().map(reusable).collect::<Result<_, _>>()?,
        pending: pending.first().map(|row| row.id("order_id")).transpose()?,
        organization: organization(tx, wanted.subscription, asked).await?,
    })
}

/// Looks at everything that a certificate depends on: its order, who covers the names, whether the key is blocked.
pub async fn for_certificate(
    tx: &mut ReadTx,
    (order, asked): (&Order, &Asked),
    key_digest: &[u8],
) -> Result<ForCertificate, Error> {
    let statements: Vec<_> = each(&order.names, asked.renewal_of)
        .map(|(name, once)| {
            let no_reuse = [Value::Null, Value::Null, Value::Null, Value::Null];
            let of_it = [Value::from(key_digest), Value::from(order.id), once];
            look(order.subscription, name, no_reuse, of_it)
        })
        .collect();
    let looked = firsts(tx.rows_all(&statements).await?.into_iter());
    let first = looked.iter().flatten().next();
    let blocked = looked
        .iter()
        .flatten()
        .map(|row| row.bool("is_key_blocked"));
    let is_key_blocked = blocked.collect::<Result<Vec<_>, _>>()?.contains(&true);
    let mut admission = facts(tx, &order.names, &looked, asked).await?;
    if asked.coverage == Coverage::AnyLive {
        admission.enrolled = enrolled_anywhere(tx, &order.names, asked).await?;
    }
    Ok(ForCertificate {
        progress: first.map(progress).transpose()?.flatten(),
        admission,
        is_key_blocked,
        organization: organization(tx, order.subscription, asked).await?,
    })
}

/// The organization that was validated for a subscription, with what may stand in its certificates now. Nothing is asked
/// where certificates name none.
pub async fn organization(
    tx: &mut ReadTx,
    subscription: SubscriptionId,
    asked: &Asked,
) -> Result<Option<Subject>, Error> {
    let Some(kind) = asked.certificate_type else {
        return Ok(None);
    };
    pre_validation::subject_of(tx, (subscription, kind, asked.now)).await
}

/// Looks at what decides whether a subscription may order names, without an order.
pub async fn for_names(
    tx: &mut ReadTx,
    subscription: SubscriptionId,
    names: &[Identifier],
    asked: &Asked,
) -> Result<Facts, Error> {
    let statements: Vec<_> = each(names, asked.renewal_of)
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
    facts(tx, names, &looked, asked).await
}

/// Which names, or wildcards above them, are enrolled in any subscription of the product that issues now.
async fn enrolled_anywhere(
    tx: &mut ReadTx,
    names: &[Identifier],
    asked: &Asked,
) -> Result<Vec<DnsName>, Error> {
    let statement = sql!(system:
        "SELECT ", chain_standing!(t), " AS standing
         FROM enrolled_domain d
           JOIN subscription s ON s.id = d.subscription_id
           JOIN tenant t ON t.id = COALESCE(s.customer_id, s.tenant_id)
         WHERE d.rname = $1 AND d.removed_at IS NULL AND s.product_code = $2 AND s.started_at IS NOT NULL
           AND s.suspended_at IS NULL AND s.cancelled_at IS NULL AND s.covered_until > $3
         LIMIT 8"
    );
    let mut enrolled = Vec::new();
    for Identifier::Dns(name) in names {
        for covering in std::iter::once(name.clone()).chain(name.covering_wildcard()) {
            let values = values![covering.reversed(), asked.product.as_str(), asked.now];
            let rows = tx.rows(statement, &values).await?;
            let standings = rows.iter().map(|row| standing_of(row, "standing"));
            if standings
                .collect::<Result<Vec<_>, _>>()?
                .contains(&Standing::Good)
            {
                enrolled.push(covering);
            }
        }
    }
    Ok(enrolled)
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

async fn facts(
    tx: &mut ReadTx,
    names: &[Identifier],
    looked: &[Option<Row>],
    asked: &Asked,
) -> Result<Facts, Error> {
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
            policy: Arc::default(),
            coverage: asked.coverage,
            subscription: None,
            standing: Standing::Good,
            enrolled,
            delegated: Vec::new(),
            needs_proof: asked.needs_proof,
            is_renewal: false,
        });
    };
    let subscription = Subscription::from_row(first)?;
    let policy = offer::policy(tx, subscription.offer_version, &asked.policies).await?;
    let delegated = match policy.name_admission {
        NameAdmission::ValidatedDelegated => delegated(tx, subscription.id, names, asked).await?,
        NameAdmission::SubscribedNames | NameAdmission::Hook | NameAdmission::Open => Vec::new(),
    };
    Ok(Facts {
        policy,
        coverage: asked.coverage,
        subscription: Some(subscription),
        delegated,
        needs_proof: asked.needs_proof,
        standing: standing_of(first, "standing")?,
        enrolled,
        is_renewal: first.bool("is_renewal")?,
    })
}

/// The domains above names that are delegated to whom a subscription is for; in one question, asked only where they admit
/// names. A proof counts as long as the rules of the day allow, if that is shorter than it was thought to.
async fn delegated(
    tx: &mut ReadTx,
    subscription: SubscriptionId,
    names: &[Identifier],
    asked: &Asked,
) -> Result<Vec<DelegatedDomain>, Error> {
    let above = names
        .iter()
        .flat_map(|Identifier::Dns(name)| name.domains());
    let above: BTreeSet<_> = above.collect();
    let found = domain::delegated_to(tx, (subscription, &above)).await?;
    let ceiling = u64::try_from(reuse_ceiling_seconds(asked.now)).unwrap_or_default();
    let proof = |proof: DomainProof| Proof {
        shown: match proof.method {
            ProofMethod::Dns => ShownBy::Dns,
            ProofMethod::Http => ShownBy::File,
            ProofMethod::Mail if asked.takes_mail => ShownBy::Mail,
            ProofMethod::Mail => ShownBy::MailNotTaken,
        },
        proven_at: proof.proven_at,
        valid_until: proof
            .valid_until
            .min(proof.proven_at.plus(Duration::from_secs(ceiling))),
        evidence: proof.evidence,
    };
    let domains = found.into_iter().map(|each| DelegatedDomain {
        name: each.domain.name,
        allows: each.types.allow(asked.certificate_type),
        proof: each.domain.proof.map(proof),
    });
    Ok(domains.collect())
}

fn firsts(lists: impl Iterator<Item = Vec<Row>>) -> Vec<Option<Row>> {
    lists.map(|rows| rows.into_iter().next()).collect()
}
