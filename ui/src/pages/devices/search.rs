//! The search: a button, a countdown, and a count that grows as devices are found.

use house::Timestamp;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::clock::use_clock;
use crate::components::icon::{Icon, icon};
use crate::connection::use_connection;

const SECONDS: u32 = 30;

/// Looks for devices; the found ones appear in the inbox below, marked in `fresh`.
#[component]
pub(super) fn SearchPanel(fresh: RwSignal<Vec<String>>) -> impl IntoView {
    let connection = use_connection();
    let clock = use_clock();
    let until: RwSignal<Option<Timestamp>> = RwSignal::new(None);
    let outcome: RwSignal<Option<Result<(), String>>> = RwSignal::new(None);
    let is_searching = Memo::new(move |_| until.with(Option::is_some));
    let left = Memo::new(move |_| {
        let now = clock.now();
        until.get().map(|until| until.since(now).as_millis().div_ceil(1000))
    });
    let search = move |_| {
        if is_searching.get_untracked() {
            return;
        }
        fresh.set(Vec::new());
        outcome.set(None);
        until.set(Some(Timestamp(clock.now_untracked().0 + i64::from(SECONDS) * 1000)));
        spawn_local(async move {
            let take = move |id: String| {
                fresh.try_update(|fresh| {
                    if !fresh.contains(&id) {
                        fresh.push(id);
                    }
                });
            };
            let found = connection.search(SECONDS, take).await;
            until.try_set(None);
            outcome.try_set(Some(found.map(drop).map_err(|fault| fault.sentence().to_owned())));
        });
    };
    let count = Memo::new(move |_| fresh.with(Vec::len));
    let words = move || {
        let found = match count.get() {
            0 => "nothing found yet".to_owned(),
            1 => "one device found".to_owned(),
            more => format!("{more} devices found"),
        };
        match (left.get(), outcome.get()) {
            (Some(_), _) => format!("Searching: {found}."),
            (None, Some(Ok(()))) if count.get() == 0 => {
                "Nothing new was found. Is the device switched on and near, or joined to the hub's MQTT server?"
                    .to_owned()
            }
            (None, Some(Ok(()))) => format!("Search is over: {found}."),
            (None, Some(Err(text))) => text,
            (None, None) => "New devices show up by themselves; searching looks actively for half a minute.".to_owned(),
        }
    };
    view! {
        <section class="card search" class:is-searching=move || is_searching.get() aria-label="Search for devices">
            <button
                class="button primary big"
                data-testid="search-devices"
                data-searching=move || is_searching.get().to_string()
                aria-disabled=move || is_searching.get().to_string()
                on:click=search
            >
                {icon(Icon::Search)}
                {move || left.get().map_or_else(|| "Search for devices".to_owned(), |left| format!("Searching… {left} s"))}
            </button>
            <p class="search-words" role="status" aria-live="polite" data-testid="search-status" data-found=move || count.get().to_string()>{words}</p>
            <div class="search-bar" aria-hidden="true" style=move || left.get().map(|left| format!("--left:{:.3}", f64::from(u32::try_from(left).unwrap_or(0)) / f64::from(SECONDS)))></div>
        </section>
    }
    .into_any()
}
