//! The organizations and departments of a tenant, to choose one from.

use flow::Caller;
use flow::tenancy::organization::list_organizations::{list_departments, list_organizations};
use flow::tenancy::organization::{OrganizationFilter, OrganizationQuery};
use tenancy::role::binding::{Binding, Part};

use super::form::Choice;
use super::refused::Refusal;
use crate::portal::state::Portal;

/// How many organizations stand in a menu, those that were added last.
const MAX_CHOICES: usize = 500;

/// How many departments stand there with them.
const MAX_DEPARTMENT_CHOICES: i64 = 2_000;

/// The organizations of the caller's tenant to choose from, as far as they are for the caller, by their names, each with its
/// departments. First comes what it is called that none is chosen; who is bound to some has to choose one.
pub(crate) async fn choices(
    portal: &Portal,
    (caller, binding): (&Caller, &Binding),
    (none, chosen): (&str, &str),
) -> Result<Vec<Choice>, Refusal> {
    let asked = OrganizationQuery::first(OrganizationFilter::default(), MAX_CHOICES);
    let found = list_organizations(&portal.app, caller, asked).await?;
    let departments = list_departments(&portal.app, caller, MAX_DEPARTMENT_CHOICES).await?;
    let mut rows = found.rows;
    rows.sort_by_cached_key(|row| row.organization.fields.legal_name.to_lowercase());
    let choice = |value: String, label: String| Choice {
        is_chosen: value == chosen,
        value,
        label,
        hint: String::new(),
    };
    let mut all = vec![choice(String::new(), none.to_owned())];
    for row in rows {
        let (organization, name) = (row.organization.id, row.organization.fields.legal_name);
        let part = |department| Part {
            organization,
            department,
        };
        if binding.covers(Some(part(None))) {
            all.push(choice(part(None).to_string(), name.clone()));
        }
        let own = departments
            .iter()
            .filter(|each| each.organization == organization);
        all.extend(own.map(|each| {
            let label = format!("{name}, {}", each.name.as_str());
            choice(part(Some(each.id)).to_string(), label)
        }));
    }
    Ok(all)
}
