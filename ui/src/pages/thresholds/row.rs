//! One threshold: its limits, what may be switched, and whether it is saved.

use house::{AreaId, Mode, Quantity};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::Subject;
use super::advanced::Advanced;
use super::fields::Fields;
use crate::clock::use_clock;
use crate::components::field::{Field, fresh_id};
use crate::components::icon::{Icon, icon};
use crate::components::toast::use_toasts;
use crate::connection::use_connection;
use crate::threshold_form::{FormFault, ThresholdForm};
use crate::wording;

/// A form that can be saved once it makes sense.
#[component]
pub(super) fn ThresholdRow(area: AreaId, quantity: Quantity, drafts: RwSignal<Vec<Subject>>) -> impl IntoView {
    let connection = use_connection();
    let toasts = use_toasts();
    let clock = use_clock();
    let subject = StoredValue::new((area.clone(), quantity));
    let held = Memo::new(move |_| {
        subject.with_value(|(area, quantity)| {
            connection
                .house()
                .with(|house| house.threshold(area, *quantity).cloned())
        })
    });
    let now = Memo::new(move |_| {
        let reading =
            subject.with_value(|(area, quantity)| connection.house().with(|house| house.newest(area, *quantity)));
        reading.map(|reading| reading.value)
    });
    let held_form = move || held.with(|held| held.as_ref().map_or_else(ThresholdForm::default, ThresholdForm::of));
    let fields = Fields::new(untrack(held_form));
    // The form last shown: what is typed on top of it is the person's, and is kept.
    let shown = StoredValue::new(untrack(held_form));
    Effect::new(move |_| {
        let newer = held_form();
        let is_untouched = shown.with_value(|shown| *shown == untrack(|| fields.form()));
        if is_untouched && shown.with_value(|shown| *shown != newer) {
            fields.show(newer.clone());
        }
        shown.set_value(newer);
    });
    let is_changed = Memo::new(move |_| fields.form() != held_form());
    let refusal: RwSignal<Option<String>> = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let read = Memo::new(move |_| subject.with_value(|(area, quantity)| fields.form().read(area.clone(), *quantity)));
    let fault_of = move |field: &'static str| {
        Signal::derive(move || {
            let fault = read.with(|read| read.as_ref().err().filter(|fault| fault.field == field).cloned());
            fault
                .filter(|_| is_changed.get())
                .map(|fault: FormFault| fault.sentence)
        })
    };
    let may_configure = Memo::new(move |_| connection.may_configure());
    let is_fixed = Signal::derive(move || !may_configure.get());
    let save = move || {
        let Ok(threshold) = read.get_untracked() else { return };
        refusal.set(None);
        is_busy.set(true);
        spawn_local(async move {
            let outcome = connection.set_threshold(&threshold).await;
            is_busy.try_set(false);
            match outcome {
                Ok(held) => {
                    drafts.update(|drafts| drafts.retain(|draft| *draft != (held.area.clone(), held.quantity)));
                    shown.try_set_value(ThresholdForm::of(&held));
                    fields.show(ThresholdForm::of(&held));
                    let limits = wording::limits(&held).unwrap_or_default();
                    toasts.done(&format!("Saved: {} {limits}", held.area.name()));
                }
                Err(fault) => {
                    refusal.try_set(Some(fault.sentence().to_owned()));
                }
            }
        });
    };
    let remove = move || {
        let (area, quantity) = subject.get_value();
        drafts.update(|drafts| drafts.retain(|draft| *draft != (area.clone(), quantity)));
        if held.with_untracked(Option::is_none) {
            return;
        }
        is_busy.set(true);
        spawn_local(async move {
            let outcome = connection.remove_threshold(&area, quantity).await;
            is_busy.try_set(false);
            if let Err(fault) = outcome {
                refusal.try_set(Some(fault.sentence().to_owned()));
            }
        });
    };
    let status = move || {
        if is_changed.get() {
            return if held.with(Option::is_none) {
                "Not saved yet".to_owned()
            } else {
                "Changed, not saved".to_owned()
            };
        }
        held.with(|held| {
            let Some(held) = held else {
                return "Not saved yet".to_owned();
            };
            let by = held
                .set_by
                .as_deref()
                .map(|by| format!(" by {}", house::who(by)))
                .unwrap_or_default();
            let at = held
                .set_at
                .map(|at| format!(", {}", clock.offset().moment(at, clock.now_untracked())))
                .unwrap_or_default();
            format!(
                "In force{}{by}{at}",
                if by.is_empty() && at.is_empty() { "" } else { ", set" }
            )
        })
    };
    let unit = quantity.unit();
    let name = wording::quantity_name(quantity);
    let label_all = format!("{} {name}", area.name());
    view! {
        <form
            class="card threshold"
            novalidate
            data-testid="threshold-row"
            data-area=area.as_str().to_owned()
            data-quantity=quantity.name()
            aria-label=label_all
            on:submit=move |event| {
                event.prevent_default();
                save();
            }
        >
            <h3>
                {icon(Icon::of_quantity(quantity))}
                {name}
                {move || now.get().map(|value| view! {
                    <span class="now" data-testid="threshold-now">{format!("now {}", quantity.format(value))}</span>
                })}
            </h3>
            <div class="threshold-fields">
                <Field label="Low" value=fields.low testid="threshold-low" unit mode="decimal" placeholder="none" fault=fault_of("low") is_disabled=is_fixed/>
                <Field label="High" value=fields.high testid="threshold-high" unit mode="decimal" placeholder="none" fault=fault_of("high") is_disabled=is_fixed/>
                {(quantity == Quantity::Temperature).then(|| view! { <ModeSelect mode=fields.mode is_fixed/> })}
            </div>
            <Advanced area=area.clone() quantity fields is_fixed fault_of=Callback::new(fault_of)/>
            {move || read.with(|read| read.as_ref().err().filter(|fault| fault.field.is_empty()).map(|fault| fault.sentence.clone())).filter(|_| is_changed.get()).map(|text| view! {
                <p class="form-fault">{icon(Icon::Warning)}<span>{text}</span></p>
            })}
            {move || refusal.get().map(|text| view! {
                <p class="form-fault" role="alert" data-testid="threshold-error">{icon(Icon::Warning)}<span>{text}</span></p>
            })}
            <footer class="threshold-foot">
                <span class="quiet" data-testid="threshold-status" data-saved=move || (!is_changed.get()).to_string() aria-live="polite">{status}</span>
                <Show when=move || may_configure.get()>
                    <button type="button" class="button subtle" data-testid="threshold-remove" disabled=move || is_busy.get() on:click=move |_| remove()>
                        {icon(Icon::Bin)}"Remove"
                    </button>
                    <button
                        class="button primary"
                        data-testid="threshold-save"
                        disabled=move || is_busy.get() || !is_changed.get() || read.with(Result::is_err)
                    >
                        {move || if is_busy.get() { "Saving…" } else { "Save" }}
                    </button>
                </Show>
            </footer>
        </form>
    }
    .into_any()
}

const MODES: [(Mode, &str, &str); 4] = [
    (Mode::Auto, "auto", "Heat and cool"),
    (Mode::Cool, "cool", "Cool only"),
    (Mode::Heat, "heat", "Heat only"),
    (Mode::Off, "off", "Switch nothing"),
];

#[component]
fn ModeSelect(mode: RwSignal<Mode>, is_fixed: Signal<bool>) -> impl IntoView {
    let id = fresh_id("mode");
    view! {
        <div class="field">
            <label for=id.clone()>"Domovoi may"</label>
            <select
                id=id
                data-testid="threshold-mode"
                prop:disabled=move || is_fixed.get()
                prop:value=move || MODES.iter().find(|(m, _, _)| *m == mode.get()).map(|(_, value, _)| *value)
                on:change=move |event| {
                    let chosen = event_target_value(&event);
                    if let Some((chosen, _, _)) = MODES.iter().find(|(_, value, _)| *value == chosen) {
                        mode.set(*chosen);
                    }
                }
            >
                {MODES.map(|(m, value, label)| view! { <option value=value selected=move || mode.get() == m>{label}</option> })}
            </select>
            <p class="field-note"></p>
        </div>
    }
    .into_any()
}
