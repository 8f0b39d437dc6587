//! A room at a glance.

use house::{AreaId, Quantity};
use leptos::prelude::*;

use super::actuator::ActuatorRow;
use super::icon::{Icon, icon};
use super::sparkline::sparkline;
use crate::browser::encoded;
use crate::clock::use_clock;
use crate::connection::use_connection;
use crate::house_view::{Measure, Room, Standing};
use crate::wording;

/// Half an hour: the trend that an arrow shows.
const TREND_MS: i64 = 1_800_000;

/// One room, as it is now.
#[component]
pub(crate) fn RoomCard(area: AreaId, rooms: Memo<Vec<Room>>) -> impl IntoView {
    let wanted = area.clone();
    let room = Memo::new(move |_| rooms.with(|rooms| rooms.iter().find(|room| room.area == wanted).cloned()));
    let with_room =
        move |read: fn(&Room) -> Vec<Quantity>| room.with(|room| room.as_ref().map(read).unwrap_or_default());
    let main = Memo::new(move |_| {
        with_room(|room| {
            room.measures
                .iter()
                .map(|m| m.quantity)
                .filter(|q| is_main(*q))
                .collect()
        })
    });
    let others = Memo::new(move |_| {
        with_room(|room| {
            room.measures
                .iter()
                .map(|m| m.quantity)
                .filter(|q| !is_main(*q))
                .collect()
        })
    });
    let measure = move |quantity| {
        Memo::new(move |_| room.with(|room| room.as_ref().and_then(|room| room.measure(quantity).cloned())))
    };
    let actuators = Memo::new(move |_| {
        room.with(|room| {
            let actuators = room.iter().flat_map(|room| &room.actuators);
            actuators
                .map(|a| (a.device.clone(), a.entity.clone()))
                .collect::<Vec<_>>()
        })
    });
    let alerts =
        Memo::new(move |_| room.with(|room| room.as_ref().map(|room| room.alerts.clone()).unwrap_or_default()));
    let unreachable = Memo::new(move |_| {
        room.with(|room| {
            room.as_ref()
                .map(|room| room.unreachable.join(", "))
                .unwrap_or_default()
        })
    });
    let heading = format!("room-{}", area.as_str());
    let labelled_by = heading.clone();
    view! {
        <article
            class="card room"
            class:has-alert=move || alerts.with(|alerts| !alerts.is_empty())
            data-testid="room-card"
            data-area=area.as_str().to_owned()
            aria-labelledby=labelled_by
        >
            <header class="room-head">
                <h2 id=heading>{area.name()}</h2>
            </header>
            {move || alerts.get().into_iter().map(|alert| view! {
                <p class="badge" data-testid="room-alert" data-kind=wording::alert_name(alert.kind) data-severity=wording::severity_name(alert.severity)>
                    {icon(Icon::Warning)}<span>{alert.message}</span>
                </p>
            }).collect_view()}
            <div class="measures">
                <For each=move || main.get() key=|quantity| *quantity let(quantity)>
                    <BigMeasure quantity measure=measure(quantity)/>
                </For>
            </div>
            <Show when=move || !others.with(Vec::is_empty)>
                <ul class="small-measures">
                    <For each=move || others.get() key=|quantity| *quantity let(quantity)>
                        <SmallMeasure quantity measure=measure(quantity)/>
                    </For>
                </ul>
            </Show>
            <div class="actuators">
                <For each=move || actuators.get() key=Clone::clone let((device, entity))>
                    {
                        let actuator = Memo::new(move |_| room.with(|room| {
                            let actuators = &room.as_ref()?.actuators;
                            actuators.iter().find(|a| a.device == device && a.entity == entity).cloned()
                        }));
                        view! { <ActuatorRow actuator=actuator.into()/> }
                    }
                </For>
            </div>
            {move || Some(unreachable.get()).filter(|names| !names.is_empty()).map(|names| view! {
                <p class="unreachable" data-testid="room-unreachable">{icon(Icon::Radio)}{format!("Cannot be reached: {names}")}</p>
            })}
        </article>
    }
    .into_any()
}

