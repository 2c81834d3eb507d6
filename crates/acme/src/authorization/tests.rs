use proptest::prelude::*;

use super::*;
use crate::paths::Paths;

const HOUR: Duration = Duration::from_secs(3600);

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(seconds)
}

fn pending(name: &str) -> Authorization {
    let id = AuthorizationId::from_suffix("01h455vb4pex5vsknk084sn02q").unwrap();
    let token = Token::parse("LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0").unwrap();
    Authorization::new(id, &name.parse().unwrap(), token, at(100))
}

fn with(state: State) -> Authorization {
    Authorization {
        state,
        ..pending("example.com")
    }
}

fn valid() -> Authorization {
    with(State::Valid {
        challenge: Type::Http01,
        validated: at(5),
    })
}

fn processing() -> Authorization {
    with(State::Processing {
        challenge: Type::Http01,
    })
}

fn failed() -> Authorization {
    let error = Problem::new(Kind::IncorrectResponse, "the file holds something else");
    with(State::Invalid {
        challenge: Type::Http01,
        error,
    })
}

#[test]
fn time_ends_what_is_pending_or_valid() {
    for (authorization, before, after) in [
        (
            pending("example.com"),
            AuthorizationStatus::Pending,
            AuthorizationStatus::Invalid,
        ),
        (
            processing(),
            AuthorizationStatus::Pending,
            AuthorizationStatus::Invalid,
        ),
        (
            valid(),
            AuthorizationStatus::Valid,
            AuthorizationStatus::Expired,
        ),
        (
            failed(),
            AuthorizationStatus::Invalid,
            AuthorizationStatus::Invalid,
        ),
        (
            with(State::Deactivated),
            AuthorizationStatus::Deactivated,
            AuthorizationStatus::Deactivated,
        ),
        (
            with(State::Revoked),
            AuthorizationStatus::Revoked,
            AuthorizationStatus::Revoked,
        ),
    ] {
        assert_eq!(authorization.status(at(99)), before);
        assert_eq!(authorization.status(at(100)), after);
    }
}

#[test]
fn two_responses_at_once_start_one_validation() {
    let start = pending("example.com").begin(Type::Http01, at(1)).unwrap();
    assert_eq!(
        start,
        Begun::Start(State::Processing {
            challenge: Type::Http01
        })
    );
    assert_eq!(processing().begin(Type::Http01, at(1)), Ok(Begun::Already));
    let other = processing().begin(Type::Dns01, at(1));
    assert_eq!(other, Err(BeginError::Busy(Type::Http01)));
    assert_eq!(Problem::from(other.unwrap_err()).status, 409);
    assert_eq!(valid().begin(Type::Dns01, at(1)), Ok(Begun::Already));
}

#[test]
fn what_is_over_cannot_begin() {
    let refused = |authorization: &Authorization, now| authorization.begin(Type::Http01, at(now));
    assert_eq!(
        refused(&failed(), 1),
        Err(BeginError::Final(AuthorizationStatus::Invalid))
    );
    assert_eq!(
        refused(&pending("example.com"), 100),
        Err(BeginError::Final(AuthorizationStatus::Invalid))
    );
    assert_eq!(
        refused(&valid(), 100),
        Err(BeginError::Final(AuthorizationStatus::Expired))
    );
    assert_eq!(
        refused(&with(State::Deactivated), 1),
        Err(BeginError::Final(AuthorizationStatus::Deactivated))
    );
}

#[test]
fn f104_a_wildcard_cannot_be_proven_by_a_file() {
    let begun = pending("*.example.com").begin(Type::Http01, at(1));
    assert_eq!(begun, Err(BeginError::NotOffered(Type::Http01)));
}

#[test]
fn every_validation_ends_valid_or_invalid() {
    let proven = processing()
        .complete(Outcome::Proven, HOUR, at(50))
        .unwrap();
    assert_eq!(
        proven.state,
        State::Valid {
            challenge: Type::Http01,
            validated: at(50)
        }
    );
    assert_eq!(proven.expires, at(3650));
    let error = Problem::new(Kind::Dns, "no address");
    let completed = processing()
        .complete(Outcome::Failed(error.clone()), HOUR, at(50))
        .unwrap();
    assert_eq!(
        completed.state,
        State::Invalid {
            challenge: Type::Http01,
            error
        }
    );
    assert_eq!(completed.expires, at(100));
    let late = processing()
        .complete(Outcome::Proven, HOUR, at(100))
        .unwrap();
    assert!(matches!(late.state, State::Invalid { .. }));
    assert_eq!(
        with(State::Deactivated).complete(Outcome::Proven, HOUR, at(1)),
        None
    );
}

