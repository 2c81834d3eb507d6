//! Settings: one's own, those of the tenant, and what is left to do.

mod brand;
mod first_steps;

use flow::breached::BreachedPasswords;
use testkit::TestServer;

use super::{PASSWORD, Shop, assert_says};

testkit::on_both_engines![
    f018_a_theme_is_switched_at_the_sidebar_and_stays,
    fa9_f014_every_rule_is_ticked_that_a_typed_password_meets,
    s02_a_password_of_the_operators_list_is_refused,
];

const NEW: &str = "Gx4?tuP_9rm&";
/// `sha1sum` of it.
const DIGEST_OF_NEW: &str = "2EAA2118F8239A948E8CC7AB877D89FFBDD2A7BE";

async fn f018_a_theme_is_switched_at_the_sidebar_and_stays(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let page = browser.get("/").await.expect(200);
    assert_says(&page, "action=\"/settings/appearance\"");
    for (theme, attribute) in [
        ("dark", " data-theme=\"dark\""),
        ("light", " data-theme=\"light\""),
        ("system", ""),
    ] {
        let fields = [("theme", theme), ("next", "/domains")];
        let switched = browser
            .post_form("/", "/settings/appearance", &fields)
            .await
            .expect(303);
        assert_eq!(switched.header("location"), "/domains");
        // It goes along to another browser.
        for browser in [&mut browser, &mut shop.browser(server).await] {
            let page = browser.get("/domains").await.expect(200);
            assert_says(
                &page,
                &format!("<html lang=\"en\"{attribute} data-shortcuts>"),
            );
            let pressed = format!("value=\"{theme}\" type=\"submit\" aria-pressed=\"true\"");
            assert_says(&page, &pressed);
        }
    }
}

async fn fa9_f014_every_rule_is_ticked_that_a_typed_password_meets(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let page = browser.get("/settings").await.expect(200);
    assert_eq!(page.text().matches("<li class=\"met\">").count(), 0);
    for (typed, met, announced) in [
        ("Zu7!kPq2-vale", 8, "The new password meets all rules"),
        ("zu7!kpq2-vale", 7, "Still missing: An upper-case letter"),
        (
            "Password1!",
            7,
            "Still missing: Not a common password or a simple pattern",
        ),
        (
            "Shop alpha1!",
            7,
            "Still missing: Not your name, your organisation or this site&#39;s name",
        ),
    ] {
        let fields = [("new_password", typed)];
        let list = browser
            .post_form("/settings", "/settings/password/rules", &fields)
            .await
            .expect(200);
        let ticked = list.text().matches("<li class=\"met\">").count();
        assert_eq!(ticked, met, "{typed}: {}", list.text());
        let said = format!("data-announce=\"{announced}\"");
        assert!(list.text().contains(&said), "{}", list.text());
        // The password itself goes nowhere.
        assert!(!list.text().contains(typed));
    }
    assert_eq!(shop.times(server, "user.change_password").await, 0);
}

async fn s02_a_password_of_the_operators_list_is_refused(server: &TestServer) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("breached");
    std::fs::write(&path, format!("{DIGEST_OF_NEW}:3\r\n")).unwrap();
    let list = BreachedPasswords::open(&path).unwrap();
    let server = server
        .beside_with(|settings| settings.breached = Some(list))
        .await;
    let shop = Shop::open(&server, "beta").await;
    let mut browser = shop.browser(&server).await;
    let rule = "Not a password that was found in a breach";
    assert_says(&browser.get("/settings").await.expect(200), rule);
    let change = |new: &'static str| {
        [
            ("current_password", PASSWORD),
            ("new_password", new),
            ("repeat_password", new),
        ]
    };
    let refused = browser
        .post_form("/settings", "/settings/password", &change(NEW))
        .await
        .expect(422);
    assert_says(&refused, &format!("does not meet: {rule}"));
    browser
        .post_form("/settings", "/settings/password", &change("Hr2=mux+7Vd~"))
        .await
        .expect(303);
}
