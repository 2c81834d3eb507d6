//! Files that pages refer to: style, scripts, font, icon.
//!
//! An address carries the hash of the content, so browsers may keep a file for ever and never
//! show an old one. Text is compressed once, when it is first asked for.

use std::borrow::Cow;
use std::io::Write;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;

/// Path under which the router serves [`find`].
pub const PREFIX: &str = "/assets/";

/// `Cache-Control` of a hashed address.
pub const CACHE_FOR_EVER: &str = "public, max-age=31536000, immutable";

/// One file, ready to be sent.
#[derive(Debug)]
pub struct Asset {
    /// Name in the source tree, such as `portal.css`.
    pub name: String,
    /// Address with hash, such as `/assets/portal.0a1b2c3d4e5f.css`.
    pub url: String,
    /// Value of `Content-Type`.
    pub content_type: &'static str,
    /// Content as it is.
    pub bytes: Vec<u8>,
    /// Content for `Accept-Encoding: gzip`; none where it would not be smaller.
    pub gzip: Option<Vec<u8>>,
}

/// Finds a file by the part of its address after [`PREFIX`].
pub fn find(file: &str) -> Option<&'static Asset> {
    ALL.iter()
        .find(|asset| asset.url.strip_prefix(PREFIX) == Some(file))
}

/// Address of a file by its name in the source tree; an unknown name gives an address nobody has.
pub fn url(name: &str) -> &'static str {
    let found = ALL.iter().find(|asset| asset.name == name);
    found.map_or("/assets/unknown", |asset| asset.url.as_str())
}

/// Every file, for previews and tests.
pub fn all() -> &'static [Asset] {
    &ALL
}

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Embedded;

static ALL: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let mut names: Vec<Cow<'static, str>> = Embedded::iter().collect();
    // Style sheets come last: they name other files, and so depend on their hashes.
    names.sort_by_key(|name| (name.ends_with("css"), name.clone()));
    let mut done: Vec<Asset> = Vec::with_capacity(names.len());
    for name in names {
        if let Some(file) = Embedded::get(&name) {
            let asset = load(&name, &file.data, &done);
            done.push(asset);
        }
    }
    done
});

fn load(name: &str, data: &[u8], done: &[Asset]) -> Asset {
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    let bytes = if extension == "css" {
        with_addresses(data, done)
    } else {
        data.to_vec()
    };
    Asset {
        name: name.to_owned(),
        url: format!("{PREFIX}{stem}.{:016x}.{extension}", fingerprint(&bytes)),
        content_type: content_type(extension),
        gzip: compress(&bytes),
        bytes,
    }
}

/// Replaces `url("font.woff2")` by the hashed address.
fn with_addresses(style: &[u8], done: &[Asset]) -> Vec<u8> {
    let text = String::from_utf8_lossy(style).into_owned();
    let replaced = done.iter().fold(text, |text, asset| {
        text.replace(
            &format!("url(\"{}\")", asset.name),
            &format!("url(\"{}\")", asset.url),
        )
    });
    replaced.into_bytes()
}

/// FNV-1a, 64 bits: tells versions of our own files apart, and resists no attacker.
fn fingerprint(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn compress(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).ok()?;
    encoder
        .finish()
        .ok()
        .filter(|packed| packed.len() < bytes.len())
}

fn content_type(extension: &str) -> &'static str {
    match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "txt" => "text/plain; charset=utf-8",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}
