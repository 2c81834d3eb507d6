//! Rows of the large tables over the days, as a picture.

use std::fmt::Write as _;

use super::Sample;

/// The tables that are drawn, each with its colour, readable on white and on black.
const LINES: [(&str, &str); 6] = [
    ("domain_validation", "#d1690e"),
    ("certificate", "#2f7fd6"),
    ("audit", "#2b9a4b"),
    ("acme_authorization", "#b04cc0"),
    ("acme_order", "#d43f4f"),
    ("lineage", "#8a8a8a"),
];
const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 70.0;
const RIGHT: f64 = 170.0;
const TOP: f64 = 20.0;
const BOTTOM: f64 = 50.0;
/// How far two words beside each other are apart at least.
const LINE: f64 = 16.0;
const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#333}.grid{stroke:#ccc}\
                     @media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#444}}";

/// Where a day and a number of rows are in the picture.
struct Scale {
    days: f64,
    rows: f64,
}

impl Scale {
    fn x(&self, day: f64) -> f64 {
        LEFT + day / self.days * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, rows: f64) -> f64 {
        HEIGHT - BOTTOM - rows / self.rows * (HEIGHT - TOP - BOTTOM)
    }
}

/// A picture in SVG.
pub fn chart(samples: &[Sample]) -> String {
    let rows = |sample: &Sample, table: &str| approximately(sample.of(table));
    let all = samples
        .iter()
        .flat_map(|sample| LINES.map(|(table, _)| rows(sample, table)));
    let days = samples.last().map_or(1, |sample| sample.day.max(1));
    let scale = Scale {
        days: f64::from(days),
        rows: step(all.fold(1.0, f64::max)) * 5.0,
    };
    let mut text = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-label=\"Rows of tables over days\">\n<style>{STYLE}</style>\n"
    );
    grid(&mut text, &scale);
    let mut places: Vec<(f64, &str, &str)> = Vec::new();
    for (table, colour) in LINES {
        let points = samples.iter().map(|sample| {
            let (x, y) = (scale.x(f64::from(sample.day)), scale.y(rows(sample, table)));
            format!("{x:.1},{y:.1}")
        });
        let points: Vec<String> = points.collect();
        line(
            &mut text,
            format_args!(
                "<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\" points=\"{}\"/>",
                points.join(" ")
            ),
        );
        let last = samples.last().map_or(0.0, |sample| rows(sample, table));
        places.push((scale.y(last), table, colour));
    }
    legend(&mut text, places);
    text.push_str("</svg>\n");
    text
}

/// The numbers at the edges.
fn grid(text: &mut String, scale: &Scale) {
    for part in 0..=5 {
        let rows = scale.rows * f64::from(part) / 5.0;
        let y = scale.y(rows);
        let (left, right, word) = (LEFT, WIDTH - RIGHT, LEFT - 8.0);
        line(
            text,
            format_args!(
                "<line class=\"grid\" x1=\"{left}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>\
                 <text x=\"{word}\" y=\"{:.1}\" text-anchor=\"end\">{rows:.0}</text>",
                y + 4.0
            ),
        );
    }
    for part in 0..=4 {
        let day = scale.days * f64::from(part) / 4.0;
        line(
            text,
            format_args!(
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\">day {day:.0}</text>",
                scale.x(day),
                HEIGHT - BOTTOM + 22.0
            ),
        );
    }
}

/// The names of the tables where their lines end, one above the other.
fn legend(text: &mut String, mut places: Vec<(f64, &str, &str)>) {
    places.sort_by(|one, other| other.0.total_cmp(&one.0));
    let mut free = HEIGHT - BOTTOM + 4.0;
    for (y, table, colour) in places {
        let y = (y + 4.0).min(free);
        free = y - LINE;
        let x = WIDTH - RIGHT + 8.0;
        line(
            text,
            format_args!("<text x=\"{x}\" y=\"{y:.1}\" style=\"fill:{colour}\">{table}</text>"),
        );
    }
}

fn line(text: &mut String, what: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{what}");
}

/// A round fifth of what is to be shown.
fn step(most: f64) -> f64 {
    let fifth = most / 5.0;
    let power = 10_f64.powf(fifth.log10().floor());
    let steps = [1.0, 2.0, 2.5, 4.0, 5.0, 10.0].map(|factor| factor * power);
    let fits = steps.into_iter().find(|step| *step >= fifth);
    fits.unwrap_or(fifth)
}

fn approximately(rows: i64) -> f64 {
    u32::try_from(rows).map_or(f64::from(u32::MAX), f64::from)
}
