//! Domains of tenants, whose control is proven outside of orders.

use base::{
    Actor, DnsName, DomainId, Page, Query, Slice, SubscriptionId, TenantId, Timestamp, ValidationId,
};
use tenancy::certificate_type::AllowedTypes;
use tenancy::domain::{
    Domain, DomainChallenge, DomainPlace, DomainProof, MailedLink, Missed, ProofMethod,
};
use tenancy::token::TokenDigest;

use crate::access::role_binding::delegated;
use crate::{
    Column, Error, ReadTx, Record as _, Row, Value, WriteTx, columns, sql, values, word_columns,
};

word_columns!(ProofMethod);

/// A name as it is stored where all that is below another one is a range: its labels from the top down.
#[derive(Clone, Debug)]
pub(crate) struct Reversed(pub(crate) DnsName);

impl Column for Reversed {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        let name = DnsName::from_reversed(row.text(column)?);
        name.map(Self).map_err(|error| row.corrupt(column, error))
    }

    fn value(&self) -> Value<'_> {
        Value::from(self.0.reversed())
    }
}

/// As words.
impl Column for AllowedTypes {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        let types = Self::parse(row.text(column)?);
        types.ok_or_else(|| row.corrupt(column, "unknown word"))
    }

    fn value(&self) -> Value<'_> {
        Value::from(self.to_string())
    }
}

columns! {
    "domain" domain => DomainRow {
        id, tenant_id, rname, created_by, challenge_token, challenge_value, challenge_until, proof_method, proven_at,
        valid_until, proof_id, missed_at, missed, mail_digest, mail_to, mail_seen, mail_until
    }
}

/// A row of the table.
struct DomainRow {
    id: DomainId,
    tenant_id: TenantId,
    rname: Reversed,
    created_by: Actor,
    challenge_token: Option<String>,
    challenge_value: Option<String>,
    challenge_until: Option<Timestamp>,
    proof_method: Option<ProofMethod>,
    proven_at: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    proof_id: Option<ValidationId>,
    missed_at: Option<Timestamp>,
    missed: Option<String>,
    mail_digest: Option<TokenDigest>,
    mail_to: Option<String>,
    mail_seen: Option<String>,
    mail_until: Option<Timestamp>,
}

impl From<&Domain> for DomainRow {
    fn from(domain: &Domain) -> Self {
        let challenge = domain.challenge.clone();
        let missed = domain.missed.clone();
        let mailed = domain.mailed.clone();
        Self {
            id: domain.id,
            tenant_id: domain.tenant,
            rname: Reversed(domain.name.clone()),
            created_by: domain.created_by,
            challenge_until: challenge.as_ref().map(|it| it.expires_at),
            challenge_token: challenge.as_ref().map(|it| it.token.clone()),
            challenge_value: challenge.map(|it| it.value),
            proof_method: domain.proof.map(|proof| proof.method),
            proven_at: domain.proof.map(|proof| proof.proven_at),
            valid_until: domain.proof.map(|proof| proof.valid_until),
            proof_id: domain.proof.map(|proof| proof.evidence),
            missed_at: missed.as_ref().map(|missed| missed.at),
            missed: missed.map(|missed| missed.sentence),
            mail_digest: mailed.as_ref().map(|link| link.digest),
            mail_to: mailed.as_ref().map(|link| link.to.clone()),
            mail_until: mailed.as_ref().map(|link| link.expires_at),
            mail_seen: mailed.map(|link| link.seen),
        }
    }
}

