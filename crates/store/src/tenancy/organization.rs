//! Organizations: legal entities that certificates name.

use base::{Actor, OrganizationId, Page, Placed, Query, Slice, TenantId, Timestamp};
use pki::SubjectFields;
use serde::{Deserialize, Serialize};
use tenancy::organization::{Contact, ContactRole, Contacts};
use tenancy::role::binding::Part;
use tenancy::user::{DisplayName, Email};

use crate::access::role_binding::{self, reached};
use crate::{Column, Error, ReadTx, Row, Value, WriteTx, columns, sql, values};

/// A legal entity that certificates name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Organization {
    /// Its identifier, which tells when it was added.
    pub id: OrganizationId,
    /// Whose it is.
    pub tenant: TenantId,
    /// What its certificates shall say; a pre-validation has what was checked.
    pub fields: SubjectFields,
    /// Whom reviewers ask.
    pub contacts: Contacts,
    /// Who added it.
    pub created_by: Actor,
    /// When it was changed last.
    pub changed_at: Timestamp,
}

impl Placed for Organization {
    type Cursor = OrganizationId;

    fn cursor(&self) -> OrganizationId {
        self.id
    }
}

/// What is asked of the list, which goes from new to old.
pub type OrganizationQuery = Query<OrganizationFilter, OrganizationId>;

/// Which of a tenant's organizations to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrganizationFilter {
    /// Only those whose name has this in it, in small or capital letters of ASCII; empty for all.
    pub part: String,
}

columns! {
    "organization" organization => OrganizationRow {
        id, tenant_id, name, fields, contacts, created_by, changed_at
    }
}

/// A row of the table.
struct OrganizationRow {
    id: OrganizationId,
    tenant_id: TenantId,
    /// The legal name, for lists and searches.
    name: String,
    fields: SubjectFields,
    contacts: Contacts,
    created_by: Actor,
    changed_at: Timestamp,
}

impl From<&Organization> for OrganizationRow {
    fn from(organization: &Organization) -> Self {
        Self {
            id: organization.id,
            tenant_id: organization.tenant,
            name: organization.fields.legal_name.clone(),
            fields: organization.fields.clone(),
            contacts: organization.contacts.clone(),
            created_by: organization.created_by,
            changed_at: organization.changed_at,
        }
    }
}

impl From<OrganizationRow> for Organization {
    fn from(row: OrganizationRow) -> Self {
        Self {
            id: row.id,
            tenant: row.tenant_id,
            fields: row.fields,
            contacts: row.contacts,
            created_by: row.created_by,
            changed_at: row.changed_at,
        }
    }
}

/// As JSON.
impl Column for SubjectFields {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        row.parsed(column, |text| serde_json::from_str(text))
    }

    fn value(&self) -> Value<'_> {
        // Texts cannot fail to serialise.
        serde_json::to_string(self).unwrap_or_default().into()
    }
}

/// A contact as it stands in the column.
#[derive(Serialize, Deserialize)]
struct StoredContact {
    role: String,
    name: String,
    email: String,
}

/// As JSON.
impl Column for Contacts {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        let stored: Vec<StoredContact> = row.parsed(column, |text| serde_json::from_str(text))?;
        let contact = |stored: StoredContact| {
            let role = ContactRole::parse(&stored.role)
                .ok_or_else(|| row.corrupt(column, "unknown role"))?;
            let name = DisplayName::parse(&stored.name);
            let email = Email::parse(&stored.email);
            Ok(Contact {
                role,
                name: name.map_err(|error| row.corrupt(column, error))?,
                email: email.map_err(|error| row.corrupt(column, error))?,
            })
        };
        let contacts = stored.into_iter().map(contact);
        let contacts = Self::new(contacts.collect::<Result<_, Error>>()?);
        contacts.map_err(|error| row.corrupt(column, error))
    }

    fn value(&self) -> Value<'_> {
        let stored = self.iter().map(|contact| StoredContact {
            role: contact.role.as_str().to_owned(),
            name: contact.name.as_str().to_owned(),
            email: contact.email.as_str().to_owned(),
        });
        let stored: Vec<_> = stored.collect();
        serde_json::to_string(&stored).unwrap_or_default().into()
    }
}

