//! The plot of all cases.

use std::path::Path;

use anyhow::Result;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::Row;

/// What is measured, and where its bar begins in the place of a case, which is one wide.
const SUBJECTS: [(&str, RGBColor, f64); 3] = [
    ("floor", RGBColor(154, 154, 154), 0.1),
    ("Rust", RGBColor(196, 80, 27), 0.37),
    ("Python", RGBColor(53, 113, 163), 0.64),
];
const BAR: f64 = 0.27;
const FONT: &str = "sans-serif";

/// Draws the wall time of each case as three bars.
pub(crate) fn draw(rows: &[Row], svg: &Path) -> Result<()> {
    let count = u32::try_from(rows.len())?;
    let root = SVGBackend::new(svg, (760, count * 40 + 80)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(10)
        .margin_right(28)
        .caption("Wall time of one dispatch", (FONT, 15))
        .x_label_area_size(40)
        .y_label_area_size(130)
        .build_cartesian_2d((1.0..1000.0).log_scale(), f64::from(count)..0.0)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .x_label_formatter(&|ms| format!("{ms:.0}"))
        .x_desc("ms, logarithmic")
        .label_style((FONT, 12))
        .draw()?;

    let centred = Pos::new(HPos::Right, VPos::Center);
    for (row, place) in rows.iter().zip(0_u32..) {
        let name = match row.delay_ms {
            0 => row.case.to_owned(),
            delay_ms => format!("{}, {delay_ms} ms", row.case),
        };
        let middle = chart.backend_coord(&(1.0, f64::from(place) + 0.5));
        let style = (FONT, 12).into_text_style(&root).pos(centred);
        root.draw(&Text::new(name, (middle.0 - 8, middle.1), style))?;
    }
    for (number, (subject, colour, begin)) in SUBJECTS.into_iter().enumerate() {
        let bars = rows.iter().zip(0_u32..).map(|(row, place)| {
            let top = f64::from(place) + begin;
            let wall_ms = row.medians[number].wall_ms;
            Rectangle::new([(1.0, top), (wall_ms, top + BAR)], colour.filled())
        });
        let mut ends = rows.iter().zip(0_u32..).map(|(row, place)| {
            let wall_ms = row.medians[number].wall_ms;
            let (x, y) = chart.backend_coord(&(wall_ms, f64::from(place) + begin));
            Text::new(format!("{wall_ms:.1}"), (x + 3, y), (FONT, 9))
        });
        ends.try_for_each(|end| root.draw(&end))?;
        chart
            .draw_series(bars)?
            .label(subject)
            .legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 10, y + 5)], colour.filled()));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .background_style(WHITE)
        .label_font((FONT, 12))
        .draw()?;
    root.present()?;
    Ok(())
}
