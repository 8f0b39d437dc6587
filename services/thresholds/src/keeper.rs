//! The task that owns the thresholds: what people set is stored first, then holds, then is told.

use std::collections::BTreeMap;

use component::now;
use database::Database;
use house::uri::topic;
use house::{Threshold, Timestamp};
use serde::Serialize;
use tokio::sync::{mpsc, oneshot};
use wamp_client::Session;

use crate::request::Place;
use crate::store;

/// What the keeper is asked.
#[derive(Debug)]
pub(crate) enum Ask {
    List(oneshot::Sender<Vec<Threshold>>),
    Get(Place, oneshot::Sender<Option<Threshold>>),
    Set(Threshold, String, oneshot::Sender<Result<Threshold, sqlx::Error>>),
    Remove(Place, String, oneshot::Sender<Result<Option<Threshold>, sqlx::Error>>),
}

/// A threshold was set or removed.
pub(crate) type Change = (Place, Option<Threshold>);

/// The payload of `config.changed`.
#[derive(Debug, Serialize)]
struct ConfigChanged<'a> {
    key: String,
    old: Option<&'a Threshold>,
    new: Option<&'a Threshold>,
    by: &'a str,
    at: Timestamp,
}

pub(crate) struct Keeper {
    session: Session,
    database: Database,
    thresholds: BTreeMap<Place, Threshold>,
    changes: mpsc::UnboundedSender<Change>,
}

impl Keeper {
    pub(crate) fn new(
        session: Session,
        database: Database,
        stored: Vec<Threshold>,
        changes: mpsc::UnboundedSender<Change>,
    ) -> Self {
        let by_place = |threshold: Threshold| ((threshold.area.clone(), threshold.quantity), threshold);
        Self {
            session,
            database,
            thresholds: stored.into_iter().map(by_place).collect(),
            changes,
        }
    }

    /// Answers until told to stop; what is being stored then is stored to the end.
    pub(crate) async fn run(mut self, mut asked: mpsc::UnboundedReceiver<Ask>, mut stop: oneshot::Receiver<()>) {
        loop {
            let ask = tokio::select! {
                biased;
                _ = &mut stop => return,
                Some(ask) = asked.recv() => ask,
                else => return,
            };
            // A caller that has gone needs no answer.
            match ask {
                Ask::List(reply) => drop(reply.send(self.thresholds.values().cloned().collect())),
                Ask::Get(place, reply) => drop(reply.send(self.thresholds.get(&place).cloned())),
                Ask::Set(threshold, by, reply) => drop(reply.send(self.set(threshold, &by).await)),
                Ask::Remove(place, by, reply) => drop(reply.send(self.remove(place, &by).await)),
            }
        }
    }

    async fn set(&mut self, mut threshold: Threshold, by: &str) -> Result<Threshold, sqlx::Error> {
        threshold.set_by = Some(by.to_owned());
        threshold.set_at = Some(now());
        store::put(&self.database, &threshold).await?;
        let place = (threshold.area.clone(), threshold.quantity);
        let old = self.thresholds.insert(place.clone(), threshold.clone());
        self.tell(place, old.as_ref(), Some(&threshold), by).await;
        Ok(threshold)
    }

    async fn remove(&mut self, place: Place, by: &str) -> Result<Option<Threshold>, sqlx::Error> {
        if !self.thresholds.contains_key(&place) {
            return Ok(None);
        }
        store::remove(&self.database, &place).await?;
        let old = self.thresholds.remove(&place);
        self.tell(place, old.as_ref(), None, by).await;
        Ok(old)
    }

    async fn tell(&self, place: Place, old: Option<&Threshold>, new: Option<&Threshold>, by: &str) {
        let changed = ConfigChanged {
            key: format!("thresholds.{}.{}", place.0, place.1),
            old,
            new,
            by,
            at: now(),
        };
        if let Err(error) = self
            .session
            .publish(topic::CONFIG_CHANGED)
            .kwargs(&changed)
            .send()
            .await
        {
            // Controllers fetch the list when they are connected again.
            tracing::warn!(%error, key = changed.key, "a changed threshold could not be told");
        }
        // The evaluator ends only with the service.
        let _ = self.changes.send((place, new.cloned()));
    }
}
