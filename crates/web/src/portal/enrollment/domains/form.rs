//! What is typed to add domains; its preview sends it on.

use base::SubscriptionId;
use flow::enrollment::enroll_domains::Enrollment;
use serde::Deserialize;

use crate::portal::page::form::Problems;

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct AddDomainsForm {
    pub(super) account: String,
    pub(super) names: String,
    pub(super) only_this_name: String,
}

pub(super) fn read(typed: &AddDomainsForm) -> Result<Enrollment, Problems> {
    let subscription = SubscriptionId::from_suffix(&typed.account);
    let subscription =
        subscription.map_err(|_| Problems::one("account", "Choose an ACME account."))?;
    if typed.names.trim().is_empty() {
        let message = "Type at least one name, such as example.com.";
        return Err(Problems::one("names", message));
    }
    Ok(Enrollment {
        subscription,
        text: typed.names.clone(),
        companions: (typed.only_this_name == "on").then_some(false),
    })
}
