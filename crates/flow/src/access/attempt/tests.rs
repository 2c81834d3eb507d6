use std::net::Ipv4Addr;
use std::time::Duration;

use base::Scope;
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

/// What the database does, or too many failures.
#[derive(Debug, thiserror::Error)]
enum TestError {
    #[error(transparent)]
    Locked(#[from] Locked),
    #[error(transparent)]
    Store(#[from] Error),
}

type Input = (Attempt, Timestamp);

async fn load(tx: &mut ReadTx, (attempt, _): &Input) -> Result<Counts, Error> {
    attempt.load(tx).await
}

fn decide((attempt, now): &Input, counts: Counts) -> Result<Failure, TestError> {
    Ok(attempt.failed(counts, *now)?)
}

async fn save(tx: &mut WriteTx, failure: &Failure) -> Result<Option<Timestamp>, Error> {
    failure.save(tx).await?;
    Ok(failure.locked_until)
}

/// Until when it locks, or why it was not counted.
async fn fail(
    store: &Store,
    attempt: &Attempt,
    now: Timestamp,
) -> Result<Option<Timestamp>, Locked> {
    let all = store.within(Scope::System("a test"));
    match all.decide((attempt.clone(), now), load, decide, save).await {
        Ok(locked_until) => Ok(locked_until),
        Err(TestError::Locked(locked)) => Err(locked),
        Err(TestError::Store(error)) => panic!("{error}"),
    }
}

async fn counts(store: &Store, attempt: &Attempt) -> Counts {
    let all = store.within(Scope::System("a test"));
    all.read((attempt.clone(), START), load).await.unwrap()
}

async fn locked_until(store: &Store, attempt: &Attempt, now: Timestamp) -> Option<Timestamp> {
    let locked = counts(store, attempt).await.check(now).err();
    locked.map(|locked| locked.until)
}

async fn succeed(tx: &mut WriteTx, attempt: &Attempt) -> Result<(), Error> {
    attempt.succeeded(tx).await
}

#[tokio::test(flavor = "multi_thread")]
async fn s08_five_failures_lock_for_a_quarter_of_an_hour() {
    each_engine(|store| async move {
        store.migrate().await.unwrap();
        let attempt = attempt("nobody@example.com", 1);
        for number in 1..=5 {
            let until = (number == 5).then(|| after(905));
            let counted = fail(&store, &attempt, after(number)).await;
            assert_eq!(counted, Ok(until));
        }
        let until = after(905);
        let refused = fail(&store, &attempt, after(6)).await;
        assert_eq!(refused, Err(Locked { until }));
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
        let refused = counted.iter().filter(|counted| counted.is_err());
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
            fail(&store, &attempt, START).await.unwrap();
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
        fail(&store, &attempt, START).await.unwrap();
        let all = store.within(Scope::System("a test"));
        all.write(attempt.clone(), succeed).await.unwrap();
        let left = counts(&store, &attempt).await.0;
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
