use std::sync::atomic::{AtomicU8, Ordering};

use super::*;

struct Counting(AtomicU8);
impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
    }
}

fn random() -> Counting {
    Counting(AtomicU8::new(0xf0))
}

const NOW: Timestamp = Timestamp::from_seconds(1_795_435_200);

fn credential(max_bindings: Option<u32>) -> (EabCredential, MacKey) {
    let random = random();
    let subscription = SubscriptionId::generate(NOW, &random);
    let new = NewCredential {
        tenant: TenantId::generate(NOW, &random),
        customer: None,
        subscription,
        reveal: Reveal::Always,
        max_bindings,
        created_by: Actor::System,
    };
    EabCredential::generate(new, NOW, &random)
}

#[test]
fn c23_no_value_looks_like_a_flag() {
    struct Hyphens;
    impl Random for Hyphens {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0xfb);
        }
    }
    assert!(!KeyId::generate(&Hyphens).as_str().starts_with('-'));
    assert!(!MacKey::generate(&Hyphens).reveal().starts_with('-'));
}

#[test]
fn c23_f049_keys_are_unpadded_base64url_of_128_and_256_bits() {
    let (credential, key) = credential(None);
    assert_eq!(
        URL_SAFE_NO_PAD
            .decode(credential.key_id.as_str())
            .unwrap()
            .len(),
        16
    );
    assert_eq!(
        URL_SAFE_NO_PAD.decode(key.reveal()).unwrap(),
        key.as_bytes()
    );
    assert_eq!(credential.key_id.to_string().parse(), Ok(credential.key_id));
}

#[test]
fn c23_other_forms_of_a_key_id_are_refused() {
    for text in [
        "",
        "8fHx8fHx8fHx8fHx8fHx8Q==",
        "8fHx8fHx8fHx8fHx8fHx8f",
        "8fHx8fHx8fHx8fHx8fHx8",
        "f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1",
    ] {
        assert_eq!(text.parse::<KeyId>(), Err(KeyIdError), "{text}");
    }
}

#[test]
fn stored_key_ids_of_other_servers_are_read() {
    let read = |text: &str| KeyId::from_stored(text).map(|key_id| key_id.to_string());
    assert_eq!(read("kid-1"), Some("kid-1".to_owned()));
    for text in ["", "kid 1", "kid\n1", "é", &"k".repeat(129)] {
        assert_eq!(read(text), None, "{text}");
    }
}

#[test]
fn s41_debug_output_hides_the_key() {
    let (_, key) = credential(None);
    assert_eq!(format!("{key:?}"), "MacKey(hidden)");
}

#[test]
fn c2_bindings_are_counted_up_to_the_limit() {
    let (mut credential, _) = credential(Some(2));
    for _ in 0..2 {
        credential = credential.bind(NOW).unwrap();
    }
    assert_eq!(
        (credential.bindings, credential.last_bound_at),
        (2, Some(NOW))
    );
    let refused = credential.bind(NOW).unwrap_err().to_string();
    assert!(refused.contains(credential.key_id.as_str()), "{refused}");
    assert!(refused.contains("2 of 2"), "{refused}");
}

#[test]
fn c2_a_refusal_names_the_holder_of_the_binding() {
    let credential = with(|it| it.bindings = 1);
    let refused = credential.may_bind(NOW).unwrap_err();
    assert!(refused.to_string().ends_with("to get a new one"));
    let account = AccountId::generate(NOW, &random());
    let said = refused
        .held_by(Holder {
            account,
            since: NOW,
        })
        .to_string();
    let expected = format!("{account} has held it since 23 November 2026: release it");
    assert!(said.contains(&expected), "{said}");
    assert!(said.ends_with(&format!("release {account}`")), "{said}");
    let revoked = with(|it| it.revoked_at = Some(NOW)).may_bind(NOW);
    let holder = Holder {
        account,
        since: NOW,
    };
    assert_eq!(
        revoked.clone().map_err(|error| error.held_by(holder)),
        revoked
    );
}

