//! Valid inputs, which a fuzzer changes; all of one key, so that signatures over changed content can be made anew.

use std::sync::{Arc, LazyLock};

use acme::Jwk;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base::Timestamp;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use enrollment::policy::Policy;
use pki::{
    CaName, CrlRequest, CrlScope, Issuer, RevocationReason, RevokedCertificate, SerialNumber,
    SoftwareSigner, self_signed_root,
};

/// Where the requests go.
pub(crate) const URL: &str = "https://localhost/v2/DV/acct";
/// Whose requests they are.
pub(crate) const ACCOUNT_URL: &str = "https://localhost/v2/DV/account/1";

/// The private key of RFC 6979 §A.2.5 as PKCS#8, without its public half.
const PKCS8_HEAD: [u8; 36] = [
    0x30, 0x81, 0x87, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02,
    0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x6d, 0x30, 0x6b, 0x02,
    0x01, 0x01, 0x04, 0x20,
];
const PRIVATE: &str = "ya-p2EW6dRZrXCFXZ7HWk05Qw9s26JsSe4piKxIPZyE";
const X: &str = "YP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Y";
const Y: &str = "eQP-EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIpk";

/// The private key as PKCS#8 DER.
pub(crate) fn pkcs8() -> Vec<u8> {
    let (x, y) = (octets(X), octets(Y));
    let private = octets(PRIVATE);
    [
        &PKCS8_HEAD[..],
        &private,
        &[0xa1, 0x44, 0x03, 0x42, 0x00, 0x04],
        &x,
        &y,
    ]
    .concat()
}

/// Its public half: the coordinates.
pub(crate) fn point() -> (Vec<u8>, Vec<u8>) {
    (octets(X), octets(Y))
}

/// The signer of certificates, requests and lists.
pub(crate) static SIGNER: LazyLock<Arc<SoftwareSigner>> =
    LazyLock::new(|| Arc::new(SoftwareSigner::from_pkcs8(&pkcs8()).unwrap()));

/// The key of the account that asks.
pub(crate) fn account_key() -> Jwk {
    Jwk::parse(&jwk()).unwrap()
}

fn jwk() -> String {
    format!(r#"{{"crv":"P-256","kty":"EC","x":"{X}","y":"{Y}"}}"#)
}

fn octets(text: &str) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn signed(header: &str, payload: &str) -> Vec<u8> {
    let input = input(header, payload);
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8()).unwrap();
    let signature = pair.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
    flattened(&input, signature.as_ref())
}

fn input(header: &str, payload: &str) -> String {
    let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    format!("{}.{}", encode(header), encode(payload))
}

