//! Mail by SMTP (RFC 5321), each on a connection of its own.
//!
//! What matters is what is known when something fails. Until the content has been sent the server has nothing, so that the
//! mail can be given to it again. From then on its answer alone tells: without one, nobody knows. A lasting no to the
//! recipient or to the content ends the mail; one to us (who we are, whether we may send) is put right by the operator,
//! and the mail waits for that.
//!
//! The server is the operator's own choice and often stands beside us, so that the address guard, which keeps customers
//! from naming such addresses, is not asked.

use std::time::Duration;

use base::chain;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use lettre::message::Mailbox;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use tokio::time::timeout;

use super::message::{Composed, compose};
use super::{Delivery, Mailer, MailerError, Message};

/// How much of what a server says is kept.
const LONGEST: usize = 500;
/// How long a server may take to say good-bye, which nobody waits for.
const FAREWELL: Duration = Duration::from_secs(5);

/// How the way to the server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// Not at all.
    Plain,
    /// By TLS after a greeting without it; never without TLS.
    StartTls,
    /// By TLS from the first octet.
    Tls,
}

/// Where mails are given to, and whose they are.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way to it is protected.
    pub security: SmtpSecurity,
    /// What it knows us by.
    pub credentials: Option<SmtpCredentials>,
    /// Whose mails they are: an address, or a name with one.
    pub from: String,
    /// Where answers go, if not there.
    pub reply_to: Option<String>,
    /// How long each step may take.
    pub timeout: Duration,
}

/// What a server knows us by.
#[derive(Clone)]
pub struct SmtpCredentials {
    /// The name.
    pub username: String,
    /// The password.
    pub password: String,
}

/// Without the password.
impl std::fmt::Debug for SmtpCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SmtpCredentials")
            .field("username", &self.username)
            .finish_non_exhaustive()
    }
}

/// The operator's mail server.
pub struct SmtpMailer {
    settings: SmtpSettings,
    from: Mailbox,
    reply_to: Option<Mailbox>,
    hello: ClientId,
    tls: Option<TlsParameters>,
}

type Step<T> = Result<T, Failure>;

/// Why a step did not succeed.
enum Failure {
    /// It took too long.
    Late,
    /// The server's no, or none at all.
    Smtp(Error),
}

impl Failure {
    /// Whether the server has said that it will never do this.
    fn is_lasting(&self) -> bool {
        matches!(self, Self::Smtp(error) if error.is_permanent())
    }

    /// Whether the server has said no at all.
    fn is_answer(&self) -> bool {
        matches!(self, Self::Smtp(error) if error.status().is_some())
    }

    fn text(&self) -> String {
        match self {
            Self::Late => "the mail server took too long".to_owned(),
            Self::Smtp(error) => bounded(&chain(error)),
        }
    }
}

impl SmtpMailer {
    /// Reads the addresses and whom the system trusts; connects to nobody.
    pub fn new(settings: SmtpSettings) -> Result<Self, MailerError> {
        let mailbox = |text: &str| -> Result<Mailbox, MailerError> {
            let parsed = text.parse();
            parsed.map_err(|_| MailerError(format!("\"{text}\" is no e-mail address")))
        };
        let from = mailbox(&settings.from)?;
        let reply_to = settings.reply_to.as_deref().map(mailbox).transpose()?;
        let tls = match settings.security {
            SmtpSecurity::Plain => None,
            SmtpSecurity::StartTls | SmtpSecurity::Tls => {
                let parameters = TlsParameters::new_rustls(settings.host.clone());
                Some(parameters.map_err(|error| MailerError(chain(&error)))?)
            }
        };
        Ok(Self {
            hello: ClientId::Domain(from.email.domain().to_owned()),
            from,
            reply_to,
            tls,
            settings,
        })
    }

    async fn within<T>(&self, step: impl Future<Output = Result<T, Error>>) -> Step<T> {
        match timeout(self.settings.timeout, step).await {
            Ok(outcome) => outcome.map_err(Failure::Smtp),
            Err(_) => Err(Failure::Late),
        }
    }

