//! Lists that other services keep, fetched until they are there.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use wamp_client::{Error, Session};

/// How long to wait before a list is asked for again.
const RETRY: Duration = Duration::from_millis(500);

#[derive(Serialize)]
struct OnlyActive {
    active: bool,
}

/// Asks for a list once.
pub(crate) async fn ask<T: DeserializeOwned>(session: &Session, procedure: &'static str) -> Result<Vec<T>, Error> {
    let mut call = session.call(procedure).timeout(Duration::from_secs(10));
    if procedure == house::uri::procedure::ALERT_LIST {
        call = call.kwargs(&OnlyActive { active: true });
    }
    Ok(call.send().await?.value()?)
}

/// Asks for a list until it is there, and sends it to `inbox`. Gives up when the connection is
/// lost (the next one fetches anew) or nobody listens any more.
pub(crate) fn fetch<T, M>(
    session: &Session,
    procedure: &'static str,
    inbox: &mpsc::UnboundedSender<M>,
    wrap: impl FnOnce(Vec<T>) -> M + Send + 'static,
) where
    T: DeserializeOwned + Send,
    M: Send + 'static,
{
    let (session, inbox) = (session.clone(), inbox.clone());
    tokio::spawn(async move {
        while !inbox.is_closed() {
            match ask(&session, procedure).await {
                Ok(list) => {
                    // The service may have ended meanwhile.
                    let _ = inbox.send(wrap(list));
                    return;
                }
                Err(Error::NotConnected | Error::Closed) => return,
                Err(error) => tracing::debug!(%error, procedure, "not there yet, will be asked again"),
            }
            tokio::time::sleep(RETRY).await;
        }
    });
}
