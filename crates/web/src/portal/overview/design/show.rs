//! The sheet's page.

use askama::Template;
use axum::extract::{Query, State};
use serde::Deserialize;
use tenancy::tenant::TenantKind;

use super::sheet::Sheet;
use crate::portal::gate::permitted::Public;
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::menu::menu;
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::{Shell, Theme};
use crate::portal::state::Portal;

/// The theme to look at; that of the visitor's other pages if it names none.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    theme: String,
}

pub(super) async fn show(
    visitor: Public,
    State(portal): State<Portal>,
    Query(asked): Query<Asked>,
) -> Answer {
    if !portal.hints.shows_design {
        return Err(Refusal::NotFound);
    }
    let mut shell = visitor.shell("Components");
    if !asked.theme.is_empty() {
        shell.theme = Theme::from_text(&asked.theme);
    }
    page(&DesignPage::new(shell))
}

/// `GET /design`, with `theme`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/overview/design/show.html")]
pub struct DesignPage {
    /// The frame, around a made-up person.
    pub shell: Shell,
    /// What the components show.
    sheet: Sheet,
}

impl DesignPage {
    /// The sheet, in the frame of nobody in particular.
    pub fn new(mut shell: Shell) -> Self {
        "robin@northwind.example".clone_into(&mut shell.email);
        "/design".clone_into(&mut shell.path);
        "Northwind Hosting".clone_into(&mut shell.tenant);
        shell.menu = menu(TenantKind::Reseller, |_| true);
        shell.has_shortcuts = true;
        Self {
            shell,
            sheet: Sheet::default(),
        }
    }
}
