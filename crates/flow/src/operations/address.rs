//! Where a node says that the others reach it. A nonce is redeemed by the node that gave it out (`redeem_nonce`), so that
//! a node at a wrong address makes clients fail at every other one, now and then and without a word. Two nodes that
//! cannot both be reached where they say are found here, and the one that starts is refused.
//!
//! The rows of others tell where they are, not whether they live: a row stays behind after a crash, at the address that
//! the same node has again a second later. Nor does asking at the address tell: at a loopback address nobody else
//! answers, though its node may live on another machine. So the question goes through the database, which all nodes
//! share: whoever starts writes its row and waits a moment; a node that lives sees the row and says that it is alive, a
//! dead one does not. Then the new one is refused, or goes on. Nobody waits but who finds a row in its way, for
//! three seconds at most: after a crash, that is, and not after an orderly end, which takes the row away.
//!
//! A SQLite file has one server, which no other node asks for anything.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use base::{NodeId, Timestamp};
use store::operations::node::{self, Node};
use store::{Engine, Store};

use crate::App;
use crate::caller::system;
use crate::outside::Outside;

/// A node that was not seen for so long is gone: each says every minute that it is alive.
const GONE_AFTER: Duration = Duration::from_secs(150);
/// How often a node looks for others in its way.
const INTERVAL: Duration = Duration::from_millis(300);
/// How long a node that starts waits for those in its way to say that they are alive; several times `INTERVAL`.
const PATIENCE: Duration = Duration::from_millis(1_500);
/// Within which two nodes start at one moment: each may have read the rows before the other one wrote its own.
const AT_ONCE: Duration = Duration::from_secs(2);
/// How often one newcomer is answered, after which it has ended or will never.
const ANSWERS: u32 = 20;

/// Two nodes that cannot both be reached where they say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Clash {
    /// Whoever asks one of them may get the other, or itself.
    #[error(
        "internal_url is {url} here and at node {other} too, which shares this database: give each node an internal_url of its \
         own at which the others reach it, and an internal_listen to go with it"
    )]
    Same {
        /// The other node.
        other: NodeId,
        /// The address of both.
        url: String,
    },
    /// This node is on one machine alone, another one is not.
    #[error(
        "internal_url is {url}, which only this machine reaches, but node {other} at {theirs} shares this database: set \
         internal_url to an address at which the other nodes reach this one, and an internal_listen to go with it"
    )]
    Here {
        /// The other node.
        other: NodeId,
        /// Where it is.
        theirs: String,
        /// Where this one is.
        url: String,
    },
    /// Another node is on one machine alone, this one is not.
    #[error(
        "node {other} shares this database, and its internal_url is {theirs}, which only its own machine reaches: set internal_url \
         there to an address at which this node, {url}, reaches it, and an internal_listen to go with it; then start \
         it again"
    )]
    There {
        /// The other node.
        other: NodeId,
        /// Where it is.
        theirs: String,
        /// Where this one is.
        url: String,
    },
}

/// What is wrong between a node at `url` and another one. Two loopback addresses with different ports are good: that is
/// how several nodes share a machine.
fn clash(url: &str, other: &Node) -> Option<Clash> {
    let (id, theirs) = (other.id, other.internal_url.clone());
    let url = url.to_owned();
    // A command gives out no nonces, so that nobody asks it for any.
    if url.is_empty() || theirs.is_empty() {
        return None;
    }
    if url.eq_ignore_ascii_case(&theirs) {
        return Some(Clash::Same { other: id, url });
    }
    match (is_local(&url), is_local(&theirs)) {
        (true, false) => Some(Clash::Here {
            other: id,
            theirs,
            url,
        }),
        (false, true) => Some(Clash::There {
            other: id,
            theirs,
            url,
        }),
        (true, true) | (false, false) => None,
    }
}

