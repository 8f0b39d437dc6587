//! The notifier at work: alerts come in, are kept, and go out to phones.

use std::sync::Arc;
use std::time::Duration;

use component::{now, read};
use database::{Database, DatabaseError};
use house::uri::{error, topic};
use house::{Alert, Timestamp};
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, mpsc, oneshot};
use wamp_client::{CallError, Event, Invocation, Reply, Session, Subscription};

use crate::book::AlertBook;
use crate::delivery::{Parcel, Receipt};
use crate::message::Message;
use crate::ntfy::Ntfy;
use crate::settings::Settings;
use crate::store;

/// Alerts that are over are kept so long.
const KEEP: Duration = Duration::from_secs(365 * 86_400);
/// After a message was given up, so long passes before one about the same alert is tried.
const REST: Duration = Duration::from_secs(600);
/// The most alerts in one answer.
const MOST_LISTED: i64 = 1000;

pub(crate) struct Service {
    session: Session,
    database: Database,
    settings: Settings,
    ntfy: Option<Ntfy>,
    parcels: Option<mpsc::Sender<Parcel>>,
    book: Mutex<AlertBook>,
}

/// What comes in.
pub(crate) struct Inbox {
    pub(crate) alerts: Subscription,
    pub(crate) receipts: mpsc::Receiver<Receipt>,
}

#[derive(Debug, Default, Deserialize)]
struct ListRequest {
    #[serde(default)]
    active: Option<bool>,
    #[serde(default)]
    limit: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
struct AlertRequest {
    #[serde(default)]
    id: Option<String>,
}

/// What came of a test message on one channel.
#[derive(Debug, Serialize)]
struct Outcome {
    channel: &'static str,
    ok: bool,
    detail: String,
}

impl Service {
    pub(crate) fn new(
        session: Session,
        database: Database,
        settings: Settings,
        ntfy: Option<Ntfy>,
        parcels: Option<mpsc::Sender<Parcel>>,
        book: AlertBook,
    ) -> Self {
        Self {
            session,
            database,
            settings,
            ntfy,
            parcels,
            book: Mutex::new(book),
        }
    }

    pub(crate) async fn list(self: Arc<Self>, invocation: Invocation) -> Result<Reply, CallError> {
        let request: ListRequest = invocation.kwargs()?;
        let limit = request.limit.unwrap_or(100);
        if !(1..=MOST_LISTED).contains(&limit) {
            let sentence = format!("limit must be a number from 1 to {MOST_LISTED}");
            return Err(CallError::invalid_argument(sentence));
        }
        let book = self.book.lock().await;
        let held: Vec<Alert> = book.held().into_iter().cloned().collect();
        let mut alerts = if request.active == Some(true) {
            held
        } else {
            // What holds is as the book has it; the table may be behind while the disk fails.
            let mut all = store::list(&self.database, limit)
                .await
                .map_err(|error| storage(&error))?;
            all.retain(|alert| alert.cleared_at.is_some());
            if request.active != Some(false) {
                all.extend(held);
                all.sort_by_key(|alert| std::cmp::Reverse(alert.at));
            }
            all
        };
        alerts.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(Reply::value(&alerts)?)
    }

    pub(crate) async fn acknowledge(self: Arc<Self>, invocation: Invocation) -> Result<Reply, CallError> {
        let request: AlertRequest = invocation.kwargs()?;
        let Some(id) = request.id.filter(|id| !id.is_empty()) else {
            return Err(CallError::invalid_argument("id must be the id of an alert"));
        };
        let by = invocation.caller_authid().unwrap_or("somebody");
        let mut book = self.book.lock().await;
        let Some((alert, is_news)) = book.acknowledge(&id, by) else {
            let sentence = format!("there is no alert {id:?} that holds");
            return Err(CallError::new(error::NO_SUCH_ALERT, sentence));
        };
        if is_news {
            self.save(&mut book).await;
            let published = self
                .session
                .publish(topic::ALERT_ACKNOWLEDGED)
                .kwargs(&alert)
                .send()
                .await;
            if let Err(error) = published {
                tracing::debug!(%error, "acknowledgement not told");
            }
        }
        Ok(Reply::kwargs(&alert)?)
    }

