//! A browser walks from the sign-in page to a downloaded certificate, in both themes and at two widths, and uses passkeys,
//! against the built binary with the demo's data.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "helpers of a test fail as the test does"
)]

use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How long the demo may take to be ready, and the browser to walk.
const PATIENCE: Duration = Duration::from_secs(120);

struct Demo(Child);

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The tool that a variable names; `None` where tests may be skipped.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by the environment, not by settings"
)]
fn tool(variable: &str) -> Option<PathBuf> {
    if let Ok(path) = std::env::var(variable) {
        return Some(PathBuf::from(path));
    }
    let is_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(!is_ci, "CI must walk with a browser: set {variable}");
    eprintln!("NOT TESTED: set {variable}, as script/test does");
    None
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn start_demo(data: &Path) -> Demo {
    let listen = |door: &str| format!("--{door}-listen=127.0.0.1:{}", free_port());
    let child = Command::new(env!("CARGO_BIN_EXE_chancery"))
        .arg("demo")
        .arg(format!("--data={}", data.display()))
        .args(["portal", "acme", "pki", "internal"].map(listen))
        .arg(format!("--lab-http-port={}", free_port()))
        .stdin(Stdio::null())
        .stdout(fs::File::create(data.join("demo.out")).unwrap())
        .spawn()
        .unwrap();
    Demo(child)
}

/// Runs a script of this folder in a browser, against a demo of its own; what it said. `None` where it may be skipped.
async fn run(script: &str) -> Option<String> {
    let (chromium, playwright) = (
        tool("CHANCERY_TEST_CHROMIUM")?,
        tool("CHANCERY_TEST_PLAYWRIGHT")?,
    );
    let data = tempfile::tempdir().unwrap();
    let mut demo = start_demo(data.path());
    // The demo writes the file when it is ready.
    let ready = data.path().join("demo.json");
    let waiting = async {
        while !ready.is_file() {
            assert!(
                demo.0.try_wait().unwrap().is_none(),
                "the demo ended by itself"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting)
        .await
        .expect("the demo was not ready in time");

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    let walking = tokio::process::Command::new("node")
        .arg(folder.join(script))
        .args([
            &ready,
            &playwright,
            &chromium,
            &data.path().join("screenshots"),
        ])
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, walking)
        .await
        .expect("the walk took too long");
    let output = output.expect("node could not be started");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}");
    Some(said.into_owned())
}

#[tokio::test]
async fn s27_a_browser_walks_from_sign_in_to_the_downloaded_certificate_and_keeps_nothing() {
    if let Some(said) = run("walk.mjs").await {
        assert_eq!(said.matches("walked").count(), 4, "{said}");
    }
}

#[tokio::test]
async fn s16_a_browser_signs_in_by_its_passkey_alone_and_after_the_password() {
    if let Some(said) = run("passkey.mjs").await {
        assert_eq!(said.lines().count(), 4, "{said}");
    }
}
