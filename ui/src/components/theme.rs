//! Light, dark, or as the system has it.

use leptos::prelude::*;

use super::icon::{Icon, icon};
use crate::browser;

const KEY: &str = "domovoi.theme";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Theme {
    System,
    Light,
    Dark,
}

impl Theme {
    fn remembered() -> Self {
        match browser::stored(KEY).as_deref() {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }

    fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    fn icon(self) -> Icon {
        match self {
            Self::System => Icon::Contrast,
            Self::Light => Icon::Sun,
            Self::Dark => Icon::Moon,
        }
    }

    /// `public/theme.js` does the rest, and reads the choice before the program is there.
    fn put_on(self) {
        let Some(root) = document().document_element() else {
            return;
        };
        let outcome = match self {
            Self::System => root.remove_attribute("data-theme"),
            Self::Light | Self::Dark => root.set_attribute("data-theme", self.name()),
        };
        if outcome.is_ok() {
            match self {
                Self::System => browser::unstore(KEY),
                Self::Light | Self::Dark => browser::store(KEY, self.name()),
            }
        }
    }
}

/// Goes round system, light, dark.
#[component]
pub(crate) fn ThemeToggle() -> impl IntoView {
    let theme = RwSignal::new(Theme::remembered());
    let label = move || format!("Colours: {}", theme.get().name());
    view! {
        <button
            class="icon-button"
            data-testid="theme-toggle"
            aria-label=label
            title=label
            on:click=move |_| {
                theme.update(|theme| *theme = theme.next());
                theme.get_untracked().put_on();
            }
        >
            {move || icon(theme.get().icon())}
        </button>
    }
    .into_any()
}
