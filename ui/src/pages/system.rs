//! The hub itself: its parts, its network, its clock, and who is looking.

use leptos::prelude::*;
use leptos::task::spawn_local;
use serde_json::Value;

use crate::clock::use_clock;
use crate::components::icon::{Icon, icon};
use crate::connection::use_connection;
use crate::facts::{Fact, facts};

/// Status, network, time, account.
#[component]
pub(crate) fn SystemPage() -> impl IntoView {
    let connection = use_connection();
    let clock = use_clock();
    let status: RwSignal<Option<Result<Value, String>>> = RwSignal::new(None);
    let network: RwSignal<Option<Result<Value, String>>> = RwSignal::new(None);
    let timezone: RwSignal<Option<String>> = RwSignal::new(None);
    let fetch = move || {
        spawn_local(async move {
            let sentence = |fault: crate::connection::Fault| fault.sentence().to_owned();
            status.try_set(Some(connection.status().await.map_err(sentence)));
            network.try_set(Some(connection.network().await.map_err(sentence)));
            if let Ok(time) = connection.time().await {
                timezone.try_set(time.timezone);
            }
        });
    };
    let version = Memo::new(move |_| connection.house().with(|house| house.log().next().map(|line| line.at)));
    Effect::new(move |_| {
        // Whatever happens in the house may have changed what is told here.
        version.track();
        if connection.is_loaded() {
            fetch();
        }
    });
    view! {
        <header class="page-head">
            <div><h1>"System"</h1><p class="lead">"The hub, and who is looking."</p></div>
        </header>
        <div class="system">
            <section class="card" data-testid="system-account">
                <h2>"You"</h2>
                {move || connection.user().map(|user| view! {
                    <p class="who">
                        {icon(Icon::Person)}
                        <span><strong data-testid="system-user">{user.name}</strong>", "<span data-testid="system-role">{user.role.name()}</span></span>
                    </p>
                })}
                <button class="button" data-testid="sign-out" on:click=move |_| connection.sign_out()>{icon(Icon::Leave)}"Sign out"</button>
            </section>
            <section class="card" data-testid="system-time">
                <h2>"Time"</h2>
                <p class="clock">{move || clock.offset().clock_with_seconds(clock.now())}</p>
                <p class="quiet">
                    {move || clock.offset().day_name(clock.now(), house::Timestamp(0))}
                    {move || timezone.get().map(|zone| format!(" · the hub's time zone is {zone}"))}
                </p>
            </section>
            <section class="card" data-testid="system-status">
                <h2>"Hub"</h2>
                {move || status.get().map(|value| shown(value, "The hub said nothing of itself."))}
            </section>
            <section class="card" data-testid="system-network">
                <h2>"Network"</h2>
                {move || network.get().map(|value| shown(value, "No network was named."))}
            </section>
        </div>
        <p class="quiet foot">{format!("Domovoi {}", env!("CARGO_PKG_VERSION"))}</p>
    }
    .into_any()
}

fn shown(value: Result<Value, String>, nothing: &'static str) -> AnyView {
    match value {
        Err(text) => view! { <p class="form-fault">{icon(Icon::Warning)}<span>{text}</span></p> }.into_any(),
        Ok(value) => {
            let facts = facts(&value);
            if facts.is_empty() {
                return view! { <p class="quiet">{nothing}</p> }.into_any();
            }
            facts.into_iter().map(fact_view).collect_view().into_any()
        }
    }
}

fn fact_view(fact: Fact) -> AnyView {
    match fact {
        Fact::Line { name, value, is_good } => view! {
            <div class="fact">
                <span class="fact-name">{name}</span>
                <span class="fact-value" data-good=is_good.map(|good| good.to_string())>{value}</span>
            </div>
        }
        .into_any(),
        Fact::Group { name, facts } => view! {
            <div class="fact-group">
                <h3>{name}</h3>
                {facts.into_iter().map(fact_view).collect_view()}
            </div>
        }
        .into_any(),
    }
}
