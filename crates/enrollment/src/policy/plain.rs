//! What a policy says to people, in plain sentences (features 1.0).

use super::{
    AddProration, AutoRenew, BillingMode, CompanionMode, EarlyRemovalBilling, InstalmentOwed,
    InsufficientFunds, MaxCertDays, NameAdmission, OnLoss, OnSubscriptionEnd,
    OrganizationAtCreation, OvValidation, Policy, PortalRevoke, RefundClock, RefundTo,
    RenewalsOnHold, RevokeOnRemoval, StartTrigger, TermUnit, Zone,
};
use crate::eab::Reveal;

/// A policy in sentences, by what they are about. Each value but those that go without saying is in one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainPolicy {
    /// What is bought, and for how long.
    pub sold: Vec<String>,
    /// What becomes of certificates.
    pub certificates: Vec<String>,
    /// The MAC key of clients.
    pub credentials: Vec<String>,
    /// What is paid; nothing charges it yet.
    pub money: Vec<String>,
}

impl Policy {
    /// The same in sentences.
    pub fn in_words(&self) -> PlainPolicy {
        PlainPolicy {
            sold: self.sold(),
            certificates: self.certificates(),
            credentials: self.credentials(),
            money: self.money(),
        }
    }

    fn sold(&self) -> Vec<String> {
        let year = match self.term_unit {
            TermUnit::Days365n => "a year is 365 days",
            TermUnit::CalendarYears => "a year ends on the day of the year before",
        };
        let Zone::Utc = self.zone;
        let extension = self.extension();
        let after = match extension.after {
            0 => "and not afterwards".to_owned(),
            days => format!("until {} after it", count(days.into(), "day")),
        };
        let companions = match self.companion_mode {
            CompanionMode::Auto => {
                "www comes along with the name below it free of charge, and the other way round. One may leave it out."
            }
            CompanionMode::OnRequest => {
                "www comes along with the name below it free of charge, and the other way round, for who asks for it."
            }
            CompanionMode::Off => "No name comes along free of charge.",
        };
        let organization = match self.organization_at_creation {
            OrganizationAtCreation::Required => "Each account is for an organization.",
            OrganizationAtCreation::RequiredOvUp => {
                "An account whose certificates name an organization is made for one."
            }
            OrganizationAtCreation::No => {
                "An account may be made before it is known for which organization it is."
            }
        };
        let most = match self.max_subscriptions {
            None => "A customer has as many accounts as they like.".to_owned(),
            Some(most) => format!(
                "A customer has at most {} at once.",
                count(most.get(), "account")
            ),
        };
        vec![
            format!(
                "A term is {}; {year}, in UTC.",
                match self.term_choices_years.to_string().as_str() {
                    "1" => "1 year".to_owned(),
                    years => format!("{years} years"),
                }
            ),
            self.start().to_owned(),
            format!(
                "It can be extended from {} before its end, {after}.",
                count(extension.before.into(), "day")
            ),
            companions.to_owned(),
            organization.to_owned(),
            most,
        ]
    }

