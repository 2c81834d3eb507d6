//! Listeners: accept, end TLS if there is any, serve HTTP/1.1 and HTTP/2, and on shutdown finish what was begun.

mod activity;
mod connection;
pub(crate) mod descriptors;
mod room;

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use flow::memory::measures::{DoorName, Tally};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use web::request::client::TrustedProxies;

use self::connection::Connection;
use self::room::{Place, Room};

/// How long a shutdown waits for requests that were begun.
const GRACE: Duration = Duration::from_secs(20);
/// How long nothing is accepted after the system refused to.
const PAUSE: Duration = Duration::from_millis(250);

/// One address with what is served there.
pub(crate) struct Door {
    pub(crate) name: DoorName,
    pub(crate) listener: TcpListener,
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) router: Router,
    pub(crate) proxies: TrustedProxies,
    /// How many connections it takes.
    pub(crate) connections: usize,
    /// Counts those that came when there were as many.
    pub(crate) no_room: Tally,
}

/// Takes an address.
pub(crate) async fn bind(
    (name, flag): (&str, &str),
    address: SocketAddr,
) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| {
        let other = format!("choose another with {flag}");
        let advice = if error.kind() == ErrorKind::AddrInUse {
            format!("something listens there already; {other}")
        } else if error.kind() == ErrorKind::PermissionDenied {
            format!("ports below 1024 need rights (CAP_NET_BIND_SERVICE); give them, or {other}")
        } else {
            other
        };
        let told = format!("the {name} cannot listen on {address}: {advice}");
        anyhow::Error::new(error).context(told)
    })
}

impl Door {
    /// Serves until `stop`, then until the requests that were begun have ended.
    pub(crate) async fn serve(self, stop: CancellationToken) {
        let tasks = TaskTracker::new();
        let tls = self.tls.clone().map(TlsAcceptor::from);
        let room = Room::new(self.connections, &self.proxies);
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = stop.cancelled() => break,
            };
            match accepted {
                Ok((stream, peer)) => {
                    if let Some(served) = self.take(&room, stream, peer, tls.clone(), &stop) {
                        tasks.spawn(served);
                    }
                }
                Err(error) => {
                    tracing::warn!(door = self.name.as_str(), error = %error, "could not accept a connection");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        let name = self.name;
        drop(self);
        tasks.close();
        if tokio::time::timeout(GRACE, tasks.wait()).await.is_err() {
            tracing::warn!(door = name.as_str(), "some requests did not end in time");
        }
    }

    /// The life of a new connection, if there is room for it.
    fn take(
        &self,
        room: &Room,
        stream: TcpStream,
        peer: SocketAddr,
        tls: Option<TlsAcceptor>,
        stop: &CancellationToken,
    ) -> Option<impl Future<Output = ()> + Send + 'static> {
        let place = room.place(peer);
        if !matches!(place, Some(Place::Served(_))) {
            self.no_room.count();
            tracing::debug!(client.address = %peer, door = self.name.as_str(), "no room for a connection");
        }
        let (full, taken) = match place? {
            Place::Served(taken) => (None, taken),
            Place::Told(full, taken) => (Some(full), taken),
        };
        let _ = stream.set_nodelay(true);
        let connection = Connection {
            door: self.name,
            router: self.router.clone(),
            peer,
            proxies: self.proxies.clone(),
            full,
        };
        let stop = stop.clone();
        Some(async move {
            connection.run(stream, tls, stop).await;
            drop(taken);
        })
    }
}
