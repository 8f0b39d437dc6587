//! The threshold editor: what each room should be.

mod advanced;
mod fields;
mod row;

use house::{AreaId, Quantity};
use leptos::prelude::*;

use crate::components::field::{Field, fresh_id};
use crate::components::icon::{Icon, icon};
use crate::connection::use_connection;
use crate::wording;
use row::ThresholdRow;

type Subject = (AreaId, Quantity);

/// Every threshold, and a way to add one.
#[component]
pub(crate) fn ThresholdsPage() -> impl IntoView {
    let connection = use_connection();
    let house = connection.house();
    // Added here and not yet saved.
    let drafts: RwSignal<Vec<Subject>> = RwSignal::new(Vec::new());
    let subjects = Memo::new(move |_| {
        let mut subjects: Vec<Subject> =
            house.with(|house| house.thresholds().map(|t| (t.area.clone(), t.quantity)).collect());
        subjects.extend(drafts.get());
        subjects.sort();
        subjects.dedup();
        subjects
    });
    let areas = Memo::new(move |_| {
        let mut areas: Vec<AreaId> = subjects.with(|subjects| subjects.iter().map(|(area, _)| area.clone()).collect());
        areas.dedup();
        areas
    });
    view! {
        <header class="page-head">
            <div>
                <h1>"Thresholds"</h1>
                <p class="lead">"What each room should be. Domovoi switches, and says so, when a room leaves its limits."</p>
            </div>
        </header>
        <Show when=move || connection.may_configure()>
            <AddThreshold drafts/>
        </Show>
        <Show when=move || areas.with(Vec::is_empty)>
            <p class="quiet" data-testid="no-thresholds">
                {move || if connection.is_loaded() { "No thresholds yet." } else { "Asking the house…" }}
            </p>
        </Show>
        <For each=move || areas.get() key=Clone::clone let(area)>
            <section class="area-group">
                <h2>{area.name()}</h2>
                <For
                    each={
                        let area = area.clone();
                        move || subjects.with(|subjects| {
                            subjects.iter().filter(|(a, _)| *a == area).map(|(_, q)| *q).collect::<Vec<_>>()
                        })
                    }
                    key=|quantity| *quantity
                    let(quantity)
                >
                    <ThresholdRow area=area.clone() quantity drafts/>
                </For>
            </section>
        </For>
    }
    .into_any()
}

#[component]
fn AddThreshold(drafts: RwSignal<Vec<Subject>>) -> impl IntoView {
    let connection = use_connection();
    let area = RwSignal::new(String::new());
    let quantity = RwSignal::new(Quantity::Temperature);
    let fault: RwSignal<Option<String>> = RwSignal::new(None);
    let areas = Memo::new(move |_| connection.house().with(|house| house.areas()));
    let list = fresh_id("areas");
    let select = fresh_id("quantity");
    let add = move || match AreaId::new(&area.get_untracked()) {
        None => fault.set(Some("Name a room.".into())),
        Some(named) => {
            fault.set(None);
            area.set(String::new());
            drafts.update(|drafts| drafts.push((named, quantity.get_untracked())));
        }
    };
    view! {
        <form
            class="card add-row"
            novalidate
            on:submit=move |event| {
                event.prevent_default();
                add();
            }
        >
            <Field label="Room" value=area testid="threshold-add-area" list=list.clone() fault=Signal::derive(move || fault.get())/>
            <datalist id=list>{move || areas.get().into_iter().map(|area| view! { <option value=area.name()></option> }).collect_view()}</datalist>
            <div class="field">
                <label for=select.clone()>"Quantity"</label>
                <select
                    id=select
                    data-testid="threshold-add-quantity"
                    on:change=move |event| {
                        if let Ok(chosen) = event_target_value(&event).parse() {
                            quantity.set(chosen);
                        }
                    }
                >
                    {Quantity::ALL.iter().filter(|q| !q.is_binary()).map(|q| view! { <option value=q.name()>{wording::quantity_name(*q)}</option> }).collect_view()}
                </select>
                <p class="field-note"></p>
            </div>
            <button class="button" data-testid="threshold-add">{icon(Icon::Plus)}"Add"</button>
        </form>
    }
    .into_any()
}
