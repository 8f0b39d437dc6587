//! A labelled text field with a hint and its own fault.

use std::sync::atomic::{AtomicU32, Ordering};

use leptos::prelude::*;

static NEXT_ID: AtomicU32 = AtomicU32::new(0);

/// An id that no other element of the page has.
pub(crate) fn fresh_id(stem: &str) -> String {
    format!("{stem}-{}", NEXT_ID.fetch_add(1, Ordering::Relaxed))
}

/// One line of text; `fault` is shown under it and read out with it.
#[component]
pub(crate) fn Field(
    #[prop(into)] label: String,
    value: RwSignal<String>,
    testid: &'static str,
    #[prop(optional)] kind: Option<&'static str>,
    #[prop(optional)] unit: Option<&'static str>,
    #[prop(optional)] autocomplete: Option<&'static str>,
    #[prop(optional)] mode: Option<&'static str>,
    #[prop(optional)] list: Option<String>,
    #[prop(optional, into)] placeholder: Option<String>,
    #[prop(optional, into)] hint: Option<Signal<String>>,
    #[prop(optional, into)] fault: Option<Signal<Option<String>>>,
    #[prop(optional, into)] is_disabled: Signal<bool>,
    #[prop(optional)] has_focus: bool,
) -> impl IntoView {
    let id = fresh_id("field");
    let note_id = format!("{id}-note");
    let fault_text = move || fault.and_then(|fault| fault.get());
    let note = move || fault_text().or_else(|| hint.map(|hint| hint.get()).filter(|hint| !hint.is_empty()));
    view! {
        <div class="field" class:has-fault=move || fault_text().is_some()>
            <label for=id.clone()>{label}</label>
            <div class="field-box">
                <input
                    id=id
                    type=kind.unwrap_or("text")
                    data-testid=testid
                    autocomplete=autocomplete.unwrap_or("off")
                    autocapitalize="none"
                    spellcheck="false"
                    inputmode=mode
                    list=list
                    placeholder=placeholder
                    autofocus=has_focus
                    prop:value=move || value.get()
                    prop:disabled=move || is_disabled.get()
                    aria-describedby=note_id.clone()
                    aria-invalid=move || fault_text().is_some().then_some("true")
                    on:input=move |event| value.set(event_target_value(&event))
                />
                {unit.filter(|unit| !unit.is_empty()).map(|unit| view! { <span class="unit" aria-hidden="true">{unit}</span> })}
            </div>
            <p class="field-note" id=note_id aria-live="polite">{note}</p>
        </div>
    }
    .into_any()
}
