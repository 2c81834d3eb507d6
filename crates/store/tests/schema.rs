//! The schema of this release is the same on both engines, and every statement fits it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use store::testing::{Database, each_engine};
use store::{DatabaseUrl, Engine, Error, Row, Rows, STATEMENTS, Sql, Store, sql};

#[tokio::test]
async fn every_registered_statement_prepares() {
    each_engine(|store| async move {
        store.migrate().await.unwrap();
        let engine = store.engine();
        let statements = STATEMENTS
            .iter()
            .map(|statement| Sql::registered(statement))
            // What a migration asks meets the schema of its time.
            .filter(|sql| !sql.place().file.contains("migrate/steps/"));
        let failures = store.scan((), move |tx, ()| {
            Box::pin(async move {
                let mut failures = Vec::new();
                for sql in statements.filter(|sql| sql.is_for(engine)) {
                    if let Err(error) = tx.prepare(sql).await {
                        failures.push(explain(&error));
                    }
                }
                Ok::<_, Error>(failures)
            })
        });
        let failures = failures.await.unwrap();
        assert!(
            failures.is_empty(),
            "on {engine:?}:\n{}",
            failures.join("\n")
        );
    })
    .await;
}

/// On a fresh installation PostgreSQL knows nothing about its tables, and plans that are made then are
/// kept: a row that is named by its key must not be found by walking some other index.
#[tokio::test]
async fn a_row_named_by_its_key_is_found_by_its_key() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let store = database.open().await;
    store.migrate().await.unwrap();
    let client = planner(&database).await.unwrap();
    let by_key = STATEMENTS
        .iter()
        .map(|statement| Sql::registered(statement));
    let by_key = by_key.filter(|sql| sql.is_for(Engine::Postgres));
    let is_by_key =
        |text: &&str| text.contains("WHERE id = $1") || text.contains("tenant_id = $1 AND id = $2");
    let by_key: Vec<_> = by_key.map(Sql::postgres).filter(is_by_key).collect();
    assert!(by_key.len() > 20, "{}", by_key.len());
    for text in by_key {
        let plan = plan(&client, text).await;
        let mut conditions = plan.lines().filter(|line| line.contains("Index Cond: "));
        assert!(
            conditions.any(|condition| condition.contains("(id = $")),
            "{text}\n{plan}"
        );
    }
    store.close().await;
    database.remove().await;
}

/// A connection that plans as those of the program do.
async fn planner(database: &Database) -> Option<tokio_postgres::Client> {
    let DatabaseUrl::Postgres(url) = database.location() else {
        return None;
    };
    let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
    let (client, connection) = connected.unwrap();
    tokio::spawn(connection);
    let settings = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off";
    client.batch_execute(settings).await.unwrap();
    Some(client)
}

/// What an issuance asks of lineages and certificates and what it does to them: the beginning and a part of each
/// statement, and what its plan on PostgreSQL has to say.
const OF_AN_ISSUANCE: [(&str, &str, &[&str]); 5] = [
    (
        "SELECT (SELECT i.fence",
        "FROM lineage l WHERE l.id = $2",
        &[
            "using lineage_pkey on lineage",
            "using signing_intent_pkey on signing_intent",
        ],
    ),
    (
        "UPDATE lineage SET issued_count",
        "",
        &["using lineage_pkey on lineage"],
    ),
    ("INSERT INTO lineage (", "", &[]),
    ("INSERT INTO lineage_name (", "", &[]),
    ("INSERT INTO certificate (", "", &[]),
];

fn beginning(begins: &str, has: &str) -> Vec<Sql> {
    let all = STATEMENTS
        .iter()
        .map(|statement| Sql::registered(statement));
    let is_meant = |sql: &Sql| sql.postgres().starts_with(begins) && sql.postgres().contains(has);
    let found: Vec<Sql> = all.filter(is_meant).collect();
    assert!(!found.is_empty(), "{begins} … {has} is not there");
    found
}

/// However many certificates a set of names has had, its next one meets its lineage by the primary key and none of
/// the others.
#[tokio::test]
async fn sb6_an_issuance_finds_its_lineage_by_its_key_on_postgresql() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let store = database.open().await;
    store.migrate().await.unwrap();
    let client = planner(&database).await.unwrap();
    for (begins, has, says) in OF_AN_ISSUANCE {
        for sql in beginning(begins, has) {
            let plan = plan(&client, sql.postgres()).await;
            let is_said = says.iter().all(|each| plan.contains(each));
            let mut scans = plan.lines().filter(|line| line.contains(" Scan"));
            let is_by_key = scans.all(|line| line.contains("_pkey on "));
            assert!(is_said && is_by_key, "{begins}\n{plan}");
        }
    }
    store.close().await;
    database.remove().await;
}

