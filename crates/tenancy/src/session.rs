//! A signed-in browser: how long it lasts, when it must prove itself again, and the anti-forgery
//! token of its forms (security S-19 to S-24).
//!
//! Sessions are rows; a row that is gone is a session that ended. Origin checks are the door's.

use std::time::Duration;

use aws_lc_rs::{constant_time, hmac};
use base::{Random, TenantId, Timestamp, UserId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use self::acting::{Acting, ActingReason};
use crate::tenant::TenantKind;
use crate::token::{Token, TokenDigest};

pub mod acting;

/// The cookie that carries the session's token (S-20).
pub const COOKIE_NAME: &str = "__Host-chancery";

/// How long after a full sign-in the sensitive actions are open (S-23).
pub const REAUTHENTICATION_WINDOW: Duration = Duration::from_secs(10 * 60);

/// How long sessions last (S-21).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lifetime {
    /// Without a request.
    pub idle: Duration,
    /// Whatever happens.
    pub absolute: Duration,
}

impl Lifetime {
    /// For operators: half an hour idle, a day at most.
    pub const OPERATOR: Self = Self {
        idle: minutes(30),
        absolute: minutes(24 * 60),
    };
    /// For distributors, resellers and customers: twelve hours idle, a week at most.
    pub const RESELLER: Self = Self {
        idle: minutes(12 * 60),
        absolute: minutes(7 * 24 * 60),
    };

    /// The default for users of a tenant.
    pub const fn for_kind(kind: TenantKind) -> Self {
        match kind {
            TenantKind::Operator => Self::OPERATOR,
            TenantKind::Distributor | TenantKind::Reseller | TenantKind::Customer => Self::RESELLER,
        }
    }
}

/// A signed-in browser, as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// What the token is found by.
    pub digest: TokenDigest,
    /// Who signed in.
    pub user: UserId,
    /// The tenant that they belong to.
    pub tenant: TenantId,
    /// As whom they act, if that is another tenant.
    pub acting: Option<Acting>,
    /// The tenant below their own that they look after at the moment, with the roles that they have.
    pub visiting: Option<TenantId>,
    /// When they signed in first.
    pub created_at: Timestamp,
    /// The last request, as far as it was noted.
    pub last_seen_at: Timestamp,
    /// When they last proved who they are.
    pub authenticated_at: Timestamp,
}

impl Session {
    /// A new session, after all factors were checked, and the token for its cookie.
    pub fn open(
        user: UserId,
        tenant: TenantId,
        now: Timestamp,
        random: &dyn Random,
    ) -> (Self, Token) {
        let token = Token::generate(random);
        let session = Self {
            digest: token.digest(),
            user,
            tenant,
            acting: None,
            visiting: None,
            created_at: now,
            last_seen_at: now,
            authenticated_at: now,
        };
        (session, token)
    }

    /// The same of somebody whom another site knows: it may have asked nobody, so that nothing was proven lately here.
    #[must_use]
    pub fn of_somebody_known_elsewhere(self) -> Self {
        Self {
            authenticated_at: self.created_at.minus(REAUTHENTICATION_WINDOW),
            ..self
        }
    }

    /// Whether it may be used at `now`. At the very end of either time it may not.
    pub fn is_live(&self, lifetime: Lifetime, now: Timestamp) -> bool {
        now.since(self.last_seen_at) < lifetime.idle
            && now.since(self.created_at) < lifetime.absolute
    }

    /// When it ends if no request comes.
    pub fn ends_at(&self, lifetime: Lifetime) -> Timestamp {
        let idle = self.last_seen_at.plus(lifetime.idle);
        idle.min(self.created_at.plus(lifetime.absolute))
    }

    /// Whether the user proved who they are recently enough for a sensitive action (S-23).
    pub fn is_recently_authenticated(&self, now: Timestamp) -> bool {
        now.since(self.authenticated_at) < REAUTHENTICATION_WINDOW
    }

    /// Notes a request; `None` when the last note is under a minute old, so that reading pages
    /// costs at most one write a minute.
    pub fn seen(&self, now: Timestamp) -> Option<Self> {
        (now.since(self.last_seen_at) >= minutes(1)).then(|| Self {
            last_seen_at: now,
            ..self.clone()
        })
    }

