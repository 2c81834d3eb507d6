//! Wrong passwords, wherever they are typed.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn s10_guessing_from_a_session_locks_like_guessing_at_the_door() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        let here = house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let (app, caller) = (&house.app, user(&here));
        let (right, wrong) = (Password::new(PASSWORD), Password::new("wrong"));
        house.wait(601);
        assert!(!here.session.is_recently_authenticated(app.now()));
        let again = reauthenticate(app, &caller, &here, &right, HERE)
            .await
            .unwrap();
        assert!(again.session.is_recently_authenticated(app.now()));
        assert!(house.look_up(&here).await.is_none());
        assert!(house.look_up(&again).await.is_some());
        for _ in 0..5 {
            let answer = reauthenticate(app, &caller, &again, &wrong, HERE).await;
            assert_eq!(
                answer.unwrap_err().to_string(),
                "that is not your current password"
            );
        }
        let answer = reauthenticate(app, &caller, &again, &right, HERE).await;
        assert_eq!(answer.unwrap_err().to_string(), "Account locked");
        assert_eq!(
            refused(house.sign_in(EMAIL, PASSWORD).await),
            "Account locked"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s10_guessing_while_changing_the_password_locks_too() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        let here = house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let (app, caller) = (&house.app, user(&here));
        let (right, wrong) = (Password::new(PASSWORD), Password::new("wrong"));
        let new = Password::new(OTHER);
        let change = |current| change_password(app, &caller, &here, current, &new, HERE);
        for _ in 0..5 {
            let answer = change(&wrong).await;
            assert_eq!(
                answer.unwrap_err().to_string(),
                "that is not your current password"
            );
        }
        let answer = change(&right).await;
        assert_eq!(answer.unwrap_err().to_string(), "Account locked");
        assert_eq!(
            refused(house.sign_in(EMAIL, PASSWORD).await),
            "Account locked"
        );
        house.wait(15 * 60);
        change(&right).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn sb17_sign_ins_of_strangers_do_not_fill_the_audit_log() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        let refused = async || {
            let store = house.app.store(caller::tenant(house.made.operator.id));
            let entries = store.read(1_000, store::audit::newest).await.unwrap();
            let refused = |entry: &&store::audit::Entry| entry.action == "session.refuse";
            entries.iter().filter(refused).count()
        };
        // Each from a network of its own, so that nothing locks.
        let strangers = async |count: u16, network: u16| {
            for number in 0..count {
                let credentials = Credentials {
                    email: format!("nobody{number}@example.net"),
                    password: Password::new(PASSWORD),
                    client: IpAddr::from([0x2001, 0xdb8, network, number, 0, 0, 0, 1]),
                    replaces: None,
                };
                let answer = sign_in(&house.app, &visitor(), credentials).await;
                assert!(matches!(answer, Err(SignInError::InvalidCredentials)));
            }
        };
        strangers(210, 1).await;
        assert_eq!(refused().await, 200);
        // Addresses that somebody has are told of in any case.
        house.sign_in(EMAIL, OTHER).await.unwrap_err();
        assert!(house.audited().await.contains(&"session.refuse".to_owned()));
        house.wait(3_600);
        strangers(110, 2).await;
        assert_eq!(refused().await, 300);
    })
    .await;
}
