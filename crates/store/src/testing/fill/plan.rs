//! What a filled store holds, computed from its shape: nothing is kept for each name or certificate.

use std::time::Duration;

use base::{
    AccountId, CertificateId, DnsName, Identifier, LineageId, OrderId, Random as _, SubscriptionId,
    TenantId, Timestamp,
};

use super::Shape;
use super::chance::Chance;
use crate::issuance::lineage;

/// How often a set of names gets a certificate: every 60 days for 900 days.
pub(super) const ROUNDS: u32 = 15;
const EVERY: Duration = Duration::from_secs(60 * 86_400);
const LIFETIME: Duration = Duration::from_secs(90 * 86_400);
/// For how long orders and authorizations are kept.
const KEPT: Duration = Duration::from_secs(120 * 86_400);
/// Sets of names that share a subscription.
pub(super) const PER_SUBSCRIPTION: u64 = 50;

/// What [`Chance`] is for.
pub(super) mod purpose {
    pub(crate) const TENANT: u64 = 1;
    pub(crate) const SUBSCRIPTION: u64 = 2;
    pub(crate) const ACCOUNT: u64 = 3;
    pub(crate) const CREDENTIAL: u64 = 4;
    pub(crate) const DOMAIN: u64 = 5;
    pub(crate) const CERTIFICATE: u64 = 6;
    pub(crate) const ORDER: u64 = 7;
    pub(crate) const SERIAL: u64 = 8;
    pub(crate) const VALIDATION: u64 = 9;
    pub(crate) const AUTHORIZATION: u64 = 10;
    pub(crate) const DER: u64 = 11;
    pub(crate) const REVOKED: u64 = 12;
    pub(crate) const LAPSED: u64 = 13;
    pub(crate) const WORD: u64 = 14;
    pub(crate) const EVIDENCE: u64 = 15;
    pub(crate) const FAILED: u64 = 16;
    pub(crate) const COMMON: u64 = 17;
}

/// What is where in a filled store.
pub struct Plan {
    shape: Shape,
    lineages: u64,
    /// Turns are taken in another order than that of the owners; this has no divisor in common with their number.
    stride: u64,
    /// The first slot of each reseller, and the end.
    begins: Vec<u64>,
}

/// Who owns a set of names.
#[derive(Clone, Copy, Debug)]
pub struct Owner {
    /// The number of the reseller.
    pub reseller: u64,
    /// The reseller.
    pub tenant: TenantId,
    /// Its subscription.
    pub subscription: SubscriptionId,
    /// The account that orders.
    pub account: AccountId,
}

/// A set of names.
#[derive(Clone, Debug)]
pub struct Lineage {
    /// Where it stands among the sets of names of all resellers.
    pub slot: u64,
    /// When it has its turn in each round.
    pub turn: u64,
    /// Its identifier.
    pub id: LineageId,
    /// Who owns it.
    pub owner: Owner,
    /// The names, sorted.
    pub names: Vec<Identifier>,
    /// The round in which it got its last certificate.
    pub last: u32,
}

/// A certificate of a set of names.
#[derive(Clone, Copy, Debug)]
pub struct Issuance {
    /// When.
    pub at: Timestamp,
    /// First moment of validity.
    pub not_before: Timestamp,
    /// Last moment of validity.
    pub not_after: Timestamp,
    /// The certificate.
    pub certificate: CertificateId,
    /// Its order, which may be gone.
    pub order: OrderId,
    /// The serial number.
    pub serial: [u8; 16],
    /// When it was revoked, if it was.
    pub revoked_at: Option<Timestamp>,
    /// Whether its order is still kept.
    pub is_recent: bool,
}

impl Plan {
    /// What a store of this shape holds.
    pub fn new(shape: Shape) -> Self {
        // 4 % of the sets of names were given up, on average after ten rounds.
        let lineages = (shape.certificates * 10 / 148).max(20);
        let resellers = (shape.certificates / 1000).max(2);
        let big = (shape.certificates / 150).clamp(1, lineages / 2);
        // By the golden ratio, so that neighbours, who have one owner, are spread over the whole round.
        let mut stride = lineages.saturating_mul(618_033_989) / 1_000_000_000;
        while divisor(stride, lineages) != 1 {
            stride += 1;
        }
        Self {
            shape,
            lineages,
            stride,
            begins: begins(lineages, big, resellers),
        }
    }

    /// The shape.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How many sets of names there are.
    pub fn lineages(&self) -> u64 {
        self.lineages
    }

    /// How many resellers there are; number 0 is the big one.
    pub fn resellers(&self) -> u64 {
        u64::try_from(self.begins.len().saturating_sub(1)).unwrap_or_default()
    }

    /// The slots of a reseller.
    pub fn slots(&self, reseller: u64) -> std::ops::Range<u64> {
        let at = |index: u64| {
            let index = usize::try_from(index).unwrap_or(usize::MAX);
            self.begins.get(index).copied().unwrap_or(self.lineages)
        };
        at(reseller)..at(reseller + 1)
    }

    /// A reseller. The path of each begins in other digits, which are the end of its identifier.
    pub fn tenant(&self, reseller: u64) -> TenantId {
        const DIGITS: u128 = (1 << 30) - 1;
        let chance = self.chance(purpose::TENANT, reseller, 0);
        let made = TenantId::generate(self.begin(), &chance).to_bytes();
        let own = u128::from(reseller.wrapping_mul(0x2545_f491) + self.shape.seed);
        let id = (u128::from_be_bytes(made) & !DIGITS) | (own & DIGITS);
        TenantId::from_bytes(id.to_be_bytes())
    }

