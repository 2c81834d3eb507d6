//! A web server on loopback that answers http-01 challenges (RFC 8555 §8.3).

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

type Answers = Arc<Mutex<HashMap<String, String>>>;

/// Runs until it is dropped.
pub(crate) struct Responder {
    answers: Answers,
    task: JoinHandle<()>,
}

impl Responder {
    pub(crate) async fn start(port: u16) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let answers = Answers::default();
        let known = answers.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let known = known.clone();
                tokio::spawn(async move {
                    let _ended = respond(stream, &known).await;
                });
            }
        });
        Ok(Self { answers, task })
    }

    pub(crate) fn add(&self, token: &str, key_authorization: &str) {
        let path = format!("/.well-known/acme-challenge/{token}");
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(path, key_authorization.to_owned());
    }
}

impl Drop for Responder {
    fn drop(&mut self) {
        self.task.abort();
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
    let (status, body) =
        found.map_or_else(|| ("404 Not Found", String::new()), |body| ("200 OK", body));
    let length = body.len();
    let reply =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
    stream.write_all(reply.as_bytes()).await
}
