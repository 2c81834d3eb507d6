//! The first steps of a person and their tenant (`ux.md` R2; features F-010, F-024): ticked by what exists, not by clicks. Paying
//! is no step, since nothing is paid here.

use tenancy::tenant::TenantKind;

/// What exists already.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that the list asks for"
)]
pub struct Facts {
    /// The level of the tenant: who only has others below enrols nothing.
    pub level: TenantKind,
    /// Whether the person has a second factor.
    pub has_second_factor: bool,
    /// Whether the person may open ACME accounts.
    pub may_open_accounts: bool,
    /// Whether the person may add domains.
    pub may_add_domains: bool,
    /// Path of the first ACME account, such as `/accounts/9x…`; none yet leaves it empty.
    pub account_href: Option<String>,
    /// Whether a domain is enrolled.
    pub has_domain: bool,
    /// Whether a client has registered.
    pub has_client: bool,
    /// Whether a certificate was issued.
    pub has_certificate: bool,
}

impl Facts {
    /// Nothing yet, for somebody who may do everything.
    pub fn fresh(level: TenantKind) -> Self {
        Self {
            level,
            has_second_factor: false,
            may_open_accounts: true,
            may_add_domains: true,
            account_href: None,
            has_domain: false,
            has_client: false,
            has_certificate: false,
        }
    }
}

/// One step.
#[derive(Clone, Debug)]
pub struct Step {
    /// Place in the row, from 1.
    pub number: usize,
    /// What to do.
    pub title: &'static str,
    /// Why, or how.
    pub text: &'static str,
    /// Whether the data show it done.
    pub is_done: bool,
    /// Whether it is the first one that is not done.
    pub is_next: bool,
    /// Where it is done; empty while an earlier step is missing, and for who may not do it.
    pub href: String,
    /// Text of the button.
    pub action: &'static str,
}

/// The list of first steps.
#[derive(Clone, Debug)]
pub struct Onboarding {
    /// In the order in which they are done.
    pub steps: Vec<Step>,
}

impl Onboarding {
    /// Decides from what exists which steps are done and where the next one happens.
    pub fn from_facts(facts: &Facts) -> Self {
        let mut steps = own_steps(facts);
        if enrols(facts.level) {
            steps.extend(tenant_steps(facts));
        }
        let next = steps.iter().position(|step| !step.is_done);
        for (place, step) in steps.iter_mut().enumerate() {
            step.number = place + 1;
            step.is_next = next == Some(place);
        }
        Self { steps }
    }

    /// Whether nothing is left to do.
    pub fn is_complete(&self) -> bool {
        self.steps.iter().all(|step| step.is_done)
    }

    pub(crate) fn done_count(&self) -> usize {
        self.steps.iter().filter(|step| step.is_done).count()
    }
}

/// Whether tenants of a level have ACME accounts.
pub(super) fn enrols(level: TenantKind) -> bool {
    matches!(level, TenantKind::Customer | TenantKind::Reseller)
}

