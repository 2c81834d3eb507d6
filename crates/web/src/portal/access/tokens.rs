//! One's own API tokens: which there are, making one, ending one (security S-23, S-44).

pub mod create;
pub mod list;
pub mod revoke;

use base::ApiTokenId;
use flow::Caller;
use flow::access::api_token::list_tokens::own_token;
use tenancy::api_token::ApiToken;

use crate::portal::gate::allowed::Object;
use crate::portal::gate::permitted::Own;
use crate::portal::page::refused::Refusal;
use crate::portal::state::Portal;
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default()
        .get(LIST, Own, list::list)
        .post(LIST, Own, create::create)
        .get("/settings/tokens/{id}/revoke", Own, revoke::form)
        .post("/settings/tokens/{id}/revoke", Own, revoke::revoke)
}

/// The page with all of them.
const LIST: &str = "/settings/tokens";

/// A colleague's is not there either.
impl Object for ApiToken {
    async fn load(portal: &Portal, caller: &Caller, id: &str) -> Result<Option<Self>, Refusal> {
        let Ok(id) = ApiTokenId::from_suffix(id) else {
            return Ok(None);
        };
        Ok(own_token(&portal.app, caller, id).await?)
    }
}
