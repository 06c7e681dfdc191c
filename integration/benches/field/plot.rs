//! Plots of the data, with a logarithmic scale: the field spans three orders of magnitude.

use std::path::Path;

use plotters::prelude::*;

use crate::data::{Data, Row};

const SIZE: (u32, u32) = (900, 440);

/// Processor time of a request, by gateway and work.
pub(crate) fn cpu(data: &Data, origin: &str, path: &Path) {
    let works = ["0.2 KB", "2 KB", "32 KiB", "2 KB translated", "32 KiB translated"];
    let gateways: Vec<&str> = data.gateways().into_iter().filter(|name| *name != crate::lineup::DIRECT).collect();
    let titles = ["Processor time of a request, µs", origin];
    bars(data, path, titles, (&gateways, &works), |row| row.cpu_us);
}

/// Latency of a request, by gateway and work.
pub(crate) fn latency(data: &Data, origin: &str, path: &Path) {
    let works = ["2 KB, 1 connection", "2 KB", "2 KB, 64 connections", "paced stream"];
    let gateways = data.gateways();
    let titles = ["p50 until the answer, or the first event of a stream, µs", origin];
    bars(data, path, titles, (&gateways, &works), |row| row.p50_us);
}

/// A group of bars for each work, a bar for each gateway.
fn bars(
    data: &Data,
    path: &Path,
    [title, origin]: [&str; 2],
    (gateways, works): (&[&str], &[&str]),
    figure: fn(&Row) -> f64,
) {
    let area = SVGBackend::new(path, SIZE).into_drawing_area();
    area.fill(&WHITE).unwrap();
    let (plot, foot) = area.split_vertically(SIZE.1 - 20);
    foot.draw(&Text::new(origin, (10, 4), ("sans-serif", 11))).unwrap();
    let height = |gateway: &str, work: &str| data.median(gateway, work, figure).unwrap_or(1.0).max(1.0);
    let most = gateways.iter().flat_map(|g| works.iter().map(move |w| height(g, w))).fold(10.0, f64::max);
    // The names of gateways have a place beside the last group.
    let width = works.len() as f64 + 0.8;
    let half_a_group = (f64::from(SIZE.0 - 80) / width / 2.0) as i32;
    let mut chart = ChartBuilder::on(&plot)
        .caption(title, ("sans-serif", 18))
        .margin(10)
        .x_label_area_size(30)
        .y_label_area_size(60)
        .build_cartesian_2d(0.0..width, (1.0..most * 2.0).log_scale())
        .unwrap();
    let name = |x: &f64| works.get(*x as usize).map_or(String::new(), |work| (*work).to_owned());
    let mut mesh = chart.configure_mesh();
    mesh.disable_x_mesh()
        .x_labels(works.len() + 1)
        .x_label_formatter(&name)
        .y_label_formatter(&|y| format!("{y:.0}"))
        .x_label_offset(half_a_group)
        .draw()
        .unwrap();
    for (i, gateway) in gateways.iter().enumerate() {
        // The same in every plot.
        let color = Palette99::pick(data.gateways().iter().position(|name| name == gateway).unwrap()).filled();
        let bar = |(group, work): (usize, &&str)| {
            let each = 0.8 / gateways.len() as f64;
            let left = group as f64 + 0.1 + i as f64 * each;
            Rectangle::new([(left, 1.0), (left + each * 0.9, height(gateway, work))], color)
        };
        let series = chart.draw_series(works.iter().enumerate().map(bar)).unwrap();
        series.label(*gateway).legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 12, y + 5)], color));
    }
    chart.configure_series_labels().background_style(WHITE.mix(0.8)).border_style(BLACK).draw().unwrap();
    area.present().unwrap();
}
