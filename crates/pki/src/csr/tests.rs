use proptest::prelude::*;

use super::*;
use crate::fixture::{CsrDraft, signer};
use crate::{KeyAlgorithm, KeyPolicy, SoftwareSigner};

fn p256() -> SoftwareSigner {
    signer(KeyAlgorithm::EcdsaP256)
}

#[track_caller]
fn check_names(common_name: Option<&str>, names: &[&str], expected: &[&str]) {
    let signer = p256();
    let mut draft = CsrDraft::new(&signer, names);
    draft.common_name = common_name;
    let csr = Csr::parse(&draft.der()).unwrap();
    let found: Vec<String> = csr.names().iter().map(Identifier::to_string).collect();
    assert_eq!(found, expected);
}

#[track_caller]
fn check_refused(draft: &CsrDraft<'_>, expected: &CsrError) {
    assert_eq!(Csr::parse(&draft.der()).as_ref(), Err(expected));
}

#[test]
fn names_come_from_the_san_in_its_order_and_the_common_name_and_once() {
    check_names(
        None,
        &["b.example.com", "A.example.com", "B.example.com"],
        &["b.example.com", "a.example.com"],
    );
    check_names(
        Some("a.example.com"),
        &["a.example.com"],
        &["a.example.com"],
    );
    check_names(Some("a.example.com"), &[], &["a.example.com"]);
    check_names(
        Some("z.example.com"),
        &["*.example.com"],
        &["*.example.com", "z.example.com"],
    );
    check_names(Some(""), &["a.example.com."], &["a.example.com"]);
}

#[test]
fn what_nobody_reads_is_der_too() {
    let signer = p256();
    let read = |tag: u8, content: Vec<u8>| {
        let mut draft = CsrDraft::new(&signer, &["example.com"]);
        draft.unread = (tag, content);
        Csr::parse(&draft.der())
    };
    read(tag::SEQUENCE, vec![0x30, 2, 5, 0]).unwrap();
    // An element that is longer than what it is in, and elements in each other without end.
    let too_long = read(tag::SEQUENCE, vec![0x30, 9, 5, 0]);
    assert!(matches!(too_long, Err(CsrError::Encoding(_))));
    let deep = (0..40_u8).rev().step_by(2).flat_map(|left| [0x30, left]);
    let deep = read(tag::SEQUENCE, deep.collect());
    assert!(matches!(deep, Err(CsrError::Encoding(_))));
}

