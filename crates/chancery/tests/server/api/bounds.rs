//! How many tokens there may be, and how often they may be used.

use flow::Caller;
use flow::access::api_token::create_token::{CreateTokenError, create_token};
use futures_util::future::join_all;
use tenancy::api_token::{BearerToken, TooManyTokens};
use tenancy::tenant::TenantKind;
use testkit::TestServer;

use super::{ME, holder, program, reseller, token_of, wanted};

testkit::on_both_engines![
    s11_wrong_tokens_are_throttled_by_network,
    h7_requests_with_one_token_are_limited,
    s36_of_thirty_tokens_at_once_twenty_are_made,
];

async fn s11_wrong_tokens_are_throttled_by_network(server: &TestServer) {
    let reseller = reseller(server).await;
    let created = token_of(server, reseller, wanted("cert.view", "")).await;
    let guess = || BearerToken::generate(server.app.random()).reveal();
    let nobody = program(server);
    for number in 0..200 {
        // Some guess, some bring nothing; both count.
        let client = if number % 2 == 0 {
            nobody.with_token(&guess())
        } else {
            nobody.clone()
        };
        client.get(ME).await.expect(401);
    }
    let answer = nobody.with_token(&guess()).get(ME).await.expect(429);
    assert_eq!(answer.member("code"), "rate_limited");
    assert_eq!(answer.header("retry-after"), "1");
    // Nothing is looked at from there, be it right.
    holder(server, &created).get(ME).await.expect(429);
    let elsewhere = holder(server, &created).at("198.51.100.1");
    elsewhere.get(ME).await.expect(200);
    server.clock().advance(std::time::Duration::from_secs(1));
    holder(server, &created).get(ME).await.expect(200);
}

async fn h7_requests_with_one_token_are_limited(server: &TestServer) {
    let reseller = reseller(server).await;
    let created = token_of(server, reseller, wanted("cert.view", "")).await;
    let other = token_of(server, reseller, wanted("cert.view", "")).await;
    let program = holder(server, &created);
    for number in 0..100 {
        // Wherever its requests come from.
        let address = format!("198.51.100.{number}");
        program.at(&address).get(ME).await.expect(200);
    }
    let answer = program.get(ME).await.expect(429);
    let sentence = answer.member("detail");
    assert!(
        sentence.starts_with("too many requests with this API token"),
        "{sentence}"
    );
    assert_eq!(answer.header("retry-after"), "1");
    holder(server, &other).get(ME).await.expect(200);
    server
        .clock()
        .advance(std::time::Duration::from_millis(100));
    program.get(ME).await.expect(200);
    program.get(ME).await.expect(429);
}

async fn s36_of_thirty_tokens_at_once_twenty_are_made(server: &TestServer) {
    let reseller = reseller(server).await;
    let caller = Caller::command_line().within(reseller.tenant);
    let owner = (reseller.user, TenantKind::Reseller);
    let all = (0..30).map(|_| create_token(&server.app, &caller, owner, wanted("cert.view", "")));
    let (made, refused): (Vec<_>, Vec<_>) =
        join_all(all).await.into_iter().partition(Result::is_ok);
    assert_eq!((made.len(), refused.len()), (20, 10));
    for error in refused {
        let expected = CreateTokenError::TooMany(TooManyTokens::OfUser).to_string();
        assert_eq!(error.unwrap_err().to_string(), expected);
    }
    // One that has ended makes room.
    let first = made.into_iter().next().unwrap().unwrap();
    let revoke = flow::access::api_token::revoke_token::revoke_token;
    revoke(&server.app, &caller, &first.token).await.unwrap();
    token_of(server, reseller, wanted("cert.view", "")).await;
}
