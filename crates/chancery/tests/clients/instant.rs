//! The crate instant-acme, and what other tests borrow from it to obtain certificates.

use std::path::Path;

use anyhow::{Context, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use instant_acme::{
    Account, AuthorizationHandle, AuthorizationStatus, ChallengeType, ExternalAccountKey,
    Identifier, NewAccount, NewOrder, Order, OrderStatus, RetryPolicy, RevocationReason,
    RevocationRequest,
};
use rustls_pki_types::CertificateDer;

use crate::chain::Chain;
use crate::name_server::NameServer;
use crate::responder::Responder;
use crate::server::Server;
use crate::{on_postgres, on_sqlite};

/// How a client proves control.
pub(crate) enum Proof<'a> {
    Dns(&'a NameServer),
    Http(&'a Responder),
}

/// An account at the directory, bound when a binding is given.
pub(crate) async fn register(
    directory_url: &str,
    ca_file: &Path,
    binding: Option<(&str, &str)>,
) -> anyhow::Result<Account> {
    let binding = match binding {
        Some((key_id, mac_key)) => Some(ExternalAccountKey::new(
            key_id.to_owned(),
            &URL_SAFE_NO_PAD.decode(mac_key)?,
        )),
        None => None,
    };
    let new_account = NewAccount {
        contact: &["mailto:admin@example.com"],
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let (account, _) = Account::builder_with_root(ca_file)?
        .create(&new_account, directory_url.to_owned(), binding.as_ref())
        .await?;
    Ok(account)
}

/// An account at a server of the tests.
pub(crate) async fn register_at(server: &Server) -> anyhow::Result<Account> {
    let binding = Some((server.eab_kid.as_str(), server.eab_hmac_key.as_str()));
    register(&server.directory_url, &server.ca_file(), binding).await
}

/// Proves control of the names; with a CSR the order is finalized by it, otherwise by a fresh P-256 key.
pub(crate) async fn obtain(
    account: &Account,
    names: &[&str],
    proof: &Proof<'_>,
    csr: Option<&[u8]>,
) -> anyhow::Result<String> {
    let names: Vec<Identifier> = names
        .iter()
        .map(|name| Identifier::Dns((*name).to_owned()))
        .collect();
    let mut order = account.new_order(&NewOrder::new(&names)).await?;
    prove(&mut order, proof).await?;
    let retries = RetryPolicy::default();
    let status = order.poll_ready(&retries).await?;
    ensure!(status == OrderStatus::Ready, "the order is {status:?}");
    match csr {
        Some(csr) => order.finalize_csr(csr).await?,
        None => drop(order.finalize().await?),
    }
    Ok(order.poll_certificate(&retries).await?)
}

async fn prove(order: &mut Order, proof: &Proof<'_>) -> anyhow::Result<()> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let authorization = authorization?;
        if authorization.status != AuthorizationStatus::Valid {
            answer(authorization, proof).await?;
        }
    }
    Ok(())
}

async fn answer(
    mut authorization: AuthorizationHandle<'_>,
    proof: &Proof<'_>,
) -> anyhow::Result<()> {
    let Identifier::Dns(name) = authorization.identifier().identifier.clone() else {
        anyhow::bail!("an authorization for something that is not a name");
    };
    let kind = match proof {
        Proof::Dns(_) => ChallengeType::Dns01,
        Proof::Http(_) => ChallengeType::Http01,
    };
    let mut challenge = authorization
        .challenge(kind)
        .context("the challenge is not offered")?;
    let key_authorization = challenge.key_authorization();
    match proof {
        Proof::Dns(server) => {
            server.add_txt(
                &format!("_acme-challenge.{name}"),
                &key_authorization.dns_value(),
            )?;
        }
        Proof::Http(responder) => responder.add(&challenge.token, key_authorization.as_str()),
    }
    Ok(challenge.set_ready().await?)
}

/// Register with a binding, http-01, a wildcard by dns-01, renew, revoke.
async fn walk(server: &Server) -> anyhow::Result<()> {
    let account = register_at(server).await?;
    let responder = Responder::start(server.http_port).await?;
    let by_http = Proof::Http(&responder);
    let names = ["example.com", "www.example.com"];
    let first = Chain::parse(&obtain(&account, &names, &by_http, None).await?)?;
    first.expect_names(&names)?;
    first.expect_issued(server).await?;

    let names = ["*.example.com", "example.com"];
    let by_dns = Proof::Dns(&server.names);
    let wildcard = Chain::parse(&obtain(&account, &names, &by_dns, None).await?)?;
    wildcard.expect_names(&names)?;
    wildcard.expect_issued(server).await?;

    let names = ["example.com", "www.example.com"];
    let renewed = Chain::parse(&obtain(&account, &names, &by_http, None).await?)?;
    ensure!(
        renewed.leaf.serial != first.leaf.serial,
        "the certificate was not renewed"
    );
    renewed.expect_issued(server).await?;

    let certificate = CertificateDer::from(renewed.leaf.der().to_vec());
    let request = RevocationRequest {
        certificate: &certificate,
        reason: Some(RevocationReason::Superseded),
    };
    account.revoke(&request).await?;
    renewed.expect_revoked(server).await?;
    first.expect_issued(server).await
}

#[tokio::test(flavor = "multi_thread")]
async fn instant_acme_on_sqlite() -> anyhow::Result<()> {
    on_sqlite(walk).await
}

#[tokio::test(flavor = "multi_thread")]
async fn instant_acme_on_postgres() -> anyhow::Result<()> {
    on_postgres(walk).await
}