fn flattened(input: &str, signature: &[u8]) -> Vec<u8> {
    let (protected, payload) = input.split_once('.').unwrap();
    let signature = BASE64_URL_SAFE_NO_PAD.encode(signature);
    format!(r#"{{"protected":"{protected}","payload":"{payload}","signature":"{signature}"}}"#)
        .into()
}

pub(crate) fn jws() -> Vec<Vec<u8>> {
    let rest = format!(r#""nonce":"bm9uY2U","url":"{URL}""#);
    vec![
        signed(
            &format!(r#"{{"alg":"ES256","jwk":{},{rest}}}"#, jwk()),
            "{}",
        ),
        signed(
            &format!(r#"{{"alg":"ES256","kid":"{ACCOUNT_URL}",{rest}}}"#),
            "",
        ),
        jwk().into(),
        br#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#
            .to_vec(),
        // RFC 7638 §3.1.
        br#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB"}"#
            .to_vec(),
    ]
}

pub(crate) fn payload() -> Vec<Vec<u8>> {
    [
        r#"{"termsOfServiceAgreed":true,"contact":["mailto:admin@example.com"],"externalAccountBinding":{}}"#,
        r#"{"onlyReturnExisting":true}"#,
        r#"{"status":"deactivated"}"#,
        r#"{"identifiers":[{"type":"dns","value":"*.example.com"}],"notBefore":"2026-11-27T00:00:00Z"}"#,
        r#"{"csr":"MAA"}"#,
        r#"{"certificate":"MAA","reason":4}"#,
        "mailto:admin@example.com",
        "urn:ietf:params:acme:error:malformed",
        "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA",
    ]
    .map(Vec::from)
    .to_vec()
}

pub(crate) fn inner_jws() -> Vec<Vec<u8>> {
    let header = format!(r#"{{"alg":"HS256","kid":"key","url":"{URL}"}}"#);
    let input = input(&header, &jwk());
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, &[7; 32]),
        input.as_bytes(),
    );
    let header = format!(r#"{{"alg":"ES256","jwk":{},"url":"{URL}"}}"#, jwk());
    let change = format!(r#"{{"account":"{ACCOUNT_URL}","oldKey":{}}}"#, jwk());
    vec![flattened(&input, tag.as_ref()), signed(&header, &change)]
}

pub(crate) fn names() -> Vec<Vec<u8>> {
    [
        "example.com",
        "*.xn--mnchen-3ya.example",
        "B\u{fc}cher.example.",
        "admin@example.com",
        "0123456789abcdef0123456789abcdef",
        "keyCompromise",
        "2026-11-27T03:00:00.5+01:00",
        "C=FI, O=Example Oy, CN=Example root",
        "ord_01m8cpzb7m3y5m7m3y5m7m3y5m",
        "usr_01m8cpzb7m3y5m7m3y5m7m3y5m",
        "command line",
        "NTRUS+CA-12345678",
        "LEIXG-529900T8BM49AURSDO55",
        "organization",
        "P1Y",
        "*.test=127.0.0.1",
        "2001:db8::/32",
    ]
    .map(Vec::from)
    .to_vec()
}

pub(crate) fn caa() -> Vec<Vec<u8>> {
    [
        "\0issue acme.test",
        "\0issue ;\n\0issuewild acme.test; validationmethods=dns-01",
        "\0issue acme.test; accounturi=https://acme.test/v2/DV/account/1",
        "\u{7f}tbs unknown\n\0iodef mailto:admin@example.com",
    ]
    .map(Vec::from)
    .to_vec()
}

/// One element of DER with less than 64 KiB of content.
pub(crate) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let [high, low] = u16::try_from(content.len()).unwrap().to_be_bytes();
    let mut whole = vec![tag];
    match content.len() {
        0..128 => whole.push(low),
        128..256 => whole.extend([0x81, low]),
        _ => whole.extend([0x82, high, low]),
    }
    whole.extend(content);
    whole
}

/// The content of a request for example.com and www.example.com, unsigned.
fn request() -> Vec<u8> {
    const COMMON_NAME: &[u8] = &[6, 3, 0x55, 4, 3];
    const EXTENSION_REQUEST: &[u8] = &[6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 14];
    const ALTERNATIVE_NAMES: &[u8] = &[6, 3, 0x55, 0x1d, 17];
    const TLS_FEATURE: &[u8] = &[6, 8, 0x2b, 6, 1, 5, 5, 7, 1, 24];
    let common_name = element(0x30, &[COMMON_NAME, &element(0x0c, &[b"example.com"])]);
    let subject = element(0x30, &[&element(0x31, &[&common_name])]);
    let names = ["example.com", "www.example.com"].map(|name| element(0x82, &[name.as_bytes()]));
    let names = element(4, &[&element(0x30, &[&names.concat()])]);
    let feature = element(4, &[&[0x30, 3, 2, 1, 5]]);
    let extensions = [
        element(0x30, &[ALTERNATIVE_NAMES, &names]),
        element(0x30, &[TLS_FEATURE, &feature]),
    ];
    let extensions = element(0x31, &[&element(0x30, &[&extensions.concat()])]);
    let attribute = element(0x30, &[EXTENSION_REQUEST, &extensions]);
    let key = pki::Signer::public_key(&**SIGNER).spki();
    element(
        0x30,
        &[&[2, 1, 0], &subject, key, &element(0xa0, &[&attribute])],
    )
}

/// What is signed, its algorithm and its signature, as certificates, requests and lists have them.
pub(crate) fn sealed(content: &[u8]) -> Vec<u8> {
    const ECDSA_WITH_SHA256: &[u8] = &[0x30, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2];
    let signature = pki::Signer::sign(&**SIGNER, content).unwrap();
    let signature = element(3, &[&[0], &signature]);
    element(0x30, &[content, ECDSA_WITH_SHA256, &signature])
}

pub(crate) fn csr() -> Vec<Vec<u8>> {
    vec![request(), sealed(&request())]
}

fn root() -> Vec<u8> {
    let name = CaName::parse("C=FI, O=Example Oy, CN=Example root").unwrap();
    self_signed_root(&name, &**SIGNER, serial(), now()).unwrap()
}

fn serial() -> SerialNumber {
    "40000000000000000000000000000001".parse().unwrap()
}

fn now() -> Timestamp {
    Timestamp::from_seconds(1_795_000_000)
}

pub(crate) fn certificate() -> Vec<Vec<u8>> {
    let der = root();
    let pem = pki::pem::encode_chain([der.as_slice()]);
    let key = pki::pem::encode_private_key(&pkcs8());
    let spki = pki::Signer::public_key(&**SIGNER).spki().to_vec();
    vec![der, pem.into(), key.as_bytes().to_vec(), pkcs8(), spki]
}

pub(crate) fn crl() -> Vec<Vec<u8>> {
    let certificate = pki::Certificate::from_der(&root()).unwrap();
    let signer: Arc<SoftwareSigner> = Arc::clone(&SIGNER);
    let issuer = Issuer::new(certificate, signer, "http://ca.example/root.crt").unwrap();
    let request = CrlRequest {
        number: 7,
        this_update: now(),
        next_update: Timestamp::from_seconds(1_795_086_400),
        url: "http://ca.example/1.crl",
        scope: CrlScope::UserCertificates,
    };
    let revoked = RevokedCertificate {
        serial: serial(),
        revoked_at: now(),
        reason: RevocationReason::KeyCompromise,
    };
    let whole = issuer.sign_crl(&request, [revoked]).unwrap();
    // The list without its signature, to be signed anew.
    let content = whole.get(4..).unwrap_or_default().to_vec();
    vec![whole, content]
}

pub(crate) fn lists() -> Vec<Vec<u8>> {
    [
        "example.com\nwww.example.com\n*.example.org\n",
        "\u{feff}note;domain\r\n\"a \"\"b\"\"\r\n\";example.com\r\n",
        "name,domain_name\n1,b\u{fc}cher.example\n",
        "# weak\n0123456789abcdef0123\n",
    ]
    .map(Vec::from)
    .to_vec()
}

pub(crate) fn policy() -> Vec<Vec<u8>> {
    let policy = Policy::default();
    let keys = policy.describe().into_iter();
    let entered = keys.map(|(key, value)| format!("{key}={value}").into_bytes());
    let profile = r#"{"validity_seconds":7776000,"backdate_seconds":3600,"policy":"2.23.140.1.2.1","has_rsa_key_encipherment":false,"honours_must_staple":false,"max_names":100,"trust":"private"}"#;
    let documents = [policy.to_json(), profile.to_owned()];
    entered.chain(documents.map(String::into_bytes)).collect()
}

pub(crate) fn web_server() -> Vec<Vec<u8>> {
    [
        "HTTP/1.1 200 OK\r\nContent-Length: 54\r\n\r\nevaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA.thumbprint",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n<html\r\n0\r\n\r\n",
        "HTTP/1.0 301 Moved\r\nLocation: https://www.example.com/.well-known/acme-challenge/x\r\n\r\n",
        "https://www.example.com:443/a?b#c",
        "//0x7f.1/",
    ]
    .map(Vec::from)
    .to_vec()
}
