//! Certificates as their owner looks at them: lists, one with its chain and proofs, downloads.

pub mod counts;

use acme::authorization::State;
use base::{Actor, CaId, CertificateId, Page, Query, Refusal, Refuse, Slice, Timestamp};
use enrollment::policy::PortalRevoke;
use store::ReadTx;
use store::catalog::offer::{self, Policies};
use store::enrollment::subscription;
use store::issuance::{certificate_list, order_list};

use self::counts::{Counting, Counts};
use super::list_orders::{Attempt, attempt, authorizations};
use crate::{App, Caller};

pub use store::issuance::certificate::{Certificate as Stored, Status};
pub use store::issuance::certificate_list::{
    CertificateFilter, CertificateRow, Cursor, View, is_due,
};
pub use store::issuance::names::Names;

/// A page of certificates, and as of when.
#[derive(Clone, Debug)]
pub struct CertificateListing {
    /// The certificates, those that end first on top.
    pub page: Page<CertificateRow>,
    /// How long the views are, without any other filter.
    pub counts: Counts,
    /// Whether there ever was a certificate.
    pub has_any: bool,
    /// The moment for which it holds.
    pub now: Timestamp,
}

/// Who had a certificate revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revoker {
    /// The ACME client, by its account or the certificate's key.
    Client,
    /// Somebody at the portal; the e-mail address.
    Person(String),
    /// Work of our own, or it is not known.
    Unknown,
}

/// One certificate with all that is known of it.
#[derive(Clone, Debug)]
pub struct CertificateDetail {
    /// As stored.
    pub stored: Stored,
    /// As it reads.
    pub leaf: pki::Certificate,
    /// The CAs above it, the root last.
    pub authorities: Vec<pki::Certificate>,
    /// What its owner calls the subscription; may be empty.
    pub label: String,
    /// How control of the names was proved, as far as it is kept.
    pub proofs: Vec<Attempt>,
    /// Whether the order is still kept.
    pub has_order: bool,
    /// The newest one that has taken its place.
    pub successor: Option<CertificateId>,
    /// Who had it revoked, if it is.
    pub revoker: Option<Revoker>,
    /// Whether people may revoke it in the portal, by the policies of its subscription.
    pub is_revoked_in_portal: bool,
    /// The moment for which it holds.
    pub now: Timestamp,
}

/// Why a certificate cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// What is stored does not read as a certificate.
    #[error("certificate {0} in the database cannot be read")]
    Certificate(CertificateId, #[source] pki::CertificateError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for CertificateError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Certificate(..) => Refusal::internal(self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// What is downloaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The certificate and its issuing CA, PEM.
    ChainPem,
    /// The certificate, DER.
    LeafDer,
    /// The certificate, PEM.
    LeafPem,
    /// The root, PEM.
    RootPem,
}

/// How many certificates a serial number that is only begun may lead to.
const BY_SERIAL: i64 = 50;

/// A page of a tenant's certificates.
pub async fn certificates(
    app: &App,
    caller: &Caller,
    asked: Query<CertificateFilter, Cursor>,
) -> Result<CertificateListing, store::Error> {
    let asked = (asked, app.settings().counted_up_to);
    let listing = app.store(caller).scan(asked, load_page).await?;
    listing.recount(app, caller).await;
    Ok(listing)
}

impl CertificateListing {
    async fn recount(&self, app: &App, caller: &Caller) {
        let Counts {
            valid,
            expiring,
            revoked,
        } = self.counts;
        counts::recount(app, caller, &[valid, expiring, revoked]).await;
    }
}

async fn load_page(
    tx: &mut ReadTx,
    (asked, limit): &(Query<CertificateFilter, Cursor>, i64),
) -> Result<CertificateListing, store::Error> {
    let page = certificate_list::page(tx, asked).await?;
    with_counts(tx, page, Counting::new(asked.filter.now, *limit)).await
}

async fn with_counts(
    tx: &mut ReadTx,
    page: Page<CertificateRow>,
    mut counting: Counting,
) -> Result<CertificateListing, store::Error> {
    let counts = counting.all(tx).await?;
    let has_any = !counts.valid.is_empty() || certificate_list::has_any(tx).await?;
    Ok(CertificateListing {
        page,
        counts,
        has_any,
        now: counting.now,
    })
}

/// A tenant's certificates by their serial number, hexadecimal, or how it begins; whatever became of them.
pub async fn certificates_by_serial(
    app: &App,
    caller: &Caller,
    serial: &str,
) -> Result<CertificateListing, store::Error> {
    let asked = (serial.to_owned(), app.now(), app.settings().counted_up_to);
    let listing = app.store(caller).scan(asked, load_by_serial).await?;
    listing.recount(app, caller).await;
    Ok(listing)
}

async fn load_by_serial(
    tx: &mut ReadTx,
    (serial, now, limit): &(String, Timestamp, i64),
) -> Result<CertificateListing, store::Error> {
    let rows = certificate_list::by_serial(tx, serial, BY_SERIAL).await?;
    let page = Page::cut(rows, &Slice::<Cursor>::Start, usize::MAX);
    with_counts(tx, page, Counting::new(*now, *limit)).await
}

