use proptest::prelude::*;

use super::*;
use crate::role::{Permission, Role};

struct Fixed;
impl Random for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0xab);
    }
}

const NOW: Timestamp = Timestamp::from_seconds(1_795_435_200);
const DAY: Duration = Duration::from_secs(24 * 3600);
const HERE: &str = "203.0.113.7";

fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

fn token(networks: &str) -> ApiToken {
    let request = ApiTokenRequest {
        name: ApiTokenName::parse("Monitoring").unwrap(),
        scopes: Scopes::parse("cert.view domain.manage").unwrap(),
        networks: Networks::parse(networks).unwrap(),
        validity: Validity::from_days(30).unwrap(),
    };
    let whose = (
        UserId::generate(NOW, &Fixed),
        TenantId::generate(NOW, &Fixed),
    );
    ApiToken::generate(whose, request, Actor::CommandLine, NOW, &Fixed).0
}

#[test]
fn s44_a_token_is_recognised_by_its_beginning_and_has_256_bits() {
    let bearer = BearerToken::generate(&Fixed);
    let text = bearer.reveal();
    assert!(text.starts_with("chy_"));
    assert_eq!(text.len(), 4 + 43);
    assert_eq!(BearerToken::parse(&text).unwrap().digest(), bearer.digest());
    let bare = text.trim_start_matches("chy_");
    for wrong in [
        "",
        "chy_",
        bare,
        &format!("CHY_{bare}"),
        &format!("{text}A"),
    ] {
        assert!(BearerToken::parse(wrong).is_none(), "{wrong}");
    }
}

#[test]
fn s41_debug_output_hides_the_bearer_token() {
    let bearer = BearerToken::generate(&Fixed);
    assert_eq!(format!("{bearer:?}"), "BearerToken(hidden)");
}

#[test]
fn s44_a_token_ends_after_at_most_366_days() {
    for days in Validity::CHOICES {
        assert_eq!(Validity::parse(&days.to_string()).unwrap().days(), days);
    }
    assert!(Validity::from_days(366).is_ok());
    for wrong in ["", "0", "367", "-1", "70000", "a year"] {
        assert_eq!(Validity::parse(wrong), Err(ValidityError), "{wrong}");
    }
    assert_eq!(token("").expires_at, NOW.plus(30 * DAY));
}

/// What a token can hold at all, of all permissions.
const TABLE: [(&str, bool); 24] = [
    ("account.manage", true),
    ("account.view", true),
    ("activity.view", true),
    ("authority.view", false),
    ("brand.manage", false),
    ("cert.revoke", true),
    ("cert.view", true),
    ("credential.rotate", false),
    ("domain.manage", true),
    ("domain.view", true),
    ("offer.manage", false),
    ("offer.view", false),
    ("organization.manage", true),
    ("organization.view", true),
    ("pre_validation.decide", false),
    ("reseller.manage", false),
    ("reseller.view", false),
    ("secret.reveal", false),
    ("tenant.act_as", false),
    ("tenant.manage", false),
    ("tenant.view", false),
    ("user.manage", false),
    ("user.unlock", false),
    ("user.view", false),
];

#[test]
fn s44_what_a_token_can_hold_is_in_the_table() {
    let possible = Scopes::possible();
    let owner = Roles::one(Role::Owner);
    for (word, expected) in TABLE {
        let permission = Permission::parse(word).unwrap();
        assert_eq!(possible.has(permission), expected, "{word}");
        let one = Scopes::parse(word).unwrap();
        let checked = one.check(&owner, TenantKind::Operator);
        assert_eq!(checked.is_ok(), expected, "{word}");
    }
    let all: Vec<_> = Permission::ALL.iter().map(|each| each.as_str()).collect();
    assert_eq!(TABLE.map(|(word, _)| word).as_slice(), all);
}

