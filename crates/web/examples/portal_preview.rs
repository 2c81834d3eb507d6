//! Writes every page of the portal with made-up data into a directory, to be looked at in a
//! browser without a server behind it: `cargo run -p web --example portal_preview -- DIRECTORY`.
//! Serve that directory at the root of a host, for example with `python3 -m http.server`.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

// The samples name the portal as a part of their own crate, which it is in the tests.
use web::portal;

#[path = "../src/portal/sample.rs"]
mod sample;

fn main() -> Result<(), Box<dyn Error>> {
    let named = std::env::args().nth(1);
    let named = named.filter(|name| !name.starts_with('-'));
    let target = PathBuf::from(named.ok_or("name a directory to write the pages to")?);
    fs::create_dir_all(target.join("assets"))?;
    for asset in portal::page::assets::all() {
        fs::write(target.join(asset.url.trim_start_matches('/')), &asset.bytes)?;
    }
    let mut index = String::from("<!doctype html><title>Pages</title><ul>");
    for (name, text) in sample::render_all()? {
        fs::write(target.join(format!("{name}.html")), text)?;
        writeln!(index, "<li><a href=\"{name}.html\">{name}</a></li>")?;
    }
    fs::write(target.join("index.html"), index + "</ul>")?;
    Ok(())
}
