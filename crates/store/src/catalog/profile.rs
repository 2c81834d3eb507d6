//! Profiles: what certificates look like, in versions that never change.

use base::{ProfileVersionId, Timestamp};

use crate::{Error, ReadTx, WriteTx, columns, sql, values};

/// A version of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileVersion {
    /// The version's identifier, which certificates and intents carry.
    pub id: ProfileVersionId,
    /// What clients and the portal call the profile.
    pub name: String,
    /// The version, from 1.
    pub number: i64,
    /// The profile, JSON.
    pub config: String,
    /// When it was made.
    pub created_at: Timestamp,
}

columns! { "profile_version" profile_version => ProfileVersion { id, name, number, config, created_at } }

/// Every version of every profile, oldest first.
pub async fn all(tx: &mut ReadTx, (): &()) -> Result<Vec<ProfileVersion>, Error> {
    let statement = sql!(
        "SELECT ",
        profile_version!(),
        " FROM profile_version ORDER BY name, number"
    );
    tx.records(statement, &[]).await
}

/// Stores a version; `false` when another node stored one of that number first.
pub async fn insert(tx: &mut WriteTx, version: &ProfileVersion) -> Result<bool, Error> {
    let statement = sql!(
        "INSERT INTO profile_version (",
        profile_version!(),
        ") VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"
    );
    let values = values![
        version.id,
        &version.name,
        version.number,
        &version.config,
        version.created_at
    ];
    Ok(tx.execute(statement, &values).await? == 1)
}
