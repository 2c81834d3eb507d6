//! A name server that knows its own zones and nothing else, over UDP and TCP on one port of loopback: it signs, and where
//! a test says so, it lies, drops, cuts off and fails.
//!
//! It answers like a recursive server: with the whole chain of aliases, and from all of its zones at once. Zones are
//! signed as they are asked for, denials as in RFC 9824, so that there is nothing to prepare.

mod answer;
mod zone;

use std::collections::{BTreeMap, HashMap};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hickory_proto::op::Message;
pub use hickory_proto::op::ResponseCode;
use hickory_proto::rr::{Name, rdata};
pub use hickory_proto::rr::{RData, RecordType};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};
use tokio::task::AbortHandle;

use zone::Zone;

/// For how long its answers may be believed, in seconds.
pub(crate) const TTL: u32 = 300;

/// How a question is answered other than it should be.
#[derive(Clone, Debug)]
pub enum Misbehaviour {
    /// That there is nothing, by the word of another zone.
    DeniedBy(&'static str),
    /// With signatures that ended long ago.
    Expired,
    /// With an error, and perhaps an extended one (RFC 8914).
    Fails(ResponseCode, Option<(u16, &'static str)>),
    /// With other records than those that were signed.
    Forged(Vec<RData>),
    /// With a record of another name beside the right ones.
    Padded(&'static str, RData),
    /// Not at all.
    Silent,
    /// Cut off over UDP, whole over TCP.
    Truncated,
    /// Without signatures, and without what proves that there is nothing.
    Unsigned,
}

/// Runs until it is dropped.
pub struct NameServer {
    /// Where it answers.
    pub address: SocketAddr,
    state: Arc<State>,
    tasks: [AbortHandle; 2],
}

#[derive(Default)]
pub(crate) struct State {
    zones: Mutex<BTreeMap<Name, Zone>>,
    records: Mutex<HashMap<(Name, RecordType), Vec<RData>>>,
    misbehaviours: Mutex<HashMap<(Name, RecordType), Misbehaviour>>,
    asked: Mutex<Vec<String>>,
}

impl NameServer {
    /// A server with a signed root and nothing below it.
    pub async fn start() -> Self {
        Self::start_at(0).await
    }

    /// The same at a port of loopback.
    pub async fn start_at(port: u16) -> Self {
        let (udp, tcp) = sockets(port).await;
        let address = udp.local_addr().expect("an address");
        let state = Arc::new(State::default());
        let tasks = [
            tokio::spawn(serve_udp(udp, Arc::clone(&state))).abort_handle(),
            tokio::spawn(serve_tcp(tcp, Arc::clone(&state))).abort_handle(),
        ];
        let server = Self {
            address,
            state,
            tasks,
        };
        server.zone(".", true);
        server
    }

    /// A zone, with what its parent says about it; one that is there gets a new key.
    pub fn zone(&self, name: &str, is_signed: bool) {
        let name = full(name);
        let zone = Zone::new(name.clone(), is_signed);
        locked(&self.state.zones).insert(name, zone);
    }

    /// Adds a record; `*.` stands for whatever has none of its own.
    pub fn add(&self, name: &str, data: RData) {
        let key = (full(name), data.record_type());
        locked(&self.state.records)
            .entry(key)
            .or_default()
            .push(data);
    }

    /// Adds an address.
    pub fn add_address(&self, name: &str, address: Ipv4Addr) {
        self.add(name, RData::A(address.into()));
    }

    /// Adds an alias.
    pub fn add_alias(&self, name: &str, target: &str) {
        self.add(name, RData::CNAME(rdata::CNAME(full(target))));
    }

    /// Adds a TXT record.
    pub fn add_txt(&self, name: &str, text: &str) {
        self.add(name, self::text(text));
    }

    /// Adds a CAA record, as `0 issue ca.example.com`.
    pub fn add_caa(&self, name: &str, text: &str) {
        self.add(name, caa(text));
    }

    /// Takes all records of this type away.
    pub fn remove(&self, name: &str, kind: RecordType) {
        locked(&self.state.records).remove(&(full(name), kind));
    }

    /// Answers one question in another way from now on.
    pub fn misbehave(&self, name: &str, kind: RecordType, how: Misbehaviour) {
        locked(&self.state.misbehaviours).insert((full(name), kind), how);
    }

    /// Answers everything as it should again.
    pub fn behave(&self) {
        locked(&self.state.misbehaviours).clear();
    }

    /// The key of its root, as DNSKEY record of a zone file.
    pub fn anchors(&self) -> String {
        let zones = locked(&self.state.zones);
        let root = zones.get(&Name::root()).and_then(Zone::key);
        format!(". {TTL} IN DNSKEY {}\n", root.expect("a signed root"))
    }

    /// The questions so far: `udp www.example.com CAA`.
    pub fn asked(&self) -> Vec<String> {
        locked(&self.state.asked).clone()
    }

    /// How often this was asked.
    pub fn count(&self, name: &str, kind: RecordType) -> usize {
        let end = format!(" {name} {kind}");
        let asked = locked(&self.state.asked);
        asked.iter().filter(|line| line.ends_with(&end)).count()
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// A TXT record.
pub fn text(text: &str) -> RData {
    RData::TXT(rdata::TXT::new(vec![text.to_owned()]))
}

/// Reads a CAA record, as `0 issue ca.example.com`.
///
/// # Panics
///
/// When it is none.
pub fn caa(text: &str) -> RData {
    let mut words = text.splitn(3, ' ');
    let flags: u8 = words
        .next()
        .and_then(|word| word.parse().ok())
        .expect("flags");
    let tag = words.next().expect("a tag");
    let mut record = rdata::CAA::new_issue(flags & 128 != 0, None, Vec::new());
    record.reserved_flags = flags & 127;
    tag.clone_into(&mut record.tag);
    record.value = words.next().unwrap_or_default().as_bytes().to_vec();
    RData::CAA(record)
}

impl State {
    /// The octets of the answer, if there is one.
    fn answer(&self, request: &[u8], transport: &str) -> Option<Vec<u8>> {
        let request = Message::from_vec(request).ok()?;
        let query = request.queries.first()?.clone();
        let shown = query.name().to_ascii().to_ascii_lowercase();
        let shown = if shown == "." {
            "."
        } else {
            shown.trim_end_matches('.')
        };
        let line = format!("{transport} {shown} {}", query.query_type());
        locked(&self.asked).push(line);
        let key = (full(shown), query.query_type());
        let how = locked(&self.misbehaviours).get(&key).cloned();
        let is_cut_off = matches!(how, Some(Misbehaviour::Truncated)) && transport == "udp";
        let mut response = answer::to(self, &request, &key, how)?;
        let limit = request
            .edns
            .as_ref()
            .map_or(512, |edns| usize::from(edns.max_payload()));
        let bytes = response.to_vec().ok()?;
        if !is_cut_off && (transport == "tcp" || bytes.len() <= limit) {
            return Some(bytes);
        }
        response.answers.clear();
        response.authorities.clear();
        response.metadata.truncation = true;
        response.to_vec().ok()
    }
}

/// A name with its last dot, in lower case.
pub(crate) fn full(name: &str) -> Name {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    Name::from_ascii(format!("{name}.")).expect("a name")
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same port for both; one that is free for UDP may be in use for TCP.
async fn sockets(port: u16) -> (UdpSocket, TcpListener) {
    for _ in 0..100 {
        let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .expect("a port");
        if let Ok(tcp) = TcpListener::bind(udp.local_addr().expect("an address")).await {
            return (udp, tcp);
        }
    }
    panic!("no port is free for UDP and TCP");
}

async fn serve_udp(socket: UdpSocket, state: Arc<State>) {
    let mut buffer = [0; 4096];
    while let Ok((length, peer)) = socket.recv_from(&mut buffer).await {
        let request = buffer.get(..length).unwrap_or_default();
        if let Some(answer) = state.answer(request, "udp") {
            // Whoever asked may have gone.
            let _sent = socket.send_to(&answer, peer).await;
        }
    }
}

async fn serve_tcp(listener: TcpListener, state: Arc<State>) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok(length) = stream.read_u16().await {
                let mut request = vec![0; usize::from(length)];
                if stream.read_exact(&mut request).await.is_err() {
                    return;
                }
                let Some(answer) = state.answer(&request, "tcp") else {
                    continue;
                };
                let length = u16::try_from(answer.len()).expect("a short answer");
                let sent = async {
                    stream.write_u16(length).await?;
                    stream.write_all(&answer).await
                };
                if sent.await.is_err() {
                    return;
                }
            }
        });
    }
}
