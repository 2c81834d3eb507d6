//! Who asks, from where, and whose rows they see: the second argument of every use case.

pub mod place;

use std::net::IpAddr;
use std::sync::Arc;

use base::{
    AccountId, Actor, ApiTokenId, ClientNetwork, DnsName, RequestId, Scope, TenantId, TenantPath,
    UserId,
};
use store::Error as StoreError;
use tenancy::role::binding::{Binding, OfWholeTenant};

use self::place::Place;

/// Where a request came from; empty for work of our own.
#[derive(Clone, Debug, Default)]
pub struct Client {
    /// The address; of the client rather than of a trusted proxy in front of us.
    pub address: Option<IpAddr>,
    /// What it calls itself, shortened, without control characters.
    pub agent: String,
    /// Names the request in logs, audit entries and failures; none for work of our own.
    pub request_id: Option<RequestId>,
    /// The host name of a brand at which the request came; none at the URL of the settings, and at other doors.
    pub place: Option<Arc<Place>>,
}

impl Client {
    /// The address as text; empty for work of our own.
    pub fn address_text(&self) -> String {
        self.address
            .map_or_else(String::new, |address| address.to_string())
    }

    /// Whether people of a tenant sign in where the request came: everybody does at the URL of the settings.
    pub fn admits(&self, path: &TenantPath) -> bool {
        self.place.as_ref().is_none_or(|place| place.admits(path))
    }

    /// The host name of the brand at which the request came.
    pub fn host(&self) -> Option<&DnsName> {
        self.place.as_ref().map(|place| &place.host)
    }

    /// What is one client as far as its address tells.
    pub fn network(&self) -> Option<ClientNetwork> {
        self.address.map(ClientNetwork::of)
    }
}

/// Who asks, from where, and whose rows they see.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who asks.
    pub actor: Actor,
    /// From where.
    pub client: Client,
    scope: Scope,
    /// As which tenant, if that is not their own.
    acting_as: Option<TenantId>,
}

impl Caller {
    /// Work that no request asked for; the text says why it may see everybody's rows.
    pub fn system(why: &'static str) -> Self {
        Self {
            actor: Actor::System,
            client: Client::default(),
            scope: system(why),
            acting_as: None,
        }
    }

    /// A job that is about a tenant, with the request that caused it.
    pub(crate) fn job(request: Option<RequestId>, of: TenantId) -> Self {
        Self {
            actor: Actor::System,
            client: Client {
                request_id: request,
                ..Client::default()
            },
            scope: tenant(of),
            acting_as: None,
        }
    }

    /// An operator at the command line, who has not named a tenant.
    pub fn command_line() -> Self {
        Self {
            actor: Actor::CommandLine,
            client: Client::default(),
            scope: system("the command line is the operator's"),
            acting_as: None,
        }
    }

    /// Somebody who has not proven yet who they are.
    pub fn visitor(client: Client) -> Self {
        Self {
            actor: Actor::Visitor,
            client,
            scope: system("a visitor is known by what they bring"),
            acting_as: None,
        }
    }

    /// Whoever has proven to hold a certificate's key.
    pub fn certificate_key(client: Client) -> Self {
        Self {
            actor: Actor::CertificateKey,
            ..Self::visitor(client)
        }
    }

    /// A person who has signed in, for a tenant.
    pub(crate) fn user(client: Client, id: UserId, of: TenantId) -> Self {
        Self {
            actor: Actor::User(id),
            client,
            scope: guarded(of),
            acting_as: None,
        }
    }

    /// The same, who sees no more of the tenant than what somebody is bound to.
    #[must_use]
    pub(crate) fn bound_as(self, user: UserId, binding: &Binding) -> Self {
        let Some(tenant) = self.scope.tenant().filter(|_| !binding.is_whole()) else {
            return self;
        };
        let is_guarded = self.scope.is_guarded();
        Self {
            scope: Scope::Bound {
                tenant,
                user,
                is_guarded,
            },
            ..self
        }
    }

    /// Whether they see no more of the tenant than some organizations and departments.
    pub fn is_bound(&self) -> bool {
        self.scope.bound_user().is_some()
    }

    /// Says no to who sees no more of the tenant than that.
    pub(crate) fn has_whole_tenant(&self) -> Result<(), OfWholeTenant> {
        if self.is_bound() {
            return Err(OfWholeTenant);
        }
        Ok(())
    }

    /// A program that has brought a token, for the tenant of its owner.
    pub(crate) fn api_token(client: Client, id: ApiTokenId, of: TenantId) -> Self {
        Self {
            actor: Actor::ApiToken(id),
            client,
            scope: guarded(of),
            acting_as: None,
        }
    }

