//! Commands for common ACME clients, filled in so that they work when pasted.
//!
//! Values are quoted for a POSIX shell. A key that is hidden becomes an environment variable, so
//! that a page can be shared without it.

/// What the commands need to know.
#[derive(Clone, Debug, Default)]
pub struct CommandFacts {
    /// ACME directory address.
    pub server_url: String,
    /// EAB key ID.
    pub key_id: String,
    /// EAB MAC key, only while it is revealed.
    pub mac_key: Option<String>,
    /// Whether it cannot be revealed, so that only those have it who were given it.
    pub is_withheld: bool,
    /// Whether it was erased, so that it is of no use to anybody.
    pub is_erased: bool,
    /// Contact address for the client's registration.
    pub email: String,
    /// Names of the first certificate; empty shows example.com.
    pub names: Vec<String>,
    /// Root certificate file, when clients do not trust the server by themselves.
    pub ca_file: Option<String>,
    /// Port that http-01 is answered on, when it is not 80.
    pub http_port: Option<u16>,
}

/// A piece of a command line; the class chooses its colour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// `c` comment, `k` option, `s` value, empty for the rest.
    pub class: &'static str,
    /// The text.
    pub text: String,
}

/// The commands of one client.
#[derive(Clone, Debug)]
pub struct ClientCommand {
    /// For ids in the page.
    pub slug: &'static str,
    /// Name as its makers write it.
    pub name: &'static str,
    /// The whole text in coloured pieces, line ends included.
    pub spans: Vec<Span>,
    /// One sentence below; may be empty.
    pub note: &'static str,
    /// Whether this one is open at first.
    pub is_first: bool,
}

/// Commands for certbot, lego, acme.sh and Caddy.
pub fn for_account(facts: &CommandFacts) -> Vec<ClientCommand> {
    let values = Values::from_facts(facts);
    let shell = |slug, name, text: String| ClientCommand {
        slug,
        name,
        spans: colour_shell(&text),
        note: values.note,
        is_first: slug == "certbot",
    };
    vec![
        shell("certbot", "certbot", certbot(&values)),
        shell("lego", "lego", lego(&values)),
        shell("acme-sh", "acme.sh", acme_sh(&values)),
        ClientCommand {
            slug: "caddy",
            name: "Caddy",
            spans: colour_words(&caddy(&values)),
            note: "Put this into the Caddyfile; Caddy obtains and renews by itself.",
            is_first: false,
        },
    ]
}

const WILDCARD_NOTE: &str = "A wildcard is proved over DNS. Replace the manual step by your DNS \
     provider's plugin, so that renewals run by themselves.";

struct Values {
    server: String,
    key_id: String,
    mac_key: String,
    intro: String,
    caddy_key: String,
    email: String,
    names: Vec<String>,
    ca_file: Option<String>,
    http_port: Option<u16>,
    has_wildcard: bool,
    note: &'static str,
}

/// Where somebody has a hidden key from.
fn where_from(facts: &CommandFacts) -> &'static str {
    if facts.is_erased {
        "Used up: rotate the credential, then paste the new key here"
    } else if facts.is_withheld {
        "Paste the MAC key here that you were given when it was shown"
    } else {
        "Reveal the MAC key above and paste it here"
    }
}

impl Values {
    fn from_facts(facts: &CommandFacts) -> Self {
        let mut names = facts.names.clone();
        if names.is_empty() {
            names.push("example.com".to_owned());
        }
        let has_wildcard = names.iter().any(|name| name.starts_with('*'));
        let (mac_key, intro, caddy_key) = match &facts.mac_key {
            Some(key) => (quoted(key), String::new(), key.clone()),
            None => (
                "\"$EAB_HMAC_KEY\"".to_owned(),
                format!("# {}\nexport EAB_HMAC_KEY='…'\n\n", where_from(facts)),
                "{$EAB_HMAC_KEY}".to_owned(),
            ),
        };
        Self {
            server: quoted(&facts.server_url),
            key_id: quoted(&facts.key_id),
            mac_key,
            intro,
            caddy_key,
            email: quoted(&facts.email),
            names,
            ca_file: facts.ca_file.clone(),
            http_port: facts.http_port,
            has_wildcard,
            note: if has_wildcard { WILDCARD_NOTE } else { "" },
        }
    }

