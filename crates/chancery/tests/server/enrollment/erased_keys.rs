//! A MAC key that is shown until a client is bound is gone after that (policy `eab_reveal = until_bound`): from its row at
//! once, from the files of the database by a job.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flow::Caller;
use flow::caller::system;
use flow::enrollment::release_binding::release_binding;
use flow::enrollment::revoke_credential::revoke_credential;
use flow::operations::list_jobs::list_jobs;
use flow::operations::rotate_sealing_key::{add_sealing_key, reseal_secrets};
use flow::queue::Queue;
use futures_util::future::join_all;
use serde_json::json;
use store::ReadTx;
use store::enrollment::eab_credential::{self, SealedCredential};
use store::enrollment::eab_key::TABLE;
use store::testing::files;
use testkit::{Eab, TestServer};

use super::credentials::{assert_refused, bind, id_of, owner, rotate, shown, stored, under};
use crate::portal::logged::Log;

testkit::on_both_engines![
    f059_s42_a_key_is_gone_from_the_files_once_its_client_is_bound,
    s42_the_last_of_several_clients_takes_the_key_along,
    s42_a_key_of_an_ended_credential_is_gone,
    f059_s42_a_registration_whose_answer_is_lost_is_found_again,
    s42_s58_of_two_clients_at_once_one_is_bound,
    s42_s43_an_erased_key_costs_what_an_unknown_one_costs,
    c2_s42_a_released_binding_brings_no_key_back,
    s39_s42_erased_keys_are_sealed_anew_by_nobody,
    c1_s63_each_look_at_a_key_that_is_always_shown_is_recorded,
];

const UNTIL_BOUND: [(&str, &str); 3] = [
    ("eab_reveal", "until_bound"),
    ("eab_max_bindings", "1"),
    ("eab_on_loss", "recreate"),
];
const ERASED: &str =
    "binds no more ACME accounts, and its MAC key was erased; rotate the credential";

async fn find(tx: &mut ReadTx, key_id: &String) -> Result<SealedCredential, store::Error> {
    let found = eab_credential::by_key_id(tx, key_id).await?;
    Ok(found.expect("a credential"))
}

/// The key as it is stored; none where it was erased.
async fn sealed(server: &TestServer, eab: &Eab) -> Option<Vec<u8>> {
    let store = server.app.store(system("a test"));
    let found: Result<_, store::Error> = store.read(eab.key_id.clone(), find).await;
    found.unwrap().sealed_mac_key
}

/// In how many of the database's files something stands.
async fn files_with(server: &TestServer, part: &[u8]) -> usize {
    let store = server.app.store(system("a test"));
    let files = files::contents(store, server.location()).await;
    assert!(files.len() > 1, "files are read");
    let with = files.iter().filter(|file| {
        let mut windows = file.windows(part.len());
        windows.any(|window| window == part)
    });
    with.count()
}

async fn assert_never_in_clear(server: &TestServer, eab: &Eab) {
    let text = URL_SAFE_NO_PAD.encode(&eab.mac_key);
    assert_eq!(files_with(server, &eab.mac_key).await, 0, "the key");
    assert_eq!(files_with(server, text.as_bytes()).await, 0, "its text");
    for part in [&eab.mac_key, text.as_bytes()] {
        let found = logs_with(server, part).await;
        assert!(found.is_none_or(|files| files == 0), "the write-ahead log");
    }
}

async fn logs_with(server: &TestServer, part: &[u8]) -> Option<i64> {
    let store = server.app.store(system("a test"));
    files::logs_with(store, server.location(), part.to_vec()).await
}

/// Runs jobs until the files are seen to. On PostgreSQL the transactions of other tests may be in the way.
pub(crate) async fn forget(server: &TestServer) {
    for _ in 0..500 {
        server.clock().advance(Duration::from_secs(600));
        server.run_jobs().await;
        let jobs = list_jobs(&server.app, Queue::Bulk).await.unwrap();
        if jobs.iter().all(|job| job.kind != "forget_keys") {
            return;
        }
        tokio::task::yield_now().await;
    }
    panic!("the files are not clean");
}

