//! The task that compares every reading with its threshold, and tells when one is crossed.

use std::collections::BTreeMap;

use component::{List, Listed, Outbox, fetch_alerts, now, read};
use house::{Alert, AlertKind, Device, Lifecycle, Pace, Raised, Readings, Registry, SensorEvent, Threshold};
use tokio::sync::{mpsc, oneshot};
use wamp_client::{ConnectionState, Event, Session, Subscription};

use crate::evaluate::{self, evaluate};
use crate::keeper::Change;
use crate::request::Place;

/// Lists that others keep.
#[derive(Debug)]
pub(crate) enum Fetched {
    Devices(Listed<Device>),
    Alerts(Vec<Alert>),
}

/// What the evaluator hears.
pub(crate) struct Ears {
    pub(crate) readings: Subscription,
    pub(crate) devices: Subscription,
    pub(crate) changes: mpsc::UnboundedReceiver<Change>,
    pub(crate) fetched: mpsc::UnboundedReceiver<Fetched>,
}

pub(crate) struct Evaluator {
    session: Session,
    inbox: mpsc::UnboundedSender<Fetched>,
    outbox: Outbox,
    pace: Pace,
    thresholds: BTreeMap<Place, Threshold>,
    registry: Registry,
    readings: Readings,
    raised: Raised,
    devices: List<Device>,
}

impl Evaluator {
    pub(crate) fn new(
        session: Session,
        inbox: mpsc::UnboundedSender<Fetched>,
        devices: List<Device>,
        thresholds: &[Threshold],
        pace: Pace,
    ) -> Self {
        let by_place = |threshold: &Threshold| ((threshold.area.clone(), threshold.quantity), threshold.clone());
        Self {
            outbox: Outbox::new(&session),
            session,
            inbox,
            pace,
            thresholds: thresholds.iter().map(by_place).collect(),
            registry: Registry::default(),
            readings: Readings::default(),
            raised: Raised::default(),
            devices,
        }
    }

    /// Runs until told to stop, or until the session is over.
    pub(crate) async fn run(mut self, mut ears: Ears, mut stop: oneshot::Receiver<()>) {
        let mut connection = self.session.watch();
        loop {
            tokio::select! {
                biased;
                _ = &mut stop => return,
                Some(change) = ears.changes.recv() => self.changed(change).await,
                event = ears.devices.next() => match event {
                    Some(event) => self.device_changed(&event).await,
                    None => return,
                },
                // After what people did: what was read later is judged by it.
                event = ears.readings.next() => match event {
                    Some(event) => self.take_reading(&event).await,
                    None => return,
                },
                Some(fetched) = ears.fetched.recv() => self.take(fetched).await,
                state = connection.next() => match state {
                    Some(ConnectionState::Joined(_)) => self.joined().await,
                    Some(ConnectionState::Reconnecting { .. }) => {}
                    Some(ConnectionState::Closed(_)) | None => return,
                },
            }
        }
    }

    async fn joined(&mut self) {
        self.outbox.flush().await;
        self.fetch_devices();
        fetch_alerts(&self.session, &self.inbox, Fetched::Alerts);
    }

    fn fetch_devices(&self) {
        self.devices.fetch(&self.session, &self.inbox, Fetched::Devices);
    }

    async fn take_reading(&mut self, event: &Event) {
        let Some(mut event) = read::<SensorEvent>(event) else {
            return;
        };
        if !self.registry.attribute(&mut event) {
            return;
        }
        let ignored = |device: &Device| device.lifecycle == Lifecycle::Ignored;
        if self.registry.device(&event.sensor_id).is_some_and(ignored) {
            return;
        }
        let Some(area) = self.registry.area_of(&event) else {
            return;
        };
        self.readings.take(&area, &event, now());
        for (quantity, _) in &event.values {
            self.compare(&(area.clone(), *quantity)).await;
        }
    }

    async fn changed(&mut self, (place, threshold): Change) {
        match threshold {
            Some(threshold) => self.thresholds.insert(place.clone(), threshold),
            None => self.thresholds.remove(&place),
        };
        self.compare(&place).await;
    }

    async fn compare(&mut self, place: &Place) {
        let now = now();
        let threshold = self.thresholds.get(place);
        let value = threshold.and_then(|threshold| {
            let stale_after = threshold.stale_after(self.pace);
            self.readings.fresh(&place.0, place.1, stale_after, now)
        });
        let value = value.map(|reading| reading.value);
        let changes = evaluate((&place.0, place.1), threshold, value, &mut self.raised, now);
        for change in changes {
            self.outbox.publish_alert(change.into_alert()).await;
        }
    }

    async fn device_changed(&mut self, event: &Event) {
        let Some(device) = read::<Device>(event) else { return };
        self.devices.changed();
        let known = self.registry.device(&device.id);
        let was = known.map(|device| (device.lifecycle, device.area.clone()));
        let moved = was.is_some_and(|was| was != (device.lifecycle, device.area.clone()));
        let id = device.id.clone();
        self.registry.apply(device);
        if moved {
            self.readings.forget(&id);
            self.clear_unmeasured().await;
        }
    }

    /// Clears the alerts of places that nothing measures any more.
    async fn clear_unmeasured(&mut self) {
        let places: Vec<Place> = self.thresholds.keys().cloned().collect();
        for (area, quantity) in places {
            if self.readings.last_heard(&area, quantity).is_none() {
                let cleared = evaluate::unmeasured((&area, quantity), &mut self.raised, now());
                for alert in cleared {
                    self.outbox.publish_alert(alert).await;
                }
            }
        }
    }

    async fn take(&mut self, fetched: Fetched) {
        match fetched {
            Fetched::Devices(listed) => match self.devices.current(listed) {
                Some(devices) => {
                    self.registry.clear();
                    devices.into_iter().for_each(|device| self.registry.apply(device));
                }
                None => self.fetch_devices(),
            },
            Fetched::Alerts(alerts) => self.take_alerts(alerts).await,
        }
    }

    /// Takes over the alerts from before a restart, and clears those that no longer hold.
    async fn take_alerts(&mut self, alerts: Vec<Alert>) {
        let ours = |alert: &Alert| matches!(alert.kind, AlertKind::High | AlertKind::Low);
        let alerts: Vec<Alert> = alerts.into_iter().filter(ours).collect();
        let place = |alert: &Alert| Some((alert.area.clone()?, alert.quantity?));
        let places: Vec<Place> = alerts.iter().filter_map(place).collect();
        self.raised.adopt(alerts);
        for place in places {
            self.compare(&place).await;
        }
    }
}