/// Stores a new organization.
pub async fn insert(tx: &mut WriteTx, organization: &Organization) -> Result<(), Error> {
    tx.insert(&OrganizationRow::from(organization)).await
}

/// Stores what may change of a tenant's organization.
pub async fn update(tx: &mut WriteTx, organization: &Organization) -> Result<(), Error> {
    let update = sql!(
        tenant: "UPDATE organization SET name = $3, fields = $4, contacts = $5, changed_at = $6
         WHERE id = $2 AND tenant_id = $1"
    );
    let row = OrganizationRow::from(organization);
    let values = values![
        row.id,
        &row.name,
        Column::value(&row.fields),
        row.contacts.value(),
        row.changed_at
    ];
    tx.execute(update, &values).await.map(|_| ())
}

/// The tenant's organization with this identifier.
pub async fn find(tx: &mut ReadTx, id: &OrganizationId) -> Result<Option<Organization>, Error> {
    let statement = sql!(
        tenant: "SELECT ", organization!(), " FROM organization WHERE id = $2 AND tenant_id = $1 AND ",
        reached!("id", "$3", "$4")
    );
    let (is_whole, user) = tx.bound_to();
    let values = values![id, is_whole, user];
    let row: Option<OrganizationRow> = tx.record(statement, &values).await?;
    Ok(row.map(Organization::from))
}

/// The same, if all of the organization is for whoever asks, so that they may change it.
pub async fn find_whole(
    tx: &mut ReadTx,
    id: &OrganizationId,
) -> Result<Option<Organization>, Error> {
    if !role_binding::covers(tx, &Some(Part::whole(*id))).await? {
        return Ok(None);
    }
    find(tx, id).await
}

/// Whose an organization is, for the command line, where identifiers alone are named.
pub async fn tenant_of(tx: &mut ReadTx, id: &OrganizationId) -> Result<Option<TenantId>, Error> {
    let statement = sql!(system: "SELECT tenant_id FROM organization WHERE id = $1");
    let row = tx.row(statement, &values![id]).await?;
    row.map(|row| row.id("tenant_id")).transpose()
}

/// How many a tenant has.
pub async fn count(tx: &mut ReadTx, (): &()) -> Result<u64, Error> {
    let statement = sql!(
        tenant: "SELECT COUNT(*) AS organizations FROM organization WHERE tenant_id = $1"
    );
    let row = tx.row(statement, &[]).await?;
    let count = row.map_or(Ok(0), |row| row.int("organizations"))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// A page of a tenant's organizations, newest first.
pub async fn page(tx: &mut ReadTx, asked: &OrganizationQuery) -> Result<Page<Organization>, Error> {
    let older = sql!(
        tenant: "SELECT ", organization!(), " FROM organization
         WHERE tenant_id = $1 AND id < $2 AND LOWER(name) LIKE $3 ESCAPE '!'
           AND ", reached!("id", "$5", "$6"), " ORDER BY id DESC LIMIT $4"
    );
    let newer = sql!(
        tenant: "SELECT ", organization!(), " FROM organization
         WHERE tenant_id = $1 AND id > $2 AND LOWER(name) LIKE $3 ESCAPE '!'
           AND ", reached!("id", "$5", "$6"), " ORDER BY id LIMIT $4"
    );
    let (statement, cursor) = match asked.slice {
        Slice::Start => (older, OrganizationId::LAST),
        Slice::After(cursor) => (older, cursor),
        Slice::Before(cursor) => (newer, cursor),
    };
    let (is_whole, user) = tx.bound_to();
    let values = values![
        cursor,
        pattern(&asked.filter.part),
        // One more tells whether there are more.
        i64::try_from(asked.limit.saturating_add(1)).unwrap_or(i64::MAX),
        is_whole,
        user,
    ];
    let rows: Vec<OrganizationRow> = tx.records(statement, &values).await?;
    let rows = rows.into_iter().map(Organization::from).collect();
    Ok(Page::cut(rows, &asked.slice, asked.limit))
}

/// What contains the text.
fn pattern(part: &str) -> String {
    let mut pattern = String::from("%");
    for letter in part.to_ascii_lowercase().chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
