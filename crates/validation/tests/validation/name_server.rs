//! A name server that answers what a test tells it to, over UDP and TCP on one port.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use hickory_proto::op::{Message, Query, ResponseCode};
use hickory_proto::rr::{Name, RData, Record, RecordType, rdata};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, UdpSocket};

/// What to answer.
#[derive(Clone)]
pub(crate) enum Reply {
    Code(ResponseCode),
    Records(Vec<(String, RData)>),
    /// Nothing at all.
    Silence,
    /// Cut off over UDP, whole over TCP.
    TooLarge(Vec<(String, RData)>),
}

pub(crate) struct NameServer {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl NameServer {
    /// `reply` is given the name, without its last dot and in lower case, and the type.
    pub(crate) async fn start(
        reply: impl Fn(&str, RecordType) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let (udp, tcp) = sockets().await;
        let address = udp.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let state = State {
            asked: Arc::clone(&asked),
            reply: Arc::new(reply),
        };
        tokio::spawn(serve_udp(udp, state.clone()));
        tokio::spawn(serve_tcp(tcp, state));
        Self { address, asked }
    }

    /// The queries so far: `udp www.example.com A`.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

type Script = dyn Fn(&str, RecordType) -> Reply + Send + Sync;

#[derive(Clone)]
struct State {
    asked: Arc<Mutex<Vec<String>>>,
    reply: Arc<Script>,
}

impl State {
    fn answer(&self, request: &[u8], transport: &str) -> Option<Vec<u8>> {
        let request = Message::from_vec(request).unwrap();
        let query: Query = request.queries.first().unwrap().clone();
        let name = query.name().to_ascii().to_ascii_lowercase();
        let name = name.trim_end_matches('.');
        let kind = query.query_type();
        let line = format!("{transport} {name} {kind}");
        self.asked.lock().unwrap().push(line);

        let mut response = request.clone().into_response();
        response.edns = None;
        response.metadata.recursion_available = true;
        match (self.reply)(name, kind) {
            Reply::Code(code) => response.metadata.response_code = code,
            Reply::Silence => return None,
            Reply::TooLarge(_) if transport == "udp" => response.metadata.truncation = true,
            Reply::Records(records) | Reply::TooLarge(records) => {
                response.insert_answers(made(records));
            }
        }
        Some(response.to_vec().unwrap())
    }
}

fn made(records: Vec<(String, RData)>) -> Vec<Record> {
    records
        .into_iter()
        .map(|(name, data)| {
            Record::from_rdata(Name::from_ascii(format!("{name}.")).unwrap(), 300, data)
        })
        .collect()
}

/// The same port for both; one that is free for UDP may be in use for TCP.
async fn sockets() -> (UdpSocket, TcpListener) {
    for _ in 0..100 {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().unwrap()).await {
            return (udp, tcp);
        }
    }
    panic!("no port is free for UDP and TCP");
}

async fn serve_udp(socket: UdpSocket, state: State) {
    let mut buffer = [0; 4096];
    while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
        if let Some(answer) = state.answer(&buffer[..length], "udp") {
            socket.send_to(&answer, peer).await.unwrap();
        }
    }
}

async fn serve_tcp(listener: TcpListener, state: State) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let state = state.clone();
        tokio::spawn(async move {
            while let Ok(length) = stream.read_u16().await {
                let mut request = vec![0; usize::from(length)];
                stream.read_exact(&mut request).await.unwrap();
                if let Some(answer) = state.answer(&request, "tcp") {
                    let length = u16::try_from(answer.len()).unwrap();
                    stream.write_u16(length).await.unwrap();
                    stream.write_all(&answer).await.unwrap();
                }
            }
        });
    }
}

pub(crate) fn txt(name: &str, strings: &[&str]) -> (String, RData) {
    let strings = strings.iter().map(ToString::to_string).collect();
    (name.to_owned(), RData::TXT(rdata::TXT::new(strings)))
}

pub(crate) fn a(name: &str, address: &str) -> (String, RData) {
    (name.to_owned(), RData::A(address.parse().unwrap()))
}

pub(crate) fn cname(name: &str, target: &str) -> (String, RData) {
    let target = Name::from_ascii(format!("{target}.")).unwrap();
    (name.to_owned(), RData::CNAME(rdata::CNAME(target)))
}
