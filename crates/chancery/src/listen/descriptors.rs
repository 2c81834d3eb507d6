//! File descriptors: as many as the system gives us, and who may use how many. What strangers can make grow is capped
//! below what there is, so that CRLs, health and the database always have theirs.

use flow::memory::measures::DoorName;
use rustix::process::{Resource, getrlimit, setrlimit};

/// More than this is never asked for.
const WANTED: u64 = 65_536;
/// What POSIX systems give by default, taken where the limit is not told.
const USUAL: usize = 1_024;
/// Connections of one door at most; each costs some tens of KiB.
const LARGEST: usize = 10_000;

/// How many connections each door takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Budget {
    acme: usize,
    internal: usize,
    pki: usize,
    portal: usize,
}

impl Budget {
    /// What `descriptors` suffice for. A quarter, up to a thousand, is our own: files, the database, probes. Of the
    /// rest a quarter is kept for CRLs and health.
    pub(crate) fn of(descriptors: usize) -> Self {
        let own = (descriptors / 4).min(1_024);
        let rest = descriptors.saturating_sub(own);
        let reserve = (rest / 4).min(2_048);
        let public = rest.saturating_sub(reserve);
        let acme = (public / 3 * 2).min(LARGEST);
        Self {
            acme,
            internal: reserve / 4,
            pki: reserve.saturating_sub(reserve / 4),
            portal: (public / 3).min(LARGEST),
        }
    }

    /// What is a door's.
    pub(crate) fn of_door(self, name: DoorName) -> usize {
        match name {
            DoorName::Acme => self.acme,
            DoorName::Internal => self.internal,
            DoorName::Pki => self.pki,
            DoorName::Api | DoorName::Portal => self.portal,
        }
    }
}

/// Raises the soft limit to what the hard one allows, and tells how many descriptors there are.
pub(crate) fn raise() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    let wanted = limit.maximum.unwrap_or(WANTED).min(WANTED);
    if limit.current.is_some_and(|current| current < wanted) {
        limit.current = Some(wanted);
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::warn!(error = %error, "the limit of open files cannot be raised");
        }
    }
    let current = getrlimit(Resource::Nofile).current;
    usize::try_from(current.unwrap_or(WANTED)).unwrap_or(USUAL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn h4_crl_and_health_keep_their_share_of_few_descriptors() {
        let few = Budget::of(256);
        let all = few.acme + few.portal + few.pki + few.internal;
        assert!(all <= 192, "{few:?}");
        assert!(few.pki >= 32 && few.internal >= 8, "{few:?}");
        assert!(few.acme >= 64 && few.portal >= 32, "{few:?}");
    }

    #[test]
    fn h4_many_descriptors_are_not_all_given_away() {
        let many = Budget::of(65_536);
        assert_eq!((many.acme, many.portal), (LARGEST, LARGEST));
    }

    #[test]
    fn h4_the_soft_limit_is_raised() {
        let there_are = raise();
        let hard = getrlimit(Resource::Nofile).maximum;
        assert!(hard.is_none_or(|hard| there_are as u64 >= hard.min(WANTED)));
    }
}
