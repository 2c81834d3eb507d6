//! What clients asked for and did not get, before it became an order or an account: counted for each day, account, code
//! and name.

use base::{Page, Placed, Query, RefusalId, Slice, SubscriptionId, TenantId, Timestamp};

use super::names::Names;
use crate::access::role_binding::covered;
use crate::{Error, ReadTx, WriteTx, columns, sql, values};

/// How many rows a tenant has for a day; what is refused for further names goes on counting without a name.
pub const MOST_OF_DAY: i64 = 500;

columns! {
    "refusal" refusal => RefusedRequest {
        id, tenant = "tenant_id", subscription = "subscription_id", day, code, name, count, first_at, last_at, sentence,
        eab_key_id, client_address, client_agent
    }
}

/// What was refused for one reason on one day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRequest {
    /// Its identifier.
    pub id: RefusalId,
    /// Whose client asked; the operator where nobody's credential is known.
    pub tenant: TenantId,
    /// For which subscription; [`SubscriptionId::FIRST`] where no credential is known.
    pub subscription: SubscriptionId,
    /// Days since 1970-01-01.
    pub day: i64,
    /// The refusal's name for programs.
    pub code: String,
    /// The name that it is about, with `*.` for a wildcard; empty where it is about none.
    pub name: String,
    /// How often.
    pub count: i64,
    /// The first time on that day.
    pub first_at: Timestamp,
    /// The last time on that day.
    pub last_at: Timestamp,
    /// What the client was told the last time.
    pub sentence: String,
    /// The credential that it brought the last time.
    pub eab_key_id: Option<String>,
    /// Where it came from the last time; may be empty.
    pub client_address: String,
    /// What it calls itself; may be empty.
    pub client_agent: String,
}

/// A row with what its subscription is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalRow {
    /// What was refused.
    pub request: RefusedRequest,
    /// What its owner calls the subscription; may be empty.
    pub label: String,
}

/// Where a row stands in the list: the last one refused first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusalCursor {
    /// The last time.
    pub at: Timestamp,
    /// Among those of one moment.
    pub id: RefusalId,
}

impl base::Cursor for RefusalCursor {
    fn text(&self) -> String {
        format!("{}.{}", self.at.as_micros(), self.id.text())
    }

    fn parse(text: &str) -> Option<Self> {
        let (at, id) = text.split_once('.')?;
        Some(Self {
            at: Timestamp::from_micros(at.parse().ok()?),
            id: RefusalId::parse(id)?,
        })
    }
}

impl Placed for RefusalRow {
    type Cursor = RefusalCursor;

