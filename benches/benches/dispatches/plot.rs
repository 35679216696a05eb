//! The plot of all cases.

use std::fmt::{self, Write as _};

use crate::Row;

const LEFT: f64 = 150.0;
const WIDTH: f64 = 560.0;
const BAR: f64 = 9.0;
const COLOURS: [(&str, &str); 3] = [
    ("floor", "#9a9a9a"),
    ("Rust", "#c4501b"),
    ("Python", "#3571a3"),
];

/// The axis, in ms; it is logarithmic.
const TICKS: [f64; 7] = [1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0];

/// Draws the wall time of each case as three bars.
pub(crate) fn svg(rows: &[Row]) -> Result<String, fmt::Error> {
    let row_height = BAR * 3.0 + 11.0;
    let top = 44.0;
    let bottom = rows.iter().fold(top, |y, _| y + row_height);
    let mut svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="760" height="{:.0}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="white"/>
<text x="{LEFT}" y="16" font-size="13">Wall time of one dispatch in ms (logarithmic)</text>
"#,
        bottom + 30.0
    );
    let mut x = 520.0;
    for (name, colour) in COLOURS {
        writeln!(
            svg,
            r#"<rect x="{x}" y="7" width="10" height="10" fill="{colour}"/><text x="{}" y="16">{name}</text>"#,
            x + 14.0
        )?;
        x += 65.0;
    }
    for tick in TICKS {
        let x = position(tick);
        writeln!(
            svg,
            r##"<line x1="{x:.1}" x2="{x:.1}" y1="{}" y2="{bottom:.1}" stroke="#ddd"/><text x="{x:.1}" y="{:.1}" text-anchor="middle">{tick}</text>"##,
            top - 8.0,
            bottom + 16.0
        )?;
    }
    let mut y = top;
    for row in rows {
        let delay = match row.delay_ms {
            0 => String::new(),
            delay => format!(", {delay} ms"),
        };
        writeln!(
            svg,
            r#"<text x="{}" y="{:.1}" text-anchor="end">{}{delay}</text>"#,
            LEFT - 8.0,
            y + BAR * 2.0,
            row.case
        )?;
        let mut y_of_bar = y;
        for (median, (_, colour)) in row.medians.iter().zip(COLOURS) {
            let end = position(median.wall_ms);
            writeln!(
                svg,
                r#"<rect x="{LEFT}" y="{y_of_bar:.1}" width="{:.1}" height="{}" fill="{colour}"/><text x="{:.1}" y="{:.1}" font-size="9">{:.1}</text>"#,
                end - LEFT,
                BAR - 1.0,
                end + 3.0,
                y_of_bar + BAR - 1.5,
                median.wall_ms
            )?;
            y_of_bar += BAR;
        }
        y += row_height;
    }
    svg.push_str("</svg>\n");
    Ok(svg)
}

fn position(milliseconds: f64) -> f64 {
    LEFT + WIDTH
        * (milliseconds / TICKS[0])
            .log(TICKS[TICKS.len() - 1] / TICKS[0])
            .max(0.0)
}
