//! Pages for what cannot be answered: each says what to do.

use store::Engine;
use store::testing::limit_pages;
use testkit::{TestServer, Visitor};

use super::{ORIGIN, Shop, assert_says, sign_in, stranger};

testkit::on_both_engines![
    a_page_that_is_not_there_says_so,
    a_database_that_is_gone_has_a_page,
    a_full_database_has_a_page,
    a_form_that_is_too_large_has_a_page,
];

async fn a_page_that_is_not_there_says_so(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    for mut browser in [stranger(server), shop.browser(server).await] {
        for path in ["/nothing", "/domains/%ff%00/x", "/assets/portal.css"] {
            let page = browser.get(path).await.expect(404);
            assert_says(&page, "There is nothing here");
            assert_says(&page, "Look it up from one of the lists.");
        }
    }
    let mut browser = shop.browser(server).await;
    for id in ["0".repeat(26), "x".to_owned(), "%00%ff".to_owned()] {
        for list in ["accounts", "activity", "certificates", "domains"] {
            browser.get(&format!("/{list}/{id}")).await.expect(404);
        }
    }
}

async fn a_database_that_is_gone_has_a_page(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let second = server.beside().await;
    let mut browser = Visitor::new(web::portal::router(second.app.clone(), ORIGIN), ORIGIN);
    browser.get("/sign-in").await.expect(200);
    second.store.close().await;
    let page = sign_in(&mut browser, &shop.email, "wrong")
        .await
        .expect(503);
    assert_says(&page, "The portal cannot reach its data");
    assert_says(
        &page,
        "Nothing was changed, and certificates already issued stay valid.",
    );
    assert_says(&page, "Wait a minute and reload");
    assert_says(&page, "id=\"request-id\"");
    assert_eq!(page.header("retry-after"), "30");
    assert_eq!(page.header("cache-control"), "no-store");
    // What needs no database is still there.
    browser.get("/signed-out").await.expect(200);
}

async fn a_full_database_has_a_page(server: &TestServer) {
    // PostgreSQL reports a full disk, which a test cannot make; its error is mapped in the store's tests.
    if server.store.engine() == Engine::Postgres {
        return;
    }
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    // SQLite takes it for the present size.
    limit_pages(&server.store, 1).await.unwrap();
    let label = "x".repeat(60);
    let fields = [
        ("kind", "dv"),
        ("label", label.as_str()),
        ("term_years", "1"),
    ];
    let mut made = 0;
    let page = loop {
        let answer = browser
            .post_form("/accounts/new", "/accounts", &fields)
            .await;
        if answer.status != 303 {
            break answer.expect(503);
        }
        made += 1;
        assert!(made < 1_000, "the database does not become full");
    };
    assert_says(&page, "Nothing can be saved just now");
    assert_says(&page, "The operator has to free space; then try again.");
    limit_pages(&server.store, 1_000_000).await.unwrap();
    browser
        .post_form("/accounts/new", "/accounts", &fields)
        .await
        .expect(303);
}

async fn a_form_that_is_too_large_has_a_page(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let names = "a".repeat(600_000);
    let fields = [("names", names.as_str())];
    let page = browser.post_form("/domains/new", "/domains", &fields).await;
    assert_says(&page.expect(413), "That is too much at once");
}