impl From<DomainRow> for Domain {
    fn from(row: DomainRow) -> Self {
        let challenge = row.challenge_token.zip(row.challenge_value);
        let proof = row.proof_method.zip(row.proof_id);
        let times = row.proven_at.zip(row.valid_until);
        let sent = row.mail_digest.zip(row.mail_until);
        let mail = row.mail_to.zip(row.mail_seen);
        Self {
            id: row.id,
            tenant: row.tenant_id,
            name: row.rname.0,
            created_by: row.created_by,
            challenge: challenge
                .zip(row.challenge_until)
                .map(|((token, value), expires_at)| DomainChallenge {
                    token,
                    value,
                    expires_at,
                }),
            mailed: sent
                .zip(mail)
                .map(|((digest, expires_at), (to, seen))| MailedLink {
                    digest,
                    to,
                    seen,
                    expires_at,
                }),
            proof: proof
                .zip(times)
                .map(|((method, evidence), times)| DomainProof {
                    method,
                    proven_at: times.0,
                    valid_until: times.1,
                    evidence,
                }),
            missed: row
                .missed_at
                .zip(row.missed)
                .map(|(at, sentence)| Missed { at, sentence }),
        }
    }
}

/// That a domain is delegated to something of which the user has a part.
macro_rules! reaching {
    ($is_whole:literal, $user:literal) => {
        concat!(
            "(",
            $is_whole,
            " OR EXISTS (SELECT 1 FROM delegation g WHERE g.domain_id = domain.id AND g.tenant_id = $1 AND ",
            delegated!("g", $is_whole, $user),
            "))"
        )
    };
}

/// Which of a tenant's domains to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnDomainFilter {
    /// Only names that contain this, in small letters; empty for all.
    pub part: String,
}

/// What is asked of the list.
pub type OwnDomainQuery = Query<OwnDomainFilter, DomainPlace>;

/// Stores a new domain; `false` when its tenant has it already.
pub async fn insert(tx: &mut WriteTx, domain: &Domain) -> Result<bool, Error> {
    tx.insert_new(&DomainRow::from(domain)).await
}

/// Stores what may change of a tenant's domain.
pub async fn update(tx: &mut WriteTx, domain: &Domain) -> Result<(), Error> {
    let update = sql!(
        tenant: "UPDATE domain SET challenge_token = $3, challenge_value = $4, challenge_until = $5, proof_method = $6,
           proven_at = $7, valid_until = $8, proof_id = $9, missed_at = $10, missed = $11, mail_digest = $12, mail_to = $13,
           mail_seen = $14, mail_until = $15
         WHERE id = $2 AND tenant_id = $1"
    );
    let row = DomainRow::from(domain);
    let values = values![
        row.id,
        row.challenge_token.as_deref(),
        row.challenge_value.as_deref(),
        row.challenge_until,
        row.proof_method.map(ProofMethod::as_str),
        row.proven_at,
        row.valid_until,
        row.proof_id,
        row.missed_at,
        row.missed.as_deref(),
        row.mail_digest.as_ref().map(TokenDigest::as_bytes),
        row.mail_to.as_deref(),
        row.mail_seen.as_deref(),
        row.mail_until
    ];
    tx.execute(update, &values).await.map(|_| ())
}

/// Deletes a tenant's domain, which no delegation may name any more.
pub async fn delete(tx: &mut WriteTx, id: &DomainId) -> Result<(), Error> {
    let delete = sql!(tenant: "DELETE FROM domain WHERE id = $2 AND tenant_id = $1");
    tx.execute(delete, &values![id]).await.map(|_| ())
}

/// The tenant's domain with this identifier.
pub async fn find(tx: &mut ReadTx, id: &DomainId) -> Result<Option<Domain>, Error> {
    let statement = sql!(
        tenant: "SELECT ", domain!(), " FROM domain WHERE id = $2 AND tenant_id = $1 AND ", reaching!("$3", "$4")
    );
    let (is_whole, user) = tx.bound_to();
    let values = values![id, is_whole, user];
    let row: Option<DomainRow> = tx.record(statement, &values).await?;
    Ok(row.map(Domain::from))
}

/// The tenant's domain of this name.
pub async fn by_name(tx: &mut ReadTx, name: &DnsName) -> Result<Option<Domain>, Error> {
    let statement = sql!(
        tenant: "SELECT ", domain!(), " FROM domain WHERE rname = $2 AND tenant_id = $1"
    );
    let row: Option<DomainRow> = tx.record(statement, &values![name.reversed()]).await?;
    Ok(row.map(Domain::from))
}

