//! What people of the operator did as the caller's tenant, for the tenant to see.

use std::collections::BTreeMap;

use base::{Actor, SubscriptionId, Timestamp, UserId};
use serde_json::Value;
use store::ReadTx;
use store::access::user;
use store::audit::{self, Entry};
use store::enrollment::subscription;

use crate::audit::Event;
use crate::{App, Caller};

/// How many are shown of what was done, and of what was looked at.
const MAX_SHOWN: i64 = 200;

/// The facts that name what something was done to, the best one first.
const NAMES: [&str; 7] = ["page", "name", "label", "email", "key_id", "serial", "host"];

/// Something that somebody did as the tenant.
#[derive(Clone, Debug)]
pub struct DoneActing {
    /// When.
    pub at: Timestamp,
    /// What the portal calls whoever did it; empty where it was no person.
    pub who: String,
    /// What was done, in words that begin with a verb in the past tense.
    pub what: String,
    /// Why they acted, where this is the beginning; nothing where it is the end; what it was done to otherwise.
    pub about: String,
}

/// What others did as a tenant, and what they looked at; the newest of both, newest first.
#[derive(Clone, Debug)]
pub struct Acted {
    /// Beginnings, ends and changes.
    pub done: Vec<DoneActing>,
    /// Pages, by their paths.
    pub looks: Vec<DoneActing>,
}

/// The newest of it.
pub async fn list_acting(app: &App, caller: &Caller) -> Result<Acted, store::Error> {
    app.store(caller).scan((), load).await
}

async fn load(tx: &mut ReadTx, (): &()) -> Result<Acted, store::Error> {
    let done = audit::newest_acting(tx, &MAX_SHOWN).await?;
    let looks = audit::newest_looks(tx, &MAX_SHOWN).await?;
    let mut names = Names::default();
    Ok(Acted {
        done: tell(tx, &mut names, done).await?,
        looks: tell(tx, &mut names, looks).await?,
    })
}

async fn tell(
    tx: &mut ReadTx,
    names: &mut Names,
    entries: Vec<Entry>,
) -> Result<Vec<DoneActing>, store::Error> {
    let mut told = Vec::with_capacity(entries.len());
    for entry in entries {
        let who = match entry.actor {
            Actor::User(id) => names.of(tx, &id.to_string()).await?,
            Actor::Account(_)
            | Actor::ApiToken(_)
            | Actor::CertificateKey
            | Actor::CommandLine
            | Actor::System
            | Actor::Visitor => String::new(),
        };
        told.push(DoneActing {
            at: entry.at,
            who,
            what: Event::in_words(&entry.action)
                .unwrap_or(&entry.action)
                .to_owned(),
            about: about(tx, names, &entry).await?,
        });
    }
    Ok(told)
}

async fn about(tx: &mut ReadTx, names: &mut Names, entry: &Entry) -> Result<String, store::Error> {
    let facts: Value = serde_json::from_str(&entry.change).unwrap_or_default();
    let fact = |name: &str| facts.get(name).and_then(Value::as_str);
    match entry.action.as_str() {
        "acting.begin" => return Ok(fact("reason").unwrap_or_default().to_owned()),
        "acting.end" | "tenant.visit" | "tenant.leave" => return Ok(String::new()),
        _ => {}
    }
    if let Some(name) = NAMES.iter().find_map(|name| fact(name)) {
        return Ok(name.to_owned());
    }
    names.of(tx, &entry.object).await
}

/// What the portal calls people and accounts, each looked up once.
#[derive(Default)]
struct Names {
    known: BTreeMap<String, String>,
}

impl Names {
    /// The name of an object of the audit log; what has none is called as it is there.
    async fn of(&mut self, tx: &mut ReadTx, object: &str) -> Result<String, store::Error> {
        if let Some(name) = self.known.get(object) {
            return Ok(name.clone());
        }
        let name = look_up(tx, object).await?;
        let name = name.unwrap_or_else(|| object.to_owned());
        self.known.insert(object.to_owned(), name.clone());
        Ok(name)
    }
}

async fn look_up(tx: &mut ReadTx, object: &str) -> Result<Option<String>, store::Error> {
    if let Ok(id) = object.parse::<UserId>() {
        let found = user::by_id(tx, id).await?;
        return Ok(found.map(|user| user.display_name.as_str().to_owned()));
    }
    let Ok(id) = object.parse::<SubscriptionId>() else {
        return Ok(None);
    };
    let found = subscription::find(tx, &id).await?;
    Ok(found.map(|found| found.label.as_str().to_owned()))
}
