//! Plain sentences about failures: what it means, then what to do next.
//!
//! For people who run a web site, not a certificate authority; addresses and status codes are in
//! the evidence beside them.

use acme::caa::Refusal;

use super::{ConnectionCause, Content, Failure, RefusedRedirect, Stage};
use reach::resolver::{LookupError, LookupFailure};

pub(super) fn explain(failure: &Failure) -> String {
    match failure {
        Failure::AddressRefused { host, refusal } => format!(
            "The DNS entry of {host} points to {refusal}, which cannot be reached from the \
             Internet. Point the name to the web server's public address, or use DNS validation."
        ),
        Failure::CaaForbids { place, refusal, identities, .. } => caa(place, refusal, identities),
        Failure::CaaLookup(error) => caa_lookup(error),
        Failure::CaaTimeout { name } => format!(
            "The name servers responsible for {name} did not say in time which authorities may issue for it (CAA). Check \
             that they are online and answer questions for CAA records, and run the ACME client again."
        ),
        Failure::Connection { address, cause, host, .. } => connection(host, address.port(), cause),
        Failure::Content { found, .. } => content(*found).to_owned(),
        Failure::Internal(_) => "Something went wrong on our side; nothing is wrong with your \
             domain. Run the ACME client again, and tell support if it happens twice."
            .to_owned(),
        Failure::Lookup(error) => lookup(error),
        Failure::NotHttp { .. } => "Something answered for this name, but not as a web server. \
             Check that plain HTTP, not HTTPS, is served on port 80, and that no firewall cuts the \
             connection."
            .to_owned(),
        Failure::RedirectLoop { .. } => "The web server redirects the challenge file in a circle. \
             Exclude /.well-known/acme-challenge/ from its redirects."
            .to_owned(),
        Failure::RedirectRefused { reason, .. } => redirect(*reason),
        Failure::Status { status, .. } => answered(*status),
        Failure::Timeout { stage, target } => timeout(*stage, target),
        Failure::Tls { .. } => "The web server redirects the challenge file to HTTPS, and no \
             secure connection could be made there. Repair HTTPS, or serve \
             /.well-known/acme-challenge/ over plain HTTP without a redirect."
            .to_owned(),
        Failure::TokenMalformed => "The challenge is damaged. Run the ACME client again, so that \
             it places a new order."
            .to_owned(),
        Failure::TooManyRedirects { .. } => "The web server passes the challenge file on from one \
             address to the next too often. Exclude /.well-known/acme-challenge/ from its redirects."
            .to_owned(),
        Failure::TxtMismatch {
            name,
            is_dressed: true,
            ..
        } => format!(
            "The TXT record at {name} has the right value, but with quotation marks or spaces around it. \
             Store it without them; most DNS panels add the quotation marks by themselves."
        ),
        Failure::TxtMismatch { name, .. } => format!(
            "There is a TXT record at {name}, but not the one this order needs; often it is left \
             over from an earlier try. Let the ACME client write the new value, remove old ones, \
             and wait until all name servers show it."
        ),
        Failure::TxtMissing { name } => format!(
            "The DNS does not show a TXT record at {name}. Check that the ACME client wrote it in \
             the right zone; a new record can take a few minutes to appear on all name servers."
        ),
        Failure::WildcardByHttp => "A wildcard name can only be validated by DNS. Run the ACME \
             client with its DNS option."
            .to_owned(),
    }
}

fn caa(place: &str, refusal: &Refusal, identities: &[String]) -> String {
    let us = identities.join("\" or \"");
    match refusal {
        Refusal::NotNamed { .. } => format!(
            "The CAA records at {place} say which authorities may issue, and this one is not among them. Add a CAA record \
             there with the value \"{us}\" (for a wildcard, to those of the tag issuewild if there are any), or order \
             from one of those."
        ),
        Refusal::Account => format!(
            "The CAA records at {place} let this authority issue for another account only. Put the URL of this client's \
             account, or the URI of the ACME account that it belongs to, into their parameter accounturi, or take the \
             parameter away."
        ),
        Refusal::Method { method } => format!(
            "The CAA records at {place} let this authority issue, but not after validation by {}. Let the ACME client use \
             a way that their parameter validationmethods lists, or add this one to it.",
            method.as_str()
        ),
        Refusal::Critical { tag } => format!(
            "A CAA record at {place} asks with its flag that \"{tag}\" is understood, and this authority does not know \
             that tag. Check its spelling, or set its flag to 0."
        ),
    }
}

fn caa_lookup(error: &LookupError) -> String {
    let name = &error.name;
    match error.cause {
        LookupFailure::Bogus => format!(
            "What the name servers say about CAA records of {name} does not hold against DNSSEC, so nothing can be issued. \
             Check the signatures of the zone, and the DS record at the registrar."
        ),
        LookupFailure::Malformed(_)
        | LookupFailure::NoRecords
        | LookupFailure::NoSuchName
        | LookupFailure::Refused
        | LookupFailure::ResponseCode(_)
        | LookupFailure::ServerFailure
        | LookupFailure::ServerFailureExplained(_)
        | LookupFailure::Timeout
        | LookupFailure::Unreachable(_) => format!(
            "The name servers responsible for {name} do not say whether there are CAA records, so nothing can be issued. \
             Check that all of them answer questions for that type, and DNSSEC, and run the ACME client again."
        ),
    }
}

