//! Who is there?

use leptos::prelude::*;
use leptos::task::spawn_local;

use crate::browser;
use crate::components::field::Field;
use crate::components::icon::{Icon, icon, mark};
use crate::components::theme::ThemeToggle;
use crate::connection::{Phase, SignIn, use_connection};

/// Name and password.
#[component]
pub(crate) fn SignInPage() -> impl IntoView {
    let connection = use_connection();
    let name = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let stay = RwSignal::new(true);
    let is_busy = RwSignal::new(false);
    let refusal: RwSignal<Option<String>> = RwSignal::new(match untrack(|| connection.phase()) {
        Phase::SignedOut { reason } => reason,
        Phase::Starting | Phase::Live | Phase::Reconnecting { .. } => None,
    });
    let submit = move || {
        if is_busy.get_untracked() {
            return;
        }
        let sign_in = SignIn::Password {
            name: name.get_untracked().trim().to_owned(),
            password: password.get_untracked(),
        };
        if name.with_untracked(|name| name.trim().is_empty()) || password.with_untracked(String::is_empty) {
            refusal.set(Some("Name and password are needed.".into()));
            return;
        }
        refusal.set(None);
        is_busy.set(true);
        let stay = stay.get_untracked();
        spawn_local(async move {
            match connection.sign_in(sign_in, false).await {
                Ok(()) if stay => connection.remember().await,
                Ok(()) => {}
                Err(fault) => {
                    refusal.try_set(Some(fault.sentence().to_owned()));
                    is_busy.try_set(false);
                }
            }
        });
    };
    view! {
        <main class="gate" id="main">
            <div class="gate-card">
                {mark()}
                <h1>"Domovoi"</h1>
                <p class="lead">"Keeper of the house at "<strong>{browser::host()}</strong></p>
                <form
                    class="form"
                    novalidate
                    on:submit=move |event| {
                        event.prevent_default();
                        submit();
                    }
                >
                    <Field label="Name" value=name testid="signin-name" autocomplete="username" has_focus=true/>
                    <Field label="Password" value=password testid="signin-password" kind="password" autocomplete="current-password"/>
                    <label class="check">
                        <input
                            type="checkbox"
                            data-testid="signin-stay"
                            prop:checked=move || stay.get()
                            on:change=move |event| stay.set(event_target_checked(&event))
                        />
                        <span>"Stay signed in on this browser"</span>
                    </label>
                    {move || refusal.get().map(|text| view! {
                        <p class="form-fault" role="alert" data-testid="signin-error">{icon(Icon::Warning)}<span>{text}</span></p>
                    })}
                    <button class="button primary wide" data-testid="signin-submit" disabled=move || is_busy.get()>
                        {move || if is_busy.get() { "Signing in…" } else { "Sign in" }}
                    </button>
                </form>
            </div>
            <div class="gate-foot"><ThemeToggle/></div>
        </main>
    }
    .into_any()
}
