//! The chart of one series: line, spread, limits, runs of the actuators, and a readout under the
//! pointer or the arrow keys.

use house::{ActuatorKind, Quantity, Threshold, Timestamp};
use leptos::html;
use leptos::prelude::*;

use crate::chart::{Plot, Run, Series, ValueAxis, decimals_for, time_ticks, value_ticks};
use crate::clock::use_clock;
use crate::local_time::Offset;
use crate::wording;

/// When one actuator of the room ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunBand {
    pub(crate) kind: ActuatorKind,
    pub(crate) name: String,
    pub(crate) runs: Vec<Run>,
}

/// All that is drawn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ChartData {
    pub(crate) quantity: Quantity,
    pub(crate) series: Series,
    pub(crate) threshold: Option<Threshold>,
    pub(crate) bands: Vec<RunBand>,
    pub(crate) from: i64,
    pub(crate) to: i64,
}

const LEFT: f64 = 46.0;
const RIGHT: f64 = 14.0;
const TOP: f64 = 14.0;
const AXIS: f64 = 26.0;
const BAND: f64 = 14.0;

/// The chart, as wide as its place.
#[component]
pub(crate) fn HistoryChart(data: Memo<Option<ChartData>>) -> impl IntoView {
    let offset = use_clock().offset();
    let holder: NodeRef<html::Div> = NodeRef::new();
    let width = RwSignal::new(720.0_f64);
    let cursor: RwSignal<Option<i64>> = RwSignal::new(None);
    let measure = move || {
        if let Some(holder) = holder.get_untracked() {
            let measured = holder.get_bounding_client_rect().width();
            if measured > 100.0 {
                width.set(measured);
            }
        }
    };
    Effect::new(move |_| {
        if holder.get().is_some() {
            request_animation_frame(measure);
        }
    });
    let resize = window_event_listener(leptos::ev::resize, move |_| measure());
    on_cleanup(move || resize.remove());

    let height = move || if width.get() < 560.0 { 260.0 } else { 340.0 };
    let plot = Memo::new(move |_| data.with(|data| plot_of(data.as_ref()?, width.get(), height())));
    let at_pointer = move |event: &web_sys::PointerEvent| {
        let Some(holder) = holder.get_untracked() else { return };
        let x = f64::from(event.client_x()) - holder.get_bounding_client_rect().left();
        cursor.set(plot.get_untracked().map(|plot| plot.at(x)));
    };
    let step = move |direction: i64| {
        let moved = data.with_untracked(|data| {
            let points = &data.as_ref()?.series.points;
            let here = cursor.get_untracked().unwrap_or(i64::MAX);
            let index = points.partition_point(|point| point.at < here);
            let next = index
                .saturating_add_signed(direction as isize)
                .min(points.len().checked_sub(1)?);
            points.get(next).map(|point| point.at)
        });
        if moved.is_some() {
            cursor.set(moved);
        }
    };
    let readout = Memo::new(move |_| data.with(|data| readout_of(data.as_ref()?, cursor.get()?, offset)));
    view! {
        <div
            class="chart"
            data-testid="history-chart"
            data-points=move || data.with(|data| data.as_ref().map_or(0, |data| data.series.points.len()))
            node_ref=holder
            tabindex="0"
            role="group"
            aria-label="Chart. Use the left and right arrow keys to read values."
            on:pointermove=move |event| at_pointer(&event)
            on:pointerdown=move |event| at_pointer(&event)
            on:pointerleave=move |_| cursor.set(None)
            on:keydown=move |event| match event.key().as_str() {
                "ArrowLeft" => { event.prevent_default(); step(-1); }
                "ArrowRight" => { event.prevent_default(); step(1); }
                "Escape" => cursor.set(None),
                _ => {}
            }
        >
            {move || {
                let plot = plot.get()?;
                let drawn = data.with(|data| data.as_ref().map(|data| drawing(data, &plot, height(), offset)))?;
                Some(view! {
                    <svg class="chart-svg" width=plot_width(&plot) height=height() role="img" aria-label=move || data.with(|data| data.as_ref().map(summary).unwrap_or_default())>
                        {drawn}
                        {move || cursor_mark(readout.get()?, &plot)}
                    </svg>
                })
            }}
            {move || readout.get().map(|readout| {
                let right = plot.get().is_some_and(|plot| plot.x(readout.at) > plot.left + plot.width * 0.6);
                view! {
                    <div class="readout" class:is-left=right style=move || plot.get().map(|plot| format!("left:{:.0}px", plot.x(readout.at)))>
                        <strong>{readout.value}</strong>
                        <span>{readout.when}</span>
                        {readout.spread.map(|spread| view! { <span>{spread}</span> })}
                    </div>
                }
            })}
            <p class="visually-hidden" aria-live="polite">
                {move || readout.get().map(|readout| format!("{}, {}", readout.when, readout.value))}
            </p>
        </div>
    }
    .into_any()
}

fn plot_width(plot: &Plot) -> f64 {
    plot.left + plot.width + RIGHT
}

fn plot_of(data: &ChartData, width: f64, height: f64) -> Option<Plot> {
    let (low, high) = data.series.extent()?;
    let limits = data
        .threshold
        .iter()
        .flat_map(|threshold| [threshold.low, threshold.high])
        .flatten();
    // A limit far away would flatten the line: it is drawn when the line comes near it.
    let reach = (high - low).max(4.0) * 0.75;
    let near = limits.filter(|limit| *limit > low - reach && *limit < high + reach);
    let axis = ValueAxis::around(data.quantity, [low, high].into_iter().chain(near))?;
    let bands = data.bands.len() as f64 * BAND;
    Some(Plot {
        left: LEFT,
        top: TOP,
        width: (width - LEFT - RIGHT).max(50.0),
        height: (height - TOP - AXIS - bands).max(50.0),
        from: data.from,
        to: data.to,
        low: axis.low,
        high: axis.high,
    })
}

