//! Passkeys, from the first to the last of a person, on both engines, with an authenticator in software.

use base::Refuse as _;
use tenancy::passkey::testing::{AssertionForm, SoftAuthenticator};
use tenancy::passkey::{PasskeyError, PasskeyName};
use tenancy::recovery::RecoveryCode;
use tenancy::role::{Role, Roles};
use tenancy::tenant::{TenantKind, TenantSwitch};
use tenancy::token::Token;

use super::*;
use crate::access::second_factor::passkey::add::{AddPasskeyError, add_passkey};
use crate::access::second_factor::passkey::ask::{AskPasskeyError, ask_to_add};
use crate::access::second_factor::passkey::remove::{RemovePasskeyError, remove_passkey};
use crate::access::second_factor::passkey::rename::rename_passkey;
use crate::access::second_factor::set_up::begin_set_up;
use crate::access::second_factor::show::own_factors;
use crate::access::second_factor::switch_off::switch_off;
use crate::access::second_factor::{SecondFactorError, TypedFactor, confirm::confirm_set_up};
use crate::access::second_step::{
    OfferedFactors, SecondStepError, ask_passkey_for_step, offered_factors, second_step,
};
use crate::access::sign_in::by_passkey::{PasskeySignInError, ask_to_sign_in, sign_in_by_passkey};
use crate::access::team::change_member::{Change, Reason, change_member};
use crate::access::team::invite_user::Giver;
use crate::access::team::switch_tenant::switch_tenant;

const ORIGIN: &str = "https://portal.example.com";

fn name(text: &str) -> PasskeyName {
    PasskeyName::parse(text).unwrap()
}

impl House {
    /// Adds a passkey; the codes if it is the first factor.
    async fn add(
        &self,
        signed_in: &SignedIn,
        key: &mut SoftAuthenticator,
    ) -> Result<Option<Vec<RecoveryCode>>, AddPasskeyError> {
        let (app, caller) = (&self.app, user(signed_in));
        let asked = ask_to_add(app, &caller, signed_in).await.unwrap();
        let form = key.register(&asked.challenge.reveal(), &asked.handle.to_text());
        let registration = form.answer()?;
        add_passkey(app, &caller, signed_in, name("Work laptop"), &registration).await
    }

    /// Somebody with one passkey.
    async fn with_passkey(store: Store) -> (Self, SignedIn, SoftAuthenticator, Vec<RecoveryCode>) {
        let house = Self::open(store, own()).await;
        let signed_in = house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let mut key = SoftAuthenticator::new(ORIGIN);
        let codes = house.add(&signed_in, &mut key).await.unwrap().unwrap();
        (house, signed_in, key, codes)
    }

    async fn asked(&self) -> String {
        let asked = ask_to_sign_in(&self.app, &visitor()).await.unwrap();
        assert_eq!(asked.party.id(), "portal.example.com");
        assert!(asked.known.is_empty());
        asked.challenge.reveal()
    }

    async fn by_passkey(&self, form: &AssertionForm) -> Result<SignedIn, PasskeySignInError> {
        let answer = form.answer().map_err(SecondFactorError::from)?;
        sign_in_by_passkey(&self.app, &visitor(), answer, HERE, None).await
    }

    async fn password_step(&self) -> Token {
        match self.begin(EMAIL, PASSWORD).await.unwrap() {
            SignInOutcome::SecondStep(token) => token,
            SignInOutcome::SignedIn(_) => panic!("no second factor was asked for"),
        }
    }

    async fn finish(
        &self,
        step: &Token,
        form: &AssertionForm,
    ) -> Result<SignedIn, SecondStepError> {
        let typed = TypedFactor::Passkey(Box::new(form.answer().unwrap()));
        let (app, token) = (&self.app, step.reveal());
        second_step(app, &visitor(), &token, typed, HERE, None).await
    }

