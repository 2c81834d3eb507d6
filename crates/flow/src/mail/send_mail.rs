//! A mail as an effect. A mail server cannot be asked what became of a mail, so that one whose answer was lost stays
//! unknown until a person says.

use base::{MailId, TenantId, Timestamp, chain};
use outbound::mail::letter::Brand as Signed;
use outbound::mail::{Body, Delivery, Letter, Message};
use serde::{Deserialize, Serialize};
use store::effects::mail::{self, Mail, context};
use store::tenancy::brand::{self, PlacedBrand};
use store::{Error, ReadTx, WriteTx};
use tenancy::tenant::TenantKind;

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
        let found = store.read((self.mail, self.tenant), load).await;
        let (found, brand) = found.map_err(|error| Answer::NotSent(chain(&error)))?;
        let gone = || Answer::Refused("what it said was erased".to_owned());
        let mail = found.ok_or_else(gone)?;
        let sealed = mail.body.ok_or_else(gone)?;
        let (row, of) = (self.mail.to_string(), self.tenant.to_string());
        let opened = outside.sealer.open(context(&row, &of), &sealed);
        let opened = opened.map_err(|error| Answer::NotSent(chain(&error)))?;
        let content: Content =
            serde_json::from_slice(&opened).map_err(|error| Answer::Refused(chain(&error)))?;
        let settings = outside.settings.mail.as_ref();
        let own = settings.ok_or_else(|| Answer::NotSent("mail is not set here".to_owned()))?;
        let signed = brand.as_ref().map_or_else(|| own.brand.clone(), signed);
        Ok(Message {
            id: row,
            date: self.mail.made_at(),
            sender: brand.as_ref().and_then(sender),
            to: mail.recipient,
            body: match content {
                Content::Letter(letter) => letter.write(&signed),
                Content::Written(body) => body,
            },
        })
    }
}

/// What is sealed of a mail: earlier releases wrote it at once.
#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Letter(Letter),
    Written(Body),
}

async fn load(
    tx: &mut ReadTx,
    (mail, tenant): &(MailId, TenantId),
) -> Result<(Option<Mail>, Option<PlacedBrand>), Error> {
    let found = mail::by_id(tx, mail).await?;
    Ok((found, brand::nearest(tx, tenant).await?))
}

fn signed(placed: &PlacedBrand) -> Signed {
    Signed {
        name: placed.brand.name.as_str().to_owned(),
        contact: placed.brand.contact.on_one_line(),
    }
}

/// The operator's own name is part of the address in the settings.
fn sender(placed: &PlacedBrand) -> Option<String> {
    let is_operator = placed.kind == TenantKind::Operator;
    (!is_operator).then(|| placed.brand.name.as_str().to_owned())
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
