//! The chain that a client has stored, and what the server has to say about it.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use pki::{Certificate, Crl};

use crate::server::Server;

/// How often a CRL is asked for until a revocation is in it.
const TRIES: u32 = 100;

/// A certificate with the one that signed it.
pub(crate) struct Chain {
    pub(crate) leaf: Certificate,
    pub(crate) issuer: Certificate,
}

impl Chain {
    /// Reads what a client wrote and proves its signature.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            fs::read_to_string(path).with_context(|| format!("no chain in {}", path.display()))?;
        Self::parse(&text)
    }

    pub(crate) fn parse(text: &str) -> anyhow::Result<Self> {
        let certificates = pki::pem::decode_chain(text)?;
        let [leaf, issuer] = certificates.as_slice() else {
            anyhow::bail!("a chain of {} certificates", certificates.len());
        };
        let (leaf, issuer) = (Certificate::from_der(leaf)?, Certificate::from_der(issuer)?);
        leaf.verify_signature(&issuer.key)?;
        Ok(Self { leaf, issuer })
    }

    pub(crate) fn expect_names(&self, names: &[&str]) -> anyhow::Result<()> {
        let mut found = self.leaf.names.clone();
        found.sort_unstable();
        ensure!(
            found == names,
            "the certificate names {found:?} instead of {names:?}"
        );
        Ok(())
    }

    /// The server lists the certificate as issued, and its CRL does not have it.
    pub(crate) async fn expect_issued(&self, server: &Server) -> anyhow::Result<()> {
        self.expect_status(server, "issued").await?;
        ensure!(
            !self.is_on(&self.crl(server).await?)?,
            "an issued certificate is on the CRL"
        );
        Ok(())
    }

    /// The server lists the certificate as revoked, and soon its CRL has it.
    pub(crate) async fn expect_revoked(&self, server: &Server) -> anyhow::Result<()> {
        self.expect_status(server, "revoked").await?;
        let mut pause = tokio::time::interval(Duration::from_millis(100));
        for _ in 0..TRIES {
            pause.tick().await;
            if self.is_on(&self.crl(server).await?)? {
                return Ok(());
            }
        }
        anyhow::bail!("the CRL does not list serial {}", self.leaf.serial)
    }

    /// The CRL that the certificate points to, DER.
    pub(crate) async fn crl(&self, server: &Server) -> anyhow::Result<Vec<u8>> {
        let mut texts = self
            .leaf
            .extensions
            .iter()
            .map(|extension| extension.text.as_str());
        let path = texts
            .find_map(crl_path)
            .context("the certificate names no CRL")?;
        server.fetch_pki(&path).await
    }

    async fn expect_status(&self, server: &Server, expected: &str) -> anyhow::Result<()> {
        let serial = &self.leaf.serial;
        let listed = server.certificates().await?;
        let found = listed.iter().find(|row| row["serial"] == *serial);
        let found = found.with_context(|| format!("the server does not list serial {serial}"))?;
        ensure!(found["status"] == expected, "{found} instead of {expected}");
        Ok(())
    }

    fn is_on(&self, crl: &[u8]) -> anyhow::Result<bool> {
        let crl = Crl::parse(crl, &self.issuer.key)?;
        Ok(crl
            .revoked
            .iter()
            .any(|entry| entry.serial.to_string() == self.leaf.serial))
    }
}

/// The path in an extension's text that leads to a CRL.
fn crl_path(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("/crl/")?;
    let (name, _) = rest.split_once(".crl")?;
    Some(format!("/crl/{name}.crl"))
}
