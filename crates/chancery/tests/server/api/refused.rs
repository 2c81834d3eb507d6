//! Who is not let in, and what they are told.

use std::time::Duration;

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flow::Caller;
use flow::access::api_token::revoke_token::revoke_token;
use flow::tenancy::suspend_tenant::{Suspension, suspend_tenant};
use store::DatabaseUrl;
use tenancy::api_token::BearerToken;
use testkit::{Answer, TestServer, Visitor};
use tracing::Level;

use super::{ME, door, holder, program, reseller, token_of, told_of_tokens, wanted};
use crate::portal::logged::Log;

testkit::on_both_engines![
    s44_tokens_that_do_not_work_are_refused,
    f007_a_suspended_organisation_has_a_sentence_of_its_own,
    s44_a_token_does_not_work_from_elsewhere,
    s29_what_is_not_there_is_told_in_json,
    s44_the_text_of_a_token_is_in_no_row_and_no_log,
];

const INVALID: &str = "Bearer realm=\"Chancery\", error=\"invalid_token\"";

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, code: &str, challenge: &str) {
    answer.problem();
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text());
    assert_eq!(answer.member("code"), code);
    assert_eq!(answer.header("www-authenticate"), challenge);
    assert_eq!(answer.header("cache-control"), "no-store");
}

async fn s44_tokens_that_do_not_work_are_refused(server: &TestServer) {
    let reseller = reseller(server).await;
    let created = token_of(server, reseller, wanted("cert.view", "")).await;
    let nobody = program(server);
    let missing = "Bearer realm=\"Chancery\"";
    assert_refused(&nobody.get(ME).await, 401, "api_token_missing", missing);
    let text = created.bearer.reveal();
    for header in [format!("Basic {text}"), text.clone(), "Bearer".to_owned()] {
        let answer = nobody.authorized(&header).get(ME).await;
        assert_refused(&answer, 401, "api_token_missing", missing);
    }
    // A token in the address is not looked at.
    let answer = nobody.get(&format!("{ME}?access_token={text}")).await;
    assert_refused(&answer, 401, "api_token_missing", missing);
    let other = BearerToken::generate(server.app.random()).reveal();
    let bare = text.trim_start_matches("chy_");
    for wrong in ["x", "chy_", bare, &other, &text.to_uppercase()] {
        let answer = nobody.with_token(wrong).get(ME).await;
        assert_refused(&answer, 401, "api_token_unknown", INVALID);
    }
    let program = holder(server, &created);
    program.get(ME).await.expect(200);
    let caller = Caller::command_line().within(reseller.tenant);
    let second = token_of(server, reseller, wanted("cert.view", "")).await;
    let ended = revoke_token(&server.app, &caller, &second.token).await;
    assert!(ended.unwrap());
    let answer = holder(server, &second).get(ME).await;
    assert_refused(&answer, 401, "api_token_revoked", INVALID);
    server.clock().advance(Duration::from_secs(30 * 24 * 3600));
    let answer = program.get(ME).await;
    assert_refused(&answer, 401, "api_token_expired", INVALID);
    let sentence = answer.member("detail");
    assert!(
        sentence.contains("make a new one in the portal"),
        "{sentence}"
    );
}

async fn f007_a_suspended_organisation_has_a_sentence_of_its_own(server: &TestServer) {
    let reseller = reseller(server).await;
    let created = token_of(server, reseller, wanted("cert.view", "192.0.2.1")).await;
    let program = holder(server, &created).at("192.0.2.1");
    program.get(ME).await.expect(200);
    let caller = Caller::command_line().within(reseller.tenant);
    suspend_tenant(&server.app, &caller, Suspension::Put)
        .await
        .unwrap();
    let answer = program.get(ME).await;
    assert_refused(&answer, 403, "api_token_suspended", "");
    assert!(answer.member("detail").contains("is suspended"));
    // Somebody who has only found the token does not hear of it.
    let elsewhere = program.at("192.0.2.2").get(ME).await;
    assert_refused(&elsewhere, 403, "api_token_network", "");
}