    /// `-d one -d two`, for shells.
    fn domains(&self) -> String {
        let options: Vec<_> = self
            .names
            .iter()
            .map(|name| format!("-d {}", quoted(name)))
            .collect();
        options.join(" ")
    }

    /// `OPTION PORT` where http-01 is not on port 80, with a space before it.
    fn port(&self, option: &str) -> String {
        match self.http_port {
            Some(port) if !self.has_wildcard => format!(" {option}{port}"),
            _ => String::new(),
        }
    }

    fn method(&self, http: &'static str, dns: &'static str) -> &'static str {
        if self.has_wildcard { dns } else { http }
    }

    /// `NAME=FILE ` before a command whose client must be told the root.
    fn trust(&self, variable: &str) -> String {
        let file = self.ca_file.as_ref();
        file.map(|file| format!("{variable}={} ", quoted(file)))
            .unwrap_or_default()
    }
}

fn certbot(values: &Values) -> String {
    format!(
        "{intro}sudo {trust}certbot certonly {method}{port} \\\n  --server {server} \\\n  \
         --eab-kid {key_id} --eab-hmac-key {mac_key} \\\n  \
         --email {email} --agree-tos{batch} \\\n  {domains}",
        intro = values.intro,
        trust = values.trust("REQUESTS_CA_BUNDLE"),
        method = values.method("--standalone", "--manual --preferred-challenges dns"),
        port = values.port("--http-01-port "),
        server = values.server,
        key_id = values.key_id,
        mac_key = values.mac_key,
        email = values.email,
        batch = values.method(" -n", ""),
        domains = values.domains(),
    )
}

fn lego(values: &Values) -> String {
    format!(
        "{intro}{trust}lego --server {server} \\\n  --eab --kid {key_id} --hmac {mac_key} \\\n  \
         --email {email} --accept-tos {method}{port} \\\n  {domains} run",
        intro = values.intro,
        trust = values.trust("LEGO_CA_CERTIFICATES"),
        server = values.server,
        key_id = values.key_id,
        mac_key = values.mac_key,
        email = values.email,
        method = values.method("--http", "--dns manual"),
        port = values.port("--http.port :"),
        domains = values.domains(),
    )
}

fn acme_sh(values: &Values) -> String {
    let file = values.ca_file.as_ref();
    let trust = file
        .map(|file| format!(" --ca-bundle {}", quoted(file)))
        .unwrap_or_default();
    format!(
        "{intro}# Register once\nacme.sh --register-account --server {server}{trust} \\\n  \
         --eab-kid {key_id} --eab-hmac-key {mac_key} \\\n  -m {email}\n\n# Then request\n\
         acme.sh --issue --server {server}{trust} \\\n  {method}{port} {domains}",
        intro = values.intro,
        server = values.server,
        key_id = values.key_id,
        mac_key = values.mac_key,
        email = values.email,
        method = values.method(
            "--standalone",
            "--dns --yes-I-know-dns-manual-mode-enough-go-ahead-please"
        ),
        port = values.port("--httpport "),
        domains = values.domains(),
    )
}

fn caddy(values: &Values) -> String {
    let file = values.ca_file.as_ref();
    let root = file
        .map(|file| format!("    ca_root {file}\n"))
        .unwrap_or_default();
    let dns = if values.has_wildcard {
        "    dns PROVIDER {env.DNS_API_TOKEN}\n"
    } else {
        ""
    };
    format!(
        "{names} {{\n  tls {email} {{\n    ca {server}\n    eab {key_id} {key}\n{root}{dns}  }}\n}}",
        names = values.names.join(", "),
        email = values.email,
        server = values.server,
        key_id = values.key_id,
        key = values.caddy_key,
    )
}

/// Quotes for a POSIX shell where that is needed.
fn quoted(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/@+=,".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn colour_shell(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    for line in text.split_inclusive('\n') {
        if line.starts_with('#') {
            push(&mut spans, "c", line);
            continue;
        }
        let mut follows_option = false;
        for word in line.split_inclusive([' ', '\n']) {
            let is_option = word.starts_with('-');
            let is_value = follows_option && !is_option && !word.starts_with('\\');
            let class = if is_option {
                "k"
            } else if is_value {
                "s"
            } else {
                ""
            };
            push(&mut spans, class, word);
            follows_option = is_option && !word.ends_with('\n');
        }
    }
    spans
}

