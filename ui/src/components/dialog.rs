//! A dialogue over the page; the browser keeps the focus inside and closes it on Escape.

use leptos::html;
use leptos::prelude::*;

use super::icon::{Icon, icon};

/// Shows its children while `open`; asks `on_close` to end that.
#[component]
pub(crate) fn Dialog(
    title: &'static str,
    #[prop(into)] open: Signal<bool>,
    on_close: Callback<()>,
    children: ChildrenFn,
) -> impl IntoView {
    let node: NodeRef<html::Dialog> = NodeRef::new();
    Effect::new(move |_| {
        let Some(dialog) = node.get() else { return };
        if open.get() {
            if !dialog.open() {
                // Fails only when it is shown already.
                let _ = dialog.show_modal();
            }
        } else if dialog.open() {
            dialog.close();
        }
    });
    let children = StoredValue::new(children);
    view! {
        <dialog
            class="dialog"
            node_ref=node
            aria-label=title
            on:close=move |_| if open.get_untracked() { on_close.run(()) }
        >
            <header class="dialog-head">
                <h2>{title}</h2>
                <button class="icon-button" aria-label="Close" on:click=move |_| on_close.run(())>
                    {icon(Icon::Close)}
                </button>
            </header>
            <Show when=move || open.get()>{children.with_value(|children| children())}</Show>
        </dialog>
    }
    .into_any()
}
