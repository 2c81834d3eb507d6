//! Contrast of the colour tokens in both themes (WCAG 2.2, 1.4.3 and 1.4.11).

use crate::portal::page::assets;

fn token(style: &str, name: &str) -> [String; 2] {
    let start = format!("  --{name}: light-dark(");
    let line = style
        .split(&start)
        .nth(1)
        .unwrap_or_else(|| panic!("{name} is a token"));
    let values = line.split(')').next().unwrap_or("");
    let (light, dark) = values.split_once(", ").expect("two values");
    [light.to_owned(), dark.to_owned()]
}

fn luminance(colour: &str) -> f64 {
    let number = u32::from_str_radix(colour.trim_start_matches('#'), 16).expect("six hex digits");
    let channel = |shift: u32| {
        let value = f64::from((number >> shift) & 0xff) / 255.0;
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    };
    0.2126 * channel(16) + 0.7152 * channel(8) + 0.0722 * channel(0)
}

#[track_caller]
fn check(front: &str, back: &str, least: f64) {
    let asset = assets::all()
        .iter()
        .find(|asset| asset.name == "portal.css")
        .expect("the style");
    let style = String::from_utf8(asset.bytes.clone())
        .expect("text")
        .replace("; --", ";\n  --");
    for (front_value, back_value) in token(&style, front).iter().zip(token(&style, back)) {
        let (one, other) = (luminance(front_value), luminance(&back_value));
        let ratio = (one.max(other) + 0.05) / (one.min(other) + 0.05);
        assert!(
            ratio >= least,
            "{front} {front_value} on {back} {back_value}: {ratio:.2}"
        );
    }
}

#[test]
fn text_has_at_least_4_5() {
    for back in ["bg", "surface", "surface-2"] {
        for front in ["ink", "ink-2", "ink-3", "accent"] {
            check(front, back, 4.5);
        }
    }
    for tone in ["ok", "warn", "bad", "accent"] {
        check(tone, &format!("{tone}-soft"), 4.5);
        check(tone, "surface", 4.5);
    }
    check("accent-ink", "accent", 4.5);
    check("accent-ink", "accent-hover", 4.5);
    check("danger-ink", "danger", 4.5);
    check("danger-ink", "danger-hover", 4.5);
    check("ink", "raised", 4.5);
    check("ink-2", "well", 4.5);
    check("ink-2", "warn-soft", 4.5);
    check("ink-2", "accent-soft", 4.5);
}

#[test]
fn edges_of_fields_and_bars_have_at_least_3() {
    for back in ["bg", "surface"] {
        check("line-2", back, 3.0);
        check("accent", back, 3.0);
        check("ok-fill", back, 3.0);
        check("warn-fill", back, 3.0);
        check("bad", back, 3.0);
    }
}
