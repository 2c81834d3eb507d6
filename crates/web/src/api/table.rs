//! The one table of routes with their handlers. The router and the tests of isolation are made from it.

use axum::Router;
use axum::handler::Handler;
use axum::routing::get;
use flow::App;

use super::route::{ApiGrant, ApiRoute};

/// Routes with their handlers.
#[derive(Default)]
pub(super) struct Table {
    routes: Vec<ApiRoute>,
    router: Router<App>,
}

impl Table {
    /// Something to read; its handler takes [`Authorized`](super::gate::Authorized) with this grant.
    pub(super) fn get<P: ApiGrant, T: 'static>(
        mut self,
        path: &'static str,
        _: P,
        handler: impl Handler<T, App>,
    ) -> Self {
        self.routes.push(ApiRoute {
            method: "GET",
            path,
            may_call: P::MAY_CALL,
        });
        self.router = self.router.route(path, get(handler));
        self
    }

    /// What is known of the routes, and the router.
    pub(super) fn into_parts(self) -> (Vec<ApiRoute>, Router<App>) {
        (self.routes, self.router)
    }
}

/// Every route, for tests that call them all.
pub fn api_routes() -> Vec<ApiRoute> {
    super::table().into_parts().0
}
