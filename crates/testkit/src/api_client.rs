//! A program with a token, at an address.

use std::net::{IpAddr, SocketAddr};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::{Method, Request, header};
use tower::ServiceExt as _;

use crate::Answer;

/// A program that calls the API.
#[derive(Clone)]
pub struct ApiClient {
    router: Router,
    address: IpAddr,
    /// What it sends as `Authorization`, if anything.
    authorization: Option<String>,
}

impl ApiClient {
    /// A program without a token.
    pub fn new(router: Router) -> Self {
        Self {
            router,
            address: IpAddr::from([203, 0, 113, 7]),
            authorization: None,
        }
    }

    /// The same with a token.
    #[must_use]
    pub fn with_token(&self, text: &str) -> Self {
        self.authorized(&format!("Bearer {text}"))
    }

    /// The same with another header.
    #[must_use]
    pub fn authorized(&self, authorization: &str) -> Self {
        Self {
            authorization: Some(authorization.to_owned()),
            ..self.clone()
        }
    }

    /// The same at another address.
    ///
    /// # Panics
    ///
    /// When the text is no address.
    #[must_use]
    pub fn at(&self, address: &str) -> Self {
        Self {
            address: address.parse().expect("an address"),
            ..self.clone()
        }
    }

    /// Asks for something.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path).await
    }

    /// Asks by any method.
    pub async fn call(&self, method: Method, path: &str) -> Answer {
        let from = SocketAddr::new(self.address, 50_000);
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .extension(ConnectInfo(from));
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request.body(Body::empty()).expect("a request");
        match self.router.clone().oneshot(request).await {
            Ok(response) => Answer::read(response).await,
            Err(never) => match never {},
        }
    }
}
