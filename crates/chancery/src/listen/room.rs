//! How many connections a door takes, in all and from one network. Who comes when there is no room is told so, as long
//! as there is room for telling.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base::{Capacity, ClientNetwork, Clock as _, Full, Rate, Taken, Timestamp};
use quick_cache::sync::Cache;
use web::request::client::TrustedProxies;

use crate::system::SystemClock;

/// New connections of one network.
const ARRIVALS: Rate = Rate::new(50, Duration::from_secs(1), 500);
/// Networks whose arrivals are remembered; whoever is forgotten begins anew.
const REMEMBERED: usize = 16_384;
/// One network has at most this share of a door, within bounds.
const SHARE: usize = 4;
const LARGEST_SHARE: usize = 512;
/// The part of a door's connections that is there to tell that there is no room.
const TELLING: usize = 8;

/// Where a connection stands.
#[derive(Debug)]
pub(super) enum Place {
    /// It is served.
    Served(Taken<ClientNetwork>),
    /// It gets an answer that says why it is not.
    Told(Full, Taken<ClientNetwork>),
}

/// Room for connections.
#[derive(Debug)]
pub(super) struct Room {
    served: Capacity<ClientNetwork>,
    told: Capacity<ClientNetwork>,
    arrivals: Cache<ClientNetwork, Timestamp>,
    /// Those in front of us, who bring everybody's connections.
    proxies: Arc<Vec<IpAddr>>,
}

impl Room {
    /// For so many connections.
    pub(super) fn new(connections: usize, proxies: &TrustedProxies) -> Self {
        let told = (connections / TELLING).max(2);
        let served = connections.saturating_sub(told).max(1);
        let each = (served / SHARE).clamp(1, LARGEST_SHARE);
        Self {
            served: Capacity::new(served, each),
            told: Capacity::new(told, (told / 2).max(1)),
            arrivals: Cache::new(REMEMBERED),
            proxies: Arc::clone(&proxies.0),
        }
    }

    /// The place of a new connection; none for one that is closed without a word.
    pub(super) fn place(&self, peer: SocketAddr) -> Option<Place> {
        let address = peer.ip().to_canonical();
        let is_proxy = self.proxies.contains(&address);
        let network = (!is_proxy).then(|| ClientNetwork::of(address));
        if network.is_some_and(|network| !self.may_arrive(network)) {
            return None;
        }
        match self.served.take(network, 1) {
            Ok(taken) => Some(Place::Served(taken)),
            Err(full) => {
                let taken = self.told.take(network, 1).ok()?;
                Some(Place::Told(full, taken))
            }
        }
    }

    fn may_arrive(&self, network: ClientNetwork) -> bool {
        let before = self.arrivals.get(&network);
        let next = ARRIVALS.after(before, 1, SystemClock.now());
        if let Ok(next) = next {
            self.arrivals.insert(network, next);
        }
        next.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(address: &str) -> SocketAddr {
        SocketAddr::new(address.parse().unwrap(), 1)
    }

    fn room(connections: usize) -> Room {
        let proxies = Arc::new(vec!["192.0.2.9".parse().unwrap()]);
        Room::new(connections, &TrustedProxies(proxies))
    }

    fn is_served(place: Option<&Place>) -> bool {
        matches!(place, Some(Place::Served(_)))
    }

    #[test]
    fn h4_one_network_leaves_room_for_others_and_is_told() {
        let room = room(96);
        let places: Vec<_> = (0..200).map(|_| room.place(from("192.0.2.1"))).collect();
        let served = places.iter().filter(|place| is_served(place.as_ref()));
        assert_eq!(served.count(), 21);
        let told = |place: &&Option<Place>| matches!(place, Some(Place::Told(Full::Share, _)));
        assert_eq!(places.iter().filter(told).count(), 6);
        assert!(is_served(room.place(from("192.0.2.2")).as_ref()));
        drop(places);
        assert!(is_served(room.place(from("192.0.2.1")).as_ref()));
    }

    #[test]
    fn h4_a_trusted_proxy_brings_everybody() {
        let room = room(96);
        let places: Vec<_> = (0..96).map(|_| room.place(from("192.0.2.9"))).collect();
        let served = places.iter().filter(|place| is_served(place.as_ref()));
        assert_eq!(served.count(), 84);
        assert!(matches!(
            room.place(from("192.0.2.1")),
            None | Some(Place::Told(Full::All, _))
        ));
    }

    #[test]
    fn h4_who_connects_again_and_again_is_slowed_down() {
        let room = room(10_000);
        let served = (0..5_000).filter(|_| room.place(from("2001:db8::1")).is_some());
        assert!(served.count() < 1_000);
        assert!(room.place(from("2001:db8:0:1::1")).is_some());
    }
}
