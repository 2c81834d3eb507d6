//! Pre-validations: what was checked of organizations, and what waits for reviewers.

use base::{Actor, OrganizationId, PreValidationId, SubscriptionId, TenantId, Timestamp, UserId};
use pki::{Subject, SubjectFields};
use serde::{Deserialize, Serialize};
use tenancy::certificate_type::{CertificateType, Check};
use tenancy::pre_validation::{Anchor, Evidence, PreValidation};

use crate::{
    Column, Error, ReadTx, Record as _, Row, Value, WriteTx, columns, sql, text_columns, values,
    word_columns,
};

/// A pre-validation of what certificates say.
pub type OrganizationCheck = PreValidation<SubjectFields>;

word_columns!(CertificateType);
text_columns!(Anchor);

columns! {
    "pre_validation" pre_validation => PreValidationRow {
        id, tenant_id, organization_id, kind, anchor, fields, evidence, requested_by, reviewed_at, reviewed_by,
        decided_at, decided_by, valid_until, refusal, ended_at
    }
}

/// A row of the table.
struct PreValidationRow {
    id: PreValidationId,
    tenant_id: TenantId,
    organization_id: OrganizationId,
    kind: CertificateType,
    anchor: Anchor,
    fields: SubjectFields,
    evidence: EvidenceList,
    requested_by: Actor,
    reviewed_at: Option<Timestamp>,
    reviewed_by: Option<UserId>,
    decided_at: Option<Timestamp>,
    decided_by: Option<UserId>,
    valid_until: Option<Timestamp>,
    refusal: Option<String>,
    ended_at: Option<Timestamp>,
}

impl From<&OrganizationCheck> for PreValidationRow {
    fn from(check: &OrganizationCheck) -> Self {
        Self {
            id: check.id,
            tenant_id: check.tenant,
            organization_id: check.organization,
            kind: check.kind,
            anchor: check.anchor.clone(),
            fields: check.fields.clone(),
            evidence: EvidenceList(check.evidence.clone()),
            requested_by: check.requested_by,
            reviewed_at: check.reviewed_at,
            reviewed_by: check.reviewed_by,
            decided_at: check.decided_at,
            decided_by: check.decided_by,
            valid_until: check.valid_until,
            refusal: check.refusal.clone(),
            ended_at: check.ended_at,
        }
    }
}

impl From<PreValidationRow> for OrganizationCheck {
    fn from(row: PreValidationRow) -> Self {
        Self {
            id: row.id,
            tenant: row.tenant_id,
            organization: row.organization_id,
            kind: row.kind,
            anchor: row.anchor,
            fields: row.fields,
            evidence: row.evidence.0,
            requested_at: row.id.made_at(),
            requested_by: row.requested_by,
            reviewed_at: row.reviewed_at,
            reviewed_by: row.reviewed_by,
            decided_at: row.decided_at,
            decided_by: row.decided_by,
            valid_until: row.valid_until,
            refusal: row.refusal,
            ended_at: row.ended_at,
        }
    }
}

/// What checks stand on, as JSON.
struct EvidenceList(Vec<Evidence>);

/// A piece of evidence as it stands in the column.
#[derive(Serialize, Deserialize)]
struct StoredEvidence {
    check: String,
    source: String,
    /// Microseconds since 1970.
    seen_at: i64,
}

impl Column for EvidenceList {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        let stored: Vec<StoredEvidence> = row.parsed(column, |text| serde_json::from_str(text))?;
        let evidence = stored.into_iter().map(|stored| {
            let check = Check::parse(&stored.check);
            Ok(Evidence {
                check: check.ok_or_else(|| row.corrupt(column, "unknown check"))?,
                source: stored.source,
                seen_at: Timestamp::from_micros(stored.seen_at),
            })
        });
        evidence.collect::<Result<_, Error>>().map(Self)
    }

    fn value(&self) -> Value<'_> {
        let stored = self.0.iter().map(|evidence| StoredEvidence {
            check: evidence.check.as_str().to_owned(),
            source: evidence.source.clone(),
            seen_at: evidence.seen_at.as_micros(),
        });
        let stored: Vec<_> = stored.collect();
        // Texts and numbers cannot fail to serialise.
        serde_json::to_string(&stored).unwrap_or_default().into()
    }
}

