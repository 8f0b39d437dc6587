//! The simulated house among scripted peers, in a real realm.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends at what it did not expect"
)]

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use house::uri::{self, procedure, topic};
use house::{
    ActuatorKind, AreaId, Availability, Bridge, BridgeCommand, Device, DeviceStateReport, Lifecycle, Quantity,
    SensorEvent, Threshold,
};
use serde::Deserialize;
use serde_json::json;
use simulated::{ENVIRONMENT_SET, Running, SILENCE, Settings};
use test_realm::{PATIENCE, Realm, heard};
use wamp_client::{Invocation, Reply, Session, Subscription};

const THERMOMETER: &str = "simulated-living-room-thermometer";
const FAN: &str = "simulated-bathroom-fan";

/// What stands in for discovery and thresholds.
struct House {
    realm: Realm,
    session: Session,
    devices: Arc<Mutex<Vec<Device>>>,
    thresholds: Arc<Mutex<Vec<Threshold>>>,
}

#[derive(Deserialize)]
struct Adoption {
    device: String,
    area: AreaId,
    name: String,
}

impl House {
    async fn new() -> Self {
        let realm = Realm::new();
        let session = realm.join("discovery", "service").await;
        let devices: Arc<Mutex<Vec<Device>>> = Arc::default();
        let thresholds: Arc<Mutex<Vec<Threshold>>> = Arc::default();
        let house = Self {
            realm,
            session,
            devices,
            thresholds,
        };
        house.keep_devices().await;
        house.keep_thresholds().await;
        house
    }

    async fn keep_devices(&self) {
        let mut seen = self.session.subscribe(topic::DEVICE_SEEN).open().await.unwrap();
        let devices = Arc::clone(&self.devices);
        tokio::spawn(async move {
            while let Some(event) = seen.next().await {
                let device: Device = event.kwargs().unwrap();
                let mut devices = devices.lock().unwrap();
                if devices.iter().all(|known| known.id != device.id) {
                    devices.push(device);
                }
            }
        });
        let devices = Arc::clone(&self.devices);
        let list = move |_: Invocation| {
            let list = devices.lock().unwrap().clone();
            async move { Ok(Reply::value(&list)?) }
        };
        self.session
            .register(procedure::DEVICE_LIST)
            .handler(list)
            .await
            .unwrap();
        let (devices, session) = (Arc::clone(&self.devices), self.session.clone());
        let adopt = move |invocation: Invocation| {
            let (devices, session) = (Arc::clone(&devices), session.clone());
            async move {
                let adoption: Adoption = invocation.kwargs()?;
                let adopted = {
                    let mut devices = devices.lock().unwrap();
                    let device = devices.iter_mut().find(|device| device.id == adoption.device).unwrap();
                    device.lifecycle = Lifecycle::Adopted;
                    device.area = Some(adoption.area);
                    device.name = adoption.name;
                    device.clone()
                };
                session
                    .publish(topic::DEVICE_CHANGED)
                    .kwargs(&adopted)
                    .send()
                    .await
                    .unwrap();
                Ok(Reply::kwargs(&adopted)?)
            }
        };
        self.session
            .register(procedure::DEVICE_ADOPT)
            .handler(adopt)
            .await
            .unwrap();
    }

    async fn keep_thresholds(&self) {
        let thresholds = Arc::clone(&self.thresholds);
        let list = move |_: Invocation| {
            let list = thresholds.lock().unwrap().clone();
            async move { Ok(Reply::value(&list)?) }
        };
        self.session
            .register(procedure::THRESHOLDS_LIST)
            .handler(list)
            .await
            .unwrap();
        let thresholds = Arc::clone(&self.thresholds);
        let set = move |invocation: Invocation| {
            let thresholds = Arc::clone(&thresholds);
            async move {
                let threshold: Threshold = invocation.kwargs()?;
                let reply = Reply::kwargs(&threshold)?;
                thresholds.lock().unwrap().push(threshold);
                Ok(reply)
            }
        };
        self.session
            .register(procedure::THRESHOLDS_SET)
            .handler(set)
            .await
            .unwrap();
    }

    async fn simulate(&self, file: Option<PathBuf>) -> Running {
        let session = self.realm.join("simulated", "service").await;
        let settings = Settings {
            file,
            ..Settings::default()
        };
        simulated::start(session, settings).await.unwrap()
    }

    async fn listen(&self, topic: &'static str) -> Subscription {
        self.session.subscribe(topic).open().await.unwrap()
    }

    async fn switch(&self, device: &str, on: bool) -> Result<(), wamp_client::Error> {
        let command = BridgeCommand {
            device: device.to_owned(),
            entity: "switch".to_owned(),
            kind: ActuatorKind::Fan,
            on,
        };
        let call = self
            .session
            .call(uri::bridge_command(Bridge::Simulated))
            .kwargs(&command);
        call.send().await.map(drop)
    }
}

