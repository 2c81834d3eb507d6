//! The browsers in which the person is signed in, in words that its owner recognises, and the end
//! of their sessions.

use axum::extract::{Path, State};
use flow::access::session::{self, Shown};

use crate::portal::gate::csrf::{Form, Nothing};
use crate::portal::gate::permitted::{Own, Permitted};
use crate::portal::page::frame::{Answer, done};
use crate::portal::page::moment::when;
use crate::portal::page::part::When;
use crate::portal::state::Portal;

/// `POST /settings/sessions/{id}/end`.
pub(super) async fn end_session(
    State(portal): State<Portal>,
    who: Permitted<Own>,
    Path(id): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    match session::end_session(&portal.app, &who.caller, &who.signed_in, &id).await {
        Ok(()) => Ok(done("/settings", "The session was ended.")),
        Err(error) => Err(error.into()),
    }
}

/// `POST /settings/sessions/end-others`.
pub(super) async fn end_others(
    State(portal): State<Portal>,
    who: Permitted<Own>,
    Form(Nothing {}): Form<Nothing>,
) -> Answer {
    let ended = session::end_other_sessions(&portal.app, &who.caller, &who.signed_in).await?;
    let message = match ended {
        0 => "There was no other session.".to_owned(),
        1 => "One other session was ended.".to_owned(),
        many => format!("{many} other sessions were ended."),
    };
    Ok(done("/settings", &message))
}

pub(super) fn row(shown: Shown, now: base::Timestamp) -> SessionRow {
    SessionRow {
        browser: name(&shown.client_agent),
        address: shown.client_address,
        began: when(shown.session.created_at, now),
        last_seen: when(shown.session.last_seen_at, now),
        is_current: shown.is_current,
        id: shown.id,
    }
}

/// Such as "Firefox on Linux"; the beginning of the agent text when it is none of the usual ones.
fn name(agent: &str) -> String {
    let browser = first_of(agent, &BROWSERS);
    let system = first_of(agent, &SYSTEMS);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        (None, _) if agent.is_empty() => "Unknown browser".to_owned(),
        (None, _) => agent.chars().take(40).collect(),
    }
}

fn first_of(agent: &str, words: &[(&str, &'static str)]) -> Option<&'static str> {
    words
        .iter()
        .find(|(word, _)| agent.contains(word))
        .map(|(_, name)| *name)
}

/// Those that claim to be others come first.
const BROWSERS: [(&str, &str); 6] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
    ("curl/", "curl"),
];

const SYSTEMS: [(&str, &str); 6] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// One place where the person is signed in.
#[derive(Clone, Debug)]
pub struct SessionRow {
    /// Opaque handle; never the session's secret.
    pub id: String,
    /// Such as "Firefox on Linux".
    pub browser: String,
    /// Network address.
    pub address: String,
    /// When it was signed in.
    pub began: When,
    /// When it was last used.
    pub last_seen: When,
    /// Whether it is the one that asks.
    pub is_current: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usual_browsers_are_named() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        let edge = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like \
                    Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0";
        assert_eq!(name(firefox), "Firefox on Linux");
        assert_eq!(name(edge), "Edge on Windows");
        assert_eq!(name("curl/8.5.0"), "curl");
        assert_eq!(name(""), "Unknown browser");
    }
}
