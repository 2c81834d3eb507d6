//! The names by which CAA records call a CA: where they are needed, and who is told that there are none (H0).

use flow::Caller;
use flow::catalog::change_directory::{ChangeDirectoryError, DirectoryPlan, change_directory};
use flow::catalog::import_cas::{ImportedCas, import_cas};
use flow::catalog::list_caa::{CaaStanding, list_caa, list_stored_caa};
use flow::issuance::publish_crl::publish_first;
use flow::jobs::ensure_schedules;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P384_SHA384,
};
use store::catalog::ca::Trust;
use testkit::TestServer;

testkit::on_both_engines![
    h0_a_directory_with_a_public_ca_does_not_start_without_identities,
    h0_a_public_ca_comes_into_no_directory_without_identities,
    h0_a_self_made_ca_starts_and_says_whether_it_checks,
    h0_identities_are_domain_names,
];

fn ca(name: &str, constraints: BasicConstraints) -> CertificateParams {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(constraints);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params
}

/// Imports a publicly trusted CA, as `admin ca import --public` does.
async fn import(server: &TestServer) -> base::CaId {
    let root_key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let root = ca("Public Root", BasicConstraints::Unconstrained);
    let root_pem = root.self_signed(&root_key).unwrap().pem();
    let root = Issuer::new(root, root_key);
    let key = KeyPair::generate().unwrap();
    let issuing = ca("Public Issuing", BasicConstraints::Constrained(0));
    let wanted = ImportedCas {
        root: root_pem,
        root_key: None,
        issuing: issuing.signed_by(&key, &root).unwrap().pem(),
        issuing_key: key.serialize_pem(),
        trust: Trust::Public,
    };
    let id = import_cas(&server.app, &Caller::command_line(), wanted)
        .await
        .unwrap();
    publish_first(&server.app).await.unwrap();
    ensure_schedules(&server.app).await.unwrap();
    id
}

fn plan(cas: Vec<base::CaId>) -> DirectoryPlan {
    DirectoryPlan {
        slug: "DV".to_owned(),
        cas,
        ..DirectoryPlan::default()
    }
}

async fn change(server: &TestServer, plan: DirectoryPlan) -> Result<(), ChangeDirectoryError> {
    let changed = change_directory(&server.app, &Caller::command_line(), plan).await;
    changed.map(drop)
}

async fn without_identities(server: &TestServer) -> TestServer {
    server
        .beside_with(|settings| settings.meta.caa_identities.clear())
        .await
}

fn standing(standings: &[CaaStanding]) -> (Vec<&str>, bool) {
    let found = standings
        .iter()
        .find(|each| each.directory == "DV")
        .unwrap();
    (
        found.identities.iter().map(String::as_str).collect(),
        found.is_public,
    )
}

async fn h0_a_directory_with_a_public_ca_does_not_start_without_identities(server: &TestServer) {
    let id = import(server).await;
    change(server, plan(vec![id])).await.unwrap();
    let client = server.client("example.com").await;
    client.issue(&["example.com"]).await;
    assert_eq!(standing(&list_caa(&server.app)), (vec!["acme.test"], true));

    let silent = without_identities(server).await;
    let open = silent.app.catalog();
    assert!(open.directory("DV").is_none());
    assert!(
        open.directory("DV-TEST").is_some(),
        "its test directory has a CA that nobody trusts"
    );
    let url = silent.app.directory_url("DV");
    client.at(silent.acme.clone()).get(&url).await.expect(404);
    let stored = list_stored_caa(&silent.store, &[]).await.unwrap();
    assert_eq!(standing(&stored), (vec![], true));

    // Its own identities open it everywhere.
    let mut own = plan(Vec::new());
    own.rules = vec![("caa_identities".to_owned(), "ca.example.org".to_owned())];
    change(&silent, own).await.unwrap();
    assert_eq!(
        standing(&list_caa(&silent.app)),
        (vec!["ca.example.org"], true)
    );
    let stored = list_stored_caa(&silent.store, &[]).await.unwrap();
    assert_eq!(standing(&stored), (vec!["ca.example.org"], true));
}

async fn h0_a_public_ca_comes_into_no_directory_without_identities(server: &TestServer) {
    let id = import(server).await;
    let silent = without_identities(server).await;
    let refused = change(&silent, plan(vec![id])).await.unwrap_err();
    assert!(
        matches!(refused, ChangeDirectoryError::CaaIdentities),
        "{refused}"
    );
    let mut both = plan(vec![id]);
    both.rules = vec![("caa_identities".to_owned(), "ca.example.org".to_owned())];
    change(&silent, both).await.unwrap();
    let mut back = plan(Vec::new());
    back.rules = vec![("caa_identities".to_owned(), String::new())];
    let refused = change(&silent, back.clone()).await.unwrap_err();
    assert!(
        matches!(refused, ChangeDirectoryError::CaaIdentities),
        "{refused}"
    );
    // A closed directory issues nothing.
    back.is_closed = Some(true);
    change(&silent, back).await.unwrap();
}

async fn h0_a_self_made_ca_starts_and_says_whether_it_checks(server: &TestServer) {
    assert_eq!(standing(&list_caa(&server.app)), (vec!["acme.test"], false));
    let silent = without_identities(server).await;
    assert_eq!(standing(&list_caa(&silent.app)), (vec![], false));
    let stored = list_stored_caa(&silent.store, &[]).await.unwrap();
    assert_eq!(standing(&stored), (vec![], false));
    let client = server.client("example.com").await.at(silent.acme.clone());
    client.issue(&["example.com"]).await;
}

async fn h0_identities_are_domain_names(server: &TestServer) {
    for wrong in [
        "https://ca.example.com",
        "*.example.com",
        "a b.example",
        "ca.example.com,",
    ] {
        let mut wish = plan(Vec::new());
        wish.rules = vec![("caa_identities".to_owned(), wrong.to_owned())];
        let refused = change(server, wish).await.unwrap_err();
        assert!(
            matches!(refused, ChangeDirectoryError::Rule(_)),
            "{wrong}: {refused}"
        );
    }
}
