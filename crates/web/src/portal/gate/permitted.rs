//! Who asks, and whether they may: the first argument of every handler. A route that is open to
//! everybody says [`Public`] in its signature.

use std::marker::PhantomData;
use std::net::{IpAddr, Ipv4Addr};

use axum::extract::{FromRequestParts, MatchedPath};
use axum::http::Method;
use axum::http::request::Parts;
use axum::response::Response;
use base::OrganizationId;
use flow::Caller;
use flow::access::session::act_as::{StopActingError, Stopped, stop_acting};
use flow::access::session::look::look_while_acting;
use flow::access::{SignedIn, session};
use flow::caller::Client;
use flow::operations::rates::{count_portal_write, count_unsigned};
use tenancy::role::Permission;
use tenancy::role::binding::{Binding, OfWholeTenant, Part};
use tenancy::session::{COOKIE_NAME, csrf_token};
use tenancy::token::Token;

use crate::portal::page::cookie;
use crate::portal::page::face::Face;
use crate::portal::page::frame::add_cookie;
use crate::portal::page::menu::{MenuSection, Nav, menu};
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::{ActingBand, Flash, Shell, Theme};
use crate::portal::route::{Grant, MayCall};
use crate::portal::state::Portal;

/// The longest path of a page of ours, in octets.
const LONGEST_PAGE: usize = 120;

/// Anybody, before or without signing in; the handler takes [`Public`].
pub(crate) struct Open;

impl Grant for Open {
    const MAY_CALL: MayCall = MayCall::Everybody;
}

