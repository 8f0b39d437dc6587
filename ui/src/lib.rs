//! The web UI of Domovoi: one more WAMP client, in the browser.
//!
//! `connection` alone knows WAMP. What is heard becomes a `house_view::HouseView`, pure state that
//! pages show; what a person does goes back through `connection`'s commands. Modules without
//! `leptos` in them are pure and tested natively.

#![allow(
    clippy::needless_pass_by_value,
    reason = "components own their properties, and changes are taken apart"
)]
#![allow(
    unreachable_pub,
    reason = "the component macro makes its functions pub, whatever they say"
)]

mod app;
mod browser;
mod chart;
mod clock;
mod components;
mod connection;
mod facts;
mod house_view;
mod local_time;
mod logbook;
mod notification_test;
mod pages;
mod password;
mod threshold_form;
mod wording;

/// Shows the app in the page's body, in place of what it showed while loading.
pub fn mount() {
    console_error_panic_hook::set_once();
    if let Some(loading) = leptos::prelude::document().get_element_by_id("loading") {
        loading.remove();
    }
    leptos::mount::mount_to_body(app::App);
}