async fn s44_a_token_does_not_work_from_elsewhere(server: &TestServer) {
    let reseller = reseller(server).await;
    let networks = "203.0.113.0/28 2001:db8::/48";
    let created = token_of(server, reseller, wanted("cert.view", networks)).await;
    let program = holder(server, &created);
    for good in ["203.0.113.15", "2001:db8::1"] {
        program.at(good).get(ME).await.expect(200);
    }
    for wrong in ["203.0.113.16", "2001:db8:1::1", "127.0.0.1"] {
        let answer = program.at(wrong).get(ME).await;
        assert_refused(&answer, 403, "api_token_network", "");
    }
    let told = told_of_tokens(server, reseller).await;
    assert!(told.iter().all(|(_, change)| !change.contains("127.0.0")));
}

async fn s29_what_is_not_there_is_told_in_json(server: &TestServer) {
    let reseller = reseller(server).await;
    let created = token_of(server, reseller, wanted("cert.view", "")).await;
    for client in [program(server), holder(server, &created)] {
        for path in [
            "/api",
            "/api/",
            "/api/v1",
            "/api/v1/nothing",
            "/api/v2/me",
            "/api/v1/me/",
        ] {
            for method in [Method::GET, Method::POST, Method::DELETE] {
                let answer = client.call(method, path).await;
                assert_refused(&answer, 404, "no_such_route", "");
            }
        }
        for method in [Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            let answer = client.call(method.clone(), ME).await;
            assert_refused(&answer, 405, "method_not_allowed", "");
            assert_eq!(answer.header("allow"), "GET,HEAD", "{method}");
        }
    }
    // What does not begin so is the portal's.
    let mut browser = Visitor::new(door(server), "https://portal.test");
    let page = browser.get("/sign-in").await.expect(200);
    assert!(page.text().starts_with("<!doctype html>"));
    browser.get("/apis").await.expect(404).text();
    assert_eq!(browser.get("/").await.status.as_u16(), 303);
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

async fn s44_the_text_of_a_token_is_in_no_row_and_no_log(server: &TestServer) {
    let (log, _guard) = Log::at(Level::TRACE);
    let reseller = reseller(server).await;
    let created = token_of(server, reseller, wanted("cert.view", "203.0.113.7")).await;
    let text = created.bearer.reveal();
    let program = holder(server, &created);
    program.get(ME).await.expect(200);
    program.at("192.0.2.1").get(ME).await.expect(403);
    let caller = Caller::command_line().within(reseller.tenant);
    revoke_token(&server.app, &caller, &created.token)
        .await
        .unwrap();
    program.get(ME).await.expect(401);
    let unknown = BearerToken::generate(server.app.random()).reveal();
    program.with_token(&unknown).get(ME).await.expect(401);

    assert!(!log.lines("token refused").is_empty());
    for secret in [&text, &unknown] {
        let digits = secret.trim_start_matches("chy_");
        assert_eq!(log.lines(digits), Vec::<String>::new());
        for (_, change) in told_of_tokens(server, reseller).await {
            assert!(!change.contains(digits), "{change}");
        }
    }
    let shown = format!("{created:?}");
    assert!(!shown.contains(text.trim_start_matches("chy_")), "{shown}");
    if let DatabaseUrl::Sqlite(path) = server.location() {
        let digits = text.trim_start_matches("chy_");
        let octets = URL_SAFE_NO_PAD.decode(digits).unwrap();
        let mut has_digest = false;
        for file in std::fs::read_dir(path.parent().unwrap()).unwrap() {
            let content = std::fs::read(file.unwrap().path()).unwrap();
            assert!(!contains(&content, digits.as_bytes()));
            assert!(!contains(&content, &octets));
            has_digest |= contains(&content, created.bearer.digest().as_bytes());
        }
        assert!(has_digest, "the files that were searched have the row");
    }
}
