//! Discovery among bridges and people, in a real realm.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use database::Database;
use discovery::{Running, Settings};
use house::uri::{error, procedure, topic};
use house::{Availability, Bridge, Device, Entity, EntityKind, Lifecycle, Quantity};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_realm::{PATIENCE, Realm, heard};
use wamp_client::{CallResult, Error, Session, error_uri};

struct House {
    realm: Realm,
    folder: TempDir,
    service: Option<Running>,
    admin: Session,
    bridge: Session,
}

impl House {
    async fn new() -> Self {
        let realm = Realm::new();
        let mut house = Self {
            admin: realm.join("anna", "admin").await,
            bridge: realm.join("mqtt", "service").await,
            realm,
            folder: tempfile::tempdir().unwrap(),
            service: None,
        };
        house.restart().await;
        house
    }

    async fn restart(&mut self) {
        if let Some(service) = self.service.take() {
            service.stop().await;
        }
        let session = self.realm.join("discovery", "service").await;
        let database = Database::open(self.folder.path().join("house.db")).await.unwrap();
        self.service = Some(discovery::start(session, Settings::default(), database).await.unwrap());
    }

    async fn call(&self, uri: &str, kwargs: Value) -> Result<CallResult, Error> {
        self.admin.call(uri).kwargs(&kwargs).timeout(PATIENCE).send().await
    }

    async fn sees(&self, device: &Device) {
        let seen = self.bridge.publish(topic::DEVICE_SEEN).kwargs(device).acknowledge();
        seen.send().await.unwrap();
    }

    async fn list(&self) -> Vec<Device> {
        let listed = self.call(procedure::DEVICE_LIST, json!({})).await.unwrap();
        listed.value().unwrap()
    }
}

fn thermometer(hardware: &str) -> Device {
    let mut device = Device::found(Bridge::Mqtt, hardware, "Thermometer");
    device.availability = Availability::Online;
    device.entities = vec![Entity {
        id: "t".into(),
        name: "Temperature".into(),
        kind: EntityKind::Sensor {
            quantity: Quantity::Temperature,
        },
    }];
    device
}

#[tokio::test]
async fn a_device_is_found_adopted_renamed_and_kept_over_a_restart() {
    let mut house = House::new().await;
    let mut found = house.admin.subscribe(topic::DEVICE_FOUND).open().await.unwrap();
    let mut changed = house.admin.subscribe(topic::DEVICE_CHANGED).open().await.unwrap();
    house.sees(&thermometer("1")).await;
    let device: Device = heard(&mut found, |_| true).await;
    assert_eq!(
        (device.lifecycle, device.id.as_str()),
        (Lifecycle::Discovered, "mqtt-1")
    );

    let adoption = json!({"device": "mqtt-1", "area": "Living Room", "name": " Wall thermometer "});
    let adopted: Device = house
        .call(procedure::DEVICE_ADOPT, adoption)
        .await
        .unwrap()
        .kwargs()
        .unwrap();
    assert_eq!(adopted.name, "Wall thermometer");
    let told: Value = heard(&mut changed, |_| true).await;
    assert_eq!(
        (&told["lifecycle"], &told["area"], &told["by"]),
        (&json!("adopted"), &json!("living_room"), &json!("anna"))
    );

    let rename = json!({"device": "mqtt-1", "area": "hall"});
    house.call(procedure::DEVICE_RENAME, rename).await.unwrap();
    house.restart().await;
    let device = house.list().await.remove(0);
    assert_eq!(
        (device.name.as_str(), device.area.unwrap().as_str()),
        ("Wall thermometer", "hall")
    );
    assert_eq!(device.availability, Availability::Unknown);
    assert_eq!(device.entities, thermometer("1").entities);
}

