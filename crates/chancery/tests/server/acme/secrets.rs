//! No secret lies in the database in the clear (security S-40).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use store::DatabaseUrl;
use store::seal::SealContext;
use testkit::TestServer;

testkit::on_both_engines![s40_secrets_are_sealed_in_the_database];

/// The private scalar in a PKCS#8 key: the octet string after the version of ECPrivateKey (RFC 5915).
fn private_scalar(pkcs8: &[u8]) -> Vec<u8> {
    for length in [32_u8, 48] {
        let start = [2, 1, 1, 4, length];
        if let Some(place) = pkcs8.windows(5).position(|window| window == start) {
            return pkcs8[place + 5..place + 5 + usize::from(length)].to_vec();
        }
    }
    panic!("not an EC key");
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

async fn s40_secrets_are_sealed_in_the_database(server: &TestServer) {
    let eab = server.account().await;
    server.enroll(&eab, "example.com").await;
    let client = server.stranger().await.register(&eab).await;
    client.issue(&["example.com"]).await;
    let mut secrets = vec![
        eab.mac_key.clone(),
        URL_SAFE_NO_PAD.encode(&eab.mac_key).into_bytes(),
    ];
    let store = &server.store;
    let cas = store
        .within(flow::caller::system("a test"))
        .read((), store::catalog::ca::all)
        .await
        .unwrap();
    assert_eq!(cas.len(), server.app.catalog().crl_signers().count());
    let mut stored: Vec<Vec<u8>> = Vec::new();
    for ca in &cas {
        let row = ca.id.to_string();
        let context = SealContext {
            table: "ca",
            column: "private_key",
            row: &row,
            tenant: "",
        };
        let key = server
            .sealer()
            .open(context, ca.private_key.as_deref().unwrap())
            .unwrap();
        secrets.push(private_scalar(&key));
        stored.push(ca.private_key.clone().unwrap());
    }
    let credential = store
        .read(eab.key_id.clone(), |tx, key_id| {
            Box::pin(store::enrollment::eab_credential::by_key_id(tx, key_id))
        })
        .await
        .unwrap();
    stored.push(credential.unwrap().sealed_mac_key.unwrap());
    if let DatabaseUrl::Sqlite(path) = server.location() {
        let directory = path.parent().unwrap();
        for file in std::fs::read_dir(directory).unwrap() {
            stored.push(std::fs::read(file.unwrap().path()).unwrap());
        }
        assert!(
            stored
                .iter()
                .any(|text| contains(text, eab.key_id.as_bytes()))
        );
    }
    for secret in &secrets {
        assert!(stored.iter().all(|text| !contains(text, secret)));
    }
}
