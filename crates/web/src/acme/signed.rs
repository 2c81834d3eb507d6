//! The checks of RFC 8555 §6 that stand before every handler: a body can only be read as a [`Signed`] or
//! [`SignedByKey`] value, so no handler can forget one. The cheap ones come first: type, shape, URL,
//! algorithm, nonce; then the signature.

use std::sync::Arc;

use acme::paths::Urls;
use acme::{Jwk, Jws};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, Uri, header};
use base::AccountId;
use flow::caller::Client;
use flow::issuance::find_account::find_account;
use flow::issuance::redeem_nonce::redeem_nonce;
use flow::issuance::test_account::find_test_account;
use flow::memory::accounts::KnownAccount;
use flow::operations::rates::{count_unsigned, was_signed};
use flow::{App, Caller};

use super::door::{Door, In};
use super::problem::Refusal;

/// No ACME request is larger: an order of 100 names is under 10 KiB, a CSR under 60.
const MAX_BODY: usize = 128 * 1024;

/// A request that a valid account has signed.
pub(crate) struct Signed {
    /// The directory that it was sent to.
    pub(crate) at: In,
    pub(crate) account: Arc<KnownAccount>,
    pub(crate) payload: Payload,
    pub(crate) caller: Caller,
}

/// A request that somebody signed with the key in it.
pub(crate) struct SignedByKey {
    /// The directory that it was sent to.
    pub(crate) at: In,
    pub(crate) key: Jwk,
    pub(crate) url: String,
    pub(crate) payload: Payload,
    pub(crate) caller: Caller,
}

/// A request signed in either way; only revocation allows both.
pub(crate) enum SignedByEither {
    Account(Signed),
    Key(SignedByKey),
}

/// What was signed, and the URL it was signed for.
pub(crate) struct Payload(Jws);

impl Payload {
    pub(crate) fn bytes(&self) -> &[u8] {
        self.0.payload()
    }

    pub(crate) fn url(&self) -> &str {
        self.0.url()
    }

    pub(crate) fn is_post_as_get(&self) -> bool {
        self.0.is_post_as_get()
    }

    /// The payload of a request that only reads (RFC 8555 §6.3).
    pub(crate) fn expect_post_as_get(&self) -> Result<(), Refusal> {
        if self.is_post_as_get() {
            return Ok(());
        }
        let detail =
            "this resource is read by POST-as-GET: sign an empty payload (RFC 8555 section 6.3)";
        Err(Refusal::malformed(detail))
    }
}

impl FromRequest<Door> for SignedByEither {
    type Rejection = Refusal;

    async fn from_request(request: Request, door: &Door) -> Result<Self, Refusal> {
        let (mut parts, body) = request.into_parts();
        check_content_type(&parts.headers)?;
        let at = parts.extensions.remove::<In>();
        let at = at.ok_or_else(Refusal::no_directory)?;
        let client = parts.extensions.remove::<Client>().unwrap_or_default();
        count_unsigned(&door.app, &client)?;
        let body = door.bodies.read(body, MAX_BODY, client.network());
        let jws = Jws::parse(&body.await?)?;
        jws.check_url(&requested_url(&door.origin, &parts.uri))?;
        match jws.kid() {
            Some(_) => {
                let signed = by_account(&door.app, at, jws, client).await?;
                was_signed(&door.app, &signed.caller.client);
                Ok(Self::Account(signed))
            }
            None => by_key(&door.app, at, jws, client).await.map(Self::Key),
        }
    }
}

impl FromRequest<Door> for Signed {
    type Rejection = Refusal;

    async fn from_request(request: Request, door: &Door) -> Result<Self, Refusal> {
        match SignedByEither::from_request(request, door).await? {
            SignedByEither::Account(signed) => Ok(signed),
            SignedByEither::Key(_) => Err(Refusal::malformed(
                "sign this request as your account: send \"kid\" with the account URL, not \"jwk\"",
            )),
        }
    }
}

impl FromRequest<Door> for SignedByKey {
    type Rejection = Refusal;

