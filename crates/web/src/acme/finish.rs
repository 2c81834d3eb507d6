//! What every answer of the ACME door carries. Written as a layer by hand, since it stands on the way of every request.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::extract::Request;
use axum::http::{HeaderValue, Method, header};
use axum::response::Response;
use base::RequestId;
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::browser;
use super::door::{Door, In};
use super::problem::Fault;
use super::respond::REPLAY_NONCE;
use crate::request::client::{REQUEST_ID, client_of};

/// Names the request, gives every answer this name and its `Link: rel="index"`, keeps it out of caches, opens it to browsers, and gives
/// the answers to POST requests, good or bad, a nonce for the next one (RFC 8555 §6.1, §6.5, §7.1).
#[derive(Clone)]
pub(super) struct Finish(Arc<Headers>);

/// What every answer needs, made once.
struct Headers {
    door: Door,
}

impl Finish {
    pub(super) fn new(door: &Door) -> Self {
        Self(Arc::new(Headers { door: door.clone() }))
    }
}

impl Headers {
    fn add(&self, response: &mut Response, about: &About) {
        let About { id, .. } = *about;
        if let Some(fault) = response.extensions_mut().remove::<Fault>() {
            fault.tell(response, id);
        }
        let headers = response.headers_mut();
        if let Ok(id) = HeaderValue::try_from(id.to_string()) {
            headers.insert(REQUEST_ID, id);
        }
        if about.wants_nonce
            && let Ok(nonce) = HeaderValue::try_from(self.door.app.issue_nonce())
        {
            headers.insert(REPLAY_NONCE, nonce);
        }
        let index = about
            .at
            .as_ref()
            .map(|at| format!("<{}>;rel=\"index\"", at.urls().directory()));
        if let Some(Ok(index)) = index.map(HeaderValue::try_from) {
            headers.append(header::LINK, index);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        browser::open(headers);
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
        let door = &self.headers.door;
        let id = RequestId::generate(door.app.now(), door.app.random());
        let client = client_of(&request, id);
        request.extensions_mut().insert(client);
        let at = door.find(request.uri().path());
        if let Some(at) = at.clone() {
            request.extensions_mut().insert(at);
        }
        Answer {
            about: About {
                id,
                at,
                wants_nonce: request.method() == Method::POST,
            },
            headers: Arc::clone(&self.headers),
            inner: self.inner.call(request),
        }
    }
}

/// What the answer has to know of its request.
struct About {
    id: RequestId,
    at: Option<In>,
    wants_nonce: bool,
}

pin_project! {
    /// An answer on its way.
    pub(super) struct Answer<F> {
        #[pin]
        inner: F,
        headers: Arc<Headers>,
        about: About,
    }
}

impl<F: Future<Output = Result<Response, E>>, E> Future for Answer<F> {
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<Response, E>> {
        let this = self.project();
        let mut answer = ready!(this.inner.poll(context));
        if let Ok(response) = &mut answer {
            this.headers.add(response, this.about);
        }
        Poll::Ready(answer)
    }
}
