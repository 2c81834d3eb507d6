//! Why control of a name was not shown: one variant per thing that can be wrong at the other end.
//!
//! Each failure speaks twice: [`Failure::detail`] to the ACME client, in the words of the
//! protocols, and [`Failure::explanation`] to the person in the portal. Neither repeats any part
//! of a response body: the name may point at something whose content is not for the client.

mod explanation;

use std::fmt;
use std::net::SocketAddr;

use acme::caa::Refusal;
use reach::address_guard::RefusedAddress;
use reach::resolver::{LookupError, LookupFailure};

/// Why a probe did not succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// None of the name's addresses may be contacted; the first of them.
    AddressRefused {
        /// The name.
        host: String,
        /// Why its address is refused.
        refusal: RefusedAddress,
    },
    /// CAA records do not let us issue.
    CaaForbids {
        /// The names that they call us by.
        identities: Vec<String>,
        /// Where they stand.
        place: String,
        /// Why not.
        refusal: Refusal,
    },
    /// The DNS does not say whether there are CAA records.
    CaaLookup(LookupError),
    /// The DNS did not say so in time.
    CaaTimeout {
        /// The name.
        name: String,
    },
    /// No address accepted a connection; the last one tried.
    Connection {
        /// Where to.
        address: SocketAddr,
        /// How many addresses were tried.
        attempts: usize,
        /// What happened.
        cause: ConnectionCause,
        /// The name.
        host: String,
    },
    /// A response with status 200 but without the key authorization.
    Content {
        /// What is there instead.
        found: Content,
        /// Where.
        url: String,
    },
    /// A fault on our side.
    Internal(&'static str),
    /// DNS gave no usable answer.
    Lookup(LookupError),
    /// What answered does not speak HTTP, or stopped in the middle.
    NotHttp {
        /// What the HTTP client made of it.
        cause: String,
        /// Where.
        url: String,
    },
    /// A redirect to a URL that had been fetched already.
    RedirectLoop {
        /// The URL that came twice.
        url: String,
    },
    /// A redirect to where we do not go.
    RedirectRefused {
        /// Why not.
        reason: RefusedRedirect,
        /// The URL that redirects.
        url: String,
    },
    /// A response whose status is neither 200 nor a redirect.
    Status {
        /// The status code.
        status: u16,
        /// Where.
        url: String,
    },
    /// The whole probe took too long.
    Timeout {
        /// How far it had come.
        stage: Stage,
        /// The URL or name it was busy with.
        target: String,
    },
    /// A redirect led to https, and TLS failed there.
    Tls {
        /// What TLS says.
        cause: String,
        /// Where.
        url: String,
    },
    /// The token of the challenge cannot stand in a URL.
    TokenMalformed,
    /// More redirects than we follow.
    TooManyRedirects {
        /// How many we follow.
        limit: usize,
        /// The URL that redirects once more.
        url: String,
    },
    /// TXT records, none of which has the expected value.
    TxtMismatch {
        /// How many records there are.
        count: usize,
        /// The first three, shortened; what DNS holds is public.
        found: Vec<String>,
        /// Whether one of them is the expected value with quotation marks or spaces around it.
        is_dressed: bool,
        /// Where.
        name: String,
    },
    /// No TXT record at all.
    TxtMissing {
        /// Where.
        name: String,
    },
    /// http-01 for a wildcard name.
    WildcardByHttp,
}

/// What became of a connection attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConnectionCause {
    /// Anything else the operating system reports.
    Other(String),
    /// The host answered that nothing listens.
    Refused,
    /// The host closed the connection at once.
    Reset,
    /// Nothing answered.
    TimedOut,
    /// No route there.
    Unreachable,
}

/// What kind of thing was served in place of the key authorization.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Not text.
    Binary,
    /// Nothing.
    Empty,
    /// A web page.
    HtmlPage,
    /// The right token with another account key's thumbprint.
    OtherAccount,
    /// A key authorization, but for another token.
    OtherToken,
    /// Some other text.
    Text,
    /// The token alone, without the thumbprint.
    TokenOnly,
    /// More than a key authorization can be.
    TooLarge,
}

