//! A person at the portal: signs in and sends forms, for measurements of what others wait meanwhile.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, bail};

use crate::acme_client::connection::{Connection, Reply, Trust};
use crate::server::chancery::Door;

/// A browser with a session.
pub(crate) struct Visitor {
    connection: Connection,
    origin: String,
    trust: Trust,
    cookies: BTreeMap<String, String>,
    /// What every form of the session carries.
    csrf: String,
}

impl Visitor {
    /// Signs in.
    pub(crate) async fn sign_in(door: &Door, trust: &Trust) -> anyhow::Result<Self> {
        let mut visitor = Self {
            connection: Connection::new(&door.origin, trust)?,
            origin: door.origin.clone(),
            trust: trust.clone(),
            cookies: BTreeMap::new(),
            csrf: String::new(),
        };
        visitor.open("/sign-in").await?;
        let fields = [
            ("email", door.email),
            ("password", door.password),
            ("next", "/domains/new"),
        ];
        let answer = visitor.send("/sign-in", &fields).await?;
        if answer.status != 303 {
            bail!("signing in answers {}", answer.status);
        }
        visitor.open("/domains/new").await?;
        Ok(visitor)
    }

    /// The same person on a connection of its own.
    pub(crate) fn another(&self) -> anyhow::Result<Self> {
        Ok(Self {
            connection: Connection::new(&self.origin, &self.trust)?,
            origin: self.origin.clone(),
            trust: self.trust.clone(),
            cookies: self.cookies.clone(),
            csrf: self.csrf.clone(),
        })
    }

    /// Adds names, one a line, to the account with this identifier; gives the page that says what became of them.
    pub(crate) async fn add_domains(
        &mut self,
        account: &str,
        names: &str,
    ) -> anyhow::Result<String> {
        let fields = [("account", suffix(account)), ("names", names)];
        let answer = self.send("/domains", &fields).await?;
        if answer.status != 200 {
            bail!("adding domains answers {}", answer.status);
        }
        Ok(text(&answer))
    }

    /// Removes the name with this identifier.
    pub(crate) async fn remove_domain(&mut self, domain: &str) -> anyhow::Result<()> {
        let path = format!("/domains/{}/remove", suffix(domain));
        let answer = self.send(&path, &[]).await?;
        if answer.status != 303 {
            bail!("removing a domain answers {}", answer.status);
        }
        Ok(())
    }

    async fn open(&mut self, path: &str) -> anyhow::Result<()> {
        let url = format!("{}{path}", self.origin);
        let answer = self.connection.page(&url, &self.cookie_line()).await?;
        self.keep_cookies(&answer);
        let page = text(&answer);
        let token = between(&page, "name=\"csrf\" value=\"", "\"");
        token
            .with_context(|| format!("{path} answers {} without a form", answer.status))?
            .clone_into(&mut self.csrf);
        Ok(())
    }

    async fn send(&mut self, path: &str, fields: &[(&str, &str)]) -> anyhow::Result<Reply> {
        let url = format!("{}{path}", self.origin);
        let mut form = format!("csrf={}", escaped(&self.csrf));
        for (name, value) in fields {
            form.extend(["&", name, "=", &escaped(value)]);
        }
        let cookies = self.cookie_line();
        let answer = self.connection.form(&url, &cookies, form).await?;
        self.keep_cookies(&answer);
        Ok(answer)
    }

    fn cookie_line(&self) -> String {
        let pairs = self.cookies.iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn keep_cookies(&mut self, answer: &Reply) {
        for cookie in &answer.cookies {
            let pair = cookie.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn text(answer: &Reply) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// Addresses have identifiers without the word in front.
fn suffix(id: &str) -> &str {
    id.rsplit('_').next().unwrap_or(id)
}

/// What stands first between these two texts.
pub(crate) fn between<'t>(text: &'t str, before: &str, after: &str) -> Option<&'t str> {
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(after)?.0)
}

/// As forms write it: everything but letters and digits as %XX.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_written_as_forms_do() {
        assert_eq!(escaped("*.a-b.example\nc"), "%2A%2Ea%2Db%2Eexample%0Ac");
    }

    #[test]
    fn identifiers_lose_their_word() {
        assert_eq!(suffix("sub_01abc"), "01abc");
        assert_eq!(suffix("01abc"), "01abc");
    }

    #[test]
    fn what_stands_between_is_found() {
        assert_eq!(between("a <b>c</b> <b>d</b>", "<b>", "</b>"), Some("c"));
        assert_eq!(between("a", "<b>", "</b>"), None);
    }
}