#[tokio::test]
async fn a_new_device_takes_an_old_ones_place_and_keeps_it_over_a_restart() {
    let mut house = House::new().await;
    let mut changed = house.admin.subscribe(topic::DEVICE_CHANGED).open().await.unwrap();
    house.sees(&thermometer("old")).await;
    house.sees(&thermometer("new")).await;
    let adoption = json!({"device": "mqtt-old", "area": "hall", "name": "Wall"});
    house.call(procedure::DEVICE_ADOPT, adoption).await.unwrap();
    let replacement = json!({"device": "mqtt-old", "by": "mqtt-new"});
    let successor: Device = house
        .call(procedure::DEVICE_REPLACE, replacement)
        .await
        .unwrap()
        .kwargs()
        .unwrap();
    assert_eq!((successor.id.as_str(), successor.name.as_str()), ("mqtt-old", "Wall"));
    let told: Device = heard(&mut changed, |device: &Device| !device.parts.is_empty()).await;
    let joined: Value = heard(&mut changed, |_| true).await;
    assert_eq!(
        (&joined["id"], &joined["lifecycle"], &joined["joined"]),
        (&json!("mqtt-new"), &json!("removed"), &json!("mqtt-old"))
    );
    assert!(told.is_spoken_for_by("mqtt-new") && !told.is_spoken_for_by("mqtt-old"));

    house.restart().await;
    house.sees(&thermometer("new")).await;
    let again: Device = heard(&mut changed, |device: &Device| {
        device.availability == Availability::Online
    })
    .await;
    assert_eq!((again.id.as_str(), again.name.as_str()), ("mqtt-old", "Wall"));
    assert_eq!(house.list().await.len(), 1);
}

#[tokio::test]
async fn bridges_are_asked_at_the_start_and_what_they_say_is_taken() {
    let mut house = House::new().await;
    let mut started = house.bridge.subscribe(topic::DISCOVERY_STARTED).open().await.unwrap();
    let mut found = house.admin.subscribe(topic::DEVICE_FOUND).open().await.unwrap();
    let mut changed = house.admin.subscribe(topic::DEVICE_CHANGED).open().await.unwrap();
    house.sees(&thermometer("1")).await;
    let _: Device = heard(&mut found, |_| true).await;
    house.restart().await;
    tokio::time::timeout(PATIENCE, started.next()).await.unwrap().unwrap();
    house.sees(&thermometer("1")).await;
    let device: Device = heard(&mut changed, |device: &Device| {
        device.availability == Availability::Online
    })
    .await;
    assert_eq!(device.id, "mqtt-1");
}

#[tokio::test]
async fn a_search_tells_what_waits_and_what_it_finds_and_then_everything() {
    let house = House::new().await;
    let mut asked = house.bridge.subscribe(topic::DISCOVERY_SEARCH).open().await.unwrap();
    let mut found = house.admin.subscribe(topic::DEVICE_FOUND).open().await.unwrap();
    house.sees(&thermometer("waiting")).await;
    let _: Device = heard(&mut found, |_| true).await;

    let search = || {
        house
            .admin
            .call(procedure::DISCOVER_DEVICES)
            .kwargs(&json!({"seconds": 1.5}))
            .progressive()
    };
    let (mut first, mut second) = (search().await.unwrap(), search().await.unwrap());
    let wanted: Value = heard(&mut asked, |_| true).await;
    assert_eq!(wanted["seconds"], json!(1.5));
    for search in [&mut first, &mut second] {
        let device: Device = search.next().await.unwrap().unwrap().kwargs().unwrap();
        assert_eq!(device.id, "mqtt-waiting");
    }
    house.sees(&thermometer("new")).await;
    for search in [&mut first, &mut second] {
        let result = search.next().await.unwrap().unwrap();
        assert!(result.progress, "at once, not at the end");
        assert_eq!(result.kwargs::<Device>().unwrap().id, "mqtt-new");
        let last = search.next().await.unwrap().unwrap();
        assert!(!last.progress);
        let all: Vec<Device> = last.value().unwrap();
        assert_eq!(
            all.iter().map(|device| device.id.as_str()).collect::<Vec<_>>(),
            ["mqtt-new", "mqtt-waiting"]
        );
        assert!(search.next().await.is_none());
    }
}

#[tokio::test]
async fn who_takes_no_progress_gets_the_list_at_the_end() {
    let house = House::new().await;
    house.sees(&thermometer("1")).await;
    let result = house
        .call(procedure::DISCOVER_DEVICES, json!({"seconds": 1}))
        .await
        .unwrap();
    assert_eq!(result.value::<Vec<Device>>().unwrap().len(), 1);
}

