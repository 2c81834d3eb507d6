//! The second factor, from its first code to the last recovery code, on both engines.

use base::Refuse as _;
use tenancy::recovery::RecoveryCode;
use tenancy::role::{Role, Roles};
use tenancy::tenant::TenantKind;
use tenancy::token::Token;
use tenancy::totp::TotpSecret;

use super::*;
use crate::access::second_factor::TypedFactor;
use crate::access::second_factor::confirm::{ConfirmError, confirm_set_up};
use crate::access::second_factor::new_codes::make_new_codes;
use crate::access::second_factor::set_up::{SetUpError, begin_set_up, waiting_secret};
use crate::access::second_factor::show::own_factors;
use crate::access::second_factor::switch_off::{SwitchOffError, switch_off};
use crate::access::second_step::{SecondStepError, second_step};
use crate::access::team::change_member::{Change, Reason, change_member};
use crate::access::team::invite_user::Giver;

impl House {
    /// Sets up an authenticator app for the one user.
    async fn with_factor(store: Store) -> (Self, TotpSecret, Vec<RecoveryCode>) {
        let house = Self::open(store, own()).await;
        let signed_in = house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let (app, caller) = (&house.app, user(&signed_in));
        let secret = begin_set_up(app, &caller, &signed_in).await.unwrap();
        let code = secret.code(app.now());
        let codes = confirm_set_up(app, &caller, &signed_in, &code).await;
        let codes = codes.unwrap();
        (house, secret, codes)
    }

    /// The password alone.
    async fn step(&self) -> Token {
        match self.begin(EMAIL, PASSWORD).await.unwrap() {
            SignInOutcome::SecondStep(token) => token,
            SignInOutcome::SignedIn(_) => panic!("no second factor was asked for"),
        }
    }

    async fn second(&self, step: &Token, typed: TypedFactor) -> Result<SignedIn, SecondStepError> {
        let (app, token) = (&self.app, step.reveal());
        second_step(app, &visitor(), &token, typed, HERE, None).await
    }
}

fn code(text: &str) -> TypedFactor {
    TypedFactor::Code(text.to_owned())
}

fn recovery(code: &RecoveryCode) -> TypedFactor {
    TypedFactor::Recovery(code.reveal())
}

