//! The last hours of a value, as a small line.

use house::{Quantity, Threshold};
use leptos::prelude::*;

use crate::chart::{Plot, ValueAxis};
use crate::house_view::Trend;

const WIDTH: f64 = 240.0;
const HEIGHT: f64 = 56.0;

/// Draws `trend` with the threshold's limits as dashed lines; nothing while there is no line yet.
pub(crate) fn sparkline(trend: &Trend, quantity: Quantity, threshold: Option<&Threshold>) -> Option<AnyView> {
    if trend.len() < 2 {
        return None;
    }
    let points: Vec<(i64, f64)> = trend.points().map(|(at, value)| (at.0, value)).collect();
    let (first, last) = (points.first()?, points.last()?);
    let axis = ValueAxis::around(quantity, points.iter().map(|(_, value)| *value))?;
    let plot = Plot {
        left: 2.0,
        top: 3.0,
        width: WIDTH - 8.0,
        height: HEIGHT - 6.0,
        from: first.0,
        to: last.0,
        low: axis.low,
        high: axis.high,
    };
    let line = plot.line(points.iter().copied(), i64::MAX);
    let area = format!("{line}L{:.1} {HEIGHT}L{:.1} {HEIGHT}Z", plot.x(last.0), plot.x(first.0));
    let limits: Vec<AnyView> = threshold
        .map(|threshold| [threshold.low, threshold.high])
        .into_iter()
        .flatten()
        .flatten()
        .filter(|limit| (axis.low..=axis.high).contains(limit))
        .map(|limit| {
            let y = format!("{:.1}", plot.y(limit));
            view! { <line class="spark-limit" x1="0" x2=WIDTH y1=y.clone() y2=y/> }.into_any()
        })
        .collect();
    let (x, y) = (format!("{:.1}", plot.x(last.0)), format!("{:.1}", plot.y(last.1)));
    let view_box = format!("0 0 {WIDTH} {HEIGHT}");
    Some(
        view! {
            <svg class="spark" viewBox=view_box aria-hidden="true">
                <path class="spark-area" d=area/>
                {limits}
                <path class="spark-line" d=line vector-effect="non-scaling-stroke"/>
                <circle class="spark-end" cx=x cy=y r="2.6"/>
            </svg>
        }
        .into_any(),
    )
}
