//! The ACME door (RFC 8555): the directories, their resources, and what every answer carries.

mod account;
mod authorization;
mod browser;
mod certificate;
mod directory;
mod door;
mod finish;
mod order;
mod problem;
mod respond;
mod revocation;
mod signed;
mod unsigned;

use acme::paths::Paths;
use axum::Router;
use axum::routing::{MethodRouter, get, post};
use flow::App;
use flow::memory::measures::DoorName;

use self::door::Door;
use self::finish::Finish;
use crate::request::body::Bodies;
use crate::request::measure::Measure;

/// The resources of all directories at the origin of the settings.
pub fn router(app: App) -> Router {
    let origin = app.settings().acme_origin.clone();
    router_at(app, &origin)
}

/// The same under another origin, for a stand-in of a test server.
pub fn router_at(app: App, origin: &str) -> Router {
    let routes = routes(&app.settings().paths.pattern());
    let called = routes.iter().map(|(path, name, _)| (path.clone(), *name));
    let measure = Measure::new(&app, DoorName::Acme, called);
    let door = Door {
        app,
        origin: origin.into(),
        bodies: Bodies::default(),
    };
    routes
        .into_iter()
        .fold(Router::new(), |router, (path, _, handlers)| {
            router.route(&path, handlers)
        })
        .fallback(directory::not_found)
        .method_not_allowed_fallback(directory::method_not_allowed)
        .layer(Finish::new(&door))
        .layer(measure)
        .with_state(door)
}

/// A resource: its path, its name in RFC 8555 §7.1, and who answers.
type Resource = (String, &'static str, MethodRouter<Door>);

fn routes(paths: &Paths) -> Vec<Resource> {
    let at = |path: &str, name, handlers| (path.to_owned(), name, handlers);
    let directory = || get(directory::directory).post(directory::directory_as_post);
    let below = |path: &str, name, handlers| (format!("{path}/"), name, handlers);
    let with_id = |path: &str, name, handlers| (format!("{path}{{id}}"), name, handlers);
    let below_id =
        |path: &str, rest, name, handlers| (format!("{path}{{id}}/{rest}"), name, handlers);
    vec![
        at(&paths.directory, "directory", directory()),
        // People paste it so.
        below(&paths.directory, "directory", directory()),
        at(
            &paths.new_nonce,
            "newNonce",
            get(directory::new_nonce).post(directory::new_nonce_as_post),
        ),
        at(&paths.new_account, "newAccount", post(account::new_account)),
        with_id(&paths.account, "account", post(account::account)),
        at(&paths.key_change, "keyChange", post(account::key_change)),
        with_id(&paths.orders, "orders", post(order::orders)),
        at(&paths.new_order, "newOrder", post(order::new_order)),
        at(
            &paths.new_authorization,
            "newAuthz",
            post(authorization::new_authorization),
        ),
        with_id(&paths.order, "order", post(order::order)),
        with_id(&paths.finalize, "finalize", post(order::finalize)),
        with_id(
            &paths.authorization,
            "authorization",
            post(authorization::authorization),
        ),
        below_id(
            &paths.challenge,
            "{type}",
            "challenge",
            post(authorization::challenge),
        ),
        with_id(
            &paths.certificate,
            "certificate",
            post(certificate::certificate),
        ),
        below_id(
            &paths.certificate,
            "{number}",
            "certificate",
            post(certificate::alternate),
        ),
        at(
            &paths.revoke_certificate,
            "revokeCert",
            post(revocation::revoke_certificate),
        ),
    ]
}
