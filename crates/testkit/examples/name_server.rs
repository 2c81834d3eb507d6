//! The name server of `cargo xtask bench issuance --cases names`: one zone, all of whose names have the address 127.0.0.1.
//!
//! `name_server ZONE signed|unsigned PORT ANCHORS`: the key of its root goes to the file `ANCHORS`.

use std::process::ExitCode;

use testkit::NameServer;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [zone, kind, port, anchors] = arguments.as_slice() else {
        return ExitCode::FAILURE;
    };
    let Ok(port) = port.parse() else {
        return ExitCode::FAILURE;
    };
    let names = NameServer::start_at(port).await;
    if let Some((_, above)) = zone.split_once('.') {
        names.zone(above, true);
    }
    names.zone(zone, kind == "signed");
    names.add_address(&format!("*.{zone}"), [127, 0, 0, 1].into());
    if std::fs::write(anchors, names.anchors()).is_err() {
        return ExitCode::FAILURE;
    }
    std::future::pending().await
}
