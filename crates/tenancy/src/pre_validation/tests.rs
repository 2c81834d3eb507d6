use base::{Id as _, Timestamp};
use proptest::prelude::*;

use super::*;

struct Fixed(u8);

impl Random for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

/// 2026-11-20T12:00:00Z.
const NOON: i64 = 1_795_176_000;

fn day(days: i64) -> Timestamp {
    Timestamp::from_seconds(NOON + days * 86_400)
}

fn user(number: u8) -> UserId {
    UserId::of_bytes([number; 16])
}

const ASKS: u8 = 1;
const FIRST: u8 = 2;
const SECOND: u8 = 3;

fn asked(kind: CertificateType) -> PreValidation<&'static str> {
    let request = Request {
        tenant: TenantId::of_bytes([9; 16]),
        organization: OrganizationId::of_bytes([8; 16]),
        kind,
        fields: "Example Oy",
        by: Actor::User(user(ASKS)),
    };
    PreValidation::requested(request, day(0), &Fixed(7))
}

fn approval(kind: CertificateType, seen: i64) -> Approval<&'static str> {
    let evidence = kind.checks().iter().map(|check| Evidence {
        check: *check,
        source: "Trade register FI 0000000-0".to_owned(),
        seen_at: day(seen),
    });
    Approval {
        fields: "Example Oy",
        evidence: evidence.collect(),
    }
}

