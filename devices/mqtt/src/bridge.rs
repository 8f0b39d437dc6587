//! The bridge as a member of the house.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use component::{devices, now, read, tell, tell_status};
use house::uri::{self, topic as wamp_topic};
use house::{
    Bridge, BridgeCommand, Device, DeviceId, DeviceStateReport, Lifecycle, Quantity, Registry, SensorEvent, Timestamp,
};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use wamp_client::{CallError, ConnectionState, Invocation, Reply, Session, StateStream, Subscription};

use crate::catalog::{Catalog, CommandFault, Effect};
use crate::entity::Outgoing;
use crate::faults::Faults;
use crate::link::{Link, LinkEvent, Message};
use crate::running::Counters;
use crate::store::{Announcement, Change};
use crate::topic;

/// Devices announce themselves entity by entity; the house is shown them this long after the
/// first, whole.
const GATHER: Duration = Duration::from_millis(50);
/// How often it is looked what time alone has changed.
const TICK: Duration = Duration::from_secs(1);

/// What commands need, shared with the procedure's handler.
pub(crate) struct Shared {
    pub(crate) catalog: Mutex<Catalog>,
    pub(crate) link: Link,
    pub(crate) session: Session,
}

impl Shared {
    fn catalog(&self) -> MutexGuard<'_, Catalog> {
        // The catalog is plain data, changed by functions that do not panic.
        self.catalog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends a command to its device.
    async fn command(&self, command: BridgeCommand) -> Result<(), CallError> {
        let ready = self
            .catalog()
            .command(&command.device, &command.entity, command.on)
            .map_err(|fault| {
                let uri = match fault {
                    CommandFault::NoSuchDevice(_) | CommandFault::NoSuchActuator { .. } => uri::error::NO_SUCH_DEVICE,
                    CommandFault::Offline(_) | CommandFault::Template(_) => uri::error::DEVICE_UNAVAILABLE,
                };
                CallError::new(uri, fault.to_string())
            })?;
        for message in ready.messages {
            self.link
                .publish(message)
                .map_err(|error| CallError::new(uri::error::DEVICE_UNAVAILABLE, error.to_string()))?;
        }
        if ready.optimistic {
            let report = DeviceStateReport {
                device: command.device,
                entity: command.entity,
                on: command.on,
                at: now(),
            };
            tell(&self.session, wamp_topic::DEVICE_STATE, &report).await;
        }
        Ok(())
    }
}

/// Registers the procedure by which the house commands MQTT devices.
pub(crate) async fn register(shared: &Arc<Shared>) -> Result<(), wamp_client::Error> {
    let shared_by_calls = Arc::clone(shared);
    shared
        .session
        .register(uri::bridge_command(Bridge::Mqtt))
        .handler(move |invocation: Invocation| {
            let shared = Arc::clone(&shared_by_calls);
            async move {
                shared.command(invocation.kwargs()?).await?;
                Ok(Reply::empty())
            }
        })
        .await?;
    Ok(())
}

pub(crate) struct Loop {
    pub(crate) shared: Arc<Shared>,
    pub(crate) prefix: String,
    pub(crate) events: mpsc::UnboundedReceiver<LinkEvent>,
    pub(crate) states: StateStream,
    pub(crate) changed: Subscription,
    pub(crate) started: Subscription,
    pub(crate) search: Subscription,
    pub(crate) store: Option<mpsc::UnboundedSender<Change>>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) registry: Registry,
    pub(crate) faults: Faults,
    /// Devices that the house is to be shown, and when.
    pub(crate) unseen: BTreeSet<DeviceId>,
    pub(crate) show_at: Option<Instant>,
    /// The connection was there and is gone.
    pub(crate) lost: bool,
}