/// The domain of the link that went out by mail, whose ever it is.
pub async fn by_mail(tx: &mut ReadTx, digest: &TokenDigest) -> Result<Option<Domain>, Error> {
    let statement = sql!(
        system: "SELECT ", domain!(), " FROM domain WHERE mail_digest = $1"
    );
    let row: Option<DomainRow> = tx.record(statement, &values![digest.as_bytes()]).await?;
    Ok(row.map(Domain::from))
}

/// How many a tenant has.
pub async fn count(tx: &mut ReadTx, (): &()) -> Result<u64, Error> {
    let statement = sql!(
        tenant: "SELECT COUNT(*) AS domains FROM domain WHERE tenant_id = $1"
    );
    let row = tx.row(statement, &[]).await?;
    let count = row.map_or(Ok(0), |row| row.int("domains"))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// A page of a tenant's domains, in the order of their labels from the top down.
pub async fn page(tx: &mut ReadTx, asked: &OwnDomainQuery) -> Result<Page<Domain>, Error> {
    let forth = sql!(
        tenant: "SELECT ", domain!(), " FROM domain
         WHERE tenant_id = $1 AND rname > $2 AND rname LIKE $3 ESCAPE '!'
           AND ", reaching!("$5", "$6"), " ORDER BY rname LIMIT $4"
    );
    let back = sql!(
        tenant: "SELECT ", domain!(), " FROM domain
         WHERE tenant_id = $1 AND rname < $2 AND rname LIKE $3 ESCAPE '!'
           AND ", reaching!("$5", "$6"), " ORDER BY rname DESC LIMIT $4"
    );
    let (statement, place) = match &asked.slice {
        Slice::Start => (forth, ""),
        Slice::After(place) => (forth, place.as_str()),
        Slice::Before(place) => (back, place.as_str()),
    };
    let (is_whole, user) = tx.bound_to();
    let values = values![
        place,
        pattern(&asked.filter.part),
        // One more tells whether there are more.
        i64::try_from(asked.limit.saturating_add(1)).unwrap_or(i64::MAX),
        is_whole,
        user,
    ];
    let rows: Vec<DomainRow> = tx.records(statement, &values).await?;
    let rows = rows.into_iter().map(Domain::from).collect();
    Ok(Page::cut(rows, &asked.slice, asked.limit))
}

/// What contains the labels, from the top down.
fn pattern(part: &str) -> String {
    let labels: Vec<_> = part.split('.').rev().collect();
    let mut pattern = String::from("%");
    for letter in labels.join(".").chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// A domain with the certificates that one delegation of it is for.
#[derive(Clone, Debug)]
pub struct Delegated {
    /// The domain.
    pub domain: Domain,
    /// For which certificates.
    pub types: AllowedTypes,
}

/// The domains at or above some names that are delegated to whom a subscription is for: to all of its organization, or to
/// its department. Of whichever tenant, since an ACME account has proven that it is bound to the subscription.
pub async fn delegated_to(
    tx: &mut ReadTx,
    (subscription, domains): (SubscriptionId, impl IntoIterator<Item = &DnsName>),
) -> Result<Vec<Delegated>, Error> {
    let statement = sql!(
        system: "SELECT ", domain!(d), ", g.types FROM subscription s
           JOIN domain d ON d.tenant_id = s.tenant_id AND d.rname = $2
           JOIN delegation g ON g.domain_id = d.id AND g.organization_id = s.organization_id
             AND (g.department_id IS NULL OR g.department_id = s.department_id)
         WHERE s.id = $1"
    );
    let asked: Vec<_> = domains
        .into_iter()
        .map(|name| (statement, values![subscription, name.reversed()].to_vec()))
        .collect();
    if asked.is_empty() {
        return Ok(Vec::new());
    }
    let lists = tx.rows_all(&asked).await?;
    let delegated = lists.iter().flatten().map(|row| {
        Ok(Delegated {
            domain: DomainRow::from_joined(row)?.into(),
            types: AllowedTypes::read(row, "types")?,
        })
    });
    delegated.collect()
}
