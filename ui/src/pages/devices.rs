//! Devices: search for them, adopt them, look after them.

mod adopt;
mod card;
mod replace;
mod search;

use house::{AreaId, Device, Lifecycle};
use leptos::prelude::*;

use crate::connection::use_connection;
use crate::house_view::{HouseView, Shelf};
use adopt::AdoptDialog;
use card::DeviceCard;
use search::SearchPanel;

/// So many devices of each list are shown at first, and more each time they are asked for.
const PAGE: usize = 48;

/// What the adoption dialogue is open for.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Adopting {
    pub(super) device: Device,
    /// It is part of the house already: rename or move it, or put another in its place.
    pub(super) is_known: bool,
}

/// One of the page's lists: what matches, as far as it is shown.
#[derive(Clone, Copy)]
struct List {
    shelf: Memo<Shelf>,
    most: RwSignal<usize>,
}

impl List {
    /// Made anew when devices change or something else is looked for, not with every reading.
    fn new(lifecycle: Lifecycle, query: RwSignal<String>, version: Memo<u64>) -> Self {
        let house = use_connection().house();
        let most = RwSignal::new(PAGE);
        let shelf = Memo::new(move |_| {
            // Read, not only tracked: a memo that nobody reads is never made.
            version.get();
            let (query, most) = (query.get(), most.get());
            house.with_untracked(|house| house.shelf(lifecycle, &query, most))
        });
        Self { shelf, most }
    }

    fn is_empty(self) -> bool {
        self.shelf.with(|shelf| shelf.total == 0)
    }
}

/// Search, inbox, adopted, ignored.
#[component]
pub(crate) fn DevicesPage() -> impl IntoView {
    let connection = use_connection();
    let house = connection.house();
    let adopting: RwSignal<Option<Adopting>> = RwSignal::new(None);
    let fresh: RwSignal<Vec<String>> = RwSignal::new(Vec::new());
    let query = RwSignal::new(String::new());
    let version = Memo::new(move |_| house.with(HouseView::devices_version));
    let list = |lifecycle| List::new(lifecycle, query, version);
    let (found, adopted, ignored) = (
        list(Lifecycle::Discovered),
        list(Lifecycle::Adopted),
        list(Lifecycle::Ignored),
    );
    let areas = Memo::new(move |_| adopted.shelf.with(Shelf::areas));
    let is_filtered = move || query.with(|query| !query.trim().is_empty());
    let one = move |device: Device| one(version, device);
    view! {
        <header class="page-head">
            <div>
                <h1>"Devices"</h1>
                <p class="lead">"What is in the house, and what would like to be."</p>
            </div>
        </header>
        <Show when=move || connection.may_command()>
            <SearchPanel fresh/>
        </Show>
        <div class="device-filter" role="search">
            <input
                type="search"
                data-testid="device-filter"
                aria-label="Filter devices"
                placeholder="Filter by name, room, maker, offline, battery low…"
                prop:value=move || query.get()
                on:input=move |event| query.set(event_target_value(&event))
            />
        </div>
        <section aria-labelledby="found-devices">
            <h2 id="found-devices">"Waiting to be adopted"<Count list=found testid="found-count"/></h2>
            <Show
                when=move || !found.is_empty()
                fallback=move || view! { <p class="quiet">{move || if is_filtered() { "None that matches." } else if connection.is_loaded() { "None. Search for devices to find some." } else { "Asking the house…" }}</p> }
            >
                <ul class="devices">
                    <For each=move || found.shelf.get().shown key=|device| device.id.clone() let(device)>
                        <DeviceCard device=one(device) adopting fresh testid="found-device"/>
                    </For>
                </ul>
                <More list=found testid="more-found"/>
            </Show>
        </section>
        <section aria-labelledby="adopted-devices">
            <h2 id="adopted-devices">"In the house"<Count list=adopted testid="adopted-count"/></h2>
            <Show when=move || adopted.is_empty()>
                <p class="quiet">{move || if is_filtered() { "None that matches." } else { "No device is part of the house yet." }}</p>
            </Show>
            <For each=move || areas.get() key=Clone::clone let(area)>
                <section class="area-group" data-testid="device-area" data-area=area.as_ref().map(|area| area.as_str().to_owned())>
                    <h3>{area.as_ref().map_or_else(|| "No room".to_owned(), AreaId::name)}</h3>
                    <ul class="devices">
                        <For
                            each={
                                let area = area.clone();
                                move || adopted.shelf.with(|all| all.shown.iter().filter(|device| device.area == area).cloned().collect::<Vec<_>>())
                            }
                            key=|device| device.id.clone()
                            let(device)
                        >
                            <DeviceCard device=one(device) adopting fresh testid="adopted-device"/>
                        </For>
                    </ul>
                </section>
            </For>
            <More list=adopted testid="more-adopted"/>
        </section>
        <Show when=move || !ignored.is_empty()>
            <details class="ignored" data-testid="ignored-devices">
                <summary>{move || format!("Ignored ({})", ignored.shelf.with(|shelf| shelf.total))}</summary>
                <ul class="devices">
                    <For each=move || ignored.shelf.get().shown key=|device| device.id.clone() let(device)>
                        <DeviceCard device=one(device) adopting fresh testid="ignored-device"/>
                    </For>
                </ul>
                <More list=ignored testid="more-ignored"/>
            </details>
        </Show>
        <AdoptDialog adopting/>
    }
    .into_any()
}

/// How many match, where it is more than none.
#[component]
fn Count(list: List, testid: &'static str) -> impl IntoView {
    let total = Memo::new(move |_| list.shelf.with(|shelf| shelf.total));
    view! {
        <span class="tally" data-testid=testid data-count=move || total.get().to_string()>
            {move || (total.get() > 0).then(|| format!(" {}", total.get()))}
        </span>
    }
}

/// A button that shows more, while there are more.
#[component]
fn More(list: List, testid: &'static str) -> impl IntoView {
    let hidden = Memo::new(move |_| list.shelf.with(|shelf| shelf.total - shelf.shown.len()));
    view! {
        <Show when=move || { hidden.get() > 0 }>
            <button class="button" data-testid=testid on:click=move |_| list.most.update(|most| *most += PAGE)>
                {move || format!("Show more ({} are left)", hidden.get())}
            </button>
        </Show>
    }
}

/// One device as it now is; as it was last once it is gone.
fn one(version: Memo<u64>, device: Device) -> Memo<Device> {
    let house = use_connection().house();
    let id = device.id.clone();
    Memo::new(move |last: Option<&Device>| {
        // Read, not only tracked: a memo that nobody reads is never made.
        version.get();
        let now = house.with_untracked(|house| house.registry().device(&id).cloned());
        now.or_else(|| last.cloned()).unwrap_or_else(|| device.clone())
    })
}