    fn start(&self) -> &'static str {
        match self.start_trigger {
            _ if self.starts_at_once() => "The term starts when the account is made.",
            StartTrigger::OnCreate | StartTrigger::FirstDomain => {
                "The term starts with the first domain."
            }
            StartTrigger::FirstIssuance => "The term starts with the first certificate.",
        }
    }

    fn certificates(&self) -> Vec<String> {
        let names = match self.name_admission {
            NameAdmission::SubscribedNames => {
                "They are for domains that were added to the account."
            }
            NameAdmission::ValidatedDelegated => {
                "They are for names in domains that were validated and delegated to the organization."
            }
            NameAdmission::Hook => "They are for names that a partner says yes to.",
            NameAdmission::Open => "They are for any name.",
        };
        let days = match self.max_cert_days {
            MaxCertDays::Days(days) => {
                format!("They live at most {}.", count(u32::from(days.get()), "day"))
            }
            MaxCertDays::Profile => "They live as long as their profile says.".to_owned(),
        };
        let removal = match self.revoke_on_removal {
            RevokeOnRemoval::Never => "Removing a domain leaves them valid.".to_owned(),
            RevokeOnRemoval::Always => "Removing a domain revokes them.".to_owned(),
            RevokeOnRemoval::InRefundWindow => format!(
                "Removing a domain within {} revokes them; later they stay valid.",
                count(self.refund_window_days.into(), "day")
            ),
        };
        let end = match self.on_subscription_end {
            OnSubscriptionEnd::KeepCerts => "They stay valid after the end of the term.",
            OnSubscriptionEnd::RevokeAtEnd => "They are revoked at the end of the term.",
            OnSubscriptionEnd::CapNotAfter => "None lives longer than the term.",
        };
        let validation = match self.ov_validation {
            OvValidation::AnchorRequired => {
                "Where they name an organization, a domain is added with the anchor number of its validation."
            }
            OvValidation::DefaultAnchorOk => {
                "Where they name an organization, its validation that counts longest is taken."
            }
        };
        let revoke = match self.portal_revoke {
            PortalRevoke::No => "They are revoked by ACME clients, not in the portal.",
            PortalRevoke::Role => "Whoever has the role for it revokes them in the portal.",
        };
        let hold = match self.renewals_on_hold {
            RenewalsOnHold::UntilExhausted => {
                "While the customer is on hold, what had one is renewed until the term is over."
            }
            RenewalsOnHold::Deny => "While the customer is on hold, none is renewed.",
        };
        let said = [removal.as_str(), end, validation, revoke, hold];
        let mut all = vec![names.to_owned(), days];
        all.extend(said.map(str::to_owned));
        all
    }

    fn credentials(&self) -> Vec<String> {
        let reveal = match self.eab_reveal {
            Reveal::Always => "The MAC key can be seen again at any time.",
            Reveal::UntilBound => {
                "The MAC key can be seen until a client has registered with it, and is erased once no further one may."
            }
            Reveal::Once => "The MAC key is shown once, when it is made.",
        };
        let bindings = match self.eab_max_bindings {
            None => "Any number of clients may register with it.".to_owned(),
            Some(most) => format!(
                "At most {} may register with it.",
                count(most.get(), "client")
            ),
        };
        let loss = match self.eab_on_loss {
            OnLoss::Rotate => {
                "Whoever has lost it replaces it; the old one may go on for some days."
            }
            OnLoss::Recreate => {
                "Whoever has lost it gets another one, and the old one ends at once."
            }
        };
        vec![reveal.to_owned(), bindings, loss.to_owned()]
    }

    fn money(&self) -> Vec<String> {
        let paid = match self.billing_mode {
            BillingMode::Instalments => "The price of a term is paid in equal monthly parts.",
            BillingMode::Upfront => "The price of a term is paid when it is bought.",
            BillingMode::PostpaidMonthly => "Each month is paid when it is over.",
            BillingMode::PerCertificate => "Each certificate is paid.",
            BillingMode::Unbilled => "Nothing is paid.",
        };
        let later = match self.add_proration {
            AddProration::Unprorated => "A name that is added later pays the parts that are left.",
            AddProration::FullDays => {
                "A name that is added later pays its share for the days that are left."
            }
        };
        let owed = match self.instalment_owed {
            InstalmentOwed::IfActive => {
                "A part is owed if the name is there on the day of billing."
            }
            InstalmentOwed::FromPeriodStart => "A part is owed once its month has begun.",
        };
        let early = match self.early_removal_billing {
            EarlyRemovalBilling::Stop => "For a name that is removed, nothing more is owed.",
            EarlyRemovalBilling::BillRemaining => {
                "For a name that is removed, the rest of its term is owed."
            }
        };
        let next = match self.auto_renew {
            AutoRenew::Off => "No further term follows by itself.".to_owned(),
            AutoRenew::OptIn { lead_days } => format!(
                "Another term follows by itself if the customer wants that, bought {} before the end.",
                count(lead_days.into(), "day")
            ),
            AutoRenew::On { lead_days } => format!(
                "Another term follows by itself, bought {} before the end.",
                count(lead_days.into(), "day")
            ),
        };
        let missing = match &self.insufficient_funds {
            InsufficientFunds::Deny => "When money is missing, orders are refused.".to_owned(),
            InsufficientFunds::Downgrade(profile) => {
                format!("When money is missing, certificates are of the profile {profile}.")
            }
            InsufficientFunds::AllowOnAccount => {
                "When money is missing, orders go on and are owed.".to_owned()
            }
        };
        let said = [paid, later, owed, early].map(str::to_owned);
        said.into_iter()
            .chain([self.refund(), next, missing])
            .collect()
    }

    fn refund(&self) -> String {
        if self.refund_window_days == 0 {
            return "Nothing is paid back.".to_owned();
        }
        let days = count(self.refund_window_days.into(), "day");
        let clock = match self.refund_clock {
            RefundClock::Added => "it was added",
            RefundClock::Activated => "the authority admitted it",
        };
        let to = match self.refund_to {
            RefundTo::Wallet => "to the customer's balance",
            RefundTo::OriginalMethod => "the way that it was paid",
        };
        let often = match self.refunds_per_name {
            None => String::new(),
            Some(times) => format!(", at most {} in 365 days", count(times.get(), "time")),
        };
        format!("A name that is removed within {days} after {clock} is paid back, {to}{often}.")
    }
}