    /// An ACME account, which has signed its request.
    pub(crate) fn account(client: Client, id: AccountId, of: TenantId) -> Self {
        Self {
            actor: Actor::Account(id),
            client,
            scope: tenant(of),
            acting_as: None,
        }
    }

    /// The same person as a tenant that is not theirs: what they do there tells both.
    #[must_use]
    pub(crate) fn acting_as(&self, of: TenantId) -> Self {
        Self {
            acting_as: Some(of),
            ..self.within(of)
        }
    }

    /// As which tenant, if that is not their own.
    pub(crate) fn acts_as(&self) -> Option<TenantId> {
        self.acting_as
    }

    /// The same, about the rows of this tenant.
    #[must_use]
    pub fn within(&self, id: TenantId) -> Self {
        Self {
            scope: self.scope_of(&self.actor, id),
            ..self.clone()
        }
    }

    /// The same, once it is known who it is.
    #[must_use]
    pub(crate) fn known_as(&self, actor: Actor) -> Self {
        let of = self.scope.tenant();
        Self {
            scope: of.map_or(self.scope, |of| self.scope_of(&actor, of)),
            actor,
            ..self.clone()
        }
    }

    /// Whose rows they see in a tenant. Whoever is bound to a part of one is so wherever they ask.
    fn scope_of(&self, actor: &Actor, tenant: TenantId) -> Scope {
        let scope = as_asked_by(actor, tenant);
        match self.scope.bound_user() {
            Some(user) => Scope::Bound {
                tenant,
                user,
                is_guarded: scope.is_guarded(),
            },
            None => scope,
        }
    }

    /// The tenant whose rows are meant.
    pub(crate) fn tenant(&self) -> Result<TenantId, StoreError> {
        self.scope.tenant().ok_or(StoreError::NoTenant)
    }
}

impl From<&Caller> for Scope {
    fn from(caller: &Caller) -> Self {
        caller.scope
    }
}

/// Everybody's rows, for work of our own; the text says why.
pub fn system(why: &'static str) -> Scope {
    Scope::System(why)
}

/// The rows of one tenant, for work of our own that is about it.
pub fn tenant(id: TenantId) -> Scope {
    Scope::Tenant(id)
}

/// The rows of one tenant, for somebody whom we do not trust with more.
fn guarded(id: TenantId) -> Scope {
    Scope::Guarded(id)
}

/// What people and their programs ask for goes through the portal and the API, which are wide; an issuance runs few
/// statements, all of them by key, and pays for each.
fn as_asked_by(actor: &Actor, id: TenantId) -> Scope {
    match actor {
        Actor::ApiToken(_) | Actor::User(_) => guarded(id),
        Actor::Account(_)
        | Actor::CertificateKey
        | Actor::CommandLine
        | Actor::System
        | Actor::Visitor => tenant(id),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(caller: &Caller, is_guarded: bool) {
        let of = TenantId::from_bytes([1; 16]);
        let expected = if is_guarded {
            Scope::Guarded(of)
        } else {
            Scope::Tenant(of)
        };
        assert_eq!(Scope::from(&caller.within(of)), expected);
    }

    #[test]
    fn s31_people_and_their_programs_are_guarded_in_whatever_tenant() {
        let of = TenantId::from_bytes([2; 16]);
        let user = UserId::from_bytes([3; 16]);
        let person = Caller::user(Client::default(), user, of);
        assert_eq!(Scope::from(&person), Scope::Guarded(of));
        check(&person, true);
        let token = ApiTokenId::from_bytes([3; 16]);
        let program = Caller::api_token(Client::default(), token, of);
        assert_eq!(Scope::from(&program), Scope::Guarded(of));
        check(&program, true);
        let visitor = Caller::visitor(Client::default());
        check(&visitor.known_as(Actor::User(user)), true);
        let late = visitor.within(of).known_as(Actor::User(user));
        assert_eq!(Scope::from(&late), Scope::Guarded(of));
        let acting = person.acting_as(TenantId::from_bytes([4; 16]));
        let there = Scope::Guarded(TenantId::from_bytes([4; 16]));
        assert_eq!(Scope::from(&acting), there);
        check(&acting, true);
        check(&visitor, false);
        check(&Caller::command_line(), false);
        check(&Caller::job(None, of), false);
        let account = AccountId::from_bytes([3; 16]);
        check(&Caller::account(Client::default(), account, of), false);
    }
}
