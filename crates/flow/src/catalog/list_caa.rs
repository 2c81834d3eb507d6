//! In which directories CAA records are checked (RFC 8659), for the operator: it depends on names that nobody but them knows.

use std::sync::Arc;

use store::catalog::ca::{self, Ca, Trust};
use store::catalog::directory::{self, Directory, DirectoryCa};
use store::{ReadTx, Store};

use crate::App;
use crate::caller::system;
use crate::memory::catalog::{CatalogError, Directory as Open, read_rules};

/// One directory that takes orders, or would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaaStanding {
    /// Its name.
    pub directory: String,
    /// The names by which CAA records call us; without any, none are asked for.
    pub identities: Vec<String>,
    /// Whether its CA is publicly trusted, so that it is closed without such names.
    pub is_public: bool,
}

/// The directories of a running node.
pub fn list_caa(app: &App) -> Vec<CaaStanding> {
    let catalog = app.catalog();
    let standing = |each: &Arc<Open>| CaaStanding {
        directory: each.slug.clone(),
        identities: each.meta.caa_identities.clone(),
        is_public: each.issuing.trust == Trust::Public,
    };
    catalog.directories().into_iter().map(standing).collect()
}

/// Those of a database, closed ones that could be open among them; `default` is what settings say.
pub async fn list_stored_caa(
    store: &Store,
    default: &[String],
) -> Result<Vec<CaaStanding>, CatalogError> {
    let rows: Rows = store.within(system("doctor")).read((), load).await?;
    let open = rows
        .directories
        .iter()
        .filter(|each| each.retired_at.is_none());
    let standing = |each: &Directory| {
        let own = read_rules(each)?;
        // A test directory follows the rules of the one that it stands beside.
        let leading = own.production.as_ref().and_then(|slug| {
            let mut all = rows.directories.iter();
            all.find(|other| other.slug == *slug)
        });
        let rules = match leading {
            Some(leading) => read_rules(leading)?,
            None => own,
        };
        Ok(CaaStanding {
            directory: each.slug.clone(),
            identities: rules.identities(default).to_vec(),
            is_public: rows.is_public(&each.slug),
        })
    };
    open.map(standing).collect()
}

struct Rows {
    cas: Vec<Ca>,
    directories: Vec<Directory>,
    placed: Vec<DirectoryCa>,
}

impl Rows {
    /// By the first CA that is in use.
    fn is_public(&self, slug: &str) -> bool {
        let mut placed = self.placed.iter().filter(|each| each.directory == slug);
        let first = placed.find_map(|each| {
            let mut all = self.cas.iter();
            all.find(|ca| ca.id == each.ca && ca.retired_at.is_none())
        });
        first.is_some_and(|ca| ca.trust == Trust::Public)
    }
}

async fn load(tx: &mut ReadTx, (): &()) -> Result<Rows, store::Error> {
    Ok(Rows {
        cas: ca::all(tx, &()).await?,
        directories: directory::all(tx, &()).await?,
        placed: directory::cas(tx).await?,
    })
}
