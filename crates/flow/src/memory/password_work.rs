//! Argon2 off the request threads. It takes its memory and tens of milliseconds each time, so only
//! a few run at once, whatever number of visitors tries, and the line before them has an end: for each network a short
//! one, so that nobody makes all others wait.

use std::net::IpAddr;
use std::sync::Arc;

use base::{Capacity, Class, ClientNetwork, Random, Refusal, Refuse, Taken};
use tenancy::password::{HashError, HashParameters, Hasher, Password, PasswordHash, Verdict};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many hashes are worked on at the same time.
const AT_ONCE: usize = 2;
/// How many visitors are at work or in line.
const IN_LINE: usize = 64;
/// How many of them come from one network.
const OF_ONE_NETWORK: usize = 8;
/// Seconds after which the line is shorter.
const TRY_AGAIN_AFTER: u32 = 5;

/// Makes and checks password hashes.
#[derive(Clone, Debug)]
pub struct Passwords {
    hasher: Arc<Hasher>,
    line: Capacity<ClientNetwork>,
    permits: Arc<Semaphore>,
}

/// A visitor's turn to have a password checked.
#[derive(Debug)]
pub(crate) struct Turn {
    hasher: Arc<Hasher>,
    permit: OwnedSemaphorePermit,
    place: Taken<ClientNetwork>,
    /// Whether others were before: what was known then may have changed.
    pub(crate) has_waited: bool,
}

/// A hash was neither made nor checked.
#[derive(Debug, thiserror::Error)]
pub enum PasswordWorkError {
    /// Too many are waiting, in all or from this network.
    #[error("too many passwords are being checked at this moment; try again in a few seconds")]
    Busy,
    /// The parameters do not allow it.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The server is stopping, or the work panicked.
    #[error("the work on a password was interrupted")]
    Interrupted,
}

impl Refuse for PasswordWorkError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Busy => Class::TooMany
                .because("passwords_busy", self)
                .again_in(TRY_AGAIN_AFTER),
            Self::Hash(_) | Self::Interrupted => Refusal::internal(self),
        }
    }
}

impl Passwords {
    /// Makes one hash at once, so that unknown users take as long as known ones.
    pub fn new(parameters: HashParameters, random: &dyn Random) -> Result<Self, HashError> {
        Ok(Self {
            hasher: Arc::new(Hasher::new(parameters, random)?),
            line: Capacity::new(IN_LINE, OF_ONE_NETWORK),
            permits: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// Hashes a new password of somebody who is known.
    pub(crate) async fn hash(
        &self,
        password: Password,
        random: Arc<dyn Random>,
    ) -> Result<PasswordHash, PasswordWorkError> {
        let permit = self.permit().await?;
        let hasher = Arc::clone(&self.hasher);
        let made = run(permit, move || hasher.hash(&password, random.as_ref()));
        Ok(made.await??)
    }

    /// Waits for a visitor's turn, unless the line is full.
    pub(crate) async fn turn(&self, client: IpAddr) -> Result<Turn, PasswordWorkError> {
        let network = Some(ClientNetwork::of(client));
        let place = self.line.take(network, 1);
        let place = place.map_err(|_| PasswordWorkError::Busy)?;
        let has_waited = self.permits.available_permits() == 0;
        Ok(Turn {
            hasher: Arc::clone(&self.hasher),
            permit: self.permit().await?,
            place,
            has_waited,
        })
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, PasswordWorkError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        permit.map_err(|_| PasswordWorkError::Interrupted)
    }
}

impl Turn {
    /// Checks a password; with nothing stored it takes as long and is wrong.
    pub(crate) async fn verify(
        self,
        password: Password,
        stored: Option<PasswordHash>,
    ) -> Result<Verdict, PasswordWorkError> {
        let Self {
            hasher,
            permit,
            place,
            ..
        } = self;
        let held = (permit, place);
        run(held, move || hasher.verify(&password, stored.as_ref())).await
    }
}

/// Does the work elsewhere. What it holds is held by the work and not by the visitor, who may hang up and come again.
async fn run<T: Send + 'static>(
    held: impl Send + 'static,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, PasswordWorkError> {
    let done = tokio::task::spawn_blocking(move || {
        let _held = held;
        work()
    });
    done.await.map_err(|_| PasswordWorkError::Interrupted)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    struct Zeros;

    impl Random for Zeros {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0);
        }
    }

    #[tokio::test]
    async fn l7_s73_the_line_of_one_network_has_an_end() {
        let cost = HashParameters::new(8, 1, 1).unwrap();
        let passwords = Passwords::new(cost, &Zeros).unwrap();
        let client = |last| IpAddr::V4(Ipv4Addr::new(192, 0, 2, last));
        let at_work = [
            passwords.turn(client(1)).await,
            passwords.turn(client(1)).await,
        ];
        let waiting: Vec<_> = (0..OF_ONE_NETWORK - at_work.len())
            .map(|_| {
                let passwords = passwords.clone();
                tokio::spawn(async move { passwords.turn(client(1)).await.is_ok() })
            })
            .collect();
        tokio::task::yield_now().await;
        let one_more = passwords.turn(client(1)).await;
        assert!(matches!(one_more, Err(PasswordWorkError::Busy)));
        let refusal = PasswordWorkError::Busy.refusal();
        assert_eq!(
            (refusal.class, refusal.retry_after),
            (Class::TooMany, Some(5))
        );
        let other = tokio::spawn({
            let passwords = passwords.clone();
            async move { passwords.turn(client(2)).await.is_ok() }
        });
        tokio::task::yield_now().await;
        drop(at_work);
        for turn in waiting {
            assert!(turn.await.unwrap());
        }
        assert!(other.await.unwrap());
    }
}