#[test]
fn c2_a_binding_is_given_back_once() {
    let used_up = with(|it| it.bindings = 1);
    let released = used_up.released().unwrap();
    assert_eq!(released.bindings, 0);
    assert_eq!(released.may_bind(NOW), Ok(()));
    assert_eq!(released.released(), None);
}

/// A credential as these say, with what is changed in it.
fn with(change: impl FnOnce(&mut EabCredential)) -> EabCredential {
    let (mut credential, _) = credential(Some(1));
    change(&mut credential);
    credential
}

/// What a refusal of `result` is called; nothing when there is none.
fn code<E: Refuse>(result: Result<(), E>) -> &'static str {
    result.err().map_or("", |error| {
        let refusal = error.refusal();
        assert!(refusal.sentence.contains(';'), "{}", refusal.sentence);
        refusal.code
    })
}

#[test]
fn c2_what_binds_accounts_and_what_binds_only_test_accounts() {
    #[track_caller]
    fn check(change: impl FnOnce(&mut EabCredential), expected: &str, in_test: &str) {
        let credential = with(change);
        assert_eq!(code(credential.may_bind(NOW)), expected);
        assert_eq!(code(credential.may_bind_in_test(NOW)), in_test);
        assert_eq!(credential.bind(NOW).is_ok(), expected.is_empty());
    }
    check(|_| {}, "", "");
    check(|it| it.bindings = 1, "credential_exhausted", "");
    check(|it| (it.bindings, it.max_bindings) = (9, None), "", "");
    let suspended = "credential_suspended";
    check(|it| it.suspended_at = Some(NOW), suspended, suspended);
    let rotated = "credential_rotated";
    check(|it| it.valid_until = Some(NOW), rotated, rotated);
    check(|it| it.valid_until = Some(later()), "", "");
    let revoked = "credential_revoked";
    check(|it| it.revoked_at = Some(NOW), revoked, revoked);
    let erased = "credential_erased";
    check(|it| it.erased_at = Some(NOW), erased, erased);
}

#[test]
fn c1_f059_s42_the_last_binding_erases_a_key_that_is_shown_until_then() {
    #[track_caller]
    fn check(reveal: Reveal, most: Option<u32>, erased_by: Option<u32>) {
        let mut credential = with(|it| (it.reveal, it.max_bindings) = (reveal, most));
        for bound in 1..=most.unwrap_or(9) {
            credential = credential.bind(NOW).unwrap();
            let is_gone = erased_by.is_some_and(|last| bound >= last);
            assert_eq!(credential.erased_at, is_gone.then_some(NOW), "{bound}");
        }
        let released = credential.released().unwrap();
        assert_eq!(released.erased_at, credential.erased_at, "for good");
        assert_eq!(released.may_bind(NOW).is_ok(), erased_by.is_none());
    }
    check(Reveal::UntilBound, Some(1), Some(1));
    check(Reveal::UntilBound, Some(3), Some(3));
    check(Reveal::UntilBound, None, None);
    check(Reveal::Always, Some(1), None);
    check(Reveal::Once, Some(1), None);
}

fn later() -> Timestamp {
    NOW.plus(Duration::from_micros(1))
}

