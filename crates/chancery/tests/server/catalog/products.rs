//! Products whose certificates name an organization: what they are made of, and that nothing is issued without one.

use base::Refuse as _;
use enrollment::policy::Preset;
use flow::Caller;
use flow::caller::system;
use flow::catalog::change_directory::{DirectoryPlan, change_directory};
use flow::catalog::create_product::create_product;
use flow::catalog::publish_offer::{OfferPlan, publish_offer};
use flow::catalog::publish_profile::publish_profile;
use pki::{Disclosure, Level, Profile};
use store::testing::older::{Older, forget};
use store::testing::rows;
use testkit::TestServer;

testkit::on_both_engines![
    f039_each_level_has_its_directory_with_a_test_directory_beside_it,
    f037_nothing_is_issued_for_an_organization_that_nobody_validated,
    f038_no_ev_and_no_qualified_order_has_a_wildcard_name,
    a_qualified_directory_waits_for_its_disclosure_statement,
    an_older_installation_gets_the_new_products_and_keeps_its_own,
    a_directory_has_a_profile_of_its_products_level,
    a_directory_has_a_ca_for_the_policies_of_its_profile,
    a_profile_keeps_its_level
];

const CALLER: fn() -> Caller = Caller::command_line;
/// Product, directory, level.
const NEW: [(&str, &str, Level); 3] = [
    ("ov", "OV", Level::Organization),
    ("ev", "EV", Level::Extended),
    ("qwac", "QWAC", Level::Qualified),
];

/// Each directory with its profile, the words for the policies of its CA, and its test directory.
fn check_catalog(server: &TestServer) {
    let catalog = server.app.catalog();
    for (product, slug, level) in NEW {
        let directory = catalog.directory(slug).unwrap();
        assert_eq!(directory.product.as_str(), product);
        let profile = &directory.profile.profile;
        assert_eq!((profile.level, profile.name.as_str()), (level, product));
        let certificate = catalog.certificate(directory.issuing.id).unwrap();
        let name = format!("CN=acme.test {slug} issuing CA");
        assert_eq!(certificate.subject, name);
        let mut extensions = certificate.extensions.iter();
        let policies = extensions
            .find(|each| each.name == "Certificate policies")
            .unwrap();
        for policy in &profile.policies {
            assert!(
                policies.text.contains(&policy.to_string()),
                "{}",
                policies.text
            );
        }
        let test = catalog.test_of(slug).unwrap();
        assert!(test.is_test && test.slug == format!("{slug}-TEST"));
        assert_eq!(test.profile.profile.level, level);
    }
    // Nothing is sold that does not happen.
    let mut offers = catalog.offers().iter();
    assert!(offers.all(|offer| {
        NEW.iter()
            .all(|(product, ..)| offer.product.as_str() != *product)
    }));
}

async fn f039_each_level_has_its_directory_with_a_test_directory_beside_it(server: &TestServer) {
    check_catalog(server);
}

async fn orders(server: &TestServer) -> i64 {
    let store = server.app.store(system("a test"));
    let counts = store.read((), rows::of_all).await.unwrap();
    let place = rows::TABLES.iter().position(|table| *table == "acme_order");
    counts[place.unwrap()]
}

