//! What a controller decides from, kept from the lists and events of the house.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::{
    ActuatorKind, ActuatorState, AreaId, Device, DeviceId, Lifecycle, Pace, Quantity, Reading, Readings, Registry,
    SensorEvent, Threshold, Timestamp,
};

/// An actuator: device and entity.
pub type ActuatorKey = (DeviceId, String);

/// The thresholds and readings of one quantity, and the actuators of the kinds that change it.
#[derive(Debug, Clone)]
pub struct ControlView {
    quantity: Quantity,
    kinds: &'static [ActuatorKind],
    thresholds: Option<BTreeMap<AreaId, Threshold>>,
    actuators: Option<BTreeMap<ActuatorKey, ActuatorState>>,
    registry: Registry,
    readings: Readings,
    started: Timestamp,
    newest: Timestamp,
}

impl ControlView {
    /// A view that knows nothing yet, from `now` on.
    pub fn new(quantity: Quantity, kinds: &'static [ActuatorKind], now: Timestamp) -> Self {
        Self {
            quantity,
            kinds,
            thresholds: None,
            actuators: None,
            registry: Registry::default(),
            readings: Readings::default(),
            started: now,
            newest: now,
        }
    }

    /// Whether thresholds and actuators are known: before that nothing may be decided, or every
    /// restart would switch off what runs.
    pub fn is_ready(&self) -> bool {
        self.thresholds.is_some() && self.actuators.is_some()
    }

    /// Takes `config.thresholds.list`.
    pub fn take_thresholds(&mut self, thresholds: Vec<Threshold>) {
        let ours = thresholds
            .into_iter()
            .filter(|threshold| threshold.quantity == self.quantity);
        self.thresholds = Some(ours.map(|threshold| (threshold.area.clone(), threshold)).collect());
    }

    /// Takes a `config.changed`; gives the area if it is one this view is about.
    pub fn config_changed(&mut self, key: &str, new: Option<Threshold>) -> Option<AreaId> {
        let (area, quantity) = key.strip_prefix("thresholds.")?.rsplit_once('.')?;
        let area = AreaId::new(area).filter(|_| quantity == self.quantity.name())?;
        let thresholds = self.thresholds.as_mut()?;
        match new {
            Some(threshold) => thresholds.insert(area.clone(), threshold),
            None => thresholds.remove(&area),
        };
        Some(area)
    }

    /// Takes `actuator.list`.
    pub fn take_actuators(&mut self, actuators: Vec<ActuatorState>) {
        let ours = actuators
            .into_iter()
            .filter(|actuator| self.kinds.contains(&actuator.kind));
        self.actuators = Some(ours.map(|actuator| (key(&actuator), actuator)).collect());
    }

    /// Takes what a command gave, unless an event has told of something newer meanwhile; gives the
    /// area to decide on anew.
    pub fn command_gave(&mut self, actuator: ActuatorState, now: Timestamp) -> Option<AreaId> {
        let known = self.actuators.as_ref()?.get(&key(&actuator));
        // A time in the future is from before the clock was set back.
        if known.is_some_and(|known| known.at > actuator.at && known.at <= now) {
            return actuator.area;
        }
        self.actuator_changed(actuator)
    }

    /// Takes an `actuator.events`; gives the area to decide on anew.
    pub fn actuator_changed(&mut self, actuator: ActuatorState) -> Option<AreaId> {
        let ours = self.kinds.contains(&actuator.kind);
        let actuators = self.actuators.as_mut().filter(|_| ours)?;
        let area = actuator.area.clone();
        actuators.insert(key(&actuator), actuator);
        area
    }

    /// Takes `device.list`.
    pub fn take_registry(&mut self, devices: Vec<Device>) {
        self.registry.clear();
        devices.into_iter().for_each(|device| self.registry.apply(device));
    }

    /// Takes a `device.changed`; true when the actuators must be listed anew.
    pub fn device_changed(&mut self, device: Device) -> bool {
        let known = self.registry.device(&device.id);
        let stands = |device: &Device| (device.lifecycle, device.area.clone());
        let moved = known.map(stands) != Some(stands(&device));
        let changed = moved || known.is_some_and(|known| known.entities != device.entities);
        if known.is_some() && moved {
            self.readings.forget(&device.id);
        }
        let has_actuators = |device: &Device| device.actuators().next().is_some();
        let concerned = has_actuators(&device) || known.is_some_and(has_actuators);
        self.registry.apply(device);
        changed && concerned
    }

