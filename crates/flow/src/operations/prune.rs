//! The end of what nobody needs any more: orders and authorizations that ended long ago, certificates with what was proven
//! for them, audit entries, guests of test directories, sessions, sign-in locks, links, API tokens, keys of credentials that ended, mails, what was checked of organizations,
//! and nodes that died. What happened to CAs
//! and keys stays, and so does how many certificates there were in each month.
//!
//! Everybody else waits while a piece is deleted, so that each is of one table and small.

use std::time::Duration;

use base::{
    AccountId, AuditId, AuthorizationId, EffectId, MailId, OrderId, PreValidationId, Timestamp,
    ValidationId,
};
use serde::{Deserialize, Serialize};
use store::access::{
    api_token, identity_request, invitation, passkey_challenge, session, sign_in_lock, sign_in_step,
};
use store::audit;
use store::catalog::server_certificate;
use store::effects::{effect, mail};
use store::issuance::certificate_list::figures;
use store::issuance::{
    account, authorization, certificate_end, evidence, order, refused_request, retired_key,
};
use store::old::Old;
use store::operations::{node, rate_limit};
use store::queue::dead;
use store::tenancy::{limit_override, pre_validation};
use store::{Error, Progress, Save, WriteTx};

use crate::App;
use crate::caller::system;
use crate::effects::Effect as _;
use crate::issuance::register_account::forget_keys::erase_ended;
use crate::mail::SendMail;
use crate::queue::{Done, Job, JobError, Lease, Queue};

/// How many rows one transaction deletes. Those of an order lie on several pages of their own, which SQLite's commit has
/// to write: twice as many take longer than anybody should wait.
const PIECE: i64 = 25;
/// The same of certificates: each has more indexes than an order, and a revocation, a lineage and names.
const CERTIFICATES: i64 = 10;
/// How many pieces one run deletes; the rest is for the next one, which follows at once.
const PIECES: usize = 40;
/// How long orders and authorizations stay after their end, for the people who wonder what became of them, and jobs
/// that were given up, and figures that nobody has looked at.
const KEEP_ENDED: Duration = Duration::from_secs(90 * 24 * 3600);
/// How much later than a whole lifetime after the last moment of a proof a certificate may end that uses it: clients may ask
/// for one that begins two days later.
const BEGINS_LATER: Duration = Duration::from_secs(2 * 24 * 3600);
/// A token that ended so long ago is of no use to anybody who asks why it does not work.
const KEEP_TOKENS: Duration = Duration::from_secs(24 * 3600);
/// A link that ended so long ago is of no use to anybody who asks why it does not work.
const KEEP_LINKS: Duration = Duration::from_secs(24 * 3600);
/// How long it is kept to whom which mail was sent.
const KEEP_MAILS: Duration = Duration::from_secs(365 * 24 * 3600);
/// How long what a mail says waits to be sent.
const KEEP_MAIL_BODIES: Duration = Duration::from_secs(30 * 24 * 3600);
/// How long it is kept what was checked of an organization, after that counts no more.
const KEEP_CHECKS: Duration = Duration::from_secs(2 * 365 * 24 * 3600);
/// The same for qualified certificates: seven years after the last of them ended, which lives for a year at most.
const KEEP_QUALIFIED: Duration = Duration::from_secs(8 * 366 * 24 * 3600);
/// A node that was not seen for so long is gone.
const KEEP_NODES: Duration = Duration::from_secs(24 * 3600);

/// Deletes what has ended, one kind after the other, some pieces in each run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Prune {
    /// What is deleted now.
    #[serde(default)]
    part: Part,
    /// The orders before this one were looked at.
    #[serde(default)]
    order: Option<OrderId>,
    /// The authorizations before this one were looked at.
    #[serde(default)]
    authorization: Option<AuthorizationId>,
    /// The proofs before this one were looked at.
    #[serde(default)]
    proof: Option<ValidationId>,
    /// The audit entries before this one were looked at.
    #[serde(default)]
    entry: Option<AuditId>,
}