fn connection(host: &str, port: u16, cause: &ConnectionCause) -> String {
    match cause {
        ConnectionCause::Refused => format!(
            "The server that {host} points to answers, but no web server listens on port {port}. \
             Start the web server, or open the port to it, and run the ACME client again."
        ),
        ConnectionCause::Reset => format!(
            "The server that {host} points to closes the connection on port {port} at once. Check \
             the web server and any firewall or proxy before it."
        ),
        ConnectionCause::TimedOut => format!(
            "Nothing answers on port {port} at the address of {host}; most often a firewall drops \
             the connection. Open port {port} to everybody, and check that the DNS entry, IPv6 \
             included, is the web server's address."
        ),
        ConnectionCause::Other(_) | ConnectionCause::Unreachable => format!(
            "The address of {host} cannot be reached. Check that the DNS entry, IPv6 included, is \
             the web server's address and that the server is online."
        ),
    }
}

fn content(found: Content) -> &'static str {
    match found {
        Content::Binary | Content::HtmlPage | Content::Text | Content::TooLarge => {
            "The web server answered for this name, but with something other than the challenge \
             file: a page of the site, a login or a maintenance page. Make sure that files below \
             /.well-known/acme-challenge/ are served as they are, from the directory that the ACME \
             client writes to."
        }
        Content::Empty => {
            "The web server answered for this name with an empty file. Check that the ACME client \
             can write to the web server's directory and that the disk is not full."
        }
        Content::OtherAccount => {
            "The challenge file belongs to another ACME account. Probably two ACME clients work \
             for this name, or a proxy answers with a fixed account; let only one of them answer."
        }
        Content::OtherToken => {
            "The web server serves the file of another challenge, for every request or from a \
             cache. Switch caching off below /.well-known/acme-challenge/."
        }
        Content::TokenOnly => {
            "The challenge file holds only the token; it must hold the token, a dot and the \
             thumbprint of the account key. Let the ACME client write the file itself."
        }
    }
}

fn lookup(error: &LookupError) -> String {
    let name = &error.name;
    match error.cause {
        LookupFailure::NoSuchName => format!(
            "The name {name} does not exist in the DNS. Check its spelling and that the domain is \
             registered and its zone published."
        ),
        LookupFailure::NoRecords => format!(
            "The name {name} exists in the DNS but has no address. Add an A or AAAA record that \
             points to the web server, or use DNS validation."
        ),
        LookupFailure::Bogus
        | LookupFailure::ServerFailure
        | LookupFailure::ServerFailureExplained(_) => format!(
            "The name servers responsible for {name} do not give a valid answer. Check the \
             delegation at the registrar, that all name servers answer, and DNSSEC."
        ),
        LookupFailure::Timeout => format!(
            "The name servers responsible for {name} did not answer in time. Check that they are \
             online, and run the ACME client again."
        ),
        LookupFailure::Refused
        | LookupFailure::ResponseCode(_)
        | LookupFailure::Malformed(_)
        | LookupFailure::Unreachable(_) => format!(
            "The DNS lookup of {name} failed before it got an answer. Run the ACME client again in \
             a few minutes, and tell support if it keeps failing."
        ),
    }
}

fn redirect(reason: RefusedRedirect) -> String {
    let problem = match reason {
        RefusedRedirect::MissingSlash => {
            "to an address in which a slash is missing behind the host (Apache: \
             Redirect / https://www.example.com/)"
                .to_owned()
        }
        RefusedRedirect::Port(port) => {
            format!("to port {port}, and validation only goes to ports 80 and 443")
        }
        RefusedRedirect::IpAddress => {
            "to an IP address, and validation only goes to domain names".to_owned()
        }
        RefusedRedirect::Credentials => "to an address with a user name or password".to_owned(),
        RefusedRedirect::Scheme => "to something other than a web address".to_owned(),
        RefusedRedirect::Host
        | RefusedRedirect::NoLocation
        | RefusedRedirect::NotAUrl
        | RefusedRedirect::TooLong => "to an address that is not valid".to_owned(),
    };
    format!(
        "The web server redirects the challenge file {problem}. Correct the redirect, or exclude \
         /.well-known/acme-challenge/ from it."
    )
}

fn answered(status: u16) -> String {
    match status {
        404 | 410 => format!(
            "The web server answered for this name but does not serve the challenge file: it is \
             not there (status {status}). Check that the ACME client writes to the directory this \
             web server serves, and that the name points to the right server."
        ),
        401 | 403 => format!(
            "The web server answered for this name but does not give the challenge file out \
             (status {status}). Allow everybody to read /.well-known/acme-challenge/: no password, \
             no country block, no bot filter."
        ),
        500..=599 => format!(
            "The web server answered for this name with an error of its own (status {status}). \
             Repair the site or the server behind the proxy, and run the ACME client again."
        ),
        _ => format!(
            "The web server answered for this name but does not serve the challenge file (status \
             {status} instead of 200). Check what handles /.well-known/acme-challenge/ there."
        ),
    }
}

fn timeout(stage: Stage, target: &str) -> String {
    match stage {
        Stage::Lookup => format!(
            "The name servers responsible for {target} did not answer in time. Check that they are \
             online, and run the ACME client again."
        ),
        Stage::Connection | Stage::Tls => "No connection to the web server could be made in time. \
             Check the firewall and that the DNS entry, IPv6 included, is the web server's address."
            .to_owned(),
        Stage::Response | Stage::Body => "The web server took the request for the challenge file \
             but did not answer in time. Check its load and any filter before it, and run the ACME \
             client again."
            .to_owned(),
    }
}
