//! What is typed into one row, field by field.

use house::Mode;
use leptos::prelude::*;

use crate::threshold_form::ThresholdForm;

/// Signals of one row's fields.
#[derive(Clone, Copy)]
pub(super) struct Fields {
    pub(super) low: RwSignal<String>,
    pub(super) high: RwSignal<String>,
    pub(super) hysteresis: RwSignal<String>,
    pub(super) mode: RwSignal<Mode>,
    pub(super) min_on: RwSignal<String>,
    pub(super) min_off: RwSignal<String>,
    pub(super) stale_after: RwSignal<String>,
    pub(super) rise: RwSignal<String>,
    pub(super) post_run: RwSignal<String>,
    pub(super) max_run: RwSignal<String>,
    pub(super) is_quiet: RwSignal<bool>,
}

impl Fields {
    pub(super) fn new(form: ThresholdForm) -> Self {
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

    pub(super) fn show(self, form: ThresholdForm) {
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

    pub(super) fn form(self) -> ThresholdForm {
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