/// A kind of rows, in the order in which they go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    #[default]
    Orders,
    OrderNames,
    PendingOrders,
    Authorizations,
    Certificates,
    Proofs,
    Audit,
    Guests,
    GuestKeys,
    Sessions,
    SignInLocks,
    Invitations,
    SignInSteps,
    PasskeyChallenges,
    IdentityRequests,
    ApiTokens,
    Keys,
    ServerCertificates,
    DeadJobs,
    Figures,
    Refusals,
    UsedLimits,
    OwnLimits,
    Mails,
    PreValidations,
    Nodes,
}

const PARTS: [Part; 26] = [
    Part::Orders,
    Part::OrderNames,
    Part::PendingOrders,
    Part::Authorizations,
    Part::Certificates,
    Part::Proofs,
    Part::Audit,
    Part::Guests,
    Part::GuestKeys,
    Part::Sessions,
    Part::SignInLocks,
    Part::Invitations,
    Part::SignInSteps,
    Part::PasskeyChallenges,
    Part::IdentityRequests,
    Part::ApiTokens,
    Part::Keys,
    Part::ServerCertificates,
    Part::DeadJobs,
    Part::Figures,
    Part::Refusals,
    Part::UsedLimits,
    Part::OwnLimits,
    Part::Mails,
    Part::PreValidations,
    Part::Nodes,
];

impl Job<App> for Prune {
    const KIND: &'static str = "prune";
    const QUEUE: Queue = Queue::Bulk;

    fn key(&self) -> Option<String> {
        Some("expired".to_owned())
    }

    async fn run(self, app: &App, _: &Lease) -> Result<Done<Self>, JobError> {
        let next = self.delete_some(app).await?.or_else(|| self.behind());
        Ok(next.map_or(Done::Finished, |next| Done::Next(next, Duration::ZERO)))
    }
}

/// What mails said, the mails, and their effects.
async fn mails(app: &App, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    let bodies = pieces(app, now, erase_mail_bodies).await?;
    let mails = pieces(app, now, delete_mails).await?;
    let effects = pieces(app, now, delete_mail_effects).await?;
    Ok(bodies.or(mails).or(effects))
}

impl Prune {
    /// What comes when all of this kind is gone.
    fn behind(&self) -> Option<Self> {
        let place = PARTS.iter().position(|part| *part == self.part)?;
        let part = *PARTS.get(place + 1)?;
        Some(Self {
            part,
            ..Self::default()
        })
    }

    /// Deletes some pieces; what is left of this kind, if there is more.
    async fn delete_some(&self, app: &App) -> Result<Option<Self>, Error> {
        let Ok(now) = app.memory.clock.now() else {
            tracing::warn!("nothing is pruned while the clock is not to be believed");
            return Ok(None);
        };
        let limits = Limits::of(app, now);
        let same = |more: Option<Timestamp>| more.map(|_| self.clone());
        match self.part {
            Part::Orders => self.orders(app, &limits, order::delete_old).await,
            Part::OrderNames => self.orders(app, &limits, order::delete_old_names).await,
            Part::PendingOrders => Ok(same(pieces(app, now, delete_pending).await?)),
            Part::Authorizations => self.authorizations(app, &limits).await,
            Part::Certificates => {
                let ended = (limits.certificates, CERTIFICATES);
                let rest = pieces(app, ended, certificate_end::delete_ended).await?;
                Ok(rest.map(|_| self.clone()))
            }
            Part::Proofs => self.proofs(app, &limits).await,
            Part::Audit => self.entries(app, &limits).await,
            Part::Guests => Ok(same(pieces(app, now, delete_guests).await?)),
            Part::GuestKeys => Ok(same(pieces(app, now, delete_guest_keys).await?)),
            Part::Sessions => Ok(same(pieces(app, now, delete_sessions).await?)),
            Part::SignInLocks => Ok(same(pieces(app, now, delete_sign_in_locks).await?)),
            Part::Invitations => {
                let before = now.minus(KEEP_LINKS);
                Ok(same(pieces(app, before, delete_invitations).await?))
            }
            Part::SignInSteps => Ok(same(pieces(app, now, delete_steps).await?)),
            Part::PasskeyChallenges => Ok(same(pieces(app, now, delete_challenges).await?)),
            Part::IdentityRequests => Ok(same(pieces(app, now, delete_requests).await?)),
            Part::ApiTokens => {
                let before = now.minus(KEEP_TOKENS);
                Ok(same(pieces(app, before, delete_tokens).await?))
            }
            Part::Keys => erase_ended(app, now).await.map(|()| None),
            Part::ServerCertificates => {
                Ok(same(pieces(app, now, delete_server_certificates).await?))
            }
            Part::DeadJobs => Ok(same(pieces(app, now, delete_dead_jobs).await?)),
            Part::Figures => Ok(same(pieces(app, now, delete_figures).await?)),
            Part::Refusals => Ok(same(pieces(app, now, delete_refusals).await?)),
            Part::UsedLimits => Ok(same(pieces(app, now, delete_used_limits).await?)),
            Part::OwnLimits => Ok(same(pieces(app, now, delete_own_limits).await?)),
            Part::Mails => Ok(same(mails(app, now).await?)),
            Part::PreValidations => {
                let ended = pieces(app, now, delete_pre_validations).await?;
                let unapproved = pieces(app, now, delete_unapproved).await?;
                Ok(same(ended.or(unapproved)))
            }
            Part::Nodes => {
                let store = app.store(system("nodes are everybody's"));
                let unseen = now.minus(KEEP_NODES);
                store.write(unseen, node::delete_unseen).await?;
                Ok(None)
            }
        }
    }

