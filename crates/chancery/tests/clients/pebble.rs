//! `chancery pebble` in Pebble's place: its flags, file and environment, its URLs, its management listener.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, ensure};
use instant_acme::{
    Account, AuthorizationStatus, Identifier, NewOrder, RevocationReason, RevocationRequest,
};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio_rustls::TlsConnector;

use crate::chain::Chain;
use crate::instant::{Proof, obtain, register};
use crate::name_server::NameServer;
use crate::program;
use crate::responder::Responder;
use crate::server::{binary, end, free_ports, spawn, wait_for};

/// 48 octets, as Pebble's own examples have them.
const MAC_KEY: &str = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";

struct Pebble {
    directory_url: String,
    management: SocketAddr,
    http_port: u16,
    names: NameServer,
    folder: TempDir,
    process: Child,
}

struct Reply {
    status: String,
    head: String,
    body: String,
}

impl Pebble {
    async fn start(environment: &[(&str, &str)], more: Value) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        make_certificate(&folder)?;
        let [acme, management, http, tls] = free_ports()?;
        let mut settings = json!({
            "listenAddress": format!("127.0.0.1:{acme}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": folder.path().join("cert.pem"),
            "privateKey": folder.path().join("key.pem"),
            "httpPort": http,
            "tlsPort": tls,
            "ocspResponderURL": "",
            "retryAfter": { "authz": 1, "order": 1 },
        });
        if let (Some(settings), Value::Object(more)) = (settings.as_object_mut(), more) {
            settings.extend(more);
        }
        let file = folder.path().join("pebble-config.json");
        fs::write(&file, json!({ "pebble": settings }).to_string())?;
        let names = NameServer::start().await?;
        let mut command = binary();
        command.arg("pebble").arg("-config").arg(file);
        command.args(["-dnsserver", &names.address().to_string(), "-strict"]);
        // Chance has no place in the other tests.
        command
            .env("PEBBLE_WFE_NONCEREJECT", "0")
            .envs(environment.iter().copied());
        let mut process = spawn(&mut command, &folder.path().join("pebble.log"))?;
        let door = SocketAddr::from((Ipv4Addr::LOCALHOST, management));
        let started = wait_for(door, &mut process).await;
        let log = fs::read_to_string(folder.path().join("pebble.log")).unwrap_or_default();
        started.context(log)?;
        Ok(Self {
            directory_url: format!("https://localhost:{acme}/dir"),
            management: door,
            http_port: http,
            names,
            folder,
            process,
        })
    }

    fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// What the management listener answers.
    async fn manage(&self, method: &str, path: &str) -> anyhow::Result<Reply> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.ca_file())?)?;
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let stream = TcpStream::connect(self.management).await?;
        let connector = TlsConnector::from(Arc::new(config));
        let mut stream = connector.connect("localhost".try_into()?, stream).await?;
        let head = "Host: localhost\r\nConnection: close\r\nContent-Length: 2";
        let request = format!("{method} {path} HTTP/1.1\r\n{head}\r\n\r\n{{}}");
        stream.write_all(request.as_bytes()).await?;
        let mut reply = Vec::new();
        // Without a farewell of TLS the reply is whole if its head and body are.
        let _ended = stream.read_to_end(&mut reply).await;
        let reply = String::from_utf8(reply)?;
        let (head, body) = reply.split_once("\r\n\r\n").context("no answer")?;
        let status = head.split(' ').nth(1).context("no status")?;
        Ok(Reply {
            status: status.to_owned(),
            head: head.to_owned(),
            body: body.to_owned(),
        })
    }

    /// What can be read there.
    async fn read(&self, path: &str) -> anyhow::Result<String> {
        let reply = self.manage("GET", path).await?;
        ensure!(reply.status == "200", "{path}: {}", reply.status);
        Ok(reply.body)
    }

    async fn stop(mut self) -> anyhow::Result<()> {
        end(&mut self.process).await
    }
}

