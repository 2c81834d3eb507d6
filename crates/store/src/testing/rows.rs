//! How many rows the tables have that grow by themselves.

use crate::{Error, ReadTx, sql};

/// The tables that are counted.
pub const TABLES: [&str; 37] = [
    "acme_account",
    "acme_authorization",
    "acme_order",
    "acme_order_pending",
    "api_token",
    "audit",
    "brand",
    "brand_host",
    "certificate",
    "certificate_month",
    "crl",
    "delegation",
    "department",
    "domain",
    "domain_validation",
    "eab_key",
    "effect",
    "enrolled_domain",
    "identity_provider",
    "identity_request",
    "invitation",
    "job",
    "job_dead",
    "lineage",
    "lineage_name",
    "mail",
    "order_identifier",
    "organization",
    "passkey_challenge",
    "pre_validation",
    "rate_limit",
    "refusal",
    "revocation",
    "session",
    "sign_in_lock",
    "sign_in_step",
    "signing_intent",
];

/// How many rows each of [`TABLES`] has, in their order.
pub async fn of_all(tx: &mut ReadTx, (): &()) -> Result<Vec<i64>, Error> {
    let statement = sql!(system:
        "SELECT (SELECT COUNT(*) FROM acme_account) AS acme_account,
           (SELECT COUNT(*) FROM acme_authorization) AS acme_authorization,
           (SELECT COUNT(*) FROM acme_order) AS acme_order,
           (SELECT COUNT(*) FROM acme_order_pending) AS acme_order_pending,
           (SELECT COUNT(*) FROM api_token) AS api_token,
           (SELECT COUNT(*) FROM audit) AS audit,
           (SELECT COUNT(*) FROM brand) AS brand,
           (SELECT COUNT(*) FROM brand_host) AS brand_host,
           (SELECT COUNT(*) FROM certificate) AS certificate,
           (SELECT COUNT(*) FROM certificate_month) AS certificate_month,
           (SELECT COUNT(*) FROM crl) AS crl,
           (SELECT COUNT(*) FROM delegation) AS delegation,
           (SELECT COUNT(*) FROM department) AS department,
           (SELECT COUNT(*) FROM domain) AS domain,
           (SELECT COUNT(*) FROM domain_validation) AS domain_validation,
           (SELECT COUNT(*) FROM eab_key) AS eab_key,
           (SELECT COUNT(*) FROM effect) AS effect,
           (SELECT COUNT(*) FROM enrolled_domain) AS enrolled_domain,
           (SELECT COUNT(*) FROM identity_provider) AS identity_provider,
           (SELECT COUNT(*) FROM identity_request) AS identity_request,
           (SELECT COUNT(*) FROM invitation) AS invitation,
           (SELECT COUNT(*) FROM job) AS job,
           (SELECT COUNT(*) FROM job_dead) AS job_dead,
           (SELECT COUNT(*) FROM lineage) AS lineage,
           (SELECT COUNT(*) FROM lineage_name) AS lineage_name,
           (SELECT COUNT(*) FROM mail) AS mail,
           (SELECT COUNT(*) FROM order_identifier) AS order_identifier,
           (SELECT COUNT(*) FROM organization) AS organization,
           (SELECT COUNT(*) FROM passkey_challenge) AS passkey_challenge,
           (SELECT COUNT(*) FROM pre_validation) AS pre_validation,
           (SELECT COUNT(*) FROM rate_limit) AS rate_limit,
           (SELECT COUNT(*) FROM refusal) AS refusal,
           (SELECT COUNT(*) FROM revocation) AS revocation,
           (SELECT COUNT(*) FROM session) AS session,
           (SELECT COUNT(*) FROM sign_in_lock) AS sign_in_lock,
           (SELECT COUNT(*) FROM sign_in_step) AS sign_in_step,
           (SELECT COUNT(*) FROM signing_intent) AS signing_intent"
    );
    let row = tx.row(statement, &[]).await?;
    let counts = TABLES
        .iter()
        .map(|table| row.as_ref().map_or(Ok(0), |row| row.int(table)));
    counts.collect()
}

/// How many entries the audit log has.
pub async fn of_audit(tx: &mut ReadTx, (): &()) -> Result<i64, Error> {
    let statement = sql!(system: "SELECT COUNT(*) AS entries FROM audit");
    let row = tx.row(statement, &[]).await?;
    row.map_or(Ok(0), |row| row.int("entries"))
}
