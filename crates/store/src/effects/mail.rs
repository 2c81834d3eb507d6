//! Mails: to whom, what kind, and for a while what they say. How far each has come is known by its effect.

use base::{MailId, TenantId, Timestamp};

use crate::seal::SealContext;
use crate::{Error, ReadTx, WriteTx, columns, sql, values};

columns! {
    "mail" mail => Mail { id, tenant = "tenant_id", kind, recipient, dedup_key, body, sent_at, error }
}

/// A mail to one person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Its identifier, which tells when it was written.
    pub id: MailId,
    /// Whose person it is for.
    pub tenant: TenantId,
    /// What kind of mail it is.
    pub kind: String,
    /// The address.
    pub recipient: String,
    /// What is the same mail to the same person.
    pub dedup_key: String,
    /// What it says, sealed; gone once it was sent or is old.
    pub body: Option<Vec<u8>>,
    /// When a server took it.
    pub sent_at: Option<Timestamp>,
    /// Why it was not sent.
    pub error: Option<String>,
}

/// A body under another sealing key.
#[derive(Clone, Debug)]
pub struct ResealedMail {
    /// The mail.
    pub id: MailId,
    /// Its body as it is.
    pub from: Vec<u8>,
    /// As it will be.
    pub to: Vec<u8>,
}

/// Where the body of a mail is sealed; both are identifiers as text.
pub fn context<'a>(mail: &'a str, tenant: &'a str) -> SealContext<'a> {
    SealContext {
        table: "mail",
        column: "body",
        row: mail,
        tenant,
    }
}

/// Inserts a mail in the transaction of its cause; `false` when the same one to the same person is there.
pub async fn insert(tx: &mut WriteTx, mail: &Mail) -> Result<bool, Error> {
    tx.insert_new(mail).await
}

/// One of the tenant's.
pub async fn by_id(tx: &mut ReadTx, id: &MailId) -> Result<Option<Mail>, Error> {
    let statement = sql!(
        tenant: "SELECT ", mail!(), " FROM mail WHERE tenant_id = $1 AND id = $2"
    );
    tx.record(statement, &values![*id]).await
}

/// One, whoever owns it.
pub async fn of_anybody(tx: &mut ReadTx, id: &MailId) -> Result<Option<Mail>, Error> {
    let statement = sql!(system: "SELECT ", mail!(), " FROM mail WHERE id = $1");
    tx.record(statement, &values![*id]).await
}

/// Notes that a server took it; what it said goes.
pub async fn mark_sent(tx: &mut WriteTx, (id, now): &(MailId, Timestamp)) -> Result<(), Error> {
    let statement = sql!(
        tenant: "UPDATE mail SET sent_at = $3, body = NULL WHERE tenant_id = $1 AND id = $2"
    );
    tx.execute_later(statement, &values![*id, *now]).await
}

/// Notes why it will not be sent; what it said goes.
pub async fn mark_refused(tx: &mut WriteTx, (id, why): &(MailId, String)) -> Result<(), Error> {
    let statement = sql!(
        tenant: "UPDATE mail SET error = $3, body = NULL WHERE tenant_id = $1 AND id = $2"
    );
    tx.execute_later(statement, &values![*id, why.as_str()])
        .await
}

/// Mails with bodies behind one, at most so many, to seal them anew.
pub async fn page(tx: &mut ReadTx, (after, limit): &(MailId, i64)) -> Result<Vec<Mail>, Error> {
    let statement = sql!(
        system: "SELECT ", mail!(), " FROM mail WHERE body IS NOT NULL AND id > $1 ORDER BY id LIMIT $2"
    );
    tx.records(statement, &values![*after, *limit]).await
}

/// Puts a body under another key, unless it went meanwhile.
pub async fn reseal(tx: &mut WriteTx, resealed: &ResealedMail) -> Result<(), Error> {
    let statement = sql!(system: "UPDATE mail SET body = $3 WHERE id = $1 AND body = $2");
    let (from, to) = (resealed.from.as_slice(), resealed.to.as_slice());
    tx.execute_later(statement, &values![resealed.id, from, to])
        .await
}

/// Erases what mails from before a moment say, at most so many.
pub async fn erase_old(tx: &mut WriteTx, (until, limit): &(MailId, i64)) -> Result<u64, Error> {
    let statement = sql!(
        system: "UPDATE mail SET body = NULL WHERE id IN
           (SELECT id FROM mail WHERE body IS NOT NULL AND id < $1 ORDER BY id LIMIT $2)"
    );
    tx.execute(statement, &values![*until, *limit]).await
}

/// Deletes mails from before a moment, at most so many.
pub async fn delete_old(tx: &mut WriteTx, (until, limit): &(MailId, i64)) -> Result<u64, Error> {
    let statement = sql!(
        system: "DELETE FROM mail WHERE id IN
           (SELECT id FROM mail WHERE id < $1 ORDER BY id LIMIT $2)"
    );
    tx.execute(statement, &values![*until, *limit]).await
}
