//! Invitations, links, and what becomes of people, on both engines.

use base::{Refuse as _, TenantId};
use store::access::user::Person;
use tenancy::role::binding::Binding;
use tenancy::role::{Role, Roles};
use tenancy::tenant::TenantKind;
use tenancy::token::Token;

use super::*;
use crate::access::find_user::find_user;
use crate::access::link::Sender;
use crate::access::link::follow_link::{Chosen, FollowLinkError, follow_link, look_at_link};
use crate::access::link::make_link::make_link;
use crate::access::team::change_member::{Change, ChangeMemberError, change_member};
use crate::access::team::invite_user::{Giver, Invite, InviteError, invite_user};
use crate::access::team::list_team::{list_team, show_member};

const NEW: &str = "noor@example.com";

fn giver() -> Giver {
    Giver {
        level: TenantKind::Reseller,
        roles: Roles::one(Role::Admin),
    }
}

pub(super) fn sender() -> Sender {
    Sender {
        portal: "https://portal.example.com/".to_owned(),
        organization: "Northwind".to_owned(),
        name: "Mirabel Quist".to_owned(),
    }
}

fn invite(email: &str, role: Role) -> Invite {
    Invite {
        email: Email::parse(email).unwrap(),
        display_name: DisplayName::parse("noor").unwrap(),
        roles: Roles::one(role),
        binding: Binding::default(),
    }
}

impl House {
    fn manager(&self) -> Caller {
        Caller::command_line().within(self.made.reseller.id)
    }

    async fn invite(&self, email: &str, role: Role) -> (Person, Token) {
        let made = invite_user(
            &self.app,
            &self.manager(),
            (&giver(), &sender()),
            invite(email, role),
        )
        .await;
        let made = made.unwrap();
        (made.person, made.token)
    }

    async fn follow(&self, token: &Token, password: &str) -> Result<(), FollowLinkError> {
        let chosen = Chosen {
            password: Password::new(password),
            display_name: Some(DisplayName::parse("Noor Example").unwrap()),
        };
        let followed = follow_link(&self.app, &visitor(), &token.reveal(), chosen).await;
        followed.map(|_| ())
    }

    async fn change(&self, of: &Person, change: Change) -> Result<bool, ChangeMemberError> {
        let (caller, id) = (self.manager(), of.user.id);
        change_member(&self.app, &caller, &giver(), id, change).await
    }

