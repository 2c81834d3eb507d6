//! What every answer of the ACME door carries. Written as a layer by hand, since it stands on the way of every request.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::response::Response;
use base::RequestId;
use flow::App;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::problem::Fault;
use super::respond::REPLAY_NONCE;
use crate::request::client::{REQUEST_ID, client_of};
use crate::request::counter;

/// Names the request, gives every answer this name and its `Link: rel="index"`, keeps it out of caches, and gives the answers to POST
/// requests, good or bad, a nonce for the next one (RFC 8555 §6.5, §7.1).
#[derive(Clone)]
pub(super) struct Finish(Arc<Headers>);

/// What every answer needs, made once.
struct Headers {
    app: App,
    index: Option<HeaderValue>,
}

impl Finish {
    pub(super) fn new(app: &App) -> Self {
        let index = format!("<{}>;rel=\"index\"", app.urls().directory());
        Self(Arc::new(Headers {
            app: app.clone(),
            index: HeaderValue::from_str(&index).ok(),
        }))
    }
}

impl Headers {
    fn add(&self, response: &mut Response, id: RequestId, wants_nonce: bool) {
        if let Some(fault) = response.extensions_mut().remove::<Fault>() {
            fault.tell(response, id);
        }
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::try_from(id.to_string()) {
            headers.insert(REQUEST_ID, id);
        }
        if wants_nonce && let Ok(nonce) = HeaderValue::try_from(self.app.issue_nonce()) {
            headers.insert(REPLAY_NONCE, nonce);
        }
        if let Some(index) = &self.index {
            headers.append(header::LINK, index.clone());
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
}

impl<S> Layer<S> for Finish {
    type Service = Finishing<S>;

    fn layer(&self, inner: S) -> Finishing<S> {
        let headers = Arc::clone(&self.0);
        Finishing { inner, headers }
    }
}

/// A service whose answers are finished.
#[derive(Clone)]
pub(super) struct Finishing<S> {
    inner: S,
    headers: Arc<Headers>,
}

impl<S: Service<Request, Response = Response>> Service<Request> for Finishing<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Answer<S::Future> {
        counter::count_acme();
        let id = RequestId::generate(self.headers.app.now(), self.headers.app.random());
        let client = client_of(&request, id);
        request.extensions_mut().insert(client);
        Answer {
            wants_nonce: request.method() == Method::POST,
            headers: Arc::clone(&self.headers),
            id,
            inner: self.inner.call(request),
        }
    }
}

pin_project! {
    /// An answer on its way.
    pub(super) struct Answer<F> {
        #[pin]
        inner: F,
        headers: Arc<Headers>,
        id: RequestId,
        wants_nonce: bool,
    }
}

impl<F: Future<Output = Result<Response, E>>, E> Future for Answer<F> {
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<Response, E>> {
        let this = self.project();
        let mut answer = ready!(this.inner.poll(context));
        if let Ok(response) = &mut answer {
            this.headers.add(response, *this.id, *this.wants_nonce);
        }
        Poll::Ready(answer)
    }
}
