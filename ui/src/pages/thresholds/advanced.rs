//! The settings few people need, each with its default shown.

use house::{AreaId, Pace, Quantity, Threshold};
use leptos::prelude::*;

use super::fields::Fields;
use crate::components::field::Field;
use crate::threshold_form::label;

/// Folded away until asked for.
#[component]
pub(super) fn Advanced(
    area: AreaId,
    quantity: Quantity,
    fields: Fields,
    is_fixed: Signal<bool>,
    fault_of: Callback<&'static str, Signal<Option<String>>>,
) -> impl IntoView {
    let blank = Threshold::new(area, quantity);
    let seconds = |duration: std::time::Duration| format!("{}", duration.as_secs());
    let hysteresis = match quantity {
        Quantity::Temperature | Quantity::Humidity => blank.hysteresis().to_string(),
        _ => "2 % of the limit".to_owned(),
    };
    let is_humidity = quantity == Quantity::Humidity;
    let max_run = blank.max_run(Pace::REAL).map_or_else(|| "none".to_owned(), seconds);
    view! {
        <details class="advanced">
            <summary data-testid="threshold-advanced">"Finer settings"</summary>
            <div class="threshold-fields">
                <Field label=label("hysteresis") value=fields.hysteresis testid="threshold-hysteresis" unit=quantity.unit() mode="decimal" placeholder=hysteresis fault=fault_of.run("hysteresis") is_disabled=is_fixed hint=hint("How far back inside before it switches off again.")/>
                <Field label=label("stale_after") value=fields.stale_after testid="threshold-stale-after" unit="s" mode="decimal" placeholder=seconds(blank.stale_after(Pace::REAL)) fault=fault_of.run("stale_after") is_disabled=is_fixed hint=hint("An older reading counts as none: switch off and say so.")/>
                <Field label=label("min_on") value=fields.min_on testid="threshold-min-on" unit="s" mode="decimal" placeholder=seconds(blank.min_on(Pace::REAL)) fault=fault_of.run("min_on") is_disabled=is_fixed/>
                <Field label=label("min_off") value=fields.min_off testid="threshold-min-off" unit="s" mode="decimal" placeholder=seconds(blank.min_off(Pace::REAL)) fault=fault_of.run("min_off") is_disabled=is_fixed hint=hint("Protects compressors.")/>
                {is_humidity.then(|| view! {
                    <Field label=label("rise") value=fields.rise testid="threshold-rise" unit=quantity.unit() mode="decimal" placeholder="off" fault=fault_of.run("rise") is_disabled=is_fixed hint=hint("Fan on when it rises so far above what is usual.")/>
                    <Field label=label("post_run") value=fields.post_run testid="threshold-post-run" unit="s" mode="decimal" placeholder="0" fault=fault_of.run("post_run") is_disabled=is_fixed hint=hint("After the air is dry again.")/>
                })}
                <Field label=label("max_run") value=fields.max_run testid="threshold-max-run" unit="s" mode="decimal" placeholder=max_run fault=fault_of.run("max_run") is_disabled=is_fixed hint=hint("In one go.")/>
            </div>
            <label class="check">
                <input
                    type="checkbox"
                    data-testid="threshold-notify"
                    prop:checked=move || !fields.is_quiet.get()
                    prop:disabled=move || is_fixed.get()
                    on:change=move |event| fields.is_quiet.set(!event_target_checked(&event))
                />
                <span>"Tell phones when a limit is crossed"</span>
            </label>
        </details>
    }
    .into_any()
}

fn hint(text: &'static str) -> Signal<String> {
    Signal::stored(text.to_owned())
}
