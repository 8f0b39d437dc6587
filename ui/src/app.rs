//! The shell: who may see which page, and the way between them.

use leptos::prelude::*;
use leptos_router::components::{A, Route, Router, Routes};
use leptos_router::hooks::use_location;
use leptos_router::path;

use crate::clock::Clock;
use crate::components::banner::ConnectionBanner;
use crate::components::icon::{Icon, icon, mark};
use crate::components::theme::ThemeToggle;
use crate::components::toast::{ToastArea, Toasts};
use crate::connection::{Connection, Phase, use_connection};
use crate::pages::{alerts, devices, history, logbook, overview, setup, sign_in, system, thresholds};

/// The whole of it.
#[component]
pub(crate) fn App() -> impl IntoView {
    let clock = Clock::start();
    let toasts = Toasts::new();
    let connection = Connection::new(clock, toasts);
    provide_context(clock);
    provide_context(toasts);
    provide_context(connection);
    view! {
        <Router>
            <Gate/>
            <ToastArea/>
        </Router>
    }
    .into_any()
}

/// Set-up and sign-in stand before the house.
#[component]
fn Gate() -> impl IntoView {
    let connection = use_connection();
    let location = use_location();
    let is_setup = Memo::new(move |_| location.pathname.with(|path| path == "/setup"));
    if !is_setup.get_untracked() {
        connection.start();
    }
    let is_signed_in = Memo::new(move |_| connection.is_signed_in());
    let is_starting = Memo::new(move |_| connection.phase() == Phase::Starting);
    move || {
        if is_setup.get() && !is_signed_in.get() {
            view! { <setup::SetupPage/> }.into_any()
        } else if is_signed_in.get() {
            view! { <Shell/> }.into_any()
        } else if is_starting.get() && !is_setup.get() {
            view! { <Starting/> }.into_any()
        } else {
            view! { <sign_in::SignInPage/> }.into_any()
        }
    }
}

#[component]
fn Starting() -> impl IntoView {
    view! {
        <main class="gate" id="main">
            <div class="gate-card bare" role="status">
                {mark()}
                <p class="lead">"Knocking at the hub…"</p>
            </div>
        </main>
    }
    .into_any()
}

/// Address, label, `data-testid`, drawing.
const PLACES: [(&str, &str, &str, Icon); 6] = [
    ("/", "Rooms", "nav-overview", Icon::Rooms),
    ("/devices", "Devices", "nav-devices", Icon::Devices),
    ("/thresholds", "Thresholds", "nav-thresholds", Icon::Thresholds),
    ("/alerts", "Alerts", "nav-alerts", Icon::Alerts),
    ("/logbook", "Logbook", "nav-logbook", Icon::Logbook),
    ("/system", "System", "nav-system", Icon::System),
];

#[component]
fn Shell() -> impl IntoView {
    let connection = use_connection();
    let unseen = Memo::new(move |_| connection.house().with(|house| house.unseen_alerts()));
    let location = use_location();
    Effect::new(move |_| {
        let page = location.pathname.with(|path| page_name(path));
        let title = match unseen.get() {
            0 => format!("{page} · Domovoi"),
            count => format!("({count}) {page} · Domovoi"),
        };
        document().set_title(&title);
    });
    let links = PLACES
        .into_iter()
        .map(|(href, label, testid, drawing)| {
            let is_alerts = href == "/alerts";
            let count = move || Some(unseen.get()).filter(|count| is_alerts && *count > 0);
            view! {
                <li>
                    <A href=href exact={href == "/"} attr:class="nav-link" attr:data-testid=testid>
                        {icon(drawing)}
                        <span>{label}</span>
                        {move || count().map(|count| view! {
                            <span class="count" data-testid="alert-count">{count}<span class="visually-hidden">" unseen"</span></span>
                        })}
                    </A>
                </li>
            }
        })
        .collect_view();
    view! {
        <a class="skip" href="#main">"Skip to content"</a>
        <div class="shell">
            <header class="side">
                <A href="/" attr:class="brand" attr:aria-label="Domovoi, rooms">{mark()}<span>"Domovoi"</span></A>
                <nav aria-label="Pages"><ul class="nav">{links}</ul></nav>
                <div class="side-foot">
                    <A href="/system" attr:class="who-link">
                        {icon(Icon::Person)}
                        <span data-testid="current-user">{move || connection.user().map(|user| user.name)}</span>
                        <span class="role">{move || connection.user().map(|user| user.role.name())}</span>
                    </A>
                    <ThemeToggle/>
                </div>
            </header>
            <div class="stage">
                <ConnectionBanner/>
                <main id="main" class="page" tabindex="-1">
                    <Routes fallback=|| view! { <NotFound/> }>
                        <Route path=path!("/") view=overview::OverviewPage/>
                        <Route path=path!("/devices") view=devices::DevicesPage/>
                        <Route path=path!("/thresholds") view=thresholds::ThresholdsPage/>
                        <Route path=path!("/alerts") view=alerts::AlertsPage/>
                        <Route path=path!("/history/:sensor") view=history::HistoryPage/>
                        <Route path=path!("/logbook") view=logbook::LogbookPage/>
                        <Route path=path!("/system") view=system::SystemPage/>
                        <Route path=path!("/setup") view=overview::OverviewPage/>
                    </Routes>
                </main>
            </div>
        </div>
    }
    .into_any()
}

/// What a page is called in the browser's tab.
fn page_name(path: &str) -> &'static str {
    if path.starts_with("/history/") {
        return "History";
    }
    PLACES
        .iter()
        .find(|(href, ..)| *href == path)
        .map_or("Rooms", |(_, label, ..)| label)
}

#[component]
fn NotFound() -> impl IntoView {
    view! {
        <section class="empty">
            {mark()}
            <h1>"There is no such room"</h1>
            <p>"This page does not exist."</p>
            <a class="button primary" href="/">"Back to the rooms"</a>
        </section>
    }
    .into_any()
}
