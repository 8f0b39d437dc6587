//! The registry at work: reports come in, news go out, changes are stored.

use std::sync::Arc;
use std::time::Duration;

use component::{now, read};
use database::Database;
use house::uri::topic;
use house::{Device, SensorEvent};
use serde::Serialize;
use tokio::sync::{Mutex, MutexGuard, broadcast, oneshot};
use wamp_client::{CallError, ConnectionState, Invocation, Reply, Session, Subscription};

use crate::fault::Fault;
use crate::registry::{DeviceRegistry, News, Record};
use crate::request::{DeviceRequest, check_seen};
use crate::store;

/// Found devices that may wait for a search that is slow to send them on.
const SEARCH_QUEUE: usize = 256;

pub(crate) struct Service {
    pub(crate) session: Session,
    database: Database,
    /// Held while a change is stored and told, so that the news leave in the order of the changes.
    registry: Mutex<DeviceRegistry>,
    found: broadcast::Sender<Device>,
}

/// The payload of `device.changed`: the device, and who changed it when somebody did.
#[derive(Serialize)]
struct Changed<'a> {
    #[serde(flatten)]
    device: &'a Device,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<&'a str>,
    /// Of a device that is removed because it is one with another: that one's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    joined: Option<&'a str>,
}

impl Service {
    pub(crate) fn new(session: Session, database: Database, registry: DeviceRegistry) -> Self {
        Self {
            session,
            database,
            registry: Mutex::new(registry),
            found: broadcast::channel(SEARCH_QUEUE).0,
        }
    }

