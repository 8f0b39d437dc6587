//! Says when the hub is not heard.

use leptos::prelude::*;

use super::icon::{Icon, icon};
use crate::connection::{Phase, use_connection};

/// A strip over the page while the connection is away; what is shown then is what was last heard.
#[component]
pub(crate) fn ConnectionBanner() -> impl IntoView {
    let connection = use_connection();
    let text = Memo::new(move |_| match connection.phase() {
        Phase::Reconnecting { attempt, .. } if attempt > 1 => Some(format!(
            "The hub does not answer. Trying again (attempt {attempt}); what you see may be old."
        )),
        Phase::Reconnecting { .. } => Some("Connection lost. Trying again; what you see may be old.".to_owned()),
        Phase::Starting | Phase::SignedOut { .. } | Phase::Live => None,
    });
    view! {
        <div role="status" aria-live="polite">
            {move || text.get().map(|text| view! {
                <p class="banner" data-testid="connection-banner">{icon(Icon::Radio)}<span>{text}</span></p>
            })}
        </div>
    }
    .into_any()
}
