//! What a user proves themselves with besides a password: an authenticator app, and codes for when it is lost. Both are rows
//! of `credential`, as passkeys are.

use base::{TenantId, Timestamp, UserId};
use tenancy::token::TokenDigest;

use super::credential::{CredentialRow, credential};
use crate::seal::{SealContext, SealError, Sealer};
use crate::{Error, ReadTx, WriteTx, sql, values};

/// An authenticator app, its secret sealed.
#[derive(Clone, Debug)]
pub struct StoredTotp {
    /// Whose it is.
    pub user: UserId,
    /// The tenant for which they act.
    pub tenant: TenantId,
    /// The secret, sealed for this row.
    pub sealed: Vec<u8>,
    /// The last step of which a code was taken.
    pub last_step: Option<i64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Since when a code is asked for at every sign-in; `None` before the first right one.
    pub confirmed_at: Option<Timestamp>,
}

/// A code that was right, of a step that is taken from here on.
#[derive(Clone, Copy, Debug)]
pub struct TakenStep {
    /// Whose.
    pub user: UserId,
    /// Which.
    pub step: i64,
    /// When.
    pub at: Timestamp,
}

/// Codes that void those before.
#[derive(Clone, Debug)]
pub struct NewRecoveryCodes {
    /// Whose.
    pub user: UserId,
    /// The tenant for which they act.
    pub tenant: TenantId,
    /// Their digests.
    pub digests: Vec<TokenDigest>,
    /// When they were made.
    pub at: Timestamp,
}

const TOTP: &str = "totp";
const RECOVERY: &str = "recovery";

impl StoredTotp {
    /// The secret of a user, sealed for their row.
    pub fn seal(
        (user, tenant): (UserId, TenantId),
        secret: &[u8],
        at: Timestamp,
        with: (&Sealer, &dyn base::Random),
    ) -> Result<Self, SealError> {
        let (row, owner) = (user.to_string(), tenant.to_string());
        let sealed = with.0.seal(context(&row, &owner), secret, with.1)?;
        Ok(Self {
            user,
            tenant,
            sealed,
            last_step: None,
            created_at: at,
            confirmed_at: None,
        })
    }

    /// The secret in the clear.
    pub fn open(&self, sealer: &Sealer) -> Result<Vec<u8>, SealError> {
        let (row, owner) = (self.user.to_string(), self.tenant.to_string());
        let opened = sealer.open(context(&row, &owner), &self.sealed)?;
        Ok(opened.to_vec())
    }

    /// The secret under the newest sealing key; `None` when it is already.
    pub fn reseal(
        &self,
        sealer: &Sealer,
        random: &dyn base::Random,
    ) -> Result<Option<Vec<u8>>, SealError> {
        let (row, owner) = (self.user.to_string(), self.tenant.to_string());
        sealer.reseal(context(&row, &owner), &self.sealed, random)
    }
}

fn context<'a>(user: &'a str, tenant: &'a str) -> SealContext<'a> {
    SealContext {
        table: "credential",
        column: "secret",
        row: user,
        tenant,
    }
}

/// How many second factors the user that a statement calls by this name has: an authenticator app that is switched on, and
/// passkeys.
macro_rules! second_factors {
    ($user:ident) => {
        concat!(
            "(SELECT COUNT(*) FROM credential f WHERE f.user_id = ",
            stringify!($user),
            ".id AND f.kind IN ('totp', 'passkey') AND f.confirmed_at IS NOT NULL) AS second_factors"
        )
    };
}
pub(crate) use second_factors;

impl From<CredentialRow> for Option<StoredTotp> {
    fn from(row: CredentialRow) -> Self {
        Some(StoredTotp {
            user: row.user_id,
            tenant: row.tenant_id,
            sealed: row.secret?,
            last_step: row.counter,
            created_at: row.created_at,
            confirmed_at: row.confirmed_at,
        })
    }
}

/// The authenticator app of a user, switched on or not.
pub async fn totp(tx: &mut ReadTx, user: &UserId) -> Result<Option<StoredTotp>, Error> {
    let statement = sql!(
        tenant: "SELECT ", credential!(), " FROM credential
         WHERE tenant_id = $1 AND user_id = $2 AND kind = 'totp' AND lookup = ''"
    );
    let row: Option<CredentialRow> = tx.record(statement, &values![user]).await?;
    Ok(row.and_then(Into::into))
}

/// Stores an authenticator app that is not switched on yet, in place of another that is not.
pub async fn put_totp(tx: &mut WriteTx, totp: &StoredTotp) -> Result<(), Error> {
    delete_totp(tx, &totp.user).await?;
    tx.insert(&CredentialRow {
        user_id: totp.user,
        tenant_id: totp.tenant,
        kind: TOTP.to_owned(),
        lookup: String::new(),
        label: None,
        proof: None,
        secret: Some(totp.sealed.clone()),
        counter: None,
        created_at: totp.created_at,
        changed_at: totp.created_at,
        confirmed_at: None,
        last_used_at: None,
    })
    .await
}

