//! Who signs and where: the CAs with their keys and lists, and the directories. For whoever runs the installation.

use std::collections::HashMap;

use base::{CaId, ProfileVersionId, Timestamp};
use pki::Certificate;
use store::ReadTx;
use store::catalog::ca::{self, Trust};
use store::catalog::{directory, profile};
use store::issuance::crl;

use crate::{App, Caller};

/// Who signs and where.
#[derive(Clone, Debug)]
pub struct Authorities {
    /// The CAs, the oldest first.
    pub issuers: Vec<IssuerLine>,
    /// The directories, by their names; closed ones too.
    pub directories: Vec<DirectoryLine>,
}

/// A CA.
#[derive(Clone, Debug)]
pub struct IssuerLine {
    /// Its identifier.
    pub id: CaId,
    /// Its name.
    pub name: String,
    /// `root`, `intermediate`, `issuing`, `server` or `alternate`.
    pub kind: String,
    /// The name of who signed its certificate; none for a root.
    pub parent: Option<String>,
    /// Who believes it.
    pub trust: Trust,
    /// What kind of key it has; none where its certificate cannot be read.
    pub key: Option<String>,
    /// Whether the key is here, and not elsewhere.
    pub has_key: bool,
    /// Until when its certificate is valid.
    pub ends_at: Option<Timestamp>,
    /// When it stopped signing.
    pub retired_at: Option<Timestamp>,
    /// Its newest list of revoked certificates.
    pub crl: Option<CrlLine>,
    /// Where it signs.
    pub signs_in: Vec<String>,
}

/// A list of revoked certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CrlLine {
    /// Its number.
    pub number: i64,
    /// How many certificates are in it.
    pub entries: i64,
    /// When it was made.
    pub made_at: Timestamp,
    /// By when the next one is out.
    pub next_at: Timestamp,
}

/// A directory.
#[derive(Clone, Debug)]
pub struct DirectoryLine {
    /// The last segment of its URL.
    pub slug: String,
    /// Where clients find it.
    pub url: String,
    /// What is ordered there.
    pub product: String,
    /// Whether nobody trusts what it issues.
    pub is_test: bool,
    /// Who signs there.
    pub issuer: Option<String>,
    /// What certificates look like: profile and version.
    pub profile: Option<(String, i64)>,
    /// How many offers lead there.
    pub offers: usize,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
}

struct Rows {
    cas: Vec<ca::Ca>,
    crls: HashMap<CaId, CrlLine>,
    directories: Vec<directory::Directory>,
    signers: Vec<directory::DirectoryCa>,
    chosen: Vec<directory::DirectoryProfile>,
    profiles: HashMap<ProfileVersionId, (String, i64)>,
}

/// All of them.
pub async fn show_authorities(app: &App, caller: &Caller) -> Result<Authorities, store::Error> {
    let rows = app.store(caller).scan((), load).await?;
    let directories = rows.directories.iter();
    Ok(Authorities {
        directories: directories.map(|each| line(app, &rows, each)).collect(),
        issuers: rows.cas.iter().map(|each| issuer(&rows, each)).collect(),
    })
}

async fn load(tx: &mut ReadTx, (): &()) -> Result<Rows, store::Error> {
    let cas = ca::all(tx, &()).await?;
    let mut crls = HashMap::new();
    for each in &cas {
        if let Some(found) = crl::newest(tx, &each.id).await? {
            let line = CrlLine {
                number: found.number,
                entries: found.entries,
                made_at: found.this_update,
                next_at: found.next_update,
            };
            crls.insert(each.id, line);
        }
    }
    let profiles = profile::all(tx, &()).await?.into_iter();
    Ok(Rows {
        cas,
        crls,
        directories: directory::all(tx, &()).await?,
        signers: directory::cas(tx).await?,
        chosen: directory::profiles(tx).await?,
        profiles: profiles
            .map(|each| (each.id, (each.name, each.number)))
            .collect(),
    })
}

fn issuer(rows: &Rows, ca: &ca::Ca) -> IssuerLine {
    let certificate = Certificate::from_der(&ca.certificate).ok();
    let signs = rows.signers.iter().filter(|each| is_first(rows, each));
    IssuerLine {
        id: ca.id,
        name: ca.name.clone(),
        kind: ca.kind.clone(),
        parent: name_of(rows, ca.parent),
        trust: ca.trust,
        key: certificate
            .as_ref()
            .map(|certificate| certificate.key.algorithm().to_string()),
        has_key: ca.private_key.is_some(),
        ends_at: certificate.map(|certificate| certificate.not_after),
        retired_at: ca.retired_at,
        crl: rows.crls.get(&ca.id).copied(),
        signs_in: signs
            .filter(|each| each.ca == ca.id)
            .map(|each| each.directory.clone())
            .collect(),
    }
}

/// Whether it is the one that signs in its directory.
fn is_first(rows: &Rows, of: &directory::DirectoryCa) -> bool {
    let mut own = rows
        .signers
        .iter()
        .filter(|each| each.directory == of.directory);
    own.next() == Some(of)
}

fn name_of(rows: &Rows, id: Option<CaId>) -> Option<String> {
    let found = rows.cas.iter().find(|each| Some(each.id) == id);
    found.map(|found| found.name.clone())
}

fn line(app: &App, rows: &Rows, directory: &directory::Directory) -> DirectoryLine {
    let slug = &directory.slug;
    let signer = rows.signers.iter().find(|each| each.directory == *slug);
    let chosen = rows.chosen.iter();
    let chosen = chosen
        .filter(|each| each.directory == *slug)
        .max_by_key(|each| each.is_default);
    let catalog = app.catalog();
    let offers = catalog.offers().iter();
    DirectoryLine {
        slug: slug.clone(),
        url: app.directory_url(slug),
        product: directory.product_code.clone(),
        is_test: directory.is_test,
        issuer: name_of(rows, signer.map(|each| each.ca)),
        profile: chosen.and_then(|each| rows.profiles.get(&each.version).cloned()),
        offers: offers
            .filter(|offer| offer.product.as_str() == directory.product_code)
            .count(),
        closed_at: directory.retired_at,
    }
}