/// A number with the word for what is counted.
fn count(number: u32, what: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {what}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Another value of each key that has one.
    const OTHERS: [(&str, &str); 38] = [
        ("billing_mode", "upfront"),
        ("billing_mode", "none"),
        ("term_choices_years", "1"),
        ("term_choices_years", "2,3"),
        ("term_unit", "calendar_years"),
        ("start_trigger", "on_create"),
        ("start_trigger", "first_issuance"),
        ("add_proration", "full_days"),
        ("refund_window_days", "0"),
        ("refund_window_days", "14"),
        ("refund_clock", "activated"),
        ("refund_to", "original_method"),
        ("revoke_on_removal", "in_refund_window"),
        ("revoke_on_removal", "always"),
        ("early_removal_billing", "bill_remaining"),
        ("on_subscription_end", "revoke_at_end"),
        ("on_subscription_end", "cap_not_after"),
        ("auto_renew", "off"),
        ("auto_renew", "opt_in:7"),
        ("auto_renew", "on:30"),
        ("extension_window_days", "60,0"),
        ("companion_mode", "on_request"),
        ("companion_mode", "off"),
        ("eab_reveal", "once"),
        ("eab_reveal", "until_bound"),
        ("organization_at_creation", "required"),
        ("organization_at_creation", "required_ov_up"),
        ("instalment_owed", "from_period_start"),
        ("refunds_per_name", "1"),
        ("eab_max_bindings", "1"),
        ("max_subscriptions", "1"),
        ("eab_on_loss", "recreate"),
        ("name_admission", "validated_delegated"),
        ("insufficient_funds", "deny"),
        ("max_cert_days", "profile"),
        ("ov_validation", "anchor_required"),
        ("portal_revoke", "no"),
        ("renewals_on_hold", "deny"),
    ];

    #[test]
    fn every_value_changes_what_people_read() {
        let standard = Policy::default();
        for (key, value) in OTHERS {
            let other = standard.with(key, value).unwrap();
            assert_ne!(other.in_words(), standard.in_words(), "{key} = {value}");
        }
        let is_told = |key: &str| OTHERS.iter().any(|(told, _)| *told == key);
        let keys = Policy::KEYS.iter().copied();
        let silent: Vec<_> = keys.filter(|key| !is_told(key)).collect();
        // There is one value.
        assert_eq!(silent, ["zone"]);
    }

    #[test]
    fn sentences_are_plain() {
        let words = Policy::default().in_words();
        assert_eq!(
            words.sold[0],
            "A term is 1, 2 or 3 years; a year is 365 days, in UTC."
        );
        assert_eq!(
            words.sold[2],
            "It can be extended from 100 days before its end, until 30 days after it."
        );
        assert_eq!(words.certificates[1], "They live at most 90 days.");
        assert_eq!(
            words.credentials[1],
            "Any number of clients may register with it."
        );
        assert_eq!(
            words.money[4],
            "A name that is removed within 30 days after it was added is paid back, to the customer's balance."
        );
        let one = Policy::default().with("term_choices_years", "1").unwrap();
        assert!(one.in_words().sold[0].starts_with("A term is 1 year;"));
        let all = [
            words.sold,
            words.certificates,
            words.credentials,
            words.money,
        ]
        .concat();
        for sentence in all {
            assert!(
                sentence.ends_with('.') && !sentence.contains('_'),
                "{sentence}"
            );
        }
    }
}