#[test]
fn c1_the_key_is_shown_as_often_as_the_policy_says() {
    #[track_caller]
    fn check(reveal: Reveal, change: impl FnOnce(&mut EabCredential), expected: &str) {
        let credential = with(|it| {
            it.reveal = reveal;
            change(it);
        });
        assert_eq!(code(credential.may_reveal(NOW)), expected);
    }
    let bind = |it: &mut EabCredential| it.bindings = 1;
    let show = |it: &mut EabCredential| it.revealed_at = Some(NOW);
    for reveal in Reveal::ALL.iter().copied() {
        check(reveal, |_| {}, "");
        check(reveal, |it| it.suspended_at = Some(NOW), "");
        check(reveal, |it| it.valid_until = Some(later()), "");
        let replaced = |it: &mut EabCredential| it.valid_until = Some(NOW);
        check(reveal, replaced, "mac_key_of_replaced");
        let revoked = |it: &mut EabCredential| it.revoked_at = Some(NOW);
        check(reveal, revoked, "mac_key_of_revoked");
    }
    check(Reveal::Always, bind, "");
    check(Reveal::Always, show, "");
    check(Reveal::UntilBound, bind, "mac_key_hidden_once_bound");
    check(Reveal::UntilBound, show, "");
    check(Reveal::Once, bind, "");
    check(Reveal::Once, show, "mac_key_shown_once");
    let erase = |it: &mut EabCredential| (it.bindings, it.erased_at) = (1, Some(NOW));
    check(Reveal::UntilBound, erase, "mac_key_erased");
    let said = with(erase).may_reveal(NOW).unwrap_err().to_string();
    assert!(said.contains("was erased on 23 November 2026"), "{said}");
}

#[test]
fn c1_a_new_credential_has_what_the_policy_says() {
    for reveal in Reveal::ALL.iter().copied() {
        let (old, key) = credential(Some(3));
        let new = NewCredential {
            tenant: old.tenant,
            customer: old.customer,
            subscription: old.subscription,
            reveal,
            max_bindings: Some(1),
            created_by: Actor::System,
        };
        let random = Counting(AtomicU8::new(0));
        let (new, new_key) = EabCredential::generate(new, NOW, &random);
        assert_eq!((new.reveal, new.max_bindings), (reveal, Some(1)));
        assert_eq!((new.bindings, new.revealed_at), (0, None));
        assert_eq!(Reveal::parse(reveal.as_str()), Some(reveal));
        assert!(key != new_key && old.key_id != new.key_id);
    }
}

#[test]
fn c1_a_replaced_credential_binds_until_its_overlap_ends() {
    let (credential, _) = credential(None);
    let hour = Duration::from_secs(3600);
    let old = credential.replaced(hour, NOW).unwrap();
    let end = NOW.plus(hour);
    assert_eq!(old.may_bind(end.minus(Duration::from_micros(1))), Ok(()));
    assert!(matches!(old.may_bind(end), Err(NotBinding::Rotated { .. })));
    let at_once = credential.replaced(Duration::ZERO, NOW).unwrap();
    assert_eq!(code(at_once.may_bind(NOW)), "credential_rotated");
}

#[test]
fn c1_a_credential_in_use_is_replaced_within_30_days() {
    #[track_caller]
    fn check(change: impl FnOnce(&mut EabCredential), overlap: Duration, expected: &str) {
        assert_eq!(
            code(with(change).replaced(overlap, NOW).map(drop)),
            expected
        );
    }
    let longest = EabCredential::MAX_OVERLAP;
    let longer = longest.saturating_add(Duration::from_micros(1));
    check(|_| {}, longest, "");
    check(|_| {}, longer, "credential_overlap_too_long");
    check(|it| it.bindings = 1, longest, "");
    check(|it| it.suspended_at = Some(NOW), longest, "");
    let used_up = "credential_not_in_use";
    check(|it| it.valid_until = Some(later()), longest, used_up);
    check(|it| it.revoked_at = Some(NOW), longest, used_up);
}

#[test]
fn a_credential_is_revoked_once() {
    let (credential, _) = credential(None);
    let gone = credential.revoke(NOW).unwrap();
    assert_eq!(code(gone.may_bind(NOW)), "credential_revoked");
    let again = gone.revoke(later()).unwrap_err();
    assert_eq!(again.refusal().class, Class::Conflict);
    assert_eq!(again.key_id, credential.key_id);
    let replaced = credential.replaced(Duration::ZERO, NOW).unwrap();
    assert!(replaced.revoke(NOW).is_ok(), "a replaced one can be too");
}
