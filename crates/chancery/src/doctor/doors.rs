//! How others reach the server: addresses, listeners, TLS and what stands in front.

use std::net::SocketAddr;
use std::time::Duration;

use flow::operations::address::{host, is_local};
use tokio::net::{TcpListener, TcpStream};

use super::Finding;
use crate::config::Config;
use crate::lock::ServeLock;
use crate::mail::mailer;
use crate::parts;
use crate::tls;

/// Everything that is not in the database.
pub(super) async fn look(config: &Config) -> Vec<(&'static str, Finding)> {
    let mut found = vec![
        ("URLs", urls(config)),
        ("TLS", tls(config)),
        ("proxies", proxies(config)),
        ("weak keys", weak_keys(config)),
        ("passwords", breached_passwords(config)),
    ];
    let serves = ServeLock::is_held(&config.database);
    let doors = [
        ("portal listener", "--portal-listen", config.portal_listen),
        ("ACME listener", "--acme-listen", config.acme_listen),
        ("CRL listener", "--pki-listen", config.pki_listen),
        (
            "internal listener",
            "--internal-listen",
            config.internal_listen,
        ),
    ];
    for (place, (name, flag, address)) in doors.iter().enumerate() {
        let mut before = doors.iter().take(place);
        let same = before.find(|(_, _, other)| other == address && address.port() != 0);
        let finding = match same {
            Some((other, _, _)) => Finding::Wrong(format!(
                "{address} is that of the {other} too; give each an address of its own: {flag}"
            )),
            None => Finding::of(listener(*address, flag, serves).await),
        };
        found.push((name, finding));
    }
    found.push(("mail", mail(config).await));
    found.push(("network", Finding::of(network(config))));
    found
}

/// The settings whose URLs only this machine reaches.
pub(crate) fn local_urls(config: &Config) -> Vec<String> {
    let urls = [
        ("portal_url", &config.portal_url),
        ("acme_url", &config.acme_url),
        ("pki_url", &config.pki_url),
    ];
    let local = urls.into_iter().filter(|(_, url)| is_local(url));
    local.map(|(key, url)| format!("{key} ({url})")).collect()
}

/// The setting of a URL that shares the portal's host name: cookies do not know ports.
fn beside_portal(config: &Config) -> Option<&'static str> {
    let portal = host(&config.portal_url);
    let others = [("acme_url", &config.acme_url), ("pki_url", &config.pki_url)];
    let mut same = others
        .into_iter()
        .filter(|(_, url)| host(url).eq_ignore_ascii_case(portal));
    same.next().map(|(key, _)| key)
}

fn urls(config: &Config) -> Finding {
    let local = local_urls(config);
    if let (true, Some(other)) = (local.is_empty(), beside_portal(config)) {
        return Finding::Note(format!(
            "portal_url and {other} share the host name {}, so that browsers send the portal's cookies to both; give the portal \
             a host name of its own",
            host(&config.portal_url)
        ));
    }
    if local.is_empty() {
        return Finding::Good(format!(
            "{}, {}, {}",
            config.portal_url, config.acme_url, config.pki_url
        ));
    }
    Finding::Note(format!(
        "only this machine reaches {}; set what others reach before the first start: the CAs that it makes, and their certificates, name pki_url for good",
        local.join(", ")
    ))
}

fn tls(config: &Config) -> Finding {
    if config.plain_http {
        return Finding::Good("plain HTTP; a proxy has to end TLS".to_owned());
    }
    match &config.tls_files {
        None => Finding::Note(format!(
            "the certificate is from a CA of its own, which nobody trusts without {}; set tls_certificate and tls_key \
             to one that browsers and clients know",
            config.data.join(tls::SERVER_CA).display()
        )),
        Some((certificate, _)) => Finding::of(match tls::check_files(config) {
            Ok(()) => Ok(certificate.display().to_string()),
            Err(error) => Err(format!("{error:#}")),
        }),
    }
}