#[tokio::test]
async fn sb6_an_issuance_finds_its_lineage_by_its_key_on_sqlite() {
    let database = Database::sqlite();
    let store = database.open().await;
    store.migrate().await.unwrap();
    let DatabaseUrl::Sqlite(path) = database.location() else {
        return;
    };
    let connection = rusqlite::Connection::open(path).unwrap();
    let explained = |how: &str, sql: Sql, column: &str| -> Vec<String> {
        let text = format!("{how} {}", sql.sqlite());
        let mut statement = connection.prepare(&text).unwrap();
        let rows = statement.raw_query().mapped(|row| row.get(column));
        rows.collect::<Result<_, _>>().unwrap()
    };
    for (begins, has, _) in OF_AN_ISSUANCE {
        for sql in beginning(begins, has) {
            let plan = explained("EXPLAIN QUERY PLAN", sql, "detail");
            let mut tables = plan.iter().filter(|line| line.contains(" USING "));
            let keys = [" sqlite_autoindex_", " USING PRIMARY KEY "];
            let is_by_key = tables.all(|line| keys.iter().any(|key| line.contains(key)));
            // No step goes from one row to the next.
            let steps = explained("EXPLAIN", sql, "opcode");
            let walks = ["Rewind", "Last", "Next", "Prev"];
            let mut steps = steps.iter().map(String::as_str);
            let is_walk = steps.any(|step| walks.contains(&step));
            assert!(is_by_key && !is_walk, "{begins}\n{plan:?}");
        }
    }
    store.close().await;
    database.remove().await;
}

/// What finds certificates by names: a part of each statement, and what its plan says on SQLite and on PostgreSQL.
const BY_NAMES: [(&str, &[&str], &[&str]); 5] = [
    (
        "SELECT n.lineage_id FROM lineage_name n WHERE",
        &["n USING PRIMARY KEY (tenant_id=? AND rname>? AND rname<?)"],
        &["using lineage_name_pkey on"],
    ),
    (
        "m CROSS JOIN lineage i",
        &[
            "n USING PRIMARY KEY (tenant_id=?",
            "SEARCH i USING INDEX sqlite_autoindex_lineage_1 (id=?)",
            "SEARCH c USING INDEX sqlite_autoindex_certificate_1 (id=?)",
        ],
        &["lineage_name_pkey", "using certificate_pkey on"],
    ),
    (
        "m CROSS JOIN certificate a",
        &[
            "n USING PRIMARY KEY (tenant_id=? AND rname>? AND rname<?)",
            "SEARCH a USING INDEX certificate_by_lineage (lineage_id=?)",
            "SEARCH r USING INDEX sqlite_autoindex_revocation_1 (certificate_id=?)",
        ],
        &[
            "lineage_name_pkey",
            "certificate_by_lineage",
            "using lineage_pkey on",
        ],
    ),
    (
        "LIMIT 1 OFFSET $6",
        &["l USING COVERING INDEX lineage_by_expiry (tenant_id=? AND (not_after,id)"],
        &["using lineage_by_expiry on"],
    ),
    (
        "FROM lineage l JOIN certificate c ON c.id = l.certificate_id WHERE",
        &[
            "l USING INDEX lineage_by_expiry (tenant_id=? AND (not_after,id)",
            "SEARCH c USING INDEX sqlite_autoindex_certificate_1 (id=?)",
        ],
        &["using lineage_by_expiry on", "using certificate_pkey on"],
    ),
];

fn by_names(has: &str) -> Vec<Sql> {
    let all = STATEMENTS
        .iter()
        .map(|statement| Sql::registered(statement));
    let is_meant = |sql: &Sql| {
        let words: Vec<&str> = sql.postgres().split_whitespace().collect();
        sql.place().file.ends_with("certificate_list/pages.rs") && words.join(" ").contains(has)
    };
    let found: Vec<Sql> = all.filter(is_meant).collect();
    assert!(!found.is_empty(), "{has} is not there");
    found
}

/// A part of a name is found by an index in which the tenant and the part meet.
#[tokio::test]
async fn c16_a_part_of_a_name_is_found_by_its_index_on_postgresql() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let store = database.open().await;
    store.migrate().await.unwrap();
    let client = planner(&database).await.unwrap();
    // Of an empty table any index of what is not removed may as well be read whole.
    let others =
        "DROP INDEX enrolled_domain_active, enrolled_domain_by_name, enrolled_domain_by_customer,
        enrolled_domain_everywhere";
    client.batch_execute(others).await.unwrap();
    for sql in beginning("WITH fitting AS MATERIALIZED", "FROM enrolled_domain") {
        let plan = plan(&client, sql.postgres()).await;
        let condition = plan.lines().find(|line| line.contains("Index Cond: "));
        let both = ["tenant_id || ", "rname ~~ "];
        assert!(
            plan.contains("Index Scan on enrolled_domain_by_part")
                && condition.is_some_and(|line| both.iter().all(|part| line.contains(part))),
            "{plan}"
        );
    }
    store.close().await;
    database.remove().await;
}

