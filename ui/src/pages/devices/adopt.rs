//! The dialogue that takes a device into the house, or renames and moves one that is there.

use house::{AreaId, Bridge};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Adopting;
use super::replace::ReplaceForm;
use crate::components::dialog::Dialog;
use crate::components::field::{Field, fresh_id};
use crate::components::icon::{Icon, icon};
use crate::components::toast::use_toasts;
use crate::connection::use_connection;

/// Rooms most houses have, for the first device of one.
const USUAL: [&str; 6] = ["Living room", "Bedroom", "Kitchen", "Bathroom", "Hall", "Office"];

/// Open while `adopting` names a device.
#[component]
pub(super) fn AdoptDialog(adopting: RwSignal<Option<Adopting>>) -> impl IntoView {
    let is_open = Signal::derive(move || adopting.with(Option::is_some));
    let on_close = Callback::new(move |()| adopting.set(None));
    view! {
        <Dialog title="Name and room" open=is_open on_close>
            {move || adopting.get().map(|start| {
                let replaceable = start.is_known.then(|| start.device.clone());
                view! {
                    <AdoptForm start adopting/>
                    {replaceable.map(|device| view! { <ReplaceForm device adopting/> })}
                }
            })}
        </Dialog>
    }
    .into_any()
}

#[component]
fn AdoptForm(start: Adopting, adopting: RwSignal<Option<Adopting>>) -> impl IntoView {
    let connection = use_connection();
    let toasts = use_toasts();
    let Adopting { device, is_known } = start;
    let name = RwSignal::new(device.name.clone());
    let place = device.area.as_ref().or(device.suggested_area.as_ref());
    let area = RwSignal::new(place.map(AreaId::name).unwrap_or_default());
    let area_fault: RwSignal<Option<String>> = RwSignal::new(None);
    let needs_key = device.needs_key;
    let key = RwSignal::new(String::new());
    let key_fault: RwSignal<Option<String>> = RwSignal::new(None);
    let refusal: RwSignal<Option<String>> = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let list = fresh_id("areas");
    let suggestions = connection.house().with_untracked(|house| {
        let mut names: Vec<String> = house.areas().iter().map(AreaId::name).collect();
        for usual in USUAL {
            if names.len() < 6 && !names.iter().any(|name| name == usual) {
                names.push(usual.to_owned());
            }
        }
        names
    });
    let options = suggestions
        .iter()
        .map(|name| view! { <option value=name.clone()></option> })
        .collect_view();
    let chips = suggestions
        .iter()
        .take(8)
        .map(|suggestion| {
            let (shown, chosen, compared) = (suggestion.clone(), suggestion.clone(), suggestion.clone());
            view! {
                <button
                    type="button"
                    class="chip"
                    data-testid="adopt-suggestion"
                    aria-pressed=move || area.with(|area| *area == compared).to_string()
                    on:click=move |_| area.set(chosen.clone())
                >
                    {shown}
                </button>
            }
        })
        .collect_view();
    let id = device.id.clone();
    // The bridge that needs the key may know the device by another id.
    let by_radio = device.sources().find(|(bridge, _)| *bridge == Bridge::Ble);
    let key_id = by_radio.map_or(device.id.as_str(), |(_, id)| id).to_owned();
    let submit = move || {
        let Some(area_id) = AreaId::new(&area.get_untracked()) else {
            area_fault.set(Some("Say which room it stands in.".into()));
            return;
        };
        area_fault.set(None);
        key_fault.set(None);
        refusal.set(None);
        is_busy.set(true);
        let (id, key_id) = (id.clone(), key_id.clone());
        spawn_local(async move {
            let named = name.get_untracked();
            let entered = key.get_untracked();
            // First, so that nobody adopts a device with a key that does not fit.
            if !entered.trim().is_empty()
                && let Err(fault) = connection.set_key(&key_id, entered.trim()).await
            {
                is_busy.try_set(false);
                let sentence = fault.sentence();
                key_fault.try_set(Some(sentence.strip_prefix("key: ").unwrap_or(sentence).to_owned()));
                return;
            }
            let outcome = if is_known {
                connection.rename(&id, &area_id, named.trim()).await
            } else {
                connection.adopt(&id, &area_id, named.trim()).await
            };
            is_busy.try_set(false);
            match outcome {
                Ok(device) => {
                    toasts.done(&format!(
                        "{} stands in the {} now",
                        device.name,
                        area_id.name().to_lowercase()
                    ));
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
            class="form"
            novalidate
            data-testid="adopt-form"
            on:submit=move |event| {
                event.prevent_default();
                submit();
            }
        >
            <p class="quiet">{device.id.clone()}</p>
            <Field label="Name" value=name testid="adopt-name" has_focus=true/>
            <Field label="Room" value=area testid="adopt-area" list=list.clone() placeholder="Living room" fault=Signal::derive(move || area_fault.get())/>
            <datalist id=list>{options}</datalist>
            <div class="chips" role="group" aria-label="Suggested rooms">{chips}</div>
            {needs_key.then(|| view! {
                <Field
                    label="Key"
                    value=key
                    testid="adopt-key"
                    placeholder="32 hexadecimal digits"
                    hint=Signal::stored("Its messages are encrypted. The app it was set up with knows the key.".to_owned())
                    fault=Signal::derive(move || key_fault.get())
                />
            })}
            {move || refusal.get().map(|text| view! {
                <p class="form-fault" role="alert" data-testid="adopt-error">{icon(Icon::Warning)}<span>{text}</span></p>
            })}
            <div class="form-buttons">
                <button type="button" class="button subtle" on:click=move |_| adopting.set(None)>"Cancel"</button>
                <button class="button primary" data-testid="adopt-submit" disabled=move || is_busy.get()>
                    {if is_known { "Save" } else { "Adopt" }}
                </button>
            </div>
        </form>
    }
    .into_any()
}
