//! A mail server on loopback: it takes mails and keeps them, and where a test says so, it refuses, breaks off or says
//! nothing at all.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use outbound::mail::SmtpMailer;
use outbound::mail::smtp::{SmtpCredentials, SmtpSecurity, SmtpSettings};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// What it does instead of taking a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailTrouble {
    /// Takes the content and breaks off without an answer.
    BreaksOffAfterContent,
    /// Greets nobody and breaks off.
    BreaksOffAtOnce,
    /// Takes the content and says nothing, for ever.
    HangsAfterContent,
    /// Refuses the content, after it has come, with this code.
    RefusesContent(u16),
    /// Refuses the recipient with this code.
    RefusesRecipient(u16),
    /// Refuses the sender with this code.
    RefusesSender(u16),
    /// Wants to know us, and does not.
    RefusesUs,
}

/// A mail whose content came whole.
#[derive(Clone, Debug)]
pub struct ReceivedMail {
    /// The sender of the envelope.
    pub from: String,
    /// The recipients of the envelope.
    pub to: Vec<String>,
    /// Header and body, with `\n` at the ends of lines.
    pub content: String,
}

/// Runs until it is dropped.
pub struct MailServer {
    /// Where it answers.
    pub address: SocketAddr,
    state: Arc<State>,
    task: AbortHandle,
}

#[derive(Default)]
struct State {
    mails: Mutex<Vec<ReceivedMail>>,
    trouble: Mutex<Option<MailTrouble>>,
    came: Notify,
}

impl MailServer {
    /// A server that takes everything.
    pub async fn start() -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    /// The same at an address.
    pub async fn start_at(address: SocketAddr) -> Self {
        let listener = TcpListener::bind(address).await.expect("a listener");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(State::default());
        let task = tokio::spawn(serve(listener, Arc::clone(&state))).abort_handle();
        Self {
            address,
            state,
            task,
        }
    }

    /// An address of loopback at which nobody answers.
    pub async fn nowhere() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
        listener.local_addr().expect("an address")
    }

    /// From now on it does this instead; `None` is to behave.
    pub fn trouble(&self, trouble: Option<MailTrouble>) {
        *held(&self.state.trouble) = trouble;
    }

    /// The mails whose content came whole, whether or not that was answered.
    pub fn mails(&self) -> Vec<ReceivedMail> {
        held(&self.state.mails).clone()
    }

    /// Waits until so many have come.
    pub async fn received(&self, count: usize) -> Vec<ReceivedMail> {
        loop {
            let came = self.state.came.notified();
            let mails = self.mails();
            if mails.len() >= count {
                return mails;
            }
            came.await;
        }
    }

    /// The client of the product.
    pub fn mailer(&self) -> SmtpMailer {
        mailer(self.address, Duration::from_secs(60))
    }
}

/// The client of the product for a server on loopback.
pub fn mailer(address: SocketAddr, timeout: Duration) -> SmtpMailer {
    let settings = SmtpSettings {
        host: address.ip().to_string(),
        port: address.port(),
        security: SmtpSecurity::Plain,
        credentials: Some(SmtpCredentials {
            username: "chancery".to_owned(),
            password: "secret".to_owned(),
        }),
        from: "Chancery <noreply@ca.test>".to_owned(),
        reply_to: None,
        timeout,
    };
    SmtpMailer::new(settings).expect("a client")
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl ReceivedMail {
    /// A field of the header, on one line.
    pub fn header(&self, name: &str) -> Option<String> {
        let (header, _) = self.content.split_once("\n\n")?;
        let unfolded = header.replace("\n ", " ");
        let mut lines = unfolded.lines();
        let value = lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        value.map(ToOwned::to_owned)
    }

    /// What it says as text.
    pub fn text(&self) -> String {
        self.part("text/plain")
    }

    /// What it says as a page.
    pub fn html(&self) -> String {
        self.part("text/html")
    }

    fn part(&self, kind: &str) -> String {
        let begin = format!("Content-Type: {kind}");
        // A line of two hyphens alone begins a signature.
        let boundary = self.content.split("boundary=\"").nth(1);
        let boundary = boundary.and_then(|rest| rest.split('"').next());
        let between = format!("\n--{}", boundary.unwrap_or_default());
        let part = self
            .content
            .split(&between)
            .find(|part| part.contains(&begin));
        let part = part.expect("a part of that kind");
        let (header, body) = part.split_once("\n\n").expect("a header");
        if header.contains("quoted-printable") {
            unquoted(body)
        } else {
            body.to_owned()
        }
    }
}

/// The octets of quoted-printable text (RFC 2045 §6.7).
fn unquoted(text: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = text.replace("=\n", "").into_bytes().into_iter();
    while let Some(octet) = rest.next() {
        if octet != b'=' {
            octets.push(octet);
            continue;
        }
        let digits: Vec<u8> = rest.by_ref().take(2).collect();
        let digits = String::from_utf8(digits).expect("digits");
        octets.push(u8::from_str_radix(&digits, 16).expect("digits"));
    }
    String::from_utf8(octets).expect("UTF-8")
}

fn held<T>(guarded: &Mutex<T>) -> MutexGuard<'_, T> {
    guarded.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, state: Arc<State>) {
    let mut talks = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        talks.spawn(talk(stream, Arc::clone(&state)));
        while talks.try_join_next().is_some() {}
    }
}

