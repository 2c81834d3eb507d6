//! Tenants as those above them list them: each with what hangs on it.

use base::{Page, Placed, Query, Slice, TenantId, Timestamp};
use tenancy::tenant::{Tenant, TenantKind};

use super::tenant::{TenantRow, tenant};
use crate::{Error, ReadTx, Record, Row, sql, values};

/// Which tenants are asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BelowFilter {
    /// Their level.
    pub kind: TenantKind,
    /// The one directly above them; any if none is said.
    pub parent: Option<TenantId>,
    /// A part of their name; all of them if it is empty.
    pub part: String,
}

/// A page of them, oldest first.
pub type BelowQuery = Query<BelowFilter, TenantId>;

/// A tenant with what hangs on it.
#[derive(Clone, Debug)]
pub struct TenantBelow {
    /// The tenant.
    pub tenant: Tenant,
    /// Since when it is on hold.
    pub held_at: Option<Timestamp>,
    /// How many people can sign in or were invited.
    pub people: i64,
    /// How many tenants are directly below it.
    pub below: i64,
    /// How many accounts (subscriptions) it has, ended ones too.
    pub accounts: i64,
    /// How many names are enrolled in them.
    pub names: i64,
}

impl Placed for TenantBelow {
    type Cursor = TenantId;

    fn cursor(&self) -> TenantId {
        self.tenant.id
    }
}

/// What hangs on the tenant that a statement calls `t`.
macro_rules! figures {
    () => {
        "t.billing_hold_at AS held_at,
         (SELECT COUNT(*) FROM portal_user u WHERE u.tenant_id = t.id AND u.status <> 'removed') AS people,
         (SELECT COUNT(*) FROM tenant b WHERE b.parent_id = t.id) AS below,
         (SELECT COUNT(*) FROM subscription s WHERE s.tenant_id = t.id) AS accounts,
         (SELECT CAST(COALESCE(SUM(s.paid_names + s.free_names), 0) AS BIGINT)
          FROM subscription s WHERE s.tenant_id = t.id) AS names"
    };
}

fn below(row: &Row) -> Result<TenantBelow, Error> {
    Ok(TenantBelow {
        tenant: TenantRow::from_joined(row)?.into(),
        held_at: row.opt_timestamp("held_at")?,
        people: row.int("people")?,
        below: row.int("below")?,
        accounts: row.int("accounts")?,
        names: row.int("names")?,
    })
}

/// A page of tenants of a level.
pub async fn page(tx: &mut ReadTx, asked: &BelowQuery) -> Result<Page<TenantBelow>, Error> {
    let later = sql!(
        system: "SELECT ", tenant!(t), ", ", figures!(), " FROM tenant t
         WHERE t.id > $1 AND t.kind = $2 AND t.parent_id = COALESCE($3, t.parent_id)
           AND LOWER(t.name) LIKE $4 ESCAPE '!' ORDER BY t.id LIMIT $5"
    );
    let earlier = sql!(
        system: "SELECT ", tenant!(t), ", ", figures!(), " FROM tenant t
         WHERE t.id < $1 AND t.kind = $2 AND t.parent_id = COALESCE($3, t.parent_id)
           AND LOWER(t.name) LIKE $4 ESCAPE '!' ORDER BY t.id DESC LIMIT $5"
    );
    let (statement, cursor) = match asked.slice {
        Slice::Start => (later, TenantId::FIRST),
        Slice::After(cursor) => (later, cursor),
        Slice::Before(cursor) => (earlier, cursor),
    };
    let BelowFilter { kind, parent, part } = &asked.filter;
    let values = values![
        cursor,
        kind.as_str(),
        *parent,
        pattern(part),
        asked.one_more()
    ];
    let rows = tx.rows(statement, &values).await?;
    let rows = rows.iter().map(below).collect::<Result<_, Error>>()?;
    Ok(Page::cut(rows, &asked.slice, asked.limit))
}

/// One of them, if it is of that level and, where that is said, directly below that tenant.
pub async fn find(
    tx: &mut ReadTx,
    (id, kind, parent): &(TenantId, TenantKind, Option<TenantId>),
) -> Result<Option<TenantBelow>, Error> {
    let statement = sql!(
        system: "SELECT ", tenant!(t), ", ", figures!(), " FROM tenant t
         WHERE t.id = $1 AND t.kind = $2 AND t.parent_id = COALESCE($3, t.parent_id)"
    );
    let values = values![id, kind.as_str(), *parent];
    let row = tx.row(statement, &values).await?;
    row.as_ref().map(below).transpose()
}

/// What contains the text.
fn pattern(part: &str) -> String {
    let mut pattern = String::from("%");
    for letter in part.trim().to_lowercase().chars() {
        if matches!(letter, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}
