//! `[mail]`: who delivers the mails of this installation. Without a host none are sent.

use std::fmt;
use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;

use serde::{Deserialize, Serialize, Serializer};

use super::refused::{Refused, Validate, refuse_outside};

/// How long each step of giving a mail away may take.
const SECONDS: RangeInclusive<u64> = 1..=600;

/// Who delivers mails, and whose they are.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct MailSection {
    /// The mail server; without one no mails are sent.
    pub(crate) host: Option<String>,
    /// Its port; the usual one of its kind of security unless given.
    pub(crate) port: Option<u16>,
    /// How the way to it is protected.
    pub(crate) security: MailSecurity,
    /// What it knows us by.
    pub(crate) username: Option<String>,
    /// The password for it.
    pub(crate) password: Option<Secret>,
    /// A file with the password instead.
    pub(crate) password_file: Option<PathBuf>,
    /// The address that mails come from, or a name with one.
    pub(crate) from: Option<String>,
    /// The address that answers go to.
    pub(crate) reply_to: Option<String>,
    /// The name that mails are signed with.
    pub(crate) brand: String,
    /// Where mails say that help is; the portal's URL unless given.
    pub(crate) contact: Option<String>,
    /// Seconds that each step of giving a mail away may take.
    pub(crate) timeout: u64,
}

/// How the way to the mail server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum MailSecurity {
    /// Not at all.
    None,
    /// By TLS that begins after the greeting, and never without.
    StartTls,
    /// By TLS from the first octet.
    Tls,
}

/// A text that is neither shown nor logged.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl Secret {
    /// What it is, for whoever uses it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

const HIDDEN: &str = "(not shown)";

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(HIDDEN)
    }
}

impl Default for MailSection {
    fn default() -> Self {
        Self {
            host: None,
            port: None,
            security: MailSecurity::StartTls,
            username: None,
            password: None,
            password_file: None,
            from: None,
            reply_to: None,
            brand: "Chancery".to_owned(),
            contact: None,
            timeout: 60,
        }
    }
}

impl Validate for MailSection {
    fn validate(&self) -> Result<(), Refused> {
        refuse_outside("mail.timeout", self.timeout, &SECONDS, "seconds")?;
        let Some(host) = &self.host else {
            return Ok(());
        };
        if host.is_empty() {
            let allowed = "the name or address of a mail server";
            return Err(Refused::new("mail.host", "empty", allowed));
        }
        if self.from.is_none() {
            let allowed = "the address that mails come from, such as noreply@example.com";
            return Err(Refused::new("mail.from", "not given", allowed));
        }
        let passwords = [self.password.is_some(), self.password_file.is_some()];
        let given = passwords.iter().filter(|is_given| **is_given).count();
        if given != usize::from(self.username.is_some()) {
            let (value, allowed) = (
                "given without the other, or twice",
                "a username with either password or password_file, or none of them",
            );
            return Err(Refused::new("mail.username", value, allowed));
        }
        if self.security == MailSecurity::None && self.username.is_some() && !is_loopback(host) {
            let allowed = "tls or starttls: a password is sent unprotected to this machine only";
            return Err(Refused::new("mail.security", "none", allowed));
        }
        Ok(())
    }
}

impl MailSection {
    /// Whether there are settings of a server that is not named; `chancery doctor` tells.
    pub(crate) fn lacks_host(&self) -> bool {
        let others = [
            self.port.is_some(),
            self.username.is_some(),
            self.password.is_some(),
            self.password_file.is_some(),
            self.from.is_some(),
            self.reply_to.is_some(),
        ];
        self.host.is_none() && others.contains(&true)
    }

    /// The port of the server.
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            MailSecurity::None => 25,
            MailSecurity::StartTls => 587,
            MailSecurity::Tls => 465,
        })
    }
}

fn is_loopback(host: &str) -> bool {
    let address: Result<IpAddr, _> = host.parse();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::super::of_text;

    #[track_caller]
    fn check(lines: &str, expected: Result<u16, &str>) {
        let read = of_text(&format!("[mail]\n{lines}"));
        match (read, expected) {
            (Ok(config), Ok(port)) => assert_eq!(config.mail.port(), port, "{lines}"),
            (Err(error), Err(begin)) => {
                let error = error.to_string();
                assert!(error.starts_with(begin), "{error}");
            }
            (read, _) => panic!("{lines}: {:?}", read.map(|config| config.mail)),
        }
    }

    const FROM: &str = "from = \"noreply@example.com\"";

    #[test]
    fn a_mail_server_has_a_port_for_its_kind_of_security() {
        check(&format!("host = \"mx.example\"\n{FROM}"), Ok(587));
        for (security, port) in [("tls", 465), ("starttls", 587), ("none", 25)] {
            let line = format!("host = \"mx.example\"\nsecurity = \"{security}\"\n{FROM}");
            check(&line, Ok(port));
        }
        check(
            &format!("host = \"mx.example\"\nport = 2525\n{FROM}"),
            Ok(2525),
        );
    }

    #[test]
    fn half_a_mail_server_is_refused() {
        check("host = \"mx.example\"", Err("mail.from is not given"));
        check(&format!("host = \"\"\n{FROM}"), Err("mail.host is empty"));
        let host = format!("host = \"mx.example\"\n{FROM}");
        let wrong = "mail.username is given without the other, or twice";
        check(&format!("{host}\nusername = \"me\""), Err(wrong));
        check(&format!("{host}\npassword = \"secret\""), Err(wrong));
        let both = "username = \"me\"\npassword = \"secret\"\npassword_file = \"/run/secret\"";
        check(&format!("{host}\n{both}"), Err(wrong));
        check(&format!("{host}\ntimeout = 0"), Err("mail.timeout is 0"));
    }

    #[test]
    fn a_password_is_not_sent_unprotected() {
        let known =
            format!("{FROM}\nsecurity = \"none\"\nusername = \"me\"\npassword = \"secret\"");
        check(
            &format!("host = \"mx.example\"\n{known}"),
            Err("mail.security is none"),
        );
        for host in ["localhost", "127.0.0.1", "::1"] {
            check(&format!("host = \"{host}\"\n{known}"), Ok(25));
        }
    }
}