fn is_main(quantity: Quantity) -> bool {
    matches!(quantity, Quantity::Temperature | Quantity::Humidity)
}

fn history_of(measure: &Measure) -> String {
    format!("/history/{}?quantity={}", encoded(&measure.sensor), measure.quantity)
}

fn standing_class(measure: &Measure) -> &'static str {
    match measure.standing {
        _ if measure.is_stale => "stale",
        Standing::Inside => "inside",
        Standing::Low => "low",
        Standing::High => "high",
    }
}

#[component]
fn BigMeasure(quantity: Quantity, measure: Memo<Option<Measure>>) -> impl IntoView {
    let connection = use_connection();
    let clock = use_clock();
    let testid = if quantity == Quantity::Temperature {
        "room-temperature"
    } else {
        "room-humidity"
    };
    let value = Memo::new(move |_| measure.with(|measure| measure.as_ref().and_then(|measure| measure.reading)));
    let number = move || {
        value.get().map_or_else(
            || "–".to_owned(),
            |reading| format!("{:.*}", quantity.decimals(), reading.value),
        )
    };
    let age = Memo::new(move |_| {
        let now = clock.now();
        let measure = measure.get()?;
        let reading = measure.reading?;
        measure
            .is_stale
            .then(|| format!("Last heard {}", wording::ago(reading.at, now)))
    });
    let limits = move || measure.with(|measure| measure.as_ref()?.threshold.as_ref().and_then(wording::limits));
    let spark = move || {
        let measure = measure.get()?;
        connection.house().with(|house| {
            let trend = house.trend(&measure.sensor, quantity)?;
            sparkline(trend, quantity, measure.threshold.as_ref())
        })
    };
    let slope = Memo::new(move |_| {
        let sensor = measure.with(|measure| measure.as_ref().map(|measure| measure.sensor.clone()))?;
        let slope = connection
            .house()
            .with(|house| house.trend(&sensor, quantity)?.slope(TREND_MS))?;
        let least = if quantity == Quantity::Temperature { 0.2 } else { 1.0 };
        (slope.abs() >= least).then_some(slope > 0.0)
    });
    view! {
        <a
            class=move || format!("measure {}", measure.with(|m| m.as_ref().map_or("inside", standing_class)))
            href=move || measure.with(|m| m.as_ref().map(history_of).unwrap_or_default())
            data-quantity=quantity.name()
        >
            <span class="measure-name">{icon(Icon::of_quantity(quantity))}{wording::quantity_name(quantity)}</span>
            <span class="measure-value">
                <span class="number" data-testid=testid data-stale=move || measure.with(|m| m.as_ref().is_some_and(|m| m.is_stale)).to_string()>{number}</span>
                <span class="measure-unit">{quantity.unit()}</span>
                {move || slope.get().map(|is_up| view! {
                    <span class="slope">
                        {icon(if is_up { Icon::Up } else { Icon::Down })}
                        <span class="visually-hidden">{if is_up { "rising" } else { "falling" }}</span>
                    </span>
                })}
            </span>
            {move || limits().map(|text| view! { <span class="measure-limits" data-testid="room-threshold">{text}</span> })}
            {move || age.get().map(|text| view! { <span class="measure-age" data-testid="room-stale">{text}</span> })}
            <span class="measure-spark">{spark}</span>
        </a>
    }
    .into_any()
}

#[component]
fn SmallMeasure(quantity: Quantity, measure: Memo<Option<Measure>>) -> impl IntoView {
    let text = move || {
        measure
            .get()
            .and_then(|measure| measure.reading)
            .map_or_else(|| "–".to_owned(), |reading| quantity.format(reading.value))
    };
    view! {
        <li class=move || measure.with(|m| m.as_ref().map_or("inside", standing_class))>
            <a href=move || measure.with(|m| m.as_ref().map(history_of).unwrap_or_default())>
                <span>{wording::quantity_name(quantity)}</span>" "<strong>{text}</strong>
            </a>
        </li>
    }
    .into_any()
}