    /// Takes a `sensor.events` received at `now`; gives the area if it says something of this
    /// view's quantity.
    pub fn read(&mut self, event: &SensorEvent, now: Timestamp) -> Option<AreaId> {
        event.value(self.quantity)?;
        let mut event = event.clone();
        if !self.registry.attribute(&mut event) {
            return None;
        }
        let ignored = |device: &Device| device.lifecycle == Lifecycle::Ignored;
        if self.registry.device(&event.sensor_id).is_some_and(ignored) {
            return None;
        }
        let area = self.registry.area_of(&event)?;
        self.readings.take(&area, &event, now);
        Some(area)
    }

    /// Notices that the clock was set back; to be called at least every few seconds.
    pub fn clock(&mut self, now: Timestamp) {
        if now < self.newest {
            self.readings.clock_set_back(now);
            self.started = self.started.min(now);
        }
        self.newest = now;
    }

    /// Every area where there is something to decide.
    pub fn areas(&self) -> BTreeSet<AreaId> {
        let thresholds = self.thresholds.iter().flat_map(BTreeMap::keys).cloned();
        let actuators = self.actuators.iter().flat_map(BTreeMap::values);
        thresholds
            .chain(actuators.filter_map(|actuator| actuator.area.clone()))
            .collect()
    }

    /// What the admin wants of an area.
    pub fn threshold(&self, area: &AreaId) -> Option<&Threshold> {
        self.thresholds.as_ref()?.get(area)
    }

    /// An area's value from the readings that are not stale.
    pub fn reading(&self, threshold: &Threshold, pace: Pace, now: Timestamp) -> Option<Reading> {
        let stale_after = threshold.stale_after(pace);
        self.readings.fresh(&threshold.area, self.quantity, stale_after, now)
    }

    /// An area's value from whatever readings there are, for what looks further back than they
    /// count.
    pub fn newest(&self, area: &AreaId, now: Timestamp) -> Option<Reading> {
        let threshold = self.threshold(area);
        let stale_after = threshold.map_or(Duration::from_secs(900), |threshold| threshold.stale_after(Pace::REAL));
        self.readings.fresh(area, self.quantity, stale_after, now)
    }

    /// Since when nothing was heard of an area: its last reading, or else the start, or when its
    /// threshold was set.
    pub fn quiet_since(&self, threshold: &Threshold) -> Timestamp {
        let watched = || {
            let set_at = threshold.set_at.filter(|at| *at <= self.newest);
            set_at.map_or(self.started, |at| at.max(self.started))
        };
        self.readings
            .last_heard(&threshold.area, self.quantity)
            .unwrap_or_else(watched)
    }

    /// The actuators of an area.
    pub fn actuators(&self, area: &AreaId) -> impl Iterator<Item = &ActuatorState> {
        let all = self.actuators.iter().flat_map(BTreeMap::values);
        all.filter(move |actuator| actuator.area.as_ref() == Some(area))
    }
}