    async fn from_request(request: Request, door: &Door) -> Result<Self, Refusal> {
        match SignedByEither::from_request(request, door).await? {
            SignedByEither::Key(signed) => Ok(signed),
            SignedByEither::Account(_) => Err(Refusal::malformed(
                "sign this request with the key itself: send \"jwk\", not \"kid\"",
            )),
        }
    }
}

async fn by_account(app: &App, at: In, jws: Jws, client: Client) -> Result<Signed, Refusal> {
    let kid = jws.kid().unwrap_or_default();
    let (id, is_production) = account_in(app, &at, kid)?;
    let account = find_account(app, id).await?;
    let account = account.ok_or_else(|| Refusal::no_account(kid))?;
    jws.check_algorithm(account.key())?;
    redeem(app, &jws).await?;
    jws.verify(account.key())?;
    account.status.check_usable()?;
    let account = if is_production {
        find_test_account(app, &at, account.id).await?
    } else {
        Some(account)
    };
    let account = account.filter(|account| account.directory == at.slug);
    let account = account.ok_or_else(|| Refusal::no_account(jws.kid().unwrap_or_default()))?;
    Ok(Signed {
        caller: account.caller(client),
        at,
        account,
        payload: Payload(jws),
    })
}

/// The account whose URL this is, and whether it is one of the production directory beside this test directory, which some
/// clients use there too.
fn account_in(app: &App, at: &In, kid: &str) -> Result<(AccountId, bool), Refusal> {
    let urls = at.urls();
    if let Some(id) = urls.account_id_from_url(kid) {
        return Ok((id, false));
    }
    let Some(slug) = directory_of(app, &urls, kid) else {
        return Err(Refusal::foreign_kid(kid));
    };
    let catalog = app.catalog();
    let other = catalog.directory(slug);
    let Some(other) = other.filter(|other| other.slug != at.slug) else {
        return Err(Refusal::no_account(kid));
    };
    if at.production.as_ref() != Some(&other.slug) {
        return Err(Refusal::other_directory(
            &other.slug,
            &at.slug,
            &urls.directory(),
        ));
    }
    let id = urls.with_paths(&other.paths).account_id_from_url(kid);
    Ok((id.ok_or_else(|| Refusal::no_account(kid))?, true))
}

/// The directory that an account with this URL would belong to, if the URL has the shape of one of ours.
fn directory_of<'u>(app: &App, urls: &Urls<'_>, kid: &'u str) -> Option<&'u str> {
    let shape = app.settings().paths;
    let slug = shape.slug_in(urls.path_of(kid)?);
    let slug = slug.or(urls.is_account(kid).then_some(""))?;
    urls.with_paths(&shape.of(slug))
        .is_account(kid)
        .then_some(slug)
}

async fn by_key(app: &App, at: In, jws: Jws, client: Client) -> Result<SignedByKey, Refusal> {
    let key = jws
        .jwk()
        .cloned()
        .ok_or_else(|| Refusal::malformed("the JWS has no key"))?;
    jws.check_algorithm(key.public_key())?;
    redeem(app, &jws).await?;
    jws.verify(key.public_key())?;
    Ok(SignedByKey {
        key,
        at,
        url: jws.url().to_owned(),
        payload: Payload(jws),
        caller: Caller::visitor(client),
    })
}

async fn redeem(app: &App, jws: &Jws) -> Result<(), Refusal> {
    if redeem_nonce(app, jws.nonce()).await {
        Ok(())
    } else {
        Err(Refusal::bad_nonce())
    }
}

/// RFC 8555 §6.2 wants 415 for everything else.
fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = value
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim();
    if essence.eq_ignore_ascii_case("application/jose+json") {
        return Ok(());
    }
    let detail = "send requests as Content-Type: application/jose+json (RFC 8555 section 6.2)";
    Err(Refusal::malformed(detail).with_status(415))
}

fn requested_url(origin: &str, uri: &Uri) -> String {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    format!("{origin}{path}")
}