    /// How many entries of the audit log say so.
    async fn times(&self, action: &str) -> usize {
        let audited = self.audited().await;
        audited.iter().filter(|done| *done == action).count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_s17_the_first_passkey_is_a_second_factor_and_brings_codes() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        let signed_in = house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let other = house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let mut key = SoftAuthenticator::new(ORIGIN);
        let codes = house.add(&signed_in, &mut key).await.unwrap().unwrap();
        assert_eq!(codes.len(), 10);
        assert!(house.look_up(&other).await.is_none());
        assert!(house.look_up(&signed_in).await.unwrap().has_second_factor);
        // Another brings none, and is of the same account.
        let mut second = SoftAuthenticator::new(ORIGIN);
        assert!(house.add(&signed_in, &mut second).await.unwrap().is_none());
        assert_eq!(second.handle, key.handle);
        assert!(!key.handle.contains("mirabel"));
        let again = house.add(&signed_in, &mut second).await.unwrap_err();
        assert_eq!(again.refusal().code, "passkey_in_use");
        let (app, caller) = (&house.app, user(&signed_in));
        let own = own_factors(app, &caller, &signed_in).await.unwrap();
        assert_eq!(own.passkeys.len(), 2);
        assert_eq!((own.codes_left, own.totp_since), (10, None));
        let renamed = rename_passkey(app, &caller, &own.passkeys[1], name("Spare")).await;
        assert!(renamed.unwrap());
        let own = own_factors(app, &caller, &signed_in).await.unwrap();
        let names: Vec<_> = own.passkeys.iter().map(|key| key.name.as_str()).collect();
        assert!(names.contains(&"Spare") && names.contains(&"Work laptop"));
        assert_eq!(house.times("user.add_passkey").await, 2);
        assert_eq!(house.times("user.rename_passkey").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_a_passkey_is_the_second_step_or_all_of_a_sign_in() {
    each_engine(|store| async move {
        let (house, _, mut key, _) = House::with_passkey(store).await;
        let step = house.password_step().await;
        let offered = offered_factors(&house.app, &step.reveal()).await.unwrap();
        let expected = OfferedFactors {
            has_app: false,
            has_passkeys: true,
        };
        assert_eq!(offered, expected);
        let asked = ask_passkey_for_step(&house.app, &visitor(), &step.reveal())
            .await
            .unwrap();
        assert_eq!(asked.known.len(), 1);
        let form = key.assert(&asked.challenge.reveal());
        let signed_in = house.finish(&step, &form).await.unwrap();
        assert!(house.look_up(&signed_in).await.is_some());
        // The step is used up.
        let late = house.finish(&step, &form).await.unwrap_err();
        assert!(matches!(late, SecondStepError::Gone));

        let form = key.assert(&house.asked().await);
        let alone = house.by_passkey(&form).await.unwrap();
        assert!(house.look_up(&alone).await.unwrap().has_second_factor);
        assert_eq!(alone.user.email.as_str(), EMAIL);
        let own = own_factors(&house.app, &user(&alone), &alone)
            .await
            .unwrap();
        assert_eq!(own.passkeys[0].proven.counter, 2);
        assert!(own.passkeys[0].last_used_at.is_some());
        assert_eq!(house.times("session.open").await, 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_a_challenge_is_used_once_and_within_five_minutes() {
    each_engine(|store| async move {
        let (house, signed_in, mut key, _) = House::with_passkey(store).await;
        key.counts = false;
        let form = key.assert(&house.asked().await);
        house.by_passkey(&form).await.unwrap();
        let replayed = house.by_passkey(&form).await.unwrap_err();
        assert_eq!(replayed.refusal().code, "passkey_challenge_gone");
        let form = key.assert(&house.asked().await);
        house.wait(5 * 60);
        let late = house.by_passkey(&form).await.unwrap_err();
        assert_eq!(late.refusal().code, "passkey_challenge_gone");
        // One of nobody's, one to add a passkey, and one of an older question of the same step.
        let made_up = key.assert(&Token::generate(&Seeded(RwLock::new(3))).reveal());
        assert!(house.by_passkey(&made_up).await.is_err());
        let (app, caller) = (&house.app, user(&signed_in));
        let to_add = ask_to_add(app, &caller, &signed_in).await.unwrap();
        let other = key.assert(&to_add.challenge.reveal());
        assert!(house.by_passkey(&other).await.is_err());
        let step = house.password_step().await;
        let older = ask_passkey_for_step(app, &visitor(), &step.reveal())
            .await
            .unwrap();
        let newer = ask_passkey_for_step(app, &visitor(), &step.reveal())
            .await
            .unwrap();
        let form = key.assert(&older.challenge.reveal());
        assert!(house.finish(&step, &form).await.is_err());
        // None of them is a failure that would lock.
        assert_eq!(house.times("session.refuse").await, 0);
        let form = key.assert(&newer.challenge.reveal());
        house.finish(&step, &form).await.unwrap();
        // Nor does a registration answer another's or an old challenge.
        let mut second = SoftAuthenticator::new(ORIGIN);
        house.wait(5 * 60);
        let form = second.register(&to_add.challenge.reveal(), &to_add.handle.to_text());
        let registration = form.answer().unwrap();
        let late = add_passkey(app, &caller, &signed_in, name("Late"), &registration).await;
        assert!(matches!(late, Err(AddPasskeyError::Gone)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_of_fifty_uses_of_one_answer_at_once_one_signs_in() {
    each_engine(|store| async move {
        let (house, _, mut key, _) = House::with_passkey(store).await;
        // One that does not count, so that the challenge alone decides.
        key.counts = false;
        let form = key.assert(&house.asked().await);
        let house = Arc::new(house);
        let tries = (0..50).map(|_| {
            let (house, form) = (house.clone(), form.clone());
            tokio::spawn(async move { house.by_passkey(&form).await })
        });
        let mut opened = 0;
        for tried in tries.collect::<Vec<_>>() {
            opened += usize::from(tried.await.unwrap().is_ok());
        }
        assert_eq!(opened, 1);
        // Whoever came late guessed nothing.
        let form = key.assert(&house.asked().await);
        house.by_passkey(&form).await.unwrap();
    })
    .await;
}

/// A failed sign-in by a passkey: what is told, and what is recorded.
#[track_caller]
fn check_told(error: &PasskeySignInError, expected: PasskeyError) {
    let PasskeySignInError::Factor(SecondFactorError::Passkey(found)) = error else {
        panic!("{error:?}");
    };
    assert_eq!(*found, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_wrong_answers_are_refused_and_recorded() {
    each_engine(|store| async move {
        let (house, _, mut key, _) = House::with_passkey(store).await;
        key.origin = "https://evil.example".to_owned();
        let form = key.assert(&house.asked().await);
        check_told(
            &house.by_passkey(&form).await.unwrap_err(),
            PasskeyError::Origin,
        );
        key.origin = ORIGIN.to_owned();
        key.verifies = false;
        let form = key.assert(&house.asked().await);
        let unverified = house.by_passkey(&form).await.unwrap_err();
        check_told(&unverified, PasskeyError::Unverified);
        assert!(unverified.to_string().contains("PIN or fingerprint"));
        key.verifies = true;
        let form = key.assert(&house.asked().await);
        house.by_passkey(&form).await.unwrap();
        // A copy that is behind.
        key.counter -= 1;
        let form = key.assert(&house.asked().await);
        let copied = house.by_passkey(&form).await.unwrap_err();
        check_told(&copied, PasskeyError::Counter);
        assert!(copied.to_string().contains("there may be a copy"));
        assert_eq!(house.times("session.refuse").await, 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_s10_passkeys_that_nobody_has_and_wrong_signatures_are_told_alike_and_lock() {
    each_engine(|store| async move {
        let (house, _, mut key, _) = House::with_passkey(store).await;
        let mut foreign = SoftAuthenticator::new(ORIGIN);
        foreign.handle.clone_from(&key.handle);
        let unknown = foreign.assert(&house.asked().await);
        let unknown = house.by_passkey(&unknown).await.unwrap_err();
        foreign.id.clone_from(&key.id);
        let mut told = Vec::new();
        for _ in 0..5 {
            let forged = foreign.assert(&house.asked().await);
            told.push(house.by_passkey(&forged).await.unwrap_err());
        }
        for error in &told {
            assert_eq!(error.refusal().code, "passkey_signs_nobody_in");
            assert_eq!(error.to_string(), unknown.to_string());
        }
        // As after wrong passwords, for both ways in.
        let good = key.assert(&house.asked().await);
        let locked = house.by_passkey(&good).await.unwrap_err();
        assert_eq!(locked.to_string(), "Account locked");
        let locked = house.begin(EMAIL, PASSWORD).await.unwrap_err();
        assert_eq!(locked.to_string(), "Account locked");
        house.wait(15 * 60);
        let good = key.assert(&house.asked().await);
        house.by_passkey(&good).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_a_passkey_of_somebody_who_may_not_sign_in_opens_nothing() {
    each_engine(|store| async move {
        let (house, _, mut key, _) = House::with_passkey(store).await;
        let id = house.made.user.id;
        let caller = caller::tenant(house.made.reseller.id);
        let set = async |status| {
            let store = house.app.store(caller);
            let set = store.write((id, status), store::access::user::set_status);
            assert!(set.await.is_ok());
        };
        set(tenancy::user::Status::Disabled).await;
        let form = key.assert(&house.asked().await);
        let disabled = house.by_passkey(&form).await.unwrap_err();
        assert!(matches!(disabled, PasskeySignInError::Foreign));
        set(tenancy::user::Status::Active).await;
        house.suspend_operator().await;
        let form = key.assert(&house.asked().await);
        let suspended = house.by_passkey(&form).await.unwrap_err();
        assert!(matches!(suspended, PasskeySignInError::Suspended(_)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s17_the_last_factor_goes_by_a_code_and_not_where_one_is_demanded() {
    each_engine(|store| async move {
        let (house, signed_in, mut key, codes) = House::with_passkey(store).await;
        let (app, caller) = (&house.app, user(&signed_in));
        let typed = |code: &RecoveryCode| Some(TypedFactor::Recovery(code.reveal()));
        let own = own_factors(app, &caller, &signed_in).await.unwrap();
        let only = &own.passkeys[0];
        let remove = async |typed| {
            let signed_in = house.look_up(&signed_in).await.unwrap();
            remove_passkey(app, &caller, &signed_in, only, typed, HERE).await
        };
        assert!(matches!(remove(None).await, Err(RemovePasskeyError::Last)));
        let of = Caller::command_line().within(house.made.reseller.id);
        assert!(
            switch_tenant(app, &of, TenantSwitch::RequireSecondFactor, true)
                .await
                .unwrap()
        );
        let kept = remove(typed(&codes[0])).await;
        assert!(matches!(kept, Err(RemovePasskeyError::Required)));
        switch_tenant(app, &of, TenantSwitch::RequireSecondFactor, false)
            .await
            .unwrap();
        let wrong = RecoveryCode::generate(&Seeded(RwLock::new(1)));
        let wrong = remove(typed(&wrong)).await;
        assert!(matches!(wrong, Err(RemovePasskeyError::Factor(_))));
        assert_eq!(house.times("session.refuse").await, 1);
        let form = key.assert(&house.asked().await);
        let other = house.by_passkey(&form).await.unwrap();
        assert!(remove(typed(&codes[0])).await.unwrap());
        assert!(house.look_up(&other).await.is_none());
        assert!(!house.look_up(&signed_in).await.unwrap().has_second_factor);
        // What was removed signs nobody in, and no code is left.
        let form = key.assert(&house.asked().await);
        let removed = house.by_passkey(&form).await.unwrap_err();
        assert!(matches!(removed, PasskeySignInError::Foreign));
        house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let own = own_factors(app, &caller, &signed_in).await.unwrap();
        assert_eq!((own.codes_left, own.passkeys.len()), (0, 0));
        assert_eq!(house.times("user.remove_passkey").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s17_app_and_passkey_stand_in_for_each_other() {
    each_engine(|store| async move {
        let (house, signed_in, _, _) = House::with_passkey(store).await;
        let (app, caller) = (&house.app, user(&signed_in));
        let of = Caller::command_line().within(house.made.reseller.id);
        switch_tenant(app, &of, TenantSwitch::RequireSecondFactor, true)
            .await
            .unwrap();
        let secret = begin_set_up(app, &caller, &signed_in).await.unwrap();
        let code = secret.code(app.now());
        let codes = confirm_set_up(app, &caller, &signed_in, &code).await;
        let codes = codes.unwrap();
        // The app can go, since the passkey stays; the codes stay with it.
        let signed_in = house.look_up(&signed_in).await.unwrap();
        let off = TypedFactor::Recovery(codes[0].reveal());
        switch_off(app, &caller, &signed_in, off, HERE)
            .await
            .unwrap();
        let own = own_factors(app, &caller, &signed_in).await.unwrap();
        assert_eq!((own.codes_left, own.totp_since), (9, None));
        assert!(house.look_up(&signed_in).await.unwrap().has_second_factor);
        // And a passkey goes without a code while another is there.
        let mut second = SoftAuthenticator::new(ORIGIN);
        house.add(&signed_in, &mut second).await.unwrap();
        let first = &own.passkeys[0];
        let removed = remove_passkey(app, &caller, &signed_in, first, None, HERE).await;
        assert!(removed.unwrap());
        let again = remove_passkey(app, &caller, &signed_in, first, None, HERE).await;
        assert!(!again.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_s17_ten_are_the_most_and_an_administrator_takes_all_of_them() {
    each_engine(|store| async move {
        let (house, signed_in, mut key, _) = House::with_passkey(store).await;
        let (app, caller) = (&house.app, user(&signed_in));
        for _ in 1..10 {
            let mut another = SoftAuthenticator::new(ORIGIN);
            house.add(&signed_in, &mut another).await.unwrap();
        }
        let eleventh = ask_to_add(app, &caller, &signed_in).await;
        assert!(matches!(eleventh, Err(AskPasskeyError::TooMany(_))));
        let giver = Giver {
            level: TenantKind::Reseller,
            roles: Roles::one(Role::Admin),
        };
        let operator = Caller::command_line().within(house.made.reseller.id);
        let reset = Change::ResetSecondFactor(Reason::parse("called back").unwrap());
        let changed = change_member(app, &operator, &giver, signed_in.user.id, reset).await;
        assert!(changed.unwrap());
        assert!(house.look_up(&signed_in).await.is_none());
        let form = key.assert(&house.asked().await);
        assert!(house.by_passkey(&form).await.is_err());
        let again = house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let own = own_factors(app, &user(&again), &again).await.unwrap();
        assert!(own.passkeys.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_a_passkey_of_a_colleague_does_not_finish_a_step() {
    each_engine(|store| async move {
        let (house, signed_in, mut key, _) = House::with_passkey(store).await;
        let step = house.password_step().await;
        let asked = ask_passkey_for_step(&house.app, &visitor(), &step.reveal())
            .await
            .unwrap();
        let mut other = SoftAuthenticator::new(ORIGIN);
        house.add(&signed_in, &mut other).await.unwrap();
        other.handle = Token::generate(&Seeded(RwLock::new(5))).reveal();
        let foreign = other.assert(&asked.challenge.reveal());
        let refused = house.finish(&step, &foreign).await.unwrap_err();
        assert_eq!(refused.refusal().code, "passkey_foreign");
        // The challenge of a step says whose it is, and a step cannot be had without the password.
        let form = key.assert(&asked.challenge.reveal());
        house.finish(&step, &form).await.unwrap();
        let gone = ask_passkey_for_step(&house.app, &visitor(), &step.reveal()).await;
        assert!(matches!(gone, Err(SecondStepError::Gone)));
    })
    .await;
}
