//! The plot of what a port change takes.

use std::path::Path;

use anyhow::Result;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use crate::Row;

const FONT: &str = "sans-serif";
const COLOUR: RGBColor = RGBColor(196, 80, 27);

/// Draws a bar for each row.
pub(crate) fn draw(rows: &[Row], svg: &Path) -> Result<()> {
    let count = u32::try_from(rows.len())?;
    let most = rows.iter().map(|row| row.median).fold(0.0, f64::max);
    let root = SVGBackend::new(svg, (760, count * 26 + 80)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .margin(10)
        .margin_right(28)
        .caption("A port change on a real systemd", (FONT, 15))
        .x_label_area_size(40)
        .y_label_area_size(220)
        .build_cartesian_2d(0.0..most * 1.1, f64::from(count)..0.0)?;
    chart
        .configure_mesh()
        .disable_y_mesh()
        .disable_y_axis()
        .light_line_style(WHITE)
        .x_label_formatter(&|ms| format!("{ms:.0}"))
        .x_desc("ms")
        .label_style((FONT, 12))
        .draw()?;
    let centred = Pos::new(HPos::Right, VPos::Center);
    for (row, place) in rows.iter().zip(0_u32..) {
        let top = f64::from(place);
        let bar = Rectangle::new([(0.0, top + 0.2), (row.median, top + 0.8)], COLOUR.filled());
        chart.draw_series([bar])?;
        let (x, y) = chart.backend_coord(&(0.0, top + 0.5));
        let style = (FONT, 12).into_text_style(&root).pos(centred);
        root.draw(&Text::new(row.name.clone(), (x - 8, y), style))?;
        let (x, _) = chart.backend_coord(&(row.median, top));
        let number = format!("{:.1}", row.median);
        root.draw(&Text::new(number, (x + 3, y - 5), (FONT, 10)))?;
    }
    root.present()?;
    Ok(())
}