/// Every CA has to refuse them (TLS BR 6.1.1.3).
fn weak_keys(config: &Config) -> Finding {
    match parts::weak_keys(config) {
        Ok(keys) if keys.is_empty() => Finding::Note(
            "no list of the keys that Debian's OpenSSL made predictably (CVE-2008-0166), so they are not refused; name the \
             files of its package openssl-blacklist with weak_keys in [acme]"
                .to_owned(),
        ),
        Ok(keys) => Finding::Good(format!("{} of Debian's are refused", keys.len())),
        Err(error) => Finding::Wrong(format!("{error:#}")),
    }
}

/// Common passwords are refused without any list.
fn breached_passwords(config: &Config) -> Finding {
    match parts::breached(config) {
        Ok(None) => Finding::Note(
            "no list of breached passwords, so only common ones are refused; name one with breached in [passwords]".to_owned(),
        ),
        Ok(Some(_)) => Finding::Good("breached ones are refused".to_owned()),
        Err(error) => Finding::Wrong(format!("{error:#}")),
    }
}

/// Goes as far as the server lets it without a mail.
async fn mail(config: &Config) -> Finding {
    if config.mail.lacks_host() {
        let text = "there are settings in [mail] and no host, so no mails are sent; name the mail server with host";
        return Finding::Wrong(text.to_owned());
    }
    let Some(host) = &config.mail.host else {
        return Finding::Note(
            "no mail server, so nobody gets mails about their account; name one with host in [mail]".to_owned(),
        );
    };
    let server = format!("{host}:{}", config.mail.port());
    let mailer = match mailer(config) {
        Ok(mailer) => mailer,
        Err(error) => return Finding::Wrong(format!("{error:#}")),
    };
    match mailer.greet().await {
        Ok(met) => Finding::Good(format!("{server}: {met}")),
        Err(error) => Finding::Wrong(format!("{server}: {error}; mails wait for about a day")),
    }
}

/// Behind a proxy that is not named, everybody has the proxy's address: who fails to sign in locks out all (M9).
fn proxies(config: &Config) -> Finding {
    let trusted = &config.network.trusted_proxies;
    match (config.plain_http, trusted.is_empty()) {
        (true, true) => Finding::Wrong(
            "plain_http is on and no proxy is trusted, so everybody seems to come from one address, and one who fails to \
             sign in locks out all; name the proxy with trusted_proxies in [network]"
                .to_owned(),
        ),
        (_, true) => Finding::Good("none; clients come as they are".to_owned()),
        (_, false) => {
            let all: Vec<String> = trusted.iter().map(ToString::to_string).collect();
            Finding::Good(format!("{} say who comes", all.join(", ")))
        }
    }
}

/// `serves` tells whether a server runs on this database, where that can be known.
async fn listener(address: SocketAddr, flag: &str, serves: Option<bool>) -> Result<String, String> {
    if TcpListener::bind(address).await.is_ok() {
        return Ok(format!("{address} is free"));
    }
    let connecting = TcpStream::connect(address);
    let answers = tokio::time::timeout(Duration::from_secs(2), connecting).await;
    match (answers, serves) {
        (Ok(Ok(_)), Some(true)) => Ok(format!("{address} is in use; the server runs")),
        (Ok(Ok(_)), None) => Ok(format!("{address} is in use, perhaps by a running server")),
        (Ok(Ok(_)), Some(false)) => Err(format!(
            "{address} is in use by something else: no server runs on this database; choose another with {flag}"
        )),
        (Ok(Err(_)) | Err(_), _) => Err(format!(
            "{address} cannot be used; grant more rights, or choose another with {flag}"
        )),
    }
}

fn network(config: &Config) -> Result<String, String> {
    let Some(lab) = &config.lab else {
        let text = "public; special-purpose addresses are never contacted, and DNS answers have to be signed or \
                    proven to come from where nobody signs";
        return Ok(text.to_owned());
    };
    if lab.assume_valid {
        return Ok("LAB: every name is taken for proven".to_owned());
    }
    Ok(match parts::lab_anchors(lab) {
        Ok(Some(_)) => "LAB: names resolve by the lab settings, signed under the lab's own root",
        Ok(None) => "LAB: names resolve by the lab settings, and no DNS answer has to be signed",
        Err(error) => return Err(format!("{error:#}")),
    }
    .to_owned())
}
