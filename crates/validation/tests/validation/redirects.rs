//! Redirects: how far they are followed, and where they may not lead (acme.md 2.5).

use validation::failure::{Failure, Problem, RefusedRedirect};

use crate::lab::{KEY_AUTHORIZATION, ScriptedResolver, http_01, lab, validator};
use crate::web_server::{Reply, WebServer, banner, redirect, response};

const LINES: &[&str] = &["*=127.0.0.1"];

fn valid() -> Reply {
    response(200, KEY_AUTHORIZATION.as_bytes())
}

async fn sent_to(location: &'static str) -> Failure {
    let server = WebServer::start(move |_| redirect(302, location)).await;
    let validator = validator(lab(LINES, server.address.port(), 443));
    let outcome = http_01(&validator, "www.example.com").await;
    assert_eq!(server.heard().len(), 1, "{location}");
    outcome.result.unwrap_err()
}

#[tokio::test]
async fn every_redirect_status_is_followed() {
    for status in [301, 302, 303, 307, 308] {
        let server = WebServer::start(move |path| match path {
            "/there?x=1" => valid(),
            _ => redirect(status, "http://other.example/there?x=1#part"),
        })
        .await;
        let validator = validator(lab(LINES, server.address.port(), 443));
        let outcome = http_01(&validator, "www.example.com").await;
        assert_eq!(outcome.result, Ok(()), "{status}");
        let heard = server.heard();
        assert!(heard.last().unwrap().contains("host: other.example\r\n"));
        assert_eq!(outcome.evidence.hops.len(), 2);
        assert_eq!(outcome.evidence.lookups.len(), 2);
    }
    let outcome = sent_nowhere().await;
    assert!(matches!(
        outcome,
        Failure::RedirectRefused {
            reason: RefusedRedirect::NoLocation,
            ..
        }
    ));
}

async fn sent_nowhere() -> Failure {
    let server = WebServer::start(|_| response(302, b"")).await;
    let validator = validator(lab(LINES, server.address.port(), 443));
    http_01(&validator, "www.example.com")
        .await
        .result
        .unwrap_err()
}

#[tokio::test]
async fn acme_2_5_ten_redirects_are_followed_and_no_eleventh() {
    let chain = |last: u32| {
        move |path: &str| {
            let step = path
                .strip_prefix("/step/")
                .map_or(0, |text| text.parse().unwrap());
            if step == last {
                valid()
            } else {
                redirect(302, &format!("/step/{}", step + 1))
            }
        }
    };
    for (last, is_valid) in [(10, true), (11, false)] {
        let server = WebServer::start(chain(last)).await;
        let validator = validator(lab(LINES, server.address.port(), 443));
        let outcome = http_01(&validator, "www.example.com").await;
        assert_eq!(outcome.result.is_ok(), is_valid, "{last}");
        assert_eq!(server.heard().len(), 11);
        if let Err(failure) = outcome.result {
            assert!(matches!(
                failure,
                Failure::TooManyRedirects { limit: 10, .. }
            ));
        }
    }
}

#[tokio::test]
async fn acme_2_5_loops_end_at_once() {
    let server = WebServer::start(|path| match path {
        "/a" => redirect(301, "/b"),
        _ => redirect(301, "/a"),
    })
    .await;
    let validator = validator(lab(LINES, server.address.port(), 443));
    let failure = http_01(&validator, "www.example.com")
        .await
        .result
        .unwrap_err();
    assert!(
        matches!(failure, Failure::RedirectLoop { .. }),
        "{failure:?}"
    );
    assert_eq!(server.heard().len(), 3);
}

#[tokio::test]
async fn acme_2_5_redirects_to_addresses_ports_and_schemes_are_refused() {
    let locations: [(&str, RefusedRedirect); 8] = [
        ("http://127.0.0.1/", RefusedRedirect::IpAddress),
        ("http://0x7f000001/", RefusedRedirect::IpAddress),
        ("http://[::1]/", RefusedRedirect::IpAddress),
        (
            "http://169.254.169.254/latest/meta-data/",
            RefusedRedirect::IpAddress,
        ),
        ("http://www.example.com:22/", RefusedRedirect::Port(22)),
        ("https://www.example.com:8443/", RefusedRedirect::Port(8443)),
        ("http://localhost/", RefusedRedirect::Host),
        ("file:///etc/passwd", RefusedRedirect::Scheme),
    ];
    for (location, expected) in locations {
        let failure = sent_to(location).await;
        assert_eq!(failure.problem(), Problem::IncorrectResponse);
        assert!(
            matches!(&failure, Failure::RedirectRefused { reason, .. } if *reason == expected),
            "{location}: {failure:?}"
        );
    }
}

#[tokio::test]
async fn acme_2_5_redirects_are_resolved_and_guarded_anew() {
    let server = WebServer::start(|_| redirect(302, "http://inner.example/")).await;
    let port = server.address.port();
    let inner = WebServer::bind("127.0.0.2", port, |_| valid()).await;
    let resolver = ScriptedResolver::new(&[
        ("www.example.com", &[&["127.0.0.1"]]),
        ("inner.example", &[&["127.0.0.2"]]),
    ]);
    let network = lab(&["*=127.0.0.1"], port, 443).with_resolver(resolver.clone());
    let outcome = http_01(&validator(network), "www.example.com").await;
    let failure = outcome.result.unwrap_err();
    assert!(matches!(&failure, Failure::AddressRefused { host, .. } if host == "inner.example"));
    assert_eq!(resolver.asked(), ["www.example.com", "inner.example"]);
    assert!(inner.heard().is_empty());
    assert_eq!(outcome.evidence.hops.last().unwrap().address, None);
}

#[tokio::test]
async fn acme_2_5_the_same_name_is_guarded_again_when_its_address_changes() {
    let server = WebServer::start(|path| match path {
        "/again" => valid(),
        _ => redirect(302, "/again"),
    })
    .await;
    let resolver =
        ScriptedResolver::new(&[("www.example.com", &[&["127.0.0.1"], &["169.254.169.254"]])]);
    let network = lab(LINES, server.address.port(), 443).with_resolver(resolver);
    let failure = http_01(&validator(network), "www.example.com")
        .await
        .result
        .unwrap_err();
    assert!(
        failure.detail().contains("a link-local address"),
        "{failure}"
    );
}

#[tokio::test]
async fn https_is_followed_whatever_its_certificate() {
    let secure = WebServer::start_tls(|_| valid()).await;
    let plain = WebServer::start(|_| redirect(301, "https://www.example.com/there")).await;
    let network = lab(LINES, plain.address.port(), secure.address.port());
    let outcome = http_01(&validator(network), "www.example.com").await;
    assert_eq!(outcome.result, Ok(()));
    assert!(
        secure
            .heard()
            .first()
            .unwrap()
            .contains("host: www.example.com\r\n")
    );
}

#[tokio::test]
async fn https_that_is_no_tls_is_told_as_such() {
    let plain = WebServer::start(|_| redirect(301, "https://www.example.com/there")).await;
    let other = banner(b"HTTP/1.0 400 Bad Request\r\n\r\n").await;
    let network = lab(LINES, plain.address.port(), other.port());
    let outcome = http_01(&validator(network), "www.example.com").await;
    let failure = outcome.result.unwrap_err();
    assert_eq!(failure.problem(), Problem::Tls, "{failure:?}");
    assert!(
        failure
            .explanation()
            .contains("redirects the challenge file to HTTPS")
    );
}