/// A name is looked for in the index of names, and pages come in the order of their index; nothing is read whole.
#[tokio::test]
async fn certificates_are_found_by_names_through_their_index_on_sqlite() {
    let database = Database::sqlite();
    let store = database.open().await;
    store.migrate().await.unwrap();
    let DatabaseUrl::Sqlite(path) = database.location() else {
        return;
    };
    let connection = rusqlite::Connection::open(path).unwrap();
    for (has, says, _) in BY_NAMES {
        for sql in by_names(has) {
            let text = format!("EXPLAIN QUERY PLAN {}", sql.sqlite());
            let mut statement = connection.prepare(&text).unwrap();
            let rows = statement.raw_query().mapped(|row| row.get("detail"));
            let plan: Vec<String> = rows.collect::<Result<_, _>>().unwrap();
            let is_said = says
                .iter()
                .all(|each| plan.iter().any(|line| line.contains(each)));
            let tables = ["lineage", "lineage_name", "certificate", "revocation"];
            let is_scan =
                |line: &String| tables.iter().any(|table| line == &format!("SCAN {table}"));
            assert!(
                is_said && !plan.iter().any(is_scan),
                "{has}\n{}",
                plan.join("\n")
            );
        }
    }
    store.close().await;
    database.remove().await;
}

#[tokio::test]
async fn certificates_are_found_by_names_through_their_index_on_postgresql() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let store = database.open().await;
    store.migrate().await.unwrap();
    let client = planner(&database).await.unwrap();
    for (has, _, says) in BY_NAMES {
        for sql in by_names(has) {
            let plan = plan(&client, sql.postgres()).await;
            let is_said = says.iter().all(|each| plan.contains(each));
            assert!(is_said && !plan.contains("Seq Scan"), "{has}\n{plan}");
        }
    }
    store.close().await;
    database.remove().await;
}

/// A piece of pruning reads a range of the primary key.
const OF_PRUNING: [&str; 9] = [
    "SELECT id FROM audit WHERE id > $1 AND id <= $2",
    "DELETE FROM audit WHERE id > $1 AND id <= $2",
    "SELECT id FROM domain_validation WHERE id > $1 ORDER BY id",
    "DELETE FROM domain_validation WHERE id > $1 AND id <= $2",
    "SELECT id FROM acme_order WHERE id > $1 AND id <= $2",
    "DELETE FROM acme_order WHERE id > $1 AND id <= $2",
    "DELETE FROM order_identifier WHERE order_id > $1 AND order_id <= $2",
    "SELECT id FROM acme_authorization WHERE id > $1 AND id <= $2",
    "DELETE FROM acme_authorization WHERE id > $1 AND id <= $2",
];

#[tokio::test]
async fn pruning_reads_a_range_of_the_primary_key() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let store = database.open().await;
    store.migrate().await.unwrap();
    let client = planner(&database).await.unwrap();
    for begins in OF_PRUNING {
        for sql in beginning(begins, "") {
            let plan = plan(&client, sql.postgres()).await;
            let ranges = [
                "id > $1) AND (id <= $2)",
                "order_id > $1) AND (order_id <= $2)",
                "Index Cond: (id > $1)",
            ];
            let is_range = ranges.iter().any(|range| plan.contains(range));
            // What is deleted may be gathered first; where a piece ends is read in the order of the key.
            let is_by_key = plan.contains("_pkey on ") || plan.contains("Bitmap Index Scan on ");
            let is_sorted = plan.contains("Sort");
            assert!(is_range && is_by_key && !is_sorted, "{begins}\n{plan}");
        }
    }
    store.close().await;
    database.remove().await;
}

/// Certificates that ended are found by their end, since lifetimes differ.
const BY_END: &str = "WHERE c.not_after < $1 ORDER BY c.not_after";

fn by_end() -> Sql {
    let all = STATEMENTS
        .iter()
        .map(|statement| Sql::registered(statement));
    let found: Vec<Sql> = all.filter(|sql| sql.postgres().contains(BY_END)).collect();
    *found.first().unwrap()
}

#[tokio::test]
async fn s75_certificates_that_ended_are_found_by_their_end_on_postgresql() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let store = database.open().await;
    store.migrate().await.unwrap();
    let client = planner(&database).await.unwrap();
    let plan = plan(&client, by_end().postgres()).await;
    let is_walk = plan.contains("Index Scan using certificate_by_end on");
    assert!(is_walk && !plan.contains("Sort"), "{plan}");
    store.close().await;
    database.remove().await;
}

