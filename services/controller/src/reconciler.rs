//! The controller's one task: it hears the house, and acts on each area's plan.

use std::collections::BTreeMap;
use std::time::Duration;

use component::{List, Outbox, fetch_alerts, now, read};
use house::uri::procedure;
use house::{ActuatorKey, ActuatorState, Alert, AlertKind, AreaId, ControlView, Device, Pace};
use house::{Raised, SensorEvent, Threshold, Timestamp};
use tokio::sync::{mpsc, oneshot};
use wamp_client::{ConnectionState, Event, Session};

use crate::calls::Calls;
use crate::command::command;
use crate::ears::{Ears, Message, ThresholdChanged};
use crate::{Rule, plan};

/// How long the task sleeps at most: a clock that was set is noticed in this time.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

pub(crate) struct Reconciler<R> {
    session: Session,
    inbox: mpsc::UnboundedSender<Message>,
    outbox: Outbox,
    pace: Pace,
    view: ControlView,
    /// What the rule remembers of each area that was heard of.
    rules: BTreeMap<AreaId, R>,
    /// The rule for all others.
    unheard: R,
    calls: Calls,
    raised: Raised,
    devices: List<Device>,
    thresholds: List<Threshold>,
    actuators: List<ActuatorState>,
    wake_at: BTreeMap<AreaId, Timestamp>,
}

impl<R: Rule> Reconciler<R> {
    pub(crate) fn new(session: Session, inbox: mpsc::UnboundedSender<Message>, pace: Pace) -> Self {
        Self {
            outbox: Outbox::new(&session),
            session,
            inbox,
            pace,
            view: ControlView::new(R::QUANTITY, R::KINDS, now()),
            rules: BTreeMap::new(),
            unheard: R::new(pace),
            calls: Calls::default(),
            raised: Raised::default(),
            devices: List::new(procedure::DEVICE_LIST),
            thresholds: List::new(procedure::THRESHOLDS_LIST),
            actuators: List::new(procedure::ACTUATOR_LIST),
            wake_at: BTreeMap::new(),
        }
    }

    pub(crate) fn devices(&self) -> &List<Device> {
        &self.devices
    }

    /// Runs until told to stop, or until the session is over.
    pub(crate) async fn run(mut self, mut ears: Ears, mut stop: oneshot::Receiver<()>) {
        let mut connection = self.session.watch();
        loop {
            let next = self.wake_at.values().min().map(|at| at.since(now()));
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
                    Some(event) => self.take_reading(&event).await,
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
        fetch_alerts(&self.session, &self.inbox, Message::Alerts);
    }

    fn fetch_devices(&self) {
        self.devices.fetch(&self.session, &self.inbox, Message::Devices);
    }

    fn fetch_thresholds(&self) {
        self.thresholds.fetch(&self.session, &self.inbox, Message::Thresholds);
    }

    fn fetch_actuators(&self) {
        self.actuators.fetch(&self.session, &self.inbox, Message::Actuators);
    }

    async fn take_reading(&mut self, event: &Event) {
        let Some(event) = read::<SensorEvent>(event) else {
            return;
        };
        let now = now();
        let Some(area) = self.view.read(&event, now) else {
            return;
        };
        if let Some(reading) = self.view.newest(&area, now) {
            let rule = self.rules.entry(area.clone()).or_insert_with(|| R::new(self.pace));
            rule.take(reading, self.view.threshold(&area));
        }
        self.reconcile(Some(area)).await;
    }

    async fn actuator_changed(&mut self, event: &Event) {
        let Some(state) = read(event) else { return };
        self.actuators.changed();
        let area = self.view.actuator_changed(state);
        self.reconcile(area).await;
    }

    async fn config_changed(&mut self, event: &Event) {
        let Some(ThresholdChanged { key, new }) = ThresholdChanged::read(event) else {
            return;
        };
        self.thresholds.changed();
        let area = self.view.config_changed(&key, new);
        self.reconcile(area).await;
    }

    fn device_changed(&mut self, event: &Event) {
        let Some(device) = read(event) else { return };
        self.devices.changed();
        if self.view.device_changed(device) {
            self.fetch_actuators();
        }
    }

    async fn handle(&mut self, message: Message) {
        match message {
            Message::Commanded(actuator, outcome) => return self.commanded(&actuator, outcome).await,
            Message::Devices(listed) => match self.devices.current(listed) {
                Some(devices) => self.view.take_registry(devices),
                None => return self.fetch_devices(),
            },
            Message::Thresholds(listed) => match self.thresholds.current(listed) {
                Some(thresholds) => self.view.take_thresholds(thresholds),
                None => return self.fetch_thresholds(),
            },
            Message::Actuators(listed) => match self.actuators.current(listed) {
                Some(actuators) => self.view.take_actuators(actuators),
                None => return self.fetch_actuators(),
            },
            Message::Alerts(alerts) => self.raised.adopt(alerts.into_iter().filter(is_ours::<R>)),
        }
        self.reconcile_everywhere().await;
    }

    async fn commanded(&mut self, actuator: &ActuatorKey, outcome: Result<ActuatorState, String>) {
        let now = now();
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
        self.view.clock(now());
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
        let now = now();
        let rule = self.rules.get(&area).unwrap_or(&self.unheard);
        let plan = plan(&self.view, &area, rule, self.pace, now);
        // First of all, act.
        for switch in plan.switches {
            if self.calls.start(&switch.actuator, now) {
                command(&self.session, &self.inbox, switch);
            }
        }
        match plan.wake_at {
            Some(at) => self.wake_at.insert(area, at),
            None => self.wake_at.remove(&area),
        };
        for alert in plan.holds {
            if let Some(alert) = self.raised.raise(alert) {
                self.outbox.publish_alert(alert).await;
            }
        }
        for (id, sentence) in plan.gone {
            if let Some(alert) = self.raised.clear(&id, sentence, None, now) {
                self.outbox.publish_alert(alert).await;
            }
        }
    }
}

fn is_ours<R: Rule>(alert: &Alert) -> bool {
    match alert.kind {
        AlertKind::SensorLost | AlertKind::NoActuator => alert.quantity == Some(R::QUANTITY),
        AlertKind::High | AlertKind::Low | AlertKind::NoEcho => false,
    }
}
