//! The ACME door (RFC 8555): the directories, their resources, and what every answer carries.

mod account;
mod authorization;
mod certificate;
mod directory;
mod door;
mod finish;
mod order;
mod problem;
mod respond;
mod revocation;
mod signed;

use axum::Router;
use axum::routing::{get, post};
use flow::App;

use self::door::Door;
use self::finish::Finish;

/// The resources of all directories at the origin of the settings.
pub fn router(app: App) -> Router {
    let origin = app.settings().acme_origin.clone();
    router_at(app, &origin)
}

/// The same under another origin, for a stand-in of a test server.
pub fn router_at(app: App, origin: &str) -> Router {
    let paths = app.settings().paths.pattern();
    let door = Door {
        app,
        origin: origin.into(),
    };
    let with_id = |path: &str| format!("{path}{{id}}");
    Router::new()
        .route(
            &paths.directory,
            get(directory::directory).post(directory::directory_as_post),
        )
        .route(
            &paths.new_nonce,
            get(directory::new_nonce).post(directory::new_nonce_as_post),
        )
        .route(&paths.new_account, post(account::new_account))
        .route(&with_id(&paths.account), post(account::account))
        .route(&paths.key_change, post(account::key_change))
        .route(&with_id(&paths.orders), post(order::orders))
        .route(&paths.new_order, post(order::new_order))
        .route(&with_id(&paths.order), post(order::order))
        .route(&with_id(&paths.finalize), post(order::finalize))
        .route(
            &with_id(&paths.authorization),
            post(authorization::authorization),
        )
        .route(
            &format!("{}/{{type}}", with_id(&paths.challenge)),
            post(authorization::challenge),
        )
        .route(&with_id(&paths.certificate), post(certificate::certificate))
        .route(
            &format!("{}/{{number}}", with_id(&paths.certificate)),
            post(certificate::alternate),
        )
        .route(
            &paths.revoke_certificate,
            post(revocation::revoke_certificate),
        )
        .fallback(directory::not_found)
        .method_not_allowed_fallback(directory::method_not_allowed)
        .layer(Finish::new(&door))
        .with_state(door)
}