#[tokio::test]
async fn s75_certificates_that_ended_are_found_by_their_end_on_sqlite() {
    let database = Database::sqlite();
    let store = database.open().await;
    store.migrate().await.unwrap();
    let DatabaseUrl::Sqlite(path) = database.location() else {
        return;
    };
    let connection = rusqlite::Connection::open(path).unwrap();
    let text = format!("EXPLAIN QUERY PLAN {}", by_end().sqlite());
    let mut statement = connection.prepare(&text).unwrap();
    let rows = statement.raw_query().mapped(|row| row.get("detail"));
    let plan: Vec<String> = rows.collect::<Result<_, _>>().unwrap();
    let plan = plan.join("\n");
    let is_walk = plan.contains("SEARCH c USING INDEX certificate_by_end (not_after<?)");
    assert!(is_walk && !plan.contains("TEMP B-TREE"), "{plan}");
    drop(statement);
    drop(connection);
    store.close().await;
    database.remove().await;
}

async fn plan(client: &tokio_postgres::Client, text: &str) -> String {
    let count = client.prepare(text).await.unwrap().params().len();
    let nothing = vec!["NULL"; count].join(", ");
    client
        .batch_execute(&format!("PREPARE statement AS {text}"))
        .await
        .unwrap();
    let explain = format!("EXPLAIN EXECUTE statement ({nothing})");
    let lines = client.query(&explain, &[]).await.unwrap();
    client.batch_execute("DEALLOCATE statement").await.unwrap();
    let lines: Vec<String> = lines.iter().map(|line| line.get(0)).collect();
    lines.join("\n")
}

/// A linker that drops unused code must not drop statements with it.
#[test]
fn every_file_with_statements_is_in_the_registry() {
    let registered: BTreeSet<&str> = STATEMENTS
        .iter()
        .map(|statement| Sql::registered(statement).place().file)
        .collect();
    let mut missing = Vec::new();
    files_with_statements(
        Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src")),
        &mut |path| {
            let known = registered
                .iter()
                .any(|file| path.ends_with(Path::new(file)));
            missing.extend((!known).then(|| path.to_owned()));
        },
    );
    assert!(missing.is_empty(), "{missing:?} not in {registered:?}");
}

fn files_with_statements(directory: &Path, found: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files_with_statements(&path, found);
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let is_test = path.ends_with("migrate/tests.rs")
            || path
                .parent()
                .is_some_and(|folder| folder.ends_with("migrate/tests"));
        // The macro's own file shows how it is written.
        if !is_test && !path.ends_with("statement.rs") && text.contains(" sql!(") {
            found(&path);
        }
    }
}

fn explain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(current) = cause {
        text.push_str(": ");
        text.push_str(&current.to_string());
        cause = current.source();
    }
    text
}

#[tokio::test]
async fn both_schemas_have_the_same_columns() {
    let Some(postgres) = Database::postgres().await else {
        return;
    };
    let sqlite = Database::sqlite();
    let (one, two) = (sqlite.open().await, postgres.open().await);
    one.migrate().await.unwrap();
    two.migrate().await.unwrap();
    assert_eq!(columns(&one).await, columns(&two).await);
    two.close().await;
    postgres.remove().await;
}

