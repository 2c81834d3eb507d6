//! The page before an action that takes something away: what exactly, with which consequences.

use askama::Template;

use super::form::Problems;
use super::shell::Shell;

/// Something typed to show that it is meant; only for what cannot be undone.
#[derive(Clone, Debug)]
pub struct Typed {
    /// What must be typed, exactly; sent as `confirmation`.
    pub expected: String,
    /// What is wrong with the last try; field `confirmation`.
    pub problems: Problems,
}

/// A question with consequences; its answer is a `POST` to `action_href`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/page/confirm.html")]
pub struct ConfirmPage {
    /// The frame; its title is the headline.
    pub shell: Shell,
    /// The page that leads here: text and path.
    pub back: (String, String),
    /// One sentence that names the object.
    pub lead: String,
    /// What will happen, one sentence each.
    pub consequences: Vec<String>,
    /// Names concerned besides the object, such as companions; may be empty.
    pub names: Vec<String>,
    /// What those names are.
    pub names_title: String,
    /// Needed only for what cannot be undone.
    pub typed: Option<Typed>,
    /// Where the answer goes.
    pub action_href: String,
    /// Text of the button.
    pub action: String,
    /// Whether the button is red.
    pub is_dangerous: bool,
}

impl ConfirmPage {
    /// `GET /accounts/{id}/suspend`.
    pub fn suspend_account(shell: Shell, label: &str, href: &str) -> Self {
        Self {
            lead: format!("The ACME account “{label}” will be suspended."),
            consequences: [
                "New orders are refused within a second; clients are told that the account is suspended.",
                "Orders that are running stop.",
                "Certificates already issued stay valid until they end, but are not renewed.",
                "You can resume it at any time; domains and clients are kept.",
            ]
            .map(str::to_owned)
            .to_vec(),
            action: "Suspend account".to_owned(),
            is_dangerous: true,
            ..Self::about_account(shell, label, href, "suspend")
        }
    }

    /// `GET /accounts/{id}/resume`.
    pub fn resume_account(shell: Shell, label: &str, href: &str) -> Self {
        Self {
            lead: format!("The ACME account “{label}” will accept orders again."),
            consequences: [
                "Registered clients continue with the keys they have.",
                "The term was not extended by the time it was suspended.",
            ]
            .map(str::to_owned)
            .to_vec(),
            action: "Resume account".to_owned(),
            ..Self::about_account(shell, label, href, "resume")
        }
    }

    /// `GET` and failed `POST /accounts/{id}/deactivate`. `expected` is what must be typed.
    pub fn deactivate_account(
        shell: Shell,
        label: &str,
        href: &str,
        expected: &str,
        problems: Problems,
    ) -> Self {
        Self {
            lead: format!("The ACME account “{label}” will be closed for good."),
            consequences: [
                "Its credentials stop working and no new ones can be made for it.",
                "Every client registered with it is deactivated (RFC 8555 §7.3.6).",
                "Certificates already issued stay valid until they end, but cannot be renewed.",
                "This cannot be undone.",
            ]
            .map(str::to_owned)
            .to_vec(),
            typed: Some(Typed {
                expected: expected.to_owned(),
                problems,
            }),
            action: "Deactivate for good".to_owned(),
            is_dangerous: true,
            ..Self::about_account(shell, label, href, "deactivate")
        }
    }

    /// `GET /domains/{id}/remove`. `companions` go with the name; `certificates` counts valid ones.
    pub fn remove_domain(
        shell: Shell,
        name: &str,
        href: &str,
        companions: Vec<String>,
        certificates: u64,
    ) -> Self {
        let kept = match certificates {
            0 => "No valid certificate contains it.".to_owned(),
            1 => "One certificate that contains it stays valid until it ends, but is not renewed."
                .to_owned(),
            many => format!(
                "{many} certificates that contain it stay valid until they end, but are not renewed."
            ),
        };
        let consequences = vec![
            "Nothing can be issued for this name from now on; running orders for it stop."
                .to_owned(),
            kept,
            "It can be added again later.".to_owned(),
        ];
        Self {
            back: (name.to_owned(), href.to_owned()),
            lead: format!("{name} will be removed from its ACME account."),
            consequences,
            names: companions,
            names_title: "Removed with it".to_owned(),
            action_href: format!("{href}/remove"),
            action: "Remove domain".to_owned(),
            is_dangerous: true,
            shell,
            typed: None,
        }
    }

    fn about_account(shell: Shell, label: &str, href: &str, verb: &str) -> Self {
        Self {
            shell,
            back: (label.to_owned(), format!("{href}/credentials")),
            lead: String::new(),
            consequences: Vec::new(),
            names: Vec::new(),
            names_title: String::new(),
            typed: None,
            action_href: format!("{href}/{verb}"),
            action: String::new(),
            is_dangerous: false,
        }
    }
}
