//! The demo's small ACME client: registers with the EAB credential, answers http-01 on loopback and stores
//! the certificate, as any client would.

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, ExternalAccountKey, Identifier, NewAccount,
    NewOrder, Order, OrderStatus, RetryPolicy,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::sample::{Sample, write_private};
use crate::config::Config;

/// Paths to what has to be answered there.
type Answers = Arc<Mutex<HashMap<String, String>>>;

/// Obtains a certificate for the demo's domain and its companion, unless an earlier start has.
pub(super) async fn obtain(config: &Config, sample: &Sample) -> anyhow::Result<()> {
    if sample.certificate_file.is_file() {
        return Ok(());
    }
    let answers = Answers::default();
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], sample.http01_port)))
        .await
        .with_context(|| format!("port {} is in use", sample.http01_port))?;
    let web = tokio::spawn(serve(listener, answers.clone()));
    let mut order = order(sample).await?;
    answer(&mut order, &answers).await?;
    let retries = RetryPolicy::default();
    let status = order.poll_ready(&retries).await?;
    if status != OrderStatus::Ready {
        bail!("the order is {status:?}; see Activity in the portal");
    }
    let private_key = order.finalize().await?;
    let chain = order.poll_certificate(&retries).await?;
    web.abort();
    write_private(&config.data.join("certificate.key"), &private_key)?;
    fs::write(&sample.certificate_file, chain)?;
    Ok(())
}

async fn order(sample: &Sample) -> anyhow::Result<Order> {
    let mac_key = URL_SAFE_NO_PAD.decode(&sample.eab_hmac_key)?;
    let binding = ExternalAccountKey::new(sample.eab_kid.clone(), &mac_key);
    let new_account = NewAccount {
        contact: &[],
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let (account, _) = Account::builder_with_root(&sample.ca_file)?
        .create(&new_account, sample.directory_url.clone(), Some(&binding))
        .await?;
    let names = [sample.domain.clone(), format!("www.{}", sample.domain)].map(Identifier::Dns);
    Ok(account.new_order(&NewOrder::new(&names)).await?)
}

async fn answer(order: &mut Order, answers: &Answers) -> anyhow::Result<()> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        if authorization.status == AuthorizationStatus::Valid {
            continue;
        }
        let mut challenge = authorization
            .challenge(ChallengeType::Http01)
            .context("the server offers no http-01 challenge")?;
        let path = format!("/.well-known/acme-challenge/{}", challenge.token);
        let key_authorization = challenge.key_authorization().as_str().to_owned();
        answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(path, key_authorization);
        challenge.set_ready().await?;
    }
    Ok(())
}

async fn serve(listener: TcpListener, answers: Answers) {
    while let Ok((stream, _)) = listener.accept().await {
        let answers = answers.clone();
        tokio::spawn(async move {
            let _ended = respond(stream, &answers).await;
        });
    }
}

async fn respond(mut stream: TcpStream, answers: &Answers) -> std::io::Result<()> {
    let mut request = vec![0_u8; 4096];
    let length = stream.read(&mut request).await?;
    let head = String::from_utf8_lossy(request.get(..length).unwrap_or_default()).into_owned();
    let path = head.split(' ').nth(1).unwrap_or_default();
    let found = answers
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .get(path)
        .cloned();
    let (status, body) = match found {
        Some(body) => ("200 OK", body),
        None => ("404 Not Found", String::new()),
    };
    let reply = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(reply.as_bytes()).await
}
