//! Reading the body of a request whose sender may never finish it: there is an end to its length, to the time that it
//! takes, and to what all bodies under way hold of the memory, in all and for each client.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody as _};
use axum::http::StatusCode;
use base::{Capacity, ClientNetwork, Full};
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use tokio::time::timeout;

/// A body is here after this time, or it is not read any more.
const PATIENCE: Duration = Duration::from_secs(20);
/// Octets of all bodies that a door reads at the same time.
const IN_FLIGHT: usize = 16 * 1024 * 1024;
/// Octets of those of one client.
const OF_ONE_CLIENT: usize = 2 * 1024 * 1024;
/// Seconds after which a client that was refused may try again.
pub(crate) const TRY_AGAIN_AFTER: u32 = 5;

/// What the bodies that a door is reading hold.
#[derive(Clone, Debug)]
pub(crate) struct Bodies(Capacity<ClientNetwork>);

/// Why a body was not read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Unread {
    /// The connection ended first.
    #[error("the request body was cut off")]
    CutOff,
    /// Bodies under way hold as much as they may.
    #[error("too many requests are being sent at the same time; try again in a few seconds")]
    Full(Full),
    /// It did not end in time.
    #[error("the request body did not arrive within 20 seconds")]
    Late,
    /// It is longer than anything that is expected here.
    #[error("the request body is too large")]
    TooLarge,
}

impl Unread {
    /// The status that says so.
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::CutOff => StatusCode::BAD_REQUEST,
            Self::Full(Full::All) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Full(Full::Share) => StatusCode::TOO_MANY_REQUESTS,
            Self::Late => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }

    /// Seconds after which it is worth another try.
    pub(crate) fn retry_after(self) -> Option<u32> {
        match self {
            Self::Full(_) => Some(TRY_AGAIN_AFTER),
            Self::CutOff | Self::Late | Self::TooLarge => None,
        }
    }

    /// What figures call it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::CutOff => "body_cut_off",
            Self::Full(_) => "bodies_full",
            Self::Late => "body_late",
            Self::TooLarge => "body_too_large",
        }
    }
}

impl Default for Bodies {
    fn default() -> Self {
        Self(Capacity::new(IN_FLIGHT, OF_ONE_CLIENT))
    }
}

impl Bodies {
    /// The whole body of a client's request, if it has at most `limit` octets.
    pub(crate) async fn read(
        &self,
        body: Body,
        limit: usize,
        client: Option<ClientNetwork>,
    ) -> Result<Bytes, Unread> {
        let announced = body.size_hint().lower();
        if usize::try_from(announced).map_or(true, |announced| announced > limit) {
            return Err(Unread::TooLarge);
        }
        let read = timeout(PATIENCE, self.collect(body, limit, client)).await;
        read.unwrap_or(Err(Unread::Late))
    }

    async fn collect(
        &self,
        mut body: Body,
        limit: usize,
        client: Option<ClientNetwork>,
    ) -> Result<Bytes, Unread> {
        let mut taken = self.0.take(client, 0).map_err(Unread::Full)?;
        let mut whole = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Unread::CutOff)?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if whole.len().saturating_add(data.len()) > limit {
                return Err(Unread::TooLarge);
            }
            if whole.is_empty() && body.is_end_stream() {
                return Ok(data);
            }
            taken.more(data.len()).map_err(Unread::Full)?;
            whole.extend_from_slice(&data);
        }
        Ok(whole.freeze())
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::net::{IpAddr, Ipv4Addr};

    use futures_util::stream::{self, StreamExt as _};

    use super::*;

    fn client() -> Option<ClientNetwork> {
        Some(ClientNetwork::of(IpAddr::V4(Ipv4Addr::LOCALHOST)))
    }

    /// Some pieces, then nothing and no end.
    fn unfinished(pieces: usize, length: usize) -> Body {
        let pieces = stream::iter((0..pieces).map(move |_| Ok(vec![b'a'; length])));
        Body::from_stream(pieces.chain(stream::pending::<Result<Vec<u8>, Infallible>>()))
    }

    #[tokio::test]
    async fn a_body_is_read_whole() {
        let bodies = Bodies::default();
        let pieces = stream::iter(["one", "two"].map(Ok::<_, Infallible>));
        let read = bodies.read(Body::from_stream(pieces), 6, client()).await;
        assert_eq!(read.unwrap(), "onetwo");
        assert_eq!(bodies.read(Body::from("x"), 1, None).await.unwrap(), "x");
    }

    #[tokio::test]
    async fn h3_what_is_too_long_is_not_waited_for() {
        let bodies = Bodies::default();
        let announced = bodies.read(Body::from("1234567"), 6, client()).await;
        assert_eq!(announced, Err(Unread::TooLarge));
        let streamed = bodies.read(unfinished(7, 1), 6, client()).await;
        assert_eq!(streamed, Err(Unread::TooLarge));
    }

    #[tokio::test(start_paused = true)]
    async fn h3_an_unfinished_body_ends_after_twenty_seconds() {
        let begun = tokio::time::Instant::now();
        let read = Bodies::default().read(unfinished(1, 5), 6, client()).await;
        assert_eq!(read, Err(Unread::Late));
        assert_eq!(begun.elapsed(), PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn h3_s73_one_client_cannot_fill_the_memory_nor_keep_others_out() {
        let bodies = Bodies::default();
        let size = 128 * 1024;
        let mut under_way = Vec::new();
        for _ in 0..OF_ONE_CLIENT / size {
            let bodies = bodies.clone();
            under_way.push(tokio::spawn(async move {
                bodies.read(unfinished(1, size), size, client()).await
            }));
        }
        tokio::task::yield_now().await;
        let one_more = bodies.read(unfinished(2, 8), size, client()).await;
        assert_eq!(one_more, Err(Unread::Full(Full::Share)));
        let other = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
        let pieces = stream::iter(["a", "b"].map(Ok::<_, Infallible>));
        let others = Body::from_stream(pieces);
        let read = bodies.read(others, size, Some(ClientNetwork::of(other)));
        assert_eq!(read.await.unwrap(), "ab");
        for body in under_way {
            assert_eq!(body.await.unwrap(), Err(Unread::Late));
        }
        let again = bodies.read(unfinished(2, 8), size, client()).await;
        assert_eq!(again, Err(Unread::Late), "what was held came back");
    }
}