#[tokio::test]
async fn it_moves_in_and_measures() {
    let house = House::new().await;
    let mut readings = house.listen(topic::SENSOR_EVENTS).await;
    let running = house.simulate(None).await;
    let event: SensorEvent = heard(&mut readings, |event: &SensorEvent| event.sensor_id == THERMOMETER).await;
    assert_eq!(event.area, AreaId::new("living room"));
    assert!(
        event
            .value(Quantity::Temperature)
            .is_some_and(|value| (20.0..30.0).contains(&value))
    );
    heard(&mut readings, |event: &SensorEvent| {
        event.value(Quantity::Humidity).is_some()
    })
    .await;
    let adopted = house
        .devices
        .lock()
        .unwrap()
        .iter()
        .filter(|d| d.lifecycle == Lifecycle::Adopted)
        .count();
    assert_eq!(adopted, 4);
    running.stop().await;
    let limits: Vec<Option<f64>> = house.thresholds.lock().unwrap().iter().map(|t| t.high).collect();
    assert!(limits.is_empty() || limits == [Some(26.0), Some(65.0)], "{limits:?}");
}

#[tokio::test]
async fn a_search_finds_what_was_never_found_before() {
    let house = House::new().await;
    let mut seen = house.listen(topic::DEVICE_SEEN).await;
    let running = house.simulate(None).await;
    heard(&mut seen, |device: &Device| device.id == FAN).await;
    assert!(
        house
            .devices
            .lock()
            .unwrap()
            .iter()
            .all(|device| !device.id.contains("kitchen"))
    );
    house
        .session
        .publish(topic::DISCOVERY_SEARCH)
        .kwargs(&json!({"seconds": 30}))
        .send()
        .await
        .unwrap();
    let kitchen: Device = heard(&mut seen, |device: &Device| {
        device.id == "simulated-kitchen-thermometer"
    })
    .await;
    assert_eq!(
        (kitchen.availability, kitchen.suggested_area),
        (Availability::Online, AreaId::new("kitchen"))
    );
    heard(&mut seen, |device: &Device| {
        device.id == "simulated-hallway-motion-sensor"
    })
    .await;
    running.stop().await;
}

#[tokio::test]
async fn a_fan_is_switched_says_so_and_stays_so_when_the_hub_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("simulated.json");
    let house = House::new().await;
    let mut states = house.listen(topic::DEVICE_STATE).await;
    let killed = house.simulate(Some(file.clone())).await;
    house.switch(FAN, true).await.unwrap();
    heard(&mut states, |state: &DeviceStateReport| state.device == FAN && state.on).await;
    let saved = async {
        while !std::fs::read_to_string(&file).is_ok_and(|text| text.contains("\"bathroom-fan\"")) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, saved).await.unwrap();
    // It is not told to stop: what it has not saved is lost.
    let other = House::new().await;
    let mut states = other.listen(topic::DEVICE_STATE).await;
    let running = other.simulate(Some(file)).await;
    let state: DeviceStateReport = heard(&mut states, |state: &DeviceStateReport| state.device == FAN).await;
    assert!(state.on);
    let unknown = other.switch("simulated-x", true).await.unwrap_err();
    assert_eq!(unknown.uri(), Some(uri::error::NO_SUCH_DEVICE));
    running.stop().await;
    killed.stop().await;
}

#[tokio::test]
async fn weather_and_fate_can_be_played() {
    let house = House::new().await;
    let mut readings = house.listen(topic::SENSOR_EVENTS).await;
    let running = house.simulate(None).await;
    let call = |procedure: &'static str, kwargs: serde_json::Value| {
        let session = house.session.clone();
        async move { session.call(procedure).kwargs(&kwargs).send().await }
    };
    call(ENVIRONMENT_SET, json!({"area": "Bathroom", "humidity": 95}))
        .await
        .unwrap();
    heard(&mut readings, |event: &SensorEvent| {
        event.value(Quantity::Humidity).is_some_and(|value| value > 85.0)
    })
    .await;
    call(SILENCE, json!({"device": FAN, "silent": true})).await.unwrap();
    let silent = house.switch(FAN, true).await.unwrap_err();
    assert_eq!(silent.uri(), Some(uri::error::DEVICE_UNAVAILABLE));
    call(SILENCE, json!({"device": FAN, "silent": false})).await.unwrap();
    house.switch(FAN, true).await.unwrap();
    for kwargs in [
        json!({"area": "attic", "humidity": 50}),
        json!({"humidity": 50}),
        json!({"area": "bathroom", "humidity": 200}),
        json!({"area": "bathroom", "humidity": "wet"}),
    ] {
        let refused = call(ENVIRONMENT_SET, kwargs).await.unwrap_err();
        assert_eq!(refused.uri(), Some("wamp.error.invalid_argument"));
    }
    running.stop().await;
}
