//! A mail as an effect. A mail server cannot be asked what became of a mail, so that one whose answer was lost stays
//! unknown until a person says.

use base::{MailId, TenantId, Timestamp, chain};
use outbound::mail::{Body, Delivery, Message};
use serde::{Deserialize, Serialize};
use store::effects::mail::{self, Mail, context};
use store::{Error, WriteTx};

use crate::caller::tenant;
use crate::effects::{Answer, Effect, Found, Outcome};
use crate::outside::Outside;

/// Gives a mail to the operator's server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendMail {
    pub(super) mail: MailId,
    pub(super) tenant: TenantId,
}

impl SendMail {
    /// Which mail it is.
    pub(crate) fn mail(&self) -> MailId {
        self.mail
    }

    /// The mail as it is given away, or why it is not.
    async fn message(&self, outside: &Outside) -> Result<Message, Answer<String>> {
        let store = outside.store.within(tenant(self.tenant));
        let found: Result<Option<Mail>, Error> = store.read(self.mail, mail::by_id).await;
        let found = found.map_err(|error| Answer::NotSent(chain(&error)))?;
        let gone = || Answer::Refused("what it said was erased".to_owned());
        let mail = found.ok_or_else(gone)?;
        let sealed = mail.body.ok_or_else(gone)?;
        let (row, of) = (self.mail.to_string(), self.tenant.to_string());
        let opened = outside.sealer.open(context(&row, &of), &sealed);
        let opened = opened.map_err(|error| Answer::NotSent(chain(&error)))?;
        let body: Body =
            serde_json::from_slice(&opened).map_err(|error| Answer::Refused(chain(&error)))?;
        Ok(Message {
            id: row,
            date: self.mail.made_at(),
            to: mail.recipient,
            body,
        })
    }
}

impl Effect for SendMail {
    const KIND: &'static str = "mail";
    const MAX_ASKED: u32 = 1;
    type Reply = String;

    fn key(&self) -> String {
        self.mail.to_string()
    }

    async fn send(&self, outside: &Outside, _key: &str) -> Answer<String> {
        let message = match self.message(outside).await {
            Ok(message) => message,
            Err(answer) => return answer,
        };
        match outside.mailer.send(&message).await {
            Delivery::Lost(why) => Answer::Lost(why),
            Delivery::NotSent(why) => Answer::NotSent(why),
            Delivery::Refused(why) => Answer::Refused(why),
            Delivery::Taken(reply) => Answer::Done(reply),
        }
    }

    async fn find(&self, _outside: &Outside, _key: &str) -> Found<String> {
        Found::Unclear
    }

    async fn settle(
        &self,
        tx: &mut WriteTx,
        outcome: &Outcome<String>,
        now: Timestamp,
    ) -> Result<(), Error> {
        match outcome {
            Outcome::Closed | Outcome::Done(_) => mail::mark_sent(tx, &(self.mail, now)).await,
            Outcome::Refused(why) => mail::mark_refused(tx, &(self.mail, why.clone())).await,
        }
    }
}
