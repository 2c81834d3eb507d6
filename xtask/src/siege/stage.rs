//! The server under attack, with two resellers: one attacks, the other goes about its business.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use clap::ValueEnum;
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use super::Options;
use crate::acme_client::http_01::Answers;
use crate::server::chancery::{Access, Chancery, Settings, Validation};
use crate::server::postgres::{Durability, Postgres};

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Engine {
    Postgres,
    Sqlite,
}

/// Where the attackers' names lead: somebody listens there and never answers.
const NOBODY: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);
/// The attackers' domain.
pub(super) const HANGING: &str = "hang.example";

/// A server and those who use it. Fields are dropped in order.
pub(super) struct Stage {
    pub(super) chancery: Chancery,
    pub(super) good: Access,
    pub(super) answers: Answers,
    _silence: TcpListener,
    _postgres: Option<Postgres>,
}

impl Stage {
    /// Starts it with limits on; `descriptors` is the most that it may have open.
    pub(super) async fn start(
        options: &Options,
        binary: &Path,
        descriptors: Option<u32>,
    ) -> anyhow::Result<Self> {
        let postgres = match options.engine {
            Engine::Sqlite => None,
            Engine::Postgres => {
                let cluster = Postgres::start(None, Durability::Full)?;
                cluster.create_database("siege")?;
                Some(cluster)
            }
        };
        let answers = Answers::default();
        let port = answers.serve().await?.port();
        let silence = TcpListener::bind((NOBODY, port)).await?;
        let chancery = Chancery::start(Settings {
            binary,
            core: None,
            database: postgres.as_ref().map(|cluster| cluster.url("siege")),
            validation: Validation::Http01 { port },
            descriptors,
            has_limits: true,
            addresses: format!("*.{HANGING}={NOBODY},*=127.0.0.1"),
        })
        .await?;
        let good = chancery.furnish().await?;
        Ok(Self {
            chancery,
            good,
            answers,
            _silence: silence,
            _postgres: postgres,
        })
    }
}

/// A connection from an address of loopback.
pub(super) async fn connect_from(from: Ipv4Addr, to: SocketAddr) -> anyhow::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((from, 0).into())?;
    let stream = socket.connect(to).await;
    let stream = stream.with_context(|| format!("no connection from {from} to {to}"))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Something that several tasks count.
pub(super) type Count = Arc<std::sync::atomic::AtomicUsize>;
