//! pkilint on what the server issues: certificates for every kind of key, and the CRL.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::ensure;
use rcgen::{
    CertificateParams, DistinguishedName, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384,
    PKCS_RSA_SHA256, RsaKeySize,
};
use tokio::process::Command;

use crate::chain::Chain;
use crate::instant::{Proof, obtain, register_at};
use crate::server::Server;
use crate::{on_sqlite, program};

/// A linter of the set; the variable names one of its programs or their folder.
fn linter(program: &str) -> anyhow::Result<Option<PathBuf>> {
    let found = program::find("CHANCERY_TEST_PKILINT", Some("lint_cabf_serverauth_cert"))?;
    Ok(found.map(|found| {
        let folder = if found.is_dir() {
            found.as_path()
        } else {
            found.parent().unwrap_or(&found)
        };
        folder.join(program)
    }))
}

fn csr(names: &[&str], key: &KeyPair) -> anyhow::Result<Vec<u8>> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    Ok(params.serialize_request(key)?.der().to_vec())
}

/// Every finding is printed as text; silence is the only good answer.
async fn expect_silence(linter: &Path, words: &[&str], file: &Path) -> anyhow::Result<()> {
    let mut command = Command::new(linter);
    command
        .arg("lint")
        .args(words)
        .args(["-s", "INFO"])
        .arg(file);
    let what = format!("{} {}", linter.display(), file.display());
    let findings = program::run(&what, &mut command).await?;
    ensure!(findings.trim().is_empty(), "{}: {findings}", file.display());
    Ok(())
}

async fn walk(server: &Server, linter: &Path, crl_linter: &Path) -> anyhow::Result<()> {
    let account = register_at(server).await?;
    let proof = Proof::Dns(&server.names);
    let folder = tempfile::tempdir()?;
    let keys = [
        ("p256", KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?),
        ("p384", KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384)?),
        (
            "rsa",
            KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048)?,
        ),
    ];
    let orders: [&[&str]; 2] = [
        &["*.example.com", "example.com"],
        &["example.com", "www.example.com"],
    ];
    let mut last = None;
    for (label, key) in &keys {
        for (number, names) in orders.iter().enumerate() {
            let csr = csr(names, key)?;
            let chain = Chain::parse(&obtain(&account, names, &proof, Some(&csr)).await?)?;
            chain.expect_names(names)?;
            let file = folder.path().join(format!("{label}-{number}.pem"));
            fs::write(&file, chain.leaf.to_pem())?;
            expect_silence(linter, &["-d"], &file).await?;
            last = Some(chain);
        }
    }
    let chain = last.ok_or_else(|| anyhow::anyhow!("nothing was issued"))?;
    let certificate = rustls_pki_types::CertificateDer::from(chain.leaf.der().to_vec());
    let request = instant_acme::RevocationRequest {
        certificate: &certificate,
        reason: None,
    };
    account.revoke(&request).await?;
    chain.expect_revoked(server).await?;
    let file = folder.path().join("issuing.crl");
    fs::write(&file, chain.crl(server).await?)?;
    expect_silence(crl_linter, &["-t", "CRL", "-p", "BR"], &file).await
}

#[tokio::test(flavor = "multi_thread")]
async fn pkilint_finds_nothing_in_certificates_and_crl() -> anyhow::Result<()> {
    let (Some(linter), Some(crl_linter)) =
        (linter("lint_cabf_serverauth_cert")?, linter("lint_crl")?)
    else {
        return Ok(());
    };
    on_sqlite(async |server| walk(server, &linter, &crl_linter).await).await
}