/// Statements over the rows of all tenants: a piece of their text, and why there is no tenant.
const SYSTEM: &[(&str, &str)] = &[
    (
        "FROM audit ORDER BY id DESC LIMIT 1",
        "the clock is compared with the last moment that anybody was told of",
    ),
    (
        "FROM audit WHERE id > $1 AND id <= $2",
        "what is older than anybody must keep it is deleted, whoever had it",
    ),
    (
        "FROM domain_validation WHERE id > $1",
        "what has ended long ago is deleted, whoever had it",
    ),
    (
        "WHERE c.not_after < $1 ORDER BY c.not_after LIMIT $2",
        "what has ended long ago is deleted, whoever had it",
    ),
    ("DELETE FROM revocation WHERE certificate_id = $1", GONE),
    ("DELETE FROM certificate WHERE id = $1", GONE),
    (
        "AND NOT EXISTS (SELECT 1 FROM certificate c WHERE c.lineage_id = $1)",
        GONE,
    ),
    (
        "DELETE FROM lineage_name WHERE tenant_id = $1 AND rname = $2 AND lineage_id = $3",
        GONE,
    ),
    ("DELETE FROM lineage WHERE id = $1", GONE),
    (
        "FROM effect WHERE id = $1",
        "an operator at the command line names an effect",
    ),
    (
        "FROM effect WHERE resolved_at IS NULL ORDER BY id",
        "an operator looks at what is not resolved",
    ),
    (
        "SELECT COUNT(*) AS effects FROM (SELECT id FROM effect",
        "an operator is told how many are not resolved",
    ),
    (
        "FROM effect WHERE kind = $1 ORDER BY id DESC",
        "an operator looks at what happened last",
    ),
    (
        "DELETE FROM effect WHERE id IN",
        "what is older than anybody must keep it is deleted, whoever had it",
    ),
    (
        "FROM mail WHERE id = $1",
        "an operator at the command line names an effect, and sees its mail",
    ),
    (
        "FROM mail WHERE body IS NOT NULL AND id > $1 ORDER BY id",
        "all secrets are sealed anew with another key",
    ),
    (
        "UPDATE mail SET body = $3 WHERE id = $1 AND body = $2",
        "all secrets are sealed anew with another key",
    ),
    (
        "UPDATE mail SET body = NULL WHERE id IN",
        "what mails say goes when they are old, whoever they were for",
    ),
    (
        "DELETE FROM mail WHERE id IN",
        "what is older than anybody must keep it is deleted, whoever had it",
    ),
    (
        "FROM eab_credential WHERE key_id > $1 ORDER BY key_id",
        "all secrets are sealed anew with another key",
    ),
    (
        "UPDATE eab_credential SET mac_key = $3 WHERE key_id = $1 AND mac_key = $2",
        "all secrets are sealed anew with another key",
    ),
    (
        "FROM eab_credential WHERE mac_key IS NOT NULL OR key_id IN",
        "the sealing key is tried on a secret, whoever owns it",
    ),
    (
        "FROM limit_override WHERE ends_at IS NULL OR ends_at > $1",
        "nodes keep the bounds of all tenants in memory, to decide without the database",
    ),
    (
        "DELETE FROM limit_override WHERE (tenant_id, name) IN",
        "what has ended goes, whoever had it",
    ),
    (
        "FROM acme_account a JOIN subscription s ON s.id = a.subscription_id WHERE a.id = $1",
        "a request says which account has signed it, before that is known",
    ),
    (
        "DELETE FROM acme_account WHERE id IN",
        "guests of test directories go when nothing of them is left",
    ),
    (
        "DELETE FROM refusal WHERE id IN",
        "what was counted long ago goes, whosever it is",
    ),
    (
        "DELETE FROM retired_key WHERE (directory, thumbprint) IN",
        "keys that guests of test directories gave up go after the guests",
    ),
    (
        "FROM enrolled_domain d JOIN subscription s ON s.id = d.subscription_id JOIN tenant t",
        "whoever has proven control of a name in a test directory is told whether a customer has it",
    ),
    (
        "FROM api_token a JOIN portal_user u ON u.id = a.user_id",
        "the token of a request says which tenant it is for",
    ),
    (
        "FROM api_token WHERE id = $1",
        "an operator at the command line names a token; a revocation is shown with the person behind it",
    ),
    (
        "DELETE FROM api_token WHERE id IN",
        "what has ended is deleted, whoever had it",
    ),
    (
        "FROM brand b JOIN tenant t ON t.id = b.tenant_id",
        "a host name shows whose it is before anybody is known",
    ),
    (
        "FROM brand_host ORDER BY tenant_id, added_at, host",
        "a host name shows whose it is before anybody is known",
    ),
    (
        "JOIN brand b ON b.tenant_id = above.id",
        "a mail is in the name of whoever is above its recipient",
    ),
    (
        "FROM session s JOIN portal_user u ON u.id = s.user_id",
        "the cookie of a request says which tenant it is for",
    ),
    (
        "SELECT COUNT(*) AS entries FROM audit",
        "a soak counts what all have",
    ),
    (
        "(SELECT COUNT(*) FROM acme_account) AS acme_account",
        "a soak counts what all have",
    ),
    (
        "FROM domain_validation WHERE name = $1",
        "a test looks at the evidence for a name",
    ),
    (
        "FROM session WHERE user_id = $1 AND digest <> $2",
        "a new password ends a person's sessions wherever they act",
    ),
    (
        "DELETE FROM certificate_figures WHERE tenant_id IN",
        "figures that nobody looks at are deleted, whoever had them",
    ),
    (
        "SELECT id FROM subscription WHERE tenant_id = $1 ORDER BY id LIMIT 1",
        "a session and a token tell whose they are, and with it what there is to see",
    ),
    (
        "AS products_fourth FROM tenant t WHERE t.id = $1",
        "what the tenants above may buy bounds what a tenant may",
    ),
    (
        "SELECT products FROM tenant WHERE id = $1",
        "an operator reads what was said of a tenant, whose id the scope has",
    ),
    (
        "UPDATE tenant SET products = $2",
        "an operator says what a tenant may buy, whose id the scope has",
    ),
    (
        "UPDATE tenant SET billing_hold_at = NULL",
        "an operator lets a tenant go on, whose id the scope has",
    ),
    (
        "FROM tenant b WHERE b.parent_id = t.id) AS below",
        "whoever is above tenants lists them; the use case says which ones",
    ),
    (
        "DELETE FROM session WHERE digest = $1",
        "whoever holds a session's token lets another one take its place, perhaps as another tenant",
    ),
    (
        "DELETE FROM session WHERE digest IN",
        "what has ended is deleted, whoever had it",
    ),
    (
        "SELECT tenant_id FROM organization WHERE id = $1",
        "an operator at the command line names an organization",
    ),
    (
        "SELECT tenant_id FROM pre_validation WHERE id = $1",
        "reviewers of the operator decide for all tenants",
    ),
    (
        "JOIN tenant t ON t.id = v.tenant_id WHERE v.id > $1",
        "reviewers of the operator decide for all tenants",
    ),
    (
        "JOIN pre_validation v ON v.organization_id = s.organization_id",
        "an ACME account has proven that it is bound to the subscription",
    ),
    (
        "WHERE valid_until >= $1 AND (valid_until > $1 OR id > $2)",
        "pre-validations of all tenants end, and are renewed or told of",
    ),
    (
        "WHERE covered_until >= $1 AND (covered_until > $1 OR id > $2)",
        "the terms of all tenants end",
    ),
    (
        "JOIN domain d ON d.tenant_id = s.tenant_id AND d.rname = $2",
        "an ACME account has proven that it is bound to the subscription",
    ),
    (
        "DELETE FROM pre_validation WHERE id IN",
        "what has ended goes, whoever had it",
    ),
    (
        "FROM domain WHERE mail_digest = $1",
        "whoever holds the link of a mail says for which domain it is",
    ),
    (
        "FROM invitation WHERE digest = $1",
        "whoever holds a link says whose it is",
    ),
    (
        "FROM sign_in_step WHERE digest = $1",
        "the token of a browser says who is signing in",
    ),
    (
        "DELETE FROM sign_in_step WHERE digest IN",
        "what has ended is deleted, whoever had it",
    ),
    (
        "FROM identity_provider WHERE short_name = $1",
        "whoever signs in by their organisation names it",
    ),
    (
        "SELECT tenant_id FROM identity_provider LIMIT 1",
        "the door offers what somebody has, and does not say who",
    ),
    (
        "FROM identity_provider WHERE tenant_id > $1",
        "all secrets are sealed anew with another key",
    ),
    (
        "UPDATE identity_provider SET client_secret = $3",
        "all secrets are sealed anew with another key",
    ),
    (
        "FROM identity_request WHERE digest = $1",
        "the state that a browser brings back says who was asked",
    ),
    (
        "DELETE FROM identity_request WHERE digest IN",
        "what has ended is deleted, whoever had it",
    ),
    (
        "FROM credential WHERE kind = 'passkey' AND lookup = $1",
        "whoever brings a passkey says whose it is",
    ),
    (
        "FROM credential WHERE user_id > $1 AND kind = 'totp' ORDER BY user_id",
        "all secrets are sealed anew with another key",
    ),
    (
        "UPDATE credential SET secret = $3 WHERE user_id = $1 AND kind = 'totp' AND secret = $2",
        "all secrets are sealed anew with another key",
    ),
    (
        "DELETE FROM invitation WHERE digest IN",
        "what has ended is deleted, whoever had it",
    ),
    (
        "FROM portal_user u WHERE u.email = $1",
        "an operator at the command line knows a person by their address",
    ),
    (
        "FROM portal_user WHERE id = $1",
        "a revocation is shown with the person behind it, who may be an operator",
    ),
    (
        "FROM portal_user WHERE email = $1",
        "an address is one person's in the whole installation",
    ),
    (
        "pw.lookup = '' WHERE u.email = $1",
        "whoever signs in is known by their address only",
    ),
    (
        "pw.lookup = '' WHERE u.tenant_id = $1 AND u.id = $2",
        "whether one above their tenant is suspended decides too",
    ),
    (
        "pw.lookup = '' WHERE u.id = $1",
        "whoever holds a link says whose it is",
    ),
    (
        "FROM tenant WHERE id = $1",
        "an operator at the command line names a tenant",
    ),
    (
        "FROM tenant WHERE name = $1",
        "an operator at the command line names a tenant",
    ),
    (
        "FROM tenant WHERE kind = $1 AND id > $2",
        "an operator at the command line lists resellers",
    ),
    (
        "FROM tenant WHERE kind = 'operator'",
        "the first people of an installation, and what nobody else records",
    ),
    (
        "AS standing FROM tenant t WHERE t.id = $1",
        "a binding is not proven yet",
    ),
    (
        "UPDATE tenant SET billing_hold_at = $2",
        "a tenant is put on hold from above",
    ),
    (
        "UPDATE tenant SET suspended_at = NULL",
        "a tenant goes on by the word of whoever is above it",
    ),
    (
        "AS tenants FROM tenant WHERE parent_id = $1",
        "a reseller's customers are counted before there is one more",
    ),
    (
        "UPDATE tenant SET config = config WHERE id = $1",
        "of two decisions by how many of something a tenant has one comes second",
    ),
    (
        "UPDATE tenant SET config = $2 WHERE id = $1",
        "a tenant decides for itself, in its own scope or by the word of an operator",
    ),
    (
        "UPDATE tenant SET suspended_at = $2",
        "a tenant is suspended from above",
    ),
    (
        "FROM audit WHERE tenant_id = $1 AND object = $2",
        "its reader gives the tenant until certificates are read in their scope",
    ),
    (
        "FROM subscription WHERE id = $1",
        "an ACME client proves by its credential where it belongs; an operator names an account",
    ),
    (
        "FROM eab_credential WHERE key_id = $1",
        "an ACME client is known by the key ID that it brings",
    ),
    (
        "UPDATE eab_credential SET bindings = bindings + 1",
        "an ACME client has proven its credential",
    ),
    (
        "UPDATE eab_credential SET erased_at = $1",
        "what binds nobody needs no key, whoever owns it",
    ),
    (
        "DELETE FROM eab_key WHERE EXISTS (SELECT 1 FROM eab_credential",
        "what binds nobody needs no key, whoever owns it",
    ),
    (
        "AS subscriptions FROM subscription GROUP BY offer_version_id",
        "the operator counts what was bought under each version of an offer, whoever bought it",
    ),
    (
        "FROM enrolled_domain WHERE id = $1",
        "the job that ends what was begun for a removed name knows its identifier only",
    ),
    (
        "FROM enrolled_domain WHERE companion_of_id = $1",
        "the same job, for the names that went along",
    ),
    (
        "FROM acme_account WHERE id = $1",
        "a signed request names its account; whose it is follows from the row",
    ),
    (
        "FROM acme_account WHERE directory = $1 AND thumbprint = $2",
        "a key is all that newAccount knows",
    ),
    (
        "FROM acme_account a JOIN directory d ON d.slug = a.directory WHERE a.eab_key_id = $1",
        "whoever has proven a credential is told which account holds it",
    ),
    (
        "FROM acme_account WHERE subscription_id = $1 AND id > $2",
        "a job ends what a subscription's accounts hold",
    ),
    ("UPDATE acme_account SET contact = $2", ACME),
    ("UPDATE acme_account SET deactivated_at = $2", ACME),
    ("UPDATE acme_account SET thumbprint = $3", ACME),
    (
        "FROM acme_authorization WHERE account_id = $1 AND value = $2 AND is_wildcard = $3",
        ACME,
    ),
    ("UPDATE acme_authorization SET chosen_type = $2", ACME),
    (
        "UPDATE acme_authorization SET outcome = 'deactivated', ended_at = $2 WHERE id = $1",
        ACME,
    ),
    (
        "WHERE account_id = $1 AND value = $2 AND is_wildcard = $3 AND validated_at IS NOT NULL AND ended_at IS NULL",
        "a job ends what accounts hold for a name that was removed",
    ),
    (
        "FROM acme_authorization WHERE id > $1 AND id <= $2",
        "what has ended long ago is deleted, whoever had it",
    ),
    (
        "FROM acme_order WHERE id > $1 AND id <= $2",
        "what has ended long ago is deleted, whoever had it",
    ),
    (
        "FROM acme_order o WHERE o.id = order_identifier.order_id",
        "the names of deleted orders are deleted, whoever had them",
    ),
    ("FROM acme_authorization z WHERE z.id = $1", ACME),
    (
        "FROM order_identifier i LEFT JOIN acme_authorization z",
        ACME,
    ),
    (
        "LEFT JOIN revocation r ON r.certificate_id = c.id WHERE c.id = $1",
        "a revocation looks again at what it is about",
    ),
    (
        "LEFT JOIN revocation r ON r.certificate_id = c.id WHERE c.serial = $1",
        "whoever holds a certificate's key may revoke it",
    ),
    (
        "LEFT JOIN revocation r ON r.certificate_id = c.id WHERE c.id > $1",
        "an operator at the command line lists every certificate",
    ),
    ("FROM certificate WHERE id = $2 AND account_id = $1", ACME),
    (
        "FROM certificate c WHERE c.lineage_id = $1 AND NOT EXISTS",
        ACME,
    ),
    ("UPDATE lineage SET certificate_id", ACME),
    ("FROM acme_order_pending WHERE", ACME),
    ("FROM acme_order WHERE id = $1", ACME),
    ("UPDATE acme_order SET", ACME),
    ("FROM acme_order WHERE account_id = $1 AND id > $2", ACME),
    ("FROM subscription s WHERE s.id = $1", ACME),
    ("FROM signing_intent i WHERE i.certificate_id = $1", ACME),
    ("FROM revocation WHERE certificate_id = $1", ACME),
    (
        "FROM revocation WHERE ca_id = $1",
        "a CRL is about the certificates of all tenants",
    ),
    ("FROM signing_intent WHERE certificate_id = $1", ACME),
    ("UPDATE signing_intent SET fence", ACME),
];