impl Loop {
    /// Runs until told to stop, or until the session or the server is gone for good.
    pub(crate) async fn run(mut self, mut stopped: oneshot::Receiver<()>) {
        self.load_registry().await;
        self.show_all();
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let show_at = self.show_at;
            tokio::select! {
                _ = &mut stopped => break,
                event = self.events.recv() => match event {
                    Some(LinkEvent::Message(message)) => self.take(message).await,
                    Some(LinkEvent::Connected) => self.connected().await,
                    Some(LinkEvent::Lost(cause)) => self.connection_lost(&cause).await,
                    None => break,
                },
                event = self.changed.next() => match event {
                    // So many at once that some were lost: the whole list it is.
                    Some(event) if event.missed > 0 => self.load_registry().await,
                    Some(event) => if let Some(device) = read(&event) {
                        self.apply(device).await;
                    },
                    None => break,
                },
                event = self.started.next() => {
                    if event.is_none() {
                        break;
                    }
                    self.show_all();
                }
                event = self.search.next() => {
                    if event.is_none() {
                        break;
                    }
                    self.show_all();
                    self.say_status("online");
                }
                state = self.states.next() => match state {
                    Some(ConnectionState::Joined(_)) => {
                        self.load_registry().await;
                        self.show_all();
                    }
                    Some(ConnectionState::Reconnecting { .. }) => {}
                    Some(ConnectionState::Closed(_)) | None => break,
                },
                _ = tick.tick() => {
                    let effects = self.shared.catalog().tick(now());
                    self.perform("", &Bytes::new(), effects).await;
                }
                () = sleep_until(show_at.unwrap_or_else(Instant::now)), if show_at.is_some() => self.show().await,
            }
        }
        self.say_status("offline");
    }

    async fn take(&mut self, message: Message) {
        self.counters.messages.fetch_add(1, Ordering::Relaxed);
        let Message {
            topic,
            payload,
            retained_at,
            permit,
        } = message;
        let effects = self.shared.catalog().handle(&topic, &payload, retained_at, now());
        self.perform(&topic, &payload, effects).await;
        drop(permit);
    }

    async fn perform(&mut self, topic: &str, payload: &Bytes, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Values { device, values, at } => self.publish_values(&device, values, at).await,
                Effect::State(report) => tell(&self.shared.session, wamp_topic::DEVICE_STATE, &report).await,
                Effect::Subscribe(topic) => self.shared.link.subscribe(&topic),
                Effect::Unsubscribe(topic) => self.shared.link.unsubscribe(&topic),
                Effect::Changed(device) => self.show_soon(device),
                Effect::Gone(device) => {
                    self.unseen.remove(&device.id);
                    tell(&self.shared.session, wamp_topic::DEVICE_SEEN, &*device).await;
                }
                Effect::Save { topic, device } => self.save(Change::Save {
                    announcement: Announcement {
                        topic,
                        payload: payload.clone(),
                        device,
                    },
                    at: now(),
                }),
                Effect::Forget { topic } => self.save(Change::Forget { topic }),
                Effect::Fault { device, sentence } => self.tell_fault(topic, device.as_deref(), &sentence),
            }
        }
    }

    fn save(&self, change: Change) {
        if let Some(store) = &self.store
            && store.send(change).is_err()
        {
            tracing::error!("an MQTT announcement is not saved: the task that does so is gone");
        }
    }

    fn tell_fault(&mut self, topic: &str, device: Option<&str>, sentence: &str) {
        self.counters.faults.fetch_add(1, Ordering::Relaxed);
        let Some(untold) = self.faults.tell(topic, now()) else {
            return;
        };
        let name = device
            .and_then(|id| self.shared.catalog().device(id))
            .map(|device| device.name);
        let name = name.as_deref().unwrap_or("an unknown device");
        tracing::warn!(device.id = device, topic, untold, "MQTT: {name}: {sentence}");
    }

    /// Readings of adopted devices go to the house; others wait until they are adopted.
    async fn publish_values(&self, device: &str, values: Vec<(Quantity, f64)>, at: Timestamp) {
        let adopted = self
            .registry
            .device(device)
            .filter(|device| device.lifecycle == Lifecycle::Adopted);
        let Some(adopted) = adopted else { return };
        let event = SensorEvent {
            sensor_id: device.to_owned(),
            area: adopted.area.clone(),
            at: Some(at),
            values,
            rejected: Vec::new(),
        };
        tell(&self.shared.session, wamp_topic::SENSOR_EVENTS, &event).await;
    }

    /// A device as the house now has it; what a newly adopted one said last is told at once.
    async fn apply(&mut self, device: Device) {
        let was_adopted = self.is_adopted(&device.id);
        let id = device.id.clone();
        self.registry.apply(device);
        if !was_adopted && self.is_adopted(&id) {
            let latest = self.shared.catalog().latest_values(&id);
            if let Some((values, at)) = latest {
                self.publish_values(&id, values, at).await;
            }
        }
    }

    fn is_adopted(&self, device: &str) -> bool {
        self.registry
            .device(device)
            .is_some_and(|device| device.lifecycle == Lifecycle::Adopted)
    }

    async fn load_registry(&mut self) {
        if let Some(devices) = devices(&self.shared.session).await {
            self.registry.clear();
            devices.into_iter().for_each(|device| self.registry.apply(device));
        }
    }

    fn show_soon(&mut self, device: DeviceId) {
        self.unseen.insert(device);
        self.show_at.get_or_insert_with(|| Instant::now() + GATHER);
    }

    fn show_all(&mut self) {
        let ids = self.shared.catalog().ids();
        for id in ids {
            self.show_soon(id);
        }
    }

    async fn show(&mut self) {
        self.show_at = None;
        for id in std::mem::take(&mut self.unseen) {
            let device = self.shared.catalog().device(&id);
            if let Some(device) = device {
                tell(&self.shared.session, wamp_topic::DEVICE_SEEN, &device).await;
            }
        }
        if let Link::Embedded(local) = &self.shared.link {
            self.counters.dropped.store(local.dropped(), Ordering::Relaxed);
        }
    }

    /// Subscribes to everything again, then says that the hub is there: devices announce
    /// themselves when they hear it.
    async fn connected(&mut self) {
        let link = self.shared.link.clone();
        for filter in topic::filters(&self.prefix) {
            link.subscribe(&filter);
        }
        let (topics, changed) = {
            let mut catalog = self.shared.catalog();
            let topics: Vec<String> = catalog.topics().map(str::to_owned).collect();
            (topics, catalog.set_connected(true))
        };
        for topic in topics {
            link.subscribe(&topic);
        }
        self.say_status("online");
        for device in changed {
            self.show_soon(device);
        }
        if std::mem::take(&mut self.lost) {
            self.tell_status("running", "The MQTT server is there again.").await;
        }
    }

    async fn connection_lost(&mut self, cause: &str) {
        let changed = self.shared.catalog().set_connected(false);
        for device in changed {
            self.show_soon(device);
        }
        self.lost = true;
        self.tell_status("waiting", &format!("The MQTT server cannot be reached: {cause}."))
            .await;
    }

    /// The birth message, or the farewell.
    fn say_status(&self, status: &str) {
        let message = Outgoing {
            topic: topic::status(&self.prefix),
            payload: status.to_owned(),
            retain: false,
            qos: 0,
        };
        if let Err(error) = self.shared.link.publish(message) {
            tracing::debug!(%error, "devices are not told that the hub is {status}");
        }
    }

    async fn tell_status(&self, status: &'static str, detail: &str) {
        if status == "running" {
            tracing::info!("{detail}");
        } else {
            tracing::warn!("{detail}");
        }
        tell_status(&self.shared.session, "mqtt", status, detail).await;
    }
}