/// The tenant's certificate; `None` when it is another tenant's, there is none, or it is not signed.
pub async fn certificate(
    app: &App,
    caller: &Caller,
    id: CertificateId,
) -> Result<Option<CertificateDetail>, CertificateError> {
    let now = app.now();
    let asked = (id, now, app.catalog().policies());
    let found = app.store(caller).read(asked, load).await?;
    let Some(found) = found else {
        return Ok(None);
    };
    let leaf = pki::Certificate::from_der(&found.stored.der)
        .map_err(|error| CertificateError::Certificate(id, error))?;
    let catalog = app.catalog();
    let authorities = catalog.path(found.stored.ca).into_iter().cloned().collect();
    Ok(Some(CertificateDetail {
        leaf,
        authorities,
        label: found.label,
        proofs: found.proofs,
        has_order: found.has_order,
        successor: found.successor,
        revoker: found.revoker,
        is_revoked_in_portal: found.portal_revoke == PortalRevoke::Role,
        stored: found.stored,
        now,
    }))
}

/// A file and the first name of the certificate it is about.
pub struct Download {
    /// The first name.
    pub name: String,
    /// The content.
    pub bytes: Vec<u8>,
}

/// What is downloaded; `None` when it is another tenant's certificate or there is none.
pub async fn download(
    app: &App,
    caller: &Caller,
    id: CertificateId,
    format: Format,
) -> Result<Option<Download>, store::Error> {
    let store = app.store(caller);
    let found = store
        .read(id, store::issuance::certificate::of_tenant)
        .await?;
    let catalog = app.catalog();
    let above = |found: &Stored| -> Vec<&pki::Certificate> { catalog.path(found.ca) };
    Ok(found.map(|found| Download {
        name: found
            .names
            .first()
            .map(ToString::to_string)
            .unwrap_or_default(),
        bytes: match format {
            Format::ChainPem => {
                let above = above(&found).into_iter();
                let above = above.filter(|each| !each.is_self_signed());
                let chain = std::iter::once(found.der.as_slice());
                pki::pem::encode_chain(chain.chain(above.map(pki::Certificate::der))).into_bytes()
            }
            Format::LeafDer => found.der,
            Format::LeafPem => pki::pem::encode_chain([found.der.as_slice()]).into_bytes(),
            Format::RootPem => {
                let root = above(&found).pop().map(pki::Certificate::to_pem);
                root.unwrap_or_default().into_bytes()
            }
        },
    }))
}

/// The common name of one of our CAs; empty when it is gone.
pub fn ca_name(app: &App, id: CaId) -> String {
    let catalog = app.catalog();
    let found = catalog.certificate(id);
    found.map_or_else(String::new, |certificate| common_name(&certificate.subject))
}

/// The common name in an RFC 4514 text, or the whole text.
pub fn common_name(subject: &str) -> String {
    let name = subject
        .split(',')
        .find_map(|attribute| attribute.trim().strip_prefix("CN="));
    name.unwrap_or(subject).to_owned()
}

struct Found {
    stored: Stored,
    label: String,
    proofs: Vec<Attempt>,
    has_order: bool,
    successor: Option<CertificateId>,
    revoker: Option<Revoker>,
    portal_revoke: PortalRevoke,
}

async fn load(
    tx: &mut ReadTx,
    (id, now, policies): &(CertificateId, Timestamp, Policies),
) -> Result<Option<Found>, store::Error> {
    let Some(stored) = store::issuance::certificate::of_tenant(tx, id).await? else {
        return Ok(None);
    };
    let order = order_list::of_tenant(tx, &stored.order).await?;
    let subscription = subscription::find(tx, &stored.subscription).await?;
    let portal_revoke = match &subscription {
        Some(found) => {
            offer::policy(tx, found.offer_version, policies)
                .await?
                .portal_revoke
        }
        None => PortalRevoke::Role,
    };
    let mut proofs = Vec::new();
    let has_order = order.is_some();
    if let Some(found) = order {
        let kept = authorizations(tx, &found.order).await?;
        let proved = kept
            .iter()
            .filter(|(each, _)| matches!(each.record.state, State::Valid { .. }));
        proofs.extend(proved.map(|each| attempt(&found.order, each, *now)));
    }
    Ok(Some(Found {
        successor: certificate_list::successor(tx, stored.lineage, stored.not_after).await?,
        revoker: revoker(tx, &stored).await?,
        stored,
        label: subscription.map_or_else(String::new, |each| each.label.as_str().to_owned()),
        proofs,
        has_order,
        portal_revoke,
    }))
}

async fn revoker(tx: &mut ReadTx, stored: &Stored) -> Result<Option<Revoker>, store::Error> {
    if stored.status != Status::Revoked {
        return Ok(None);
    }
    let Some(entry) = store::audit::revocation(tx, stored.tenant, stored.id).await? else {
        return Ok(Some(Revoker::Unknown));
    };
    let user = match entry.actor {
        Actor::ApiToken(token) => {
            let token = store::access::api_token::by_id(tx, &token).await?;
            let Some(token) = token else {
                return Ok(Some(Revoker::Unknown));
            };
            Some(token.user)
        }
        Actor::User(user) => Some(user),
        Actor::Account(_)
        | Actor::CertificateKey
        | Actor::CommandLine
        | Actor::System
        | Actor::Visitor => None,
    };
    if let Some(user) = user {
        let user = store::access::user::by_id(tx, user).await?;
        return Ok(Some(user.map_or(Revoker::Unknown, |user| {
            Revoker::Person(user.email.as_str().to_owned())
        })));
    }
    // Requests of clients have an address, our own work has none.
    Ok(Some(if entry.client_address.is_empty() {
        Revoker::Unknown
    } else {
        Revoker::Client
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_names_are_found_among_other_attributes() {
        assert_eq!(common_name("CN=Example DV,O=Example,C=FI"), "Example DV");
        assert_eq!(common_name("C=FI,O=Example,CN=Root"), "Root");
        assert_eq!(common_name("O=Somebody"), "O=Somebody");
    }
}