    async fn orders<S>(&self, app: &App, limits: &Limits, piece: S) -> Result<Option<Self>, Error>
    where
        S: for<'a> Save<'a, Old<OrderId>, Progress<Old<OrderId>>> + Clone + 'static,
    {
        let after = self.order.unwrap_or(OrderId::FIRST);
        let rest = pieces(app, limits.orders(after), piece).await?;
        Ok(rest.map(|rest| Self {
            order: Some(rest.after),
            ..self.clone()
        }))
    }

    async fn authorizations(&self, app: &App, limits: &Limits) -> Result<Option<Self>, Error> {
        let after = self.authorization.unwrap_or(AuthorizationId::FIRST);
        let old = limits.authorizations(after);
        let rest = pieces(app, old, authorization::delete_old).await?;
        Ok(rest.map(|rest| Self {
            authorization: Some(rest.after),
            ..self.clone()
        }))
    }

    async fn proofs(&self, app: &App, limits: &Limits) -> Result<Option<Self>, Error> {
        let after = self.proof.unwrap_or(ValidationId::FIRST);
        let rest = pieces(app, limits.proofs(after), evidence::delete_old).await?;
        Ok(rest.map(|rest| Self {
            proof: Some(rest.after),
            ..self.clone()
        }))
    }

    async fn entries(&self, app: &App, limits: &Limits) -> Result<Option<Self>, Error> {
        let after = self.entry.unwrap_or(AuditId::FIRST);
        let rest = pieces(app, limits.entries(after), audit::delete_old).await?;
        Ok(rest.map(|rest| Self {
            entry: Some(rest.after),
            ..self.clone()
        }))
    }
}

/// Some pieces, and where the next one begins.
async fn pieces<I, S>(app: &App, input: I, piece: S) -> Result<Option<I>, Error>
where
    I: Clone + Send + Sync + 'static,
    S: for<'a> Save<'a, I, Progress<I>> + Clone + 'static,
{
    let store = app.store(system("what has expired goes, whoever had it"));
    let mut next = input;
    for _ in 0..PIECES {
        match store.write_piece(next, piece.clone()).await? {
            Progress::Done => return Ok(None),
            Progress::More(more) => next = more,
        }
    }
    Ok(Some(next))
}

/// Before which moment what goes ended and was made. An order has ended when its lifetime is over, and what it proved
/// can be used for a while longer: whatever was made earlier has ended long enough ago, but for what was made under
/// other settings, which is why each row is asked too.
struct Limits {
    ended: Timestamp,
    ordered: Timestamp,
    authorized: Timestamp,
    /// Certificates go that ended before.
    certificates: Timestamp,
    /// Proofs go that could be used before, and not later.
    used: Timestamp,
    proven: Timestamp,
    /// Audit entries go that were made before.
    told: Timestamp,
}

