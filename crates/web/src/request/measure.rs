//! Notes how long each answer took and why a request was refused. Written as a layer by hand, since it stands on the
//! way of every request, and outermost, so that it sees what the others make of an answer.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::response::Response;
use flow::App;
use flow::memory::measures::{DoorFigures, DoorName, RouteFigures};
use flow::operations::health::measures;
use pin_project_lite::pin_project;
use tokio::time::Instant;
use tower::{Layer, Service};

use super::client::REQUEST_ID;

/// Why a request was refused, in a word of the code; a door puts it into the extensions of its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RefusedFor(pub(crate) &'static str);

/// The layer, for one door.
#[derive(Clone)]
pub(crate) struct Measure(Arc<DoorFigures>);

impl Measure {
    /// For a door with these routes: the pattern of each and what it is called.
    pub(crate) fn new(
        app: &App,
        door: DoorName,
        routes: impl IntoIterator<Item = (String, &'static str)>,
    ) -> Self {
        Self(Arc::new(measures(app).requests.door(door, routes)))
    }

    /// The same for routes that are called by their patterns.
    pub(crate) fn by_patterns(
        app: &App,
        door: DoorName,
        patterns: impl IntoIterator<Item = &'static str>,
    ) -> Self {
        let routes = patterns.into_iter();
        Self::new(app, door, routes.map(|path| (path.to_owned(), path)))
    }
}

impl<S> Layer<S> for Measure {
    type Service = Measuring<S>;

    fn layer(&self, inner: S) -> Measuring<S> {
        let door = Arc::clone(&self.0);
        Measuring { inner, door }
    }
}

/// A service whose answers are measured.
#[derive(Clone)]
pub(crate) struct Measuring<S> {
    inner: S,
    door: Arc<DoorFigures>,
}

impl<S: Service<Request, Response = Response>> Service<Request> for Measuring<S> {
    type Response = Response;
    type Error = S::Error;
    type Future = Measured<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Measured<S::Future> {
        let pattern = request.extensions().get::<MatchedPath>();
        let about = About {
            begun: Instant::now(),
            route: self.door.asked(pattern.map(MatchedPath::as_str)),
            method: request.method().clone(),
        };
        Measured {
            about,
            door: Arc::clone(&self.door),
            inner: self.inner.call(request),
        }
    }
}

/// What has to be known of a request when it is answered.
struct About {
    begun: Instant,
    method: Method,
    route: Arc<RouteFigures>,
}

/// A request that a client got wrong is a developer's business.
fn log_refused(response: &Response, method: &Method, why: Option<&'static str>) {
    let id = response.headers().get(REQUEST_ID);
    tracing::debug!(
        request.id = id.and_then(|id| id.to_str().ok()),
        request.method = method.as_str(),
        response.status = response.status().as_u16(),
        refusal.code = why,
        "request refused"
    );
}

pin_project! {
    /// An answer on its way.
    pub(crate) struct Measured<F> {
        #[pin]
        inner: F,
        door: Arc<DoorFigures>,
        about: About,
    }
}

impl<F: Future<Output = Result<Response, E>>, E> Future for Measured<F> {
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<Response, E>> {
        let this = self.project();
        let answer = ready!(this.inner.poll(context));
        if let Ok(response) = &answer {
            let About {
                begun,
                method,
                route,
            } = this.about;
            let status = response.status().as_u16();
            route.answered(method.as_str(), status, begun.elapsed());
            if status >= 400 {
                let why = response.extensions().get::<RefusedFor>().map(|why| why.0);
                this.door.refused(status, why);
                log_refused(response, method, why);
            }
        }
        Poll::Ready(answer)
    }
}
