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
#![cfg_attr(
    feature = "fixtures",
    allow(dead_code, reason = "the fixture house does without parts of the real one")
)]

mod app;
mod browser;
mod chart;
mod clock;
mod components;
mod connection;
mod house_view;
mod hub_facts;
mod local_time;
mod logbook;
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