#[tokio::test(flavor = "multi_thread")]
async fn f003_f009_f016_s14_a_code_is_asked_for_at_every_sign_in_once_the_first_was_right() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        let signed_in = house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let other = house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let (app, caller) = (&house.app, user(&signed_in));
        let early = confirm_set_up(app, &caller, &signed_in, "123456").await;
        assert!(matches!(early, Err(ConfirmError::NothingWaits)));
        let secret = begin_set_up(app, &caller, &signed_in).await.unwrap();
        let shown = waiting_secret(app, &caller, &signed_in).await.unwrap();
        assert_eq!(shown.unwrap().as_bytes(), secret.as_bytes());
        // It asks for nothing yet.
        house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let wrong = confirm_set_up(app, &caller, &signed_in, "000000").await;
        assert!(matches!(wrong, Err(ConfirmError::Code(_))));
        let first = secret.code(app.now());
        let codes = confirm_set_up(app, &caller, &signed_in, &first).await;
        assert_eq!(codes.unwrap().len(), 10);
        assert!(house.look_up(&other).await.is_none());
        assert!(house.look_up(&signed_in).await.unwrap().has_second_factor);
        assert!(
            waiting_secret(app, &caller, &signed_in)
                .await
                .unwrap()
                .is_none()
        );
        let again = begin_set_up(app, &caller, &signed_in).await;
        assert!(matches!(again, Err(SetUpError::IsOn)));
        // S-14: the code that set it up signs nobody in.
        let step = house.step().await;
        let used = house.second(&step, code(&first)).await.unwrap_err();
        assert_eq!(used.refusal().code, "wrong_code");
        for _ in 0..2 {
            house.wait(30);
            let step = house.step().await;
            let now = secret.code(app.now());
            let signed_in = house.second(&step, code(&now)).await.unwrap();
            assert!(house.look_up(&signed_in).await.is_some());
        }
        let audited = house.audited().await;
        assert!(audited.iter().any(|done| done == "user.set_second_factor"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f008_a_rejected_code_hints_at_the_clock() {
    each_engine(|store| async move {
        let (house, _, _) = House::with_factor(store).await;
        let step = house.step().await;
        let wrong = house.second(&step, code("000000")).await.unwrap_err();
        let told = wrong.refusal().sentence;
        assert!(
            told.contains("set the clock of the device to automatic"),
            "{told}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s13_of_fifty_who_bring_one_code_at_once_one_is_signed_in() {
    each_engine(|store| async move {
        let (house, secret, _) = House::with_factor(store).await;
        house.wait(60);
        let mut steps = Vec::new();
        for _ in 0..50 {
            steps.push(house.step().await);
        }
        let house = Arc::new(house);
        let now = secret.code(house.app.now());
        let tries = steps.into_iter().map(|step| {
            let (house, typed) = (house.clone(), code(&now));
            tokio::spawn(async move { house.second(&step, typed).await })
        });
        let mut opened = 0;
        for tried in tries.collect::<Vec<_>>() {
            opened += usize::from(tried.await.unwrap().is_ok());
        }
        assert_eq!(opened, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s15_of_fifty_who_bring_one_recovery_code_at_once_one_is_signed_in() {
    each_engine(|store| async move {
        let (house, _, codes) = House::with_factor(store).await;
        let mut steps = Vec::new();
        for _ in 0..50 {
            steps.push(house.step().await);
        }
        let house = Arc::new(house);
        let tries = steps.into_iter().map(|step| {
            let (house, typed) = (house.clone(), recovery(&codes[0]));
            tokio::spawn(async move { house.second(&step, typed).await })
        });
        let mut opened = Vec::new();
        for tried in tries.collect::<Vec<_>>() {
            opened.extend(tried.await.unwrap().ok());
        }
        assert_eq!(opened.len(), 1);
        let (app, caller) = (&house.app, user(&opened[0]));
        let own = own_factors(app, &caller, &opened[0]).await.unwrap();
        assert_eq!(own.codes_left, 9);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s15_new_recovery_codes_void_those_before() {
    each_engine(|store| async move {
        let (house, _, codes) = House::with_factor(store).await;
        let step = house.step().await;
        let signed_in = house.second(&step, recovery(&codes[0])).await.unwrap();
        let (app, caller) = (&house.app, user(&signed_in));
        let new = make_new_codes(app, &caller, &signed_in).await.unwrap();
        let step = house.step().await;
        let old = house.second(&step, recovery(&codes[1])).await.unwrap_err();
        assert_eq!(old.refusal().code, "wrong_recovery_code");
        house.second(&step, recovery(&new[0])).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s10_f005_wrong_codes_count_like_wrong_passwords() {
    each_engine(|store| async move {
        let (house, secret, codes) = House::with_factor(store).await;
        house.wait(60);
        let step = house.step().await;
        let wrong = RecoveryCode::generate(&Seeded(RwLock::new(1)));
        for _ in 0..3 {
            house.second(&step, code("000000")).await.unwrap_err();
        }
        for _ in 0..2 {
            house.second(&step, recovery(&wrong)).await.unwrap_err();
        }
        let now = secret.code(house.app.now());
        for typed in [code(&now), recovery(&codes[0])] {
            let locked = house.second(&step, typed).await.unwrap_err();
            assert_eq!(locked.to_string(), "Account locked");
        }
        let locked = house.begin(EMAIL, PASSWORD).await.unwrap_err();
        assert_eq!(locked.to_string(), "Account locked");
        house.wait(15 * 60);
        let step = house.step().await;
        house.second(&step, recovery(&codes[0])).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f003_a_step_is_no_session_and_does_not_outlast_ten_minutes_or_its_password() {
    each_engine(|store| async move {
        let (house, secret, codes) = House::with_factor(store).await;
        let step = house.step().await;
        assert!(
            look_up(&house.app, &client(), &step.reveal())
                .await
                .unwrap()
                .is_none()
        );
        house.wait(10 * 60);
        let now = secret.code(house.app.now());
        let late = house.second(&step, code(&now)).await;
        assert!(matches!(late, Err(SecondStepError::Gone)));

        let step = house.step().await;
        let signed_in = house.second(&step, recovery(&codes[0])).await.unwrap();
        // Used up with the session that it opened.
        let again = house.second(&step, recovery(&codes[1])).await;
        assert!(matches!(again, Err(SecondStepError::Gone)));

        let step = house.step().await;
        let (old, new) = (Password::new(PASSWORD), Password::new(OTHER));
        let (app, caller) = (&house.app, user(&signed_in));
        house.wait(1);
        let changed = change_password(app, &caller, &signed_in, &old, &new, HERE).await;
        changed.unwrap();
        let stale = house.second(&step, recovery(&codes[1])).await;
        assert!(matches!(stale, Err(SecondStepError::Gone)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s17_switching_it_off_needs_a_code_and_ends_other_sessions() {
    each_engine(|store| async move {
        let (house, _, codes) = House::with_factor(store).await;
        let step = house.step().await;
        let other = house.second(&step, recovery(&codes[0])).await.unwrap();
        let step = house.step().await;
        let here = house.second(&step, recovery(&codes[1])).await.unwrap();
        let (app, caller) = (&house.app, user(&here));
        let wrong = switch_off(app, &caller, &here, code("000000"), HERE).await;
        assert!(matches!(wrong, Err(SwitchOffError::Factor(_))));
        let off = switch_off(app, &caller, &here, recovery(&codes[2]), HERE).await;
        off.unwrap();
        assert!(house.look_up(&other).await.is_none());
        assert!(!house.look_up(&here).await.unwrap().has_second_factor);
        house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let own = own_factors(app, &caller, &here).await.unwrap();
        assert_eq!(own.codes_left, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s17_an_administrator_resets_it_with_a_reason() {
    each_engine(|store| async move {
        let (house, _, codes) = House::with_factor(store).await;
        let step = house.step().await;
        let signed_in = house.second(&step, recovery(&codes[0])).await.unwrap();
        let giver = Giver {
            level: TenantKind::Reseller,
            roles: Roles::one(Role::Admin),
        };
        let caller = Caller::command_line().within(house.made.reseller.id);
        assert!(Reason::parse(" \n ").is_err());
        let reset = || Change::ResetSecondFactor(Reason::parse("called back").unwrap());
        let (app, id) = (&house.app, signed_in.user.id);
        let changed = change_member(app, &caller, &giver, id, reset()).await;
        assert!(changed.unwrap());
        assert!(house.look_up(&signed_in).await.is_none());
        house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let again = change_member(app, &caller, &giver, id, reset()).await;
        assert_eq!(
            again.unwrap_err().refusal().code,
            "person_without_second_factor"
        );
        let audited = house.audited().await;
        assert!(
            audited
                .iter()
                .any(|done| done == "user.reset_second_factor")
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s07_a_new_password_by_a_link_does_not_pass_the_second_factor() {
    each_engine(|store| async move {
        use crate::access::link::follow_link::{Chosen, follow_link};
        use crate::access::link::make_link::make_link;

        let (house, _, codes) = House::with_factor(store).await;
        let caller = Caller::command_line().within(house.made.reseller.id);
        let made = make_link(&house.app, &caller, &people::sender(), house.made.user.id).await;
        let chosen = Chosen {
            password: Password::new(OTHER),
            display_name: None,
        };
        let token = made.unwrap().token.reveal();
        let followed = follow_link(&house.app, &visitor(), &token, chosen).await;
        followed.unwrap();
        let begun = house.begin(EMAIL, OTHER).await.unwrap();
        let SignInOutcome::SecondStep(step) = begun else {
            panic!("no second factor was asked for");
        };
        house.second(&step, recovery(&codes[0])).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s12_the_secret_is_not_in_the_database() {
    each_engine(|store| async move {
        let (house, secret, codes) = House::with_factor(store).await;
        let store = house.app.store(system("a test"));
        let all = store.scan(
            (base::UserId::FIRST, 10),
            store::access::second_factor::page,
        );
        let stored = all.await.unwrap();
        assert_eq!(stored.len(), 1);
        let sealed = &stored[0].sealed;
        assert!(!sealed.windows(20).any(|part| part == secret.as_bytes()));
        let opened = stored[0].open(&house.app.outside.sealer).unwrap();
        assert_eq!(opened, secret.as_bytes());
        assert_eq!(codes.len(), 10);
    })
    .await;
}
