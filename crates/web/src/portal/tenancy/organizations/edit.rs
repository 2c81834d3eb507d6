//! Adding an organization, and saying anew what its certificates shall say.

use askama::Template;
use axum::extract::State;
use flow::tenancy::organization::Organization;
use flow::tenancy::organization::change_organization::{
    ChangeOrganizationError, Details, add_organization, change_organization,
};
use flow::tenancy::organization::list_organizations::OrganizationDetail;
use pki::Subject;
use tenancy::organization::{Contact, ContactRole, Contacts, MAX_CONTACTS};
use tenancy::role::Permission;
use tenancy::role::binding::OfWholeTenant;
use tenancy::user::{DisplayName, Email};

use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{ManageOrganizations, Permitted};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, done, page, refused_form};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;
use crate::portal::tenancy::fields::{self, SubjectInput, Typed, text};

/// `GET /organizations/new`.
pub(super) async fn new_form(who: Permitted<ManageOrganizations>) -> Answer {
    who.must_have_whole()?;
    page(&new_page(&who, &Typed::new(), Problems::none()))
}

/// `POST /organizations/new`.
pub(super) async fn add(
    State(portal): State<Portal>,
    who: Permitted<ManageOrganizations>,
    Form(typed): Form<Typed>,
) -> Answer {
    let details = match read(&typed, &Contacts::default()) {
        Ok(details) => details,
        Err(problems) => return refused_form(&new_page(&who, &typed, problems)),
    };
    match add_organization(&portal.app, &who.caller, details).await {
        Ok(added) => Ok(done(
            &links::organization(added.id),
            "The organization was added. Ask for the pre-validation that you need next.",
        )),
        Err(error) => refused_form(&new_page(&who, &typed, told(error)?)),
    }
}

/// `GET /organizations/{id}/edit`.
pub(super) async fn form(
    Allowed { who, object: found }: Allowed<ManageOrganizations, OrganizationDetail>,
) -> Answer {
    if !who.may_for(Permission::ManageOrganizations, found.organization.id) {
        return Err(OfWholeTenant.into());
    }
    page(&stored_page(&who, &found.organization, Problems::none()))
}

/// `POST /organizations/{id}/edit`.
pub(super) async fn edit(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ManageOrganizations, OrganizationDetail>,
    Form(typed): Form<Typed>,
) -> Answer {
    let id = found.organization.id;
    let again = |problems| EditOrganizationPage {
        fields: fields::inputs_typed(&typed),
        contacts: contacts_typed(&typed),
        ..stored_page(&who, &found.organization, problems)
    };
    let details = match read(&typed, &found.organization.contacts) {
        Ok(details) => details,
        Err(problems) => return refused_form(&again(problems)),
    };
    match change_organization(&portal.app, &who.caller, id, details).await {
        Ok(_) => Ok(done(
            &links::organization(id),
            "The organization was saved. Certificates say what was checked until the change is checked too.",
        )),
        Err(error) => refused_form(&again(told(error)?)),
    }
}

/// What can be told at the form.
fn told(error: ChangeOrganizationError) -> Result<Problems, Refusal> {
    match error {
        ChangeOrganizationError::Subject(error) => Ok(fields::problem(&error)),
        error @ ChangeOrganizationError::Full => Ok(Problems::one("legal_name", &sentence(&error))),
        error @ (ChangeOrganizationError::Bound(_)
        | ChangeOrganizationError::NotFound
        | ChangeOrganizationError::Store(_)) => Err(error.into()),
    }
}

/// Reads the form. A role has one contact in it; what the organization has beyond that stays.
fn read(typed: &Typed, before: &Contacts) -> Result<Details, Problems> {
    let fields = fields::read(typed);
    let mut wrong = match Subject::new(fields.clone()) {
        Ok(_) => Problems::none(),
        Err(error) => fields::problem(&error),
    };
    let mut contacts = Vec::new();
    for role in ContactRole::ALL {
        match contact(typed, *role) {
            Ok(contact) => contacts.extend(contact),
            Err(problems) => wrong = wrong.with(problems),
        }
        let others = before.iter().filter(|other| other.role == *role).skip(1);
        contacts.extend(others.cloned());
    }
    contacts.truncate(MAX_CONTACTS);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let contacts = Contacts::new(contacts);
    let contacts = contacts.map_err(|error| Problems::one("confirms_name", &sentence(&error)))?;
    Ok(Details { fields, contacts })
}

