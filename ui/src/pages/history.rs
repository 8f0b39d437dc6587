//! One sensor's past: a chart with limits and runs, and what was logged meanwhile.

use house::{Quantity, Timestamp};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::NavigateOptions;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};

use crate::browser::{decoded, encoded};
use crate::chart::{Series, runs_of};
use crate::clock::use_clock;
use crate::components::history_chart::{ChartData, HistoryChart, RunBand};
use crate::components::icon::{Icon, icon};
use crate::components::log_list::log_list;
use crate::connection::use_connection;
use crate::logbook::LogEntry;
use crate::wording;

const RANGES: [(&str, i64); 5] = [
    ("1 h", 3_600_000),
    ("6 h", 21_600_000),
    ("24 h", 86_400_000),
    ("7 d", 604_800_000),
    ("30 d", 2_592_000_000),
];

/// What was asked for, so that a late answer is not shown for another question.
#[derive(Debug, Clone, PartialEq)]
struct Wanted {
    sensor: String,
    quantity: Quantity,
    span: i64,
}

#[derive(Debug, Clone, PartialEq)]
struct Fetched {
    wanted: Wanted,
    from: i64,
    to: i64,
    series: Series,
    lines: Vec<LogEntry>,
}

/// `/history/<sensor>?quantity=<quantity>`.
#[component]
pub(crate) fn HistoryPage() -> impl IntoView {
    let connection = use_connection();
    let clock = use_clock();
    let house = connection.house();
    let (params, query) = (use_params_map(), use_query_map());
    let span = RwSignal::new(RANGES[0].1);
    let sensor =
        Memo::new(move |_| params.with(|params| params.get("sensor").map(|id| decoded(&id)).unwrap_or_default()));
    let quantities = Memo::new(move |_| {
        let sensor = sensor.get();
        house.with(|house| {
            let sensors = house.sensors();
            let mut quantities: Vec<Quantity> = sensors
                .into_iter()
                .find(|(id, _)| *id == sensor)
                .map(|(_, q)| q)
                .unwrap_or_default();
            quantities.extend(
                house
                    .readings(&sensor)
                    .into_iter()
                    .flat_map(|readings| readings.keys().copied()),
            );
            quantities.sort();
            quantities.dedup();
            quantities
        })
    });
    let quantity = Memo::new(move |_| {
        let asked = query.with(|query| query.get("quantity").and_then(|name| name.parse().ok()));
        asked
            .or_else(|| quantities.with(|quantities| quantities.first().copied()))
            .unwrap_or(Quantity::Temperature)
    });
    let wanted = Memo::new(move |_| Wanted {
        sensor: sensor.get(),
        quantity: quantity.get(),
        span: span.get(),
    });
    let fetched: RwSignal<Option<Fetched>> = RwSignal::new(None);
    let fault: RwSignal<Option<String>> = RwSignal::new(None);
    let fetch = move || {
        let wanted_now = wanted.get_untracked();
        let to = clock.now_untracked();
        let from = Timestamp(to.0 - wanted_now.span);
        spawn_local(async move {
            let outcome = connection
                .readings(&wanted_now.sensor, wanted_now.quantity, from, to)
                .await;
            let lines = connection
                .log(Some(from), Some(to), 500, None)
                .await
                .unwrap_or_default();
            if wanted.try_get_untracked().as_ref() != Some(&wanted_now) {
                return;
            }
            match outcome {
                Ok(series) => {
                    fault.set(None);
                    fetched.set(Some(Fetched {
                        wanted: wanted_now,
                        from: from.0,
                        to: to.0,
                        series,
                        lines,
                    }));
                }
                Err(refusal) => {
                    fault.set(Some(refusal.sentence().to_owned()));
                    fetched.set(None);
                }
            }
        });
    };
    Effect::new(move |_| {
        wanted.track();
        if connection.is_loaded() {
            fetch();
        }
    });
    let area = Memo::new(move |_| house.with(|house| house.area_of(&sensor.get()).cloned()));
    let lines = Memo::new(move |_| {
        let Some(fetched) = fetched.get() else {
            return Vec::new();
        };
        let newest = fetched.lines.first().map(|line| line.at);
        let mut lines: Vec<LogEntry> = house.with(|house| {
            house
                .log()
                .filter(|line| newest.is_none_or(|newest| line.at > newest))
                .cloned()
                .collect()
        });
        lines.extend(fetched.lines);
        let sensor = sensor.get();
        let area = area.get();
        lines.retain(|line| line.device.as_ref() == Some(&sensor) || (area.is_some() && line.area == area));
        lines
    });
    // The end follows the clock in steps: about what one pixel is worth.
    let end = Memo::new(move |_| {
        let step = (span.get() / 720).max(2000);
        (clock.now().0 / step + 1) * step
    });
    let data = Memo::new(move |_| {
        let fetched = fetched.get()?;
        if fetched.wanted != wanted.get() {
            return None;
        }
        let to = end.get().max(fetched.to);
        let earliest = to - fetched.wanted.span;
        let mut series = fetched.series;
        let Wanted { sensor, quantity, .. } = fetched.wanted;
        let (threshold, bands, from) = house.with(|house| {
            for (at, value) in house
                .trend(&sensor, quantity)
                .into_iter()
                .flat_map(|trend| trend.points())
            {
                if at.0 >= earliest {
                    series.push(at.0, value);
                }
            }
            let from = series.start(earliest, to);
            let area = house.area_of(&sensor);
            let bands = area
                .map(|area| bands_of(house, area, &lines.get(), from, to))
                .unwrap_or_default();
            (
                area.and_then(|area| house.threshold(area, quantity).cloned()),
                bands,
                from,
            )
        });
        series.points.retain(|point| point.at >= from);
        Some(ChartData {
            quantity,
            series,
            threshold,
            bands,
            from,
            to,
        })
    });
    let name = Memo::new(move |_| house.with(|house| house.sensor_name(&sensor.get())));
    let legend = Memo::new(move |_| {
        data.with(|data| {
            data.as_ref().map(|data| {
                data.bands
                    .iter()
                    .map(|band| (band.kind, band.name.clone(), band.runs.len()))
                    .collect::<Vec<_>>()
            })
        })
        .unwrap_or_default()
    });
    view! {
        <header class="page-head">
            <div>
                <h1 data-testid="history-title">{move || name.get()}</h1>
                <p class="lead">{move || area.get().map(|area| area.name())}</p>
            </div>
            <SensorSelect sensor/>
        </header>
        <section class="card chart-card">
            <div class="chart-head">
                <div class="segments" role="group" aria-label="Quantity">
                    <For each=move || quantities.get() key=|quantity| *quantity let(one)>
                        <QuantityLink sensor one quantity/>
                    </For>
                </div>
                <div class="segments" role="group" aria-label="Time">
                    {RANGES.map(|(label, length)| view! {
                        <button
                            class="segment"
                            data-testid="history-range"
                            data-range=label.replace(' ', "")
                            aria-pressed=move || (span.get() == length).to_string()
                            on:click=move |_| span.set(length)
                        >
                            {label}
                        </button>
                    })}
                </div>
            </div>
            {move || fault.get().map(|text| view! { <p class="form-fault" role="alert" data-testid="history-error">{icon(Icon::Warning)}<span>{text}</span></p> })}
            {move || {
                let is_empty = data.with(|data| data.as_ref().map(|data| data.series.points.is_empty()));
                match is_empty {
                    None if fault.with(Option::is_none) => Some(view! { <p class="quiet" role="status">"Reading the past…"</p> }),
                    Some(true) => Some(view! { <p class="quiet" role="status">"Nothing was measured in this time."</p> }),
                    _ => None,
                }
            }}
            <HistoryChart data/>
            <ul class="legend">
                {move || legend.get().into_iter().map(|(kind, name, runs)| view! {
                    <li><i class=format!("swatch run-{}", kind.name())></i>{format!("{name} ran {}", match runs { 1 => "once".to_owned(), 2 => "twice".to_owned(), more => format!("{more} times") })}</li>
                }).collect_view()}
            </ul>
        </section>
        <section class="card" aria-labelledby="meanwhile">
            <h2 id="meanwhile">"Meanwhile"</h2>
            {move || lines.with(|lines| if lines.is_empty() {
                view! { <p class="quiet">"Nothing was logged here in this time."</p> }.into_any()
            } else {
                log_list(lines.get(..40).unwrap_or(lines))
            })}
        </section>
    }
    .into_any()
}