    pub(crate) async fn test(self: Arc<Self>, _: Invocation) -> Result<Reply, CallError> {
        let mut outcomes = Vec::new();
        if let Some(ntfy) = &self.ntfy {
            let sent = ntfy.send(&Message::test()).await;
            outcomes.push(Outcome {
                channel: "ntfy",
                ok: sent.is_ok(),
                detail: sent.map_or_else(|fault| fault.sentence, |()| "delivered".to_owned()),
            });
        }
        Ok(Reply::value(&outcomes)?)
    }

    async fn happening(&self, event: &Event) {
        if !matches!(event.topic(), topic::ALERT_RAISED | topic::ALERT_CLEARED) {
            return;
        }
        match read::<Alert>(event) {
            Some(alert) if event.topic() == topic::ALERT_RAISED => self.raised(alert).await,
            Some(alert) => self.cleared(alert).await,
            None => {}
        }
    }

    async fn raised(&self, alert: Alert) {
        let mut book = self.book.lock().await;
        book.raise(alert);
        // Phones first: they need no disk.
        self.send_due(&mut book);
        self.save(&mut book).await;
    }

    async fn cleared(&self, cleared: Alert) {
        let mut book = self.book.lock().await;
        let Some(mut held) = book.clear(cleared, now()) else {
            return;
        };
        if self.settings.tell_cleared && held.told_at.is_some() && held.alert.notify {
            self.send(&held.alert);
        }
        held.is_unsaved = true;
        if let Err(error) = store::save(&self.database, &held).await {
            // It will be taken for one that holds after a restart, until it is raised or cleared
            // again.
            tracing::error!(%error, alert = held.alert.id, "the end of an alert could not be stored");
        }
    }

    async fn receipt(&self, receipt: Receipt) {
        let mut book = self.book.lock().await;
        match receipt.arrived {
            Some(when) => book.told(&receipt.alert, when),
            None => book.not_told(&receipt.alert, now().after(REST)),
        }
        self.save(&mut book).await;
    }

    async fn tick(&self) {
        let mut book = self.book.lock().await;
        self.send_due(&mut book);
        self.save(&mut book).await;
    }

    fn send_due(&self, book: &mut AlertBook) {
        if self.parcels.is_none() {
            return;
        }
        for alert in book.due(self.settings.repeat_every, now()) {
            if !self.send(&alert) {
                book.not_told(&alert.id, now());
            }
        }
    }

    /// Puts a message about an alert on its way; false when there is no room.
    fn send(&self, alert: &Alert) -> bool {
        let parcel = Parcel {
            alert: alert.id.clone(),
            message: Message::of(alert),
        };
        self.parcels
            .as_ref()
            .is_some_and(|parcels| parcels.try_send(parcel).is_ok())
    }

    /// Stores what is new; what cannot be stored is tried again at the next occasion.
    async fn save(&self, book: &mut AlertBook) {
        for held in book.unsaved() {
            match store::save(&self.database, &held).await {
                Ok(number) => {
                    if let Some(held) = book.get_mut(&held.alert.id) {
                        held.number = Some(number);
                        held.is_unsaved = false;
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, alert = held.alert.id, "an alert could not be stored; trying again");
                    return;
                }
            }
        }
    }
}

/// Works until told to stop or the session ends.
pub(crate) async fn run(service: Arc<Service>, mut inbox: Inbox, mut stop: oneshot::Receiver<()>) {
    let mut ticks = tokio::time::interval(service.settings.tick);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    forget_old(&service.database).await;
    loop {
        tokio::select! {
            _ = &mut stop => break,
            event = inbox.alerts.next() => match event {
                Some(event) => service.happening(&event).await,
                None => break,
            },
            Some(receipt) = inbox.receipts.recv() => service.receipt(receipt).await,
            _ = ticks.tick() => service.tick().await,
        }
    }
    let mut book = service.book.lock().await;
    service.save(&mut book).await;
}

async fn forget_old(database: &Database) {
    let before: Timestamp = now().before(KEEP);
    if let Err(error) = store::forget(database, before).await {
        tracing::warn!(%error, "old alerts could not be deleted");
    }
}

fn storage(error: &DatabaseError) -> CallError {
    CallError::new(error::STORAGE, format!("the alerts cannot be read: {error}"))
}