    /// Who owns a slot.
    pub fn owner(&self, slot: u64) -> Owner {
        let after = self.begins.partition_point(|begin| *begin <= slot);
        let reseller = u64::try_from(after.saturating_sub(1)).unwrap_or_default();
        let number = (slot - self.slots(reseller).start) / PER_SUBSCRIPTION;
        let chance = |purpose| self.chance(purpose, reseller, number);
        let begin = self.begin();
        Owner {
            reseller,
            tenant: self.tenant(reseller),
            subscription: SubscriptionId::generate(begin, &chance(purpose::SUBSCRIPTION)),
            account: AccountId::generate(begin, &chance(purpose::ACCOUNT)),
        }
    }

    /// The names of a slot, sorted; the first one is paid.
    pub fn names(&self, slot: u64) -> Vec<DnsName> {
        const WORDS: [&str; 16] = [
            "alpine", "bakery", "cedar", "delta", "ember", "forest", "garden", "harbor", "island",
            "juniper", "kayak", "lumen", "maple", "north", "orchard", "pixel",
        ];
        const ENDS: [&str; 4] = ["com", "de", "net", "org"];
        let chance = self.chance(purpose::WORD, slot, 0);
        let word = |shift: u32, words: &[&'static str]| {
            let number = usize::try_from(chance.below(u64::MAX) >> shift).unwrap_or_default();
            words.get(number % words.len()).copied().unwrap_or("name")
        };
        let (first, second, end) = (word(8, &WORDS), word(20, &WORDS), word(32, &ENDS));
        let host = format!("{first}-{second}-{slot}.{end}.example");
        let mut names = Vec::new();
        names.extend(DnsName::parse(&host));
        if slot % 2 == 1 {
            names.extend(DnsName::parse(&format!("www.{host}")));
        }
        names
    }

    /// The set of names that has this turn.
    pub fn lineage(&self, turn: u64) -> Lineage {
        let slot = u128::from(turn) * u128::from(self.stride) % u128::from(self.lineages);
        let slot = u64::try_from(slot).unwrap_or_default();
        let owner = self.owner(slot);
        let names: Vec<_> = self.names(slot).into_iter().map(Identifier::Dns).collect();
        let chance = self.chance(purpose::LAPSED, slot, 0);
        let last = match chance.below(100) {
            0 | 1 => ROUNDS - 2,
            2 | 3 => u32::try_from((chance.below(u64::MAX) >> 16) % 13).unwrap_or_default(),
            _ => ROUNDS - 1,
        };
        Lineage {
            slot,
            turn,
            id: lineage::id_of(owner.tenant, &names),
            owner,
            names,
            last,
        }
    }

    /// What a set of names got in a round, up to its last.
    pub fn issuance(&self, lineage: &Lineage, round: u32) -> Issuance {
        let (slot, number) = (lineage.slot, u64::from(round));
        let chance = |purpose| self.chance(purpose, slot, number);
        let into = EVERY.as_secs_f64() * part(lineage.turn, self.lineages);
        let at = self.begin().plus(EVERY * round);
        let at = at.plus(Duration::from_secs_f64(into));
        let mut serial = [0; 16];
        chance(purpose::SERIAL).fill(&mut serial);
        serial[0] &= 0x7f;
        let revoked = chance(purpose::REVOKED);
        let after = Duration::from_secs(revoked.below(u64::MAX) % EVERY.as_secs());
        let not_before = at.minus(Duration::from_secs(3600)).truncated_to_second();
        Issuance {
            at,
            not_before,
            not_after: not_before.plus(LIFETIME),
            certificate: CertificateId::generate(at, &chance(purpose::CERTIFICATE)),
            order: OrderId::generate(at.minus(Duration::from_secs(5)), &chance(purpose::ORDER)),
            serial,
            revoked_at: (revoked.below(200) == 0).then(|| at.plus(after).min(self.shape.now)),
            is_recent: at.plus(KEPT) > self.shape.now,
        }
    }

    /// When the history begins.
    pub(super) fn begin(&self) -> Timestamp {
        self.shape.now.minus(EVERY * ROUNDS)
    }

    pub(super) fn chance(&self, purpose: u64, one: u64, two: u64) -> Chance {
        Chance::of(self.shape.seed, [purpose, one, two])
    }
}

/// The first one has `big` slots; the others share the rest by a power law, each with one at least.
fn begins(lineages: u64, big: u64, resellers: u64) -> Vec<u64> {
    let others = resellers - 1;
    let weight = |number: u64| part(1, number).powf(0.7);
    let whole: f64 = (1..=others).map(weight).sum();
    let free = lineages.saturating_sub(big + others);
    let mut begins = vec![0, big];
    let (mut begin, mut seen) = (big, 0.0);
    for number in 1..others {
        seen += weight(number);
        let shared = share(free, seen / whole);
        begin = (big + number + shared).clamp(begin + 1, lineages);
        begins.push(begin);
    }
    begins.push(lineages);
    begins
}

#[expect(clippy::cast_precision_loss, reason = "a share need not be exact")]
fn part(number: u64, of: u64) -> f64 {
    number as f64 / of as f64
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a count is a count"
)]
fn share(whole: u64, part: f64) -> u64 {
    (whole as f64 * part) as u64
}

fn divisor(one: u64, two: u64) -> u64 {
    if two == 0 {
        one
    } else {
        divisor(two, one % two)
    }
}
