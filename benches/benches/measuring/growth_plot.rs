//! The plot of how costs grow.

use std::path::Path;

use anyhow::Result;
use plotters::coord::Shift;
use plotters::prelude::*;

const FONT: &str = "sans-serif";
const COLOURS: [RGBColor; 3] = [
    RGBColor(154, 154, 154),
    RGBColor(196, 80, 27),
    RGBColor(53, 113, 163),
];

/// Numbers in the order of what they grow with, under one title.
pub(crate) struct Plot {
    pub(crate) title: &'static str,
    pub(crate) x: &'static str,
    pub(crate) y: &'static str,
    pub(crate) lines: Vec<(&'static str, Vec<(f64, f64)>)>,
}

/// Draws the plots beside each other.
pub(crate) fn draw(plots: &[Plot], svg: &Path) -> Result<()> {
    let root = SVGBackend::new(svg, (900, 300)).into_drawing_area();
    root.fill(&WHITE)?;
    for (plot, area) in plots.iter().zip(root.split_evenly((1, plots.len()))) {
        draw_one(plot, &area)?;
    }
    root.present()?;
    Ok(())
}

fn draw_one(plot: &Plot, area: &DrawingArea<SVGBackend<'_>, Shift>) -> Result<()> {
    let points = plot.lines.iter().flat_map(|(_, points)| points);
    let (x, y) = points.fold((0.0_f64, 0.0_f64), |most, point| {
        (most.0.max(point.0), most.1.max(point.1))
    });
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .margin_right(28)
        .caption(plot.title, (FONT, 15))
        .x_label_area_size(40)
        .y_label_area_size(50)
        .build_cartesian_2d(0.0..x, 0.0..y * 1.1)?;
    chart
        .configure_mesh()
        .light_line_style(WHITE)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .x_desc(plot.x)
        .y_desc(plot.y)
        .label_style((FONT, 12))
        .draw()?;
    let colours = COLOURS.into_iter().skip(COLOURS.len() - plot.lines.len());
    for ((name, points), colour) in plot.lines.iter().zip(colours) {
        let line = LineSeries::new(points.iter().copied(), colour.stroke_width(2)).point_size(3);
        chart
            .draw_series(line)?
            .label(*name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 14, y)], colour));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE)
        .label_font((FONT, 12))
        .draw()?;
    Ok(())
}