#[tokio::test]
async fn ignored_devices_are_quiet_and_removed_ones_are_found_again() {
    let house = House::new().await;
    let mut found = house.admin.subscribe(topic::DEVICE_FOUND).open().await.unwrap();
    house.sees(&thermometer("1")).await;
    let _: Device = heard(&mut found, |_| true).await;
    let ignored = house
        .call(procedure::DEVICE_IGNORE, json!({"device": "mqtt-1"}))
        .await
        .unwrap();
    assert_eq!(ignored.kwargs::<Device>().unwrap().lifecycle, Lifecycle::Ignored);
    house.sees(&thermometer("1")).await;
    let removed = house
        .call(procedure::DEVICE_REMOVE, json!({"device": "mqtt-1"}))
        .await
        .unwrap();
    assert_eq!(removed.kwargs::<Device>().unwrap().lifecycle, Lifecycle::Removed);
    assert!(house.list().await.is_empty());
    house.sees(&thermometer("1")).await;
    let again: Device = heard(&mut found, |_| true).await;
    assert_eq!(again.lifecycle, Lifecycle::Discovered);
}

#[tokio::test]
async fn whoever_publishes_readings_is_a_device() {
    let house = House::new().await;
    let mut found = house.admin.subscribe(topic::DEVICE_FOUND).open().await.unwrap();
    let reading = json!({"sensorId": 25, "temp": 27});
    house
        .bridge
        .publish(topic::SENSOR_EVENTS)
        .kwargs(&reading)
        .send()
        .await
        .unwrap();
    let device: Device = heard(&mut found, |_| true).await;
    assert_eq!((device.id.as_str(), device.bridge), ("25", Bridge::Wamp));
    assert_eq!(device.quantities().collect::<Vec<_>>(), [Quantity::Temperature]);
}

#[tokio::test]
async fn wrong_arguments_are_named_and_change_nothing() {
    let house = House::new().await;
    house.sees(&thermometer("1")).await;
    for (uri, kwargs, wanted, word) in [
        (
            procedure::DEVICE_ADOPT,
            json!({}),
            error_uri::INVALID_ARGUMENT,
            "device",
        ),
        (
            procedure::DEVICE_ADOPT,
            json!({"device": true, "area": "x"}),
            error_uri::INVALID_ARGUMENT,
            "device",
        ),
        (
            procedure::DEVICE_ADOPT,
            json!({"device": "mqtt-1"}),
            error_uri::INVALID_ARGUMENT,
            "area",
        ),
        (
            procedure::DEVICE_ADOPT,
            json!({"device": "mqtt-1", "area": "!"}),
            error_uri::INVALID_ARGUMENT,
            "area",
        ),
        (
            procedure::DEVICE_ADOPT,
            json!({"device": "mqtt-9", "area": "x"}),
            error::NO_SUCH_DEVICE,
            "mqtt-9",
        ),
        (
            procedure::DEVICE_RENAME,
            json!({"device": "mqtt-1"}),
            error_uri::INVALID_ARGUMENT,
            "name",
        ),
        (
            procedure::DEVICE_RENAME,
            json!({"device": "mqtt-1", "name": "x"}),
            error_uri::INVALID_ARGUMENT,
            "adopt",
        ),
        (
            procedure::DEVICE_REPLACE,
            json!({"device": "mqtt-1"}),
            error_uri::INVALID_ARGUMENT,
            "by",
        ),
        (
            procedure::DEVICE_REPLACE,
            json!({"device": "mqtt-1", "by": "mqtt-1"}),
            error_uri::INVALID_ARGUMENT,
            "adopt",
        ),
        (
            procedure::DEVICE_REMOVE,
            json!({"device": "mqtt-9"}),
            error::NO_SUCH_DEVICE,
            "mqtt-9",
        ),
        (
            procedure::DISCOVER_DEVICES,
            json!({"seconds": 0}),
            error_uri::INVALID_ARGUMENT,
            "seconds",
        ),
        (
            procedure::DISCOVER_DEVICES,
            json!({"seconds": "long"}),
            error_uri::INVALID_ARGUMENT,
            "seconds",
        ),
    ] {
        let Err(Error::Rejected(fault)) = house.call(uri, kwargs.clone()).await else {
            panic!("{uri} {kwargs} was taken");
        };
        assert_eq!(fault.uri(), wanted, "{uri} {kwargs}: {fault}");
        assert!(fault.message().unwrap().contains(word), "{uri} {kwargs}: {fault}");
    }
    assert_eq!(house.list().await[0].lifecycle, Lifecycle::Discovered);
}