impl Limits {
    fn of(app: &App, now: Timestamp) -> Self {
        let settings = app.settings();
        let ended = now.minus(KEEP_ENDED);
        let ordered = ended.minus(settings.order_lifetime);
        let certificates = now.minus(settings.keep_certificates);
        // A certificate's content is stored while all its proofs are good. It ends at most a lifetime after that, whichever
        // profile it was made by, so that one that uses a proof has ended long enough ago if that could not be used any more
        // a whole lifetime earlier. This may keep a proof for longer than its certificates, never for less; by the
        // certificates themselves nobody could find out without an index that each issuance would pay for.
        let used = certificates
            .minus(app.catalog().longest_validity())
            .minus(BEGINS_LATER);
        Self {
            ended,
            ordered,
            authorized: ordered.minus(settings.authorization_lifetime),
            certificates,
            used,
            proven: used.minus(settings.authorization_lifetime),
            told: now.minus(settings.keep_audit),
        }
    }

    fn orders(&self, after: OrderId) -> Old<OrderId> {
        Old {
            after,
            until: OrderId::first_at(self.ordered),
            ended_before: self.ended,
            rows: PIECE,
        }
    }

    fn authorizations(&self, after: AuthorizationId) -> Old<AuthorizationId> {
        Old {
            after,
            until: AuthorizationId::first_at(self.authorized),
            ended_before: self.ended,
            rows: PIECE,
        }
    }

    fn proofs(&self, after: ValidationId) -> Old<ValidationId> {
        Old {
            after,
            until: ValidationId::first_at(self.proven),
            ended_before: self.used,
            rows: PIECE,
        }
    }

    fn entries(&self, after: AuditId) -> Old<AuditId> {
        Old {
            after,
            until: AuditId::first_at(self.told),
            ended_before: self.told,
            rows: PIECE,
        }
    }
}

async fn delete_pending(tx: &mut WriteTx, now: &Timestamp) -> Result<Progress<Timestamp>, Error> {
    let deleted = order::delete_expired_pending(tx, &(*now, PIECE)).await?;
    Ok(after(deleted, *now))
}

/// Those whose orders are gone, so that they have not ordered for as long as orders are kept.
async fn delete_guests(tx: &mut WriteTx, now: &Timestamp) -> Result<Progress<Timestamp>, Error> {
    let until = AccountId::first_at(now.minus(KEEP_ENDED));
    let deleted = account::delete_guests(tx, &(until, PIECE)).await?;
    Ok(after(deleted, *now))
}

async fn delete_guest_keys(
    tx: &mut WriteTx,
    now: &Timestamp,
) -> Result<Progress<Timestamp>, Error> {
    let deleted = retired_key::delete_of_guests(tx, &PIECE).await?;
    Ok(after(deleted, *now))
}

async fn delete_sessions(tx: &mut WriteTx, now: &Timestamp) -> Result<Progress<Timestamp>, Error> {
    let deleted = session::delete_ended(tx, &(*now, PIECE)).await?;
    Ok(after(deleted, *now))
}

async fn delete_sign_in_locks(
    tx: &mut WriteTx,
    now: &Timestamp,
) -> Result<Progress<Timestamp>, Error> {
    let deleted = sign_in_lock::delete_ended(tx, &(*now, PIECE)).await?;
    Ok(after(deleted, *now))
}

async fn delete_invitations(
    tx: &mut WriteTx,
    before: &Timestamp,
) -> Result<Progress<Timestamp>, Error> {
    let deleted = invitation::delete_ended(tx, &(*before, PIECE)).await?;
    Ok(after(deleted, *before))
}

async fn delete_steps(tx: &mut WriteTx, now: &Timestamp) -> Result<Progress<Timestamp>, Error> {
    let deleted = sign_in_step::delete_ended(tx, &(*now, PIECE)).await?;
    Ok(after(deleted, *now))
}

async fn delete_challenges(
    tx: &mut WriteTx,
    now: &Timestamp,
) -> Result<Progress<Timestamp>, Error> {
    let deleted = passkey_challenge::delete_ended(tx, &(*now, PIECE)).await?;
    Ok(after(deleted, *now))
}

async fn delete_requests(tx: &mut WriteTx, now: &Timestamp) -> Result<Progress<Timestamp>, Error> {
    let deleted = identity_request::delete_ended(tx, &(*now, PIECE)).await?;
    Ok(after(deleted, *now))
}

