//! revokeCert (RFC 8555 §7.6).

use axum::extract::State;
use axum::http::StatusCode;
use flow::issuance::revoke::{Signed as By, revoke};
use flow::{App, Caller};

use super::problem::Refusal;
use super::signed::SignedByEither;

pub(crate) async fn revoke_certificate(
    State(app): State<App>,
    signed: SignedByEither,
) -> Result<StatusCode, Refusal> {
    match signed {
        SignedByEither::Account(signed) => {
            revoke(
                &app,
                &signed.caller,
                By::Account(&signed.account),
                signed.payload.bytes(),
            )
            .await?;
        }
        SignedByEither::Key(signed) => {
            let caller = Caller::certificate_key(signed.caller.client);
            revoke(&app, &caller, By::Key(&signed.key), signed.payload.bytes()).await?;
        }
    }
    Ok(StatusCode::OK)
}