/// Whether an address means whichever machine it is used on.
pub fn is_local(url: &str) -> bool {
    let host = host(url);
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback() || address.is_unspecified(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

/// The host name or address of a URL, without its port.
pub fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split_once('/').map_or(rest, |(before, _)| before);
    match authority.strip_prefix('[') {
        Some(rest) => rest.split_once(']').map_or(rest, |(host, _)| host),
        None => authority
            .split_once(':')
            .map_or(authority, |(host, _)| host),
    }
}

/// Waits for the nodes in the way of this one, whose row is written; refuses it when one of them lives.
pub(super) async fn claim(outside: &Outside, node: &Node) -> Result<Option<Clash>, store::Error> {
    if !is_shared(&outside.store) {
        return Ok(None);
    }
    let clock = outside.clock.as_ref();
    let mut before = in_the_way(&outside.store, node.id, &node.internal_url, clock.now()).await?;
    let mut waited = Duration::ZERO;
    while waited < PATIENCE && !before.is_empty() {
        tokio::time::sleep(INTERVAL).await;
        waited = waited.saturating_add(INTERVAL);
        let now = clock.now();
        let others = in_the_way(&outside.store, node.id, &node.internal_url, now).await?;
        if let Some(alive) = others.iter().find(|other| has_moved(&before, other)) {
            return Ok(clash(&node.internal_url, alive));
        }
        // Of two that start at one moment the first lives and the second is refused.
        if others.iter().any(|other| other.id > node.id) {
            touch(&outside.store, node.id, now).await?;
        }
        // The first by its id may be the second to write its row.
        let is_new = |other: &Node| before.iter().all(|earlier| earlier.id != other.id);
        let new: Vec<Node> = others.into_iter().filter(is_new).collect();
        before.extend(new);
    }
    Ok(None)
}

/// Whether a node has said that it is alive since it was looked at first.
fn has_moved(before: &[Node], other: &Node) -> bool {
    let earlier = before.iter().find(|earlier| earlier.id == other.id);
    earlier.is_some_and(|earlier| other.seen_at > earlier.seen_at)
}

/// Says that this node is alive as long as one starts that would be in its way, until this node shuts down.
pub async fn hold_until_stopped(app: App) {
    if !is_shared(&app.outside.store) {
        return;
    }
    let mut answered = None;
    while app.work.goes_on_after(INTERVAL).await {
        if let Err(error) = answer(&app, &mut answered).await {
            tracing::warn!(error = %error, "could not look for nodes at the address of this one");
        }
    }
}

/// Answers each newcomer, and counts how often: clocks differ, so that its id may be smaller. Whoever is there at the first
/// look and was made well before this node was found dead by it.
async fn answer(
    app: &App,
    answered: &mut Option<BTreeMap<NodeId, u32>>,
) -> Result<(), store::Error> {
    let (url, now) = (&app.outside.internal_url, app.now());
    let others = in_the_way(&app.outside.store, app.work.node(), url, now).await?;
    let answered = answered.get_or_insert_with(|| {
        let earlier = |other: &&Node| other.id.made_at().plus(AT_ONCE) < app.work.node().made_at();
        let dead = others.iter().filter(earlier);
        dead.map(|other| (other.id, ANSWERS)).collect()
    });
    for other in &others {
        let count = answered.entry(other.id).or_default();
        if *count == 0 {
            tracing::warn!(
                peer.id = %other.id,
                peer.url = other.internal_url,
                "another node starts at an internal_url that cannot be beside that of this one; it will be refused"
            );
        }
        *count = count.saturating_add(1);
        if *count <= ANSWERS {
            touch(&app.outside.store, app.work.node(), now).await?;
        }
    }
    Ok(())
}

/// What `chancery doctor` has to say of the nodes that were seen lately.
#[derive(Debug)]
pub struct Neighbours {
    /// How many there are.
    pub count: usize,
    /// What is wrong between one of them and the node at this address, which may run or be about to.
    pub clash: Option<Clash>,
}

/// Looks at the nodes of a database from where a node at `url` is. If that runs, the newest one at `url` is taken for it;
/// else whoever is at `url` is another one, alive or dead for less than two and a half minutes.
pub async fn neighbours(
    store: &Store,
    url: &str,
    runs: bool,
    now: Timestamp,
) -> Result<Neighbours, store::Error> {
    let mut nodes = seen(store, now).await?;
    nodes.retain(|node| !node.internal_url.is_empty());
    let own = nodes
        .iter()
        .rev()
        .find(|node| runs && node.internal_url == url);
    // Who was not seen any more when this one started was dead by then: it would have been refused.
    let mut beside = nodes.iter().filter(|other| {
        own.is_none_or(|own| other.id != own.id && other.seen_at >= own.started_at)
    });
    let clash = beside.find_map(|other| clash(url, other));
    Ok(Neighbours {
        count: nodes.len(),
        clash,
    })
}

fn is_shared(store: &Store) -> bool {
    store.engine() == Engine::Postgres
}

/// The nodes other than this one that cannot be beside it.
async fn in_the_way(
    store: &Store,
    id: NodeId,
    url: &str,
    now: Timestamp,
) -> Result<Vec<Node>, store::Error> {
    let mut nodes = seen(store, now).await?;
    nodes.retain(|other| other.id != id && clash(url, other).is_some());
    Ok(nodes)
}

async fn seen(store: &Store, now: Timestamp) -> Result<Vec<Node>, store::Error> {
    let store = store.within(system("nodes are everybody's"));
    store.scan(now.minus(GONE_AFTER), node::seen_since).await
}

async fn touch(store: &Store, id: NodeId, now: Timestamp) -> Result<(), store::Error> {
    let store = store.within(system("nodes are everybody's"));
    store.write((id, now), node::touch).await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(url: &str) -> Node {
        Node {
            id: NodeId::from_bytes([7; 16]),
            nonce_prefix: 1,
            internal_url: url.to_owned(),
            started_at: Timestamp::from_seconds(1_795_435_200),
            seen_at: Timestamp::from_seconds(1_795_435_200),
        }
    }

    #[track_caller]
    fn check(url: &str, other: &str, expected: Option<&str>) {
        let found = clash(url, &node(other)).map(|clash| match clash {
            Clash::Same { .. } => "same",
            Clash::Here { .. } => "here",
            Clash::There { .. } => "there",
        });
        assert_eq!(found, expected, "{url} beside {other}");
    }

    #[test]
    fn sb15_what_cannot_be_beside_what() {
        let (network, other) = ("http://10.0.0.1:8081", "http://10.0.0.2:8081");
        check(network, network, Some("same"));
        check(network, other, None);
        check("http://node.example", "http://Node.example", Some("same"));
        for local in [
            "http://127.0.0.1:8081",
            "http://127.1.2.3:8081/",
            "http://localhost:8081",
            "http://[::1]:8081",
            "http://[::]",
            "http://0.0.0.0:8081",
        ] {
            check(local, local, Some("same"));
            check(local, network, Some("here"));
            check(network, local, Some("there"));
            check(local, "http://127.0.0.1:9081", None);
        }
        check("http://localhost.example", network, None);
        check("", "http://127.0.0.1:8081", None);
        check(network, "", None);
    }

    #[test]
    fn sb15_a_refusal_says_what_to_do_and_where() {
        let said = |url: &str, other: &str| clash(url, &node(other)).unwrap().to_string();
        let (network, local) = ("http://10.0.0.1:8081", "http://127.0.0.1:8081");
        let here = [said(local, local), said(local, network)];
        for text in here {
            assert!(
                text.starts_with("internal_url is http://127.0.0.1:8081"),
                "{text}"
            );
            assert!(
                text.ends_with("and an internal_listen to go with it"),
                "{text}"
            );
        }
        let there = said(network, local);
        assert!(there.contains("set internal_url there to"), "{there}");
    }

    #[test]
    fn sb15_who_was_seen_again_lives() {
        let before = [node("http://10.0.0.1:8081")];
        let mut later = before[0].clone();
        assert!(!has_moved(&before, &later));
        later.seen_at = later.seen_at.plus(Duration::from_micros(1));
        assert!(has_moved(&before, &later));
        later.id = NodeId::from_bytes([8; 16]);
        assert!(!has_moved(&before, &later));
    }
}
