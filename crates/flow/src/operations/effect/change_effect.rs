//! What a person says of an effect of which nobody here knows whether it was done: that it was, or that it shall be sent
//! again. The job then does what follows.

use base::{Class, EffectId, JobId, Refusal, Refuse};
use store::audit::{self, Entry};
use store::effects::effect::{self, Effect, EffectState, Move};
use store::queue::job::{self, Job};
use store::{ReadTx, WriteTx};

use crate::audit::{Event, Text};
use crate::caller::{system, tenant};
use crate::effects::delivery;
use crate::{App, Caller};

/// What a person says of an unknown effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EffectChange {
    /// It was done; how they know.
    Close(String),
    /// It is sent again, even if it was done.
    Resend,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeEffectError {
    /// It never was, or is so old that it is gone.
    #[error("there is no such effect")]
    NotFound,
    /// What became of it is known, or still to come.
    #[error("this effect is {0}; only of an unknown one a person has to say what became of it")]
    NotUnknown(EffectState),
    /// A person has said so already.
    #[error("a person has said already that it was done; its end is being stored")]
    Closed,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for ChangeEffectError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Closed => Class::Conflict.because("effect_is_closed", self),
            Self::NotFound => Class::NotFound.because("effect_not_found", self),
            Self::NotUnknown(_) => Class::Conflict.because("effect_is_not_unknown", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Takes a person's word for an unknown effect.
pub async fn change_effect(
    app: &App,
    caller: &Caller,
    id: EffectId,
    change: EffectChange,
) -> Result<(), ChangeEffectError> {
    let store = app.store(system("an operator names an effect, whosever it is"));
    let found: Result<Option<Effect>, store::Error> = store.read(id, effect::of_anybody).await;
    let found = found?.ok_or(ChangeEffectError::NotFound)?;
    let now = app.now();
    let kind = Text::new(&found.kind);
    let event = match &change {
        EffectChange::Close(why) => Event::EffectClosed {
            effect: id,
            kind,
            why: Text::new(why),
        },
        EffectChange::Resend => Event::EffectResent { effect: id, kind },
    };
    let request = caller.client.request_id;
    let job = JobId::generate(now, app.random());
    let word = Word {
        id,
        change,
        entry: app.entry(caller, found.tenant, &event, now),
        job: delivery(&found, job, now, request),
    };
    let store = app.store(tenant(found.tenant));
    store.decide(word, load, decide, save).await
}

struct Word {
    id: EffectId,
    change: EffectChange,
    entry: Entry,
    job: Job,
}

struct Decision {
    effect: Effect,
    change: EffectChange,
    entry: Entry,
    job: Job,
}

async fn load(tx: &mut ReadTx, word: &Word) -> Result<Option<Effect>, store::Error> {
    effect::by_id(tx, &word.id).await
}

fn decide(word: &Word, found: Option<Effect>) -> Result<Decision, ChangeEffectError> {
    let effect = found.ok_or(ChangeEffectError::NotFound)?;
    if effect.state != EffectState::Unknown {
        return Err(ChangeEffectError::NotUnknown(effect.state));
    }
    if effect.outcome.is_some() {
        return Err(ChangeEffectError::Closed);
    }
    Ok(Decision {
        effect,
        change: word.change.clone(),
        entry: word.entry.clone(),
        job: word.job.clone(),
    })
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<(), store::Error> {
    let from = decision.effect.seen();
    match &decision.change {
        EffectChange::Close(why) => {
            let why = format!("closed by hand: {why}");
            effect::close(tx, &(from, why)).await?;
        }
        EffectChange::Resend => {
            let again = Move {
                from,
                to: EffectState::Intended,
                response: Some("to be sent again by hand".to_owned()),
            };
            effect::change(tx, &again).await?;
        }
    }
    job::insert(tx, &decision.job).await?;
    audit::append(tx, &decision.entry).await
}
