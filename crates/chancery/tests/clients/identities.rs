//! Whether CAA records are checked, and whose word in the DNS counts, is said by the log and by doctor (H0).

use anyhow::ensure;
use testkit::NameServer;

use crate::on_sqlite;
use crate::server::Server;

async fn is_told(server: &Server) -> anyhow::Result<()> {
    let log = server.log("serve.log");
    for words in [
        "CAA records are not checked; set caa_identities",
        "without lab_trust_anchors no DNS answer has to be signed",
    ] {
        ensure!(log.contains(words), "{log}");
    }
    let (is_well, said) = server.doctor(None, &[]).await?;
    ensure!(is_well, "{said}");
    ensure!(
        said.contains("NOTE  CAA: records are not checked in DV; set caa_identities"),
        "{said}"
    );
    ensure!(said.contains("no DNS answer has to be signed"), "{said}");

    let anchors = NameServer::start().await.anchors();
    let file = server.write("root.key", &anchors)?;
    let flag = format!("--lab-trust-anchors={file}");
    let (is_well, said) = server.doctor(None, &[&flag]).await?;
    ensure!(
        is_well && said.contains("signed under the lab's own root"),
        "{said}"
    );
    let file = server.write("other.key", &anchors.replacen('.', "example.", 1))?;
    let flag = format!("--lab-trust-anchors={file}");
    let (is_well, said) = server.doctor(None, &[&flag]).await?;
    ensure!(
        !is_well && said.contains("WRONG network: lab_trust_anchors"),
        "{said}"
    );
    ensure!(
        said.contains("begin each DNSKEY record of the lab's root zone with a dot"),
        "{said}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn h0_the_log_and_doctor_say_whether_caa_is_checked() -> anyhow::Result<()> {
    on_sqlite(is_told).await
}