/// Stores what was asked for; `false` when the same waits already.
pub async fn insert(tx: &mut WriteTx, check: &OrganizationCheck) -> Result<bool, Error> {
    tx.insert_new(&PreValidationRow::from(check)).await
}

/// Stores what may change of one.
pub async fn update(tx: &mut WriteTx, check: &OrganizationCheck) -> Result<(), Error> {
    let update = sql!(
        tenant: "UPDATE pre_validation SET fields = $3, evidence = $4, reviewed_at = $5, reviewed_by = $6,
           decided_at = $7, decided_by = $8, valid_until = $9, refusal = $10, ended_at = $11
         WHERE id = $2 AND tenant_id = $1"
    );
    let row = PreValidationRow::from(check);
    let values = values![
        row.id,
        Column::value(&row.fields),
        row.evidence.value(),
        row.reviewed_at,
        row.reviewed_by,
        row.decided_at,
        row.decided_by,
        row.valid_until,
        row.refusal.as_deref(),
        row.ended_at
    ];
    tx.execute(update, &values).await.map(|_| ())
}

/// The tenant's pre-validation with this identifier.
pub async fn find(
    tx: &mut ReadTx,
    id: &PreValidationId,
) -> Result<Option<OrganizationCheck>, Error> {
    let statement = sql!(
        tenant: "SELECT ", pre_validation!(), " FROM pre_validation WHERE id = $2 AND tenant_id = $1"
    );
    let row: Option<PreValidationRow> = tx.record(statement, &values![id]).await?;
    Ok(row.map(OrganizationCheck::from))
}

/// Whose a pre-validation is, for reviewers, who see those of all tenants.
pub async fn tenant_of(tx: &mut ReadTx, id: &PreValidationId) -> Result<Option<TenantId>, Error> {
    let statement = sql!(system: "SELECT tenant_id FROM pre_validation WHERE id = $1");
    let row = tx.row(statement, &values![id]).await?;
    row.map(|row| row.id("tenant_id")).transpose()
}

/// Those of a tenant's organizations from the first to the last of these, newest first.
pub async fn of_organizations(
    tx: &mut ReadTx,
    (first, last): &(OrganizationId, OrganizationId),
) -> Result<Vec<OrganizationCheck>, Error> {
    let statement = sql!(
        tenant: "SELECT ", pre_validation!(), " FROM pre_validation
         WHERE tenant_id = $1 AND organization_id >= $2 AND organization_id <= $3 ORDER BY id DESC LIMIT 5000"
    );
    let rows: Vec<PreValidationRow> = tx.records(statement, &values![first, last]).await?;
    Ok(rows.into_iter().map(OrganizationCheck::from).collect())
}

/// Which pre-validations are asked for that end soon.
#[derive(Clone, Copy, Debug)]
pub struct EndingSoon {
    /// Behind this end and this identifier.
    pub after: (Timestamp, PreValidationId),
    /// They end before this moment.
    pub before: Timestamp,
    /// At most so many.
    pub limit: i64,
}

/// Those of all tenants that end soon, the soonest first.
pub async fn ending(tx: &mut ReadTx, asked: &EndingSoon) -> Result<Vec<OrganizationCheck>, Error> {
    let statement = sql!(
        system: "SELECT ", pre_validation!(), " FROM pre_validation
         WHERE valid_until >= $1 AND (valid_until > $1 OR id > $2) AND valid_until < $3 AND ended_at IS NULL
         ORDER BY valid_until, id LIMIT $4"
    );
    let (end, id) = asked.after;
    let values = values![end, id, asked.before, asked.limit];
    let rows: Vec<PreValidationRow> = tx.records(statement, &values).await?;
    Ok(rows.into_iter().map(OrganizationCheck::from).collect())
}

/// The one of an organization and a type that counts at a moment, and longest.
pub async fn valid(
    tx: &mut ReadTx,
    (organization, kind, now): &(OrganizationId, CertificateType, Timestamp),
) -> Result<Option<OrganizationCheck>, Error> {
    let statement = sql!(
        tenant: "SELECT ", pre_validation!(), " FROM pre_validation
         WHERE tenant_id = $1 AND organization_id = $2 AND kind = $3 AND valid_until > $4 AND ended_at IS NULL
         ORDER BY valid_until DESC LIMIT 1"
    );
    let values = values![organization, kind.as_str(), *now];
    let row: Option<PreValidationRow> = tx.record(statement, &values).await?;
    Ok(row.map(OrganizationCheck::from))
}