    /// A connection on which mails may be sent.
    async fn connect(&self) -> Step<AsyncSmtpConnection> {
        let SmtpSettings {
            host,
            port,
            security,
            timeout,
            ..
        } = &self.settings;
        let implicit = self.tls.clone().filter(|_| *security == SmtpSecurity::Tls);
        let address = (host.as_str(), *port);
        let connecting = AsyncSmtpConnection::connect_tokio1(
            address,
            Some(*timeout),
            &self.hello,
            implicit,
            None,
        );
        let mut connection = self.within(connecting).await?;
        if *security == SmtpSecurity::StartTls
            && let Some(tls) = self.tls.clone()
        {
            self.within(connection.starttls(tls, &self.hello)).await?;
        }
        if let Some(known) = &self.settings.credentials {
            let credentials = Credentials::new(known.username.clone(), known.password.clone());
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            self.within(connection.auth(&mechanisms, &credentials))
                .await?;
        }
        Ok(connection)
    }

    async fn deliver(&self, message: &Message) -> Delivery {
        let composed = match compose(message, &self.from, self.reply_to.as_ref()) {
            Ok(composed) => composed,
            Err(why) => return Delivery::Refused(why),
        };
        let connection = match self.connect().await {
            Ok(connection) => connection,
            Err(failure) => return Delivery::NotSent(failure.text()),
        };
        self.hand_over(connection, composed).await
    }

    async fn hand_over(&self, mut connection: AsyncSmtpConnection, mail: Composed) -> Delivery {
        let Composed {
            envelope,
            content,
            is_international,
        } = mail;
        let mut options = Vec::new();
        if is_international {
            if !connection
                .server_info()
                .supports_feature(Extension::SmtpUtfEight)
            {
                let why = "the mail server takes no address with such characters (SMTPUTF8)";
                return Delivery::Refused(why.to_owned());
            }
            options.push(MailParameter::SmtpUtfEight);
        }
        let from = Mail::new(envelope.from().cloned(), options);
        if let Err(failure) = self.within(connection.command(from)).await {
            return Delivery::NotSent(failure.text());
        }
        for to in envelope.to() {
            let to = Rcpt::new(to.clone(), Vec::new());
            if let Err(failure) = self.within(connection.command(to)).await {
                return unsent(&failure);
            }
        }
        if let Err(failure) = self.within(connection.command(Data)).await {
            return unsent(&failure);
        }
        // From here on the server may have it.
        let delivery = match self.within(connection.message(&content)).await {
            Ok(response) if response.code().severity == Severity::PositiveCompletion => {
                Delivery::Taken(said(&response))
            }
            Ok(response) => Delivery::Lost(said(&response)),
            Err(failure) if failure.is_answer() => unsent(&failure),
            Err(failure) => Delivery::Lost(failure.text()),
        };
        leave(connection);
        delivery
    }
}

/// The server has not taken the mail, for certain.
fn unsent(failure: &Failure) -> Delivery {
    if failure.is_lasting() {
        Delivery::Refused(failure.text())
    } else {
        Delivery::NotSent(failure.text())
    }
}

/// Says good-bye. What is known of the mail is not held up by it.
fn leave(mut connection: AsyncSmtpConnection) {
    tokio::spawn(async move {
        let _ = timeout(FAREWELL, connection.quit()).await;
    });
}

fn said(response: &Response) -> String {
    let lines: Vec<&str> = response.message().collect();
    bounded(&format!("{} {}", response.code(), lines.join(" ")))
}

fn bounded(text: &str) -> String {
    let fit = text.chars().filter(|each| !each.is_control());
    fit.take(LONGEST).collect()
}

impl Mailer for SmtpMailer {
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Delivery> {
        self.deliver(message).boxed()
    }

    fn greet(&self) -> BoxFuture<'_, Result<String, MailerError>> {
        async {
            let connection = self.connect().await;
            let connection = connection.map_err(|failure| MailerError(failure.text()))?;
            let name = bounded(connection.server_info().name());
            let protected = if connection.is_encrypted() {
                "with TLS"
            } else {
                "without TLS"
            };
            let known = if self.settings.credentials.is_some() {
                ", and knows us"
            } else {
                ""
            };
            leave(connection);
            Ok(format!("{name} answers {protected}{known}"))
        }
        .boxed()
    }
}
