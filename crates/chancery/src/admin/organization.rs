//! `chancery admin organization`: legal entities that certificates name.

use anyhow::{Context, bail};
use base::{OrganizationId, Placed as _, Slice};
use flow::tenancy::organization::change_organization::{
    Details, add_organization, change_organization,
};
use flow::tenancy::organization::departments::{add_department, remove_department};
use flow::tenancy::organization::list_organizations::{
    OrganizationDetail, list_organizations, show_organization,
};
use flow::tenancy::organization::{Organization, OrganizationFilter, OrganizationQuery};
use flow::tenancy::pre_validation::OrganizationCheck;
use flow::{App, Caller};
use pki::{SubjectField, SubjectFields};
use serde_json::{Value, json};
use store::tenancy::organization;
use tenancy::organization::{Contact, ContactRole, Contacts, DepartmentName};
use tenancy::user::{DisplayName, Email};

use super::named::for_tenant;
use super::{PAGE, say};
use crate::cli::organization::{
    AddOrganizationArgs, ChangeOrganizationArgs, DetailsArgs, OrganizationCommand,
};

const ADVICE: &str = "chancery admin organization list shows those that there are";

pub(super) async fn organization(app: &App, command: OrganizationCommand) -> anyhow::Result<()> {
    match command {
        OrganizationCommand::Add(args) => add(app, args).await,
        OrganizationCommand::AddDepartment { organization, name } => {
            let (id, caller) = find(app, &organization).await?;
            let added = add_department(app, &caller, id, DepartmentName::parse(&name)?).await?;
            say(&added.id.to_string());
            Ok(())
        }
        OrganizationCommand::Change(args) => change(app, args).await,
        OrganizationCommand::List { reseller, json } => list(app, &reseller, json).await,
        OrganizationCommand::RemoveDepartment { organization, name } => {
            leave(app, &organization, &name).await
        }
        OrganizationCommand::Show { organization, json } => show(app, &organization, json).await,
    }
}

async fn add(app: &App, args: AddOrganizationArgs) -> anyhow::Result<()> {
    let caller = for_tenant(app, &args.reseller).await?;
    let details = details(&args.details, SubjectFields::default(), Contacts::default())?;
    let added = add_organization(app, &caller, details).await?;
    if args.json {
        say(&json_of(&added).to_string());
    } else {
        say(&added.id.to_string());
    }
    Ok(())
}

async fn change(app: &App, args: ChangeOrganizationArgs) -> anyhow::Result<()> {
    let (id, caller) = find(app, &args.organization).await?;
    let found = detail(app, &caller, id).await?.organization;
    let details = details(&args.details, found.fields, found.contacts)?;
    let changed = change_organization(app, &caller, id, details).await?;
    say_fields(&changed.fields);
    Ok(())
}

async fn leave(app: &App, organization: &str, name: &str) -> anyhow::Result<()> {
    let (id, caller) = find(app, organization).await?;
    let found = detail(app, &caller, id).await?;
    let mut departments = found.departments.iter();
    let department = departments.find(|department| department.name.as_str() == name);
    let department = department.with_context(|| format!("it has no department \"{name}\""))?;
    remove_department(app, &caller, department.id).await?;
    say("removed");
    Ok(())
}

/// What is said, over what was said before.
fn details(
    args: &DetailsArgs,
    fields: SubjectFields,
    contacts: Contacts,
) -> anyhow::Result<Details> {
    let mut given = Vec::new();
    for (role, who) in &args.contact {
        given.push(contact(role, who)?);
    }
    Ok(Details {
        fields: with(fields, &args.set)?,
        contacts: if given.is_empty() {
            contacts
        } else {
            Contacts::new(given)?
        },
    })
}

/// The fields with others in the place of some.
pub(super) fn with(
    mut fields: SubjectFields,
    set: &[(String, String)],
) -> anyhow::Result<SubjectFields> {
    for (name, value) in set {
        let words: Vec<_> = SubjectField::ALL.iter().map(|each| each.as_str()).collect();
        let Some(field) = SubjectField::parse(name) else {
            bail!(
                "certificates have no field \"{name}\"; choose one of {}",
                words.join(", ")
            );
        };
        fields.set(field, Some(value.clone()).filter(|value| !value.is_empty()));
    }
    Ok(fields)
}

/// `Maria Example <maria@example.com>`.
fn contact(role: &str, who: &str) -> anyhow::Result<Contact> {
    let Some(role) = ContactRole::parse(role) else {
        bail!("nobody can be \"{role}\"; choose confirms, approver or signer");
    };
    let parts = who
        .trim()
        .strip_suffix('>')
        .and_then(|who| who.split_once('<'));
    let (name, email) = parts
        .with_context(|| format!("write \"{who}\" as \"Maria Example <maria@example.com>\""))?;
    Ok(Contact {
        role,
        name: DisplayName::parse(name)?,
        email: Email::parse(email)?,
    })
}

