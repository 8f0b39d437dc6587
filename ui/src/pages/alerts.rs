//! What needs attention, what did, and whether phones are told.

use house::{Alert, AlertKind};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::clock::use_clock;
use crate::components::icon::{Icon, icon};
use crate::components::toast::use_toasts;
use crate::connection::use_connection;
use crate::hub_facts::Delivery;
use crate::wording;

/// Alerts that hold, then those that are over.
#[component]
pub(crate) fn AlertsPage() -> impl IntoView {
    let connection = use_connection();
    let active = Memo::new(move |_| connection.house().with(|house| house.active_alerts()));
    let past = Memo::new(move |_| {
        connection
            .house()
            .with(|house| house.past_alerts().cloned().collect::<Vec<_>>())
    });
    view! {
        <header class="page-head">
            <div>
                <h1>"Alerts"</h1>
                <p class="lead">
                    {move || match active.with(Vec::len) {
                        0 => "Nothing needs attention.".to_owned(),
                        1 => "One thing needs attention.".to_owned(),
                        more => format!("{more} things need attention."),
                    }}
                </p>
            </div>
        </header>
        <section aria-label="Active alerts">
            <ul class="alerts">
                <For each=move || active.get() key=|alert| (alert.id.clone(), alert.at, alert.acknowledged_by.clone(), alert.message.clone()) let(alert)>
                    <AlertItem alert/>
                </For>
            </ul>
        </section>
        <NotifierTest/>
        <section aria-labelledby="past-alerts">
            <h2 id="past-alerts">"Over"</h2>
            <Show
                when=move || !past.with(Vec::is_empty)
                fallback=|| view! { <p class="quiet">"No alert has cleared yet."</p> }
            >
                <ul class="alerts past">
                    <For each=move || past.get() key=|alert| (alert.id.clone(), alert.at) let(alert)>
                        <AlertItem alert/>
                    </For>
                </ul>
            </Show>
        </section>
    }
    .into_any()
}

fn icon_of(kind: AlertKind) -> Icon {
    match kind {
        AlertKind::High => Icon::Up,
        AlertKind::Low => Icon::Down,
        AlertKind::SensorLost => Icon::Radio,
        AlertKind::NoEcho | AlertKind::NoActuator => Icon::Switch,
    }
}

#[component]
fn AlertItem(alert: Alert) -> impl IntoView {
    let connection = use_connection();
    let toasts = use_toasts();
    let clock = use_clock();
    let is_busy = RwSignal::new(false);
    let id = alert.id.clone();
    let acknowledge = move || {
        let id = id.clone();
        is_busy.set(true);
        spawn_local(async move {
            if let Err(fault) = connection.acknowledge(&id).await {
                toasts.trouble(fault.sentence());
                is_busy.try_set(false);
            }
        });
    };
    let (at, cleared_at) = (alert.at, alert.cleared_at);
    let is_open = cleared_at.is_none() && alert.acknowledged_by.is_none();
    let when = move || {
        let now = clock.now();
        let offset = clock.offset();
        match cleared_at {
            Some(over) => format!("{} to {}", offset.moment(at, now), offset.moment(over, now)),
            None => format!("since {} ({})", offset.moment(at, now), wording::ago(at, now)),
        }
    };
    let when = Memo::new(move |_| when());
    view! {
        <li
            class="alert"
            class:is-over=cleared_at.is_some()
            data-testid="alert-item"
            data-alert=alert.id.clone()
            data-kind=wording::alert_name(alert.kind)
            data-severity=wording::severity_name(alert.severity)
            data-active=cleared_at.is_none().to_string()
            data-area=alert.area.as_ref().map(|area| area.as_str().to_owned())
        >
            <span class="alert-icon">{icon(icon_of(alert.kind))}</span>
            <div class="alert-words">
                <p class="alert-title">{wording::alert_title(alert.kind)}</p>
                <p class="alert-message" data-testid="alert-message">{alert.message.clone()}</p>
                <p class="alert-when">{move || when.get()}</p>
                {alert.acknowledged_by.clone().map(|by| view! {
                    <p class="alert-when" data-testid="alert-acknowledged-by">{icon(Icon::Check)}{format!("Seen by {by}")}</p>
                })}
            </div>
            {move || {
                let acknowledge = acknowledge.clone();
                (is_open && connection.may_command()).then(|| view! {
                    <button
                        class="button"
                        data-testid="alert-acknowledge"
                        disabled=move || is_busy.get()
                        on:click=move |_| acknowledge()
                    >
                        "Acknowledge"
                    </button>
                })
            }}
        </li>
    }
    .into_any()
}

/// Sends a message on every channel and says what came of it.
#[component]
fn NotifierTest() -> impl IntoView {
    let connection = use_connection();
    let is_busy = RwSignal::new(false);
    let results: RwSignal<Option<Result<Vec<Delivery>, String>>> = RwSignal::new(None);
    let send = move |_| {
        is_busy.set(true);
        results.set(None);
        spawn_local(async move {
            let outcome = connection.test_notifier().await;
            is_busy.try_set(false);
            results.try_set(Some(outcome.map_err(|fault| fault.sentence().to_owned())));
        });
    };
    let shown = move || {
        results.get().map(|results| match results {
            Ok(outcomes) if outcomes.is_empty() => {
                view! { <p>"No channel is set up, so phones are not told. The example configuration shows how."</p> }.into_any()
            }
            Ok(outcomes) => outcomes
                .into_iter()
                .map(|outcome| view! {
                    <p class=if outcome.ok { "outcome ok" } else { "outcome bad" } data-testid="notifier-outcome" data-ok=outcome.ok.to_string()>
                        {icon(if outcome.ok { Icon::Check } else { Icon::Warning })}
                        <span><strong>{outcome.channel}</strong>": "{outcome.detail}</span>
                    </p>
                })
                .collect_view()
                .into_any(),
            Err(text) => view! { <p class="outcome bad" data-testid="notifier-outcome" data-ok="false">{icon(Icon::Warning)}<span>{text}</span></p> }.into_any(),
        })
    };
    view! {
        <Show when=move || connection.may_configure()>
            <section class="card row-card">
                <div>
                    <h2>"Notifications"</h2>
                    <p class="quiet">"Alerts also go to phones, when a channel is set up."</p>
                    <div aria-live="polite">{shown}</div>
                </div>
                <button class="button" data-testid="notifier-test" disabled=move || is_busy.get() on:click=send>
                    {icon(Icon::Bell)}
                    {move || if is_busy.get() { "Sending…" } else { "Send a test message" }}
                </button>
            </section>
        </Show>
    }
    .into_any()
}
