//! Lets instant-acme, a client that others wrote, speak to the router without sockets.

use std::pin::Pin;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use futures_util::FutureExt;
use http::Request;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use tower::ServiceExt as _;

/// The way to a server in this process.
pub struct InProcess(pub Router);

impl HttpClient for InProcess {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let router = self.0.clone();
        async move {
            match router.oneshot(request.map(Body::new)).await {
                Ok(response) => Ok(BytesResponse::from(response)),
                Err(never) => match never {},
            }
        }
        .boxed()
    }
}
