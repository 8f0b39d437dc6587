//! The service's one task: it hears the house, and acts on each area's plan.

use std::collections::BTreeMap;

use house::uri::{device_control, procedure};
use house::{ActuatorKey, ActuatorState, Alert, AlertKind, AreaId, Cause, ControlView, Device, Pace, Quantity};
use house::{Raised, Threshold, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};
use wamp_client::{ConnectionState, Event, Session, Subscription};

use crate::calls::Calls;
use crate::clock;
use crate::fetch::fetch;
use crate::outbox::Outbox;
use crate::plan::{KINDS, LONGEST_SLEEP, Switch, plan};

/// How long a command may take.
const COMMAND_TIMEOUT: std::time::Duration = std::time::Duration::from_secs(10);

/// What is sent to the service's task.
#[derive(Debug)]
pub(crate) enum Message {
    /// A command has ended.
    Commanded(ActuatorKey, Result<ActuatorState, String>),
    /// Lists that others keep.
    Devices(Vec<Device>, Heard),
    Thresholds(Vec<Threshold>, Heard),
    Actuators(Vec<ActuatorState>, Heard),
    Alerts(Vec<Alert>),
}

/// How many events had been heard when a list was asked for. A list that an event has overtaken
/// may be older than it, and is asked for again.
pub(crate) type Heard = u64;

/// What the service hears.
pub(crate) struct Ears {
    pub(crate) inbox: mpsc::UnboundedReceiver<Message>,
    pub(crate) readings: Subscription,
    pub(crate) actuators: Subscription,
    pub(crate) config: Subscription,
    pub(crate) devices: Subscription,
}

#[derive(Deserialize)]
struct Key {
    key: String,
}

#[derive(Deserialize)]
struct ThresholdChanged {
    key: String,
    #[serde(default)]
    new: Option<Threshold>,
}

#[derive(Serialize)]
struct ControlOptions {
    device: String,
    entity: String,
    cause: Cause,
}

pub(crate) struct Service {
    session: Session,
    inbox: mpsc::UnboundedSender<Message>,
    outbox: Outbox,
    pace: Pace,
    view: ControlView,
    calls: Calls,
    raised: Raised,
    heard_devices: Heard,
    heard_thresholds: Heard,
    heard_actuators: Heard,
    wake_at: BTreeMap<AreaId, Timestamp>,
}

impl Service {
    pub(crate) fn new(session: Session, inbox: mpsc::UnboundedSender<Message>, pace: Pace) -> Self {
        Self {
            outbox: Outbox::new(session.clone()),
            session,
            inbox,
            pace,
            view: ControlView::new(Quantity::Temperature, KINDS, clock::now()),
            calls: Calls::default(),
            raised: Raised::default(),
            heard_devices: 0,
            heard_thresholds: 0,
            heard_actuators: 0,
            wake_at: BTreeMap::new(),
        }
    }

    /// Runs until told to stop, or until the session is over.
    pub(crate) async fn run(mut self, mut ears: Ears, mut stop: oneshot::Receiver<()>) {
        let mut connection = self.session.watch();
        loop {
            let next = self.wake_at.values().min().map(|at| at.since(clock::now()));
            let due = tokio::time::sleep(next.map_or(LONGEST_SLEEP, |next| next.min(LONGEST_SLEEP)));
            tokio::select! {
                biased;
                _ = &mut stop => return,
                event = ears.actuators.next() => match event {
                    Some(event) => self.actuator_changed(&event).await,
                    None => return,
                },
                event = ears.config.next() => match event {
                    Some(event) => self.config_changed(&event).await,
                    None => return,
                },
                event = ears.devices.next() => match event {
                    Some(event) => self.device_changed(&event),
                    None => return,
                },
                // After what people and devices did: what was read later is judged by it.
                event = ears.readings.next() => match event {
                    Some(event) => self.read(&event).await,
                    None => return,
                },
                Some(message) = ears.inbox.recv() => self.handle(message).await,
                state = connection.next() => match state {
                    Some(ConnectionState::Joined(_)) => self.joined().await,
                    Some(ConnectionState::Reconnecting { .. }) => {}
                    Some(ConnectionState::Closed(_)) | None => return,
                },
                () = due => self.reconcile_everywhere().await,
            }
        }
    }

    async fn joined(&mut self) {
        self.outbox.flush().await;
        self.fetch_devices();
        self.fetch_thresholds();
        self.fetch_actuators();
        fetch(&self.session, procedure::ALERT_LIST, &self.inbox, Message::Alerts);
    }

    fn fetch_devices(&self) {
        let heard = self.heard_devices;
        let wrap = move |list| Message::Devices(list, heard);
        fetch(&self.session, procedure::DEVICE_LIST, &self.inbox, wrap);
    }

    fn fetch_thresholds(&self) {
        let heard = self.heard_thresholds;
        let wrap = move |list| Message::Thresholds(list, heard);
        fetch(&self.session, procedure::THRESHOLDS_LIST, &self.inbox, wrap);
    }

    fn fetch_actuators(&self) {
        let heard = self.heard_actuators;
        let wrap = move |list| Message::Actuators(list, heard);
        fetch(&self.session, procedure::ACTUATOR_LIST, &self.inbox, wrap);
    }

