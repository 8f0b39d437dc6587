//! What services say of themselves on `status.change`, so that `/healthz` tells what `get.status`
//! tells.

use std::time::Duration;

use house::uri::topic;
use serde::Deserialize;
use tokio_util::sync::CancellationToken;
use wamp_router::Router;

use crate::components::{Components, Said};
use crate::realm;

/// Between the end of a session, which an admin may have ended, and the next.
const WAIT: Duration = Duration::from_secs(1);

#[derive(Debug, Deserialize)]
struct Change {
    component: String,
    #[serde(flatten)]
    said: Said,
}

/// Hears until `closing`.
pub async fn hear(router: Router, components: Components, closing: CancellationToken) {
    loop {
        tokio::select! {
            () = hear_once(&router, &components) => {}
            () = closing.cancelled() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(WAIT) => {}
            () = closing.cancelled() => return,
        }
    }
}

async fn hear_once(router: &Router, components: &Components) {
    let session = match realm::join(router, "hub").await {
        Ok(session) => session,
        Err(error) => return tracing::debug!(%error, "what services say of themselves is not heard"),
    };
    let mut changes = match session.subscribe(topic::STATUS_CHANGE).open().await {
        Ok(changes) => changes,
        Err(error) => return tracing::debug!(%error, "what services say of themselves is not heard"),
    };
    while let Some(event) = changes.next().await {
        match event.kwargs::<Change>() {
            Ok(change) => components.hear(&change.component, change.said),
            Err(error) => tracing::debug!(%error, "a change of status is not understood"),
        }
    }
}