/// Configuration files: the first word of a line names the setting, the others are its value.
fn colour_words(text: &str) -> Vec<Span> {
    let mut spans = Vec::new();
    for line in text.split_inclusive('\n') {
        let is_block = !line.starts_with(' ');
        let start = line.len() - line.trim_start().len();
        let (indent, rest) = line.split_at_checked(start).unwrap_or(("", line));
        push(&mut spans, "", indent);
        for (place, word) in rest.split_inclusive([' ', '\n']).enumerate() {
            let is_brace = matches!(word.trim(), "{" | "}");
            let class = if is_brace {
                ""
            } else if place == 0 && !is_block {
                "k"
            } else {
                "s"
            };
            push(&mut spans, class, word);
        }
    }
    spans
}

fn push(spans: &mut Vec<Span>, class: &'static str, text: &str) {
    match spans.last_mut() {
        Some(last) if last.class == class => last.text.push_str(text),
        _ if text.is_empty() => {}
        _ => spans.push(Span {
            class,
            text: text.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(command: &ClientCommand) -> String {
        command
            .spans
            .iter()
            .map(|span| span.text.as_str())
            .collect()
    }

    fn facts(names: &[&str]) -> CommandFacts {
        CommandFacts {
            server_url: "https://acme.example/v2/DV".to_owned(),
            key_id: "kid-1".to_owned(),
            mac_key: Some("c2VjcmV0".to_owned()),
            is_withheld: false,
            is_erased: false,
            email: "ops@northwind.example".to_owned(),
            names: names.iter().map(|name| (*name).to_owned()).collect(),
            ca_file: None,
            http_port: None,
        }
    }

    #[test]
    fn f055_f132_the_example_holds_the_real_values() {
        for command in for_account(&facts(&["example.com", "www.example.com"])) {
            let text = text(&command);
            for value in [
                "https://acme.example/v2/DV",
                "kid-1",
                "c2VjcmV0",
                "www.example.com",
            ] {
                assert!(
                    text.contains(value),
                    "{}: {value} is missing in\n{text}",
                    command.name
                );
            }
        }
    }

    #[test]
    fn f056_a_hidden_key_leaves_a_placeholder() {
        let hidden = CommandFacts {
            mac_key: None,
            ..facts(&["example.com"])
        };
        for command in for_account(&hidden) {
            let text = text(&command);
            assert!(
                text.contains("EAB_HMAC_KEY") && !text.contains("c2VjcmV0"),
                "{text}"
            );
        }
    }

    #[test]
    fn certbot_is_told_about_root_port_and_wildcards() {
        let mut facts = facts(&["example.test"]);
        facts.ca_file = Some("/srv/my data/root.pem".to_owned());
        facts.http_port = Some(5002);
        let expected = "sudo REQUESTS_CA_BUNDLE='/srv/my data/root.pem' certbot certonly --standalone \
            --http-01-port 5002 \\\n  --server https://acme.example/v2/DV \\\n  \
            --eab-kid kid-1 --eab-hmac-key c2VjcmV0 \\\n  \
            --email ops@northwind.example --agree-tos -n \\\n  -d example.test";
        assert_eq!(text(&for_account(&facts)[0]), expected);
        facts.names = vec!["*.example.test".to_owned()];
        let wildcard = text(&for_account(&facts)[0]);
        assert!(
            wildcard.contains("--manual --preferred-challenges dns \\"),
            "{wildcard}"
        );
        assert!(
            wildcard.ends_with("--agree-tos \\\n  -d '*.example.test'"),
            "{wildcard}"
        );
    }

    #[test]
    fn s50_values_that_a_shell_would_read_are_quoted() {
        assert_eq!(quoted("plain-1.example"), "plain-1.example");
        assert_eq!(quoted("*.example.com"), "'*.example.com'");
        assert_eq!(quoted("it's $HOME"), "'it'\\''s $HOME'");
        assert_eq!(quoted(""), "''");
    }
}
