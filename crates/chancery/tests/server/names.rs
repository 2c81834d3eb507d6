//! Validation against a name server of our own, which signs and lies; nothing here leaves the host.

mod caa;
mod dnssec;

use std::time::Duration;

use reach::Network;
use reach::network::LabSettings;
use testkit::NameServer;

/// A lab whose names are all this server's, and that trusts its root.
pub(crate) fn lab(names: &NameServer) -> Network {
    network(names, Some(&names.anchors()))
}

fn network(names: &NameServer, anchors: Option<&str>) -> Network {
    let settings = LabSettings {
        anchors: anchors.map(|text| text.parse().unwrap()),
        dns_server: Some(names.address),
        query_timeout: Duration::from_millis(300),
        ..LabSettings::default()
    };
    Network::lab(settings).unwrap()
}

/// A server with zones that are signed, `signed.test` and `example.com`, and such that are not, `plain.test` and
/// `example.org`.
pub(crate) async fn zones() -> NameServer {
    let names = NameServer::start().await;
    for (zone, is_signed) in [
        ("test", true),
        ("signed.test", true),
        ("plain.test", false),
        ("com", true),
        ("example.com", true),
        ("org", true),
        ("example.org", false),
    ] {
        names.zone(zone, is_signed);
    }
    names
}