fn drawing(data: &ChartData, plot: &Plot, height: f64, offset: Offset) -> AnyView {
    let ticks = value_ticks(plot.low, plot.high, (plot.height / 55.0).max(2.0) as usize);
    let decimals = decimals_for(&ticks);
    let right = plot.left + plot.width;
    let bottom = plot.top + plot.height;
    let grid: Vec<AnyView> = ticks
        .iter()
        .map(|tick| {
            let y = plot.y(*tick);
            view! {
                <line class="grid" x1=plot.left x2=right y1=y y2=y/>
                <text class="tick" x=plot.left - 8.0 y=y + 4.0 text-anchor="end">{format!("{tick:.decimals$}")}</text>
            }
            .into_any()
        })
        .collect();
    let times: Vec<AnyView> = time_ticks(data.from, data.to, (plot.width / 64.0) as usize, offset)
        .into_iter()
        .map(|tick| {
            let x = plot.x(tick.at);
            let class = if tick.is_day { "grid day" } else { "grid" };
            view! {
                <line class=class x1=x x2=x y1=plot.top y2=bottom/>
                <text class="tick" x=x y=height - 8.0 text-anchor="middle">{tick.label}</text>
            }
            .into_any()
        })
        .collect();
    let runs: Vec<AnyView> = data
        .bands
        .iter()
        .enumerate()
        .map(|(row, band)| run_band(band, row, plot))
        .collect();
    let gap = data.series.gap();
    let line = plot.line(data.series.points.iter().map(|point| (point.at, point.value)), gap);
    let spread = plot.band(&data.series.points, gap);
    let lone = (data.series.points.len() == 1)
        .then(|| data.series.points.first())
        .flatten()
        .map(|point| {
            view! { <circle class="series-dot" cx=plot.x(point.at) cy=plot.y(point.value) r="3.5"/> }
        });
    view! {
        {grid}
        {times}
        {runs}
        <path class="spread" d=spread/>
        <path class="series" d=line/>
        {lone}
        {limit_lines(data, plot)}
    }
    .into_any()
}

/// A lit strip under the plot for each run, and its shade on the plot.
fn run_band(band: &RunBand, row: usize, plot: &Plot) -> AnyView {
    let y = plot.top + plot.height + 5.0 + row as f64 * BAND;
    band.runs
        .iter()
        .map(|run| {
            let x = plot.x(run.from);
            let width = (plot.x(run.to) - x).max(1.5);
            view! {
                <g data-testid="actuator-run" data-kind=band.kind.name()>
                    <rect class="run-shade" x=x y=plot.top width=width height=plot.height/>
                    <rect class=format!("run run-{}", band.kind.name()) x=x y=y width=width height=BAND - 6.0 rx="2"/>
                </g>
            }
            .into_any()
        })
        .collect_view()
        .into_any()
}

fn limit_lines(data: &ChartData, plot: &Plot) -> AnyView {
    let limits = data
        .threshold
        .iter()
        .flat_map(|threshold| [("High", threshold.high), ("Low", threshold.low)]);
    limits
        .filter_map(|(name, limit)| Some((name, limit.filter(|limit| (plot.low..=plot.high).contains(limit))?)))
        .map(|(name, limit)| {
            let y = plot.y(limit);
            let right = plot.left + plot.width;
            let label_y = if name == "High" { y - 5.0 } else { y + 13.0 };
            view! {
                <g data-testid="threshold-line" data-limit=name.to_lowercase()>
                    <line class="limit" x1=plot.left x2=right y1=y y2=y/>
                    <text class="limit-label" x=right - 4.0 y=label_y text-anchor="end">
                        {format!("{name} {}", data.quantity.format(limit))}
                    </text>
                </g>
            }
            .into_any()
        })
        .collect_view()
        .into_any()
}

#[derive(Debug, Clone, PartialEq)]
struct Readout {
    at: i64,
    number: f64,
    value: String,
    when: String,
    spread: Option<String>,
}

fn readout_of(data: &ChartData, at: i64, offset: Offset) -> Option<Readout> {
    let point = data.series.nearest(at)?;
    let moment = Timestamp(point.at);
    let when = if data.to - data.from > 86_400_000 {
        format!("{}, {}", offset.day(moment), offset.clock(moment))
    } else {
        offset.clock_with_seconds(moment)
    };
    Some(Readout {
        at: point.at,
        number: point.value,
        value: data.quantity.format(point.value),
        when,
        spread: point
            .range
            .map(|(min, max)| format!("{:.*} to {}", data.quantity.decimals(), min, data.quantity.format(max))),
    })
}

fn cursor_mark(readout: Readout, plot: &Plot) -> Option<AnyView> {
    let (x, y) = (plot.x(readout.at), plot.y(readout.number));
    let bottom = plot.top + plot.height;
    Some(
        view! {
            <line class="cursor" x1=x x2=x y1=plot.top y2=bottom/>
            <circle class="cursor-dot" cx=x cy=y r="4.5"/>
        }
        .into_any(),
    )
}

/// The chart in one sentence, for those who cannot see it.
fn summary(data: &ChartData) -> String {
    let name = wording::quantity_name(data.quantity);
    let (Some((low, high)), Some(last)) = (data.series.extent(), data.series.points.last()) else {
        return format!("{name}: no readings");
    };
    let format = |value| data.quantity.format(value);
    format!(
        "{name}: from {} to {}, last {}",
        format(low),
        format(high),
        format(last.value)
    )
}
