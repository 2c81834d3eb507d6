//! Listeners: accept, end TLS if there is any, serve HTTP/1.1 and HTTP/2, and on shutdown finish what was begun.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::Router;
use axum::extract::connect_info::ConnectInfo;
use hyper::body::Incoming;
use hyper::{Request, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::GracefulShutdown;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use web::request::client::TrustedProxies;

/// A client that does not finish its handshake or its headers in this time is cut off.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a shutdown waits for requests that were begun.
const GRACE: Duration = Duration::from_secs(20);

/// One address with what is served there.
pub(crate) struct Door {
    pub(crate) name: &'static str,
    pub(crate) listener: TcpListener,
    pub(crate) tls: Option<Arc<ServerConfig>>,
    pub(crate) router: Router,
    pub(crate) proxies: TrustedProxies,
}

/// Takes an address.
pub(crate) async fn bind(name: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| {
        format!("the {name} cannot listen on {address}; is it in use, or does it need more rights?")
    })
}

impl Door {
    /// Serves until `stop`, then until the requests that were begun have ended.
    pub(crate) async fn serve(self, stop: CancellationToken) {
        let graceful = GracefulShutdown::new();
        let tls = self.tls.map(TlsAcceptor::from);
        loop {
            let accepted = tokio::select! {
                accepted = self.listener.accept() => accepted,
                () = stop.cancelled() => break,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(door = self.name, error = %error, "could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            };
            let _ = stream.set_nodelay(true);
            let router = self.router.clone();
            let proxies = self.proxies.clone();
            let watcher = graceful.watcher();
            let tls = tls.clone();
            tokio::spawn(async move {
                let connection = Connection {
                    router,
                    peer,
                    proxies,
                };
                connection.run(stream, tls, watcher).await;
            });
        }
        drop(self.listener);
        if tokio::time::timeout(GRACE, graceful.shutdown())
            .await
            .is_err()
        {
            tracing::warn!(door = self.name, "some requests did not end in time");
        }
    }
}

struct Connection {
    router: Router,
    peer: SocketAddr,
    proxies: TrustedProxies,
}

impl Connection {
    async fn run(
        self,
        stream: TcpStream,
        tls: Option<TlsAcceptor>,
        watcher: hyper_util::server::graceful::Watcher,
    ) {
        let Some(tls) = tls else {
            return self.http(stream, watcher).await;
        };
        match tokio::time::timeout(PATIENCE, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.http(stream, watcher).await,
            Ok(Err(error)) => {
                tracing::debug!(client.address = %self.peer, error = %error, "TLS handshake failed");
            }
            Err(_) => {
                tracing::debug!(client.address = %self.peer, "TLS handshake took too long");
            }
        }
    }

    async fn http<S>(self, stream: S, watcher: hyper_util::server::graceful::Watcher)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder
            .http1()
            .timer(TokioTimer::new())
            .header_read_timeout(PATIENCE);
        builder.http2().timer(TokioTimer::new());
        let Self {
            router,
            peer,
            proxies,
        } = self;
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(proxies.clone());
            router.clone().oneshot(request)
        });
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        if let Err(error) = watcher.watch(connection.into_owned()).await {
            tracing::debug!(client.address = %peer, error = %error, "connection ended badly");
        }
    }
}
