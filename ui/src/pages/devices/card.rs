//! One device as a card: what it is, how it fares, what it measures, and what can be done with it.

use house::{AreaId, Device, EntityKind, Lifecycle};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Adopting;
use crate::browser::encoded;
use crate::clock::use_clock;
use crate::components::icon::{Icon, icon};
use crate::components::toast::use_toasts;
use crate::connection::use_connection;
use crate::wording;

/// One device of a list; `fresh` are those the search has found.
#[component]
pub(super) fn DeviceCard(
    device: Memo<Device>,
    adopting: RwSignal<Option<Adopting>>,
    fresh: RwSignal<Vec<String>>,
    testid: &'static str,
) -> impl IntoView {
    let connection = use_connection();
    let toasts = use_toasts();
    let clock = use_clock();
    let is_busy = RwSignal::new(false);
    let is_sure = RwSignal::new(false);
    let lifecycle = Memo::new(move |_| device.with(|device| device.lifecycle));
    let make = move || {
        device.with(|device| {
            let named: Vec<&str> = [device.manufacturer.as_deref(), device.model.as_deref()]
                .into_iter()
                .flatten()
                .collect();
            let mut words = named.join(" ");
            if !words.is_empty() {
                words.push_str(" · ");
            }
            let mut bridges: Vec<&str> = device
                .sources()
                .map(|(bridge, _)| wording::bridge_name(bridge))
                .collect();
            bridges.dedup();
            words + &bridges.join(" and ")
        })
    };
    let seen = Memo::new(move |_| {
        let now = clock.now();
        device.with(|device| device.last_seen.map(|at| format!("seen {}", wording::ago(at, now))))
    });
    let is_fresh = move || fresh.with(|fresh| device.with(|device| fresh.contains(&device.id)));
    let change = move |ignore: bool| {
        let id = device.with_untracked(|device| device.id.clone());
        is_busy.set(true);
        spawn_local(async move {
            let outcome = if ignore {
                connection.ignore(&id).await
            } else {
                connection.remove(&id).await
            };
            is_busy.try_set(false);
            is_sure.try_set(false);
            match outcome {
                Ok(device) => {
                    toasts.done(&format!(
                        "{} {}",
                        device.name,
                        if ignore { "is ignored" } else { "was removed" }
                    ));
                }
                Err(fault) => toasts.trouble(fault.sentence()),
            }
        });
    };
    let suggested = Memo::new(move |_| {
        device.with(|device| {
            let area = device.suggested_area.as_ref();
            area.filter(|_| device.lifecycle == Lifecycle::Discovered)
                .map(AreaId::name)
        })
    });
    let trouble = Memo::new(move |_| device.with(wording::device_trouble));
    let open = move |_| {
        let device = device.get_untracked();
        let is_known = device.lifecycle == Lifecycle::Adopted;
        adopting.set(Some(Adopting { device, is_known }));
    };
    let buttons = move || {
        if !connection.may_configure() {
            return None;
        }
        Some(match lifecycle.get() {
            Lifecycle::Discovered => view! {
                <button class="button primary" data-testid="adopt-button" on:click=open>"Adopt"</button>
                <button class="button subtle" data-testid="ignore-button" disabled=move || is_busy.get() on:click=move |_| change(true)>"Ignore"</button>
            }.into_any(),
            Lifecycle::Adopted => view! {
                <button class="button subtle" data-testid="rename-button" on:click=open>{icon(Icon::Edit)}"Edit"</button>
                {move || if is_sure.get() {
                    view! {
                        <button class="button danger" data-testid="remove-confirm" disabled=move || is_busy.get() on:click=move |_| change(false)>"Really remove"</button>
                        <button class="button subtle" on:click=move |_| is_sure.set(false)>"Keep"</button>
                    }.into_any()
                } else {
                    view! { <button class="button subtle" data-testid="remove-button" on:click=move |_| is_sure.set(true)>{icon(Icon::Bin)}"Remove"</button> }.into_any()
                }}
            }.into_any(),
            Lifecycle::Ignored | Lifecycle::Removed => view! {
                <button class="button" data-testid="adopt-button" on:click=open>"Adopt after all"</button>
            }.into_any(),
        })
    };
    view! {
        <li
            class="card device"
            class:is-fresh=is_fresh
            data-testid=testid
            data-device=move || device.with(|device| device.id.clone())
            data-area=move || device.with(|device| device.area.as_ref().map(|area| area.as_str().to_owned()))
            data-availability=move || device.with(|device| wording::availability_name(device.availability))
        >
            <div class="device-head">
                <h4 data-testid="device-name">{move || device.with(|device| device.name.clone())}</h4>
                <span class="availability" data-availability=move || device.with(|device| wording::availability_name(device.availability))>
                    {move || device.with(|device| wording::availability_label(device.availability))}
                </span>
            </div>
            <p class="device-make">
                {make}
                {move || device.with(|device| device.signal).map(|dbm| format!(" · {}", wording::signal_label(dbm)))}
                {move || seen.get().map(|seen| format!(" · {seen}"))}
            </p>
            {move || suggested.get().map(|area| view! {
                <p class="device-make" data-testid="suggested-area">{format!("Probably in the {}", area.to_lowercase())}</p>
            })}
            {move || device.with(|device| device.battery_low).then(|| view! {
                <p class="hold warn" data-testid="battery-low">{icon(Icon::Warning)}<span>"The battery is low."</span></p>
            })}
            {move || trouble.get().map(|text| view! {
                <p class="hold warn" data-testid="device-fault">{icon(Icon::Warning)}<span>{text}</span></p>
            })}
            <EntityList device/>
            <div class="device-buttons">{buttons}</div>
        </li>
    }
    .into_any()
}