#[test]
fn deactivation_is_for_what_is_alive() {
    for alive in [
        pending("example.com"),
        processing(),
        valid(),
        with(State::Deactivated),
    ] {
        assert_eq!(alive.deactivate(at(1)), Ok(State::Deactivated));
    }
    assert_eq!(
        failed().deactivate(at(1)),
        Err(DeactivateError::Final(AuthorizationStatus::Invalid))
    );
    assert!(parse_deactivation(br#"{"status":"deactivated"}"#).is_ok());
    for other in ["{}", r#"{"status":"valid"}"#, "", "[]"] {
        assert_eq!(
            parse_deactivation(other.as_bytes()),
            Err(DeactivateError::Payload)
        );
    }
}

#[test]
fn what_was_ordered_has_its_asterisk() {
    for text in ["example.com", "*.example.com"] {
        assert_eq!(pending(text).ordered(), Requested::dns(text));
        assert_eq!(pending(text).identifier.to_string(), "example.com");
    }
}

#[track_caller]
fn json(authorization: &Authorization) -> String {
    let paths = Paths::under("/a");
    let urls = paths.at("https://acme.example");
    serde_json::to_string_pretty(&authorization.represent(&urls, at(1))).unwrap()
}

#[test]
fn a_pending_wildcard_as_json() {
    insta::assert_snapshot!(json(&pending("*.example.com")), @r#"
    {
      "identifier": {
        "type": "dns",
        "value": "example.com"
      },
      "status": "pending",
      "expires": "1970-01-01T00:01:40Z",
      "challenges": [
        {
          "type": "dns-01",
          "url": "https://acme.example/a/challenge/01h455vb4pex5vsknk084sn02q/dns-01",
          "status": "pending",
          "token": "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
        }
      ],
      "wildcard": true
    }
    "#);
}

#[test]
fn a_processing_authorization_as_json() {
    insta::assert_snapshot!(json(&processing()), @r#"
    {
      "identifier": {
        "type": "dns",
        "value": "example.com"
      },
      "status": "pending",
      "expires": "1970-01-01T00:01:40Z",
      "challenges": [
        {
          "type": "dns-01",
          "url": "https://acme.example/a/challenge/01h455vb4pex5vsknk084sn02q/dns-01",
          "status": "pending",
          "token": "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
        },
        {
          "type": "http-01",
          "url": "https://acme.example/a/challenge/01h455vb4pex5vsknk084sn02q/http-01",
          "status": "processing",
          "token": "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
        }
      ]
    }
    "#);
}

#[test]
fn a_failed_authorization_as_json() {
    insta::assert_snapshot!(json(&failed()), @r#"
    {
      "identifier": {
        "type": "dns",
        "value": "example.com"
      },
      "status": "invalid",
      "expires": "1970-01-01T00:01:40Z",
      "challenges": [
        {
          "type": "http-01",
          "url": "https://acme.example/a/challenge/01h455vb4pex5vsknk084sn02q/http-01",
          "status": "invalid",
          "token": "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0",
          "error": {
            "type": "urn:ietf:params:acme:error:incorrectResponse",
            "detail": "the file holds something else",
            "status": 403
          }
        }
      ]
    }
    "#);
}

#[test]
fn a_valid_authorization_as_json() {
    insta::assert_snapshot!(json(&valid()), @r#"
    {
      "identifier": {
        "type": "dns",
        "value": "example.com"
      },
      "status": "valid",
      "expires": "1970-01-01T00:01:40Z",
      "challenges": [
        {
          "type": "http-01",
          "url": "https://acme.example/a/challenge/01h455vb4pex5vsknk084sn02q/http-01",
          "status": "valid",
          "token": "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0",
          "validated": "1970-01-01T00:00:05Z"
        }
      ]
    }
    "#);
}

proptest! {
    #[test]
    fn final_states_stay_final(
        steps in proptest::collection::vec((0_u8..4, any::<bool>()), 0..12),
        wildcard: bool,
    ) {
        let mut authorization = pending(if wildcard { "*.example.com" } else { "example.com" });
        let mut now = 0;
        for (step, flag) in steps {
            let before = authorization.status(at(now));
            let challenge = if flag { Type::Dns01 } else { Type::Http01 };
            match step {
                0 => if let Ok(Begun::Start(state)) = authorization.begin(challenge, at(now)) {
                    authorization.state = state;
                },
                1 => {
                    let outcome = if flag { Outcome::Proven } else {
                        Outcome::Failed(Problem::new(Kind::Dns, "no"))
                    };
                    if let Some(done) = authorization.complete(outcome, HOUR, at(now)) {
                        authorization.state = done.state;
                        authorization.expires = done.expires;
                    }
                }
                2 => if let Ok(state) = authorization.deactivate(at(now)) {
                    authorization.state = state;
                },
                _ => now += 40,
            }
            let after = authorization.status(at(now));
            let is_final = !matches!(before, AuthorizationStatus::Pending | AuthorizationStatus::Valid);
            prop_assert!(!is_final || before == after, "{before:?} became {after:?}");
            prop_assert!(before != AuthorizationStatus::Valid || after != AuthorizationStatus::Pending);
        }
    }
}
