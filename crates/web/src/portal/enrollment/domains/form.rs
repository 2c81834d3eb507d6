//! What is typed to add domains; its preview sends it on.

use base::SubscriptionId;
use flow::enrollment::enroll_domains::Enrollment;
use serde::Deserialize;
use tenancy::pre_validation::Anchor;

use crate::portal::page::form::Problems;
use crate::portal::page::words::sentence;

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct AddDomainsForm {
    pub(super) account: String,
    pub(super) names: String,
    pub(super) only_this_name: String,
    pub(super) anchor: String,
}

pub(super) fn read(typed: &AddDomainsForm) -> Result<Enrollment, Problems> {
    let subscription = SubscriptionId::from_suffix(&typed.account);
    let subscription =
        subscription.map_err(|_| Problems::one("account", "Choose an ACME account."))?;
    if typed.names.trim().is_empty() {
        let message = "Type at least one name, such as example.com.";
        return Err(Problems::one("names", message));
    }
    let anchor = match typed.anchor.trim() {
        "" => None,
        text => {
            let anchor = Anchor::parse(text);
            Some(anchor.map_err(|error| Problems::one("anchor", &sentence(&error)))?)
        }
    };
    Ok(Enrollment {
        anchor,
        subscription,
        text: typed.names.clone(),
        companions: (typed.only_this_name == "on").then_some(false),
    })
}
