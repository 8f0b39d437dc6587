//! The hub itself: its parts, its network, its clock, and who is looking.

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::clock::use_clock;
use crate::components::icon::{Icon, icon};
use crate::connection::{Fault, use_connection};
use crate::hub_facts::{Component, HubNetwork, HubStatus, HubTime, size};
use crate::wording;

type Told<T> = RwSignal<Option<Result<T, Fault>>>;

/// Status, network, time, account.
#[component]
pub(crate) fn SystemPage() -> impl IntoView {
    let connection = use_connection();
    let status: Told<HubStatus> = RwSignal::new(None);
    let network: Told<HubNetwork> = RwSignal::new(None);
    let time: Told<HubTime> = RwSignal::new(None);
    // Whatever happens in the house may have changed what is told here.
    let news = Memo::new(move |_| connection.house().with(|house| house.log().next().map(|line| line.at)));
    Effect::new(move |_| {
        news.track();
        if connection.is_loaded() {
            spawn_local(async move {
                status.try_set(Some(connection.status().await));
                network.try_set(Some(connection.network().await));
                time.try_set(Some(connection.time().await));
            });
        }
    });
    view! {
        <header class="page-head">
            <div>
                <h1>"System"</h1>
                <p class="lead">"The hub, and who is looking."</p>
            </div>
        </header>
        <div class="system">
            <section class="card" data-testid="system-status">
                <h2>"Hub"</h2>
                {move || status.get().map(|told| told.map_or_else(refused, status_view))}
            </section>
            <section class="card" data-testid="system-account">
                <h2>"You"</h2>
                {move || connection.user().map(|user| view! {
                    <p class="who">
                        {icon(Icon::Person)}
                        <span>
                            <strong data-testid="system-user">{user.name}</strong>", "
                            <span data-testid="system-role">{user.role.name()}</span>
                        </span>
                    </p>
                })}
                <button class="button" data-testid="sign-out" on:click=move |_| connection.sign_out()>
                    {icon(Icon::Leave)}
                    "Sign out"
                </button>
            </section>
            <section class="card" data-testid="system-time">
                <h2>"Time"</h2>
                <TimeView time/>
            </section>
            <section class="card" data-testid="system-network">
                <h2>"Network"</h2>
                {move || network.get().map(|told| told.map_or_else(refused, network_view))}
            </section>
        </div>
    }
    .into_any()
}

fn refused(fault: Fault) -> AnyView {
    view! { <p class="form-fault">{icon(Icon::Warning)}<span>{fault.sentence().to_owned()}</span></p> }.into_any()
}

fn fact(name: &str, value: String) -> Option<AnyView> {
    let name = name.to_owned();
    (!value.is_empty()).then(|| view! { <div class="fact"><dt>{name}</dt><dd>{value}</dd></div> }.into_any())
}

fn status_view(status: HubStatus) -> AnyView {
    let devices = status.devices.map(|count| {
        let mut words = format!("{} adopted", count.adopted);
        for (number, word) in [(count.waiting, "waiting"), (count.offline, "offline")] {
            if number > 0 {
                words.push_str(&format!(", {number} {word}"));
            }
        }
        words
    });
    let is_well = status.status == "ok";
    view! {
        <p class="state" data-good=is_well.to_string() data-testid="system-state">
            {if is_well { "All parts work." } else { "Something does not work." }}
        </p>
        <dl>
            {fact("Version", status.version)}
            {fact("Running for", wording::span(status.uptime_seconds.floor()))}
            {fact("Memory", status.memory_bytes.map(size).unwrap_or_default())}
            {fact("Devices", devices.unwrap_or_default())}
        </dl>
        <ul class="parts">{status.components.into_iter().map(part_view).collect_view()}</ul>
    }
    .into_any()
}

fn part_view(part: Component) -> AnyView {
    let clock = use_clock();
    let since = part
        .at
        .map(|at| format!(" since {}", clock.offset().moment(at, clock.now_untracked())));
    view! {
        <li class="part" data-testid="system-component" data-component=part.component.clone() data-good=part.is_well().map(|good| good.to_string())>
            <strong>{wording::component_name(&part.component)}</strong>
            <span class="part-state">{part.status.clone()}<span class="quiet">{since}</span></span>
            {(!part.detail.is_empty()).then(|| view! { <span class="part-detail">{part.detail.clone()}</span> })}
        </li>
    }
    .into_any()
}

fn network_view(network: HubNetwork) -> AnyView {
    let interfaces = network.interfaces.into_iter().map(|interface| {
        let addresses = if interface.addresses.is_empty() {
            interface.state
        } else {
            interface.addresses.join(", ")
        };
        fact(&interface.name, addresses)
    });
    view! {
        <dl>
            {fact("Name", network.hostname.unwrap_or_default())}
            {interfaces.collect_view()}
            {fact("Gateway", network.gateway.unwrap_or_default())}
            {fact("Name servers", network.dns.join(", "))}
        </dl>
    }
    .into_any()
}

#[component]
fn TimeView(time: Told<HubTime>) -> impl IntoView {
    let clock = use_clock();
    let told = move || time.get().and_then(Result::ok);
    view! {
        <p class="clock">{move || clock.offset().clock_with_seconds(clock.now())}</p>
        <dl>
            {move || fact("Date", clock.offset().day_name(clock.now(), house::Timestamp(0)))}
            {move || fact("The hub's time zone", told()?.timezone?)}
            {move || {
                let kept = told()?.synchronized?;
                fact("Kept right over the network", if kept { "yes" } else { "not yet" }.to_owned())
            }}
        </dl>
    }
    .into_any()
}
