//! dns-01 and address lookups against a name server of our own.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RecordType;
use reach::network::{LabSettings, Network, PublicSettings};
use reach::resolver::LookupFailure;
use validation::failure::{Failure, Problem, Stage};
use validation::{NetworkValidator, Outcome};

use crate::lab::{KEY_AUTHORIZATION, ScriptedResolver, dns_01, http_01, impatient, validator};
use crate::name_server::{NameServer, Reply, a, cname, txt};
use crate::web_server::{WebServer, response};

const DIGEST: &str = "gfj9Xq0fQkMJ0JQkSFT7hW8uB2rSlnWbdyqV6nsmV8A";
const OWNER: &str = "_acme-challenge.example.com";

/// A lab that trusts no key, so that no answer has to be signed.
fn network(server: &NameServer) -> Network {
    Network::lab(LabSettings {
        dns_server: Some(server.address),
        query_timeout: Duration::from_millis(300),
        ..LabSettings::default()
    })
    .unwrap()
}

async fn answered(reply: Reply) -> (Outcome, NameServer) {
    let server = NameServer::start(move |_, _| reply.clone()).await;
    let outcome = dns_01(&validator(network(&server)), "example.com", DIGEST).await;
    (outcome, server)
}

#[tokio::test]
async fn f108_rfc8555_8_4_one_record_that_fits_is_enough() {
    let records = vec![txt(OWNER, &["left over"]), txt(OWNER, &[DIGEST])];
    let (outcome, server) = answered(Reply::Records(records)).await;
    assert_eq!(outcome.result, Ok(()));
    assert_eq!(server.asked(), ["udp _acme-challenge.example.com TXT"]);
    let lookup = outcome.evidence.lookups.first().unwrap();
    assert_eq!((lookup.name.as_str(), lookup.txt_records), (OWNER, Some(2)));
    let asked = format!("lab table, {}", server.address);
    assert_eq!(outcome.evidence.resolver, asked);
}

#[tokio::test]
async fn strings_of_one_record_are_joined_and_records_are_not() {
    let (head, tail) = DIGEST.split_at(20);
    let (outcome, _) = answered(Reply::Records(vec![txt(OWNER, &[head, tail])])).await;
    assert_eq!(outcome.result, Ok(()));
    let apart = vec![txt(OWNER, &[head]), txt(OWNER, &[tail])];
    let (outcome, _) = answered(Reply::Records(apart)).await;
    assert!(outcome.result.is_err());
}

#[tokio::test]
async fn f104_a_wildcard_is_proven_at_its_base_name() {
    let server = NameServer::start(|_, _| Reply::Records(vec![txt(OWNER, &[DIGEST])])).await;
    let outcome = dns_01(&validator(network(&server)), "*.example.com", DIGEST).await;
    assert_eq!(outcome.result, Ok(()));
}

#[tokio::test]
async fn wrong_values_are_counted_and_shown_shortened() {
    let long = "x".repeat(200);
    let records = vec![
        txt(OWNER, &["first \u{7} one"]),
        txt(OWNER, &[&long]),
        txt(OWNER, &["third"]),
        txt(OWNER, &["fourth"]),
    ];
    let (outcome, _) = answered(Reply::Records(records)).await;
    let failure = outcome.result.unwrap_err();
    assert_eq!(failure.problem(), Problem::IncorrectResponse);
    let detail = failure.detail();
    assert!(detail.starts_with("none of the 4 TXT records at _acme-challenge.example.com"));
    assert!(
        detail.contains("\"first \\u{7} one\"") && !detail.contains("fourth"),
        "{detail}"
    );
    assert!(detail.len() < 300, "{detail}");
}

/// Panels store the quotation marks that their users type; then the marks are all that is wrong.
#[tokio::test]
async fn finding_14_quotation_marks_in_a_value_are_shown() {
    let quoted = format!("\"{DIGEST}\"");
    let (outcome, _) = answered(Reply::Records(vec![txt(OWNER, &[&quoted])])).await;
    let failure = outcome.result.unwrap_err();
    assert_eq!(failure.problem(), Problem::IncorrectResponse);
    let detail = failure.detail();
    let shown = format!("found \"\\\"{DIGEST}\\\"\"; store the value without the marks around it");
    assert!(detail.contains(&shown), "{detail}");
    assert!(failure.explanation().contains("quotation marks"));

    let odd = "a\\b\t\u{e9}\u{202e}c";
    let (outcome, _) = answered(Reply::Records(vec![txt(OWNER, &[odd])])).await;
    let detail = outcome.result.unwrap_err().detail();
    let shown = r#"found "a\\b\u{9}\u{e9}\u{202e}c""#;
    assert!(detail.ends_with(shown), "{detail}");
}

