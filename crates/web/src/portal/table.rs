//! The one table of routes with their handlers. The router, the menu, the addresses that a form may name and the tests of
//! isolation are all made from it.

use axum::Router;
use axum::handler::Handler;
use axum::routing::{MethodRouter, get, post};

use super::route::{Grant, PortalRoute, Routes};
use super::state::Portal;

/// Routes with their handlers.
#[derive(Default)]
pub(super) struct Table {
    routes: Vec<PortalRoute>,
    router: Router<Portal>,
}

impl Table {
    /// A page; its handler takes [`Permitted`](super::gate::permitted::Permitted) with this grant.
    pub(super) fn get<P: Grant, T: 'static>(
        self,
        path: &'static str,
        grant: P,
        handler: impl Handler<T, Portal>,
    ) -> Self {
        self.with("GET", path, grant, get(handler))
    }

    /// A form; its handler takes the same.
    pub(super) fn post<P: Grant, T: 'static>(
        self,
        path: &'static str,
        grant: P,
        handler: impl Handler<T, Portal>,
    ) -> Self {
        self.with("POST", path, grant, post(handler))
    }

    fn with<P: Grant>(
        mut self,
        method: &'static str,
        path: &'static str,
        _: P,
        handler: MethodRouter<Portal>,
    ) -> Self {
        self.routes.push(PortalRoute {
            method,
            path,
            may_call: P::MAY_CALL,
        });
        self.router = self.router.route(path, handler);
        self
    }

    /// These and those.
    pub(super) fn and(mut self, others: Self) -> Self {
        self.routes.extend(others.routes);
        self.router = self.router.merge(others.router);
        self
    }

    /// What is known of the routes, and the router.
    pub(super) fn into_parts(self) -> (Routes, Router<Portal>) {
        (Routes::new(self.routes), self.router)
    }
}

/// Every route, for tests that call them all.
pub fn portal_routes() -> Vec<PortalRoute> {
    super::table().routes
}

#[cfg(test)]
mod tests {
    use super::super::route::MayCall;
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let (routes, _) = super::super::table().into_parts();
        assert_eq!(routes.local_path(text), expected, "{text}");
    }

    #[test]
    fn s28_redirects_stay_in_the_portal() {
        check("/domains?q=a&after=b", "/domains?q=a&after=b");
        check("/accounts/0abc/credentials", "/accounts/0abc/credentials");
        check("/", "/");
        check("/?x", "/?x");
        for foreign in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example/",
            "/sign-in",
            "/sign-out",
            "/signed-out",
            "/domains/",
            "/domains/preview/x",
            "/settings/profile",
            "/nowhere",
            "/domains\r\nx: y",
            "/../x",
            "domains",
        ] {
            check(foreign, "/");
        }
    }

    #[test]
    fn s29_no_route_is_there_twice_and_only_the_door_is_open() {
        let routes = portal_routes();
        for (place, route) in routes.iter().enumerate() {
            let before = &routes[..place];
            assert!(
                !before
                    .iter()
                    .any(|other| (other.method, other.path) == (route.method, route.path)),
                "{route:?}"
            );
        }
        let open: Vec<_> = routes
            .iter()
            .filter(|route| route.may_call == MayCall::Everybody)
            .map(|route| (route.method, route.path))
            .collect();
        let door = [
            ("GET", "/sign-in"),
            ("POST", "/sign-in"),
            ("POST", "/sign-in/passkey/ask"),
            ("POST", "/sign-in/passkey"),
            ("GET", "/sign-in/code"),
            ("POST", "/sign-in/code"),
            ("POST", "/sign-in/code/passkey"),
            ("GET", "/sign-in/organization"),
            ("GET", "/sign-in/oidc/{name}"),
            ("GET", "/sign-in/oidc/{name}/callback"),
            ("GET", "/signed-out"),
            ("GET", "/forgotten"),
            ("POST", "/forgotten"),
            // For whoever holds what stands in the path.
            ("GET", "/link/{token}"),
            ("POST", "/link/{token}"),
            ("POST", "/link/{token}/rules"),
            ("GET", "/domain-proof/{token}"),
            ("POST", "/domain-proof/{token}"),
            // Nobody's data, and not in what is delivered.
            ("GET", "/design"),
            ("GET", "/assets/{file}"),
        ];
        assert_eq!(open, door);
    }
}
