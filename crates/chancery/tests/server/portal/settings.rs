//! One's own settings.

use testkit::TestServer;

use super::Shop;

testkit::on_both_engines![fa9_f014_every_rule_is_ticked_that_a_typed_password_meets];

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
