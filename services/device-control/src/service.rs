//! The service's one task: it owns what is known of every actuator, and does what the actuators'
//! plain state says is to be done.

use std::collections::BTreeMap;
use std::time::Duration;

use component::{List, Listed, Outbox, fetch_alerts, now, read, until};
use house::uri::{self, topic};
use house::{
    ActuatorKind, ActuatorState, Alert, AlertKind, Availability, BridgeCommand, Device, DeviceStateReport, Lifecycle,
    Pace, Raised, Registry,
};
use tokio::sync::{mpsc, oneshot};
use wamp_client::{CallError, ConnectionState, Error, Event, Session, Subscription, error_uri};

use crate::actuator::{Actuator, Attempt, Effect};
use crate::alert;
use crate::callers::{Caller, Callers};
use crate::request::Request;
use crate::resolve::{ResolveFault, Target, called, find, resolve, spoken_of};
use crate::state::Known;
use crate::store::{Key, Writer};

/// How long controllers leave an actuator alone that a person switched, unless told otherwise.
const DEFAULT_OVERRIDE: Duration = Duration::from_secs(30 * 60);
/// How long a bridge may take to answer.
pub(crate) const BRIDGE_TIMEOUT: Duration = Duration::from_secs(5);
/// More actuators than any house has: what is reported beyond is not kept.
const MOST_ACTUATORS: usize = 4096;

/// What is sent to the service's task.
#[derive(Debug)]
pub(crate) enum Message {
    /// `dcs.<kind>.control`.
    Control {
        kind: ActuatorKind,
        request: Request,
        reply: Caller,
    },
    /// `actuator.list`.
    List(oneshot::Sender<Vec<ActuatorState>>),
    /// The adopted device that has this id or name.
    Device(String, oneshot::Sender<Option<Device>>),
    /// A bridge answered.
    Answered(Key, Attempt, Result<(), String>),
    /// The registry, as discovery has it.
    Devices(Listed<Device>),
    /// The alerts that hold, as the notifier has them.
    Alerts(Vec<Alert>),
}

pub(crate) struct Service {
    session: Session,
    inbox: mpsc::UnboundedSender<Message>,
    writer: Writer,
    registry: Registry,
    devices: List<Device>,
    actuators: BTreeMap<Key, Actuator>,
    override_for: Duration,
    callers: Callers,
    raised: Raised,
    outbox: Outbox,
}

/// What the service hears.
pub(crate) struct Ears {
    pub(crate) inbox: mpsc::UnboundedReceiver<Message>,
    pub(crate) reports: Subscription,
    pub(crate) devices: Subscription,
}

impl Service {
    pub(crate) fn new(
        session: Session,
        inbox: mpsc::UnboundedSender<Message>,
        devices: List<Device>,
        writer: Writer,
        stored: Vec<(Key, Known)>,
        pace: Pace,
    ) -> Self {
        let now = now();
        let override_for = pace.of(DEFAULT_OVERRIDE);
        let restore = |(key, known)| (key, Actuator::restored(known, override_for, now));
        Self {
            outbox: Outbox::new(&session),
            session,
            inbox,
            writer,
            registry: Registry::default(),
            devices,
            actuators: stored.into_iter().map(restore).collect(),
            override_for,
            callers: Callers::default(),
            raised: Raised::default(),
        }
    }

