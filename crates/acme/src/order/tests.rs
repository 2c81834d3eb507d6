use crate::authorization::AuthorizationStatus as Of;
use proptest::prelude::*;

use super::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn order(progress: Progress, authorizations: &[AuthorizationStatus]) -> Order<'_> {
    Order {
        progress,
        expires: at(100),
        authorizations,
    }
}

#[track_caller]
fn check(authorizations: &[AuthorizationStatus], expected: OrderStatus) {
    assert_eq!(
        order(Progress::Pending, authorizations).status(at(1)),
        expected
    );
}

#[test]
fn the_status_follows_from_the_authorizations() {
    check(&[Of::Pending, Of::Valid], OrderStatus::Pending);
    check(&[Of::Valid, Of::Valid], OrderStatus::Ready);
    for failed in [Of::Invalid, Of::Deactivated, Of::Expired, Of::Revoked] {
        check(&[Of::Valid, failed], OrderStatus::Invalid);
        check(&[Of::Pending, failed], OrderStatus::Invalid);
    }
    check(&[], OrderStatus::Pending);
}

#[test]
fn time_ends_only_what_was_not_finalized() {
    let valid = [Of::Valid];
    let late = |progress| order(progress, &valid).status(at(100));
    assert_eq!(late(Progress::Pending), OrderStatus::Invalid);
    assert_eq!(late(Progress::Processing), OrderStatus::Processing);
    assert_eq!(late(Progress::Valid), OrderStatus::Valid);
    assert_eq!(late(Progress::Invalid), OrderStatus::Invalid);
}

#[test]
fn an_expired_authorization_does_not_undo_a_certificate() {
    let expired = [Of::Expired];
    assert_eq!(
        order(Progress::Valid, &expired).status(at(1)),
        OrderStatus::Valid
    );
    assert_eq!(
        order(Progress::Processing, &expired).status(at(1)),
        OrderStatus::Processing
    );
}

#[test]
fn s57_of_two_finalize_calls_the_second_hears_that_the_order_is_not_ready() {
    let valid = [Of::Valid];
    assert_eq!(order(Progress::Pending, &valid).finalize(at(1)), Ok(()));
    let second = order(Progress::Processing, &valid)
        .finalize(at(1))
        .unwrap_err();
    assert_eq!(second, NotReady::Processing);
    let problem = Problem::from(second);
    assert_eq!((problem.kind, problem.status), (Kind::OrderNotReady, 403));
}

#[test]
fn the_refusal_says_what_is_missing() {
    let refused = |progress, authorizations: &[AuthorizationStatus], now| {
        order(progress, authorizations)
            .finalize(at(now))
            .unwrap_err()
    };
    let two = [Of::Pending, Of::Pending, Of::Valid];
    assert_eq!(
        refused(Progress::Pending, &two, 1),
        NotReady::Pending { open: 2 }
    );
    assert_eq!(refused(Progress::Pending, &two, 100), NotReady::Expired);
    assert_eq!(
        refused(Progress::Pending, &[Of::Invalid], 1),
        NotReady::Failed
    );
    assert_eq!(
        refused(Progress::Invalid, &[Of::Valid], 100),
        NotReady::Failed
    );
    assert_eq!(refused(Progress::Valid, &[Of::Valid], 1), NotReady::Valid);
}

#[test]
fn new_orders_are_read() {
    let payload = br#"{"identifiers":[{"type":"dns","value":"example.com"}],
        "notBefore":"2026-11-23T00:00:00+01:00","replaces":"x"}"#;
    let order = NewOrder::parse(payload, 100).unwrap();
    let read: Vec<_> = order.identifiers.iter().map(ToString::to_string).collect();
    assert_eq!(read, ["example.com"]);
    assert_eq!(
        order.not_before.unwrap().to_string(),
        "2026-11-22T23:00:00Z"
    );
    for bad in [
        "{}",
        "",
        r#"{"identifiers":{}}"#,
        r#"{"identifiers":[],"notAfter":"soon"}"#,
    ] {
        let problem = Problem::from(NewOrder::parse(bad.as_bytes(), 100).unwrap_err());
        assert_eq!(problem.kind, Kind::Malformed, "{bad}");
    }
}

#[test]
fn f102_a_csr_has_exactly_the_ordered_names() {
    let name = |text: &str| -> Identifier { text.parse().unwrap() };
    let ordered = [name("a.example"), name("b.example")];
    let same = [name("b.example"), name("a.example"), name("b.example")];
    assert_eq!(check_csr_names(&ordered, &same), Ok(()));
    let other = check_csr_names(&ordered, &[name("a.example"), name("c.example")]).unwrap_err();
    assert_eq!(other.missing, [name("b.example")]);
    assert_eq!(other.extra, [name("c.example")]);
    let problem = Problem::from(other);
    assert_eq!(problem.kind, Kind::BadCsr);
    insta::assert_snapshot!(problem.detail, @r#"the CSR must have exactly the order's names; missing: b.example; not ordered: c.example"#);
}

#[test]
fn a_padded_csr_is_refused_with_the_reason() {
    assert_eq!(parse_finalize(br#"{"csr":"YWI"}"#).unwrap(), b"ab");
    let problem = Problem::from(parse_finalize(br#"{"csr":"YWI="}"#).unwrap_err());
    insta::assert_snapshot!(problem.detail, @r#"the member "csr" is padded with "=": send base64url without padding (RFC 8555 section 6.1)"#);
}

#[test]
fn orders_serialise_as_the_rfc_says() {
    let identifiers = Identifiers::new(["*.example.com".parse().unwrap()]).unwrap();
    let order = OrderObject {
        status: OrderStatus::Valid,
        expires: at(100),
        identifiers: &identifiers,
        not_before: None,
        not_after: Some(at(200)),
        error: None,
        authorizations: vec!["https://acme.example/authorization/1".to_owned()],
        finalize: "https://acme.example/finalize/1".to_owned(),
        certificate: Some("https://acme.example/certificate/1".to_owned()),
    };
    insta::assert_snapshot!(serde_json::to_string_pretty(&order).unwrap(), @r#"
    {
      "status": "valid",
      "expires": "1970-01-01T00:01:40Z",
      "identifiers": [
        {
          "type": "dns",
          "value": "*.example.com"
        }
      ],
      "notAfter": "1970-01-01T00:03:20Z",
      "authorizations": [
        "https://acme.example/authorization/1"
      ],
      "finalize": "https://acme.example/finalize/1",
      "certificate": "https://acme.example/certificate/1"
    }
    "#);
}

proptest! {
    #[test]
    fn finalize_and_status_agree(
        progress in 0_usize..4,
        states in proptest::collection::vec(0_usize..6, 0..5),
        now in 0_i64..200,
    ) {
        let all = [Of::Pending, Of::Valid, Of::Invalid, Of::Deactivated, Of::Expired, Of::Revoked];
        let states: Vec<_> = states.into_iter().map(|state| all[state]).collect();
        let order = order(Progress::ALL[progress], &states);
        let is_ready = order.status(at(now)) == OrderStatus::Ready;
        prop_assert_eq!(order.finalize(at(now)).is_ok(), is_ready);
        prop_assert!(!is_ready || (!states.is_empty() && now < 100));
    }
}
