//! What happened in the house, and why.

use house::Timestamp;
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::components::log_list::log_list;
use crate::connection::use_connection;
use crate::logbook::LogEntry;

const PAGE: u32 = 100;
const KINDS: [(&str, &str); 5] = [
    ("", "Everything"),
    ("actuator", "Switching"),
    ("alert", "Alerts"),
    ("config", "Settings"),
    ("device", "Devices"),
];

/// The logbook, a hundred lines at a time, with what is heard live on top.
#[component]
pub(crate) fn LogbookPage() -> impl IntoView {
    let connection = use_connection();
    let kind = RwSignal::new(String::new());
    let older: RwSignal<Vec<LogEntry>> = RwSignal::new(Vec::new());
    let has_more = RwSignal::new(false);
    let fault: RwSignal<Option<String>> = RwSignal::new(None);
    let is_busy = RwSignal::new(true);
    let fetch = move |before: Option<Timestamp>| {
        is_busy.set(true);
        spawn_local(async move {
            let wanted = kind.get_untracked();
            let outcome = connection
                .log(None, before, PAGE, Some(wanted.as_str()).filter(|k| !k.is_empty()))
                .await;
            if kind.try_get_untracked().is_none_or(|now| now != wanted) {
                return;
            }
            is_busy.set(false);
            match outcome {
                Ok(lines) => {
                    has_more.set(lines.len() >= PAGE as usize);
                    fault.set(None);
                    older.update(|older| {
                        if before.is_none() {
                            older.clear();
                        }
                        older.extend(lines);
                        older.dedup();
                    });
                }
                Err(refusal) => fault.set(Some(refusal.sentence().to_owned())),
            }
        });
    };
    Effect::new(move |_| {
        kind.track();
        if connection.is_loaded() {
            fetch(None);
        }
    });
    let lines = Memo::new(move |_| {
        let wanted = kind.get();
        let mut lines = older.get();
        let newest = lines.first().map(|line| line.at);
        let live: Vec<LogEntry> = connection.house().with(|house| {
            house
                .log()
                .filter(|line| wanted.is_empty() || line.kind == wanted)
                .filter(|line| newest.is_none_or(|newest| line.at > newest))
                .cloned()
                .collect()
        });
        lines.splice(0..0, live);
        lines
    });
    view! {
        <header class="page-head">
            <div><h1>"Logbook"</h1><p class="lead">"What happened, and why."</p></div>
            <div class="segments" role="group" aria-label="Show">
                {KINDS.map(|(value, label)| view! {
                    <button
                        class="segment"
                        aria-pressed=move || (kind.get() == value).to_string()
                        data-testid="log-kind"
                        data-kind=value
                        on:click=move |_| kind.set(value.to_owned())
                    >
                        {label}
                    </button>
                })}
            </div>
        </header>
        {move || fault.get().map(|text| view! { <p class="form-fault" role="alert">{text}</p> })}
        <section class="card" data-testid="logbook">
            {move || lines.with(|lines| log_list(lines))}
            {move || (lines.with(Vec::is_empty) && !is_busy.get()).then(|| view! { <p class="quiet">"Nothing has happened yet."</p> })}
            {move || is_busy.get().then(|| view! { <p class="quiet" role="status">"Reading the logbook…"</p> })}
            <Show when=move || has_more.get() && !is_busy.get()>
                <button
                    class="button"
                    data-testid="log-more"
                    on:click=move |_| fetch(older.with_untracked(|older| older.last().map(|line| line.at)))
                >
                    "Show older"
                </button>
            </Show>
        </section>
    }
    .into_any()
}