/// Statements over one tenant's rows that PostgreSQL does not guard: a piece of their text, and why.
const UNGUARDED: &[(&str, &str)] = &[(
    "WITH fitting AS MATERIALIZED (SELECT rname, id FROM enrolled_domain",
    "behind a policy LIKE is asked of rows only, and the index of parts would not be used",
)];

/// Why the statements that delete what belongs to a certificate have no tenant of their own.
const GONE: &str =
    "by the key of a certificate that ended long ago, whoever had it, or of its lineage";

/// Why the statements of an issuance have no tenant of their own.
const ACME: &str = "by the key of an account, an order or a certificate that was read before and is the account's own";

#[tokio::test]
async fn f028_s31_every_statement_over_tenant_rows_is_bound_or_listed() {
    let database = Database::sqlite();
    let store = database.open().await;
    store.migrate().await.unwrap();
    let described = columns(&store).await;
    let owned = described.iter().filter_map(|column| {
        let (table, _) = column.split_once(".tenant_id ")?;
        Some(table)
    });
    let owned: BTreeSet<&str> = owned.chain(["tenant"]).collect();
    assert!(owned.len() > 5, "{owned:?}");
    let mut used: BTreeSet<&(&str, &str)> = BTreeSet::new();
    let mut found = Vec::new();
    for statement in STATEMENTS {
        let sql = Sql::registered(statement);
        let text: Vec<&str> = sql.postgres().split_whitespace().collect();
        let text = text.join(" ");
        let listed = SYSTEM.iter().find(|(piece, _)| text.contains(piece));
        let wrong = match sql.rows() {
            Rows::Everybodys if listed.is_none() => "is not listed with a reason",
            Rows::Ours if tables(&text).iter().any(|table| owned.contains(table)) => {
                "says neither `tenant:` nor `system:`"
            }
            Rows::Tenants | Rows::TenantsUnguarded if !text.contains("tenant_id = $1") => {
                "does not compare the tenant"
            }
            Rows::Tenants | Rows::TenantsUnguarded if text.contains("FROM tenant above") => {
                "asks about those above the tenant, whom who sees one tenant's rows does not see"
            }
            Rows::TenantsUnguarded if !UNGUARDED.iter().any(|(piece, _)| text.contains(piece)) => {
                "is not listed with a reason why nothing but itself keeps it to its tenant"
            }
            Rows::Everybodys
            | Rows::Inserted
            | Rows::Ours
            | Rows::Tenants
            | Rows::TenantsUnguarded => {
                used.extend(listed.filter(|_| sql.rows() == Rows::Everybodys));
                continue;
            }
        };
        found.push(format!("{} {wrong}: {text}", sql.place()));
    }
    let unused = SYSTEM.iter().filter(|listed| !used.contains(listed));
    found.extend(unused.map(|(piece, _)| format!("no statement has this any more: {piece}")));
    assert!(found.is_empty(), "{}", found.join("\n"));
    store.close().await;
}

