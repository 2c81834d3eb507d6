//! Challenges that browsers are to have signed by passkeys. Each is used once and lives for minutes; whoever signs in by a
//! passkey alone is nobody yet, so a challenge is of no tenant.

use base::{Timestamp, UserId};
use tenancy::passkey::{ChallengePurpose, UserHandle};
use tenancy::token::TokenDigest;

use crate::{Column, Error, ReadTx, Row, Value, WriteTx, columns, sql, values, word_columns};

columns! {
    "passkey_challenge" passkey_challenge => PasskeyChallenge {
        digest, purpose, user = "user_id", handle, created_at, expires_at
    }
}
word_columns!(ChallengePurpose);

/// A challenge that waits for its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyChallenge {
    /// What it is found by.
    pub digest: TokenDigest,
    /// What it was given out for.
    pub purpose: ChallengePurpose,
    /// For whom; for anybody when nobody is known yet.
    pub user: Option<UserId>,
    /// What the authenticator of a new passkey is told to know its owner by.
    pub handle: Option<UserHandle>,
    /// When it was given out.
    pub created_at: Timestamp,
    /// The first moment at which the answer comes too late.
    pub expires_at: Timestamp,
}

impl Column for UserHandle {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        row.word(column, Self::parse)
    }

    fn value(&self) -> Value<'_> {
        Value::from(self.to_text())
    }
}

/// Stores a challenge, in place of those that its user had for the same.
pub async fn insert(tx: &mut WriteTx, challenge: &PasskeyChallenge) -> Result<(), Error> {
    if let Some(user) = challenge.user {
        let delete = sql!("DELETE FROM passkey_challenge WHERE user_id = $1 AND purpose = $2");
        let values = values![user, challenge.purpose.as_str()];
        tx.execute(delete, &values).await?;
    }
    tx.insert(challenge).await
}

/// A challenge.
pub async fn by_digest(
    tx: &mut ReadTx,
    digest: &TokenDigest,
) -> Result<Option<PasskeyChallenge>, Error> {
    let statement = sql!(
        "SELECT ",
        passkey_challenge!(),
        " FROM passkey_challenge WHERE digest = $1"
    );
    tx.record(statement, &values![digest.as_bytes()]).await
}

/// Uses a challenge up; `false` when it was before.
pub async fn delete(tx: &mut WriteTx, digest: &TokenDigest) -> Result<bool, Error> {
    let delete = sql!("DELETE FROM passkey_challenge WHERE digest = $1");
    Ok(tx.execute(delete, &values![digest.as_bytes()]).await? == 1)
}

/// Deletes some challenges, at most the limit, that ended before a moment.
pub async fn delete_ended(
    tx: &mut WriteTx,
    (before, limit): &(Timestamp, i64),
) -> Result<u64, Error> {
    let delete = sql!(
        "DELETE FROM passkey_challenge WHERE digest IN
           (SELECT digest FROM passkey_challenge WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)"
    );
    tx.execute(delete, &values![*before, *limit]).await
}
