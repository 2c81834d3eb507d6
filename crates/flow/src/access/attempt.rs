//! One attempt to prove a password, and what is counted for it (features F-005; security S-08 to
//! S-10). Known and unknown addresses are treated alike.

use std::net::IpAddr;

use base::Timestamp;
use store::{Error, ReadTx, WriteTx};
use tenancy::lockout::{AttemptKey, Limits, Locked, Lockout};
use tenancy::user::Email;

/// What an attempt is counted under.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    address: AttemptKey,
    network: AttemptKey,
}

/// What became of a failed attempt.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Counted {
    /// It was counted, and may have locked.
    Failed { locked_until: Option<Timestamp> },
    /// It came too late to be looked at: others locked meanwhile.
    Refused(Locked),
}

impl Attempt {
    /// By what was typed as e-mail address: one key however an address is spelled.
    pub(super) fn new(typed: &str, client: IpAddr) -> Self {
        Self {
            address: address_key(typed),
            network: AttemptKey::network(client),
        }
    }

    /// The name under which an address that nobody has is logged; what was typed there may have
    /// been a password.
    pub(super) fn subject(&self) -> &str {
        self.address.as_str()
    }

    /// Whether attempts are refused at present.
    pub(super) async fn locked(
        &self,
        tx: &mut ReadTx,
        now: Timestamp,
    ) -> Result<Option<Locked>, Error> {
        Ok(latest(&self.load(tx).await?, now))
    }

    /// Counts a failure.
    pub(super) async fn failed(&self, tx: &mut WriteTx, now: Timestamp) -> Result<Counted, Error> {
        let before = self.load(tx).await?;
        if let Some(locked) = latest(&before, now) {
            return Ok(Counted::Refused(locked));
        }
        let limits = [Limits::ADDRESS, Limits::NETWORK];
        let after: Vec<_> = before
            .iter()
            .zip(limits)
            .map(|(lockout, limits)| lockout.failed(limits, now))
            .collect();
        for (key, lockout) in self.keys().into_iter().zip(&after) {
            store::access::sign_in_lock::save(tx, key, lockout).await?;
        }
        Ok(Counted::Failed {
            locked_until: latest(&after, now).map(|locked| locked.until),
        })
    }

    /// Forgets the address's failures, not the network's.
    pub(super) async fn succeeded(&self, tx: &mut WriteTx) -> Result<(), Error> {
        store::access::sign_in_lock::save(tx, &self.address, &Lockout::succeeded()).await
    }

    fn keys(&self) -> [&AttemptKey; 2] {
        [&self.address, &self.network]
    }

    async fn load(&self, tx: &mut ReadTx) -> Result<Vec<Lockout>, Error> {
        store::access::sign_in_lock::load(tx, &self.keys()).await
    }
}

/// What failures of an address are counted under.
pub(super) fn address_key(typed: &str) -> AttemptKey {
    Email::parse(typed).map_or_else(
        |_| AttemptKey::address(typed),
        |email| AttemptKey::address(email.as_str()),
    )
}

fn latest(lockouts: &[Lockout], now: Timestamp) -> Option<Locked> {
    lockouts
        .iter()
        .filter_map(|lockout| lockout.check(now).err())
        .max_by_key(|locked| locked.until)
}

#[cfg(test)]
mod tests;
