//! http-01: what is served, and what becomes of it.

use std::sync::Arc;

use reach::network::{LabSettings, Network};
use validation::failure::{ConnectionCause, Content, Failure, Problem, Stage};
use validation::{ACME_LABEL, AssumeValid, Method, Outcome, Probe, Validator};

use crate::lab::{
    FixedClock, KEY_AUTHORIZATION, ScriptedResolver, TOKEN, http_01, impatient, lab, validator,
};
use crate::web_server::{Reply, WebServer, banner, closed_port, response};

const LINES: &[&str] = &["*=127.0.0.1"];

async fn served(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Outcome {
    let server = WebServer::start(move |_| reply()).await;
    let validator = validator(lab(LINES, server.address.port(), 443));
    http_01(&validator, "www.example.com").await
}

fn content(outcome: &Outcome) -> Content {
    match &outcome.result {
        Err(Failure::Content { found, .. }) => *found,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn f103_the_served_key_authorization_is_valid_with_evidence() {
    let server = WebServer::start(|_| response(200, KEY_AUTHORIZATION.as_bytes())).await;
    let validator = validator(lab(LINES, server.address.port(), 443));
    let outcome = http_01(&validator, "www.example.com").await;
    assert_eq!(outcome.result, Ok(()));

    let heard = server.heard();
    let request = heard.first().unwrap();
    let path = format!("GET /.well-known/acme-challenge/{TOKEN} HTTP/1.1\r\n");
    assert!(request.starts_with(&path), "{request}");
    assert!(
        request.contains("\r\nhost: www.example.com\r\n"),
        "{request}"
    );
    assert!(request.contains("Chancery validation server"), "{request}");
    assert_eq!(heard.len(), 1);

    let evidence = outcome.evidence;
    assert_eq!(
        (evidence.challenge.as_str(), evidence.resolver.as_str()),
        ("http-01", "lab table")
    );
    let hop = evidence.hops.first().unwrap();
    assert_eq!((hop.address, hop.status), (Some(server.address), Some(200)));
    let lookup = evidence.lookups.first().unwrap();
    assert_eq!(lookup.addresses.first().unwrap().ip, server.address.ip());
    let json = serde_json::to_string(&evidence).unwrap();
    assert!(json.len() < 500, "{json}");
}

#[tokio::test]
async fn rfc8555_8_3_white_space_at_the_end_is_ignored() {
    for tail in ["\n", "\r\n\r\n", " \t\n"] {
        let body = format!("{KEY_AUTHORIZATION}{tail}");
        let outcome = served(move || response(200, body.as_bytes())).await;
        assert_eq!(outcome.result, Ok(()), "{tail:?}");
    }
    let outcome = served(|| response(200, format!(" {KEY_AUTHORIZATION}").as_bytes())).await;
    assert!(outcome.result.is_err());
}

#[tokio::test]
async fn other_statuses_are_told_with_what_to_do() {
    for (status, words) in [
        (404, "does not serve the challenge file"),
        (403, "country block"),
        (502, "error of its own"),
        (204, "status 204"),
    ] {
        let outcome = served(move || response(status, b"")).await;
        let failure = outcome.result.unwrap_err();
        assert!(matches!(&failure, Failure::Status { status: seen, .. } if *seen == status));
        assert_eq!(failure.problem(), Problem::IncorrectResponse);
        assert!(
            failure
                .detail()
                .contains(&format!("status {status} instead of 200"))
        );
        assert!(
            failure.explanation().contains(words),
            "{}",
            failure.explanation()
        );
        assert_eq!(outcome.evidence.hops.first().unwrap().status, Some(status));
    }
}

/// Of a name with several addresses often one is an old host; which, nobody can tell from the status alone.
#[tokio::test]
async fn finding_1_arguable_the_address_that_answered_is_named() {
    let outcome = served(|| response(404, b"")).await;
    let detail = outcome.detail().unwrap();
    assert!(
        detail.ends_with(": status 404 instead of 200 (at 127.0.0.1)"),
        "{detail}"
    );
    assert!(!outcome.explanation().unwrap().contains("AAAA"));
    let mut outcome = outcome;
    let hop = outcome.evidence.hops.last_mut().unwrap();
    hop.address = Some("[2001:db8::1]:80".parse().unwrap());
    let explanation = outcome.explanation().unwrap();
    assert!(
        explanation.contains("IPv6 address 2001:db8::1") && explanation.contains("AAAA"),
        "{explanation}"
    );
    let proven = served(|| response(200, KEY_AUTHORIZATION.as_bytes())).await;
    assert_eq!((proven.detail(), proven.explanation()), (None, None));
}

#[tokio::test]
async fn acme_2_5_what_was_served_is_named_and_never_repeated() {
    let bodies: [(&'static [u8], Content); 4] = [
        (b"<html>secret-page</html>", Content::HtmlPage),
        (b"", Content::Empty),
        (b"secret: hunter2", Content::Text),
        (
            b"evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.secret",
            Content::OtherAccount,
        ),
    ];
    for (body, expected) in bodies {
        let outcome = served(move || response(200, body)).await;
        assert_eq!(content(&outcome), expected);
        let failure = outcome.result.unwrap_err();
        let evidence = serde_json::to_string(&outcome.evidence).unwrap();
        let said = format!("{}{}{evidence}", failure.detail(), failure.explanation());
        assert!(
            !said.contains("secret") && !said.contains("hunter2"),
            "{said}"
        );
    }
}

#[tokio::test]
async fn acme_2_5_the_body_is_capped() {
    let fits = format!("{KEY_AUTHORIZATION}{}", " ".repeat(500));
    let outcome = served(move || response(200, fits.as_bytes())).await;
    assert_eq!(outcome.result, Ok(()));

    let outcome = served(|| response(200, &vec![b'a'; 100_000])).await;
    assert_eq!(content(&outcome), Content::TooLarge);
    let starts_right = format!("{KEY_AUTHORIZATION}{}", " ".repeat(5000));
    let outcome = served(move || response(200, starts_right.as_bytes())).await;
    assert_eq!(content(&outcome), Content::TooLarge);
    let endless = || Reply::Endless(b"HTTP/1.1 200 OK\r\n\r\n".to_vec());
    assert_eq!(content(&served(endless).await), Content::TooLarge);
}

#[tokio::test]
async fn acme_2_5_endless_headers_are_cut_off() {
    let outcome = served(|| Reply::Endless(b"HTTP/1.1 200 OK\r\nX: ".to_vec())).await;
    let failure = outcome.result.unwrap_err();
    assert!(matches!(failure, Failure::NotHttp { .. }), "{failure:?}");
}

#[tokio::test]
async fn a_server_that_stalls_is_left_in_time() {
    let starts: [(&'static [u8], Stage); 3] = [
        (b"", Stage::Response),
        (b"HTTP/1.1 200 OK\r\n", Stage::Response),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 87\r\n\r\neva",
            Stage::Body,
        ),
    ];
    for (start, expected) in starts {
        let server = WebServer::start(move |_| Reply::Hang(start.to_vec())).await;
        let validator = impatient(lab(LINES, server.address.port(), 443));
        let outcome = http_01(&validator, "www.example.com").await;
        let failure = outcome.result.unwrap_err();
        assert!(
            matches!(&failure, Failure::Timeout { stage, .. } if *stage == expected),
            "{failure:?}"
        );
        assert_eq!(failure.problem(), Problem::Connection);
        assert_eq!(
            outcome.evidence.hops.first().unwrap().address,
            Some(server.address)
        );
    }
}

#[tokio::test]
async fn nothing_listening_is_a_connection_problem() {
    let port = closed_port().await;
    let validator = validator(lab(LINES, port, 443));
    let outcome = http_01(&validator, "www.example.com").await;
    let failure = outcome.result.unwrap_err();
    assert_eq!(failure.problem(), Problem::Connection);
    assert_eq!(
        failure.detail(),
        format!("could not connect to 127.0.0.1:{port} for www.example.com: connection refused")
    );
    assert!(failure.explanation().contains("no web server listens"));
    let hop = outcome.evidence.hops.first().unwrap();
    assert_eq!(hop.failed.first().unwrap().error, "connection refused");
}

#[tokio::test]
async fn what_is_no_web_server_is_told_apart() {
    for bytes in [b"SSH-2.0-OpenSSH_9.9\r\n".as_slice(), b""] {
        let address = banner(bytes).await;
        let validator = validator(lab(LINES, address.port(), 443));
        let failure = http_01(&validator, "www.example.com")
            .await
            .result
            .unwrap_err();
        assert!(matches!(failure, Failure::NotHttp { .. }), "{failure:?}");
        assert!(!failure.detail().contains("OpenSSH"));
    }
}

#[tokio::test]
async fn ipv4_is_tried_when_ipv6_does_not_connect() {
    let server = WebServer::start(|_| response(200, KEY_AUTHORIZATION.as_bytes())).await;
    let lines = ["www.example.com=127.0.0.1", "www.example.com=::1"];
    let validator = validator(lab(&lines, server.address.port(), 443));
    let outcome = http_01(&validator, "www.example.com").await;
    assert_eq!(outcome.result, Ok(()));
    let hop = outcome.evidence.hops.first().unwrap();
    assert_eq!(hop.failed.len(), 1);
    assert!(hop.failed.first().unwrap().address.is_ipv6());
    assert_eq!(hop.address, Some(server.address));
}

#[tokio::test]
async fn a_wrong_answer_is_not_asked_again_elsewhere() {
    let first = WebServer::start(|_| response(404, b"")).await;
    let port = first.address.port();
    let second = WebServer::bind("127.0.0.2", port, |_| {
        response(200, KEY_AUTHORIZATION.as_bytes())
    })
    .await;
    let lines = ["www.example.com=127.0.0.1", "www.example.com=127.0.0.2"];
    let outcome = http_01(&validator(lab(&lines, port, 443)), "www.example.com").await;
    assert!(matches!(
        outcome.result,
        Err(Failure::Status { status: 404, .. })
    ));
    assert!(second.heard().is_empty());
}

#[tokio::test]
async fn all_addresses_failing_counts_the_attempts() {
    let port = closed_port().await;
    let lines = ["*=127.0.0.1", "*=127.0.0.2", "*=127.0.0.3", "*=127.0.0.4"];
    let outcome = http_01(&validator(lab(&lines, port, 443)), "www.example.com").await;
    let Err(Failure::Connection {
        attempts, cause, ..
    }) = outcome.result
    else {
        panic!("{outcome:?}");
    };
    assert_eq!((attempts, cause), (3, ConnectionCause::Refused));
    assert_eq!(outcome.evidence.hops.first().unwrap().failed.len(), 3);
}

#[tokio::test]
async fn acme_2_5_a_name_is_resolved_once_and_its_first_answer_is_used() {
    let honest = WebServer::start(|_| response(200, KEY_AUTHORIZATION.as_bytes())).await;
    let port = honest.address.port();
    let inner = WebServer::bind("127.0.0.2", port, |_| response(200, b"inner")).await;
    let resolver = ScriptedResolver::new(&[(
        "www.example.com",
        &[&["127.0.0.1"], &["127.0.0.2"], &["127.0.0.2"]],
    )]);
    let network = lab(&["*=127.0.0.1", "*=127.0.0.2"], port, 443).with_resolver(resolver.clone());
    let outcome = http_01(&validator(network), "www.example.com").await;
    assert_eq!(outcome.result, Ok(()));
    assert_eq!(resolver.asked(), ["www.example.com"]);
    assert!(inner.heard().is_empty());
}

#[tokio::test]
async fn acme_2_5_s51_special_purpose_addresses_are_never_contacted() {
    let server = WebServer::start(|_| response(200, KEY_AUTHORIZATION.as_bytes())).await;
    let addresses: [(&str, &str); 9] = [
        ("127.0.0.1", "a loopback address"),
        ("::1", "the loopback address"),
        ("::ffff:127.0.0.1", "an IPv4-mapped address"),
        ("10.0.0.1", "a private address"),
        ("169.254.169.254", "a link-local address"),
        ("fd00::1", "a private address"),
        ("0.0.0.0", "an address of \"this network\""),
        ("::", "the unspecified address"),
        ("64:ff9b::7f00:1", "a loopback address"),
    ];
    for (address, purpose) in addresses {
        let answer: &[&[&str]] = &[&[address]];
        let resolver = ScriptedResolver::new(&[("www.example.com", answer)]);
        let network = Network::lab(LabSettings {
            http_port: server.address.port(),
            ..LabSettings::default()
        });
        let network = network.unwrap().with_resolver(resolver);
        let outcome = http_01(&validator(network), "www.example.com").await;
        let failure = outcome.result.unwrap_err();
        assert_eq!(failure.problem(), Problem::Dns, "{address}");
        assert!(failure.detail().contains(purpose), "{}", failure.detail());
        let seen = outcome.evidence.lookups.first().unwrap();
        let refused = seen.addresses.first().unwrap().refused.as_deref();
        assert_eq!(refused, Some(purpose));
    }
    assert!(server.heard().is_empty());
}

#[tokio::test]
async fn acme_2_5_a_refused_address_beside_a_good_one_is_left_out() {
    let server = WebServer::start(|_| response(200, KEY_AUTHORIZATION.as_bytes())).await;
    let port = server.address.port();
    let inner = WebServer::bind("127.0.0.2", port, |_| response(200, b"inner")).await;
    let resolver = ScriptedResolver::new(&[("www.example.com", &[&["127.0.0.2", "127.0.0.1"]])]);
    let network = lab(&["*=127.0.0.1"], port, 443).with_resolver(resolver);
    let outcome = http_01(&validator(network), "www.example.com").await;
    assert_eq!(outcome.result, Ok(()));
    assert!(inner.heard().is_empty());
    assert_eq!(outcome.evidence.lookups.first().unwrap().addresses.len(), 2);
}

#[tokio::test]
async fn wildcards_and_odd_tokens_are_not_probed() {
    let validator = validator(lab(LINES, closed_port().await, 443));
    let outcome = http_01(&validator, "*.example.com").await;
    assert_eq!(outcome.result, Err(Failure::WildcardByHttp));
    let name = "www.example.com".parse().unwrap();
    let method = Method::Http01 {
        token: "../x",
        key_authorization: "../x.y",
    };
    let probe = Probe {
        identifier: &name,
        method,
    };
    let failure = validator.validate(probe).await.result.unwrap_err();
    assert_eq!(failure.problem(), Problem::Malformed);
}

#[tokio::test]
async fn a_bench_that_assumes_says_so() {
    let validator = AssumeValid::in_lab(Arc::new(FixedClock));
    let name = "www.example.com".parse().unwrap();
    let probe = Probe {
        identifier: &name,
        method: Method::Dns01 {
            label: ACME_LABEL,
            digest: "x",
        },
    };
    let outcome = validator.validate(probe).await;
    assert_eq!(outcome.result, Ok(()));
    assert!(outcome.evidence.assumed);
}