macro_rules! grants {
    ($($(#[$meta:meta])* $name:ident => $permission:expr;)*) => {$(
        $(#[$meta])*
        pub(crate) struct $name;

        impl Grant for $name {
            const MAY_CALL: MayCall = $permission;
        }
    )*};
}

grants! {
    /// One's own name, password, sessions.
    Own => MayCall::SignedIn;
    /// The ways out: signing out, and acting as a tenant no more.
    Leaving => MayCall::Leaving;
    /// What comes before the second factor that somebody must have: setting it up.
    SettingUp => MayCall::SettingUp;
    ActAs => MayCall::Holder(Permission::ActAs);
    DecidePreValidations => MayCall::Holder(Permission::DecidePreValidations);
    ManageAccounts => MayCall::Holder(Permission::ManageAccounts);
    ManageBrand => MayCall::Holder(Permission::ManageBrand);
    ManageOffers => MayCall::Holder(Permission::ManageOffers);
    ManageDomains => MayCall::Holder(Permission::ManageDomains);
    ManageOrganizations => MayCall::Holder(Permission::ManageOrganizations);
    ManageResellers => MayCall::Holder(Permission::ManageResellers);
    ManageTenants => MayCall::Holder(Permission::ManageTenants);
    ManageUsers => MayCall::Holder(Permission::ManageUsers);
    RevealSecrets => MayCall::Holder(Permission::RevealSecrets);
    RevokeCertificates => MayCall::Holder(Permission::RevokeCertificates);
    RotateCredentials => MayCall::Holder(Permission::RotateCredentials);
    UnlockUsers => MayCall::Holder(Permission::UnlockUsers);
    ViewAccounts => MayCall::Holder(Permission::ViewAccounts);
    ViewActivity => MayCall::Holder(Permission::ViewActivity);
    ViewAuthorities => MayCall::Holder(Permission::ViewAuthorities);
    ViewCertificates => MayCall::Holder(Permission::ViewCertificates);
    ViewDomains => MayCall::Holder(Permission::ViewDomains);
    ViewOffers => MayCall::Holder(Permission::ViewOffers);
    ViewOrganizations => MayCall::Holder(Permission::ViewOrganizations);
    ViewResellers => MayCall::Holder(Permission::ViewResellers);
    ViewTenants => MayCall::Holder(Permission::ViewTenants);
    ViewUsers => MayCall::Holder(Permission::ViewUsers);
}

/// A signed-in person who may use the route.
pub(crate) struct Permitted<P> {
    pub(crate) signed_in: SignedIn,
    pub(crate) caller: Caller,
    face: Face,
    flash: Option<Flash>,
    has_shortcuts: bool,
    menu: Vec<MenuSection>,
    path: String,
    grant: PhantomData<P>,
}

impl<P> Permitted<P> {
    /// Where the person is.
    pub(crate) fn address(&self) -> IpAddr {
        address(&self.caller.client)
    }

    /// Whether a page may offer something.
    pub(crate) fn may(&self, permission: Permission) -> bool {
        self.signed_in.may(permission)
    }

    /// Whether a page may offer something that is about the whole tenant.
    pub(crate) fn may_for_whole(&self, permission: Permission) -> bool {
        self.may(permission) && self.signed_in.binding.is_whole()
    }

    /// Whether a page may offer something that is about all of an organization.
    pub(crate) fn may_for(&self, permission: Permission, organization: OrganizationId) -> bool {
        let whole = Some(Part::whole(organization));
        self.may(permission) && self.signed_in.binding.covers(whole)
    }

    /// Who asks, and of which parts of the tenant they are.
    pub(crate) fn bounds(&self) -> (&Caller, &Binding) {
        (&self.caller, &self.signed_in.binding)
    }

    /// Says no to who has some of the tenant only.
    pub(crate) fn must_have_whole(&self) -> Result<(), Refusal> {
        if self.signed_in.binding.is_whole() {
            return Ok(());
        }
        Err(OfWholeTenant.into())
    }

    /// What the portal is called here.
    pub(crate) fn brand(&self) -> &str {
        &self.face.name
    }

    /// Where this person's browser reaches the portal.
    pub(crate) fn origin<'a>(&'a self, portal: &'a Portal) -> &'a str {
        let place = self.caller.client.place.as_ref();
        place.map_or(&*portal.origin, |place| &place.origin)
    }

    /// The frame of a page.
    pub(crate) fn shell(&self, nav: Nav, title: &str) -> Shell {
        Shell {
            acting: ActingBand::of(&self.signed_in),
            brand: self.face.name.clone(),
            contact: self.face.contact.clone(),
            csrf: csrf_token(&self.signed_in.token),
            email: self.signed_in.user.email.as_str().to_owned(),
            flashes: self.flash.iter().cloned().collect(),
            has_shortcuts: self.has_shortcuts,
            menu: self.menu.clone(),
            nav,
            path: self.path.clone(),
            tenant: self.signed_in.tenant.name.as_str().to_owned(),
            theme: Theme::from_text(self.signed_in.user.theme.as_str()),
            title: title.to_owned(),
        }
    }
}

impl<P: Grant> FromRequestParts<Portal> for Permitted<P> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Refusal> {
        let token = cookie::read(&parts.headers, COOKIE_NAME).unwrap_or_default();
        let found = session::look_up(&portal.app, &client(parts), token).await?;
        let Some(signed_in) = found else {
            count_unsigned(&portal.app, &client(parts))?;
            return Err(Refusal::SignIn {
                next: path(parts),
                has_ended: !token.is_empty(),
            });
        };
        let signed_in = within_time(portal, parts, signed_in).await?;
        let is_set_up = !signed_in.lacks_second_factor(&portal.app);
        admit(&signed_in, is_set_up, P::MAY_CALL)?;
        let caller = signed_in.caller(client(parts));
        if !matches!(parts.method, Method::GET | Method::HEAD) {
            count_portal_write(&portal.app, &caller)?;
        }
        // Forms answer with pages too.
        if !matches!(P::MAY_CALL, MayCall::Leaving) {
            look_while_acting(&portal.app, &caller, &signed_in, page_of(parts)).await?;
        }
        Ok(Self {
            caller,
            menu: if is_set_up {
                menu_of(&signed_in, portal)
            } else {
                Vec::new()
            },
            signed_in,
            face: face(parts),
            flash: cookie::flash(&parts.headers),
            has_shortcuts: cookie::has_shortcuts(&parts.headers),
            path: path(parts),
            grant: PhantomData,
        })
    }
}

/// How a page is called: by its path, unless that is longer or odder than one of ours, which then leads nowhere.
fn page_of(parts: &Parts) -> &str {
    let path = parts.uri.path();
    let is_plain = |letter: u8| letter.is_ascii_alphanumeric() || b"/-_.".contains(&letter);
    if path.len() <= LONGEST_PAGE && path.bytes().all(is_plain) {
        return path;
    }
    let pattern = parts.extensions.get::<MatchedPath>();
    pattern.map_or("/", MatchedPath::as_str)
}

/// Acting as a tenant is over in time: then this request leads away from it, whatever it asked for.
async fn within_time(
    portal: &Portal,
    parts: &Parts,
    signed_in: SignedIn,
) -> Result<SignedIn, Refusal> {
    let now = portal.app.now();
    let acting = signed_in.session.acting.as_ref();
    if !acting.is_some_and(|acting| acting.is_over(now)) {
        return Ok(signed_in);
    }
    let caller = signed_in.caller(client(parts));
    let tenant = signed_in.tenant.name.as_str().to_owned();
    let token = match stop_acting(&portal.app, &caller, &signed_in, Stopped::Time).await {
        Ok(stopped) => Some(Box::new(stopped.token)),
        // Another request of this browser was first, and has the new token.
        Err(StopActingError::Ended) => None,
        Err(error @ StopActingError::Store(_)) => return Err(error.into()),
    };
    Err(Refusal::ActingOver { tenant, token })
}

/// Whether somebody may call a route.
fn admit(signed_in: &SignedIn, is_set_up: bool, asked: MayCall) -> Result<(), Refusal> {
    let is_elsewhere = signed_in.is_elsewhere();
    let may = match asked {
        MayCall::Leaving => return Ok(()),
        MayCall::SettingUp => !is_elsewhere,
        _ if !is_set_up => return Err(Refusal::SecondFactor),
        MayCall::Everybody => true,
        // As if it were not there.
        MayCall::Holder(permission)
            if permission.is_about_products() && !signed_in.meets_products =>
        {
            return Err(Refusal::NotFound);
        }
        MayCall::Holder(permission) => signed_in.may(permission),
        // What is their own is not what they came for.
        MayCall::SignedIn => !is_elsewhere,
    };
    if may { Ok(()) } else { Err(Refusal::Forbidden) }
}

/// The entries whose pages a person may open.
fn menu_of(signed_in: &SignedIn, portal: &Portal) -> Vec<MenuSection> {
    menu(signed_in.tenant.kind, |path| {
        match portal.routes.may_open(path) {
            Some(asked) => admit(signed_in, true, asked).is_ok(),
            None => false,
        }
    })
}

/// Anybody, before or without signing in.
pub(crate) struct Public {
    pub(crate) caller: Caller,
    face: Face,
    pub(crate) theme: Theme,
    /// From the visitor's cookie, or fresh when they have none.
    pub(crate) token: Token,
    has_token: bool,
    /// A sign-in whose second factor is still to come, and where it leads.
    pub(crate) step: Option<(String, String)>,
    /// What the session's cookie holds, which may have ended.
    pub(crate) session: Option<Token>,
}

impl Public {
    pub(crate) fn address(&self) -> IpAddr {
        address(&self.caller.client)
    }

    /// The frame of a page without a session.
    pub(crate) fn shell(&self, title: &str) -> Shell {
        let csrf = csrf_token(&self.token);
        Shell {
            contact: self.face.contact.clone(),
            ..Shell::signed_out(&self.face.name, title, &csrf, self.theme)
        }
    }

    /// The answer with a form, and the cookie without which the form is refused.
    pub(crate) fn remembered(&self, mut answer: Response) -> Response {
        if !self.has_token {
            add_cookie(&mut answer, &cookie::set_visitor(&self.token));
        }
        answer
    }
}

impl FromRequestParts<Portal> for Public {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Refusal> {
        let token = cookie::visitor(&parts.headers);
        let client = client(parts);
        if !is_file(parts) {
            count_unsigned(&portal.app, &client)?;
        }
        Ok(Self {
            caller: Caller::visitor(client),
            face: face(parts),
            theme: cookie::theme(&parts.headers),
            has_token: token.is_some(),
            step: cookie::step(&parts.headers),
            session: cookie::read(&parts.headers, COOKIE_NAME).and_then(Token::parse),
            token: token.unwrap_or_else(|| Token::generate(portal.app.random())),
        })
    }
}

/// The client as the outermost layer saw it, so that one request has one number.
fn client(parts: &Parts) -> Client {
    let known = parts.extensions.get::<Client>().cloned();
    known.unwrap_or_default()
}

/// Whom the portal shows where the request came, as the outermost layer saw it.
fn face(parts: &Parts) -> Face {
    let known = parts.extensions.get::<Face>().cloned();
    known.unwrap_or_else(Face::neutral)
}

/// What attempts are counted under; a request without an address shares one with its like.
fn address(client: &Client) -> IpAddr {
    let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    client.address.unwrap_or(unknown)
}

/// A page needs several files, which cost nothing.
fn is_file(parts: &Parts) -> bool {
    parts.uri.path().starts_with("/assets/")
}

/// Where to come back to: this page, or the dashboard after a form.
fn path(parts: &Parts) -> String {
    if parts.method != Method::GET {
        return "/".to_owned();
    }
    let path = parts.uri.path_and_query();
    path.map_or("/", http::uri::PathAndQuery::as_str).to_owned()
}