    fn cursor(&self) -> RefusalCursor {
        RefusalCursor {
            at: self.request.last_at,
            id: self.request.id,
        }
    }
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct RefusalFilter {
    /// Only what was refused at this moment or later.
    pub since: Option<Timestamp>,
    /// Only for this subscription.
    pub subscription: Option<SubscriptionId>,
    /// Only about a name that fits.
    pub names: Names,
    /// Only what was refused for this reason.
    pub code: Option<String>,
}

/// Adds what was counted; the caller's tenant is that of all of them.
pub async fn add(tx: &mut WriteTx, counted: &Vec<RefusedRequest>) -> Result<(), Error> {
    for request in counted {
        if count(tx, request).await? {
            continue;
        }
        let mut new = request.clone();
        if of_day(tx, new.day).await? >= MOST_OF_DAY {
            new.name.clear();
        }
        // Another node may have been first, and the one without a name may be there.
        if count(tx, &new).await? || tx.insert_new(&new).await? {
            continue;
        }
        count(tx, &new).await?;
    }
    Ok(())
}

/// `false` if there is no such row yet.
async fn count(tx: &mut WriteTx, request: &RefusedRequest) -> Result<bool, Error> {
    let statement = sql!(tenant:
        "UPDATE refusal SET count = count + $6, last_at = $7, sentence = $8, eab_key_id = $9, client_address = $10,
           client_agent = $11
         WHERE tenant_id = $1 AND day = $2 AND subscription_id = $3 AND code = $4 AND name = $5"
    );
    let RefusedRequest {
        subscription,
        day,
        code,
        name,
        count,
        last_at,
        ..
    } = request;
    let told = values![
        *day,
        subscription,
        code.as_str(),
        name.as_str(),
        *count,
        *last_at,
        request.sentence.as_str(),
        request.eab_key_id.as_deref(),
        request.client_address.as_str(),
        request.client_agent.as_str()
    ];
    Ok(tx.execute(statement, &told).await? > 0)
}

async fn of_day(tx: &mut ReadTx, day: i64) -> Result<i64, Error> {
    let statement = sql!(tenant:
        "SELECT COUNT(*) AS refusals FROM refusal WHERE tenant_id = $1 AND day = $2"
    );
    let row = tx.row(statement, &values![day]).await?;
    row.map_or(Ok(0), |row| row.int("refusals"))
}

macro_rules! list {
    ($slice:literal) => {
        sql!(tenant:
            "SELECT ", refusal!(), ",
               (SELECT s.label FROM subscription s WHERE s.id = refusal.subscription_id) AS label
             FROM refusal
             WHERE tenant_id = $1 AND last_at >= $4 AND ($5 OR subscription_id = $6)
               AND ' ' || name || ' ' LIKE $7 ESCAPE '\\' AND ($8 OR code = $9)
               AND ", covered!("subscription_id", "$11", "$12"),
            $slice
        )
    };
}

/// A page of what was refused to a tenant's clients, the last one first.
pub async fn page(
    tx: &mut ReadTx,
    asked: &Query<RefusalFilter, RefusalCursor>,
) -> Result<Page<RefusalRow>, Error> {
    const FIRST: RefusalCursor = RefusalCursor {
        at: Timestamp::from_micros(i64::MAX),
        id: RefusalId::LAST,
    };
    let forward = list!(" AND (last_at, id) < ($2, $3) ORDER BY last_at DESC, id DESC LIMIT $10");
    let (statement, cursor) = match &asked.slice {
        Slice::Start => (forward, FIRST),
        Slice::After(cursor) => (forward, *cursor),
        Slice::Before(cursor) => (
            list!(" AND (last_at, id) > ($2, $3) ORDER BY last_at, id LIMIT $10"),
            *cursor,
        ),
    };
    let filter = &asked.filter;
    let (is_whole, user) = tx.bound_to();
    let values = values![
        cursor.at,
        cursor.id,
        filter.since.unwrap_or(Timestamp::from_micros(0)),
        filter.subscription.is_none(),
        filter.subscription.unwrap_or(SubscriptionId::FIRST),
        filter.names.pattern(),
        filter.code.is_none(),
        filter.code.as_deref().unwrap_or_default(),
        asked.one_more(),
        is_whole,
        user
    ];
    let mut rows = Vec::new();
    for row in &tx.rows(statement, &values).await? {
        rows.push(read(row)?);
    }
    Ok(Page::cut(rows, &asked.slice, asked.limit))
}

/// The tenant's row with this identifier.
pub async fn of_tenant(tx: &mut ReadTx, id: &RefusalId) -> Result<Option<RefusalRow>, Error> {
    let statement = sql!(tenant:
        "SELECT ", refusal!(), ",
           (SELECT s.label FROM subscription s WHERE s.id = refusal.subscription_id) AS label
         FROM refusal WHERE id = $2 AND tenant_id = $1 AND ", covered!("subscription_id", "$3", "$4")
    );
    let (is_whole, user) = tx.bound_to();
    let row = tx.row(statement, &values![id, is_whole, user]).await?;
    row.as_ref().map(read).transpose()
}

/// How many rows a tenant has of which the last time is not before `since`.
pub async fn count_since(tx: &mut ReadTx, since: Timestamp) -> Result<i64, Error> {
    let statement = sql!(tenant:
        "SELECT COUNT(*) AS refusals FROM refusal WHERE tenant_id = $1 AND last_at >= $2 AND ",
        covered!("subscription_id", "$3", "$4")
    );
    let (is_whole, user) = tx.bound_to();
    let row = tx.row(statement, &values![since, is_whole, user]).await?;
    row.map_or(Ok(0), |row| row.int("refusals"))
}

/// Deletes some of which the last time was before a moment.
pub async fn delete_old(
    tx: &mut WriteTx,
    (before, limit): &(Timestamp, i64),
) -> Result<u64, Error> {
    let statement = sql!(system:
        "DELETE FROM refusal WHERE id IN (SELECT id FROM refusal WHERE day < $1 ORDER BY day LIMIT $2)"
    );
    let day = day_of(*before);
    tx.execute(statement, &values![day, *limit]).await
}

/// The day of a moment, as rows have it.
pub fn day_of(moment: Timestamp) -> i64 {
    moment.as_micros().div_euclid(24 * 3600 * 1_000_000)
}

fn read(row: &crate::Row) -> Result<RefusalRow, Error> {
    Ok(RefusalRow {
        request: crate::Record::from_row(row)?,
        label: row.opt_text("label")?.unwrap_or_default().to_owned(),
    })
}
