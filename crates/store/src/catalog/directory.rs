//! ACME directories, with the CAs and profiles that stand in them.

use base::{CaId, ProfileVersionId, Timestamp};

use crate::{Error, ReadTx, WriteTx, columns, sql, values};

/// An ACME directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directory {
    /// The last segment of its URL.
    pub slug: String,
    /// What is ordered there.
    pub product_code: String,
    /// Whether nobody trusts what it issues.
    pub is_test: bool,
    /// Its rules, JSON.
    pub config: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was closed.
    pub retired_at: Option<Timestamp>,
}

/// A CA of a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryCa {
    /// The directory.
    pub directory: String,
    /// The CA.
    pub ca: CaId,
    /// The first one signs.
    pub position: i64,
}

/// A profile of a directory, in the version by which certificates are made now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryProfile {
    /// The directory.
    pub directory: String,
    /// What the profile is called.
    pub profile_name: String,
    /// Its version.
    pub version: ProfileVersionId,
    /// Whether orders that name none get this one.
    pub is_default: bool,
}

columns! { "directory" directory => Directory {
    slug, product_code, is_test, config, created_at, retired_at
} }
columns! { "directory_ca" directory_ca => DirectoryCa { directory, ca = "ca_id", position } }
columns! { "directory_profile" directory_profile => DirectoryProfile {
    directory, profile_name, version = "profile_version_id", is_default
} }

/// Every directory, in the order of their slugs.
pub async fn all(tx: &mut ReadTx, (): &()) -> Result<Vec<Directory>, Error> {
    let statement = sql!("SELECT ", directory!(), " FROM directory ORDER BY slug");
    tx.records(statement, &[]).await
}

/// The CAs of all directories, those that sign first.
pub async fn cas(tx: &mut ReadTx) -> Result<Vec<DirectoryCa>, Error> {
    let statement = sql!(
        "SELECT ",
        directory_ca!(),
        " FROM directory_ca ORDER BY directory, position, ca_id"
    );
    tx.records(statement, &[]).await
}

/// The profiles of all directories.
pub async fn profiles(tx: &mut ReadTx) -> Result<Vec<DirectoryProfile>, Error> {
    let statement = sql!(
        "SELECT ",
        directory_profile!(),
        " FROM directory_profile ORDER BY directory, profile_name"
    );
    tx.records(statement, &[]).await
}

/// Stores a directory; `false` when there is one of this slug.
pub async fn insert(tx: &mut WriteTx, new: &Directory) -> Result<bool, Error> {
    tx.insert_new(new).await
}

/// Gives a directory other rules, or closes it.
pub async fn update(tx: &mut WriteTx, changed: &Directory) -> Result<(), Error> {
    let statement = sql!("UPDATE directory SET config = $2, retired_at = $3 WHERE slug = $1");
    let values = values![&changed.slug, &changed.config, changed.retired_at];
    tx.execute(statement, &values).await.map(drop)
}

/// Puts these CAs into a directory, in place of those that stand there.
pub async fn set_cas(tx: &mut WriteTx, directory: &str, cas: &[DirectoryCa]) -> Result<(), Error> {
    let statement = sql!("DELETE FROM directory_ca WHERE directory = $1");
    tx.execute(statement, &values![directory]).await?;
    for ca in cas {
        tx.insert(ca).await?;
    }
    Ok(())
}

/// Puts this profile into a directory, in place of what stands there.
pub async fn set_profile(tx: &mut WriteTx, profile: &DirectoryProfile) -> Result<(), Error> {
    let statement = sql!("DELETE FROM directory_profile WHERE directory = $1");
    tx.execute(statement, &values![&profile.directory]).await?;
    tx.insert(profile).await
}
