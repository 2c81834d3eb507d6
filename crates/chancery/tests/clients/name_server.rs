//! A name server on loopback: every name has the address 127.0.0.1, and TXT records are lines of files, so
//! that hook scripts of clients can set them.

use std::fs;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;
use tokio::net::UdpSocket;
use tokio::task::JoinHandle;

const HEADER: usize = 12;
const TYPE_A: u16 = 1;
const TYPE_TXT: u16 = 16;

/// Runs until it is dropped.
pub(crate) struct NameServer {
    address: SocketAddr,
    folder: TempDir,
    task: JoinHandle<()>,
}

impl NameServer {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let socket = Arc::new(UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?);
        let address = socket.local_addr()?;
        let records = folder.path().to_owned();
        let task = tokio::spawn(async move {
            let mut query = [0_u8; 1500];
            while let Ok((length, client)) = socket.recv_from(&mut query).await {
                let query = query.get(..length).unwrap_or_default();
                if let Some(reply) = answer(query, &records) {
                    // A client that has gone away asks again or not at all.
                    let _sent = socket.send_to(&reply, client).await;
                }
            }
        });
        Ok(Self {
            address,
            folder,
            task,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Adds a TXT record.
    pub(crate) fn add_txt(&self, name: &str, value: &str) -> anyhow::Result<()> {
        let path = self.folder.path().join(name);
        let mut file = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)?;
        Ok(writeln!(file, "{value}")?)
    }

    /// Writes a hook script: `$NAME` and `$VALUE` are what its first lines make of the client's words.
    pub(crate) fn hook(&self, file: &str, preamble: &str) -> anyhow::Result<PathBuf> {
        let path = self.folder.path().join(file);
        let records = self.folder.path().display();
        let text = format!(
            "#!/bin/sh\nset -eu\n{preamble}\nprintf '%s\\n' \"$VALUE\" >>'{records}'/\"$NAME\"\n"
        );
        fs::write(&path, text)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
        Ok(path)
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// RFC 1035 §4.1, for one question.
fn answer(query: &[u8], records: &Path) -> Option<Vec<u8>> {
    let (name, kind, question) = question(query)?;
    let data: Vec<Vec<u8>> = match kind {
        TYPE_A => vec![Ipv4Addr::LOCALHOST.octets().to_vec()],
        TYPE_TXT => texts(records, &name),
        _ => Vec::new(),
    };
    let mut reply = query.get(..2)?.to_vec();
    // An authoritative answer without error, recursion available.
    reply.extend([0x85, 0x80, 0, 1]);
    reply.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
    reply.extend([0; 4]);
    reply.extend(question);
    for data in data {
        // The name is the one at offset 12; class IN, to live for no time.
        reply.extend([0xc0, 12]);
        reply.extend(kind.to_be_bytes());
        reply.extend([0, 1, 0, 0, 0, 0]);
        reply.extend(u16::try_from(data.len()).ok()?.to_be_bytes());
        reply.extend(data);
    }
    Some(reply)
}

fn question(query: &[u8]) -> Option<(String, u16, &[u8])> {
    let mut labels = Vec::new();
    let mut at = HEADER;
    loop {
        let length = usize::from(*query.get(at)?);
        at = at.checked_add(1)?;
        if length == 0 {
            break;
        }
        let end = at.checked_add(length)?;
        labels.push(String::from_utf8_lossy(query.get(at..end)?).to_ascii_lowercase());
        at = end;
    }
    let kind = u16::from_be_bytes([*query.get(at)?, *query.get(at.checked_add(1)?)?]);
    let question = query.get(HEADER..at.checked_add(4)?)?;
    Some((labels.join("."), kind, question))
}

fn texts(records: &Path, name: &str) -> Vec<Vec<u8>> {
    if name.contains('/') {
        return Vec::new();
    }
    let text = fs::read_to_string(records.join(name)).unwrap_or_default();
    let record = |line: &str| {
        let mut data = vec![u8::try_from(line.len()).ok()?];
        data.extend(line.as_bytes());
        Some(data)
    };
    text.lines().filter_map(record).collect()
}