#[tokio::test]
async fn no_record_is_told_from_a_server_that_does_not_know() {
    let cases: [(Reply, &str); 5] = [
        (Reply::Records(vec![]), "no TXT record found at"),
        (
            Reply::Code(ResponseCode::NXDomain),
            "no TXT record found at",
        ),
        (Reply::Code(ResponseCode::ServFail), "SERVFAIL"),
        (Reply::Code(ResponseCode::Refused), "refused the query"),
        (Reply::Silence, "timeout"),
    ];
    for (reply, words) in cases {
        let (outcome, _) = answered(reply).await;
        let failure = outcome.result.unwrap_err();
        assert_eq!(failure.problem(), Problem::Dns, "{words}");
        assert!(failure.detail().contains(words), "{}", failure.detail());
        assert!(outcome.evidence.lookups.first().unwrap().error.is_some());
    }
}

#[tokio::test]
async fn a_silent_name_server_does_not_hold_a_probe_past_its_time() {
    let server = NameServer::start(|_, _| Reply::Silence).await;
    let outcome = dns_01(&impatient(network(&server)), "example.com", DIGEST).await;
    let failure = outcome.result.unwrap_err();
    assert!(
        matches!(
            &failure,
            Failure::Timeout {
                stage: Stage::Lookup,
                ..
            }
        ),
        "{failure:?}"
    );
    assert!(failure.explanation().contains(OWNER));
}

#[tokio::test]
async fn aliases_are_followed_within_and_across_answers() {
    let whole = vec![
        cname(OWNER, "proof.example.net"),
        txt("proof.example.net", &[DIGEST]),
    ];
    let (outcome, _) = answered(Reply::Records(whole)).await;
    assert_eq!(outcome.result, Ok(()));

    let server = NameServer::start(|name, _| match name {
        OWNER => Reply::Records(vec![cname(OWNER, "proof.example.net")]),
        _ => Reply::Records(vec![txt("proof.example.net", &[DIGEST])]),
    })
    .await;
    let outcome = dns_01(&validator(network(&server)), "example.com", DIGEST).await;
    assert_eq!(outcome.result, Ok(()));
    let lookup = outcome.evidence.lookups.first().unwrap();
    assert_eq!(lookup.aliases, ["proof.example.net"]);
}

#[tokio::test]
async fn an_alias_that_leads_nowhere_or_in_a_circle_ends() {
    let (outcome, _) = answered(Reply::Records(vec![cname(OWNER, OWNER)])).await;
    assert!(outcome.result.is_err());
    let server = NameServer::start(|name, _| match name {
        OWNER => Reply::Records(vec![cname(OWNER, "gone.example.net")]),
        _ => Reply::Code(ResponseCode::NXDomain),
    })
    .await;
    let outcome = dns_01(&validator(network(&server)), "example.com", DIGEST).await;
    assert!(matches!(outcome.result, Err(Failure::TxtMissing { .. })));
}

#[tokio::test]
async fn an_answer_that_was_cut_off_is_asked_for_over_tcp() {
    let (outcome, server) = answered(Reply::TooLarge(vec![txt(OWNER, &[DIGEST])])).await;
    assert_eq!(outcome.result, Ok(()));
    let asked = server.asked();
    assert!(asked.first().unwrap().starts_with("udp "), "{asked:?}");
    assert!(asked.last().unwrap().starts_with("tcp "), "{asked:?}");
}

#[tokio::test]
async fn nothing_is_remembered_between_probes() {
    let count = AtomicUsize::new(0);
    let server = NameServer::start(move |_, _| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::Code(ResponseCode::NXDomain),
        1 => Reply::Records(vec![txt(OWNER, &["old"])]),
        _ => Reply::Records(vec![txt(OWNER, &[DIGEST])]),
    })
    .await;
    let validator = validator(network(&server));
    for is_valid in [false, false, true] {
        let outcome = dns_01(&validator, "example.com", DIGEST).await;
        assert_eq!(outcome.result.is_ok(), is_valid);
    }
    assert_eq!(server.asked().len(), 3);
}

