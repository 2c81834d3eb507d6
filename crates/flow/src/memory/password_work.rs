//! Argon2 off the request threads. It takes its memory and tens of milliseconds each time, so only
//! a few run at once, whatever number of visitors tries.

use std::sync::Arc;

use base::Random;
use tenancy::password::{HashError, HashParameters, Hasher, Password, PasswordHash, Verdict};
use tokio::sync::Semaphore;

/// How many hashes are worked on at the same time.
const AT_ONCE: usize = 2;

/// Makes and checks password hashes.
#[derive(Clone, Debug)]
pub struct Passwords {
    hasher: Arc<Hasher>,
    permits: Arc<Semaphore>,
}

/// A hash was neither made nor checked.
#[derive(Debug, thiserror::Error)]
pub enum PasswordWorkError {
    /// The parameters do not allow it.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The server is stopping, or the work panicked.
    #[error("the work on a password was interrupted")]
    Interrupted,
}

impl Passwords {
    /// Makes one hash at once, so that unknown users take as long as known ones.
    pub fn new(parameters: HashParameters, random: &dyn Random) -> Result<Self, HashError> {
        Ok(Self {
            hasher: Arc::new(Hasher::new(parameters, random)?),
            permits: Arc::new(Semaphore::new(AT_ONCE)),
        })
    }

    /// Hashes a new password.
    pub(crate) async fn hash(
        &self,
        password: Password,
        random: Arc<dyn Random>,
    ) -> Result<PasswordHash, PasswordWorkError> {
        let made = self.run(move |hasher| hasher.hash(&password, random.as_ref()));
        Ok(made.await??)
    }

    /// Checks a password; with nothing stored it takes as long and is wrong.
    pub(crate) async fn verify(
        &self,
        password: Password,
        stored: Option<PasswordHash>,
    ) -> Result<Verdict, PasswordWorkError> {
        self.run(move |hasher| hasher.verify(&password, stored.as_ref()))
            .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Hasher) -> T + Send + 'static,
    ) -> Result<T, PasswordWorkError> {
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|_| PasswordWorkError::Interrupted)?;
        let hasher = Arc::clone(&self.hasher);
        let done = tokio::task::spawn_blocking(move || {
            // Held by the work and not by the visitor, who may hang up and come again.
            let _permit = permit;
            work(&hasher)
        });
        done.await.map_err(|_| PasswordWorkError::Interrupted)
    }
}