/// Why a redirect is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusedRedirect {
    /// It carries a user name or password.
    Credentials,
    /// Its host is not a domain name.
    Host,
    /// Its host is an IP address.
    IpAddress,
    /// Its path stands in its host.
    MissingSlash,
    /// There is no `Location`, or none that is text.
    NoLocation,
    /// It is not a URL.
    NotAUrl,
    /// It leads to a port other than 80 and 443.
    Port(u16),
    /// It leads to neither http nor https.
    Scheme,
    /// It is longer than any URL we follow.
    TooLong,
}

/// How far a probe had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Looking up names.
    Lookup,
    /// Opening a TCP connection.
    Connection,
    /// Negotiating TLS.
    Tls,
    /// Waiting for the status line and headers.
    Response,
    /// Reading the response's body.
    Body,
}

/// The error types of RFC 8555 §6.7 that a validation can end in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// `caa`: CAA records do not let us issue.
    Caa,
    /// `connection`: could not connect to the validation target.
    Connection,
    /// `dns`: a DNS query failed, or gave nothing that can be used.
    Dns,
    /// `incorrectResponse`: the response did not match the challenge.
    IncorrectResponse,
    /// `malformed`: the request cannot be served as it is.
    Malformed,
    /// `serverInternal`: our fault.
    ServerInternal,
    /// `tls`: TLS failed during validation.
    Tls,
}

impl Problem {
    /// The last part of the `urn:ietf:params:acme:error:` type.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Caa => "caa",
            Self::Connection => "connection",
            Self::Dns => "dns",
            Self::IncorrectResponse => "incorrectResponse",
            Self::Malformed => "malformed",
            Self::ServerInternal => "serverInternal",
            Self::Tls => "tls",
        }
    }
}

impl Failure {
    /// The kind of problem document that reports this failure.
    pub fn problem(&self) -> Problem {
        match self {
            Self::AddressRefused { .. }
            | Self::CaaLookup(_)
            | Self::CaaTimeout { .. }
            | Self::TxtMissing { .. }
            | Self::Lookup(_) => Problem::Dns,
            Self::CaaForbids { .. } => Problem::Caa,
            Self::Connection { .. } | Self::NotHttp { .. } => Problem::Connection,
            Self::Content { .. }
            | Self::RedirectLoop { .. }
            | Self::RedirectRefused { .. }
            | Self::Status { .. }
            | Self::TooManyRedirects { .. }
            | Self::TxtMismatch { .. } => Problem::IncorrectResponse,
            Self::Internal(_) => Problem::ServerInternal,
            Self::Timeout { stage, .. } => match stage {
                Stage::Lookup => Problem::Dns,
                Stage::Connection | Stage::Response | Stage::Body => Problem::Connection,
                Stage::Tls => Problem::Tls,
            },
            Self::Tls { .. } => Problem::Tls,
            Self::TokenMalformed | Self::WildcardByHttp => Problem::Malformed,
        }
    }

    /// What happened, for the ACME client.
    pub fn detail(&self) -> String {
        self.to_string()
    }

    /// What it means and what to do next, for the person in the portal.
    pub fn explanation(&self) -> String {
        explanation::explain(self)
    }
}