#[test]
fn s33_nobody_gives_a_token_what_they_do_not_hold() {
    let level = TenantKind::Reseller;
    let viewer = Roles::one(Role::Viewer);
    let check = |words: &str| Scopes::parse(words).unwrap().check(&viewer, level);
    assert_eq!(check("cert.view domain.view"), Ok(()));
    assert_eq!(check(""), Err(ScopesError::Empty));
    assert_eq!(
        check("cert.view domain.manage"),
        Err(ScopesError::BeyondOwn(Permission::ManageDomains))
    );
    assert_eq!(
        check("secret.reveal"),
        Err(ScopesError::Impossible(Permission::RevealSecrets))
    );
    assert_eq!(Scopes::parse("cert.view nothing.view"), None);
}

#[test]
fn s33_a_token_does_what_its_owner_may_do_now() {
    let token = token("");
    let effective = |roles: &Roles| token.effective(roles, TenantKind::Reseller).to_string();
    assert_eq!(
        effective(&Roles::one(Role::Manager)),
        "cert.view domain.manage"
    );
    assert_eq!(effective(&Roles::one(Role::Viewer)), "cert.view");
    assert_eq!(effective(&Roles::default()), "");
}

proptest! {
    #[test]
    fn s33_no_token_does_more_than_its_scopes_and_its_owner(
        scopes in proptest::sample::subsequence(Permission::ALL.to_vec(), 0..=15),
        roles in proptest::sample::subsequence(Role::ALL.to_vec(), 0..=7),
    ) {
        let (scopes, roles): (Scopes, Roles) = (scopes.into_iter().collect(), roles.into_iter().collect());
        for level in TenantKind::ALL {
            let held = scopes.held_by(&roles, *level);
            for permission in Permission::ALL {
                let may = scopes.has(*permission) && roles.permit(*level, *permission)
                    && Scopes::possible().has(*permission);
                prop_assert_eq!(held.has(*permission), may);
            }
        }
        prop_assert_eq!(Scopes::parse(&scopes.to_string()), Some(scopes));
    }
}

fn standing(status: Status, suspended_at: Option<Timestamp>) -> OwnerStanding {
    OwnerStanding {
        status,
        suspended_at,
        lacks_second_factor: false,
    }
}

#[test]
fn s18_a_token_waits_for_the_second_factor_that_its_owner_must_have() {
    let token = token("");
    let lacking = OwnerStanding {
        lacks_second_factor: true,
        ..standing(Status::Active, None)
    };
    let checked = token.check(lacking, address(HERE), NOW);
    assert_eq!(checked, Err(ApiTokenRefused::SecondFactor));
    // What is wrong besides is told first.
    let checked = token.check(lacking, address(HERE), token.expires_at);
    assert_eq!(checked, Err(ApiTokenRefused::Expired));
}

#[track_caller]
fn check(
    token: &ApiToken,
    (owner, suspended_at): (Status, Option<Timestamp>),
    (from, now): (&str, Timestamp),
    expected: Result<(), ApiTokenRefused>,
) {
    let found = token.check(standing(owner, suspended_at), address(from), now);
    assert_eq!(found, expected);
}

#[test]
fn s44_a_token_that_ended_or_whose_owner_is_gone_does_not_work() {
    let good = (Status::Active, None);
    let fresh = token("");
    check(&fresh, good, (HERE, NOW), Ok(()));
    let last = fresh.expires_at.minus(Duration::from_micros(1));
    check(&fresh, good, (HERE, last), Ok(()));
    check(
        &fresh,
        good,
        (HERE, fresh.expires_at),
        Err(ApiTokenRefused::Expired),
    );
    for status in [Status::Disabled, Status::Invited, Status::Removed] {
        let refused = Err(ApiTokenRefused::Owner);
        check(&fresh, (status, None), (HERE, NOW), refused);
    }
    let suspended = Err(ApiTokenRefused::Suspended);
    check(&fresh, (Status::Active, Some(NOW)), (HERE, NOW), suspended);
    let revoked = ApiToken {
        revoked_at: Some(NOW),
        ..fresh.clone()
    };
    // What is told to somebody who could not use it anyway is the least.
    let refused = Err(ApiTokenRefused::Revoked);
    check(
        &revoked,
        (Status::Disabled, Some(NOW)),
        (HERE, NOW),
        refused,
    );
    assert!(fresh.is_live(NOW) && !revoked.is_live(NOW) && !fresh.is_live(fresh.expires_at));
}

