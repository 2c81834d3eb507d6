//! A lean ACME client (RFC 8555) to load servers with: one kept TLS connection, one account, no
//! state beyond a nonce. It is strict about nothing; the product's tests use real clients.

use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;

pub(crate) mod certificate;
pub(crate) mod connection;
pub(crate) mod csr;
pub(crate) mod http_01;
pub(crate) mod jws;
pub(crate) mod order;
pub(crate) mod plain;

use connection::{Connection, Reply, Trust};
use jws::{AccountKey, Signer};

/// How often a request is sent again with a fresh nonce (RFC 8555 §6.5 asks clients to retry).
const NONCE_ATTEMPTS: u32 = 5;
/// How long a connection may take to answer one request before it counts as lost.
const REQUEST_LIMIT: Duration = Duration::from_secs(30);

/// The credential of RFC 8555 §7.3.4.
#[derive(Debug, Clone)]
pub(crate) struct ExternalAccount {
    /// The key identifier.
    pub(crate) key_id: String,
    /// The MAC key, decoded.
    pub(crate) mac_key: Vec<u8>,
}

/// The resources of RFC 8555 §7.1.1 that a flow needs.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Directory {
    new_nonce: String,
    new_account: String,
    new_order: String,
    revoke_cert: String,
}

/// What a server says when it refuses (RFC 8555 §6.7).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    r#type: String,
    detail: String,
}

/// A key and what the server calls its account; empty until it has one.
pub(crate) struct Account {
    key: AccountKey,
    url: String,
}

/// One account on one connection.
pub(crate) struct Client {
    connection: Connection,
    directory: Directory,
    account: Account,
    nonce: Option<String>,
    requests: u64,
}

impl Account {
    fn generate() -> anyhow::Result<Self> {
        Ok(Self {
            key: AccountKey::generate()?,
            url: String::new(),
        })
    }
}

impl Client {
    /// Reads the directory and registers a new account.
    pub(crate) async fn register(
        directory_url: &str,
        trust: &Trust,
        external: Option<&ExternalAccount>,
    ) -> anyhow::Result<Self> {
        let mut connection = Connection::new(directory_url, trust)?;
        let reply = connection.get(directory_url).await?;
        let directory = parse(&reply).context("the directory")?;
        let mut client = Self {
            connection,
            directory,
            account: Account::generate()?,
            nonce: None,
            requests: 0,
        };
        client.create_account(external).await?;
        Ok(client)
    }

    /// Registers another account and goes on as that one; gives the one before.
    pub(crate) async fn register_another(
        &mut self,
        external: &ExternalAccount,
    ) -> anyhow::Result<Account> {
        let mut before = Account::generate()?;
        self.swap_account(&mut before);
        self.create_account(Some(external)).await?;
        Ok(before)
    }

    /// Goes on as another account on the same connection, and leaves the one before in its place.
    pub(crate) fn swap_account(&mut self, other: &mut Account) {
        std::mem::swap(&mut self.account, other);
    }

    /// How many signed requests were sent, repeated ones included.
    pub(crate) fn requests(&self) -> u64 {
        self.requests
    }

    /// Asks for a certificate's revocation (RFC 8555 §7.6).
    pub(crate) async fn revoke(&mut self, certificate_der: &[u8]) -> anyhow::Result<()> {
        let payload = format!(r#"{{"certificate":"{}"}}"#, jws::encode(certificate_der));
        let url = self.directory.revoke_cert.clone();
        self.post(&url, &payload).await?;
        Ok(())
    }

    async fn create_account(&mut self, external: Option<&ExternalAccount>) -> anyhow::Result<()> {
        let url = self.directory.new_account.clone();
        let payload = match external {
            Some(external) => {
                let binding = self.account.key.bind(external, &url);
                format!(r#"{{"termsOfServiceAgreed":true,"externalAccountBinding":{binding}}}"#)
            }
            None => r#"{"termsOfServiceAgreed":true}"#.to_owned(),
        };
        let reply = self.post(&url, &payload).await.context("newAccount")?;
        self.account.url = reply.location.context("newAccount has no Location")?;
        Ok(())
    }

    /// Sends one signed request; an empty payload makes it a POST-as-GET. Only the answer of a
    /// server that agreed is returned.
    async fn post(&mut self, url: &str, payload: &str) -> anyhow::Result<Reply> {
        for _ in 0..NONCE_ATTEMPTS {
            let nonce = self.take_nonce().await?;
            let signer = if self.account.url.is_empty() {
                Signer::Key
            } else {
                Signer::Account(&self.account.url)
            };
            let body = self.account.key.sign(signer, &nonce, url, payload)?;
            self.requests += 1;
            let sent = self.connection.post(url, body);
            let reply = tokio::time::timeout(REQUEST_LIMIT, sent)
                .await
                .context("no answer in time")??;
            self.nonce.clone_from(&reply.nonce);
            if reply.status < 300 {
                return Ok(reply);
            }
            let problem: Problem = serde_json::from_slice(&reply.body).unwrap_or_default();
            if !problem.r#type.ends_with(":badNonce") {
                bail!(
                    "{url}: {} {} {}",
                    reply.status,
                    problem.r#type,
                    problem.detail
                );
            }
        }
        bail!("{url}: every nonce was refused")
    }

    async fn take_nonce(&mut self) -> anyhow::Result<String> {
        if let Some(nonce) = self.nonce.take() {
            return Ok(nonce);
        }
        let url = self.directory.new_nonce.clone();
        let reply = self.connection.get(&url).await?;
        reply.nonce.context("newNonce gave no nonce")
    }
}

fn parse<'a, T: Deserialize<'a>>(reply: &'a Reply) -> anyhow::Result<T> {
    serde_json::from_slice(&reply.body)
        .with_context(|| format!("cannot be read: {}", String::from_utf8_lossy(&reply.body)))
}