fn step(
    (title, text, action): (&'static str, &'static str, &'static str),
    is_done: bool,
    href: Option<String>,
) -> Step {
    Step {
        number: 0,
        title,
        text,
        is_done,
        is_next: false,
        href: href.unwrap_or_default(),
        action,
    }
}

/// Of the person alone. Whoever is here has set a password: nobody else can.
fn own_steps(facts: &Facts) -> Vec<Step> {
    let second_factor = Some("/settings/second-factor".to_owned());
    vec![
        step(PASSWORD, true, None),
        step(SECOND_FACTOR, facts.has_second_factor, second_factor),
    ]
}

/// Of the tenant.
fn tenant_steps(facts: &Facts) -> [Step; 4] {
    let account = facts.account_href.as_ref();
    let open = facts.may_open_accounts.then(|| "/accounts/new".to_owned());
    let add = account.filter(|_| facts.may_add_domains);
    let add = add.map(|_| "/domains/new".to_owned());
    let below = |page: &str| account.map(|href| format!("{href}/{page}"));
    [
        step(ACCOUNT, account.is_some(), open),
        step(DOMAIN, facts.has_domain, add),
        step(CLIENT, facts.has_client, below("credentials")),
        step(CERTIFICATE, facts.has_certificate, below("activity")),
    ]
}

const PASSWORD: (&str, &str, &str) = (
    "Choose a password",
    "You did when you followed your link. Nobody else knows it.",
    "",
);
const SECOND_FACTOR: (&str, &str, &str) = (
    "Set up a second factor",
    "A passkey or an authenticator app makes a stolen password useless. Two minutes.",
    "Set up",
);
const ACCOUNT: (&str, &str, &str) = (
    "Create an ACME account",
    "It holds your domains for a term of one to three years, and has its own credentials.",
    "Create account",
);
const DOMAIN: (&str, &str, &str) = (
    "Add a domain",
    "Certificates are issued only for names you added. www comes along free.",
    "Add domain",
);
const CLIENT: (&str, &str, &str) = (
    "Register a client",
    "Paste the ready-made command for certbot, lego, acme.sh or Caddy on your server.",
    "Show credentials",
);
const CERTIFICATE: (&str, &str, &str) = (
    "Get the first certificate",
    "The client proves control of the name and installs the certificate. You can watch it here.",
    "Watch activity",
);

#[cfg(test)]
mod tests {
    use super::*;

    /// What is done, and which is the next.
    #[track_caller]
    fn check(facts: &Facts, done: &[bool], next: Option<usize>) {
        let steps = Onboarding::from_facts(facts).steps;
        let found: Vec<_> = steps.iter().map(|step| step.is_done).collect();
        assert_eq!(found, done);
        assert_eq!(steps.iter().position(|step| step.is_next), next);
    }

    #[test]
    fn f010_the_steps_stand_in_their_order() {
        let steps = Onboarding::from_facts(&Facts::fresh(TenantKind::Reseller)).steps;
        let titles: Vec<_> = steps.iter().map(|step| step.title).collect();
        assert_eq!(
            titles,
            [
                "Choose a password",
                "Set up a second factor",
                "Create an ACME account",
                "Add a domain",
                "Register a client",
                "Get the first certificate",
            ]
        );
    }

    #[test]
    fn f010_ticks_follow_from_data() {
        let mut facts = Facts::fresh(TenantKind::Customer);
        check(&facts, &[true, false, false, false, false, false], Some(1));
        facts.has_second_factor = true;
        check(&facts, &[true, true, false, false, false, false], Some(2));
        facts.account_href = Some("/accounts/a".to_owned());
        check(&facts, &[true, true, true, false, false, false], Some(3));
        facts.has_client = true;
        check(&facts, &[true, true, true, false, true, false], Some(3));
        facts.has_domain = true;
        facts.has_certificate = true;
        check(&facts, &[true; 6], None);
        assert!(Onboarding::from_facts(&facts).is_complete());
    }

    #[test]
    fn f010_whoever_enrols_nothing_has_their_own_steps_alone() {
        for level in [TenantKind::Operator, TenantKind::Distributor] {
            check(&Facts::fresh(level), &[true, false], Some(1));
        }
    }

    #[test]
    fn f010_a_step_that_somebody_may_not_do_has_no_button() {
        let facts = Facts {
            may_open_accounts: false,
            may_add_domains: false,
            account_href: Some("/accounts/a".to_owned()),
            ..Facts::fresh(TenantKind::Reseller)
        };
        let steps = Onboarding::from_facts(&facts).steps;
        let hrefs: Vec<_> = steps.iter().map(|step| step.href.as_str()).collect();
        assert_eq!(
            hrefs,
            [
                "",
                "/settings/second-factor",
                "",
                "",
                "/accounts/a/credentials",
                "/accounts/a/activity"
            ]
        );
    }
}
