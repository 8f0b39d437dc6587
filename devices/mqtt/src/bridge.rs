//! The bridge as a member of the house.

mod commands;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use component::{devices, now, read, tell, tell_status};
use house::uri::topic as wamp_topic;
use house::{Bridge, Device, DeviceId, Lifecycle, Quantity, Registry, SensorEvent, Timestamp};
use serde::Deserialize;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use wamp_client::{ConnectionState, Event, StateStream, Subscription};

pub(crate) use self::commands::{Shared, register};
use crate::catalog::Effect;
use crate::entity::Outgoing;
use crate::faults::Faults;
use crate::link::{Link, LinkEvent, Message};
use crate::running::Counters;
use crate::store::{Announcement, Change};
use crate::{dialect, topic, zigbee};

/// Devices announce themselves entity by entity; the house is shown them this long after the
/// first, whole.
const GATHER: Duration = Duration::from_millis(50);
/// How often it is looked what time alone has changed.
const TICK: Duration = Duration::from_secs(1);
/// Messages taken in a row.
const AT_ONCE: u32 = 64;
/// What a device says for people alone is shown at most every so many ticks.
const TICKS_TO_SHOW: u32 = 5;

/// The payload of `discovery.search`.
#[derive(Deserialize)]
struct Search {
    seconds: f64,
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
    /// Devices that the house is to be shown when there is time, and the ticks since it last was.
    pub(crate) later: (BTreeSet<DeviceId>, u32),
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
                    Some(event) => self.take_some(event).await,
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
                    let Some(event) = event else { break };
                    self.show_all();
                    self.say_status("online");
                    self.search(&event).await;
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
                    self.perform("", effects).await;
                    self.show_later();
                }
                () = sleep_until(show_at.unwrap_or_else(Instant::now)), if show_at.is_some() => self.show().await,
            }
        }
        let effects = self.shared.catalog().end_joining(now());
        self.perform("", effects).await;
        self.say_status("offline");
    }

    /// Devices that speak through bridges of their own may join while the house searches.
    async fn search(&mut self, event: &Event) {
        let seconds = read::<Search>(event).map_or(0.0, |search| search.seconds);
        if let Ok(duration) = Duration::try_from_secs_f64(seconds)
            && !duration.is_zero()
        {
            let effects = self.shared.catalog().let_join(duration, now());
            self.perform("", effects).await;
        }
    }

    /// Takes an event of the server and those that wait behind it, up to a number after which others
    /// get their turn.
    async fn take_some(&mut self, first: LinkEvent) {
        let (mut event, mut left) = (Some(first), AT_ONCE);
        while let Some(next) = event.take() {
            match next {
                LinkEvent::Message(message) => self.take(message).await,
                LinkEvent::Connected => self.connected().await,
                LinkEvent::Lost(cause) => self.connection_lost(&cause).await,
            }
            left -= 1;
            if left > 0 {
                event = self.events.try_recv().ok();
            }
        }
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
        self.perform(&topic, effects).await;
        drop(permit);
    }

    async fn perform(&mut self, topic: &str, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Values { device, values, at } => self.publish_values(&device, values, at).await,
                Effect::State(report) => tell(&self.shared.session, wamp_topic::DEVICE_STATE, &report).await,
                Effect::Subscribe(topic) => self.shared.link.subscribe(&topic),
                Effect::Unsubscribe(topic) => self.shared.link.unsubscribe(&topic),
                Effect::Changed(device) => self.show_soon(device),
                Effect::Send(message) => self.send(message),
                Effect::Status { status, detail } => {
                    tell_status(&self.shared.session, "zigbee2mqtt", status, &detail).await;
                }
                Effect::Told(device) => {
                    self.later.0.insert(device);
                }
                Effect::Gone(device) => {
                    self.unseen.remove(&device.id);
                    tell(&self.shared.session, wamp_topic::DEVICE_SEEN, &*device).await;
                }
                Effect::Save { topic, device, payload } => self.save(Change::Save {
                    announcement: Announcement {
                        topic,
                        payload: payload.into(),
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
    async fn publish_values(&mut self, device: &str, values: Vec<(Quantity, f64)>, at: Timestamp) {
        let adopted = self
            .registry
            .spoken_for_by(device)
            .filter(|device| device.lifecycle == Lifecycle::Adopted);
        let Some(adopted) = adopted else {
            self.later.0.insert(device.to_owned());
            return;
        };
        let event = SensorEvent {
            sensor_id: adopted.id.clone(),
            area: adopted.area.clone(),
            at: Some(at),
            values,
            rejected: Vec::new(),
        };
        tell(&self.shared.session, wamp_topic::SENSOR_EVENTS, &event).await;
    }

    /// A device as the house now has it; what a newly adopted one said last is told at once.
    async fn apply(&mut self, device: Device) {
        let is_known = |known: &&Device| known.id == device.id && known.lifecycle == Lifecycle::Adopted;
        // What is one with another device from now on is still there.
        let is_joined = self
            .registry
            .spoken_for_by(&device.id)
            .is_some_and(|other| other.id != device.id);
        let known = self.registry.device(&device.id).filter(is_known).filter(|_| !is_joined);
        let asked: Vec<Effect> = known.map_or_else(Vec::new, |known| {
            let is_renamed = known.name != device.name;
            let ours = known.sources().filter(|(bridge, _)| *bridge == Bridge::Mqtt);
            ours.filter_map(|(_, id)| match device.lifecycle {
                Lifecycle::Removed => self.shared.catalog().removed(id),
                Lifecycle::Adopted if is_renamed => self.shared.catalog().renamed(id, &device.name),
                _ => None,
            })
            .collect()
        });
        self.perform("", asked).await;
        let sources = device.sources().map(|(_, id)| id.to_owned());
        let strangers: Vec<DeviceId> = sources.filter(|id| !self.is_adopted(id)).collect();
        self.registry.apply(device);
        for id in strangers {
            let latest = self.shared.catalog().latest_values(&id);
            if let Some((values, at)) = latest {
                self.publish_values(&id, values, at).await;
            }
        }
    }

    fn is_adopted(&self, device: &str) -> bool {
        self.registry
            .spoken_for_by(device)
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

    fn show_later(&mut self) {
        self.later.1 += 1;
        if self.later.1 >= TICKS_TO_SHOW {
            self.later.1 = 0;
            for device in std::mem::take(&mut self.later.0) {
                self.show_soon(device);
            }
        }
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
            if let Some(mut device) = device {
                if self.is_adopted(&id) {
                    // What it measures travels as readings.
                    device.last_values.clear();
                }
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
        for filter in zigbee::FILTERS.iter().chain(&dialect::FILTERS) {
            link.subscribe(filter);
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
        self.send(Outgoing {
            topic: topic::status(&self.prefix),
            payload: status.to_owned(),
            retain: false,
            qos: 0,
        });
    }

    fn send(&self, message: Outgoing) {
        let topic = message.topic.clone();
        if let Err(error) = self.shared.link.publish(message) {
            tracing::debug!(%error, topic, "not sent");
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
