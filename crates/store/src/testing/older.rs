//! An installation as an older release has left it.

use crate::{Error, WriteTx, sql, values};

/// What that release did not bring along.
#[derive(Clone, Debug)]
pub struct Older {
    /// The setting that says which rows were brought along, now and then.
    pub settings: (&'static str, &'static str),
    /// Products, by their codes, whose profiles have the same names.
    pub products: &'static [&'static str],
}

/// Takes out the products with their directories and profiles; their CAs stay and stand nowhere.
pub async fn forget(tx: &mut WriteTx, older: &Older) -> Result<(), Error> {
    for product in older.products {
        for statement in [
            sql!("DELETE FROM directory_profile WHERE profile_name = $1"),
            sql!(
                "DELETE FROM directory_ca WHERE directory IN (SELECT slug FROM directory WHERE product_code = $1)"
            ),
            sql!("DELETE FROM directory WHERE product_code = $1"),
            sql!("DELETE FROM profile_version WHERE name = $1"),
            sql!("DELETE FROM product WHERE code = $1"),
        ] {
            tx.execute(statement, &values![*product]).await?;
        }
    }
    let (now, then) = older.settings;
    let statement = sql!("UPDATE setting SET name = $2 WHERE name = $1");
    tx.execute(statement, &values![now, then]).await?;
    Ok(())
}