    async fn person(&self, email: &str) -> Person {
        let email = Email::parse(email).unwrap();
        let found = find_user(&self.app, &Caller::command_line(), email).await;
        found.unwrap().unwrap().person
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f001_f011_f030_s06_somebody_who_was_invited_chooses_a_password_by_a_link_that_works_once()
{
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        let (person, token) = house.invite(NEW, Role::Manager).await;
        assert_eq!(
            refused(house.sign_in(NEW, OTHER).await),
            "Invalid credentials"
        );
        let looked = look_at_link(&house.app, &visitor(), &token.reveal())
            .await
            .unwrap();
        assert_eq!(looked.user, person.user);
        let weak = house.follow(&token, "weak").await.unwrap_err();
        assert!(matches!(weak, FollowLinkError::Unmet(_)));
        house.follow(&token, OTHER).await.unwrap();
        let again = house.follow(&token, PASSWORD).await.unwrap_err();
        assert_eq!(
            again.refusal().sentence,
            "the link was already used; sign in, or ask for a new one"
        );
        let signed_in = house.sign_in(NEW, OTHER).await.unwrap();
        assert_eq!(signed_in.user.display_name.as_str(), "Noor Example");
        assert_eq!(signed_in.roles, Roles::one(Role::Manager));
        assert_eq!(signed_in.tenant, house.made.reseller);
        let audited = house.audited().await;
        for action in ["user.create", "user.set_password"] {
            assert!(audited.iter().any(|done| done == action), "{action}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s06_an_invitation_ends_after_72_hours_and_a_new_link_takes_its_place() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        let (person, first) = house.invite(NEW, Role::Viewer).await;
        let made = make_link(&house.app, &house.manager(), &sender(), person.user.id).await;
        let second = made.unwrap().token;
        let old = house.follow(&first, OTHER).await.unwrap_err();
        assert!(matches!(old, FollowLinkError::NotFound));
        house.wait(72 * 3600);
        let late = house.follow(&second, OTHER).await.unwrap_err();
        assert_eq!(
            late.refusal().sentence,
            "the link has expired; ask for a new one"
        );
        let made = make_link(&house.app, &house.manager(), &sender(), person.user.id).await;
        house.follow(&made.unwrap().token, OTHER).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s06_s71_the_first_administrator_chooses_the_password_by_a_link_that_works_once() {
    each_engine(|store| async move {
        let house = House::open(store, None).await;
        refused(house.sign_in(EMAIL, PASSWORD).await);
        let token = house.made.link.clone().unwrap();
        house.follow(&token, PASSWORD).await.unwrap();
        assert!(house.sign_in(EMAIL, PASSWORD).await.is_ok());
        assert!(house.follow(&token, OTHER).await.is_err());
        assert!(house.sign_in(EMAIL, PASSWORD).await.is_ok());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s06_s22_a_new_password_by_a_link_ends_all_sessions_and_the_old_one() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        let signed_in = house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let made = make_link(&house.app, &house.manager(), &sender(), signed_in.user.id).await;
        let made = made.unwrap();
        assert!(!made.is_mailed, "there is no mail here");
        let url = sender().url(&made.token);
        assert!(url.starts_with("https://portal.example.com/link/"), "{url}");
        let token = made.token;
        // Until it is used nothing has changed.
        assert!(house.look_up(&signed_in).await.is_some());
        house.follow(&token, OTHER).await.unwrap();
        assert!(house.look_up(&signed_in).await.is_none());
        let old = house.sign_in(EMAIL, PASSWORD).await;
        assert_eq!(refused(old), "Invalid credentials");
        assert!(house.sign_in(EMAIL, OTHER).await.is_ok());
        let late = make_link(&house.app, &house.manager(), &sender(), signed_in.user.id).await;
        house.wait(3600);
        let late = house.follow(&late.unwrap().token, PASSWORD).await;
        assert!(matches!(late, Err(FollowLinkError::Redeem(_))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s06_of_fifty_who_follow_one_link_at_once_one_wins() {
    each_engine(|store| async move {
        let house = Arc::new(House::open(store, own()).await);
        let (_, token) = house.invite(NEW, Role::Viewer).await;
        let tries = (0..50).map(|number| {
            let (house, token) = (house.clone(), token.clone());
            tokio::spawn(async move {
                let password = format!("vB7!kq-Lw2#z{number}");
                house.follow(&token, &password).await.map(|()| password)
            })
        });
        let mut winners = Vec::new();
        for tried in tries.collect::<Vec<_>>() {
            match tried.await.unwrap() {
                Ok(password) => winners.push(password),
                // Between two looks at the link and its user the winner may have come.
                Err(
                    FollowLinkError::Redeem(_)
                    | FollowLinkError::NotFound
                    | FollowLinkError::Password(_),
                ) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(winners.len(), 1);
        assert!(house.sign_in(NEW, &winners[0]).await.is_ok());
        let set = house.audited().await;
        let set = set.iter().filter(|done| *done == "user.set_password");
        assert_eq!(set.count(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s18_f007_nobody_follows_a_link_into_a_suspended_organisation() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        let (_, token) = house.invite(NEW, Role::Viewer).await;
        house.suspend_operator().await;
        let refused = house.follow(&token, OTHER).await.unwrap_err();
        assert_eq!(refused.to_string(), "Organization suspended");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s19_s22_s33_what_becomes_of_a_person_counts_at_their_next_request() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        let (person, token) = house.invite(NEW, Role::Manager).await;
        house.follow(&token, OTHER).await.unwrap();
        let signed_in = house.sign_in(NEW, OTHER).await.unwrap();
        let viewer = Change::Roles(Roles::one(Role::Viewer));
        assert!(house.change(&person, viewer.clone()).await.unwrap());
        assert!(!house.change(&person, viewer).await.unwrap());
        // The session of the old role ends, and a new one has the new role.
        assert!(house.look_up(&signed_in).await.is_none());
        let signed_in = house.sign_in(NEW, OTHER).await.unwrap();
        let seen = house.look_up(&signed_in).await.unwrap();
        assert_eq!(seen.roles, Roles::one(Role::Viewer));
        assert!(house.change(&person, Change::Disable).await.unwrap());
        assert!(house.look_up(&signed_in).await.is_none());
        let out = house.sign_in(NEW, OTHER).await;
        assert_eq!(refused(out), "Invalid credentials");
        assert!(house.change(&person, Change::Enable).await.unwrap());
        let signed_in = house.sign_in(NEW, OTHER).await.unwrap();
        assert!(house.change(&person, Change::Remove).await.unwrap());
        assert!(house.look_up(&signed_in).await.is_none());
        let gone = house.change(&person, Change::Enable).await;
        assert!(matches!(gone, Err(ChangeMemberError::NotFound)));
        let team = list_team(&house.app, &house.manager()).await.unwrap();
        assert_eq!(team.len(), 1);
        // The address is free again.
        house.invite(NEW, Role::Viewer).await;
        let audited = house.audited().await;
        for action in [
            "user.change_roles",
            "user.disable",
            "user.enable",
            "user.remove",
        ] {
            let times = audited.iter().filter(|done| *done == action).count();
            assert_eq!(times, 1, "{action}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s29_the_last_administrator_stays_one() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        let first = house.person(EMAIL).await;
        let manager = Change::Roles(Roles::one(Role::Manager));
        for change in [manager.clone(), Change::Disable, Change::Remove] {
            let refused = house.change(&first, change).await.unwrap_err();
            assert_eq!(refused.refusal().code, "last_administrator");
        }
        // Somebody who has not come yet manages nobody.
        let (second, token) = house.invite(NEW, Role::Admin).await;
        let refused = house.change(&first, Change::Disable).await;
        assert!(matches!(refused, Err(ChangeMemberError::Last(_))));
        house.follow(&token, OTHER).await.unwrap();
        // Each takes the other's role away at the same moment: one of them stays.
        let (one, other) = tokio::join!(
            house.change(&first, manager.clone()),
            house.change(&second, manager.clone())
        );
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_one_persons_in_the_whole_installation() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        let again = invite(&EMAIL.to_uppercase(), Role::Viewer);
        let taken = invite_user(&house.app, &house.manager(), (&giver(), &sender()), again).await;
        assert!(matches!(taken, Err(InviteError::EmailTaken)));
        let refusal = taken.unwrap_err().refusal();
        assert_eq!(refusal.code, "invited_email_taken");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s29_nobody_gives_or_takes_what_they_do_not_hold() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        let lesser = Giver {
            roles: Roles::one(Role::Manager),
            ..giver()
        };
        let admin = invite(NEW, Role::Admin);
        let refused = invite_user(&house.app, &house.manager(), (&lesser, &sender()), admin).await;
        assert_eq!(refused.unwrap_err().refusal().code, "roles_beyond_own");
        let first = house.person(EMAIL).await;
        let (app, caller) = (&house.app, house.manager());
        let refused = change_member(app, &caller, &lesser, first.user.id, Change::Disable).await;
        assert_eq!(refused.unwrap_err().refusal().code, "roles_beyond_own");
        let other = Caller::command_line().within(house.made.operator.id);
        let foreign = change_member(app, &other, &giver(), first.user.id, Change::Disable).await;
        assert!(matches!(foreign, Err(ChangeMemberError::NotFound)));
        let foreign = make_link(app, &other, &sender(), first.user.id).await;
        assert_eq!(foreign.unwrap_err().refusal().code, "person_not_found");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f006_whoever_manages_people_unlocks_them_at_once() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        for _ in 0..5 {
            let wrong = house.sign_in(EMAIL, "wrong").await;
            assert_eq!(refused(wrong), "Invalid credentials");
        }
        let first = house.person(EMAIL).await;
        let (caller, id) = (house.manager(), first.user.id);
        let seen = show_member(&house.app, &caller, id).await.unwrap();
        assert!(seen.unwrap().locked_until.is_some());
        assert!(house.change(&first, Change::Unlock).await.unwrap());
        assert!(!house.change(&first, Change::Unlock).await.unwrap());
        assert!(house.sign_in(EMAIL, PASSWORD).await.is_ok());
        let nobody = Caller::command_line().within(TenantId::FIRST);
        let foreign = show_member(&house.app, &nobody, id).await.unwrap();
        assert!(foreign.is_none());
    })
    .await;
}
