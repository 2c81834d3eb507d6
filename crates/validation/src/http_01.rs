//! http-01: a file on the name's web server (RFC 8555 §8.3).
//!
//! Each hop resolves once and connects to what was resolved, so a name that changes its address
//! between the check and the connection gains nothing. Redirects are followed as far as public
//! CAs follow them; what a response says is compared, and never repeated to anybody.

mod client;
mod content;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod target;
mod tls;

use base::DnsName;
use http::header::LOCATION;

use self::client::Answer;
pub(crate) use self::client::Client;
use self::target::Target;
use crate::failure::Failure;
use crate::trace::Trace;
use reach::network::Network;

/// How many redirects we follow; the limit of the other CAs too.
const MAX_REDIRECTS: usize = 10;
/// Room for white space, and for telling what else is there.
const BODY_SLACK: usize = 512;
/// No key authorization that we read is longer.
const MAX_BODY: usize = 8 * 1024;

/// The file to look for.
#[derive(Clone, Copy)]
pub(crate) struct Challenge<'a> {
    pub(crate) name: &'a DnsName,
    pub(crate) token: &'a str,
    pub(crate) key_authorization: &'a str,
}

pub(crate) async fn probe(
    client: &Client,
    network: &Network,
    challenge: Challenge<'_>,
    trace: &mut Trace,
) -> Result<(), Failure> {
    let mut target = Target::of_challenge(challenge, network.ports())?;
    let body_limit = MAX_BODY.min(challenge.key_authorization.len() + BODY_SLACK);
    let mut visited = Vec::new();
    loop {
        trace.open_hop(target.shown());
        let answer = client.fetch(network, &target, body_limit, trace).await;
        trace.close_hop();
        let answer = answer?;
        if !is_redirect(answer.status) {
            return judge(&answer, challenge, &target);
        }
        if visited.len() == MAX_REDIRECTS {
            return Err(Failure::TooManyRedirects {
                limit: MAX_REDIRECTS,
                url: target.shown(),
            });
        }
        let next = target.follow(answer.headers.get(LOCATION), network.ports())?;
        visited.push(target);
        if visited.iter().any(|seen| seen.is_same(&next)) {
            return Err(Failure::RedirectLoop { url: next.shown() });
        }
        target = next;
    }
}

fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

fn judge(answer: &Answer, challenge: Challenge<'_>, target: &Target) -> Result<(), Failure> {
    if answer.status != 200 {
        return Err(Failure::Status {
            status: answer.status,
            url: target.shown(),
        });
    }
    // §8.3: white space at the end of the body is ignored.
    let served = answer.body.trim_ascii_end();
    if answer.is_whole && served == challenge.key_authorization.as_bytes() {
        return Ok(());
    }
    Err(Failure::Content {
        found: content::classify(&answer.body, answer.is_whole, challenge.token),
        url: target.shown(),
    })
}