    /// Runs until told to stop, or until the session is over.
    pub(crate) async fn run(mut self, mut ears: Ears, mut stop: oneshot::Receiver<()>) {
        let mut connection = self.session.watch();
        loop {
            let wake_at = self.actuators.values().filter_map(Actuator::wake_at).min();
            let due = async {
                match wake_at {
                    Some(at) => until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                _ = &mut stop => break,
                report = ears.reports.next() => match report {
                    Some(event) => self.reported(&event).await,
                    None => break,
                },
                device = ears.devices.next() => match device {
                    Some(event) => self.device_changed(&event).await,
                    None => break,
                },
                // After the events: who asks because of one must find it heard.
                Some(message) = ears.inbox.recv() => self.handle(message).await,
                state = connection.next() => match state {
                    Some(ConnectionState::Joined(_)) => self.joined().await,
                    Some(ConnectionState::Reconnecting { .. }) => {}
                    Some(ConnectionState::Closed(_)) | None => break,
                },
                () = due => self.tick().await,
            }
        }
        self.writer.finish().await;
    }

    async fn handle(&mut self, message: Message) {
        match message {
            Message::Control { kind, request, reply } => self.control(kind, &request, reply).await,
            Message::List(reply) => {
                // A caller that has gone needs no answer.
                let _ = reply.send(self.list());
            }
            Message::Device(name, reply) => {
                let _ = reply.send(called(&self.registry, &name).cloned());
            }
            Message::Answered(key, attempt, answer) => {
                let effects = self.with(&key, |actuator| actuator.answered(attempt, answer, now()));
                self.perform(&key, effects).await;
            }
            Message::Devices(listed) => match self.devices.current(listed) {
                Some(devices) => self.take_registry(devices).await,
                None => self.fetch_devices(),
            },
            Message::Alerts(alerts) => self.take_alerts(alerts).await,
        }
    }

    /// Takes over the alerts from before a restart, and clears those whose actuator has answered.
    async fn take_alerts(&mut self, alerts: Vec<Alert>) {
        let ours = |alert: &Alert| alert.kind == AlertKind::NoEcho;
        self.raised.adopt(alerts.into_iter().filter(ours));
        let confirmed = |(key, actuator): (&Key, &Actuator)| actuator.known().confirmed.then(|| key.clone());
        let answered: Vec<Key> = self.actuators.iter().filter_map(confirmed).collect();
        for key in answered {
            self.clear(&key).await;
        }
    }

    async fn joined(&mut self) {
        self.outbox.flush().await;
        self.fetch_devices();
        fetch_alerts(&self.session, &self.inbox, Message::Alerts);
    }

    fn fetch_devices(&self) {
        self.devices.fetch(&self.session, &self.inbox, Message::Devices);
    }

    async fn control(&mut self, kind: ActuatorKind, request: &Request, reply: Caller) {
        let target = match resolve(&self.registry, kind, &request.wanted) {
            Ok(target) => target,
            Err(fault) => {
                let sentence = fault.to_string();
                let error = match fault {
                    ResolveFault::NotFound(_) => CallError::new(uri::error::HARDWARE_NOT_FOUND, sentence),
                    ResolveFault::Several(_) => CallError::invalid_argument(sentence),
                };
                let _ = reply.send(Err(error));
                return;
            }
        };
        let now = now();
        let key = (target.device, target.entity);
        let ticket = self.callers.add(reply);
        let command = request.command(self.override_for, now);
        let override_for = self.override_for;
        let actuator = self
            .actuators
            .entry(key.clone())
            .or_insert_with(|| Actuator::new(override_for));
        let effects = actuator.command(command, ticket, now);
        self.perform(&key, effects).await;
    }

    fn list(&self) -> Vec<ActuatorState> {
        let of_device = |device: &Device| -> Vec<ActuatorState> {
            let targets = device
                .actuators()
                .filter_map(|(entity, _)| find(&self.registry, &device.id, &entity.id));
            targets.map(|target| self.state(&target)).collect()
        };
        self.registry.adopted().flat_map(of_device).collect()
    }

    fn state_of(&self, (device, entity): &Key) -> Option<ActuatorState> {
        find(&self.registry, device, entity).map(|target| self.state(&target))
    }

    fn state(&self, target: &Target) -> ActuatorState {
        let key = (target.device.clone(), target.entity.clone());
        match self.actuators.get(&key) {
            Some(actuator) => actuator.known().to_state(target),
            None => Known::unknown().to_state(target),
        }
    }

    async fn reported(&mut self, event: &Event) {
        let Some(report) = read::<DeviceStateReport>(event) else {
            return;
        };
        let Some(key) = spoken_of(&self.registry, report.device, report.entity) else {
            return;
        };
        if !self.actuators.contains_key(&key) && self.actuators.len() >= MOST_ACTUATORS {
            tracing::warn!(device = key.0, "too many actuators, this one is not kept");
            return;
        }
        let override_for = self.override_for;
        let actuator = self
            .actuators
            .entry(key.clone())
            .or_insert_with(|| Actuator::new(override_for));
        let effects = actuator.reported(report.on, now());
        self.perform(&key, effects).await;
    }

    async fn device_changed(&mut self, event: &Event) {
        if let Some(device) = read(event) {
            self.devices.changed();
            self.take_device(device).await;
        }
    }

    async fn take_registry(&mut self, devices: Vec<Device>) {
        let gone: Vec<Key> = self.actuators.keys().cloned().collect();
        let listed = |key: &Key| devices.iter().any(|device| device.id == key.0);
        for key in gone.into_iter().filter(|key| !listed(key)) {
            let effects = self.with(&key, Actuator::abandon);
            self.perform(&key, effects).await;
        }
        self.registry.clear();
        for device in devices {
            self.take_device(device).await;
        }
    }

    async fn take_device(&mut self, device: Device) {
        let was_offline = self
            .registry
            .device(&device.id)
            .is_some_and(|known| known.availability == Availability::Offline);
        let keys: Vec<Key> = self
            .actuators
            .keys()
            .filter(|key| key.0 == device.id)
            .cloned()
            .collect();
        let (lifecycle, availability) = (device.lifecycle, device.availability);
        self.registry.apply(device);
        for key in keys {
            if lifecycle != Lifecycle::Adopted {
                let effects = self.with(&key, Actuator::abandon);
                self.perform(&key, effects).await;
            } else if was_offline && availability == Availability::Online {
                self.with(&key, |actuator| {
                    actuator.returned(now());
                    Vec::new()
                });
            }
            if lifecycle == Lifecycle::Removed {
                self.actuators.remove(&key);
                self.writer.put(key, None);
            }
        }
    }

    async fn tick(&mut self) {
        let now = now();
        let is_due = |actuator: &Actuator| actuator.wake_at().is_some_and(|at| at <= now);
        let due: Vec<Key> = self
            .actuators
            .iter()
            .filter(|(_, actuator)| is_due(actuator))
            .map(|(key, _)| key.clone())
            .collect();
        for key in due {
            let effects = self.with(&key, |actuator| actuator.tick(now));
            self.perform(&key, effects).await;
        }
    }

    fn with(&mut self, key: &Key, change: impl FnOnce(&mut Actuator) -> Vec<Effect>) -> Vec<Effect> {
        self.actuators.get_mut(key).map(change).unwrap_or_default()
    }

    async fn perform(&mut self, key: &Key, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send { on, attempt } => self.send(key, on, attempt),
                Effect::Accepted(tickets) => self.callers.accepted(&tickets, self.state_of(key).as_ref()),
                Effect::Confirmed(tickets) => self.callers.confirmed(&tickets, self.state_of(key).as_ref()),
                Effect::Refused(tickets, fault) => self.callers.refused(&tickets, &fault),
                Effect::Announce => self.announce(key).await,
                Effect::Save => {
                    let known = self.actuators.get(key).map(|actuator| actuator.known().clone());
                    self.writer.put(key.clone(), known);
                }
                Effect::Raise(fault) => self.raise(key, &fault).await,
                Effect::Clear => self.clear(key).await,
            }
        }
    }

    fn send(&self, key: &Key, on: bool, attempt: Attempt) {
        let (inbox, key) = (self.inbox.clone(), key.clone());
        let Some(target) = find(&self.registry, &key.0, &key.1) else {
            let unknown = Err("the device is not known".into());
            // The service's own inbox is open as long as it runs.
            let _ = inbox.send(Message::Answered(key, attempt, unknown));
            return;
        };
        let Some(device) = self.registry.device(&target.device) else {
            return;
        };
        let route = device.route(&target.entity);
        let bridge = route.bridge;
        let call = self
            .session
            .call(uri::bridge_command(bridge))
            .kwargs(&BridgeCommand {
                device: route.device.to_owned(),
                entity: route.entity.to_owned(),
                kind: target.kind,
                on,
            })
            .timeout(BRIDGE_TIMEOUT);
        tokio::spawn(async move {
            let answer = call.send().await.map(|_| ()).map_err(|error| match error {
                Error::Rejected(error) if error.uri() == error_uri::NO_SUCH_PROCEDURE => {
                    format!("the {} bridge is not there", bridge.name())
                }
                Error::Rejected(error) => error.message().unwrap_or_else(|| error.to_string()),
                error => error.to_string(),
            });
            let _ = inbox.send(Message::Answered(key, attempt, answer));
        });
    }

    async fn announce(&mut self, key: &Key) {
        let adopted = |target: &Target| {
            let device = self.registry.device(&target.device);
            device.is_some_and(|device| device.lifecycle == Lifecycle::Adopted)
        };
        if let Some(target) = find(&self.registry, &key.0, &key.1).filter(adopted) {
            let state = self.state(&target);
            let confirmed = state.confirmed;
            self.outbox.publish(topic::ACTUATOR_EVENTS, state).await;
            if confirmed {
                self.clear(key).await;
            }
        }
    }

    async fn raise(&mut self, key: &Key, fault: &str) {
        let Some(target) = find(&self.registry, &key.0, &key.1) else {
            return;
        };
        let alert = alert::not_following(&target, fault, now());
        if let Some(alert) = self.raised.raise(alert) {
            self.outbox.publish_alert(alert).await;
        }
    }

    async fn clear(&mut self, key: &Key) {
        let target = find(&self.registry, &key.0, &key.1);
        let name = target.map_or_else(|| key.0.clone(), |target| target.name);
        let (id, message) = (alert::id(&key.0, &key.1), format!("{name} answers again"));
        if let Some(alert) = self.raised.clear(&id, message, None, now()) {
            self.outbox.publish_alert(alert).await;
        }
    }
}
