use std::net::Ipv4Addr;
use std::time::Duration;

use store::Store;
use store::testing::each_engine;

use super::*;

const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn after(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

fn attempt(typed: &str, host: u8) -> Attempt {
    Attempt::new(typed, IpAddr::V4(Ipv4Addr::new(192, 0, 2, host)))
}

async fn fail(store: &Store, attempt: &Attempt, now: Timestamp) -> Counted {
    store
        .write(attempt.clone(), move |tx, attempt| {
            Box::pin(attempt.failed(tx, now))
        })
        .await
        .unwrap()
}

async fn locked_until(store: &Store, attempt: &Attempt, now: Timestamp) -> Option<Timestamp> {
    let locked: Result<_, Error> = store
        .read(attempt, |tx, attempt| Box::pin(attempt.locked(tx, now)))
        .await;
    locked.unwrap().map(|locked| locked.until)
}

#[tokio::test(flavor = "multi_thread")]
async fn s08_five_failures_lock_for_a_quarter_of_an_hour() {
    each_engine(|store| async move {
        store.migrate().await.unwrap();
        let attempt = attempt("nobody@example.com", 1);
        for number in 1..=5 {
            let until = (number == 5).then(|| after(905));
            let counted = fail(&store, &attempt, after(number)).await;
            assert_eq!(
                counted,
                Counted::Failed {
                    locked_until: until
                }
            );
        }
        let until = after(905);
        let refused = fail(&store, &attempt, after(6)).await;
        assert_eq!(refused, Counted::Refused(Locked { until }));
        assert_eq!(
            locked_until(&store, &attempt, after(904)).await,
            Some(until)
        );
        assert_eq!(locked_until(&store, &attempt, until).await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s08_failures_at_the_same_time_are_all_counted() {
    each_engine(|store| async move {
        store.migrate().await.unwrap();
        let attempt = attempt("nobody@example.com", 1);
        let all = (0..8).map(|_| fail(&store, &attempt, START));
        let counted = futures_util::future::join_all(all).await;
        let refused = counted
            .iter()
            .filter(|counted| matches!(counted, Counted::Refused(_)));
        assert_eq!(refused.count(), 3);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s09_one_network_cannot_try_many_addresses() {
    each_engine(|store| async move {
        store.migrate().await.unwrap();
        for number in 0..50 {
            let attempt = attempt(&format!("user{number}@example.com"), 1);
            fail(&store, &attempt, START).await;
        }
        let (here, elsewhere) = (attempt("new@example.com", 1), attempt("new@example.com", 2));
        assert_eq!(
            locked_until(&store, &here, after(1)).await,
            Some(after(900))
        );
        assert_eq!(locked_until(&store, &elsewhere, after(1)).await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f005_a_sign_in_forgets_the_failures_of_its_address_alone() {
    each_engine(|store| async move {
        store.migrate().await.unwrap();
        let attempt = attempt("mirabel@example.com", 1);
        fail(&store, &attempt, START).await;
        store
            .write(attempt.clone(), |tx, attempt| {
                Box::pin(attempt.succeeded(tx))
            })
            .await
            .unwrap();
        let left = store
            .read(&attempt, |tx, attempt| Box::pin(attempt.load(tx)))
            .await
            .unwrap();
        let left: Vec<_> = left.iter().map(|lockout| lockout.failures).collect();
        assert_eq!(left, [0, 1]);
    })
    .await;
}

#[test]
fn f005_an_address_has_one_count_however_it_is_spelled() {
    let plain = attempt("mirabel@example.com", 1);
    for typed in [" Mirabel@Example.COM ", "mirabel@example.com."] {
        assert_eq!(attempt(typed, 1).subject(), plain.subject(), "{typed}");
    }
    assert_ne!(attempt("mirabel", 1).subject(), plain.subject());
}
