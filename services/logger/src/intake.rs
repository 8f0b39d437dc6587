//! What comes in from the house: readings, and what the logbook tells.

use std::sync::{Arc, Mutex, PoisonError};

use component::{devices, now, read};
use futures_util::{FutureExt, StreamExt, stream};
use house::uri::topic;
use house::{Device, Registry, SensorEvent};
use serde_json::Value;
use tokio::sync::{Notify, watch};
use wamp_client::{Event, Session, Subscription};

use crate::buffer::Taken;
use crate::history::History;
use crate::logbook;
use crate::refusals::Refusals;

/// Takes what comes in; nothing here waits for the disk.
#[derive(Clone)]
pub(crate) struct Intake {
    pub(crate) history: History,
    pub(crate) registry: Arc<Mutex<Registry>>,
    pub(crate) many: Arc<Notify>,
    /// So many rows waiting are many.
    pub(crate) commit_rows: usize,
}

impl Intake {
    /// Takes readings until told to stop, and then those that have arrived.
    pub(crate) async fn readings(self, mut events: Subscription, mut stop: watch::Receiver<bool>) {
        let mut refusals = Refusals::default();
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Some(event) => self.reading(&event, &mut refusals),
                    None => break,
                },
                () = told(&mut stop) => break,
            }
        }
        while let Some(Some(event)) = events.next().now_or_never() {
            self.reading(&event, &mut refusals);
        }
    }

    fn reading(&self, event: &Event, refusals: &mut Refusals) {
        let now = now();
        if event.missed > 0 {
            tracing::warn!(missed = event.missed, "readings came faster than they could be taken");
        }
        let mut reading: SensorEvent = match event.fields() {
            Ok(reading) => reading,
            Err(fault) => {
                let sensor = event.publisher_authid().unwrap_or("of unknown name").to_owned();
                self.refuse(refusals, &sensor, None, &fault.to_string());
                return;
            }
        };
        let area = {
            let registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
            if !registry.attribute(&mut reading) {
                return;
            }
            registry.area_of(&reading)
        };
        let (taken, waiting) = {
            let mut buffer = self.history.buffer();
            let taken = buffer.take(&reading, area.as_ref(), now);
            (taken, buffer.waiting())
        };
        if waiting >= self.commit_rows {
            self.many.notify_one();
        }
        let area = area.as_ref().map(house::AreaId::as_str);
        for reason in &reading.rejected {
            self.refuse(refusals, &reading.sensor_id, area, reason);
        }
        match taken {
            Taken::Yes => {}
            Taken::TooOld => self.refuse(
                refusals,
                &reading.sensor_id,
                area,
                "its reading is older than readings are kept",
            ),
            Taken::TooManySeries => {
                self.refuse(refusals, &reading.sensor_id, area, "there are too many sensors already")
            }
        }
    }

    fn refuse(&self, refusals: &mut Refusals, sensor: &str, area: Option<&str>, reason: &str) {
        if let Some(entry) = refusals.refuse(sensor, area, reason, now()) {
            self.history.buffer().write_down(entry);
        }
    }

    /// Keeps the logbook until told to stop, and then takes what has arrived.
    pub(crate) async fn logbook(self, session: Session, topics: Vec<Subscription>, mut stop: watch::Receiver<bool>) {
        let mut events = stream::select_all(topics);
        loop {
            tokio::select! {
                event = events.next() => match event {
                    Some(event) if event.topic() == topic::DISCOVERY_STARTED => self.learn_devices(&session).await,
                    Some(event) => self.happening(&event),
                    None => break,
                },
                () = told(&mut stop) => break,
            }
        }
        while let Some(Some(event)) = events.next().now_or_never() {
            self.happening(&event);
        }
    }

    fn happening(&self, event: &Event) {
        let Some(payload) = read::<Value>(event) else { return };
        let device = matches!(event.topic(), topic::DEVICE_CHANGED | topic::DEVICE_FOUND)
            .then(|| serde_json::from_value::<Device>(payload.clone()).ok())
            .flatten();
        let entry = {
            let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
            let entry = logbook::entry(event.topic(), payload, &registry, now());
            if let Some(device) = device {
                registry.apply(device);
            }
            entry
        };
        match entry {
            Ok(Some(entry)) => self.history.buffer().write_down(entry),
            Ok(None) => {}
            Err(fault) => tracing::warn!(topic = event.topic(), %fault, "not written down"),
        }
    }

    /// Takes the list of devices; without one, names and areas come with the news.
    pub(crate) async fn learn_devices(&self, session: &Session) {
        if let Some(devices) = devices(session).await {
            let mut registry = self.registry.lock().unwrap_or_else(PoisonError::into_inner);
            registry.clear();
            devices.into_iter().for_each(|device| registry.apply(device));
        }
    }
}

/// Resolves when it is time to stop.
async fn told(stop: &mut watch::Receiver<bool>) {
    // An error means that whoever would tell is gone.
    let _ = stop.wait_for(|stop| *stop).await;
}
