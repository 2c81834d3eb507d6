//! The first steps of a new tenant (`ux.md` R2): ticked by what exists, not by clicks.

/// What exists already.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Path of the first ACME account, such as `/accounts/9x…`; none yet leaves it empty.
    pub account_href: Option<String>,
    /// Whether a domain is enrolled.
    pub has_domain: bool,
    /// Whether a client has registered.
    pub has_client: bool,
    /// Whether a certificate was issued.
    pub has_certificate: bool,
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
    /// Where it is done; empty while an earlier step is missing.
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
        let account = facts.account_href.clone();
        let done = [
            account.is_some(),
            facts.has_domain,
            facts.has_client,
            facts.has_certificate,
        ];
        let next = done.iter().position(|is_done| !is_done);
        let hrefs = [
            "/accounts/new".to_owned(),
            account
                .as_ref()
                .map(|_| "/domains/new".to_owned())
                .unwrap_or_default(),
            account
                .as_ref()
                .map(|href| format!("{href}/credentials"))
                .unwrap_or_default(),
            account
                .map(|href| format!("{href}/activity"))
                .unwrap_or_default(),
        ];
        let steps = TEXTS.iter().zip(done).zip(hrefs).enumerate();
        Self {
            steps: steps
                .map(|(place, (((title, text, action), is_done), href))| Step {
                    number: place + 1,
                    title,
                    text,
                    is_done,
                    is_next: next == Some(place),
                    href,
                    action,
                })
                .collect(),
        }
    }

    /// Whether nothing is left to do.
    pub fn is_complete(&self) -> bool {
        self.steps.iter().all(|step| step.is_done)
    }

    pub(crate) fn done_count(&self) -> usize {
        self.steps.iter().filter(|step| step.is_done).count()
    }
}

const TEXTS: [(&str, &str, &str); 4] = [
    (
        "Create an ACME account",
        "It holds your domains for a term of one to three years, and has its own credentials.",
        "Create account",
    ),
    (
        "Add a domain",
        "Certificates are issued only for names you added. www comes along free.",
        "Add domain",
    ),
    (
        "Register a client",
        "Paste the ready-made command for certbot, lego, acme.sh or Caddy on your server.",
        "Show credentials",
    ),
    (
        "Get the first certificate",
        "The client proves control of the name and installs the certificate. You can watch it here.",
        "Watch activity",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(facts: &Facts, expected: [(bool, bool); 4]) {
        let steps = Onboarding::from_facts(facts).steps;
        let found: Vec<_> = steps
            .iter()
            .map(|step| (step.is_done, step.is_next))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn r2_ticks_follow_from_data() {
        let mut facts = Facts::default();
        check(
            &facts,
            [
                (false, true),
                (false, false),
                (false, false),
                (false, false),
            ],
        );
        facts.account_href = Some("/accounts/a".to_owned());
        check(
            &facts,
            [(true, false), (false, true), (false, false), (false, false)],
        );
        facts.has_client = true;
        check(
            &facts,
            [(true, false), (false, true), (true, false), (false, false)],
        );
        facts.has_domain = true;
        facts.has_certificate = true;
        check(
            &facts,
            [(true, false), (true, false), (true, false), (true, false)],
        );
        assert!(Onboarding::from_facts(&facts).is_complete());
    }
}
