//! What the database says, and the key and the clock that have to fit it.

use std::time::Duration;

use base::{Clock as _, Timestamp};
use flow::catalog::list_caa::{CaaStanding, list_stored_caa};
use flow::operations::address::{Neighbours, is_local, neighbours};
use flow::operations::inspect::{Inspected, inspect};
use store::migrate::{SchemaState, Wall};
use store::seal::{KeyFileError, Sealer};
use store::{DatabaseUrl, Engine, Store};
use tokio::net::TcpListener;

use super::Finding;
use crate::config::Config;
use crate::parts;
use crate::system::SystemClock;

/// When this was written (2026-01-01): no clock that is right shows an earlier moment.
const EARLIEST: Timestamp = Timestamp::from_seconds(1_767_225_600);
/// How far the clocks of several nodes may differ.
const DRIFT: Duration = Duration::from_secs(60);

/// The database and what hangs on it.
pub(super) async fn look(config: &Config) -> Vec<(&'static str, Finding)> {
    let (database, store) = database(config).await;
    let now = SystemClock.now();
    let inspected = match &store {
        Some(store) => inspect(store).await.ok(),
        None => None,
    };
    let caa = match &store {
        Some(store) => caa(config, store).await,
        None => Vec::new(),
    };
    let mut found = vec![
        ("sealing key", sealing_key(config, store.as_ref()).await),
        ("database", database),
        ("nodes", nodes(config, store.as_ref(), now).await),
        (
            "clock",
            clock(now, inspected.and_then(|found| found.latest)),
        ),
        ("reseller", reseller(inspected)),
        ("effects", effects(inspected)),
    ];
    found.extend(caa);
    found.extend(tenants(store.as_ref()).await);
    if let Some(store) = store {
        store.close().await;
    }
    found
}

/// In which directories CAA records are checked.
async fn caa(config: &Config, store: &Store) -> Vec<(&'static str, Finding)> {
    let standings = list_stored_caa(store, &config.acme.caa_identities).await;
    let finding = |standing: CaaStanding| {
        let slug = standing.directory;
        if !standing.identities.is_empty() {
            let names = standing.identities.join(", ");
            Finding::Good(format!(
                "records are checked in {slug}, where they call us {names}"
            ))
        } else if standing.is_public {
            Finding::Wrong(format!(
                "directory {slug} is closed: its CA is publicly trusted and has to check CAA records; set \
                 caa_identities under [acme] or for the directory"
            ))
        } else {
            Finding::Note(format!(
                "records are not checked in {slug}; set caa_identities to check them"
            ))
        }
    };
    let standings = standings.unwrap_or_default().into_iter();
    standings
        .map(|standing| ("CAA", finding(standing)))
        .collect()
}

/// The database too, if it is up to date and can be asked.
async fn database(config: &Config) -> (Finding, Option<Store>) {
    let place = config.database.to_string();
    if let DatabaseUrl::Sqlite(path) = &config.database
        && !path.exists()
    {
        let text = format!("{place} is not there yet and will be made");
        return (Finding::Good(text), None);
    }
    let store = match parts::open_store(config).await {
        Ok(store) => store,
        Err(error) => return (Finding::Wrong(format!("{error:#}")), None),
    };
    let finding = match store.check_schema().await {
        Ok(SchemaState::Current) => {
            let text = format!("{place} answers and is up to date");
            return (Finding::Good(text), Some(store));
        }
        Ok(SchemaState::Behind(missing)) => {
            Finding::Wrong(format!("{place}: {}", parts::what_is_missing(&missing)))
        }
        Ok(SchemaState::Empty) => {
            Finding::Good(format!("{place} answers and is empty; it will be set up"))
        }
        Err(error) => Finding::Wrong(format!("{place}: {error}")),
    };
    store.close().await;
    (finding, None)
}

/// Whether PostgreSQL keeps tenants apart as well; an embedded database never does.
async fn tenants(store: Option<&Store>) -> Option<(&'static str, Finding)> {
    let wall = store?.wall().await.ok()?;
    let finding = match parts::what_the_wall_lacks(&wall) {
        Some(text) => Finding::Note(text),
        None if wall == Wall::NoneHere => return None,
        None => Finding::Good("PostgreSQL keeps them apart, too".to_owned()),
    };
    Some(("tenants", finding))
}

