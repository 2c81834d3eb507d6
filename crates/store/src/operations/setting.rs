//! Settings that all nodes must agree on, of which whoever stores one first decides, and what servers tell commands.

use crate::{Error, ReadTx, WriteTx, columns, sql, values};

columns! { "setting" setting => Setting { name, value } }

/// A setting.
#[derive(Clone, Debug)]
pub struct Setting {
    /// What it is called.
    pub name: String,
    /// What was decided.
    pub value: String,
}

/// What was decided, if anything was.
pub async fn by_name(tx: &mut ReadTx, name: &str) -> Result<Option<Setting>, Error> {
    tx.record(
        sql!("SELECT ", setting!(), " FROM setting WHERE name = $1"),
        &values![name],
    )
    .await
}

/// Stores a setting unless it is there already; `false` when it was.
pub async fn insert(tx: &mut WriteTx, setting: &Setting) -> Result<bool, Error> {
    tx.insert_new(setting).await
}

/// Stores a setting in the place of the one before.
pub async fn put(tx: &mut WriteTx, setting: &Setting) -> Result<(), Error> {
    let statement = sql!(
        "INSERT INTO setting (",
        setting!(),
        ") VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2"
    );
    let values = values![setting.name.as_str(), setting.value.as_str()];
    tx.execute(statement, &values).await?;
    Ok(())
}