/// What a device measures and switches, with the last values.
#[component]
fn EntityList(device: Memo<Device>) -> impl IntoView {
    let house = use_connection().house();
    let entities = Memo::new(move |_| device.with(|device| device.entities.clone()));
    let row = move |entity: house::Entity| {
        let id = device.with_untracked(|device| device.id.clone());
        let name = entity.name.clone();
        let told = {
            let entity = entity.id.clone();
            Memo::new(move |_| device.with(|device| device.told.get(&entity).cloned()))
        };
        match entity.kind {
            EntityKind::Sensor { quantity } => {
                let href = format!("/history/{}?quantity={quantity}", encoded(&id));
                let value = Memo::new(move |_| {
                    let reading =
                        house.with(|house| house.readings(&id).and_then(|r| r.get(&quantity)).map(|r| r.value));
                    // A device that waits for adoption reports nothing; its bridge shows what it hears.
                    reading.or_else(|| device.with(|device| device.last_values.get(&quantity).copied()))
                });
                let text = move || {
                    value
                        .get()
                        .map_or_else(|| "–".to_owned(), |value| quantity.format(value))
                };
                view! { <li><a href=href>{icon(Icon::of_quantity(quantity))}<span>{name}</span><strong>{text}</strong></a></li> }.into_any()
            }
            EntityKind::Actuator { actuator } => {
                let entity_id = entity.id;
                let on = Memo::new(move |_| house.with(|house| house.actuator(&id, &entity_id).map(|state| state.on)));
                let text = move || {
                    let word = on.get().map_or("–", |on| actuator.word(on));
                    told.get()
                        .map_or_else(|| word.to_owned(), |told| format!("{word}, {told}"))
                };
                view! { <li><span class="entity">{icon(Icon::of_actuator(actuator))}<span>{name}</span><strong>{text}</strong></span></li> }.into_any()
            }
            EntityKind::Told { reason, .. } => {
                let text = move || told.get().unwrap_or_else(|| "–".to_owned());
                view! {
                    <li title=reason data-testid="told-entity">
                        <span class="entity">{icon(Icon::Gauge)}<span>{name}</span><strong>{text}</strong></span>
                    </li>
                }
                .into_any()
            }
            EntityKind::Unsupported { reason } => view! {
                <li class="unsupported" data-testid="unsupported-entity">
                    <span class="entity">{icon(Icon::Warning)}<span>{name}</span></span>
                    <em>{reason}</em>
                </li>
            }
            .into_any(),
        }
    };
    view! { <ul class="entities">{move || entities.get().into_iter().map(row).collect_view()}</ul> }.into_any()
}
