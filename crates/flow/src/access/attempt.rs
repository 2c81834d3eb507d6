//! One attempt to prove a password, and what is counted for it (features F-005; security S-08 to
//! S-10). Known and unknown addresses are treated alike.

use std::net::IpAddr;

use base::{Scope, Timestamp};
use store::access::sign_in_lock;
use store::{Error, ReadTx, WriteTx};
use tenancy::lockout::{AttemptKey, Limits, Locked, Lockout};
use tenancy::password::{Password, PasswordHash, Verdict};
use tenancy::user::Email;

use crate::App;
use crate::memory::password_work::PasswordWorkError;

/// What an attempt is counted under: its address and its network.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    keys: [AttemptKey; 2],
    client: IpAddr,
}

/// What was counted until now, under each key of an attempt.
#[derive(Debug)]
pub(super) struct Counts(Vec<Lockout>);

/// What is counted after one more failure.
#[derive(Debug)]
pub(super) struct Failure {
    counts: Vec<(AttemptKey, Lockout)>,
    /// Until when further attempts are refused, if this one was one too many.
    pub(super) locked_until: Option<Timestamp>,
    /// The same for the address alone, from wherever further attempts come.
    pub(super) address_locked_until: Option<Timestamp>,
}

impl Attempt {
    /// By what was typed as e-mail address: one key however an address is spelled.
    pub(super) fn new(typed: &str, client: IpAddr) -> Self {
        Self {
            keys: [address_key(typed), AttemptKey::network(client)],
            client,
        }
    }

    /// The name under which an address that nobody has is logged; what was typed there may have
    /// been a password.
    pub(super) fn subject(&self) -> &str {
        let [address, _] = &self.keys;
        address.as_str()
    }

    /// What was counted until now.
    pub(super) async fn load(&self, tx: &mut ReadTx) -> Result<Counts, Error> {
        sign_in_lock::load(tx, &self.keys).await.map(Counts)
    }

    /// Checks a password when it is its turn. Whoever waited in line is asked again whether others locked meanwhile, before
    /// the work is done.
    pub(super) async fn verify<E>(
        &self,
        app: &App,
        whose: impl Into<Scope>,
        password: &Password,
        stored: Option<PasswordHash>,
    ) -> Result<Verdict, E>
    where
        E: From<Error> + From<Locked> + From<PasswordWorkError>,
    {
        let turn = app.memory.passwords.turn(self.client).await?;
        if turn.has_waited {
            let counts = app.store(whose).read(self.clone(), load).await?;
            counts.check(app.now())?;
        }
        Ok(turn.verify(password.clone(), stored).await?)
    }

    /// Counts a failure, unless it came too late to be looked at: others locked meanwhile.
    pub(super) fn failed(&self, before: Counts, now: Timestamp) -> Result<Failure, Locked> {
        if let Some(locked) = before.locked(now) {
            return Err(locked);
        }
        let limits = [Limits::ADDRESS, Limits::NETWORK];
        let after = before.0.into_iter().zip(limits);
        let after = Counts(
            after
                .map(|(lockout, limits)| lockout.failed(limits, now))
                .collect(),
        );
        Ok(Failure {
            locked_until: after.locked(now).map(|locked| locked.until),
            address_locked_until: after.0.first().and_then(|address| {
                let locked = address.check(now).err();
                locked.map(|locked| locked.until)
            }),
            counts: self.keys.iter().cloned().zip(after.0).collect(),
        })
    }

    /// Forgets the address's failures, not the network's.
    pub(super) async fn succeeded(&self, tx: &mut WriteTx) -> Result<(), Error> {
        let [address, _] = &self.keys;
        sign_in_lock::save(tx, &(address.clone(), Lockout::succeeded())).await
    }
}

async fn load(tx: &mut ReadTx, attempt: &Attempt) -> Result<Counts, Error> {
    attempt.load(tx).await
}

impl Counts {
    /// Whether an attempt may be looked at at present.
    pub(super) fn check(self, now: Timestamp) -> Result<(), Locked> {
        self.locked(now).map_or(Ok(()), Err)
    }

    fn locked(&self, now: Timestamp) -> Option<Locked> {
        let locked = self.0.iter().filter_map(|lockout| lockout.check(now).err());
        locked.max_by_key(|locked| locked.until)
    }
}

impl Failure {
    /// Stores what is counted.
    pub(super) async fn save(&self, tx: &mut WriteTx) -> Result<(), Error> {
        for counted in &self.counts {
            sign_in_lock::save(tx, counted).await?;
        }
        Ok(())
    }
}

/// What failures of an address are counted under.
pub(super) fn address_key(typed: &str) -> AttemptKey {
    Email::parse(typed).map_or_else(
        |_| AttemptKey::address(typed),
        |email| AttemptKey::address(email.as_str()),
    )
}

#[cfg(test)]
mod tests;
