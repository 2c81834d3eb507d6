//! Suspending a reseller, putting it on hold, saying what it may buy, and unlocking its people.

use std::collections::BTreeMap;

use axum::extract::State;
use flow::access::unlock_user::unlock_user;
use flow::tenancy::entitle_tenant::{EntitleError, entitle_tenant};
use flow::tenancy::hold_tenant::{Hold, HoldError, hold_tenant};
use flow::tenancy::list_below::{TenantBelow, people_of};
use flow::tenancy::suspend_tenant::Suspension;
use serde::Deserialize;
use tenancy::tenant::entitlement::Entitlement;

use super::ResellerNamed;
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::{Form, Nothing};
use crate::portal::gate::permitted::{ManageResellers, Permitted, UnlockUsers};
use crate::portal::page::confirm::{ConfirmPage, Extras};
use crate::portal::page::frame::{Answer, done, not_done, page};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;
use crate::portal::tenancy::stopping::{Stopping, suspend_or_lift, suspend_page};

/// What the field of a product begins with; its code follows.
pub(super) const PRODUCT: &str = "product-";

type Managed = Allowed<ManageResellers, ResellerNamed>;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct UnlockForm {
    person: String,
}

/// `GET /resellers/{id}/suspend`.
pub(super) async fn suspend_form(Allowed { who, object }: Managed) -> Answer {
    let title = format!("Suspend {}", object.0.tenant.name.as_str());
    let shell = who.shell(Nav::Resellers, &title);
    page(&suspend_page(shell, &stopping(&object.0)))
}

/// `POST /resellers/{id}/suspend`.
pub(super) async fn suspend(
    State(portal): State<Portal>,
    Allowed { who, object }: Managed,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let href = links::reseller(object.0.tenant.id);
    suspend_or_lift(&portal, &who.caller, (&object.0, &href), Suspension::Put).await
}

/// `POST /resellers/{id}/resume`.
pub(super) async fn resume(
    State(portal): State<Portal>,
    Allowed { who, object }: Managed,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let href = links::reseller(object.0.tenant.id);
    suspend_or_lift(&portal, &who.caller, (&object.0, &href), Suspension::Lift).await
}

/// `GET /resellers/{id}/hold`.
pub(super) async fn hold_form(Allowed { who, object }: Managed) -> Answer {
    let title = format!("Put {} on hold", object.0.tenant.name.as_str());
    let shell = who.shell(Nav::Resellers, &title);
    page(&hold_page(shell, &stopping(&object.0)))
}

/// `POST /resellers/{id}/hold`.
pub(super) async fn hold(
    State(portal): State<Portal>,
    Allowed { who, object }: Managed,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    held(&portal, &who, &object.0, Hold::Put).await
}

/// `POST /resellers/{id}/release`.
pub(super) async fn release(
    State(portal): State<Portal>,
    Allowed { who, object }: Managed,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    held(&portal, &who, &object.0, Hold::Lift).await
}

/// `POST /resellers/{id}/products`.
pub(super) async fn entitle(
    State(portal): State<Portal>,
    Allowed { who, object }: Managed,
    Form(typed): Form<BTreeMap<String, String>>,
) -> Answer {
    let of = object.0.tenant.id;
    let codes = typed.keys().filter_map(|name| name.strip_prefix(PRODUCT));
    let entitlement = if typed.contains_key("all") {
        Entitlement::All
    } else {
        codes.collect()
    };
    match entitle_tenant(&portal.app, &who.caller.within(of), entitlement).await {
        Ok(()) => Ok(done(&links::reseller(of), "What it may buy was saved.")),
        // No page has such a field.
        Err(EntitleError::NoProduct(_)) => Err(Refusal::NotFound),
        Err(error) => Err(error.into()),
    }
}

/// `POST /resellers/{id}/unlock`.
pub(super) async fn unlock(
    State(portal): State<Portal>,
    Allowed { who, object }: Allowed<UnlockUsers, ResellerNamed>,
    Form(typed): Form<UnlockForm>,
) -> Answer {
    let of = object.0.tenant.id;
    let caller = who.caller.within(of);
    let people = people_of(&portal.app, &caller).await?;
    let mut people = people.into_iter().map(|person| person.user);
    let user = people.find(|user| user.id.suffix() == typed.person);
    let user = user.ok_or(Refusal::NotFound)?;
    let name = user.display_name.as_str().to_owned();
    let was_locked = unlock_user(&portal.app, &caller, user.email).await?;
    Ok(done(
        &links::reseller(of),
        &if was_locked {
            format!("What was counted against {name} is forgotten.")
        } else {
            format!("Nothing was counted against {name}.")
        },
    ))
}

fn stopping(found: &TenantBelow) -> Stopping {
    Stopping::of(found, links::reseller(found.tenant.id))
}

async fn held(
    portal: &Portal,
    who: &Permitted<ManageResellers>,
    found: &TenantBelow,
    to: Hold,
) -> Answer {
    let (id, href) = (found.tenant.id, links::reseller(found.tenant.id));
    match hold_tenant(&portal.app, &who.caller.within(id), to).await {
        Ok(()) => Ok(done(
            &href,
            match to {
                Hold::Put => "It is on hold: it orders nothing new.",
                Hold::Lift => "It may order again.",
            },
        )),
        Err(error @ (HoldError::Already(_) | HoldError::NotHeld(_))) => {
            Ok(not_done(&href, &sentence(&error)))
        }
        Err(error @ (HoldError::NotFound(_) | HoldError::Store(_))) => Err(error.into()),
    }
}

/// The question before a reseller is put on hold.
pub fn hold_page(shell: Shell, found: &Stopping) -> ConfirmPage {
    let Stopping { name, href, .. } = found;
    ConfirmPage {
        shell,
        back: (name.clone(), href.clone()),
        lead: format!("{name} orders nothing new, until you end the hold."),
        consequences: vec![
            "Its people can sign in and see everything.".to_owned(),
            "New orders of its ACME accounts are refused, and of those of its customers."
                .to_owned(),
            "Certificates that were issued stay valid.".to_owned(),
        ],
        names: Vec::new(),
        names_title: String::new(),
        typed: None,
        extras: Extras::default(),
        action_href: format!("{href}/hold"),
        action: "Put on hold".to_owned(),
        is_dangerous: true,
    }
}
