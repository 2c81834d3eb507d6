//! What the demo says on the terminal.

use super::sample::Sample;
use crate::admin::say;

/// The credentials of the ACME account.
pub(super) fn credentials(sample: &Sample) {
    say("");
    say("  Chancery demo");
    say(&format!(
        "  obtaining a first certificate for {} …",
        sample.domain
    ));
}

/// Where to go from here; the command works when pasted.
pub(super) fn what_to_do(sample: &Sample) {
    let Sample {
        portal_url,
        email,
        password,
        directory_url,
        eab_kid,
        eab_hmac_key,
        domain,
        ..
    } = sample;
    let ca_file = sample.ca_file.display();
    let port = sample.http01_port;
    let certificate = sample.certificate_file.display();
    say(&format!("  done: {certificate}"));
    say("");
    say(&format!("  Portal         {portal_url}"));
    say(&format!("  Sign in        {email}"));
    say(&format!("  Password       {password}"));
    say(&format!(
        "                 (the browser will ask about the certificate: import {ca_file} or go on)"
    ));
    say("");
    say(&format!("  ACME server    {directory_url}"));
    say(&format!("  EAB key ID     {eab_kid}"));
    say(&format!("  EAB MAC key    {eab_hmac_key}"));
    say("");
    say("  Obtain a certificate with certbot, in another terminal:");
    say("");
    say(&format!(
        "    REQUESTS_CA_BUNDLE={ca_file} certbot certonly --standalone \\"
    ));
    say(
        "      --config-dir /tmp/chancery-demo --work-dir /tmp/chancery-demo --logs-dir /tmp/chancery-demo \\",
    );
    say(&format!(
        "      --server {directory_url} --eab-kid {eab_kid} \\"
    ));
    say(&format!("      --eab-hmac-key {eab_hmac_key} \\"));
    say("      --agree-tos --non-interactive --register-unsafely-without-email \\");
    say(&format!(
        "      --http-01-address 127.0.0.1 --http-01-port {port} -d {domain} -d www.{domain}"
    ));
    say("");
    say("  Ctrl-C ends the demo; started again, it goes on with its data.");
    say("");
}
