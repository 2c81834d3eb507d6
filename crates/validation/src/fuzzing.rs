//! Ways for a fuzzer into what reads a web server's answer. No part of the product.

use std::sync::{Arc, LazyLock};

use base::{Clock, DnsName, Timestamp};
use http::HeaderValue;
use tokio::io;
use tokio::runtime::{Builder, Runtime};

use crate::evidence::Evidence;
use crate::failure::Failure;
use crate::http_01::fuzzing;
use crate::trace::Trace;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().build();
    runtime.unwrap_or_else(|error| unreachable!("{error}"))
});

/// Reads and judges the bytes that a web server sends for a challenge.
pub fn read_answer(bytes: &[u8]) -> Result<(), Failure> {
    struct Still;
    impl Clock for Still {
        fn now(&self) -> Timestamp {
            Timestamp::from_seconds(0)
        }
    }
    let mut trace = Trace::new(
        Evidence::new(Timestamp::from_seconds(0), "http-01"),
        Arc::new(Still),
    );
    let stream = io::join(bytes, io::sink());
    RUNTIME.block_on(fuzzing::read_answer(stream, &mut trace))
}

/// Where a redirect with this `Location` leads from a challenge's URL.
pub fn follow(location: &[u8]) -> Result<(DnsName, u16), Failure> {
    fuzzing::follow(HeaderValue::from_bytes(location).ok().as_ref())
}
