//! A CA that was made elsewhere: imported by `chancery admin ca import`, then issuing to a client that
//! trusts its root. The root's key stays away.

use std::fs;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, ensure};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P384_SHA384,
};
use store::testing::Database;
use tempfile::TempDir;

use crate::chain::Chain;
use crate::instant::{Proof, obtain, register_at};
use crate::responder::Responder;
use crate::server::Server;
use crate::{finish, program, until};

/// Files as an operator brings them: `root.pem`, `issuing.pem`, `issuing.key`, and a key that fits neither.
struct Brought {
    folder: TempDir,
}

impl Brought {
    fn new() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let write = |name: &str, text: String| fs::write(folder.path().join(name), text);
        let root_key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384)?;
        let params = ca("Brought Root", BasicConstraints::Unconstrained)?;
        write("root.pem", params.self_signed(&root_key)?.pem())?;
        let root = Issuer::new(params, root_key);
        let key = KeyPair::generate()?;
        let issuing = ca("Brought Issuing", BasicConstraints::Constrained(0))?;
        write("issuing.pem", issuing.signed_by(&key, &root)?.pem())?;
        write("issuing.key", key.serialize_pem())?;
        write("other.key", KeyPair::generate()?.serialize_pem())?;
        Ok(Self { folder })
    }

    fn path(&self, name: &str) -> anyhow::Result<String> {
        let path = self.folder.path().join(name);
        Ok(path.to_str().context("no UTF-8")?.to_owned())
    }

    fn command(&self, key: &str) -> anyhow::Result<Vec<String>> {
        let words = ["ca", "import", "--directory", "DV", "--root"].map(str::to_owned);
        let mut words = words.to_vec();
        words.push(self.path("root.pem")?);
        for (flag, file) in [("--issuing", "issuing.pem"), ("--issuing-key", key)] {
            words.extend([flag.to_owned(), self.path(file)?]);
        }
        Ok(words)
    }
}

fn ca(name: &str, constraints: BasicConstraints) -> anyhow::Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(constraints);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

async fn walk(database: Database) -> anyhow::Result<()> {
    let brought = Brought::new()?;
    let server = Server::start(&database).await?;
    finish(server, database, async |server: &Server| {
        let wrong = brought.command("other.key")?;
        let wrong: Vec<&str> = wrong.iter().map(String::as_str).collect();
        let refused = server.admin(&wrong).await.err();
        let refused = format!("{:#}", refused.context("a foreign key was imported")?);
        ensure!(
            refused.contains("does not belong to the CA certificate"),
            "{refused}"
        );

        let command = brought.command("issuing.key")?;
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        server.admin(&command).await?;
        // The running server hears of it by itself.
        let root = pem(Path::new(&brought.path("root.pem")?))?;
        let is_told = async || pem(&server.root_file()).is_ok_and(|told| told == root);
        until(Duration::from_secs(2), is_told)
            .await
            .context("clients are given another root")?;
        let account = register_at(server).await?;
        let responder = Responder::start(server.http_port).await?;
        let names = ["example.com", "www.example.com"];
        let chain = obtain(&account, &names, &Proof::Http(&responder), None).await?;
        let chain = Chain::parse(&chain)?;
        chain.expect_names(&names)?;
        ensure!(
            chain.issuer.der() == pem(Path::new(&brought.path("issuing.pem")?))?,
            "{} issued",
            chain.issuer.subject
        );
        chain.expect_issued(server).await?;

        let again = server.admin(&command).await.err();
        let again = format!("{:#}", again.context("a second CA was imported")?);
        ensure!(again.contains("is here already"), "{again}");
        Ok(())
    })
    .await
}

/// The DER of the one certificate in a file.
fn pem(path: &Path) -> anyhow::Result<Vec<u8>> {
    let certificate = pki::Certificate::from_pem(&fs::read_to_string(path)?)?;
    Ok(certificate.der().to_vec())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_ca_issues_on_sqlite() -> anyhow::Result<()> {
    walk(Database::sqlite()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_imported_ca_issues_on_postgres() -> anyhow::Result<()> {
    if let Some(database) = Database::postgres().await {
        return walk(database).await;
    }
    program::skip("CHANCERY_TEST_POSTGRES_URL");
    Ok(())
}
