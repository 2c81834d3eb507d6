//! Looking after a customer, inviting its administrator, suspending it.

use axum::extract::State;
use flow::access::link::Sender;
use flow::access::session::visit::{VisitError, visit_below};
use flow::access::team::invite_user::{Giver, Invite, invite_user};
use flow::tenancy::suspend_tenant::Suspension;
use serde::Deserialize;
use tenancy::role::binding::Binding;
use tenancy::role::{Role, Roles};
use tenancy::session::set_cookie;
use tenancy::user::Email;

use super::{CustomerNamed, show};
use crate::portal::access::team::invite::{invited_page, name_of};
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::{Form, Nothing};
use crate::portal::gate::permitted::{ManageTenants, ViewTenants};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{
    Answer, add_cookie, done, not_done, page, refused_form, secret_page,
};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::refused::{Refusal, problems};
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;
use crate::portal::tenancy::stopping::{Stopping, suspend_or_lift, suspend_page};

type Managed = Allowed<ManageTenants, CustomerNamed>;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct AdministratorForm {
    email: String,
}

/// `POST /customers/{id}/visit`.
pub(super) async fn visit(
    State(portal): State<Portal>,
    Allowed { who, object }: Allowed<ViewTenants, CustomerNamed>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let of = object.0.tenant.id;
    match visit_below(&portal.app, &who.caller, &who.signed_in, of).await {
        Ok(signed_in) => {
            let name = object.0.tenant.name.as_str();
            let mut answer = done("/", &format!("You look after {name} now."));
            add_cookie(&mut answer, &set_cookie(&signed_in.token));
            Ok(answer)
        }
        Err(VisitError::Ended) => Err(Refusal::SignIn {
            next: "/".to_owned(),
            has_ended: true,
        }),
        Err(error @ VisitError::SecondFactor) => {
            Ok(not_done(&links::customer(of), &sentence(&error)))
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /customers/{id}/invite`.
pub(super) async fn invite(
    State(portal): State<Portal>,
    Allowed { who, object }: Managed,
    Form(typed): Form<AdministratorForm>,
) -> Answer {
    let tenant = &object.0.tenant;
    let invite = match read(&typed.email) {
        Ok(invite) => invite,
        Err(wrong) => {
            let view = show::view(&portal, &who, &object.0, (&typed.email, wrong)).await?;
            return refused_form(&view);
        }
    };
    let giver = Giver {
        level: tenant.kind,
        roles: who.signed_in.roles.clone(),
    };
    let sender = Sender {
        portal: portal.origin.to_string(),
        organization: tenant.name.as_str().to_owned(),
        name: who.signed_in.user.display_name.as_str().to_owned(),
    };
    let there = who.caller.within(tenant.id);
    let made = match invite_user(&portal.app, &there, (&giver, &sender), invite).await {
        Ok(made) => made,
        Err(error) => {
            let wrong = problems(error)?;
            let view = show::view(&portal, &who, &object.0, (&typed.email, wrong)).await?;
            return refused_form(&view);
        }
    };
    let href = links::customer(tenant.id);
    if made.is_mailed {
        return Ok(done(&href, &format!("A link was sent to {}.", typed.email)));
    }
    let shell = who.shell(Nav::Customers, "Invitation");
    let back = (tenant.name.as_str().to_owned(), href);
    let link = sender.url(&made.token);
    secret_page(&invited_page(&portal, (shell, back), &made, link))
}

fn read(email: &str) -> Result<Invite, Problems> {
    let wrong = |message: String| Problems::one("email", &message);
    let email = Email::parse(email).map_err(|error| wrong(sentence(&error)))?;
    Ok(Invite {
        display_name: name_of(&email).map_err(|error| wrong(sentence(&error)))?,
        email,
        roles: Roles::one(Role::Admin),
        binding: Binding::default(),
    })
}

/// `GET /customers/{id}/suspend`.
pub(super) async fn suspend_form(Allowed { who, object }: Managed) -> Answer {
    let found = &object.0;
    let title = format!("Suspend {}", found.tenant.name.as_str());
    let stopping = Stopping::of(found, links::customer(found.tenant.id));
    page(&suspend_page(who.shell(Nav::Customers, &title), &stopping))
}

/// `POST /customers/{id}/suspend`.
pub(super) async fn suspend(
    State(portal): State<Portal>,
    Allowed { who, object }: Managed,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let href = links::customer(object.0.tenant.id);
    suspend_or_lift(&portal, &who.caller, (&object.0, &href), Suspension::Put).await
}

/// `POST /customers/{id}/resume`.
pub(super) async fn resume(
    State(portal): State<Portal>,
    Allowed { who, object }: Managed,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let href = links::customer(object.0.tenant.id);
    suspend_or_lift(&portal, &who.caller, (&object.0, &href), Suspension::Lift).await
}
