//! Pictures that machines read, drawn into the page itself.

use std::fmt::Write as _;

use askama::Template;
use qrcode::{Color, EcLevel, QrCode};

use super::refused::Refusal;

/// How many modules of quiet stand around a code (ISO/IEC 18004 §9.1).
const QUIET: usize = 4;

/// A QR code as a drawing.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/page/part/qr.html")]
pub struct Qr {
    /// How many modules it is wide and high, with the quiet around it.
    pub width: usize,
    /// The dark modules as one path.
    pub path: String,
    /// What it is, for those who do not see it.
    pub caption: String,
}

impl askama::filters::HtmlSafe for Qr {}

impl Qr {
    /// Draws a text.
    pub(crate) fn new(text: &str, caption: &str) -> Result<Self, Refusal> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M);
        let code = code.map_err(Refusal::internal)?;
        let side = code.width();
        let mut path = String::new();
        for (place, color) in code.to_colors().into_iter().enumerate() {
            if color == Color::Dark {
                let (column, row) = (place % side + QUIET, place / side + QUIET);
                // Writing to a string cannot fail.
                let _ = write!(path, "M{column} {row}h1v1h-1z");
            }
        }
        Ok(Self {
            width: side + 2 * QUIET,
            path,
            caption: caption.to_owned(),
        })
    }
}
