//! The component sheet: there in the demo and in debug builds, and nowhere else.

use testkit::{TestServer, Visitor};
use web::portal::Hints;

use super::{ORIGIN, Shop, assert_says};

testkit::on_both_engines![the_sheet_is_shown_where_it_is_wished_only];

async fn the_sheet_is_shown_where_it_is_wished_only(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let browser = |shows_design| {
        let hints = Hints {
            shows_design,
            ..Hints::default()
        };
        let router = web::portal::router_with_hints(server.app.clone(), ORIGIN, hints);
        Visitor::new(router, ORIGIN)
    };
    let page = browser(true).get("/design").await.expect(200);
    assert_says(&page, "<h1>Components");
    assert!(
        !page.page().contains(&shop.email) && !page.page().contains("Shop alpha"),
        "it shows somebody's data"
    );
    let dark = browser(true).get("/design?theme=dark").await.expect(200);
    assert_says(&dark, "data-theme=\"dark\"");
    let none = browser(false).get("/design").await.expect(404);
    assert_says(&none, "There is nothing here");
    assert_eq!(Hints::default().shows_design, cfg!(debug_assertions));
}