    pub(crate) async fn registry(&self) -> MutexGuard<'_, DeviceRegistry> {
        self.registry.lock().await
    }

    /// Devices as they are found from now on.
    pub(crate) fn watch_found(&self) -> broadcast::Receiver<Device> {
        self.found.subscribe()
    }

    pub(crate) async fn list(self: Arc<Self>, _: Invocation) -> Result<Reply, CallError> {
        let registry = self.registry().await;
        Ok(Reply::value(&registry.devices().collect::<Vec<_>>())?)
    }

    pub(crate) async fn adopt(self: Arc<Self>, invocation: Invocation) -> Result<Reply, CallError> {
        let request: DeviceRequest = invocation.kwargs()?;
        let (id, area, name) = (request.device()?, request.required_area()?, request.name()?);
        let mut registry = self.registry().await;
        let record = registry.adopted(id, area, name, request.kinds.clone())?;
        self.put(&mut registry, record, invocation.caller_authid()).await
    }

    pub(crate) async fn rename(self: Arc<Self>, invocation: Invocation) -> Result<Reply, CallError> {
        let request: DeviceRequest = invocation.kwargs()?;
        let (id, area, name) = (request.device()?, request.area()?, request.name()?);
        request.changes_something()?;
        let mut registry = self.registry().await;
        let record = registry.renamed(id, area, name, request.kinds.clone())?;
        self.put(&mut registry, record, invocation.caller_authid()).await
    }

    pub(crate) async fn replace(self: Arc<Self>, invocation: Invocation) -> Result<Reply, CallError> {
        let request: DeviceRequest = invocation.kwargs()?;
        let (id, by) = (request.device()?, request.by()?);
        let mut registry = self.registry().await;
        let (record, gone) = registry.replaced(id, by)?;
        store::save_and_delete(&self.database, std::slice::from_ref(&record), Some(&gone))
            .await
            .map_err(Fault::from)?;
        let device = record.device.clone();
        let gone = registry.remove(&gone);
        registry.put(record, now());
        // In this order: whoever hears that the other is gone knows that this device has it.
        self.tell(topic::DEVICE_CHANGED, &device, invocation.caller_authid())
            .await;
        if let Some(gone) = gone {
            self.tell_joined(&gone, &device.id).await;
        }
        Ok(Reply::kwargs(&device)?)
    }

    pub(crate) async fn ignore(self: Arc<Self>, invocation: Invocation) -> Result<Reply, CallError> {
        let request: DeviceRequest = invocation.kwargs()?;
        let id = request.device()?;
        let mut registry = self.registry().await;
        let record = registry.ignored(id)?;
        self.put(&mut registry, record, invocation.caller_authid()).await
    }

    pub(crate) async fn remove(self: Arc<Self>, invocation: Invocation) -> Result<Reply, CallError> {
        let request: DeviceRequest = invocation.kwargs()?;
        let mut registry = self.registry().await;
        let id = registry.record(request.device()?)?.device.id.clone();
        store::delete(&self.database, &id).await.map_err(Fault::from)?;
        let device = registry.remove(&id).ok_or(Fault::NoSuchDevice { id })?;
        self.tell(topic::DEVICE_CHANGED, &device, invocation.caller_authid())
            .await;
        Ok(Reply::kwargs(&device)?)
    }

    /// A person's change holds once it is stored, and is told then.
    async fn put(&self, registry: &mut DeviceRegistry, record: Record, by: Option<&str>) -> Result<Reply, CallError> {
        store::save(&self.database, std::slice::from_ref(&record))
            .await
            .map_err(Fault::from)?;
        let device = record.device.clone();
        registry.put(record, now());
        self.tell(topic::DEVICE_CHANGED, &device, by).await;
        Ok(Reply::kwargs(&device)?)
    }

    async fn seen(&self, device: Device) {
        if let Err(fault) = check_seen(&device) {
            tracing::warn!(fault, "a bridge reported what cannot be a device");
            return;
        }
        let mut registry = self.registry().await;
        let news = registry.see(device, now());
        self.tell_news(news).await;
    }

    async fn heard(&self, event: SensorEvent) {
        let mut registry = self.registry().await;
        let turned_away = registry.turned_away;
        let news = registry.hear(&event, now());
        if turned_away == 0 && registry.turned_away > 0 {
            tracing::warn!(
                "too many devices wait for adoption; more are not taken until some are adopted, ignored or silent for long"
            );
        }
        self.tell_news(news).await;
    }

    async fn tell_news(&self, news: Vec<News>) {
        for news in news {
            match news {
                News::Found(device) => {
                    self.tell(topic::DEVICE_FOUND, &device, None).await;
                    // An error means that nobody searches just now.
                    let _ = self.found.send(device);
                }
                News::Changed(device) => self.tell(topic::DEVICE_CHANGED, &device, None).await,
                // What cannot be deleted now is back after the next start, and goes again.
                News::Joined(device, other) => {
                    self.delete(&device).await;
                    self.tell_joined(&device, &other).await;
                }
                News::Dropped(device) => {
                    self.delete(&device).await;
                    self.tell(topic::DEVICE_CHANGED, &device, None).await;
                }
            }
        }
    }

    async fn delete(&self, device: &Device) {
        if let Err(error) = store::delete(&self.database, &device.id).await {
            tracing::warn!(%error, device = device.id, "a device that is no more is still stored");
        }
    }

    async fn tick(&self) {
        let mut registry = self.registry().await;
        for device in registry.due_to_tell(now()) {
            self.tell(topic::DEVICE_CHANGED, &device, None).await;
        }
        let due = registry.due_to_store(now(), false);
        self.store(&mut registry, due).await;
    }

    async fn store_all(&self) {
        let mut registry = self.registry().await;
        let due = registry.due_to_store(now(), true);
        self.store(&mut registry, due).await;
    }

    async fn store(&self, registry: &mut DeviceRegistry, due: Vec<Record>) {
        if due.is_empty() {
            return;
        }
        if let Err(error) = store::save(&self.database, &due).await {
            tracing::warn!(%error, "devices could not be stored; trying again");
            registry.not_stored(&due);
        }
    }

    async fn tell(&self, topic: &'static str, device: &Device, by: Option<&str>) {
        let joined = None;
        self.publish(topic, &Changed { device, by, joined }).await;
    }

    /// `device` is no longer one of its own.
    async fn tell_joined(&self, device: &Device, other: &str) {
        let (by, joined) = (None, Some(other));
        self.publish(topic::DEVICE_CHANGED, &Changed { device, by, joined })
            .await;
    }

    async fn publish(&self, topic: &'static str, news: &Changed<'_>) {
        if let Err(error) = self.session.publish(topic).kwargs(news).send().await {
            // After a reconnect everyone takes the whole list anew.
            tracing::debug!(%error, topic, device = news.device.id, "not told");
        }
    }
}

/// Works until told to stop or the session ends.
pub(crate) async fn run(
    service: Arc<Service>,
    mut seen: Subscription,
    mut readings: Subscription,
    tick: Duration,
    mut stop: oneshot::Receiver<()>,
) {
    let mut connection = service.session.watch();
    let mut ticks = tokio::time::interval(tick);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = &mut stop => break,
            event = seen.next() => {
                let Some(event) = event else { break };
                if event.missed > 0 {
                    // What was missed is said again.
                    announce(&service.session).await;
                }
                if let Some(device) = read::<Device>(&event) {
                    service.seen(device).await;
                }
            }
            event = readings.next() => {
                let Some(event) = event else { break };
                // What is no sensor event is the logger's to tell.
                if let Ok(reading) = event.fields::<SensorEvent>() {
                    service.heard(reading).await;
                }
            }
            state = connection.next() => match state {
                Some(ConnectionState::Joined(_)) => announce(&service.session).await,
                Some(ConnectionState::Reconnecting { .. }) => {}
                Some(ConnectionState::Closed(_)) | None => break,
            },
            _ = ticks.tick() => service.tick().await,
        }
    }
    service.store_all().await;
}

/// Asks bridges to report all they know.
async fn announce(session: &Session) {
    if let Err(error) = session.publish(topic::DISCOVERY_STARTED).send().await {
        tracing::debug!(%error, "bridges not asked");
    }
}