/// Tried on what the database has; without one, the file is read all the same.
async fn sealing_key(config: &Config, store: Option<&Store>) -> Finding {
    let path = config.sealing_key.display();
    let found = match store {
        Some(store) => parts::sealer(config, store).await,
        None => match Sealer::load(&config.sealing_key) {
            Ok(sealer) => Ok(Some((sealer, 0))),
            Err(KeyFileError::Missing { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        },
    };
    match found {
        Ok(Some((_, 0))) => Finding::Good(format!("{path}; there is nothing yet to open with it")),
        Ok(Some((_, 1))) => Finding::Good(format!("{path} opens the secret that it was tried on")),
        Ok(Some((_, opened))) => Finding::Good(format!(
            "{path} opens the {opened} secrets that it was tried on"
        )),
        Ok(None) => Finding::Good(format!("{path} is not there yet and will be made")),
        Err(error) => Finding::Wrong(format!("{error:#}")),
    }
}

/// Whether the nodes of a shared database can reach each other.
async fn nodes(config: &Config, store: Option<&Store>, now: Timestamp) -> Finding {
    let url = &config.internal_url;
    if config.database.engine() == Engine::Sqlite {
        return Finding::Good("one; PostgreSQL is for more".to_owned());
    }
    let found = match store {
        Some(store) => {
            let runs = TcpListener::bind(config.internal_listen).await.is_err();
            neighbours(store, url, runs, now).await.ok()
        }
        None => None,
    };
    let count = match found {
        Some(Neighbours {
            clash: Some(clash), ..
        }) => {
            return Finding::Wrong(format!(
                "{clash} (a node that has crashed is forgotten after some minutes)"
            ));
        }
        Some(Neighbours { count, .. }) => format!("{count} seen lately"),
        None => "none known yet".to_owned(),
    };
    if is_local(url) {
        return Finding::Good(format!(
            "{count}; only this machine reaches {url}: before a node on another one starts, set internal_url and \
             internal_listen"
        ));
    }
    Finding::Good(format!("{count}; the others reach this one at {url}"))
}

/// A clock that goes ahead cannot be told from one that is right; one that is behind can.
fn clock(now: Timestamp, latest: Option<Timestamp>) -> Finding {
    let advice = "set it, and let chrony or systemd-timesyncd keep it";
    if now < EARLIEST {
        return Finding::Wrong(format!("it says {now}, which has long passed; {advice}"));
    }
    match latest {
        Some(latest) if now.plus(DRIFT) < latest => Finding::Wrong(format!(
            "it says {now}, and the database knows of {latest}, which is later; {advice}"
        )),
        Some(_) | None => Finding::Good(now.to_string()),
    }
}

fn reseller(found: Option<Inspected>) -> Finding {
    match found {
        Some(Inspected {
            has_reseller: true, ..
        }) => Finding::Good("there is one who can sign in".to_owned()),
        Some(_) | None => Finding::Note(parts::NOBODY_YET.to_owned()),
    }
}

/// Of what was sent and not answered, nobody here can know what became.
fn effects(found: Option<Inspected>) -> Finding {
    match found.map_or(0, |found| found.unknown_effects) {
        0 => Finding::Good("what was sent to others was answered".to_owned()),
        unknown => Finding::Note(format!(
            "of {unknown} the answer was lost, so that nobody here knows whether they were done; chancery admin effect list \
             shows them, resend and close are for you to say"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fa2_a_clock_that_is_behind_is_wrong() {
        let at = |seconds: i64| Timestamp::from_seconds(1_795_435_200 + seconds);
        let is_wrong = |found| matches!(found, Finding::Wrong(_));
        assert!(is_wrong(clock(Timestamp::from_seconds(0), None)));
        assert!(is_wrong(clock(at(0), Some(at(3_600)))));
        assert!(!is_wrong(clock(at(0), Some(at(30)))));
        assert!(!is_wrong(clock(at(0), Some(at(-3_600)))));
        assert!(!is_wrong(clock(at(0), None)));
    }
}
