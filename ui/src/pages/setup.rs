//! The page the one-time link opens: makes the first admin.

use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::hooks::use_navigate;

use crate::browser;
use crate::components::field::Field;
use crate::components::icon::{Icon, icon, mark};
use crate::connection::{SetupRequest, use_connection};
use crate::password::{SetupFault, check_setup, strength};

/// The form of the first admin.
#[component]
pub(crate) fn SetupPage() -> impl IntoView {
    let token = browser::parameter(&browser::fragment(), "token").filter(|token| !token.is_empty());
    let body = match token {
        Some(token) => view! { <SetupForm token/> }.into_any(),
        None => view! {
            <p class="form-fault" role="alert" data-testid="setup-error">
                {icon(Icon::Warning)}
                <span>"This link is not complete. Open the whole link that the hub printed when it started."</span>
            </p>
            <a class="button wide" href="/">"Go to sign-in"</a>
        }
        .into_any(),
    };
    view! {
        <main class="gate" id="main">
            <div class="gate-card">
                {mark()}
                <h1>"Welcome home"</h1>
                <p class="lead">"You are the first one here. Make the account that looks after this house."</p>
                {body}
            </div>
        </main>
    }
    .into_any()
}

#[component]
fn SetupForm(token: String) -> impl IntoView {
    let connection = use_connection();
    let navigate = use_navigate();
    let name = RwSignal::new(String::new());
    let password = RwSignal::new(String::new());
    let again = RwSignal::new(String::new());
    let fault: RwSignal<Option<SetupFault>> = RwSignal::new(None);
    let refusal: RwSignal<Option<String>> = RwSignal::new(None);
    let is_busy = RwSignal::new(false);
    let name_fault = Signal::derive(move || match fault.get() {
        Some(SetupFault::Name(text)) => Some(text.to_owned()),
        _ => None,
    });
    let password_fault = Signal::derive(move || match fault.get() {
        Some(SetupFault::Password(text)) => Some(text.to_owned()),
        _ => None,
    });
    let again_fault = Signal::derive(move || match fault.get() {
        Some(SetupFault::Again(text)) => Some(text.to_owned()),
        _ => None,
    });
    let judged = Memo::new(move |_| password.with(|password| strength(password)));
    let hint = Signal::derive(move || judged.get().hint().to_owned());

    let submit = move || {
        refusal.set(None);
        let checked = check_setup(&name.get_untracked(), &password.get_untracked(), &again.get_untracked());
        fault.set(checked.clone().err());
        if checked.is_err() || is_busy.get_untracked() {
            return;
        }
        is_busy.set(true);
        let request = SetupRequest {
            token: token.clone(),
            name: name.get_untracked().trim().to_owned(),
            password: password.get_untracked(),
        };
        let navigate = navigate.clone();
        spawn_local(async move {
            match connection.set_up(request).await {
                Ok(()) => {
                    connection.remember().await;
                    browser::drop_fragment();
                    navigate(
                        "/",
                        leptos_router::NavigateOptions {
                            replace: true,
                            ..Default::default()
                        },
                    );
                }
                Err(fault) => {
                    refusal.try_set(Some(fault.sentence().to_owned()));
                    is_busy.try_set(false);
                }
            }
        });
    };
    view! {
        <form
            class="form"
            novalidate
            on:submit=move |event| {
                event.prevent_default();
                submit();
            }
        >
            <Field label="Name" value=name testid="setup-name" autocomplete="username" fault=name_fault has_focus=true/>
            <Field label="Password" value=password testid="setup-password" kind="password" autocomplete="new-password" hint fault=password_fault/>
            <div class="strength" data-strength=move || judged.get().name() aria-hidden="true"><i></i><i></i><i></i></div>
            <Field label="Password again" value=again testid="setup-password-again" kind="password" autocomplete="new-password" fault=again_fault/>
            {move || refusal.get().map(|text| view! {
                <p class="form-fault" role="alert" data-testid="setup-error">{icon(Icon::Warning)}<span>{text}</span></p>
            })}
            <button class="button primary wide" data-testid="setup-submit" disabled=move || is_busy.get()>
                {move || if is_busy.get() { "Making the account…" } else { "Make the account" }}
            </button>
        </form>
    }
    .into_any()
}
