//! The threshold editor: what each room should be.

use house::{AreaId, Mode, Quantity, Threshold};
use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::clock::use_clock;
use crate::components::field::{Field, fresh_id};
use crate::components::icon::{Icon, icon};
use crate::components::toast::use_toasts;
use crate::connection::use_connection;
use crate::threshold_form::{FormFault, ThresholdForm, label};
use crate::wording;

type Subject = (AreaId, Quantity);

/// Every threshold, and a way to add one.
#[component]
pub(crate) fn ThresholdsPage() -> impl IntoView {
    let connection = use_connection();
    let house = connection.house();
    // Added here and not yet saved.
    let drafts: RwSignal<Vec<Subject>> = RwSignal::new(Vec::new());
    let subjects = Memo::new(move |_| {
        let mut subjects: Vec<Subject> =
            house.with(|house| house.thresholds().map(|t| (t.area.clone(), t.quantity)).collect());
        subjects.extend(drafts.get());
        subjects.sort();
        subjects.dedup();
        subjects
    });
    let areas = Memo::new(move |_| {
        let mut areas: Vec<AreaId> = subjects.with(|subjects| subjects.iter().map(|(area, _)| area.clone()).collect());
        areas.dedup();
        areas
    });
    view! {
        <header class="page-head">
            <div>
                <h1>"Thresholds"</h1>
                <p class="lead">"What each room should be. Domovoi switches, and says so, when a room leaves its limits."</p>
            </div>
        </header>
        <Show when=move || connection.may_configure()>
            <AddThreshold drafts/>
        </Show>
        <Show when=move || areas.with(Vec::is_empty)>
            <p class="quiet" data-testid="no-thresholds">
                {move || if connection.is_loaded() { "No thresholds yet." } else { "Asking the house…" }}
            </p>
        </Show>
        <For each=move || areas.get() key=Clone::clone let(area)>
            <section class="area-group">
                <h2>{area.name()}</h2>
                <For
                    each={
                        let area = area.clone();
                        move || subjects.with(|subjects| {
                            subjects.iter().filter(|(a, _)| *a == area).map(|(_, q)| *q).collect::<Vec<_>>()
                        })
                    }
                    key=|quantity| *quantity
                    let(quantity)
                >
                    <ThresholdRow area=area.clone() quantity drafts/>
                </For>
            </section>
        </For>
    }
    .into_any()
}

#[component]
fn AddThreshold(drafts: RwSignal<Vec<Subject>>) -> impl IntoView {
    let connection = use_connection();
    let area = RwSignal::new(String::new());
    let quantity = RwSignal::new(Quantity::Temperature);
    let fault: RwSignal<Option<String>> = RwSignal::new(None);
    let areas = Memo::new(move |_| connection.house().with(|house| house.areas()));
    let list = fresh_id("areas");
    let select = fresh_id("quantity");
    let add = move || match AreaId::new(&area.get_untracked()) {
        None => fault.set(Some("Name a room.".into())),
        Some(named) => {
            fault.set(None);
            area.set(String::new());
            drafts.update(|drafts| drafts.push((named, quantity.get_untracked())));
        }
    };
    view! {
        <form
            class="card add-row"
            novalidate
            on:submit=move |event| {
                event.prevent_default();
                add();
            }
        >
            <Field label="Room" value=area testid="threshold-add-area" list=list.clone() fault=Signal::derive(move || fault.get())/>
            <datalist id=list>{move || areas.get().into_iter().map(|area| view! { <option value=area.name()></option> }).collect_view()}</datalist>
            <div class="field">
                <label for=select.clone()>"Quantity"</label>
                <select
                    id=select
                    data-testid="threshold-add-quantity"
                    on:change=move |event| {
                        if let Ok(chosen) = event_target_value(&event).parse() {
                            quantity.set(chosen);
                        }
                    }
                >
                    {Quantity::ALL.iter().filter(|q| !q.is_binary()).map(|q| view! { <option value=q.name()>{wording::quantity_name(*q)}</option> }).collect_view()}
                </select>
                <p class="field-note"></p>
            </div>
            <button class="button" data-testid="threshold-add">{icon(Icon::Plus)}"Add"</button>
        </form>
    }
    .into_any()
}