    /// The session after the user proved again who they are. It gets a new token and digest; the
    /// old row must go (S-19). The absolute end stays.
    pub fn reauthenticate(&self, now: Timestamp, random: &dyn Random) -> (Self, Token) {
        let (fresh, token) = Self::open(self.user, self.tenant, now, random);
        (
            Self {
                created_at: self.created_at,
                acting: self.acting.clone(),
                visiting: self.visiting,
                ..fresh
            },
            token,
        )
    }

    /// The session that acts as another tenant. The same as above holds for tokens; when the user proved who they are
    /// stays too.
    pub fn act_as(
        &self,
        tenant: TenantId,
        reason: ActingReason,
        now: Timestamp,
        random: &dyn Random,
    ) -> (Self, Token) {
        let acting = Acting::begin(tenant, reason, now);
        self.moved((Some(acting), None), now, random)
    }

    /// The session that looks after a tenant below its own.
    pub fn visit(&self, tenant: TenantId, now: Timestamp, random: &dyn Random) -> (Self, Token) {
        self.moved((None, Some(tenant)), now, random)
    }

    /// The session that acts for its own tenant again.
    pub fn stop_acting(&self, now: Timestamp, random: &dyn Random) -> (Self, Token) {
        self.moved((None, None), now, random)
    }

    /// The tenant for which it acts, if that is not the user's own.
    pub fn elsewhere(&self) -> Option<TenantId> {
        let acting = self.acting.as_ref().map(|acting| acting.tenant);
        acting.or(self.visiting)
    }

    fn moved(
        &self,
        (acting, visiting): (Option<Acting>, Option<TenantId>),
        now: Timestamp,
        random: &dyn Random,
    ) -> (Self, Token) {
        let (fresh, token) = Self::open(self.user, self.tenant, now, random);
        let session = Self {
            created_at: self.created_at,
            authenticated_at: self.authenticated_at,
            acting,
            visiting,
            ..fresh
        };
        (session, token)
    }
}

/// The `Set-Cookie` value that hands out a token; the session's own times end it (S-20).
pub fn set_cookie(token: &Token) -> String {
    format!("{COOKIE_NAME}={}; {ATTRIBUTES}", token.reveal())
}

/// The `Set-Cookie` value that takes the token back.
pub fn clear_cookie() -> String {
    format!("{COOKIE_NAME}=; {ATTRIBUTES}; Max-Age=0")
}

/// The anti-forgery token for forms of the browser that holds `token` (S-24). It says nothing
/// about the token itself.
pub fn csrf_token(token: &Token) -> String {
    URL_SAFE_NO_PAD.encode(hmac::sign(&csrf_key(token), CSRF_CONTEXT))
}

/// Whether a form came from a page that we gave to the browser that holds `token`; takes the same
/// time for every wrong value of the right length.
pub fn is_csrf_token(token: &Token, submitted: &str) -> bool {
    let expected = csrf_token(token);
    constant_time::verify_slices_are_equal(expected.as_bytes(), submitted.as_bytes()).is_ok()
}

