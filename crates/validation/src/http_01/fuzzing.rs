//! One answer read and judged as [`probe`](super::probe) does, without a connection.

use base::DnsName;
use http::HeaderValue;
use http::header::LOCATION;
use reach::Network;
use reach::network::{LabSettings, Ports};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};

use super::client::Client;
use super::target::Target;
use super::{Challenge, MAX_BODY, is_redirect, judge};
use crate::failure::Failure;
use crate::trace::Trace;

const TOKEN: &str = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA";

pub(crate) async fn read_answer<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    trace: &mut Trace,
) -> Result<(), Failure> {
    let client =
        Client::new(Duration::from_secs(1), "fuzzing").map_err(|_| Failure::Internal("no TLS"))?;
    let name = name()?;
    let challenge = challenge(&name);
    let target = Target::of_challenge(challenge, ports()?)?;
    trace.open_hop(target.shown());
    let answer = client.exchange(stream, &target, MAX_BODY, trace).await?;
    if is_redirect(answer.status) {
        return target
            .follow(answer.headers.get(LOCATION), ports()?)
            .map(drop);
    }
    judge(&answer, challenge, &target)
}

pub(crate) fn follow(location: Option<&HeaderValue>) -> Result<(DnsName, u16), Failure> {
    let name = name()?;
    let start = Target::of_challenge(challenge(&name), ports()?)?;
    let next = start.follow(location, ports()?)?;
    Ok((next.host().clone(), next.port()))
}

fn name() -> Result<DnsName, Failure> {
    DnsName::parse("example.com").map_err(|_| Failure::Internal("no name"))
}

fn challenge(name: &DnsName) -> Challenge<'_> {
    Challenge {
        name,
        token: TOKEN,
        key_authorization: "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.thumbprint",
    }
}

/// Those of the public Internet.
fn ports() -> Result<Ports, Failure> {
    let network = Network::lab(LabSettings::default());
    network
        .map(|network| network.ports())
        .map_err(|_| Failure::Internal("no network"))
}
