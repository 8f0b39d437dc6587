//! The rooms, live.

use house::Lifecycle;
use leptos::prelude::*;

use crate::clock::use_clock;
use crate::components::icon::{Icon, icon, mark};
use crate::components::room_card::RoomCard;
use crate::connection::use_connection;
use crate::house_view::Room;
use crate::wording;

/// Every room as a card, and what happened last.
#[component]
pub(crate) fn OverviewPage() -> impl IntoView {
    let connection = use_connection();
    let clock = use_clock();
    let house = connection.house();
    let rooms: Memo<Vec<Room>> = Memo::new(move |_| {
        let now = clock.now();
        house.with(|house| house.rooms(now))
    });
    let areas = Memo::new(move |_| rooms.with(|rooms| rooms.iter().map(|room| room.area.clone()).collect::<Vec<_>>()));
    let waiting = Memo::new(move |_| house.with(|house| house.count_in(Lifecycle::Discovered)));
    let last = Memo::new(move |_| house.with(|house| house.log().next().cloned()));
    let summary = move || {
        rooms.with(|rooms| {
            let troubled = rooms.iter().filter(|room| !room.alerts.is_empty()).count();
            let running = rooms
                .iter()
                .flat_map(|room| &room.actuators)
                .filter(|a| a.state.as_ref().is_some_and(|s| s.on))
                .count();
            let trouble = match troubled {
                0 => "All is well".to_owned(),
                1 => "One room needs attention".to_owned(),
                more => format!("{more} rooms need attention"),
            };
            match running {
                0 => format!("{trouble}; nothing is running."),
                1 => format!("{trouble}; one device is running."),
                more => format!("{trouble}; {more} devices are running."),
            }
        })
    };
    view! {
        <header class="page-head">
            <div>
                <h1>"Rooms"</h1>
                <Show when=move || !areas.with(Vec::is_empty)><p class="lead">{summary}</p></Show>
            </div>
        </header>
        <Show when=move || last.with(Option::is_some)>
            <a class="last-event" href="/logbook" data-testid="last-event">
                {move || last.get().map(|line| {
                    let at = line.at;
                    view! {
                        {icon(Icon::of_log(&line.kind))}
                        <span class="last-text">{line.text}</span>
                        <span class="last-time">{move || wording::ago(at, clock.now())}</span>
                    }
                })}
            </a>
        </Show>
        {move || {
            let waiting = waiting.get();
            (waiting > 0 && !areas.with(Vec::is_empty) && connection.may_configure()).then(|| view! {
                <a class="notice" href="/devices">
                    {icon(Icon::Search)}
                    <span>{if waiting == 1 { "One device waits to be adopted.".to_owned() } else { format!("{waiting} devices wait to be adopted.") }}</span>
                    <strong>"Look at them"</strong>
                </a>
            })
        }}
        <Show
            when=move || !areas.with(Vec::is_empty)
            fallback=move || view! { <NothingYet is_loaded=connection.is_loaded() waiting=waiting.get()/> }
        >
            <div class="rooms">
                <For each=move || areas.get() key=Clone::clone let(area)>
                    <RoomCard area rooms/>
                </For>
            </div>
        </Show>
    }
    .into_any()
}

/// What to do first, in an empty house.
#[component]
fn NothingYet(is_loaded: bool, waiting: usize) -> impl IntoView {
    let may_configure = untrack(|| use_connection().may_configure());
    if !is_loaded {
        return view! { <p class="quiet" role="status">"Asking the house…"</p> }.into_any();
    }
    let next = match (may_configure, waiting) {
        (false, _) => view! { <p>"The admin has not adopted any devices yet."</p> }.into_any(),
        (true, 0) => view! {
            <ol class="steps">
                <li>"Switch on a sensor or a plug near the hub, or connect it to the hub's MQTT server."</li>
                <li>"Search for it on the devices page and adopt it into a room."</li>
                <li>"Set a threshold for the room; Domovoi keeps to it from then on."</li>
            </ol>
            <a class="button primary" href="/devices" data-testid="empty-search">{icon(Icon::Search)}"Search for devices"</a>
        }
        .into_any(),
        (true, waiting) => view! {
            <p>{format!("{} found and {} to be adopted into a room.", if waiting == 1 { "One device was".to_owned() } else { format!("{waiting} devices were") }, if waiting == 1 { "waits" } else { "wait" })}</p>
            <a class="button primary" href="/devices" data-testid="empty-adopt">{icon(Icon::Devices)}"Look at them"</a>
        }
        .into_any(),
    };
    view! {
        <section class="empty" data-testid="empty-house">
            {mark()}
            <h2>"The house is still quiet"</h2>
            {next}
        </section>
    }
    .into_any()
}
