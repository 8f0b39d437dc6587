//! Short messages over the page: what came of a command, and alerts as they are raised.

use std::time::Duration;

use house::Severity;
use leptos::prelude::*;

use super::icon::{Icon, icon};

const SHOWN: Duration = Duration::from_secs(6);
const SHOWN_ALERT: Duration = Duration::from_secs(12);
const MOST: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tone {
    Done,
    Trouble,
    Alert(Severity),
}

impl Tone {
    fn class(self) -> &'static str {
        match self {
            Self::Done => "toast done",
            Self::Alert(Severity::Info) => "toast info",
            Self::Trouble | Self::Alert(Severity::Warning) => "toast warning",
            Self::Alert(Severity::Critical) => "toast critical",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Toast {
    number: u32,
    tone: Tone,
    text: String,
}

/// The handle that anyone may send a message with.
#[derive(Clone, Copy)]
pub(crate) struct Toasts {
    shown: RwSignal<Vec<Toast>>,
    next: StoredValue<u32>,
}

impl Toasts {
    pub(crate) fn new() -> Self {
        Self {
            shown: RwSignal::new(Vec::new()),
            next: StoredValue::new(0),
        }
    }

    /// Something worked.
    pub(crate) fn done(self, text: &str) {
        self.show(Tone::Done, text, SHOWN);
    }

    /// Something did not.
    pub(crate) fn trouble(self, text: &str) {
        self.show(Tone::Trouble, text, SHOWN_ALERT);
    }

    /// An alert was raised.
    pub(crate) fn alert(self, text: &str, severity: Severity) {
        self.show(Tone::Alert(severity), text, SHOWN_ALERT);
    }

    fn show(self, tone: Tone, text: &str, shown_for: Duration) {
        let number = self.next.get_value();
        self.next.set_value(number.wrapping_add(1));
        self.shown.update(|toasts| {
            toasts.retain(|toast| toast.text != text);
            toasts.push(Toast {
                number,
                tone,
                text: text.to_owned(),
            });
            if toasts.len() > MOST {
                toasts.remove(0);
            }
        });
        set_timeout(move || self.dismiss(number), shown_for);
    }

    fn dismiss(self, number: u32) {
        self.shown
            .try_update(|toasts| toasts.retain(|toast| toast.number != number));
    }
}

/// Where messages appear; a screen reader says them as they come.
#[component]
pub(crate) fn ToastArea() -> impl IntoView {
    let toasts: Toasts = expect_context();
    view! {
        <div class="toasts" role="status" aria-live="polite" data-testid="toasts">
            <For each=move || toasts.shown.get() key=|toast| toast.number let(toast)>
                <div class=toast.tone.class() data-testid="toast">
                    {icon(if toast.tone == Tone::Done { Icon::Check } else { Icon::Warning })}
                    <span>{toast.text}</span>
                    {(toast.tone != Tone::Done).then(|| view! { <button
                        class="icon-button"
                        aria-label="Dismiss"
                        on:click=move |_| toasts.dismiss(toast.number)
                    >
                        {icon(Icon::Close)}
                    </button> })}
                </div>
            </For>
        </div>
    }
    .into_any()
}

/// The messages of this page.
pub(crate) fn use_toasts() -> Toasts {
    expect_context()
}
