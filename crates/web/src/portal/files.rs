//! Style, scripts, font and icon.

use axum::extract::Path;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use crate::portal::gate::permitted::Public;
use crate::portal::page::assets::{self, CACHE_FOR_EVER};
use crate::portal::page::refused::Refusal;

/// `GET /assets/{file}`.
pub(super) async fn asset(
    _: Public,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let asset = assets::find(&file).ok_or(Refusal::NotFound)?;
    let common = [
        (header::CONTENT_TYPE, asset.content_type),
        (header::CACHE_CONTROL, CACHE_FOR_EVER),
        (header::VARY, "accept-encoding"),
    ];
    let packed = asset.gzip.as_ref().filter(|_| takes_gzip(&headers));
    Ok(match packed {
        Some(packed) => {
            let encoding = [(header::CONTENT_ENCODING, "gzip")];
            (common, encoding, packed.as_slice()).into_response()
        }
        None => (common, asset.bytes.as_slice()).into_response(),
    })
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            name.trim() == "gzip" && !matches!(weight.trim(), "q=0" | "q=0.0")
        })
}