/// Pebble comes with a certificate from a CA of its own; so does its stand-in in this test.
fn make_certificate(folder: &TempDir) -> anyhow::Result<()> {
    let mut params = CertificateParams::new(Vec::new())?;
    params
        .distinguished_name
        .push(DnType::CommonName, "CA of a test");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_key = KeyPair::generate()?;
    fs::write(
        folder.path().join("ca.pem"),
        params.self_signed(&ca_key)?.pem(),
    )?;
    let ca = Issuer::new(params, ca_key);
    let key = KeyPair::generate()?;
    let leaf = CertificateParams::new(["localhost", "127.0.0.1"].map(str::to_owned))?
        .signed_by(&key, &ca)?;
    fs::write(folder.path().join("cert.pem"), leaf.pem())?;
    fs::write(folder.path().join("key.pem"), key.serialize_pem())?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn instant_acme_on_pebbles_stand_in() -> anyhow::Result<()> {
    let pebble = Pebble::start(&[("PEBBLE_AUTHZREUSE", "0")], json!({})).await?;
    let account = register(&pebble.directory_url, &pebble.ca_file(), None).await?;
    ensure!(
        account.id().contains("/my-account/"),
        "{} is not Pebble's shape",
        account.id()
    );
    let responder = Responder::start(pebble.http_port).await?;
    let names = ["anything.localdomain", "other.test"];
    let chain = obtain(&account, &names, &Proof::Http(&responder), None).await?;
    let chain = Chain::parse(&chain)?;
    chain.expect_names(&names)?;
    let wildcard = obtain(&account, &["*.wild.test"], &Proof::Dns(&pebble.names), None).await?;
    Chain::parse(&wildcard)?.expect_names(&["*.wild.test"])?;

    ensure!(
        !is_proven(&account, "other.test").await?,
        "an authorization was used again"
    );

    let status = |text: String| serde_json::from_str::<Value>(&text).context(text);
    let path = format!(
        "/cert-status-by-serial/{}",
        chain.leaf.serial.to_uppercase()
    );
    ensure!(status(pebble.read(&path).await?)?["Status"] == "Valid");
    let certificate = CertificateDer::from(chain.leaf.der().to_vec());
    let reason = Some(RevocationReason::Superseded);
    account
        .revoke(&RevocationRequest {
            certificate: &certificate,
            reason,
        })
        .await?;
    let revoked = status(pebble.read(&path).await?)?;
    ensure!(
        revoked["Status"] == "Revoked" && revoked["Reason"] == 4,
        "{revoked}"
    );
    pebble.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn pebbles_urls_are_at_the_host_that_was_asked() -> anyhow::Result<()> {
    let pebble = Pebble::start(&[("PEBBLE_VA_ALWAYS_VALID", "1")], json!({})).await?;
    let by_address = pebble.directory_url.replace("localhost", "127.0.0.1");
    let responder = Responder::start(pebble.http_port).await?;
    for url in [&pebble.directory_url, &by_address] {
        let account = register(url, &pebble.ca_file(), None).await?;
        let origin = url.trim_end_matches("/dir");
        ensure!(
            account.id().starts_with(origin),
            "{} is not at {origin}",
            account.id()
        );
        let proof = Proof::Http(&responder);
        let chain = obtain(&account, &["host.test"], &proof, None).await?;
        Chain::parse(&chain)?.expect_names(&["host.test"])?;
    }
    pebble.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn pebbles_management_listener_shows_the_cas() -> anyhow::Result<()> {
    let environment = [
        ("PEBBLE_VA_ALWAYS_VALID", "1"),
        ("PEBBLE_AUTHZREUSE", "100"),
    ];
    let pebble = Pebble::start(&environment, json!({})).await?;
    let root = pki::Certificate::from_pem(&pebble.read("/roots/0").await?)?;
    let intermediate = pki::Certificate::from_pem(&pebble.read("/intermediates/0").await?)?;
    ensure!(root.is_ca && intermediate.is_ca);
    intermediate.verify_signature(&root.key)?;
    for (path, certificate) in [
        ("/root-keys/0", &root),
        ("/intermediate-keys/0", &intermediate),
    ] {
        let key = KeyPair::from_pem(&pebble.read(path).await?)?;
        let spki = rcgen::PublicKeyData::subject_public_key_info(&key);
        ensure!(
            certificate
                .der()
                .windows(spki.len())
                .any(|part| part == spki),
            "{path}"
        );
    }
    ensure!(pebble.manage("GET", "/roots/1").await?.status == "404");
    let refused = pebble.manage("POST", "/set-renewal-info/").await?;
    ensure!(
        refused.status == "501" && refused.body.contains("not supported"),
        "{} {}",
        refused.status,
        refused.body
    );

    // Nobody answers for these names: the server does not look.
    let account = register(&pebble.directory_url, &pebble.ca_file(), None).await?;
    let responder = Responder::start(pebble.http_port).await?;
    let proof = Proof::Http(&responder);
    let chain = Chain::parse(&obtain(&account, &["nowhere.invalid"], &proof, None).await?)?;
    chain.leaf.verify_signature(&intermediate.key)?;
    ensure!(
        is_proven(&account, "nowhere.invalid").await?,
        "an authorization was not used again"
    );
    pebble.stop().await
}

/// Whether a new order for the name finds its authorization valid already.
async fn is_proven(account: &Account, name: &str) -> anyhow::Result<bool> {
    let names = [Identifier::Dns(name.to_owned())];
    let mut order = account.new_order(&NewOrder::new(&names)).await?;
    let mut authorizations = order.authorizations();
    let authorization = authorizations.next().await.context("no authorization")??;
    Ok(authorization.status == AuthorizationStatus::Valid)
}

#[tokio::test(flavor = "multi_thread")]
async fn pebbles_stand_in_refuses_good_nonces_when_told_to() -> anyhow::Result<()> {
    let pebble = Pebble::start(&[("PEBBLE_WFE_NONCEREJECT", "100")], json!({})).await?;
    let refused = register(&pebble.directory_url, &pebble.ca_file(), None).await;
    let refused = format!("{:#}", refused.err().context("a nonce was taken")?);
    ensure!(refused.contains("badNonce"), "{refused}");
    pebble.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn pebbles_bindings_are_free_text_and_checked() -> anyhow::Result<()> {
    let more = json!({
        "externalAccountBindingRequired": true,
        "externalAccountMACKeys": { "kid-1": MAC_KEY },
        "domainBlocklist": ["blocked.test"],
    });
    let pebble = Pebble::start(&[], more).await?;
    let (url, ca_file) = (&pebble.directory_url, pebble.ca_file());
    let refused = register(url, &ca_file, None)
        .await
        .err()
        .context("no binding was needed")?;
    ensure!(
        format!("{refused:#}").contains("externalAccountRequired"),
        "{refused:#}"
    );
    for wrong in [("kid-1", "c2VjcmV0"), ("kid-2", MAC_KEY)] {
        ensure!(
            register(url, &ca_file, Some(wrong)).await.is_err(),
            "{wrong:?} was taken"
        );
    }
    let account = register(url, &ca_file, Some(("kid-1", MAC_KEY))).await?;
    let proof = Proof::Dns(&pebble.names);
    let refused = obtain(&account, &["www.blocked.test"], &proof, None).await;
    let refused = refused.err().context("a blocked name was taken")?;
    ensure!(
        format!("{refused:#}").contains("rejectedIdentifier"),
        "{refused:#}"
    );
    Chain::parse(&obtain(&account, &["free.test"], &proof, None).await?)?;
    pebble.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn certbot_on_pebbles_stand_in() -> anyhow::Result<()> {
    let Some(certbot) = program::find("CHANCERY_TEST_CERTBOT", Some("certbot"))? else {
        return Ok(());
    };
    // Three roots; this client wants the last.
    let pebble = Pebble::start(&[("PEBBLE_ALTERNATE_ROOTS", "2")], json!({})).await?;
    let root = pki::Certificate::from_pem(&pebble.read("/roots/2").await?)?;
    let mut attributes = root.subject.split(',');
    let common_name = attributes.find_map(|attribute| attribute.trim().strip_prefix("CN="));
    let common_name = common_name.context("the root has no common name")?;
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(certbot);
    command.args([
        "certonly",
        "--standalone",
        "--http-01-address",
        "127.0.0.1",
        "--http-01-port",
    ]);
    command.arg(pebble.http_port.to_string()).args([
        "-d",
        "a.certbot.test",
        "-d",
        "b.certbot.test",
    ]);
    command.args([
        "--server",
        &pebble.directory_url,
        "--non-interactive",
        "--agree-tos",
    ]);
    command.args(["--register-unsafely-without-email", "--cert-name", "pebble"]);
    command.args(["--preferred-chain", common_name]);
    for name in ["config", "work", "logs"] {
        command
            .arg(format!("--{name}-dir"))
            .arg(folder.path().join(name));
    }
    command.env("REQUESTS_CA_BUNDLE", pebble.ca_file());
    program::run("certbot", &mut command).await?;
    let chain = Chain::read(&folder.path().join("config/live/pebble/fullchain.pem"))?;
    chain.expect_names(&["a.certbot.test", "b.certbot.test"])?;
    chain.issuer.verify_signature(&root.key)?;
    ensure!(
        chain.issuer.to_pem().trim() == pebble.read("/intermediates/2").await?.trim(),
        "the chain is not number 2"
    );
    // Each shows the way to the others; `localhost` is what the request named as its host.
    let head = pebble.manage("GET", "/intermediates/1").await?.head;
    for (number, is_linked) in [(0, true), (1, false), (2, true)] {
        let link = format!("link: <https://localhost/intermediates/{number}>;rel=\"alternate\"");
        ensure!(
            head.to_ascii_lowercase().contains(&link) == is_linked,
            "{head}"
        );
    }
    ensure!(pebble.manage("GET", "/roots/3").await?.status == "404");
    pebble.stop().await
}

/// Certbot's own suite always sets it.
#[tokio::test(flavor = "multi_thread")]
async fn finding_s6_1_pebbles_stand_in_starts_with_an_ocsp_responder() -> anyhow::Result<()> {
    let more = json!({ "ocspResponderURL": "http://127.0.0.1:4002" });
    let pebble = Pebble::start(&[], more).await?;
    pki::Certificate::from_pem(&pebble.read("/roots/0").await?)?;
    pebble.stop().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_stand_in_cannot_do_is_refused_at_the_start() -> anyhow::Result<()> {
    let mut command = binary();
    command
        .args(["pebble", "-config", "/nowhere.json"])
        .env("PEBBLE_CHAIN_LENGTH", "3");
    let refused = program::run("chancery pebble", &mut command).await;
    let refused = refused.err().context("it was not refused")?.to_string();
    ensure!(
        refused.contains("PEBBLE_CHAIN_LENGTH") && refused.contains("not supported"),
        "{refused}"
    );
    Ok(())
}
