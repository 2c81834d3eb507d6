//! A mail as octets (RFC 5322, RFC 2045).

use std::time::{Duration, SystemTime};

use lettre::address::{Address, Envelope};
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};

use super::Message;

/// A mail that is ready for a server.
pub(super) struct Composed {
    pub(super) envelope: Envelope,
    pub(super) content: Vec<u8>,
    /// Whether an address has characters that not every server takes (RFC 6531).
    pub(super) is_international: bool,
}

/// Puts a mail together; the text says why it cannot be.
pub(super) fn compose(
    message: &Message,
    from: &Mailbox,
    reply_to: Option<&Mailbox>,
) -> Result<Composed, String> {
    let to: Address = message
        .to
        .parse()
        .map_err(|_| "the recipient is no e-mail address".to_owned())?;
    let addresses: [&str; 2] = [to.as_ref(), from.email.as_ref()];
    let is_international = addresses.iter().any(|address| !address.is_ascii());
    let envelope = Envelope::new(Some(from.email.clone()), vec![to.clone()]);
    let body = &message.body;
    let mut builder = lettre::Message::builder()
        .from(sender(message, from))
        .to(Mailbox::new(None, to))
        .subject(one_line(&body.subject))
        .message_id(Some(format!("<{}@{}>", message.id, from.email.domain())))
        .date(moment(message));
    if let Some(reply_to) = reply_to.filter(|_| message.sender.is_none()) {
        builder = builder.reply_to(reply_to.clone());
    }
    let parts = MultiPart::alternative_plain_html(body.text.clone(), body.html.clone());
    let mut composed = builder
        .multipart(parts)
        .map_err(|error| error.to_string())?;
    // Nobody's absence note shall answer it (RFC 3834 §5).
    let automatic = HeaderValue::new(
        HeaderName::new_from_ascii_str("Auto-Submitted"),
        "auto-generated".to_owned(),
    );
    composed.headers_mut().insert_raw(automatic);
    Ok(Composed {
        envelope: envelope.map_err(|error| error.to_string())?,
        content: composed.formatted(),
        is_international,
    })
}

/// The address of the settings, under another name where the mail has one.
fn sender(message: &Message, from: &Mailbox) -> Mailbox {
    let name = message.sender.as_deref().map(one_line);
    Mailbox::new(name.or_else(|| from.name.clone()), from.email.clone())
}

/// What a header can hold: whoever could end its line could add others (security S-53).
fn one_line(text: &str) -> String {
    text.chars().filter(|each| !each.is_control()).collect()
}

fn moment(message: &Message) -> SystemTime {
    let micros = u64::try_from(message.date.as_micros()).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_micros(micros)
}

#[cfg(test)]
mod tests {
    use base::Timestamp;

    use super::*;
    use crate::mail::Body;

    fn composed(change: impl FnOnce(&mut Message)) -> Result<String, String> {
        let mut message = Message {
            id: "mail_1".to_owned(),
            date: Timestamp::from_seconds(1_795_435_200),
            sender: None,
            to: "a@example.com".to_owned(),
            body: Body {
                subject: "Your password was changed".to_owned(),
                text: "Grüße".to_owned(),
                html: "<p>Grüße</p>".to_owned(),
            },
        };
        change(&mut message);
        let from: Mailbox = "Chancery <noreply@ca.example>".parse().unwrap();
        let reply_to: Mailbox = "help@ca.example".parse().unwrap();
        let composed = compose(&message, &from, Some(&reply_to))?;
        Ok(String::from_utf8(composed.content).unwrap())
    }

    #[test]
    fn a_mail_says_who_wrote_it_and_that_nobody_did_by_hand() {
        let text = composed(|_| {}).unwrap();
        for line in [
            "From: Chancery <noreply@ca.example>\r\n",
            "To: a@example.com\r\n",
            "Reply-To: help@ca.example\r\n",
            "Subject: Your password was changed\r\n",
            "Message-ID: <mail_1@ca.example>\r\n",
            "Date: Mon, 23 Nov 2026 12:00:00 +0000\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "Content-Type: text/plain; charset=utf-8\r\n",
            "Content-Type: text/html; charset=utf-8\r\n",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
        assert!(text.is_ascii());
    }

    #[test]
    fn f036_a_mail_in_the_name_of_another_brand_leads_to_nobody_else() {
        let text = composed(|message| message.sender = Some("Northwind\r\nBcc: x".to_owned()));
        let text = text.unwrap();
        // "NorthwindBcc: x", in one line.
        let from = "From: =?utf-8?b?Tm9ydGh3aW5kQmNjOiB4?= <noreply@ca.example>\r\n";
        assert!(text.contains(from), "{text}");
        assert!(!text.contains("\nBcc"), "{text}");
        assert!(
            !text.contains("Reply-To:") && !text.contains("Chancery"),
            "{text}"
        );
    }

    #[test]
    fn s53_a_subject_adds_no_header() {
        let text = composed(|message| {
            "Hello\r\nBcc: b@example.com\r\n\r\nbody".clone_into(&mut message.body.subject);
        });
        let text = text.unwrap();
        let mut lines = text.lines();
        assert!(!lines.any(|line| line.starts_with("Bcc:")), "{text}");
    }

    #[test]
    fn s53_an_address_adds_no_recipient() {
        for to in [
            "a@example.com, b@example.com",
            "a@example.com\r\nBcc: b@example.com",
            "a",
            "",
        ] {
            assert!(
                composed(|message| to.clone_into(&mut message.to)).is_err(),
                "{to}"
            );
        }
    }
}