impl std::error::Error for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddressRefused { host, refusal } => {
                write!(f, "{host} has no public address: {refusal}")
            }
            Self::CaaForbids { place, refusal, .. } => {
                write!(f, "the CAA records at {place} forbid it: {refusal}")
            }
            Self::CaaLookup(error) => write!(f, "nothing may be issued without an answer: {error}"),
            Self::CaaTimeout { name } => write!(
                f,
                "nothing may be issued without an answer: timeout while looking up CAA records for {name}"
            ),
            Self::Connection {
                address,
                attempts,
                cause,
                host,
            } => {
                write!(f, "could not connect to {address} for {host}: {cause}")?;
                match attempts {
                    0 | 1 => Ok(()),
                    many => write!(f, " (last of {many} addresses)"),
                }
            }
            Self::Content { found, url } => {
                write!(f, "{url}: expected the key authorization, found {found}")
            }
            Self::Internal(what) => write!(f, "the validation could not be carried out: {what}"),
            Self::Lookup(error) => error.fmt(f),
            Self::NotHttp { cause, url } => write!(f, "{url}: no usable HTTP response: {cause}"),
            Self::RedirectLoop { url } => write!(f, "{url}: redirects back to itself"),
            Self::RedirectRefused { reason, url } => {
                write!(f, "{url}: the redirect is not followed: {reason}")
            }
            Self::Status { status, url } => write!(f, "{url}: status {status} instead of 200"),
            Self::Timeout { stage, target } => write!(f, "{target}: timeout {stage}"),
            Self::Tls { cause, url } => write!(f, "{url}: TLS failed: {cause}"),
            Self::TokenMalformed => f.write_str("the token is not base64url text"),
            Self::TooManyRedirects { limit, url } => {
                write!(f, "{url}: more than {limit} redirects")
            }
            Self::TxtMismatch {
                count,
                found,
                is_dressed,
                name,
            } => {
                let (found, advice) = (found.join(", "), advice(*is_dressed));
                write!(
                    f,
                    "none of the {count} TXT records at {name} has the expected value; found {found}{advice}"
                )
            }
            Self::TxtMissing { name } => write!(f, "no TXT record found at {name}"),
            Self::WildcardByHttp => {
                f.write_str("http-01 cannot validate a wildcard name; use dns-01")
            }
        }
    }
}

/// What to do about a right value in marks.
fn advice(is_dressed: bool) -> &'static str {
    if is_dressed {
        "; store the value without the marks around it"
    } else {
        ""
    }
}

impl fmt::Display for ConnectionCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Other(text) => text,
            Self::Refused => "connection refused",
            Self::Reset => "connection reset",
            Self::TimedOut => "timeout",
            Self::Unreachable => "no route to the address",
        })
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Binary => "binary data",
            Self::Empty => "an empty body",
            Self::HtmlPage => "an HTML page",
            Self::OtherAccount => "this token with the key of another account",
            Self::OtherToken => "the key authorization of another challenge",
            Self::Text => "some other text",
            Self::TokenOnly => "the token without the account key's thumbprint",
            Self::TooLarge => "a body far longer than a key authorization",
        })
    }
}

impl fmt::Display for RefusedRedirect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credentials => f.write_str("it carries a user name or password"),
            Self::Host => f.write_str(
                "its host is not a host name, which has letters, digits and hyphens only",
            ),
            Self::IpAddress => f.write_str("its host is an IP address"),
            Self::MissingSlash => f.write_str(
                "its host ends in \".well-known\"; write a slash behind the host in the web server's redirect",
            ),
            Self::NoLocation => f.write_str("it has no readable Location"),
            Self::NotAUrl => f.write_str("its Location is not a URL"),
            Self::Port(port) => write!(f, "it leads to port {port}; only 80 and 443 are allowed"),
            Self::Scheme => f.write_str("it leads to neither http nor https"),
            Self::TooLong => f.write_str("its Location is too long"),
        }
    }
}

/// To be read after "timeout".
impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lookup => "while looking up DNS records",
            Self::Connection => "while connecting",
            Self::Tls => "while negotiating TLS",
            Self::Response => "while waiting for the response",
            Self::Body => "while reading the response",
        })
    }
}

impl From<LookupError> for Failure {
    fn from(error: LookupError) -> Self {
        let negative = matches!(
            error.cause,
            LookupFailure::NoRecords | LookupFailure::NoSuchName
        );
        if negative && error.records == "TXT" {
            return Self::TxtMissing { name: error.name };
        }
        Self::Lookup(error)
    }
}