#[test]
fn other_kinds_of_names_are_refused_and_shown() {
    let refused = |tag: u8, content: &[u8], kind, value: &str| {
        let signer = p256();
        let mut draft = CsrDraft::new(&signer, &["example.com"]);
        draft.names.push((tag, content.to_vec()));
        let value = value.to_owned();
        check_refused(&draft, &CsrError::NameKind { kind, value });
    };
    refused(0x87, &[192, 0, 2, 1], "IP address", "192.0.2.1");
    refused(
        0x87,
        &[0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        "IP address",
        "2001:db8::1",
    );
    refused(0x81, b"a@example.com", "email address", "a@example.com");
    refused(0x86, b"https://example.com", "URI", "https://example.com");
    refused(0xa4, &[], "directory name", "");
    refused(0xa0, &[], "other name", "");
}

#[test]
fn names_that_are_not_dns_names_are_refused_with_their_place() {
    let signer = p256();
    let mut draft = CsrDraft::new(&signer, &["example.com"]);
    draft.common_name = Some("My Server");
    let in_common_name = Csr::parse(&draft.der());
    assert!(matches!(
        in_common_name,
        Err(CsrError::Name {
            place: "subject common name",
            ..
        })
    ));
    for bad in [
        "192.0.2.1",
        "localhost",
        "exa mple.com",
        "b\u{fc}cher.example",
        "a\0.example.com",
        "",
    ] {
        let result = Csr::parse(&CsrDraft::new(&signer, &[bad]).der());
        assert!(
            matches!(
                result,
                Err(CsrError::Name {
                    place: "subject alternative name",
                    ..
                })
            ),
            "{bad}"
        );
    }
}

/// Two octets a letter; every second one was told as a NUL.
#[test]
fn finding_s6_7_a_wide_common_name_is_read_as_text() {
    let signer = p256();
    let mut draft = CsrDraft::new(&signer, &["a.example.com"]);
    draft.common_name_tag = BMP_STRING;
    draft.common_name = Some("b.example.com");
    let csr = Csr::parse(&draft.der()).unwrap();
    let names: Vec<String> = csr.names().iter().map(Identifier::to_string).collect();
    assert_eq!(names, ["a.example.com", "b.example.com"]);

    draft.common_name = Some("My Server\u{7}");
    let refused = base::chain(&Csr::parse(&draft.der()).unwrap_err());
    assert_eq!(
        refused,
        "the name in the subject common name of the request cannot be certified: \"My Server\\u{7}\" contains a \
         character that is not allowed in a domain name"
    );
}

#[test]
fn a_request_without_names_is_refused() {
    let signer = p256();
    check_refused(&CsrDraft::new(&signer, &[]), &CsrError::NoNames);
}

#[test]
fn must_staple_is_seen_and_other_extensions_are_read_past() {
    let signer = p256();
    let mut draft = CsrDraft::new(&signer, &["example.com"]);
    draft.extensions = vec![(
        ObjectIdentifier::new_unwrap("2.5.29.15"),
        b"\x03\x02\x01\x06".to_vec(),
    )];
    assert!(!Csr::parse(&draft.der()).unwrap().wants_must_staple());
    draft
        .extensions
        .push((TLS_FEATURE, b"\x30\x03\x02\x01\x05".to_vec()));
    assert!(Csr::parse(&draft.der()).unwrap().wants_must_staple());
    draft
        .extensions
        .push((TLS_FEATURE, b"\x30\x03\x02\x01\x05".to_vec()));
    check_refused(&draft, &CsrError::Duplicate("an extension"));
}

#[test]
fn every_supported_key_proves_itself() {
    for algorithm in [
        KeyAlgorithm::EcdsaP256,
        KeyAlgorithm::EcdsaP384,
        KeyAlgorithm::Rsa { bits: 2048 },
    ] {
        let signer = signer(algorithm);
        let csr = Csr::parse(&CsrDraft::new(&signer, &["example.com"]).der()).unwrap();
        assert_eq!(csr.key().algorithm(), algorithm);
        let policy = KeyPolicy::public();
        assert_eq!(policy.check(csr.key(), &HashSet::new()), Ok(()));
    }
}

#[test]
fn rsa_identifiers_may_lack_their_null() {
    let signer = signer(KeyAlgorithm::Rsa { bits: 2048 });
    let mut draft = CsrDraft::new(&signer, &["example.com"]);
    draft.algorithm = Some(b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b".to_vec());
    assert!(Csr::parse(&draft.der()).is_ok());
}

#[test]
fn sha1_is_refused_by_name() {
    let signer = p256();
    let mut draft = CsrDraft::new(&signer, &["example.com"]);
    draft.algorithm = Some(b"\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01".to_vec());
    check_refused(
        &draft,
        &CsrError::SignatureAlgorithm("1.2.840.10045.4.1".to_owned()),
    );
    draft.algorithm =
        Some(b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05\x05\x00".to_vec());
    check_refused(
        &draft,
        &CsrError::SignatureAlgorithm("1.2.840.113549.1.1.5".to_owned()),
    );
}

#[test]
fn a_changed_request_or_another_keys_signature_is_refused() {
    let signer = p256();
    let mut der = CsrDraft::new(&signer, &["example.com"]).der();
    let place = der
        .windows(7)
        .position(|window| window == b"example")
        .unwrap();
    der[place] = b'f';
    assert_eq!(Csr::parse(&der), Err(CsrError::Signature(SignatureError)));
}

/// Debian 12's Ruby client writes 2.
#[test]
fn finding_s6_2_the_versions_of_certificates_are_read_as_the_one_of_requests() {
    let signer = p256();
    for version in 0..=2 {
        let mut draft = CsrDraft::new(&signer, &["example.com"]);
        draft.version = version;
        let csr = Csr::parse(&draft.der()).unwrap();
        assert_eq!(csr.names().len(), 1);
    }
}

#[test]
fn other_versions_and_truncation_are_refused() {
    let signer = p256();
    let mut draft = CsrDraft::new(&signer, &["example.com"]);
    draft.version = 3;
    check_refused(&draft, &CsrError::Version);
    draft.version = 0;
    let mut der = draft.der();
    der.push(0);
    assert!(matches!(Csr::parse(&der), Err(CsrError::Encoding(_))));
    for length in 0..der.len() - 1 {
        assert!(Csr::parse(&der[..length]).is_err());
    }
}

#[test]
fn requests_of_another_implementation_are_read() {
    let key = rcgen::KeyPair::generate().unwrap();
    let names = vec!["www.example.com".to_owned(), "*.example.com".to_owned()];
    let mut parameters = rcgen::CertificateParams::new(names).unwrap();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    let der = parameters.serialize_request(&key).unwrap();
    let csr = Csr::parse(der.der()).unwrap();
    assert_eq!(csr.names().len(), 2);
}

proptest! {
    #[test]
    fn changed_octets_never_make_it_panic(place in 0_usize..300, octet: u8) {
        let signer = p256();
        let mut der = CsrDraft::new(&signer, &["example.com"]).der();
        let length = der.len();
        der[place % length] = octet;
        let _ = Csr::parse(&der);
    }
}