fn contact(typed: &Typed, role: ContactRole) -> Result<Option<Contact>, Problems> {
    let (name_at, email_at) = (format!("{role}_name"), format!("{role}_email"));
    let (name, email) = (text(typed, &name_at), text(typed, &email_at));
    if name.is_empty() && email.is_empty() {
        return Ok(None);
    }
    let mut wrong = Problems::none();
    let name = DisplayName::parse(name);
    if let Err(error) = &name {
        wrong = wrong.and(&name_at, &sentence(error));
    }
    let email = Email::parse(email);
    if let Err(error) = &email {
        wrong = wrong.and(&email_at, &sentence(error));
    }
    match (name, email) {
        (Ok(name), Ok(email)) => Ok(Some(Contact { role, name, email })),
        _ => Err(wrong),
    }
}

fn contacts_typed(typed: &Typed) -> Vec<ContactInput> {
    let input = |role: &ContactRole| ContactInput {
        name: text(typed, &format!("{role}_name")).to_owned(),
        email: text(typed, &format!("{role}_email")).to_owned(),
        ..contact_input(*role)
    };
    ContactRole::ALL.iter().map(input).collect()
}

fn contacts_stored(contacts: &Contacts) -> Vec<ContactInput> {
    let input = |role: &ContactRole| {
        let known = contacts.who(*role);
        ContactInput {
            name: known.map_or("", |who| who.name.as_str()).to_owned(),
            email: known.map_or("", |who| who.email.as_str()).to_owned(),
            ..contact_input(*role)
        }
    };
    ContactRole::ALL.iter().map(input).collect()
}

fn contact_input(role: ContactRole) -> ContactInput {
    ContactInput {
        label: role_label(role),
        name_at: format!("{role}_name"),
        email_at: format!("{role}_email"),
        help: match role {
            ContactRole::Approver => "EV and QWAC. Approves each request.",
            ContactRole::Confirms => "OV. Is called back and confirms that the organization asks.",
            ContactRole::Signer => "EV and QWAC. Signs the contract.",
        },
        name: String::new(),
        email: String::new(),
    }
}

/// What a role of contacts is called.
pub(crate) fn role_label(role: ContactRole) -> &'static str {
    match role {
        ContactRole::Approver => "Approver",
        ContactRole::Confirms => "Confirms",
        ContactRole::Signer => "Signer",
    }
}

fn new_page(
    who: &Permitted<ManageOrganizations>,
    typed: &Typed,
    problems: Problems,
) -> EditOrganizationPage {
    EditOrganizationPage {
        shell: who.shell(Nav::Organizations, "New organization"),
        back: ("Organizations".to_owned(), "/organizations".to_owned()),
        action_href: "/organizations/new".to_owned(),
        action: "Add organization",
        fields: fields::inputs_typed(typed),
        contacts: contacts_typed(typed),
        problems,
    }
}

/// The form with what is stored.
pub(super) fn stored_page(
    who: &Permitted<ManageOrganizations>,
    organization: &Organization,
    problems: Problems,
) -> EditOrganizationPage {
    let href = links::organization(organization.id);
    let name = organization.fields.legal_name.clone();
    EditOrganizationPage {
        shell: who.shell(Nav::Organizations, "Edit organization"),
        action_href: format!("{href}/edit"),
        back: (name, href),
        action: "Save",
        fields: fields::inputs(&organization.fields),
        contacts: contacts_stored(&organization.contacts),
        problems,
    }
}

/// Somebody whom reviewers ask, in the form.
#[derive(Clone, Debug)]
pub struct ContactInput {
    /// What they do.
    pub label: &'static str,
    /// Which types ask for them.
    pub help: &'static str,
    /// Name and id of the field of their name.
    pub name_at: String,
    /// What they are called.
    pub name: String,
    /// Name and id of the field of their address.
    pub email_at: String,
    /// Where they get mail.
    pub email: String,
}

/// `GET /organizations/new`, `GET /organizations/{id}/edit`, and their failures.
///
/// Fields: those of `pki::SubjectField` by their names, and for `approver`, `confirms`, `signer` a `_name` and an `_email`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/tenancy/organizations/edit.html")]
pub struct EditOrganizationPage {
    /// The frame.
    pub shell: Shell,
    /// Where it leads back to: name and path.
    pub back: (String, String),
    /// Where it is sent to.
    pub action_href: String,
    /// What sending it does.
    pub action: &'static str,
    /// What certificates shall say.
    pub fields: Vec<SubjectInput>,
    /// Whom reviewers ask.
    pub contacts: Vec<ContactInput>,
    /// What is wrong, at the fields.
    pub problems: Problems,
}