async fn list(app: &App, reseller: &str, as_json: bool) -> anyhow::Result<()> {
    let caller = for_tenant(app, reseller).await?;
    let page = usize::try_from(PAGE)?;
    let mut asked = OrganizationQuery::first(OrganizationFilter::default(), page);
    loop {
        let found = list_organizations(app, &caller, asked.clone()).await?;
        for row in &found.rows {
            if as_json {
                say(&json_of(&row.organization).to_string());
            } else {
                say(&format!(
                    "{}  {}",
                    row.organization.id, row.organization.fields.legal_name
                ));
            }
        }
        match found.rows.last() {
            Some(last) if found.has_after => asked.slice = Slice::After(last.organization.cursor()),
            Some(_) | None => return Ok(()),
        }
    }
}

async fn show(app: &App, organization: &str, as_json: bool) -> anyhow::Result<()> {
    let (id, caller) = find(app, organization).await?;
    let found = detail(app, &caller, id).await?;
    if as_json {
        let mut shown = json_of(&found.organization);
        let departments = found.departments.iter();
        let departments: Vec<_> = departments.map(|each| each.name.as_str()).collect();
        let checks: Vec<_> = found
            .checks
            .iter()
            .map(|each| json_of_check(app, each))
            .collect();
        if let Some(shown) = shown.as_object_mut() {
            shown.insert("departments".to_owned(), departments.into());
            shown.insert("pre_validations".to_owned(), checks.into());
        }
        say(&shown.to_string());
        return Ok(());
    }
    say_fields(&found.organization.fields);
    say_contacts(&found.organization.contacts);
    for department in &found.departments {
        say(&format!("department  {}", department.name));
    }
    for check in &found.checks {
        say_check(app, check);
    }
    Ok(())
}

pub(super) fn say_fields(fields: &SubjectFields) {
    for field in SubjectField::ALL {
        if let Some(value) = fields.value(*field) {
            say(&format!("{:24} {value}", field.as_str()));
        }
    }
}

pub(super) fn say_contacts(contacts: &Contacts) {
    for contact in contacts.iter() {
        let (name, email) = (contact.name.as_str(), contact.email.as_str());
        say(&format!("{:24} {name} <{email}>", contact.role.as_str()));
    }
}

pub(super) fn say_check(app: &App, check: &OrganizationCheck) {
    let until = check.valid_until.map(|end| format!("  until {end}"));
    say(&format!(
        "{}  {:5} {:10} {}{}",
        check.id,
        check.kind.title(),
        check.state(app.now()).as_str(),
        check.anchor,
        until.unwrap_or_default()
    ));
}

pub(super) fn json_of_check(app: &App, check: &OrganizationCheck) -> Value {
    let evidence = check.evidence.iter();
    let evidence = evidence
        .map(|each| json!({ "check": each.check, "source": each.source, "seen_at": each.seen_at }));
    let evidence: Vec<_> = evidence.collect();
    json!({ "pre_validation": check.id, "organization": check.organization, "tenant": check.tenant,
        "type": check.kind, "anchor": check.anchor.as_str(), "state": check.state(app.now()),
        "fields": check.fields, "evidence": evidence, "requested_at": check.requested_at,
        "requested_by": check.requested_by.to_string(), "reviewed_by": check.reviewed_by,
        "decided_by": check.decided_by, "decided_at": check.decided_at, "valid_until": check.valid_until,
        "reason": check.refusal })
}

fn json_of(organization: &Organization) -> Value {
    let contacts = organization.contacts.iter().map(|contact| {
        json!({ "role": contact.role, "name": contact.name.as_str(), "email": contact.email.as_str() })
    });
    let contacts: Vec<_> = contacts.collect();
    json!({ "organization": organization.id, "tenant": organization.tenant,
        "fields": organization.fields, "contacts": contacts, "since": organization.id.made_at() })
}

/// Which one an operator names, and whoever acts for its tenant.
pub(super) async fn find(app: &App, text: &str) -> anyhow::Result<(OrganizationId, Caller)> {
    let id = OrganizationId::from_suffix(text).or_else(|_| text.parse());
    let Ok(id) = id else {
        bail!("\"{text}\" is no identifier of an organization; {ADVICE}");
    };
    let all = app.store(flow::caller::system(
        "an operator names an organization at the command line",
    ));
    let of = all.read(id, organization::tenant_of).await?;
    let of = of.with_context(|| format!("there is no organization {text}; {ADVICE}"))?;
    Ok((id, Caller::command_line().within(of)))
}

async fn detail(
    app: &App,
    caller: &Caller,
    id: OrganizationId,
) -> anyhow::Result<OrganizationDetail> {
    let found = show_organization(app, caller, id).await?;
    found.with_context(|| format!("there is no organization {id}; {ADVICE}"))
}