/// The tables that a statement names.
fn tables(text: &str) -> Vec<&str> {
    let words = text.split([' ', '(', ')', ',']);
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let named = words.windows(2).filter_map(|pair| match pair {
        ["FROM" | "INTO" | "JOIN" | "UPDATE", table] => Some(*table),
        _ => None,
    });
    named.collect()
}

/// `table.column type nullable`, with PostgreSQL's types as SQLite can tell them apart.
async fn columns(store: &Store) -> BTreeSet<String> {
    let rows = store.scan((), |tx, ()| {
        Box::pin(async move {
            let columns = tx.pick(
                sql!(
                    sqlite: "SELECT m.name || '.' || p.name || ' ' || lower(p.type) ||
                         CASE WHEN p.\"notnull\" = 1 OR p.pk > 0 THEN '' ELSE ' nullable' END
                         AS described
                     FROM sqlite_master m, pragma_table_info(m.name) p WHERE m.type = 'table'"
                ),
                sql!(
                    postgres: "SELECT table_name || '.' || column_name || ' ' ||
                         CASE data_type WHEN 'bigint' THEN 'integer' WHEN 'boolean' THEN 'integer'
                           WHEN 'bytea' THEN 'blob' ELSE data_type END ||
                         CASE is_nullable WHEN 'NO' THEN '' ELSE ' nullable' END AS described
                     FROM information_schema.columns WHERE table_schema = current_schema()"
                ),
            );
            tx.rows(columns, &[]).await
        })
    });
    let rows: Vec<Row> = rows.await.unwrap();
    rows.iter()
        .map(|row| row.text("described").unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn s75_every_table_has_its_period_in_the_document() {
    let document = include_str!("../../../docs/retention.md");
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `"));
    let cells = rows.filter_map(|row| row.split(" | ").next());
    let told: BTreeSet<String> = cells
        .flat_map(|cell| cell.split(", "))
        .map(|table| table.trim_matches('`').to_owned())
        .collect();
    let database = Database::sqlite();
    let store = database.open().await;
    store.migrate().await.unwrap();
    let tables: BTreeSet<String> = columns(&store)
        .await
        .iter()
        .filter_map(|column| Some(column.split_once('.')?.0.to_owned()))
        .filter(|table| !table.starts_with("sqlite_") && !table.starts_with("schema_"))
        .collect();
    assert_eq!(told, tables);
}