/// Signals of one row's fields.
#[derive(Clone, Copy)]
struct Fields {
    low: RwSignal<String>,
    high: RwSignal<String>,
    hysteresis: RwSignal<String>,
    mode: RwSignal<Mode>,
    min_on: RwSignal<String>,
    min_off: RwSignal<String>,
    stale_after: RwSignal<String>,
    rise: RwSignal<String>,
    post_run: RwSignal<String>,
    max_run: RwSignal<String>,
    is_quiet: RwSignal<bool>,
}

impl Fields {
    fn new(form: ThresholdForm) -> Self {
        Self {
            low: RwSignal::new(form.low),
            high: RwSignal::new(form.high),
            hysteresis: RwSignal::new(form.hysteresis),
            mode: RwSignal::new(form.mode),
            min_on: RwSignal::new(form.min_on),
            min_off: RwSignal::new(form.min_off),
            stale_after: RwSignal::new(form.stale_after),
            rise: RwSignal::new(form.rise),
            post_run: RwSignal::new(form.post_run),
            max_run: RwSignal::new(form.max_run),
            is_quiet: RwSignal::new(form.is_quiet),
        }
    }

    fn show(self, form: ThresholdForm) {
        self.low.set(form.low);
        self.high.set(form.high);
        self.hysteresis.set(form.hysteresis);
        self.mode.set(form.mode);
        self.min_on.set(form.min_on);
        self.min_off.set(form.min_off);
        self.stale_after.set(form.stale_after);
        self.rise.set(form.rise);
        self.post_run.set(form.post_run);
        self.max_run.set(form.max_run);
        self.is_quiet.set(form.is_quiet);
    }

    fn form(self) -> ThresholdForm {
        ThresholdForm {
            low: self.low.get(),
            high: self.high.get(),
            hysteresis: self.hysteresis.get(),
            mode: self.mode.get(),
            min_on: self.min_on.get(),
            min_off: self.min_off.get(),
            stale_after: self.stale_after.get(),
            rise: self.rise.get(),
            post_run: self.post_run.get(),
            max_run: self.max_run.get(),
            is_quiet: self.is_quiet.get(),
        }
    }
}

#[component]
fn ThresholdRow(area: AreaId, quantity: Quantity, drafts: RwSignal<Vec<Subject>>) -> impl IntoView {
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
            let by = held.set_by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
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
            <Advanced area=area.clone() quantity fields is_fixed fault_of=Callback::new(move |field| fault_of(field))/>
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

#[component]
fn Advanced(
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
    let max_run = blank.max_run().map_or_else(|| "none".to_owned(), seconds);
    view! {
        <details class="advanced">
            <summary data-testid="threshold-advanced">"Finer settings"</summary>
            <div class="threshold-fields">
                <Field label=label("hysteresis") value=fields.hysteresis testid="threshold-hysteresis" unit=quantity.unit() mode="decimal" placeholder=hysteresis fault=fault_of.run("hysteresis") is_disabled=is_fixed hint=hint("How far back inside before it switches off again.")/>
                <Field label=label("stale_after") value=fields.stale_after testid="threshold-stale-after" unit="s" mode="decimal" placeholder=seconds(blank.stale_after()) fault=fault_of.run("stale_after") is_disabled=is_fixed hint=hint("An older reading counts as none: switch off and say so.")/>
                <Field label=label("min_on") value=fields.min_on testid="threshold-min-on" unit="s" mode="decimal" placeholder=seconds(blank.min_on()) fault=fault_of.run("min_on") is_disabled=is_fixed/>
                <Field label=label("min_off") value=fields.min_off testid="threshold-min-off" unit="s" mode="decimal" placeholder=seconds(blank.min_off()) fault=fault_of.run("min_off") is_disabled=is_fixed hint=hint("Protects compressors.")/>
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