async fn f059_s42_a_key_is_gone_from_the_files_once_its_client_is_bound(server: &TestServer) {
    let (log, _guard) = Log::at(tracing::Level::TRACE);
    let server = &server.beside_by_itself(1).await;
    let eab = under(server, &UNTIL_BOUND).await;
    let others = under(server, &UNTIL_BOUND).await;
    let store = server.app.store(system("a test"));
    store.write(TABLE, files::analyze).await.unwrap();
    let before = sealed(server, &eab).await.unwrap();
    assert!(
        files_with(server, &before).await > 0,
        "it is looked for well"
    );
    let logged = logs_with(server, &before).await;
    assert!(
        logged.is_none_or(|files| files > 0),
        "the log is looked at well"
    );
    assert_never_in_clear(server, &eab).await;
    assert_eq!(shown(server, &eab).await, "");
    assert_never_in_clear(server, &eab).await;

    let client = server.stranger().await.register(&eab).await;
    assert_eq!(sealed(server, &eab).await, None);
    let now = server.app.now();
    assert_eq!(stored(server, &eab).await.erased_at, Some(now));
    assert_eq!(shown(server, &eab).await, "mac_key_erased");
    assert_never_in_clear(server, &eab).await;
    forget(server).await;
    assert_eq!(files_with(server, &before).await, 0, "the sealed key");
    // A part of it would be one too many.
    assert_eq!(files_with(server, &before[17..49]).await, 0, "its middle");
    assert_never_in_clear(server, &eab).await;
    // Whoever has not bound anybody keeps the key, and whoever is bound goes on.
    let kept = sealed(server, &others).await.unwrap();
    assert!(files_with(server, &kept).await > 0);
    bind(server, &others).await.expect(201);
    server.enroll(&eab, "example.com").await;
    client.issue(&["example.com"]).await;
    forget(server).await;
    assert_eq!(files_with(server, &kept).await, 0, "the second key");

    assert!(!log.lines("").is_empty(), "something is logged");
    let text = URL_SAFE_NO_PAD.encode(&eab.mac_key);
    assert!(log.lines(&text).is_empty(), "the key is logged");
}

async fn s42_the_last_of_several_clients_takes_the_key_along(server: &TestServer) {
    let settings = [("eab_reveal", "until_bound"), ("eab_max_bindings", "2")];
    let eab = under(server, &settings).await;
    bind(server, &eab).await.expect(201);
    // The second one still needs it, and nobody sees it any more.
    assert!(sealed(server, &eab).await.is_some());
    assert_eq!(shown(server, &eab).await, "mac_key_hidden_once_bound");
    bind(server, &eab).await.expect(201);
    assert_eq!(sealed(server, &eab).await, None);
    assert_refused(bind(server, &eab).await, ERASED);
    forget(server).await;
}

async fn s42_a_key_of_an_ended_credential_is_gone(server: &TestServer) {
    let server = &server.beside_by_itself(2).await;
    let revoked = under(server, &UNTIL_BOUND).await;
    let replaced = under(server, &UNTIL_BOUND).await;
    let live = rotate(server, &replaced, Duration::ZERO).await;
    let caller = owner(&revoked);
    let revoke = revoke_credential(&server.app, &caller, &revoked.key_id);
    revoke.await.unwrap();
    let mut gone = Vec::new();
    for eab in [&revoked, &replaced] {
        gone.push(sealed(server, eab).await.unwrap());
    }
    // The hourly prune comes with the other jobs.
    forget(server).await;
    forget(server).await;
    for (eab, gone) in [&revoked, &replaced].into_iter().zip(&gone) {
        assert_eq!(sealed(server, eab).await, None);
        assert_eq!(files_with(server, gone).await, 0);
    }
    assert!(sealed(server, &live).await.is_some());
    bind(server, &live).await.expect(201);
    forget(server).await;
}

async fn f059_s42_a_registration_whose_answer_is_lost_is_found_again(server: &TestServer) {
    let eab = under(server, &UNTIL_BOUND).await;
    let client = server.stranger().await;
    // Nobody reads the answer.
    drop(client.new_account(&eab).await);
    assert_eq!(sealed(server, &eab).await, None);
    forget(server).await;
    let again = client.new_account(&eab).await.expect(200);
    assert_eq!(again.member("status"), "valid");
    let look = json!({ "onlyReturnExisting": true });
    let url = client.resource("newAccount");
    let found = client.post_by_key(&url, &look).await.expect(200);
    assert_eq!(found.header("location"), again.header("location"));
    assert_eq!(stored(server, &eab).await.bindings, 1);
}