/// The runs of every actuator in `area`.
fn bands_of(
    house: &crate::house_view::HouseView,
    area: &house::AreaId,
    lines: &[LogEntry],
    from: i64,
    to: i64,
) -> Vec<RunBand> {
    let devices = house
        .registry()
        .adopted()
        .filter(|device| device.area.as_ref() == Some(area));
    devices
        .flat_map(|device| device.actuators().map(move |(entity, kind)| (device, entity, kind)))
        .map(|(device, entity, kind)| {
            let own = lines.iter().filter(|line| {
                line.device.as_ref() == Some(&device.id) && line.entity.as_ref().is_none_or(|id| *id == entity.id)
            });
            let mut runs = runs_of(own, from, to);
            // Nothing logged in this time: it has been as it is now all along.
            if let Some(state) = house
                .actuator(&device.id, &entity.id)
                .filter(|state| state.on && runs.is_empty())
            {
                runs.push(crate::chart::Run {
                    from: state.at.0.max(from),
                    to,
                });
            }
            RunBand {
                kind,
                name: if device.actuators().count() > 1 {
                    format!("{} ({})", device.name, kind.label())
                } else {
                    device.name.clone()
                },
                runs,
            }
        })
        .filter(|band| !band.runs.is_empty())
        .collect()
}

#[component]
fn QuantityLink(sensor: Memo<String>, one: Quantity, quantity: Memo<Quantity>) -> impl IntoView {
    view! {
        <a
            class="segment"
            data-testid="history-quantity"
            data-quantity=one.name()
            href=move || format!("/history/{}?quantity={one}", encoded(&sensor.get()))
            aria-current=move || (quantity.get() == one).then_some("true")
        >
            {wording::quantity_name(one)}
        </a>
    }
    .into_any()
}

/// Goes to another sensor.
#[component]
fn SensorSelect(sensor: Memo<String>) -> impl IntoView {
    let house = use_connection().house();
    let navigate = use_navigate();
    let sensors = Memo::new(move |_| {
        house.with(|house| {
            let mut sensors: Vec<(String, String)> = house
                .sensors()
                .into_iter()
                .map(|(id, _)| {
                    let place = house
                        .area_of(&id)
                        .map(|area| format!("{}: ", area.name()))
                        .unwrap_or_default();
                    let label = format!("{place}{}", house.sensor_name(&id));
                    (label, id)
                })
                .collect();
            sensors.sort();
            sensors
        })
    });
    view! {
        <label class="sensor-select">
            <span class="visually-hidden">"Sensor"</span>
            <select
                data-testid="history-sensor"
                on:change=move |event| navigate(&format!("/history/{}", encoded(&event_target_value(&event))), NavigateOptions::default())
            >
                {move || {
                    let here = sensor.get();
                    sensors.get().into_iter().map(|(label, id)| {
                        let is_here = id == here;
                        view! { <option value=id selected=is_here>{label}</option> }
                    }).collect_view()
                }}
            </select>
        </label>
    }
    .into_any()
}
