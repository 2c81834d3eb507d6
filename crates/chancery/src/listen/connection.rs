//! One connection: its handshake, its requests, its end. Nothing in it may take for ever.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::connect_info::ConnectInfo;
use axum::response::Response;
use base::Full;
use flow::memory::measures::DoorName;
use hyper::body::Incoming;
use hyper::header::HOST;
use hyper::{Request, Version, service::service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_io_timeout::TimeoutWriter;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use web::request::client::TrustedProxies;
use web::request::crowded::{crowded, no_answer, wants_one_host};

use super::activity::{Activity, AnswerBody};

/// A handshake, the head of a request, and the taking of a piece of an answer each end within this time.
const PATIENCE: Duration = Duration::from_secs(20);
/// Every request is answered within this time, which is far more than any of ours takes.
const LONGEST_REQUEST: Duration = Duration::from_secs(60);
/// A connection on which nothing is asked for is closed after this time.
const IDLE: Duration = Duration::from_secs(60);
/// How long an idle client has to take note that its connection ends.
const FAREWELL: Duration = Duration::from_secs(5);
/// How long it may take to tell a client that there is no room.
const TELLING: Duration = Duration::from_secs(3);

/// Requests of a connection at the same time (HTTP/2).
const STREAMS: u32 = 32;
/// Octets that a client may send before they are read: of a request, and of all requests of a connection.
const STREAM_WINDOW: u32 = 64 * 1024;
const CONNECTION_WINDOW: u32 = 128 * 1024;
/// Octets that are kept for a client that does not take them.
const SEND_BUFFER: usize = 64 * 1024;
/// Octets of the heads of a request.
const HEADERS: usize = 32 * 1024;

/// A connection, and who answers on it.
pub(super) struct Connection {
    pub(super) door: DoorName,
    pub(super) router: Router,
    pub(super) peer: SocketAddr,
    pub(super) proxies: TrustedProxies,
    /// Why it is only told that there is no room.
    pub(super) full: Option<Full>,
}

impl Connection {
    /// Until it ends, or until `stop` and then until what was begun has ended.
    pub(super) async fn run(
        self,
        stream: TcpStream,
        tls: Option<TlsAcceptor>,
        stop: CancellationToken,
    ) {
        let peer = self.peer;
        let mut stream = TimeoutWriter::new(stream);
        stream.set_timeout(Some(PATIENCE));
        let stream = Pin::from(Box::new(stream));
        let Some(tls) = tls else {
            return self.http(stream, false, stop).await;
        };
        match timeout(PATIENCE, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                let is_http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
                self.http(stream, is_http2, stop).await;
            }
            Ok(Err(error)) => {
                tracing::debug!(client.address = %peer, error = %error, "TLS handshake failed");
            }
            Err(_) => {
                tracing::debug!(client.address = %peer, "TLS handshake took too long");
            }
        }
    }

    async fn http<S>(self, stream: S, is_http2: bool, stop: CancellationToken)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let peer = self.peer;
        let is_told = self.full.is_some();
        let activity = Activity::begin();
        let (of_service, this) = (activity.clone(), Arc::new(self));
        let service = service_fn(move |request| {
            let (busy, this) = (of_service.request(), Arc::clone(&this));
            async move {
                let answer = this.answer(request).await;
                Ok::<_, Infallible>(answer.map(|body| AnswerBody::new(body, busy)))
            }
        });
        let builder = builder(is_http2);
        let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let idle = if is_told { TELLING } else { IDLE };
        let is_stopped = tokio::select! {
            ended = connection.as_mut() => return note(peer, ended),
            () = activity.idle_for(idle) => false,
            () = stop.cancelled() => true,
        };
        connection.as_mut().graceful_shutdown();
        if is_stopped {
            return note(peer, connection.await);
        }
        while timeout(FAREWELL, connection.as_mut()).await.is_err() && activity.is_busy() {}
    }

    async fn answer(&self, mut request: Request<Incoming>) -> Response {
        if let Some(full) = self.full {
            return crowded(full, self.door);
        }
        // RFC 9112 §3.2: two hosts mean different things to those on the way.
        let is_old = request.version() < Version::HTTP_11;
        let hosts = request.headers().get_all(HOST).iter().count();
        if request.version() == Version::HTTP_11 && hosts != 1 || is_old && hosts > 1 {
            return wants_one_host();
        }
        let extensions = request.extensions_mut();
        extensions.insert(ConnectInfo(self.peer));
        extensions.insert(self.proxies.clone());
        let answer = self.router.clone().oneshot(request);
        match timeout(LONGEST_REQUEST, answer).await {
            Ok(Ok(answer)) => answer,
            Err(_) => no_answer(self.door),
        }
    }
}

fn builder(is_http2: bool) -> auto::Builder<TokioExecutor> {
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(PATIENCE)
        .max_buf_size(HEADERS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PATIENCE)
        .keep_alive_timeout(PATIENCE)
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .max_header_list_size(u32::try_from(HEADERS).unwrap_or(u32::MAX));
    // The handshake has said which; without one it is the older, since guessing waits for octets without a timer.
    if is_http2 {
        builder.http2_only()
    } else {
        builder.http1_only()
    }
}

fn note<E: std::fmt::Display>(peer: SocketAddr, ended: Result<(), E>) {
    if let Err(error) = ended {
        tracing::debug!(client.address = %peer, error = %error, "connection ended badly");
    }
}