fn key(actuator: &ActuatorState) -> ActuatorKey {
    (actuator.device.clone(), actuator.entity.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bridge, Entity, EntityKind};

    fn area(name: &str) -> AreaId {
        AreaId::new(name).unwrap()
    }

    fn event(sensor: &str, place: Option<&str>, value: f64) -> SensorEvent {
        SensorEvent {
            sensor_id: sensor.into(),
            area: place.map(area),
            values: vec![(Quantity::Temperature, value)],
            ..SensorEvent::default()
        }
    }

    fn thermometer(place: &str) -> Device {
        Device {
            area: AreaId::new(place),
            lifecycle: Lifecycle::Adopted,
            ..Device::found(Bridge::Mqtt, "1", "thermometer")
        }
    }

    fn view() -> ControlView {
        ControlView::new(Quantity::Temperature, &[ActuatorKind::Ac], Timestamp::from_secs(1000))
    }

    #[test]
    fn nothing_is_decided_before_both_lists_are_there() {
        let mut view = view();
        assert_eq!(view.config_changed("thresholds.hall.temperature", None), None);
        view.take_thresholds(Vec::new());
        assert!(!view.is_ready());
        view.take_actuators(Vec::new());
        assert!(view.is_ready());
    }

    #[test]
    fn a_changed_threshold_concerns_its_area_and_quantity() {
        let mut view = view();
        view.take_thresholds(Vec::new());
        let threshold = Threshold::new(area("living room"), Quantity::Temperature);
        let changed = view.config_changed("thresholds.living_room.temperature", Some(threshold));
        assert_eq!(changed, Some(area("living room")));
        assert!(view.threshold(&area("living room")).is_some());
        assert_eq!(view.config_changed("thresholds.living_room.humidity", None), None);
        assert_eq!(view.config_changed("hub.name", None), None);
        view.config_changed("thresholds.living_room.temperature", None);
        assert!(view.areas().is_empty());
    }

    #[test]
    fn a_sensor_counts_where_its_device_stands_and_not_when_ignored() {
        let mut view = view();
        let now = Timestamp::from_secs(1001);
        assert_eq!(view.read(&event("mqtt-1", None, 20.0), now), None);
        assert!(!view.device_changed(thermometer("hall")));
        assert_eq!(view.read(&event("mqtt-1", None, 20.0), now), Some(area("hall")));
        let threshold = Threshold::new(area("hall"), Quantity::Temperature);
        assert_eq!(view.reading(&threshold, Pace::REAL, now).map(|r| r.value), Some(20.0));
        view.device_changed(thermometer("attic"));
        assert_eq!(view.reading(&threshold, Pace::REAL, now), None);
        view.device_changed(Device {
            lifecycle: Lifecycle::Ignored,
            ..thermometer("hall")
        });
        assert_eq!(view.read(&event("mqtt-1", Some("hall"), 20.0), now), None);
    }

    #[test]
    fn an_adopted_actuator_asks_for_a_new_list() {
        let mut view = view();
        let ac = Device {
            entities: vec![Entity {
                id: "ac".into(),
                name: "AC".into(),
                kind: EntityKind::Actuator {
                    actuator: ActuatorKind::Ac,
                },
            }],
            ..thermometer("hall")
        };
        assert!(view.device_changed(ac.clone()));
        assert!(!view.device_changed(ac));
    }

    #[test]
    fn a_late_reply_does_not_undo_what_an_event_has_told() {
        let mut view = view();
        view.take_actuators(Vec::new());
        let ac = |on, second| ActuatorState {
            device: "mqtt-1".into(),
            entity: "ac".into(),
            area: AreaId::new("hall"),
            kind: ActuatorKind::Ac,
            on,
            confirmed: true,
            at: Timestamp::from_secs(second),
            cause: crate::Cause {
                by: "anna".into(),
                manual: true,
                text: "hot".into(),
            },
            override_until: None,
        };
        let now = Timestamp::from_secs(1010);
        view.actuator_changed(ac(false, 1002));
        assert_eq!(view.command_gave(ac(true, 1001), now), Some(area("hall")));
        assert!(view.actuators(&area("hall")).all(|actuator| !actuator.on));
        view.command_gave(ac(true, 1003), now);
        assert!(view.actuators(&area("hall")).all(|actuator| actuator.on));
    }

    #[test]
    fn quiet_counts_from_the_last_word_or_the_start_or_the_threshold() {
        let mut view = view();
        let mut threshold = Threshold::new(area("hall"), Quantity::Temperature);
        let t = Timestamp::from_secs;
        assert_eq!(view.quiet_since(&threshold), t(1000));
        view.clock(t(2000));
        threshold.set_at = Some(t(1500));
        assert_eq!(view.quiet_since(&threshold), t(1500));
        view.read(&event("a", Some("hall"), 20.0), t(1200));
        assert_eq!(
            view.quiet_since(&threshold),
            t(1200),
            "a lost sensor stays lost when limits move"
        );
    }

    #[test]
    fn a_dead_sensor_is_found_out_though_the_clock_was_set_back() {
        let mut view = view();
        let threshold = Threshold::new(area("hall"), Quantity::Temperature);
        view.read(&event("a", Some("hall"), 20.0), Timestamp::from_secs(1000));
        view.clock(Timestamp::from_secs(10));
        assert_eq!(view.quiet_since(&threshold), Timestamp::from_secs(10));
        let later = Timestamp::from_secs(10).after(Duration::from_secs(900));
        assert_eq!(view.reading(&threshold, Pace::REAL, later), None);
    }
}