async fn delete_tokens(tx: &mut WriteTx, before: &Timestamp) -> Result<Progress<Timestamp>, Error> {
    let deleted = api_token::delete_ended(tx, &(*before, PIECE)).await?;
    Ok(after(deleted, *before))
}

async fn delete_server_certificates(
    tx: &mut WriteTx,
    now: &Timestamp,
) -> Result<Progress<Timestamp>, Error> {
    let deleted = server_certificate::delete_ended(tx, &(*now, PIECE)).await?;
    Ok(after(deleted, *now))
}

async fn delete_dead_jobs(tx: &mut WriteTx, now: &Timestamp) -> Result<Progress<Timestamp>, Error> {
    let deleted = dead::delete_old(tx, &(now.minus(KEEP_ENDED), PIECE)).await?;
    Ok(after(deleted, *now))
}

async fn delete_figures(tx: &mut WriteTx, now: &Timestamp) -> Result<Progress<Timestamp>, Error> {
    let deleted = figures::delete_old(tx, &(now.minus(KEEP_ENDED), PIECE)).await?;
    Ok(after(deleted, *now))
}

async fn delete_refusals(tx: &mut WriteTx, now: &Timestamp) -> Result<Progress<Timestamp>, Error> {
    let deleted = refused_request::delete_old(tx, &(now.minus(KEEP_ENDED), PIECE)).await?;
    Ok(after(deleted, *now))
}

async fn delete_used_limits(
    tx: &mut WriteTx,
    now: &Timestamp,
) -> Result<Progress<Timestamp>, Error> {
    let deleted = rate_limit::delete_earned(tx, &(*now, PIECE)).await?;
    Ok(after(deleted, *now))
}

async fn delete_own_limits(
    tx: &mut WriteTx,
    now: &Timestamp,
) -> Result<Progress<Timestamp>, Error> {
    let ended = now.minus(KEEP_ENDED);
    let deleted = limit_override::delete_ended(tx, &(ended, PIECE)).await?;
    Ok(after(deleted, *now))
}

/// One that nobody could send for so long is not sent any more.
async fn erase_mail_bodies(
    tx: &mut WriteTx,
    now: &Timestamp,
) -> Result<Progress<Timestamp>, Error> {
    let until = MailId::first_at(now.minus(KEEP_MAIL_BODIES));
    let erased = mail::erase_old(tx, &(until, PIECE)).await?;
    Ok(after(erased, *now))
}

async fn delete_mails(tx: &mut WriteTx, now: &Timestamp) -> Result<Progress<Timestamp>, Error> {
    let until = MailId::first_at(now.minus(KEEP_MAILS));
    let deleted = mail::delete_old(tx, &(until, PIECE)).await?;
    Ok(after(deleted, *now))
}

/// What became of a mail is kept as long as the mail.
async fn delete_mail_effects(
    tx: &mut WriteTx,
    now: &Timestamp,
) -> Result<Progress<Timestamp>, Error> {
    let until = EffectId::first_at(now.minus(KEEP_MAILS));
    let deleted = effect::delete_old(tx, &(SendMail::KIND, until, PIECE)).await?;
    Ok(after(deleted, *now))
}

async fn delete_pre_validations(
    tx: &mut WriteTx,
    now: &Timestamp,
) -> Result<Progress<Timestamp>, Error> {
    let (before, qualified) = (now.minus(KEEP_CHECKS), now.minus(KEEP_QUALIFIED));
    let deleted = pre_validation::delete_ended(tx, &(before, qualified, PIECE)).await?;
    Ok(after(deleted, *now))
}

async fn delete_unapproved(
    tx: &mut WriteTx,
    now: &Timestamp,
) -> Result<Progress<Timestamp>, Error> {
    let until = PreValidationId::first_at(now.minus(KEEP_CHECKS));
    let deleted = pre_validation::delete_unapproved(tx, &(until, PIECE)).await?;
    Ok(after(deleted, *now))
}

/// What follows a piece: another one if it was full.
fn after(deleted: u64, now: Timestamp) -> Progress<Timestamp> {
    if i64::try_from(deleted).is_ok_and(|deleted| deleted < PIECE) {
        Progress::Done
    } else {
        Progress::More(now)
    }
}
