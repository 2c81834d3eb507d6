//! The web server of every name we ask certificates for (RFC 8555 §8.3), on one loopback port.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Where validators look.
const PREFIX: &str = "/.well-known/acme-challenge/";
/// A request head longer than this is none of a validator's.
const HEAD_LIMIT: usize = 8192;

/// The key authorizations to answer with, by token.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answers(Arc<Mutex<HashMap<String, String>>>);

impl Answers {
    /// Answers for `token` from now on.
    pub(crate) fn add(&self, token: &str, key_authorization: String) {
        self.lock().insert(token.to_owned(), key_authorization);
    }

    /// Stops answering.
    pub(crate) fn remove(&self, token: &str) {
        self.lock().remove(token);
    }

    /// Listens on a free port of loopback and answers until the runtime ends.
    pub(crate) async fn serve(&self) -> anyhow::Result<SocketAddr> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let answers = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, answers.clone()));
            }
        });
        Ok(address)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn response(&self, head: &str) -> String {
        let path = head.split(' ').nth(1).unwrap_or_default();
        let token = path.strip_prefix(PREFIX).unwrap_or_default();
        let (status, body) = match self.lock().get(token) {
            Some(found) => ("200 OK", found.clone()),
            None => ("404 Not Found", String::new()),
        };
        let length = body.len();
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/octet-stream\r\n\
             Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
        )
    }
}

async fn answer(mut stream: TcpStream, answers: Answers) -> std::io::Result<()> {
    let mut head = Vec::with_capacity(512);
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD_LIMIT {
        if stream.read_buf(&mut head).await? == 0 {
            return Ok(());
        }
    }
    let response = answers.response(&String::from_utf8_lossy(&head));
    stream.write_all(response.as_bytes()).await?;
    stream.shutdown().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::acme_client::plain;

    #[tokio::test]
    async fn a_known_token_is_answered_until_it_is_removed() {
        let answers = Answers::default();
        let address = answers.serve().await.unwrap();
        let path = format!("{PREFIX}token-1");
        assert!(plain::get(address, &path).await.is_err());
        answers.add("token-1", "token-1.thumb".to_owned());
        assert_eq!(plain::get(address, &path).await.unwrap(), "token-1.thumb");
        answers.remove("token-1");
        assert!(plain::get(address, &path).await.is_err());
    }
}
