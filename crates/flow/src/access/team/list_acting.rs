//! What people of the operator did as the caller's tenant, for the tenant to see.

use std::collections::BTreeMap;

use base::{Actor, Timestamp, UserId};
use serde_json::Value;
use store::ReadTx;
use store::access::user;
use store::audit::{self, Entry};

use crate::{App, Caller};

/// How many are shown.
const MAX_SHOWN: i64 = 200;

/// Something that somebody did as the tenant.
#[derive(Clone, Debug)]
pub struct DoneActing {
    /// When.
    pub at: Timestamp,
    /// What the portal calls whoever did it; empty where nobody is known.
    pub who: String,
    /// What was done, `noun.verb`.
    pub action: String,
    /// What it was done to.
    pub object: String,
    /// Why they acted, where this is the beginning.
    pub reason: String,
}

/// The newest of it, newest first.
pub async fn list_acting(app: &App, caller: &Caller) -> Result<Vec<DoneActing>, store::Error> {
    app.store(caller).scan((), load).await
}

async fn load(tx: &mut ReadTx, (): &()) -> Result<Vec<DoneActing>, store::Error> {
    let entries = audit::newest_acting(tx, &MAX_SHOWN).await?;
    let mut names: BTreeMap<UserId, String> = BTreeMap::new();
    let mut done = Vec::with_capacity(entries.len());
    for entry in entries {
        let who = match entry.actor {
            Actor::User(id) => name(tx, &mut names, id).await?,
            Actor::Account(_)
            | Actor::ApiToken(_)
            | Actor::CertificateKey
            | Actor::CommandLine
            | Actor::System
            | Actor::Visitor => String::new(),
        };
        done.push(line(entry, who));
    }
    Ok(done)
}

async fn name(
    tx: &mut ReadTx,
    names: &mut BTreeMap<UserId, String>,
    id: UserId,
) -> Result<String, store::Error> {
    if let Some(name) = names.get(&id) {
        return Ok(name.clone());
    }
    let found = user::by_id(tx, id).await?;
    let name = found.map_or_else(String::new, |user| user.display_name.as_str().to_owned());
    names.insert(id, name.clone());
    Ok(name)
}

fn line(entry: Entry, who: String) -> DoneActing {
    let facts: Value = serde_json::from_str(&entry.change).unwrap_or_default();
    let reason = facts.get("reason").and_then(Value::as_str);
    let is_beginning = entry.action == "acting.begin";
    DoneActing {
        at: entry.at,
        who,
        reason: reason
            .filter(|_| is_beginning)
            .unwrap_or_default()
            .to_owned(),
        object: entry.object,
        action: entry.action,
    }
}
