//! One actuator: what it does, why, and the buttons to switch it for a while.

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::icon::{Icon, icon};
use super::toast::use_toasts;
use crate::clock::use_clock;
use crate::connection::use_connection;
use crate::house_view::RoomActuator;
use crate::wording;

/// For how long a person may hold off the controllers.
const SPANS: [(u32, &str); 5] = [
    (900, "15 min"),
    (1800, "30 min"),
    (3600, "1 hour"),
    (10_800, "3 hours"),
    (43_200, "12 hours"),
];

/// A row of a room's card.
#[component]
pub(crate) fn ActuatorRow(actuator: Signal<Option<RoomActuator>>) -> impl IntoView {
    let connection = use_connection();
    let toasts = use_toasts();
    let clock = use_clock();
    let seconds = RwSignal::new(1800u32);
    let is_busy = RwSignal::new(false);

    let state = Memo::new(move |_| actuator.get().and_then(|actuator| actuator.state));
    let is_on = move || state.with(|state| state.as_ref().is_some_and(|state| state.on));
    let kind = Memo::new(move |_| actuator.with(|actuator| actuator.as_ref().map(|actuator| actuator.kind)));
    let name = Memo::new(move |_| actuator.with(|a| a.as_ref().map(|a| a.name.clone()).unwrap_or_default()));
    let is_offline = move || {
        actuator.with(|a| {
            a.as_ref()
                .is_some_and(|a| a.availability == house::Availability::Offline)
        })
    };
    let headline = move || {
        let kind = kind.get().map_or("", wording::kind_name);
        match state.with(|state| state.as_ref().map(|state| state.on)) {
            Some(true) => format!("{kind} on"),
            Some(false) => format!("{kind} off"),
            None => format!("{kind} not heard yet"),
        }
    };
    let why = move || state.with(|state| state.as_ref().map(wording::cause));
    let hold = Memo::new(move |_| {
        let now = clock.now();
        state.with(|state| {
            state
                .as_ref()
                .and_then(|state| wording::override_note(state, now, clock.offset()))
        })
    });
    let unconfirmed =
        move || state.with(|state| state.as_ref().is_some_and(|state| !state.confirmed && state.at.0 > 0));
    let switch = move |on: bool, seconds: u32| {
        let Some(RoomActuator {
            device, entity, kind, ..
        }) = actuator.get_untracked()
        else {
            return;
        };
        is_busy.set(true);
        spawn_local(async move {
            let outcome = connection.control(kind, &device, &entity, on, seconds).await;
            is_busy.try_set(false);
            if let Err(fault) = outcome {
                toasts.trouble(fault.sentence());
            }
        });
    };
    view! {
        <div
            class="actuator"
            class:is-on=is_on
            data-testid="actuator-state"
            data-kind=move || kind.get().map_or("", house::ActuatorKind::name)
            data-device=move || actuator.with(|a| a.as_ref().map(|a| a.device.clone()))
            data-on=move || state.with(|state| state.as_ref().map_or("unknown", |state| if state.on { "true" } else { "false" }))
        >
            <span class="lamp">{move || kind.get().map(|kind| icon(Icon::of_actuator(kind)))}</span>
            <div class="actuator-words">
                <p class="actuator-head">
                    <strong>{headline}</strong>
                    <span class="actuator-name">{move || name.get()}</span>
                </p>
                {move || why().map(|text| view! { <p class="cause" data-testid="actuator-cause">{text}</p> })}
                {move || hold.get().map(|text| view! { <p class="hold" data-testid="actuator-override">{icon(Icon::Hand)}{text}</p> })}
                {move || unconfirmed().then(|| view! { <p class="hold">"Waiting for the device to confirm"</p> })}
                {move || is_offline().then(|| view! { <p class="hold warn">{icon(Icon::Warning)}"Cannot be reached"</p> })}
            </div>
            <Show when=move || connection.may_command()>
                <div class="actuator-switch">
                    <button
                        class="button"
                        data-testid="actuator-switch"
                        disabled=move || is_busy.get()
                        on:click=move |_| switch(!untrack(is_on), seconds.get_untracked())
                    >
                        {move || if is_on() { "Turn off" } else { "Turn on" }}
                    </button>
                    <label class="for-select">
                        <span class="visually-hidden">"for how long"</span>
                        <select
                            data-testid="actuator-for"
                            on:change=move |event| {
                                if let Ok(chosen) = event_target_value(&event).parse() {
                                    seconds.set(chosen);
                                }
                            }
                        >
                            {SPANS.map(|(span, label)| view! {
                                <option value=span selected=span == 1800>{format!("for {label}")}</option>
                            })}
                        </select>
                    </label>
                    <Show when=move || hold.with(Option::is_some)>
                        <button
                            class="button subtle"
                            data-testid="actuator-automatic"
                            disabled=move || is_busy.get()
                            on:click=move |_| switch(untrack(is_on), 0)
                        >
                            "Back to automatic"
                        </button>
                    </Show>
                </div>
            </Show>
        </div>
    }
    .into_any()
}