/// Switches an authenticator app on, by its first code; `false` when it is on already, or gone.
pub async fn confirm_totp(tx: &mut WriteTx, taken: &TakenStep) -> Result<bool, Error> {
    let confirm = sql!(
        tenant: "UPDATE credential SET confirmed_at = $4, last_used_at = $4, counter = $3
         WHERE tenant_id = $1 AND user_id = $2 AND kind = 'totp' AND lookup = '' AND confirmed_at IS NULL"
    );
    let values = values![taken.user, taken.step, taken.at];
    Ok(tx.execute(confirm, &values).await? == 1)
}

/// Takes a step; `false` when it or a later one was taken before (S-13).
pub async fn take_step(tx: &mut WriteTx, taken: &TakenStep) -> Result<bool, Error> {
    let take = sql!(
        tenant: "UPDATE credential SET counter = $3, last_used_at = $4
         WHERE tenant_id = $1 AND user_id = $2 AND kind = 'totp' AND lookup = ''
           AND confirmed_at IS NOT NULL AND counter < $3"
    );
    let values = values![taken.user, taken.step, taken.at];
    Ok(tx.execute(take, &values).await? == 1)
}

/// Takes the authenticator app of a user away.
pub async fn delete_totp(tx: &mut WriteTx, user: &UserId) -> Result<(), Error> {
    let delete = sql!(
        tenant: "DELETE FROM credential
         WHERE tenant_id = $1 AND user_id = $2 AND kind = 'totp' AND lookup = ''"
    );
    tx.execute(delete, &values![user]).await.map(|_| ())
}

/// Stores codes; those before are void (S-15).
pub async fn replace_codes(tx: &mut WriteTx, new: &NewRecoveryCodes) -> Result<(), Error> {
    delete_codes(tx, &new.user).await?;
    for digest in &new.digests {
        tx.insert(&CredentialRow {
            user_id: new.user,
            tenant_id: new.tenant,
            kind: RECOVERY.to_owned(),
            lookup: digest.to_text(),
            label: None,
            proof: None,
            secret: None,
            counter: None,
            created_at: new.at,
            changed_at: new.at,
            confirmed_at: Some(new.at),
            last_used_at: None,
        })
        .await?;
    }
    Ok(())
}

/// Whether a user has a code.
pub async fn has_code(
    tx: &mut ReadTx,
    (user, digest): &(UserId, TokenDigest),
) -> Result<bool, Error> {
    let statement = sql!(
        tenant: "SELECT COUNT(*) AS codes FROM credential
         WHERE tenant_id = $1 AND user_id = $2 AND kind = 'recovery' AND lookup = $3"
    );
    let row = tx.row(statement, &values![user, digest.to_text()]).await?;
    let codes = row.map_or(Ok(0), |row| row.int("codes"))?;
    Ok(codes == 1)
}

/// Uses a code up; `false` when there is none such any more.
pub async fn take_code(
    tx: &mut WriteTx,
    (user, digest): &(UserId, TokenDigest),
) -> Result<bool, Error> {
    let take = sql!(
        tenant: "DELETE FROM credential
         WHERE tenant_id = $1 AND user_id = $2 AND kind = 'recovery' AND lookup = $3"
    );
    Ok(tx.execute(take, &values![user, digest.to_text()]).await? == 1)
}

/// How many codes a user has left, and when they were made.
pub async fn codes_left(tx: &mut ReadTx, user: &UserId) -> Result<(u32, Option<Timestamp>), Error> {
    let statement = sql!(
        tenant: "SELECT COUNT(*) AS codes, MIN(created_at) AS made_at FROM credential
         WHERE tenant_id = $1 AND user_id = $2 AND kind = 'recovery'"
    );
    let Some(row) = tx.row(statement, &values![user]).await? else {
        return Ok((0, None));
    };
    let codes = u32::try_from(row.int("codes")?).unwrap_or(0);
    Ok((codes, row.opt_timestamp("made_at")?))
}

/// Takes all codes of a user away.
pub async fn delete_codes(tx: &mut WriteTx, user: &UserId) -> Result<(), Error> {
    let delete = sql!(
        tenant: "DELETE FROM credential WHERE tenant_id = $1 AND user_id = $2 AND kind = 'recovery'"
    );
    tx.execute(delete, &values![user]).await.map(|_| ())
}

/// Authenticator apps after a user, whoever owns them, in the order of users; to seal their secrets anew.
pub async fn page(
    tx: &mut ReadTx,
    (after, limit): &(UserId, i64),
) -> Result<Vec<StoredTotp>, Error> {
    let page = sql!(
        system: "SELECT ", credential!(), " FROM credential
         WHERE user_id > $1 AND kind = 'totp' ORDER BY user_id LIMIT $2"
    );
    let rows: Vec<CredentialRow> = tx.records(page, &values![after, *limit]).await?;
    Ok(rows.into_iter().filter_map(Into::into).collect())
}

/// Stores a secret as it is sealed anew, unless that was done meanwhile.
pub async fn reseal(tx: &mut WriteTx, (old, sealed): &(StoredTotp, Vec<u8>)) -> Result<(), Error> {
    let reseal = sql!(
        system: "UPDATE credential SET secret = $3 WHERE user_id = $1 AND kind = 'totp' AND secret = $2"
    );
    let values = values![old.user, old.sealed.as_slice(), sealed.as_slice()];
    tx.execute(reseal, &values).await.map(drop)
}