fn csrf_key(token: &Token) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, token.as_bytes())
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";
const CSRF_CONTEXT: &[u8] = b"chancery csrf 1";

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::*;

    struct Counting(AtomicU8);
    impl Random for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
        }
    }

    const NOW: Timestamp = Timestamp::from_seconds(1_795_435_200);

    fn session() -> (Session, Token, Counting) {
        let random = Counting(AtomicU8::new(1));
        let user = UserId::generate(NOW, &random);
        let tenant = TenantId::generate(NOW, &random);
        let (session, token) = Session::open(user, tenant, NOW, &random);
        (session, token, random)
    }

    #[track_caller]
    fn check_idle(kind: TenantKind, idle_minutes: u64) {
        let (session, _, _) = session();
        let lifetime = Lifetime::for_kind(kind);
        let end = NOW.plus(minutes(idle_minutes));
        assert!(session.is_live(lifetime, end.minus(Duration::from_micros(1))));
        assert!(!session.is_live(lifetime, end));
        assert_eq!(session.ends_at(lifetime), end);
    }

    #[test]
    fn s21_sessions_end_when_idle() {
        check_idle(TenantKind::Operator, 30);
        check_idle(TenantKind::Distributor, 12 * 60);
        check_idle(TenantKind::Reseller, 12 * 60);
        check_idle(TenantKind::Customer, 12 * 60);
    }

    #[track_caller]
    fn check_absolute(kind: TenantKind, hours: u64) {
        let (mut session, _, random) = session();
        let lifetime = Lifetime::for_kind(kind);
        let end = NOW.plus(minutes(hours * 60));
        session.last_seen_at = end.minus(minutes(1));
        assert!(session.is_live(lifetime, end.minus(Duration::from_micros(1))));
        assert!(!session.is_live(lifetime, end));
        let (again, _) = session.reauthenticate(end.minus(minutes(1)), &random);
        assert!(
            !again.is_live(lifetime, end),
            "proving oneself again does not extend it"
        );
    }

    #[test]
    fn s21_sessions_end_however_busy() {
        check_absolute(TenantKind::Operator, 24);
        check_absolute(TenantKind::Reseller, 7 * 24);
    }

    #[test]
    fn s21_requests_are_noted_once_a_minute() {
        let (session, _, _) = session();
        assert_eq!(session.seen(NOW.plus(Duration::from_secs(59))), None);
        let later = NOW.plus(minutes(1));
        assert_eq!(session.seen(later).unwrap().last_seen_at, later);
    }

    #[test]
    fn s23_sensitive_actions_are_open_for_ten_minutes() {
        let (session, _, random) = session();
        let end = NOW.plus(minutes(10));
        assert!(session.is_recently_authenticated(end.minus(Duration::from_micros(1))));
        assert!(!session.is_recently_authenticated(end));
        let (again, _) = session.reauthenticate(end, &random);
        assert!(again.is_recently_authenticated(end));
    }

    #[test]
    fn s19_every_authentication_makes_a_new_token() {
        let (session, token, random) = session();
        let (again, new) = session.reauthenticate(NOW, &random);
        assert_ne!(again.digest, session.digest);
        assert_ne!(new.reveal(), token.reveal());
        assert_eq!(again.digest, new.digest());
    }

    #[test]
    fn s19_s35_whoever_begins_or_ends_to_act_as_another_has_a_new_token_and_no_more_time() {
        let (session, token, random) = session();
        let (of, later) = (TenantId::from_bytes([9; 16]), NOW.plus(minutes(5)));
        let reason = ActingReason::parse("Ticket 4711").unwrap();
        let (acting, second) = session.act_as(of, reason, later, &random);
        let (ended, third) = acting.stop_acting(later, &random);
        let (again, _) = acting.reauthenticate(later, &random);
        assert_eq!(acting.acting.as_ref().unwrap().tenant, of);
        assert_eq!((&again.acting, &ended.acting), (&acting.acting, &None));
        let tokens = [token.reveal(), second.reveal(), third.reveal()];
        assert!(tokens[0] != tokens[1] && tokens[1] != tokens[2]);
        assert_eq!((acting.user, acting.tenant), (session.user, session.tenant));
        for each in [acting, again, session.stop_acting(later, &random).0] {
            assert_eq!(each.created_at, session.created_at);
        }
        let (acting, _) = session.stop_acting(later, &random);
        assert_eq!(acting.authenticated_at, session.authenticated_at);
    }

    #[test]
    fn s19_s34_looking_after_a_tenant_below_has_a_new_token_too() {
        let (session, _, random) = session();
        let below = TenantId::from_bytes([9; 16]);
        let (visiting, token) = session.visit(below, NOW, &random);
        assert_eq!(visiting.elsewhere(), Some(below));
        assert_eq!((session.elsewhere(), &visiting.acting), (None, &None));
        assert_eq!(visiting.digest, token.digest());
        let (again, _) = visiting.reauthenticate(NOW, &random);
        assert_eq!(again.elsewhere(), Some(below));
        assert_eq!(visiting.stop_acting(NOW, &random).0.elsewhere(), None);
    }

    #[test]
    fn s20_the_cookie_is_host_bound_and_hidden_from_scripts() {
        let (_, token, _) = session();
        let cookie = set_cookie(&token);
        assert!(cookie.starts_with("__Host-chancery="));
        assert!(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax"));
        assert!(!cookie.contains("Domain"));
        assert!(clear_cookie().ends_with("Max-Age=0"));
    }

    #[test]
    fn s24_forms_of_another_session_are_refused() {
        let (session, token, random) = session();
        let (_, other) = session.reauthenticate(NOW, &random);
        assert!(is_csrf_token(&token, &csrf_token(&token)));
        for wrong in ["", "x", &csrf_token(&other), &token.reveal()] {
            assert!(!is_csrf_token(&token, wrong), "{wrong}");
        }
        assert_ne!(csrf_token(&token), token.reveal());
    }
}
