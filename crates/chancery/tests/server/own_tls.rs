//! The server's own certificate comes from a CA that issues to nobody.

use std::time::Duration;

use flow::caller::system;
use flow::catalog::server_certificate::ServerKey;
use flow::operations::node::own_certificate;
use pki::{Certificate, InternalProfile};
use testkit::TestServer;

testkit::on_both_engines![
    sb1_no_ca_that_issues_to_customers_certifies_the_server,
    sb1_certificates_of_the_server_are_in_the_database_until_they_end,
    sb1_two_nodes_have_one_ca_for_themselves
];

const LIFETIME: Duration = Duration::from_secs(90 * 24 * 3600);

async fn make(server: &TestServer) -> ServerKey {
    let profile = InternalProfile::new(vec!["localhost".to_owned()], Vec::new(), LIFETIME);
    let made = own_certificate(&server.app, &profile.unwrap()).await;
    made.unwrap()
}

async fn sb1_no_ca_that_issues_to_customers_certifies_the_server(server: &TestServer) {
    let before = server.app.catalog().crl_signers().count();
    let made = make(server).await;
    let certificate = Certificate::from_der(&made.certificate).unwrap();
    certificate.verify_signature(&made.root.key).unwrap();
    let directory = server.directory();
    for other in [&server.root(), directory.issuing.issuer.certificate()] {
        assert!(certificate.verify_signature(&other.key).is_err());
        assert_ne!(certificate.issuer, other.subject);
    }
    // Nor does it sign anything else: it is in no directory and publishes no CRL.
    let catalog = server.app.catalog();
    assert_eq!(catalog.crl_signers().count(), before);
    assert!(
        catalog
            .roots()
            .iter()
            .all(|root| root.subject != made.root.subject)
    );
    let client = server.client("example.com").await;
    let issued = client.issue(&["example.com"]).await;
    let obtained = Certificate::from_der(&issued.der).unwrap();
    assert!(obtained.verify_signature(&made.root.key).is_err());
}

async fn sb1_certificates_of_the_server_are_in_the_database_until_they_end(server: &TestServer) {
    let made = make(server).await;
    let certificate = Certificate::from_der(&made.certificate).unwrap();
    let serial = base16(&certificate.serial);
    let store = server.app.store(system("a test"));
    let by_serial = store::catalog::server_certificate::by_serial;
    let stored = store.read(serial.clone(), by_serial).await.unwrap();
    assert_eq!(stored.unwrap().certificate, made.certificate);
    server.clock().advance(LIFETIME);
    server.run_jobs().await;
    let left = store.read(serial, by_serial).await.unwrap();
    assert!(left.is_none());
}

fn base16(text: &str) -> Vec<u8> {
    let octet = |pair: &[u8]| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
    text.as_bytes().chunks(2).map(octet).collect()
}

async fn sb1_two_nodes_have_one_ca_for_themselves(server: &TestServer) {
    let second = server.beside().await;
    let (one, other) = tokio::join!(make(server), make(&second));
    assert_eq!(one.root.der(), other.root.der());
    assert_ne!(one.certificate, other.certificate);
}