/// The one of an organization and a type with this number that counts at a moment.
pub async fn by_anchor(
    tx: &mut ReadTx,
    (organization, kind, anchor, now): &(OrganizationId, CertificateType, Anchor, Timestamp),
) -> Result<Option<OrganizationCheck>, Error> {
    let statement = sql!(
        tenant: "SELECT ", pre_validation!(), " FROM pre_validation
         WHERE tenant_id = $1 AND organization_id = $2 AND kind = $3 AND anchor = $4 AND valid_until > $5
           AND ended_at IS NULL ORDER BY id DESC LIMIT 1"
    );
    let values = values![organization, kind.as_str(), anchor.as_str(), *now];
    let row: Option<PreValidationRow> = tx.record(statement, &values).await?;
    Ok(row.map(OrganizationCheck::from))
}

/// What may be said now about the organization of a subscription, for certificates of a type; of whichever tenant, since
/// an ACME account has proven that it is bound to the subscription.
pub async fn subject_of(
    tx: &mut ReadTx,
    (subscription, kind, now): (SubscriptionId, CertificateType, Timestamp),
) -> Result<Option<Subject>, Error> {
    let statement = sql!(
        system: "SELECT v.fields FROM subscription s
           JOIN pre_validation v ON v.organization_id = s.organization_id AND v.tenant_id = s.tenant_id
         WHERE s.id = $1 AND v.kind = $2 AND v.valid_until > $3 AND v.ended_at IS NULL
         ORDER BY v.valid_until DESC LIMIT 1"
    );
    let row = tx
        .row(statement, &values![subscription, kind.as_str(), now])
        .await?;
    let subject = row.map(|row| {
        let subject = Subject::new(SubjectFields::read(&row, "fields")?);
        subject.map_err(|error| row.corrupt("fields", error))
    });
    subject.transpose()
}

/// What waits for a reviewer, with the names of its organization and its tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What was asked for.
    pub check: OrganizationCheck,
    /// The organization's name as it was asked for.
    pub organization: String,
    /// Who asks.
    pub tenant: String,
}

/// What waits for reviewers after this one, the oldest first.
pub async fn waiting(
    tx: &mut ReadTx,
    (after, limit): &(PreValidationId, i64),
) -> Result<Vec<Waiting>, Error> {
    let statement = sql!(
        system: "SELECT ", pre_validation!(v), ", o.name AS organization_name, t.name AS tenant_name
         FROM pre_validation v
           JOIN organization o ON o.id = v.organization_id
           JOIN tenant t ON t.id = v.tenant_id
         WHERE v.id > $1 AND v.decided_at IS NULL AND v.ended_at IS NULL ORDER BY v.id LIMIT $2"
    );
    let rows = tx.rows(statement, &values![after, *limit]).await?;
    let waiting = rows.iter().map(|row| {
        Ok(Waiting {
            check: PreValidationRow::from_joined(row)?.into(),
            organization: row.text("organization_name")?.to_owned(),
            tenant: row.text("tenant_name")?.to_owned(),
        })
    });
    waiting.collect()
}

/// Deletes some pre-validations, at most the limit, that ended before a moment; qualified ones before another.
pub async fn delete_ended(
    tx: &mut WriteTx,
    (before, qualified_before, limit): &(Timestamp, Timestamp, i64),
) -> Result<u64, Error> {
    let delete = sql!(
        system: "DELETE FROM pre_validation WHERE id IN
           (SELECT id FROM pre_validation WHERE valid_until IS NOT NULL AND valid_until < $1
              AND (kind <> 'qwac' OR valid_until < $2) ORDER BY valid_until LIMIT $3)"
    );
    tx.execute(delete, &values![*before, *qualified_before, *limit])
        .await
}

/// Deletes some pre-validations, at most the limit, that nobody approved and that were asked for before this one.
pub async fn delete_unapproved(
    tx: &mut WriteTx,
    (until, limit): &(PreValidationId, i64),
) -> Result<u64, Error> {
    let delete = sql!(
        system: "DELETE FROM pre_validation WHERE id IN
           (SELECT id FROM pre_validation WHERE id < $1 AND valid_until IS NULL ORDER BY id LIMIT $2)"
    );
    tx.execute(delete, &values![until, *limit]).await
}
