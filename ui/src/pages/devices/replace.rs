//! A new device takes this one's place: part of the dialogue for devices of the house.

use house::{Device, Lifecycle};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Adopting;
use crate::components::field::fresh_id;
use crate::components::icon::{Icon, icon};
use crate::components::toast::use_toasts;
use crate::connection::use_connection;

/// More than these are not offered; the newest wait at the top.
const MOST: usize = 200;

/// Offers the devices that wait for adoption.
#[component]
pub(super) fn ReplaceForm(device: Device, adopting: RwSignal<Option<Adopting>>) -> impl IntoView {
    let connection = use_connection();
    let toasts = use_toasts();
    let house = connection.house();
    let version = Memo::new(move |_| house.with(crate::house_view::HouseView::devices_version));
    let waiting = Memo::new(move |_| {
        // Read, not only tracked: a memo that nobody reads is never made.
        version.get();
        let mut waiting = house.with_untracked(|house| house.shelf(Lifecycle::Discovered, "", usize::MAX).shown);
        waiting.sort_by_key(|device| std::cmp::Reverse(device.first_seen));
        waiting.truncate(MOST);
        waiting
            .into_iter()
            .map(|device| (device.id, device.name))
            .collect::<Vec<_>>()
    });
    let chosen: RwSignal<Option<String>> = RwSignal::new(None);
    let refusal: RwSignal<Option<String>> = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let select = fresh_id("replace");
    let id = device.id.clone();
    let submit = move || {
        let Some(by) = chosen.get_untracked() else { return };
        let id = id.clone();
        refusal.set(None);
        is_busy.set(true);
        spawn_local(async move {
            let outcome = connection.replace(&id, &by).await;
            is_busy.try_set(false);
            match outcome {
                Ok(device) => {
                    toasts.done(&format!("Another device is {} now", device.name));
                    adopting.set(None);
                }
                Err(fault) => {
                    refusal.try_set(Some(fault.sentence().to_owned()));
                }
            }
        });
    };
    view! {
        <form
            class="form replace"
            data-testid="replace-form"
            on:submit=move |event| {
                event.prevent_default();
                submit();
            }
        >
            <div class="field">
                <label for=select.clone()>"Replace it by"</label>
                <select
                    id=select
                    data-testid="replace-by"
                    prop:disabled=move || waiting.with(Vec::is_empty)
                    on:change=move |event| {
                        let id = event_target_value(&event);
                        chosen.set((!id.is_empty()).then_some(id));
                    }
                >
                    <option value="">{move || if waiting.with(Vec::is_empty) { "No new device waits" } else { "Choose the new device" }}</option>
                    <For each=move || waiting.get() key=Clone::clone let(item)>
                        <option value=item.0.clone()>{format!("{} ({})", item.1, item.0)}</option>
                    </For>
                </select>
                <p class="field-note">"The new one takes over name, room and history; the old one is out."</p>
            </div>
            {move || refusal.get().map(|text| view! {
                <p class="form-fault" role="alert" data-testid="replace-error">{icon(Icon::Warning)}<span>{text}</span></p>
            })}
            <div class="form-buttons">
                <button class="button" data-testid="replace-submit" disabled=move || is_busy.get() || chosen.with(Option::is_none)>"Replace"</button>
            </div>
        </form>
    }
    .into_any()
}
