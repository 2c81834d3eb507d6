//! Drawings of 16 pixels, put into the page itself: `img-src` and `use` of another file are not treated alike by
//! browsers under our content security policy, a page asks for no further file, and a name that is not here does
//! not compile.

use std::fmt;

use askama::filters::HtmlSafe;

/// A drawing in the colour of the text beside it; what it means is said in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Icon {
    class: &'static str,
    /// Shapes on a grid of so many units each way.
    grid: u8,
    shapes: &'static str,
}

impl Icon {
    const fn new(shapes: &'static str) -> Self {
        let (class, grid) = ("i", 16);
        Self {
            class,
            grid,
            shapes,
        }
    }
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            class,
            grid,
            shapes,
        } = self;
        write!(
            f,
            "<svg class=\"{class}\" viewBox=\"0 0 {grid} {grid}\" aria-hidden=\"true\">{shapes}</svg>"
        )
    }
}

impl HtmlSafe for Icon {}

macro_rules! icons {
    ($($name:ident = $shapes:literal;)*) => {$(
        pub(crate) const $name: Icon = Icon::new($shapes);
    )*};
}

/// The small arrow of what opens a menu.
pub(crate) const OPENS: Icon = Icon {
    class: "i down",
    ..Icon::new(r#"<path d="m3.5 6 4.5 4.5L12.5 6"/>"#)
};

/// The seal of the brand, which keeps its own colour.
pub(crate) const SEAL: Icon = Icon {
    class: "seal",
    grid: 32,
    shapes: r##"<circle class="wax" cx="16" cy="16" r="15"/><circle cx="16" cy="16" r="10.5" fill="none" stroke="#fff" stroke-opacity=".55"/><path d="M20.4 19.6a5.6 5.6 0 1 1 0-7.2" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round"/>"##,
};

icons! {
    ACTIVITY = r#"<path d="M1.5 8.5h2.7L6.5 3l3 10 2.2-6 .8 1.5h2"/>"#;
    BAN = r#"<circle cx="8" cy="8" r="6"/><path d="m3.8 3.8 8.4 8.4"/>"#;
    BUILDING = r#"<path d="M3 13.5V3.7a1.2 1.2 0 0 1 1.2-1.2h4.6A1.2 1.2 0 0 1 10 3.7v9.8M10 6.5h2a1 1 0 0 1 1 1v6M1.8 13.5h12.4M5.3 5.5h2.4M5.3 8h2.4M5.3 10.5h2.4"/>"#;
    CERTIFICATE = r#"<path d="M6.5 12.5H3.5a1.5 1.5 0 0 1-1.5-1.5V4a1.5 1.5 0 0 1 1.5-1.5h9A1.5 1.5 0 0 1 14 4v2M4.5 5.5h5M4.5 8h2.5"/><circle cx="11" cy="9.5" r="2.3"/><path d="m9.7 11.5-.4 3 1.7-1 1.7 1-.4-3"/>"#;
    CHECK = r#"<path d="m3 8.5 3.3 3.3L13 5"/>"#;
    CHECK_CIRCLE = r#"<circle cx="8" cy="8" r="6"/><path d="m5.3 8.2 1.9 1.9 3.5-3.8"/>"#;
    CLOCK = r#"<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.3 1.7"/>"#;
    COPY = r#"<rect x="5.5" y="5.5" width="8" height="8" rx="1.5"/><path d="M10.5 5.5V4A1.5 1.5 0 0 0 9 2.5H4A1.5 1.5 0 0 0 2.5 4v5A1.5 1.5 0 0 0 4 10.5h1.5"/>"#;
    CROSS = r#"<path d="m4 4 8 8M12 4l-8 8"/>"#;
    CROSS_CIRCLE = r#"<circle cx="8" cy="8" r="6"/><path d="m5.8 5.8 4.4 4.4M10.2 5.8l-4.4 4.4"/>"#;
    DASHBOARD = r#"<rect x="2" y="2" width="5" height="6" rx="1.2"/><rect x="9" y="2" width="5" height="3.5" rx="1.2"/><rect x="2" y="10.5" width="5" height="3.5" rx="1.2"/><rect x="9" y="8" width="5" height="6" rx="1.2"/>"#;
    DOTS = r#"<path d="M3.5 8h.1M8 8h.1M12.5 8h.1"/>"#;
    DOWN = r#"<path d="m3.5 6 4.5 4.5L12.5 6"/>"#;
    DOWNLOAD = r#"<path d="M8 2.5v7.5M4.8 7 8 10.2 11.2 7M2.5 13.5h11"/>"#;
    EXIT = r#"<path d="M6.5 13.5h-3A1.5 1.5 0 0 1 2 12V4a1.5 1.5 0 0 1 1.5-1.5h3M6 8h8M11 5l3 3-3 3"/>"#;
    EYE = r#"<path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8Z"/><circle cx="8" cy="8" r="2"/>"#;
    EYE_OFF = r#"<path d="M6.2 3.8A6 6 0 0 1 8 3.5c4 0 6.5 4.5 6.5 4.5a11 11 0 0 1-1.7 2.2M4 5.2A10.5 10.5 0 0 0 1.5 8S4 12.5 8 12.5a6 6 0 0 0 2.6-.6M6.6 6.7a2 2 0 0 0 2.7 2.7M2.5 2.5l11 11"/>"#;
    GLOBE = r#"<circle cx="8" cy="8" r="6"/><path d="M2 8h12M8 2c2.2 2 2.8 4 2.8 6S10.2 12 8 14C5.8 12 5.2 10 5.2 8S5.8 4 8 2Z"/>"#;
    INFO = r#"<circle cx="8" cy="8" r="6"/><path d="M8 7.5v3.2M8 5.2v.1"/>"#;
    KEY = r#"<circle cx="5.2" cy="10.8" r="3"/><path d="m7.4 8.6 6-6M11 5l2 2M9.2 6.8l1.4 1.4"/>"#;
    LEFT = r#"<path d="M10 3.5 5.5 8l4.5 4.5"/>"#;
    MENU = r#"<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11"/>"#;
    MONITOR = r#"<rect x="1.8" y="2.5" width="12.4" height="8.5" rx="1.5"/><path d="M5.5 13.7h5M8 11v2.7"/>"#;
    MOON = r#"<path d="M13.5 9.8A6 6 0 0 1 6.2 2.5a6 6 0 1 0 7.3 7.3Z"/>"#;
    PASSKEY = r#"<circle cx="6" cy="5" r="2.6"/><path d="M1.5 13.2A4.6 4.6 0 0 1 8.5 9.3M12.3 9.7v4.5l-.9-.8.9-1-.9-1M10.3 7.5a2 2 0 1 0 4 0 2 2 0 0 0-4 0Z"/>"#;
    PAUSE = r#"<path d="M5.5 3.5v9M10.5 3.5v9"/>"#;
    PLAY = r#"<path d="M5 3.3v9.4L12.5 8 5 3.3Z"/>"#;
    PLUS = r#"<path d="M8 3v10M3 8h10"/>"#;
    REFRESH = r#"<path d="M13.3 6.5A5.6 5.6 0 0 0 3.2 5M2.7 9.5A5.6 5.6 0 0 0 12.8 11M3 2.3V5h2.7M13 13.7V11h-2.7"/>"#;
    RIGHT = r#"<path d="m6 3.5 4.5 4.5L6 12.5"/>"#;
    ROSETTE = r#"<circle cx="8" cy="6.2" r="4.2"/><path d="m5.6 9.7-.9 4.6L8 12.6l3.3 1.7-.9-4.6"/>"#;
    SEARCH = r#"<circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 3.5 3.5"/>"#;
    SERVER = r#"<rect x="2" y="2.5" width="12" height="4.6" rx="1.2"/><rect x="2" y="8.9" width="12" height="4.6" rx="1.2"/><path d="M4.8 4.8h.1M4.8 11.2h.1"/>"#;
    SETTINGS = r#"<path d="M2 4.5h6M12 4.5h2M2 11.5h2M8 11.5h6"/><circle cx="10" cy="4.5" r="1.9"/><circle cx="6" cy="11.5" r="1.9"/>"#;
    SHIELD_CHECK = r#"<path d="M8 1.8 13 3.6v4c0 3.2-2.1 5.4-5 6.6-2.9-1.2-5-3.4-5-6.6v-4L8 1.8ZM5.7 8l1.6 1.6 3-3.3"/>"#;
    SUN = r#"<circle cx="8" cy="8" r="2.8"/><path d="M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9"/>"#;
    TAG = r#"<path d="M2.2 3.6v4.1l6.3 6.3 5.5-5.5-6.3-6.3H3.6a1.4 1.4 0 0 0-1.4 1.4ZM5.3 5.3h.1"/>"#;
    TEAM = r#"<circle cx="6" cy="5.4" r="2.4"/><path d="M1.6 13.2a4.4 4.4 0 0 1 8.8 0M10.4 3.2a2.4 2.4 0 0 1 0 4.5M11.8 9.6a4.3 4.3 0 0 1 2.6 3.6"/>"#;
    TRASH = r#"<path d="M2.5 4.5h11M6 4.5V3a.8.8 0 0 1 .8-.8h2.4A.8.8 0 0 1 10 3v1.5M4 4.5l.6 8.3a1 1 0 0 0 1 .9h4.8a1 1 0 0 0 1-.9L12 4.5M6.6 7.2v3.8M9.4 7.2v3.8"/>"#;
    UNDO = r#"<path d="M5.5 3 2.5 6l3 3M2.8 6h6.4a4 4 0 0 1 0 8H6"/>"#;
    UP = r#"<path d="m3.5 10 4.5-4.5 4.5 4.5"/>"#;
    USER = r#"<circle cx="8" cy="5.5" r="2.8"/><path d="M2.8 13.8a5.3 5.3 0 0 1 10.4 0"/>"#;
    WARNING = r#"<path d="M8 2.5 14.3 13H1.7L8 2.5ZM8 6.5v3M8 11.4v.1"/>"#;
}