async fn f037_nothing_is_issued_for_an_organization_that_nobody_validated(server: &TestServer) {
    server.client("example.com").await;
    // Offers are sorted by when they were made.
    server.clock().advance(std::time::Duration::from_millis(1));
    let plan = OfferPlan {
        slug: "organization".to_owned(),
        name: Some("Organization".to_owned()),
        product: Some("ov".to_owned()),
        policy: Preset::named("000").unwrap().policy.clone(),
    };
    publish_offer(&server.app, &CALLER(), plan).await.unwrap();
    let eab = server.account_for("organization").await;
    let customer = server.stranger_in("OV").await.register(&eab).await;
    let guest = server.stranger_in("EV-TEST").await.register_unbound().await;
    // Without an organization it gets no names, so that it is refused even before.
    let refused = customer.new_order(&["example.com"]).await;
    assert_problem!(refused, @r#"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"this subscription has no domain yet; add one in the portal before you order","status":403}"#);
    let refused = guest.new_order(&["example.com"]).await;
    assert_problem!(refused, @r#"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"this directory issues for validated organizations only, and this ACME account has none; have the organization validated first, or order in a directory for domain-validated certificates","status":403}"#);
    assert_eq!(orders(server).await, 0);
}

async fn f038_no_ev_and_no_qualified_order_has_a_wildcard_name(server: &TestServer) {
    server.client("example.com").await;
    for slug in ["EV-TEST", "QWAC-TEST"] {
        let guest = server.stranger_in(slug).await.register_unbound().await;
        let refused = guest.new_order(&["example.com", "*.example.com"]).await;
        assert_problem!(refused, @r#"{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"\"*.example.com\": no EV and no qualified certificate has a wildcard name (EVG §9.8.1); ask for each name by itself","status":400,"subproblems":[{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"\"*.example.com\": no EV and no qualified certificate has a wildcard name (EVG §9.8.1); ask for each name by itself","identifier":{"type":"dns","value":"*.example.com"}}]}"#);
    }
    // An OV certificate may have one, so that it is only the organization that is missing.
    let guest = server.stranger_in("OV-TEST").await.register_unbound().await;
    let refused = guest.new_order(&["*.example.com"]).await.expect(403);
    assert!(refused.text().contains("validated organizations only"));
}

async fn a_qualified_directory_waits_for_its_disclosure_statement(server: &TestServer) {
    server.client("example.com").await;
    let guest = server
        .stranger_in("QWAC-TEST")
        .await
        .register_unbound()
        .await;
    let refused = guest.new_order(&["example.com"]).await;
    assert_problem!(refused, @r#"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"this directory issues nothing until its operator has completed the profile: qualified.disclosures must begin with the PKI disclosure statement in English (\"language\": \"en\")","status":403}"#);
    let catalog = server.app.catalog();
    let mut profile: Profile = catalog.directory("QWAC").unwrap().profile.profile.clone();
    profile.qualified.as_mut().unwrap().disclosures = vec![Disclosure {
        language: "en".to_owned(),
        url: "https://www.example.com/pds/en.pdf".to_owned(),
    }];
    profile.check().unwrap();
    publish_profile(&server.app, &CALLER(), &profile)
        .await
        .unwrap();
    let refused = guest.new_order(&["example.com"]).await.expect(403);
    assert!(refused.text().contains("validated organizations only"));
}

async fn an_older_installation_gets_the_new_products_and_keeps_its_own(server: &TestServer) {
    let client = server.client("example.com").await;
    let older = Older {
        settings: ("catalog_seed_3", "catalog_seed_2"),
        products: &["ov", "ev", "qwac"],
    };
    let store = server.app.store(system("a test"));
    store.write(older, forget).await.unwrap();
    let before = server.app.catalog().directory("DV").unwrap().issuing.id;
    let node = server.beside().await;
    check_catalog(&node);
    assert_eq!(
        node.app.catalog().directory("DV").unwrap().issuing.id,
        before
    );
    client.at(node.acme.clone()).issue(&["example.com"]).await;
    // Once is enough.
    let again = server.beside().await;
    let ca = |server: &TestServer| server.app.catalog().directory("OV").unwrap().issuing.id;
    assert_eq!(ca(&again), ca(&node));
}

async fn a_directory_has_a_profile_of_its_products_level(server: &TestServer) {
    let app = &server.app;
    for level in Level::ALL {
        let code = format!("product-{level}");
        create_product(app, &CALLER(), (&code, "A product", level.as_str()))
            .await
            .unwrap();
    }
    let unknown = create_product(app, &CALLER(), ("best", "Best", "best")).await;
    assert_eq!(unknown.unwrap_err().refusal().code, "product_level_unknown");
    let ca = app.catalog().directory("OV").unwrap().issuing.id;
    let plan = |product: &str, profile: &str| DirectoryPlan {
        slug: product.to_uppercase(),
        product: Some(product.to_owned()),
        cas: vec![ca],
        profile: Some(profile.to_owned()),
        ..DirectoryPlan::default()
    };
    let refused = change_directory(app, &CALLER(), plan("product-organization", "dv")).await;
    let refusal = refused.unwrap_err().refusal();
    assert_eq!(refusal.code, "directory_level");
    insta::allow_duplicates! { insta::assert_snapshot!(refusal.sentence, @r#"profile "dv" is of the level domain, and product "product-organization" of the level organization; give the directory a profile of that level"#) }
    let fitting = plan("product-organization", "ov");
    change_directory(app, &CALLER(), fitting).await.unwrap();
    let follows = DirectoryPlan {
        slug: "OV".to_owned(),
        profile: Some("ev".to_owned()),
        ..DirectoryPlan::default()
    };
    let refused = change_directory(app, &CALLER(), follows).await.unwrap_err();
    assert_eq!(refused.refusal().code, "directory_level");
}

async fn a_directory_has_a_ca_for_the_policies_of_its_profile(server: &TestServer) {
    let catalog = server.app.catalog();
    let ca = |slug: &str| catalog.directory(slug).unwrap().issuing.id;
    let plan = |cas| DirectoryPlan {
        slug: "OV".to_owned(),
        cas,
        ..DirectoryPlan::default()
    };
    let wrong = plan(vec![ca("OV"), ca("DV")]);
    let refused = change_directory(&server.app, &CALLER(), wrong).await;
    let refusal = refused.unwrap_err().refusal();
    assert_eq!(refusal.code, "directory_ca_policies");
    assert!(
        refusal
            .sentence
            .starts_with(&format!("CA {} is not for", ca("DV")))
    );
    // One without policies is for all of them.
    let right = plan(vec![ca("OV"), ca("PRIVATE")]);
    change_directory(&server.app, &CALLER(), right)
        .await
        .unwrap();
}

async fn a_profile_keeps_its_level(server: &TestServer) {
    let catalog = server.app.catalog();
    let profile = Profile {
        name: "ov".to_owned(),
        ..catalog.directory("EV").unwrap().profile.profile.clone()
    };
    let refused = publish_profile(&server.app, &CALLER(), &profile).await;
    let refusal = refused.unwrap_err().refusal();
    assert_eq!(refusal.code, "profile_level");
    insta::allow_duplicates! { insta::assert_snapshot!(refusal.sentence, @r#"profile "ov" is of the level organization and stays so; publish this one under another name"#) }
}
