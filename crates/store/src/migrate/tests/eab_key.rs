//! Keys of credentials that are shown until a client is bound move to a table of their own, and those of which no client
//! can need them go (security S-42).

use super::*;
use crate::ReadTx;

/// The one that moves the keys.
const MOVES: &str = "0022_eab_key";
const OLD: &str = "INSERT INTO tenant (id, path, kind, name, config, created_at)
      VALUES ({id}, 'o', 'operator', 'Operator', '{}', 1);
    INSERT INTO eab_credential (key_id, tenant_id, mac_key, reveal, max_bindings, bindings, created_at, created_by) VALUES
      ('always', {id}, {key}, 'always', 1, 1, 1, 'system'),
      ('bound', {id}, {key}, 'until_bound', 1, 1, 1, 'system'),
      ('many', {id}, {key}, 'until_bound', NULL, 7, 1, 'system'),
      ('once', {id}, {key}, 'once', NULL, 0, 1, 'system'),
      ('unbound', {id}, {key}, 'until_bound', 1, 0, 1, 'system');";

async fn keys(tx: &mut ReadTx, (): &()) -> Result<Vec<String>, Error> {
    let statement = sql!(system:
        "SELECT c.key_id, c.mac_key IS NOT NULL AS is_in_row, k.mac_key IS NOT NULL AS is_apart, c.erased_at
         FROM eab_credential c LEFT JOIN eab_key k ON k.key_id = c.key_id ORDER BY c.key_id"
    );
    let rows = tx.rows(statement, &[]).await?;
    let line = |row: &Row| {
        let place = match (row.bool("is_in_row")?, row.bool("is_apart")?) {
            (true, true) => "both",
            (true, false) => "row",
            (false, true) => "apart",
            (false, false) => "none",
        };
        // In this century: the engines have words of their own for what time it is.
        let erased = row.opt_timestamp("erased_at")?.map_or("", |at| {
            let years = 1_700_000_000..4_000_000_000;
            let is_plausible = years.contains(&at.as_jiff().as_second());
            if is_plausible {
                " erased"
            } else {
                " some time"
            }
        });
        Ok(format!("{} {place}{erased}", row.text("key_id")?))
    };
    rows.iter().map(line).collect()
}

#[tokio::test]
async fn s42_keys_that_go_are_moved_and_those_that_are_needless_are_gone() {
    each_engine(|store| async move {
        let at = MIGRATIONS.iter().position(|found| found.name == MOVES);
        store.migrate_to(&MIGRATIONS[..at.unwrap()]).await.unwrap();
        let (id, key) = match store.engine() {
            Engine::Postgres => ("'\\x01'::BYTEA", "'\\x0203'::BYTEA"),
            Engine::Sqlite => ("X'01'", "X'0203'"),
        };
        let old = OLD.replace("{id}", id).replace("{key}", key);
        let insert = store.write(old, |tx, old| Box::pin(tx.batch(old)));
        insert.await.unwrap();
        store.migrate().await.unwrap();
        let own = store.within(Scope::System("a test"));
        let found: Result<_, Error> = own.read((), keys).await;
        assert_eq!(
            found.unwrap(),
            [
                "always row",
                "bound none erased",
                "many apart",
                "once row",
                "unbound apart"
            ]
        );
    })
    .await;
}
