//! The frame around every page: brand, navigation, person, theme, messages.

use flow::access::SignedIn;

use super::contact::HelpLine;
use super::menu::{MenuItem, MenuSection, Nav};
use super::part::Tone;

/// Light or dark, or whatever the browser prefers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Theme {
    /// Follow the browser.
    #[default]
    System,
    /// Always light.
    Light,
    /// Always dark.
    Dark,
}

impl Theme {
    /// The value of cookies and form fields.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// Reads a cookie or form field; anything unknown follows the browser.
    pub fn from_text(text: &str) -> Self {
        match text {
            "light" => Self::Light,
            "dark" => Self::Dark,
            _ => Self::System,
        }
    }
}

/// The result of the person's own last action, shown once.
#[derive(Clone, Debug)]
pub struct Flash {
    /// Good for done, bad for refused.
    pub tone: Tone,
    /// One sentence.
    pub text: String,
}

/// For which other tenant somebody acts; stands on every page meanwhile.
#[derive(Clone, Debug)]
pub struct ActingBand {
    /// The tenant.
    pub tenant: String,
    /// Why, where somebody of the operator acts as it; empty where somebody looks after a tenant below their own.
    pub reason: String,
    /// The time of day at which it is over; empty there too.
    pub until: String,
}

impl ActingBand {
    /// Of whoever acts as another tenant.
    pub(crate) fn of(signed_in: &SignedIn) -> Option<Self> {
        let tenant = signed_in.tenant.name.as_str().to_owned();
        let (reason, until) = match &signed_in.session.acting {
            Some(acting) => (
                acting.reason.as_str().trim_end_matches('.').to_owned(),
                acting.until.as_jiff().strftime("%H:%M UTC").to_string(),
            ),
            None => (String::new(), String::new()),
        };
        signed_in.is_elsewhere().then_some(Self {
            tenant,
            reason,
            until,
        })
    }
}

/// What every page knows besides its own content.
#[derive(Clone, Debug)]
pub struct Shell {
    /// As whom the person acts, if that is another tenant.
    pub acting: Option<ActingBand>,
    /// Name of the product as this reseller's host name shows it.
    pub brand: String,
    /// Whom people ask for help, as that brand says it; empty for nobody.
    pub contact: Vec<HelpLine>,
    /// Anti-forgery token, repeated in every form.
    pub csrf: String,
    /// E-mail of the person signed in; empty when nobody is.
    pub email: String,
    /// Messages about the last action.
    pub flashes: Vec<Flash>,
    /// Whether single-key shortcuts are on (WCAG 2.1.4 wants a switch).
    pub has_shortcuts: bool,
    /// The sidebar; empty when nobody is signed in.
    pub menu: Vec<MenuSection>,
    /// Entry of the sidebar to mark.
    pub nav: Nav,
    /// Path and query of this page, where a change of theme comes back to.
    pub path: String,
    /// Display name of the tenant; empty when nobody is signed in.
    pub tenant: String,
    /// The person's choice.
    pub theme: Theme,
    /// Title of the page, without the brand.
    pub title: String,
}

impl Shell {
    /// The frame of a page that needs no session.
    pub fn signed_out(brand: &str, title: &str, csrf: &str, theme: Theme) -> Self {
        Self {
            acting: None,
            brand: brand.to_owned(),
            contact: Vec::new(),
            csrf: csrf.to_owned(),
            email: String::new(),
            flashes: Vec::new(),
            has_shortcuts: false,
            menu: Vec::new(),
            nav: Nav::None,
            path: String::new(),
            tenant: String::new(),
            theme,
            title: title.to_owned(),
        }
    }

    /// First letter of the tenant, for the badge beside its name.
    pub(crate) fn initial(&self) -> String {
        first_letter(&self.tenant)
    }

    /// First letter of the person's address, for the round badge of their menu.
    pub(crate) fn person_initial(&self) -> String {
        first_letter(&self.email)
    }

    pub(crate) fn marks(&self, item: &MenuItem) -> bool {
        self.nav == item.nav
    }

    pub(crate) fn uses(&self, theme: &str) -> bool {
        self.theme.as_str() == theme
    }
}

fn first_letter(text: &str) -> String {
    let first = text.chars().next();
    first.into_iter().flat_map(char::to_uppercase).collect()
}