/// Nobody but a lab takes an answer that is not proven, so these names are not the name server's.
#[tokio::test]
async fn acme_2_5_names_that_point_inside_are_refused_on_the_public_network() {
    let web = WebServer::start(|_| response(200, KEY_AUTHORIZATION.as_bytes())).await;
    let settings = PublicSettings {
        dns_servers: vec!["127.0.0.1:9".parse().unwrap()],
        ..PublicSettings::default()
    };
    let public = Network::public(&settings).unwrap();
    let names = ScriptedResolver::new(&[("www.example.com", &[&["127.0.0.1"]])]);
    let validator = validator(public.clone().with_resolver(names));
    let outcome = http_01(&validator, "www.example.com").await;
    assert!(matches!(
        outcome.result,
        Err(Failure::AddressRefused { .. })
    ));
    // A name that resolvers answer by themselves (RFC 6761 §6.3) is no way in either.
    let outcome = http_01(&crate::lab::validator(public), "www.localhost").await;
    assert!(matches!(
        outcome.result,
        Err(Failure::AddressRefused { .. })
    ));
    assert!(web.heard().is_empty());
}

#[tokio::test]
async fn a_lab_asks_its_server_for_what_its_table_lacks() {
    let web = WebServer::start(|_| response(200, KEY_AUTHORIZATION.as_bytes())).await;
    let server = NameServer::start(|name, kind| {
        if kind == RecordType::A {
            Reply::Records(vec![a(name, "127.0.0.1")])
        } else {
            Reply::Records(vec![])
        }
    })
    .await;
    let network = |open: &[&str]| {
        Network::lab(LabSettings {
            dns_server: Some(server.address),
            open_addresses: open.iter().map(|text| text.parse().unwrap()).collect(),
            http_port: web.address.port(),
            ..LabSettings::default()
        })
        .unwrap()
    };
    let outcome = http_01(&validator(network(&["127.0.0.1"])), "www.example.com").await;
    assert_eq!(outcome.result, Ok(()));
    assert_eq!(
        outcome.evidence.resolver,
        format!("lab table, {}", server.address)
    );
    let outcome = http_01(&validator(network(&["127.0.0.2"])), "www.example.com").await;
    assert!(matches!(
        outcome.result,
        Err(Failure::AddressRefused { .. })
    ));
}

#[tokio::test]
async fn address_lookups_tell_their_failures_apart() {
    let cases = [
        (
            ResponseCode::NXDomain,
            LookupFailure::NoSuchName,
            "does not exist in the DNS",
        ),
        (
            ResponseCode::NoError,
            LookupFailure::NoRecords,
            "has no address",
        ),
        (
            ResponseCode::ServFail,
            LookupFailure::ServerFailure,
            "DNSSEC",
        ),
        (
            ResponseCode::Refused,
            LookupFailure::Refused,
            "failed before",
        ),
    ];
    for (code, expected, words) in cases {
        let server = NameServer::start(move |_, _| Reply::Code(code)).await;
        let outcome = http_01(&validator(network(&server)), "www.example.com").await;
        let Err(Failure::Lookup(error)) = &outcome.result else {
            panic!("{code}: {:?}", outcome.result);
        };
        assert_eq!(error.cause, expected);
        let explanation = outcome.result.unwrap_err().explanation();
        assert!(explanation.contains(words), "{explanation}");
    }
}

#[tokio::test]
async fn one_address_family_failing_is_noted_and_does_not_matter() {
    let web = WebServer::start(|_| response(200, KEY_AUTHORIZATION.as_bytes())).await;
    let server = NameServer::start(|name, kind| {
        if kind == RecordType::A {
            Reply::Records(vec![a(name, "127.0.0.1")])
        } else {
            Reply::Code(ResponseCode::ServFail)
        }
    })
    .await;
    let network = Network::lab(LabSettings {
        dns_server: Some(server.address),
        open_addresses: vec!["127.0.0.1".parse().unwrap()],
        http_port: web.address.port(),
        ..LabSettings::default()
    });
    let validator: NetworkValidator = validator(network.unwrap());
    let outcome = http_01(&validator, "www.example.com").await;
    assert_eq!(outcome.result, Ok(()));
    let error = outcome
        .evidence
        .lookups
        .first()
        .unwrap()
        .error
        .clone()
        .unwrap();
    assert_eq!(
        error,
        "SERVFAIL while looking up AAAA records for www.example.com"
    );
}