    async fn read(&mut self, event: &Event) {
        let Some(event) = take(event) else { return };
        let area = self.view.read(&event, clock::now());
        self.reconcile(area).await;
    }

    async fn actuator_changed(&mut self, event: &Event) {
        let Some(state) = take(event) else { return };
        self.heard_actuators += 1;
        let area = self.view.actuator_changed(state);
        self.reconcile(area).await;
    }

    async fn config_changed(&mut self, event: &Event) {
        // Other settings have values of other shapes.
        let is_threshold = |changed: Key| changed.key.starts_with("thresholds.");
        if !event.kwargs().is_ok_and(is_threshold) {
            return;
        }
        let Some(ThresholdChanged { key, new }) = take(event) else {
            return;
        };
        self.heard_thresholds += 1;
        let area = self.view.config_changed(&key, new);
        self.reconcile(area).await;
    }

    fn device_changed(&mut self, event: &Event) {
        let Some(device) = take(event) else { return };
        self.heard_devices += 1;
        if self.view.device_changed(device) {
            self.fetch_actuators();
        }
    }

    async fn handle(&mut self, message: Message) {
        match message {
            Message::Commanded(actuator, outcome) => return self.commanded(&actuator, outcome).await,
            Message::Devices(_, heard) if heard < self.heard_devices => return self.fetch_devices(),
            Message::Thresholds(_, heard) if heard < self.heard_thresholds => return self.fetch_thresholds(),
            Message::Actuators(_, heard) if heard < self.heard_actuators => return self.fetch_actuators(),
            Message::Devices(devices, _) => self.view.take_registry(devices),
            Message::Thresholds(thresholds, _) => self.view.take_thresholds(thresholds),
            Message::Actuators(actuators, _) => self.view.take_actuators(actuators),
            Message::Alerts(alerts) => self.raised.adopt(alerts.into_iter().filter(is_ours)),
        }
        self.reconcile_everywhere().await;
    }

    async fn commanded(&mut self, actuator: &ActuatorKey, outcome: Result<ActuatorState, String>) {
        let now = clock::now();
        match outcome {
            Ok(state) => {
                self.calls.succeeded(actuator);
                let area = self.view.command_gave(state, now);
                self.reconcile(area).await;
            }
            Err(fault) => {
                self.calls.failed(actuator, now);
                tracing::warn!(device = actuator.0, fault, "a command failed and will be tried again");
            }
        }
    }

    async fn reconcile_everywhere(&mut self) {
        self.view.clock(clock::now());
        self.wake_at.clear();
        let mut areas = self.view.areas();
        // Alerts from before a restart may be about areas that have nothing any more.
        areas.extend(self.raised.alerts().filter_map(|alert| alert.area.clone()));
        for area in areas {
            self.reconcile(Some(area)).await;
        }
    }

    async fn reconcile(&mut self, area: Option<AreaId>) {
        let Some(area) = area else { return };
        let now = clock::now();
        let plan = plan(&self.view, &area, self.pace, now);
        // First of all, act.
        for switch in plan.switches {
            if self.calls.start(&switch.actuator, now) {
                self.command(switch);
            }
        }
        match plan.wake_at {
            Some(at) => self.wake_at.insert(area, at),
            None => self.wake_at.remove(&area),
        };
        for alert in plan.holds {
            if let Some(alert) = self.raised.raise(alert) {
                self.outbox.publish(alert).await;
            }
        }
        for (id, sentence) in plan.gone {
            if let Some(alert) = self.raised.clear(&id, sentence, None, now) {
                self.outbox.publish(alert).await;
            }
        }
    }

    fn command(&self, switch: Switch) {
        let Switch {
            actuator,
            kind,
            on,
            cause,
        } = switch;
        tracing::info!(device = actuator.0, on, cause = cause.text, "switching");
        let options = ControlOptions {
            device: actuator.0.clone(),
            entity: actuator.1.clone(),
            cause,
        };
        let call = self
            .session
            .call(device_control(kind))
            .args(&(on,))
            .kwargs(&options)
            .timeout(COMMAND_TIMEOUT);
        let inbox = self.inbox.clone();
        tokio::spawn(async move {
            let outcome = call.send().await.and_then(|result| Ok(result.kwargs()?));
            // The service may have ended meanwhile.
            let _ = inbox.send(Message::Commanded(actuator, outcome.map_err(|error| error.to_string())));
        });
    }
}

/// An event's kwargs; one that is not what its topic promises is told and left.
fn take<T: DeserializeOwned>(event: &Event) -> Option<T> {
    match event.kwargs() {
        Ok(value) => Some(value),
        Err(fault) => {
            tracing::warn!(topic = event.topic(), %fault, "an event that cannot be read");
            None
        }
    }
}

fn is_ours(alert: &Alert) -> bool {
    match alert.kind {
        AlertKind::SensorLost | AlertKind::NoActuator => alert.quantity == Some(Quantity::Temperature),
        AlertKind::High | AlertKind::Low | AlertKind::NoEcho => false,
    }
}
