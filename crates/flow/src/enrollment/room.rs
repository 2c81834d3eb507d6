//! How many accounts and names a tenant has room for (security S-36). Whoever adds to them locks the tenant's row in the
//! transaction, so that of two who take the last place one comes second and is asked again.

use base::{Class, Refusal, Refuse, Timestamp};
use enrollment::policy::Policy;
use enrollment::subscription::{MAX_NAMES, MAX_SUBSCRIPTIONS, Subscription};
use store::ReadTx;
use store::enrollment::subscription::{self, Held};

/// What there is no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoRoom {
    /// More names.
    #[error(
        "your ACME accounts have {MAX_NAMES} domains together, which is as many as fit; remove some that are not used"
    )]
    Names,
    /// More accounts of an offer.
    #[error(
        "there {} of this certificate type, which is as many as there may be at once; use one of them, or deactivate one that you do not need",
        if *.0 == 1 { "is an ACME account".to_owned() } else { format!("are {} ACME accounts", .0) }
    )]
    OfOffer(u32),
    /// More accounts of whichever offer.
    #[error(
        "you have {MAX_SUBSCRIPTIONS} ACME accounts, which is as many as fit; deactivate one that is not used"
    )]
    Subscriptions,
}

impl Refuse for NoRoom {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Names => Class::Quota.because("all_names_full", self).at("names"),
            Self::OfOffer(_) => Class::Quota.because("subscriptions_full", self).at("kind"),
            Self::Subscriptions => Class::Quota
                .because("all_subscriptions_full", self)
                .at("kind"),
        }
    }
}

/// What the tenant has without a subscription that is to be added to it.
pub(super) struct Others {
    /// Of its offer; zero where the policy has no bound.
    of_offer: u64,
    held: Held,
}

impl Others {
    pub(super) async fn load(
        tx: &mut ReadTx,
        (added, policy): (&Subscription, &Policy),
        now: Timestamp,
    ) -> Result<Self, store::Error> {
        let of = (added.offer_version, now);
        Ok(Self {
            of_offer: match policy.max_subscriptions {
                Some(_) => subscription::count_of_offer(tx, &of).await?,
                None => 0,
            },
            held: subscription::held(tx, &now).await?,
        })
    }

    /// Whether it fits beside them.
    pub(super) fn have_room(&self, added: &Subscription, policy: &Policy) -> Result<(), NoRoom> {
        let most = policy.max_subscriptions;
        if let Some(most) = most.filter(|most| self.of_offer >= u64::from(most.get())) {
            return Err(NoRoom::OfOffer(most.get()));
        }
        if self.held.subscriptions >= u64::from(MAX_SUBSCRIPTIONS) {
            return Err(NoRoom::Subscriptions);
        }
        let own = u64::from(added.paid_names).saturating_add(u64::from(added.free_names));
        names(self.held.names, own).map(|_| ())
    }
}

/// How many names there are with more of them, if they fit. Whoever adds none is not asked.
pub(super) fn names(there: u64, more: u64) -> Result<u64, NoRoom> {
    let all = there.saturating_add(more);
    if more > 0 && all > u64::from(MAX_NAMES) {
        return Err(NoRoom::Names);
    }
    Ok(all)
}
