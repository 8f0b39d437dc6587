//! Lists that other components keep, fetched until they are there.

use std::marker::PhantomData;
use std::time::Duration;

use house::uri::procedure;
use house::{Alert, Device};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use wamp_client::{Error, Session};

/// How long to wait before a list is asked for again.
const RETRY: Duration = Duration::from_millis(500);
/// How long a list may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A list that another component keeps, and tells the changes of as events.
///
/// A list that an event has overtaken on its way may be older than the event: it is no longer
/// [current](Self::current), and is asked for again.
#[derive(Debug)]
pub struct List<T> {
    procedure: &'static str,
    /// How many changes were heard of.
    changes: u64,
    items: PhantomData<fn() -> T>,
}

/// A list, and how many changes had been heard of when it was asked for.
#[derive(Debug)]
pub struct Listed<T> {
    items: Vec<T>,
    changes: u64,
}

impl<T: DeserializeOwned + Send + 'static> List<T> {
    /// The list that `procedure` answers with.
    pub const fn new(procedure: &'static str) -> Self {
        Self {
            procedure,
            changes: 0,
            items: PhantomData,
        }
    }

    /// An event told of a change.
    pub fn changed(&mut self) {
        self.changes += 1;
    }

    /// Asks for it once.
    ///
    /// # Errors
    /// Nobody answers it yet, or the connection is lost.
    pub async fn ask(&self, session: &Session) -> Result<Listed<T>, Error> {
        let items = ask(session, self.query()).await?;
        Ok(Listed {
            items,
            changes: self.changes,
        })
    }

    /// Asks for it until it is there, and sends it to `inbox`. Gives up when the connection is lost
    /// (the next one fetches anew) or nobody listens any more.
    pub fn fetch<M: Send + 'static>(
        &self,
        session: &Session,
        inbox: &mpsc::UnboundedSender<M>,
        wrap: impl FnOnce(Listed<T>) -> M + Send + 'static,
    ) {
        let changes = self.changes;
        fetch(session, self.query(), inbox, move |items| {
            wrap(Listed { items, changes })
        });
    }

    /// What was listed, unless an event has overtaken it: then it is to be fetched again.
    pub fn current(&self, listed: Listed<T>) -> Option<Vec<T>> {
        (listed.changes == self.changes).then_some(listed.items)
    }

    fn query(&self) -> Query {
        Query {
            procedure: self.procedure,
            filter: None,
        }
    }
}

/// Fetches the alerts that hold, as [`List::fetch`] does: what was raised before a restart.
pub fn fetch_alerts<M: Send + 'static>(
    session: &Session,
    inbox: &mpsc::UnboundedSender<M>,
    wrap: impl FnOnce(Vec<Alert>) -> M + Send + 'static,
) {
    let query = Query {
        procedure: procedure::ALERT_LIST,
        filter: Some(OnlyActive { active: true }),
    };
    fetch(session, query, inbox, wrap);
}

/// Asks discovery for all devices, once; without an answer, `device.changed` and the next
/// `discovery.started` bring them.
pub async fn devices(session: &Session) -> Option<Vec<Device>> {
    let query = Query {
        procedure: procedure::DEVICE_LIST,
        filter: None,
    };
    match ask(session, query).await {
        Ok(devices) => return Some(devices),
        Err(error @ (Error::Rejected(_) | Error::NotConnected | Error::Closed | Error::Timeout)) => {
            tracing::debug!(%error, "the devices of the house are not known yet");
        }
        Err(error) => tracing::warn!(%error, "device.list does not hold devices"),
    }
    None
}

#[derive(Debug, Clone, Copy)]
struct Query {
    procedure: &'static str,
    filter: Option<OnlyActive>,
}

#[derive(Debug, Clone, Copy, Serialize)]
struct OnlyActive {
    active: bool,
}

async fn ask<T: DeserializeOwned>(session: &Session, query: Query) -> Result<Vec<T>, Error> {
    let mut call = session.call(query.procedure).timeout(PATIENCE);
    if let Some(filter) = &query.filter {
        call = call.kwargs(filter);
    }
    Ok(call.send().await?.value()?)
}

fn fetch<T, M>(
    session: &Session,
    query: Query,
    inbox: &mpsc::UnboundedSender<M>,
    wrap: impl FnOnce(Vec<T>) -> M + Send + 'static,
) where
    T: DeserializeOwned + Send + 'static,
    M: Send + 'static,
{
    let (session, inbox) = (session.clone(), inbox.clone());
    tokio::spawn(async move {
        while !inbox.is_closed() {
            match ask(&session, query).await {
                Ok(items) => {
                    // The component may have ended meanwhile.
                    let _ = inbox.send(wrap(items));
                    return;
                }
                Err(Error::NotConnected | Error::Closed) => return,
                Err(error) => {
                    tracing::debug!(%error, procedure = query.procedure, "not there yet, will be asked again");
                }
            }
            tokio::time::sleep(RETRY).await;
        }
    });
}

#[cfg(test)]
mod tests {
    use test_realm::Realm;
    use wamp_client::Reply;

    use super::*;

    #[tokio::test]
    async fn a_list_is_asked_for_until_somebody_keeps_it() {
        let realm = Realm::new();
        let (keeper, asker) = (
            realm.join("keeper", "service").await,
            realm.join("asker", "service").await,
        );
        let list = List::<String>::new("test.list");
        assert!(list.ask(&asker).await.is_err());
        let (inbox, mut received) = mpsc::unbounded_channel();
        list.fetch(&asker, &inbox, |listed| listed);
        let kept = |_| async { Ok(Reply::value(&["a", "b"])?) };
        keeper.register("test.list").handler(kept).await.unwrap();
        let listed = received.recv().await.unwrap();
        assert_eq!(list.current(listed).unwrap(), ["a", "b"]);
    }

    #[test]
    fn a_list_that_an_event_has_overtaken_is_not_taken() {
        let mut list = List::<u32>::new("test.list");
        let asked = Listed {
            items: vec![1],
            changes: 0,
        };
        list.changed();
        assert_eq!(list.current(asked), None);
    }
}
