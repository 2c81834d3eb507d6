//! newOrder, the order resource, finalize, and an account's list of orders (RFC 8555 §7.4, §7.1.2.1).

use acme::order::{List, OrderObject, OrderStatus};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use base::{AccountId, OrderId};
use flow::App;
use flow::issuance::finalize::finalize as run_finalize;
use flow::issuance::list_account_orders::list_orders;
use flow::issuance::new_order::new_order as run_new_order;
use flow::issuance::order_view::OrderView;
use flow::issuance::read_order::read_order;
use serde::Deserialize;

use super::door::{ById, In};
use super::problem::Refusal;
use super::respond::{Extend, json};
use super::signed::Signed;

pub(crate) async fn new_order(State(app): State<App>, signed: Signed) -> Result<Response, Refusal> {
    let Signed {
        at,
        account,
        caller,
        payload,
    } = &signed;
    let order = run_new_order(&app, caller, at, account, payload.bytes()).await?;
    Ok(represent(&app, at, &order)?.status(StatusCode::CREATED))
}

pub(crate) async fn order(
    State(app): State<App>,
    Path(ById { id }): Path<ById>,
    signed: Signed,
) -> Result<Response, Refusal> {
    signed.payload.expect_post_as_get()?;
    let id = parse(&id)?;
    let found = read_order(&app, &signed.caller, &signed.account, id).await?;
    represent(&app, &signed.at, &found.ok_or_else(Refusal::not_found)?)
}

pub(crate) async fn finalize(
    State(app): State<App>,
    Path(ById { id }): Path<ById>,
    signed: Signed,
) -> Result<Response, Refusal> {
    let id = parse(&id)?;
    let Signed {
        at,
        account,
        caller,
        payload,
    } = &signed;
    let order = run_finalize(&app, caller, at, account, (id, payload.bytes())).await?;
    represent(&app, at, &order)
}

#[derive(Deserialize)]
pub(crate) struct Cursor {
    cursor: Option<String>,
}

pub(crate) async fn orders(
    State(app): State<App>,
    Path(ById { id }): Path<ById>,
    Query(Cursor { cursor }): Query<Cursor>,
    signed: Signed,
) -> Result<Response, Refusal> {
    signed.payload.expect_post_as_get()?;
    if AccountId::from_suffix(&id).ok() != Some(signed.account.id) {
        return Err(Refusal::malformed("this is another account's list").with_status(403));
    }
    let after = cursor.as_deref().map(parse).transpose()?;
    let page = list_orders(&app, &signed.caller, &signed.account, after).await?;
    let urls = signed.at.urls();
    let orders = page.orders.iter().map(|id| urls.order(*id)).collect();
    let response = json(&List { orders })?;
    Ok(match page.next {
        Some(next) => {
            let base = urls.orders(signed.account.id);
            response.link(&format!("{base}?cursor={}", next.suffix()), "next")
        }
        None => response,
    })
}

fn parse(id: &str) -> Result<OrderId, Refusal> {
    OrderId::from_suffix(id).map_err(|_| Refusal::not_found())
}

fn represent(app: &App, at: &In, order: &OrderView) -> Result<Response, Refusal> {
    let urls = at.urls();
    let identifiers = order.identifiers.as_ref().ok_or_else(Refusal::not_found)?;
    let document = OrderObject {
        status: order.status,
        expires: order.expires.truncated_to_second(),
        identifiers,
        not_before: order.not_before,
        not_after: order.not_after,
        error: order.error.as_ref(),
        authorizations: order
            .authorizations
            .iter()
            .map(|id| urls.authorization(*id))
            .collect(),
        finalize: urls.finalize(order.id),
        certificate: order.certificate.map(|id| urls.certificate(id)),
    };
    let response = json(&document)?.location(&urls.order(order.id));
    Ok(match order.status {
        OrderStatus::Processing => response.retry_after(app.settings().retry_after),
        OrderStatus::Pending | OrderStatus::Ready | OrderStatus::Valid | OrderStatus::Invalid => {
            response
        }
    })
}
