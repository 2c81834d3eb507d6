//! Which values of a policy this release cannot follow yet, so that nobody sells what does not happen.
//!
//! Values about money are not told: they are kept with the version, and billing will follow them.

use super::{AutoRenew, InsufficientFunds, NameAdmission, Policy, StartTrigger};

/// A value that needs a part which this release does not have.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unbuilt {
    /// Whose value it is.
    pub key: &'static str,
    /// The value, as an operator would enter it.
    pub value: String,
    /// What is missing, for a person.
    pub sentence: String,
}

impl Policy {
    /// The values that this release cannot follow, in the order in which they are shown.
    pub fn unbuilt(&self) -> Vec<Unbuilt> {
        let told = |(key, value): (&'static str, String)| {
            let part = self.missing_part(key)?;
            let sentence =
                format!("{key} = {value} needs {part}, which this release does not have");
            Some(Unbuilt {
                key,
                value,
                sentence,
            })
        };
        self.describe().into_iter().filter_map(told).collect()
    }

    /// What the value of a key would need.
    fn missing_part(&self, key: &str) -> Option<&'static str> {
        match key {
            "start_trigger" if self.start_trigger == StartTrigger::FirstIssuance => {
                Some("terms that start with the first certificate")
            }
            "auto_renew" if matches!(self.auto_renew, AutoRenew::On { .. }) => {
                Some("terms that follow by themselves")
            }
            "name_admission" => match self.name_admission {
                NameAdmission::SubscribedNames
                | NameAdmission::ValidatedDelegated
                | NameAdmission::Open => None,
                NameAdmission::Hook => Some("a hook that a partner answers"),
            },
            "insufficient_funds"
                if matches!(self.insufficient_funds, InsufficientFunds::Downgrade(_)) =>
            {
                Some("another profile for orders that cannot be paid")
            }
            _ => None,
        }
    }
}
