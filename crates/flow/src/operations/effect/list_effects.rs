//! Effects that have not ended, the last of a kind, and one with all that is known of it.

use base::{EffectId, MailId};
use store::effects::effect::{self, Effect};
use store::effects::mail::{self, Mail};
use store::{Error, ReadTx};

use crate::App;
use crate::caller::system;
use crate::effects::Effect as _;
use crate::mail::SendMail;

/// How many effects a list shows.
pub const SHOWN: i64 = 100;

/// An effect with what it is about.
#[derive(Clone, Debug)]
pub struct FoundEffect {
    /// The effect.
    pub effect: Effect,
    /// The mail, if it is one.
    pub mail: Option<Mail>,
}

/// Those that have not ended, the oldest first.
pub async fn list_unresolved(app: &App) -> Result<Vec<Effect>, Error> {
    let store = app.store(system("an operator looks at everybody's effects"));
    store.scan(SHOWN, effect::unresolved).await
}

/// The last of a kind, however they stand.
pub async fn list_newest(app: &App, kind: &str) -> Result<Vec<Effect>, Error> {
    let store = app.store(system("an operator looks at everybody's effects"));
    store.scan((kind.to_owned(), SHOWN), effect::newest).await
}

/// One of them.
pub async fn show_effect(app: &App, id: EffectId) -> Result<Option<FoundEffect>, Error> {
    let store = app.store(system("an operator looks at everybody's effects"));
    store.read(id, find).await
}

async fn find(tx: &mut ReadTx, id: &EffectId) -> Result<Option<FoundEffect>, Error> {
    let Some(effect) = effect::of_anybody(tx, id).await? else {
        return Ok(None);
    };
    let mail = match mail_of(&effect) {
        Some(sent) => mail::of_anybody(tx, &sent).await?,
        None => None,
    };
    Ok(Some(FoundEffect { effect, mail }))
}

/// The mail of an effect, if it is one.
fn mail_of(effect: &Effect) -> Option<MailId> {
    if effect.kind != SendMail::KIND {
        return None;
    }
    let sent: Option<SendMail> = serde_json::from_slice(&effect.request).ok();
    sent.map(|sent| sent.mail())
}