async fn s42_s58_of_two_clients_at_once_one_is_bound(server: &TestServer) {
    let eab = under(server, &UNTIL_BOUND).await;
    let clients = [server.stranger().await, server.stranger().await];
    let both = clients.iter().map(|client| client.new_account(&eab));
    let mut answers = join_all(both).await;
    answers.sort_by_key(|answer| answer.status);
    let refused = answers.pop().unwrap();
    answers.pop().unwrap().expect(201);
    assert_refused(refused, ERASED);
    assert_eq!(stored(server, &eab).await.bindings, 1);
    forget(server).await;
}

async fn s42_s43_an_erased_key_costs_what_an_unknown_one_costs(server: &TestServer) {
    let erased = under(server, &UNTIL_BOUND).await;
    bind(server, &erased).await.expect(201);
    let wrong = Eab {
        mac_key: vec![7; 32],
        ..erased.clone()
    };
    let unknown = Eab {
        key_id: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        ..erased.clone()
    };
    let client = server.stranger().await;
    let mut costs = Vec::new();
    for eab in [&erased, &wrong, &unknown] {
        let before = server.store.counters();
        let answer = client.new_account(eab).await.expect(403);
        let after = server.store.counters();
        assert_eq!(answer.problem_type(), "unauthorized");
        costs.push((
            after.statements - before.statements,
            after.transactions - before.transactions,
        ));
    }
    assert_eq!(costs[0], costs[1]);
    assert_eq!(costs[0], costs[2]);
    // Whoever holds the key and whoever does not get one answer: nobody can tell them apart.
    assert_refused(client.new_account(&wrong).await, ERASED);
    forget(server).await;
}

async fn c2_s42_a_released_binding_brings_no_key_back(server: &TestServer) {
    let eab = under(server, &UNTIL_BOUND).await;
    let client = server.stranger().await.register(&eab).await;
    let released = release_binding(&server.app, &owner(&eab), id_of(&client)).await;
    let credential = released.unwrap().credential;
    assert_eq!(credential.bindings, 0);
    assert!(credential.erased_at.is_some());
    assert_refused(bind(server, &eab).await, ERASED);
    assert_eq!(shown(server, &eab).await, "mac_key_erased");
    let new = rotate(server, &eab, Duration::ZERO).await;
    assert_eq!(shown(server, &new).await, "");
    bind(server, &new).await.expect(201);
    forget(server).await;
}

async fn s39_s42_erased_keys_are_sealed_anew_by_nobody(server: &TestServer) {
    let server = &server.beside_by_itself(3).await;
    let erased = under(server, &UNTIL_BOUND).await;
    let kept = under(server, &UNTIL_BOUND).await;
    bind(server, &erased).await.expect(201);
    let before = sealed(server, &kept).await.unwrap();
    let caller = Caller::command_line();
    add_sealing_key(&server.app, &caller).await.unwrap();
    reseal_secrets(&server.app, &caller).await.unwrap();
    assert_eq!(sealed(server, &erased).await, None);
    let after = sealed(server, &kept).await.unwrap();
    assert_ne!(before, after);
    assert_eq!(shown(server, &kept).await, "");
    bind(server, &kept).await.expect(201);
    forget(server).await;
    for gone in [before, after] {
        assert_eq!(files_with(server, &gone).await, 0);
    }
}

async fn c1_s63_each_look_at_a_key_that_is_always_shown_is_recorded(server: &TestServer) {
    let eab = server.account().await;
    for _ in 0..3 {
        assert_eq!(shown(server, &eab).await, "");
    }
    bind(server, &eab).await.expect(201);
    assert_eq!(shown(server, &eab).await, "", "as often as they ask");
    let store = server.app.store(flow::caller::tenant(eab.tenant));
    let found: Result<_, store::Error> = store.read(100, store::audit::newest).await;
    let looks = found.unwrap().into_iter();
    let looks = looks.filter(|entry| entry.action == "eab_credential.reveal");
    assert_eq!(looks.count(), 4);
}