fn agreed(fields: &'static str) -> Approval<&'static str> {
    Approval {
        fields,
        evidence: Vec::new(),
    }
}

#[test]
fn f032_people_are_told_a_month_and_a_week_before_the_end() {
    let kind = CertificateType::Ov;
    let check = asked(kind);
    assert_eq!(check.notice(day(0)), None, "it never counted");
    let check = check
        .approve(&approval(kind, 0), user(FIRST), day(0))
        .unwrap();
    let end = MAX_AGE_DAYS;
    for (at, expected) in [
        (end - 31, None),
        (end - 30, Some(Notice::Month)),
        (end - 8, Some(Notice::Month)),
        (end - 7, Some(Notice::Week)),
        (end - 1, Some(Notice::Week)),
        (end, None),
    ] {
        assert_eq!(check.notice(day(at)), expected, "day {at}");
    }
    assert_eq!(renewal_begins(day(0)), day(60));
}

#[test]
fn f032_an_ov_pre_validation_is_requested_valid_and_expired() {
    let asked = asked(CertificateType::Ov);
    assert_eq!(asked.state(day(0)), ReviewState::Requested);
    let approved = asked
        .approve(&approval(CertificateType::Ov, -8), user(FIRST), day(0))
        .unwrap();
    assert_eq!(approved.state(day(0)), ReviewState::Valid);
    // So long as the oldest of what was seen counts.
    assert_eq!(approved.valid_until, Some(day(390)));
    assert_eq!(approved.state(day(389)), ReviewState::Valid);
    assert_eq!(approved.state(day(390)), ReviewState::Expired);
    assert_eq!(
        approved.end(day(390)),
        Err(ReviewError::Decided(ReviewState::Expired))
    );
}

#[test]
fn f032_ev_and_qwac_wait_for_a_second_reviewer_who_says_the_same() {
    for kind in [CertificateType::Ev, CertificateType::Qwac] {
        let asked = asked(kind);
        let first = asked
            .approve(&approval(kind, 0), user(FIRST), day(0))
            .unwrap();
        assert_eq!(first.state(day(0)), ReviewState::InReview);
        assert_eq!(first.valid_until, None);
        let again = first.approve(&agreed("Example Oy"), user(FIRST), day(0));
        assert_eq!(again, Err(ReviewError::SameReviewer));
        let other = first.approve(&agreed("Example Oyj"), user(SECOND), day(0));
        assert_eq!(other, Err(ReviewError::FieldsDiffer));
        let second = first
            .approve(&agreed("Example Oy"), user(SECOND), day(1))
            .unwrap();
        assert_eq!(second.state(day(1)), ReviewState::Valid);
        assert_eq!(second.valid_until, Some(day(398)));
        assert_eq!(second.reviewed_by, Some(user(FIRST)));
        assert_eq!(second.decided_by, Some(user(SECOND)));
    }
}

#[test]
fn f032_a_rejected_one_says_why_and_is_never_decided_again() {
    let asked = asked(CertificateType::Ov);
    assert_eq!(
        asked.reject(" ", user(FIRST), day(0)),
        Err(ReviewError::Text)
    );
    let rejected = asked
        .reject(" Not in the register ", user(FIRST), day(0))
        .unwrap();
    assert_eq!(rejected.state(day(0)), ReviewState::Rejected);
    assert_eq!(rejected.refusal.as_deref(), Some("Not in the register"));
    let again = rejected.approve(&approval(CertificateType::Ov, 0), user(SECOND), day(0));
    assert_eq!(again, Err(ReviewError::Decided(ReviewState::Rejected)));
}

#[test]
fn s29_nobody_decides_what_they_asked_for() {
    for kind in CertificateType::ALL {
        let asked = asked(*kind);
        let own = asked.approve(&approval(*kind, 0), user(ASKS), day(0));
        assert_eq!(own, Err(ReviewError::OwnRequest));
        let own = asked.reject("No", user(ASKS), day(0));
        assert_eq!(own, Err(ReviewError::OwnRequest));
        let taken_back = asked.end(day(0)).unwrap();
        assert_eq!(taken_back.state(day(0)), ReviewState::Ended);
    }
}

#[test]
fn every_check_of_a_type_needs_evidence_of_the_last_398_days() {
    for kind in CertificateType::ALL {
        let asked = asked(*kind);
        for left_out in kind.checks() {
            let mut without = approval(*kind, 0);
            without.evidence.retain(|each| each.check != *left_out);
            let refused = asked.approve(&without, user(FIRST), day(0));
            assert_eq!(refused, Err(ReviewError::NoEvidence(*left_out)));
        }
    }
    let asked = asked(CertificateType::Ov);
    let first = CertificateType::Ov.checks()[0];
    for wrong in [-398, 1] {
        let refused = asked.approve(&approval(CertificateType::Ov, wrong), user(FIRST), day(0));
        assert_eq!(refused, Err(ReviewError::Outdated(first)), "{wrong}");
    }
    let mut empty = approval(CertificateType::Ov, 0);
    empty.evidence[0].source = " ".to_owned();
    assert_eq!(
        asked.approve(&empty, user(FIRST), day(0)),
        Err(ReviewError::Text)
    );
}

#[test]
fn f034_an_anchor_number_is_read_as_it_is_shown() {
    let anchor = asked(CertificateType::Qwac).anchor;
    assert_eq!(anchor.as_str(), "QWAC-2026-77777777");
    assert_eq!(Anchor::parse(&format!(" {anchor} ")), Ok(anchor));
    assert!(Anchor::parse(&"1".repeat(128)).is_ok());
    for wrong in ["", " ", "OV 1", "OV/1", &"1".repeat(129)] {
        assert_eq!(Anchor::parse(wrong), Err(AnchorError), "{wrong}");
    }
}

proptest! {
    /// Whatever is done in whatever order, one person alone never makes an EV certificate possible.
    #[test]
    fn s29_two_people_stand_behind_each_valid_ev(steps in proptest::collection::vec((0_u8..3, 1_u8..5), 0..12)) {
        let mut check = asked(CertificateType::Ev);
        for (what, who) in steps {
            let next = match what {
                0 => check.approve(&approval(CertificateType::Ev, 0), user(who), day(0)),
                1 => check.reject("No", user(who), day(0)),
                _ => check.end(day(0)),
            };
            check = next.unwrap_or(check);
            if check.state(day(0)) == ReviewState::Valid {
                prop_assert_ne!(check.reviewed_by, check.decided_by);
                prop_assert_ne!(check.reviewed_by, Some(user(ASKS)));
                prop_assert_ne!(check.decided_by, Some(user(ASKS)));
            }
        }
    }
}