#[test]
fn s44_a_token_works_from_its_networks_only() {
    let token = token("203.0.113.0/28, 2001:db8::/32\n198.51.100.24");
    let here = |from, expected| check(&token, (Status::Active, None), (from, NOW), expected);
    for good in [HERE, "::ffff:203.0.113.7", "2001:db8:1::1", "198.51.100.24"] {
        here(good, Ok(()));
    }
    for wrong in ["203.0.113.16", "198.51.100.25", "2001:db9::1", "::1"] {
        here(wrong, Err(ApiTokenRefused::Network));
    }
    let nowhere = token.check(standing(Status::Active, None), None, NOW);
    assert_eq!(nowhere, Err(ApiTokenRefused::Network));
    // From elsewhere nobody hears how the organisation stands.
    let from = ("192.0.2.1", NOW);
    let refused = Err(ApiTokenRefused::Network);
    check(&token, (Status::Active, Some(NOW)), from, refused);
}

#[test]
fn s44_at_most_16_networks_are_read() {
    let networks = Networks::parse("192.0.2.0/24,2001:db8::1").unwrap();
    assert_eq!(networks.to_string(), "192.0.2.0/24 2001:db8::1");
    assert_eq!(Networks::parse(&networks.to_string()), Ok(networks));
    assert!(Networks::parse(" \n").unwrap().is_empty());
    assert!(matches!(
        Networks::parse("192.0.2.0/33"),
        Err(NetworksError::Network(_))
    ));
    let sixteen = "192.0.2.1 ".repeat(MAX_NETWORKS);
    assert!(Networks::parse(&sixteen).is_ok());
    let more = format!("{sixteen} 192.0.2.2");
    assert_eq!(Networks::parse(&more), Err(NetworksError::TooMany));
}

#[test]
fn s36_a_person_and_a_tenant_have_so_many_tokens() {
    assert_eq!(may_have_another(19, 199), Ok(()));
    assert_eq!(may_have_another(20, 20), Err(TooManyTokens::OfUser));
    assert_eq!(may_have_another(0, 200), Err(TooManyTokens::OfTenant));
}

/// Uses a token; the network that was told as new, and whether anything was noted.
fn used(token: &mut ApiToken, from: &str, now: Timestamp) -> (Option<String>, bool) {
    let Some(noted) = token.note(address(from), now) else {
        return (None, false);
    };
    *token = noted.token;
    (noted.new_network.map(|network| network.to_string()), true)
}

#[test]
fn s63_a_use_is_noted_once_an_hour_and_from_each_new_network() {
    let mut token = token("");
    let told = |network: &str| (Some(network.to_owned()), true);
    assert_eq!(used(&mut token, HERE, NOW), told("203.0.113.0/24"));
    let minute = NOW.plus(Duration::from_secs(60));
    assert_eq!(used(&mut token, "203.0.113.200", minute), (None, false));
    assert_eq!(used(&mut token, "192.0.2.1", minute), told("192.0.2.0/24"));
    assert_eq!(used(&mut token, HERE, minute), (None, false));
    let hour = minute.plus(Duration::from_secs(3600));
    assert_eq!(used(&mut token, HERE, hour), (None, true));
    assert_eq!(token.last_used_at, Some(hour));
    assert_eq!(
        used(&mut token, "2001:db8:1:2::3", hour),
        told("2001:db8:1::/48")
    );
}

#[test]
fn s63_a_token_of_many_networks_makes_few_entries() {
    let mut token = token("");
    let from = |number: usize| format!("10.0.{number}.1");
    let told = |token: &mut ApiToken, numbers: std::ops::Range<usize>, now| {
        let all = numbers.map(|number| used(token, &from(number), now).0);
        all.flatten().count()
    };
    assert_eq!(told(&mut token, 0..100, NOW), MAX_NETWORKS);
    let hour = NOW.plus(Duration::from_secs(3600));
    assert_eq!(told(&mut token, 100..200, hour), 1);
    assert!(token.seen_networks.is_full());
}