/// One connection, to its end. `None` when the client is gone.
async fn talk(stream: TcpStream, state: Arc<State>) -> Option<()> {
    let trouble = *held(&state.trouble);
    if trouble == Some(MailTrouble::BreaksOffAtOnce) {
        return None;
    }
    let mut client = Client(BufReader::new(stream));
    client.say("220 mail.test ESMTP").await?;
    let (mut from, mut to) = (String::new(), Vec::new());
    loop {
        let line = client.line().await?;
        let verb = line.get(..4).unwrap_or(&line).to_uppercase();
        match verb.as_str() {
            "EHLO" => client.say(GREETING).await?,
            "AUTH" if trouble == Some(MailTrouble::RefusesUs) => {
                client.say("535 5.7.8 who are you?").await?;
            }
            "AUTH" => client.say("235 2.7.0 welcome").await?,
            "MAIL" => {
                from = inner(&line);
                let code = match trouble {
                    Some(MailTrouble::RefusesSender(code)) => code,
                    _ => 250,
                };
                client.say(&format!("{code} {from}")).await?;
            }
            "RCPT" => {
                to.push(inner(&line));
                let code = match trouble {
                    Some(MailTrouble::RefusesRecipient(code)) => code,
                    _ => 250,
                };
                client.say(&format!("{code} {}", inner(&line))).await?;
            }
            "DATA" => {
                client.say("354 go on").await?;
                let content = client.content().await?;
                let mail = ReceivedMail {
                    from: from.clone(),
                    to: std::mem::take(&mut to),
                    content,
                };
                if !answer(&mut client, &state, mail, trouble).await? {
                    return None;
                }
            }
            "QUIT" => {
                client.say("221 2.0.0 bye").await?;
                return Some(());
            }
            _ => client.say("500 5.5.1 what?").await?,
        }
    }
}

/// What it can do.
const GREETING: &str = "250-mail.test\r\n250-8BITMIME\r\n250 AUTH PLAIN";

/// Whether to go on listening.
async fn answer(
    client: &mut Client,
    state: &State,
    mail: ReceivedMail,
    trouble: Option<MailTrouble>,
) -> Option<bool> {
    held(&state.mails).push(mail);
    state.came.notify_waiters();
    match trouble {
        Some(MailTrouble::BreaksOffAfterContent) => return Some(false),
        Some(MailTrouble::HangsAfterContent) => std::future::pending().await,
        Some(MailTrouble::RefusesContent(code)) => {
            // It said so, so that it does not have it.
            held(&state.mails).pop();
            client.say(&format!("{code} not this")).await?;
        }
        _ => client.say("250 2.0.0 taken").await?,
    }
    Some(true)
}

/// What stands between `<` and `>`.
fn inner(line: &str) -> String {
    let (_, rest) = line.split_once('<').unwrap_or_default();
    let (inner, _) = rest.split_once('>').unwrap_or_default();
    inner.to_owned()
}

struct Client(BufReader<TcpStream>);

impl Client {
    async fn say(&mut self, line: &str) -> Option<()> {
        let line = format!("{line}\r\n");
        self.0.write_all(line.as_bytes()).await.ok()
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let octets = self.0.read_line(&mut line).await.ok()?;
        (octets > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
    }

    /// To the line with a dot alone (RFC 5321 §4.5.2).
    async fn content(&mut self) -> Option<String> {
        let mut content = String::new();
        loop {
            let line = self.line().await?;
            if line == "." {
                return Some(content);
            }
            content.push_str(line.strip_prefix('.').unwrap_or(&line));
            content.push('\n');
        }
    }
}
