//! The thresholds service among people and sensors, in a real realm.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends at what it did not expect"
)]

use database::Database;
use house::uri::{procedure, topic};
use house::{Alert, AlertKind, Threshold};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_realm::{PATIENCE, Realm, heard};
use thresholds::{Running, Settings};
use wamp_client::{Error, Session, error_uri};

struct House {
    realm: Realm,
    folder: TempDir,
    service: Option<(Running, Session)>,
    admin: Session,
}

impl House {
    async fn new() -> Self {
        let realm = Realm::new();
        let admin = realm.join("anna", "admin").await;
        let mut house = Self {
            realm,
            folder: tempfile::tempdir().unwrap(),
            service: None,
            admin,
        };
        house.restart().await;
        house
    }

    async fn restart(&mut self) {
        if let Some((service, session)) = self.service.take() {
            service.stop().await;
            session.leave().await;
        }
        let session = self.realm.join("thresholds", "service").await;
        let database = Database::open(self.folder.path().join("house.db")).await.unwrap();
        let started = thresholds::start(session.clone(), Settings::default(), database).await;
        self.service = Some((started.unwrap(), session));
    }

    async fn call(&self, uri: &str, kwargs: Value) -> Result<wamp_client::CallResult, Error> {
        self.admin.call(uri).kwargs(&kwargs).timeout(PATIENCE).send().await
    }

    async fn reads(&self, kwargs: Value) {
        let published = self.admin.publish(topic::SENSOR_EVENTS).kwargs(&kwargs).send().await;
        published.unwrap();
    }
}

#[tokio::test]
async fn a_threshold_is_set_told_kept_and_removed() {
    let mut house = House::new().await;
    let mut changed = house.admin.subscribe(topic::CONFIG_CHANGED).open().await.unwrap();
    let wanted = json!({"area": "Living Room", "quantity": "temperature", "high": 26});
    let set: Threshold = house
        .call(procedure::THRESHOLDS_SET, wanted)
        .await
        .unwrap()
        .kwargs()
        .unwrap();
    assert_eq!((set.high, set.set_by.as_deref()), (Some(26.0), Some("anna")));
    let told: Value = heard(&mut changed, |_| true).await;
    assert_eq!(told["key"], "thresholds.living_room.temperature");
    assert_eq!(
        (&told["old"], &told["new"]["high"], &told["by"]),
        (&Value::Null, &json!(26.0), &json!("anna"))
    );

    house.restart().await;
    let place = json!({"area": "living room", "quantity": "temp"});
    let list: Vec<Threshold> = house
        .call(procedure::THRESHOLDS_LIST, json!({}))
        .await
        .unwrap()
        .value()
        .unwrap();
    assert_eq!(list, std::slice::from_ref(&set));
    let got = house.call(procedure::THRESHOLDS_GET, place.clone()).await.unwrap();
    assert_eq!(got.kwargs::<Threshold>().unwrap(), set);

    let removed = house.call(procedure::THRESHOLDS_REMOVE, place.clone()).await.unwrap();
    assert_eq!(removed.kwargs::<Threshold>().unwrap(), set);
    let told: Value = heard(&mut changed, |_| true).await;
    assert_eq!(told["new"], Value::Null);
    let none = house.call(procedure::THRESHOLDS_GET, place).await.unwrap();
    assert_eq!(none.value::<Value>().unwrap(), Value::Null);
}

#[tokio::test]
async fn nonsense_is_refused_with_a_sentence() {
    let house = House::new().await;
    for (kwargs, start) in [
        (
            json!({"area": "hall", "quantity": "temperature", "low": 26, "high": 18}),
            "low",
        ),
        (
            json!({"area": "hall", "quantity": "temperature", "high": "hot"}),
            "high",
        ),
        (json!({"area": "hall", "quantity": "temperature", "high": 900}), "high"),
        (json!({"area": 5, "quantity": "temperature", "high": 20}), "area"),
        (json!({"quantity": "temperature", "high": 20}), "area"),
    ] {
        let error = house.call(procedure::THRESHOLDS_SET, kwargs).await.unwrap_err();
        let Error::Rejected(error) = error else {
            panic!("{error}")
        };
        assert_eq!(error.uri(), error_uri::INVALID_ARGUMENT);
        let sentence = error.message().unwrap();
        assert!(sentence.starts_with(start), "{sentence}");
    }
}

#[tokio::test]
async fn crossing_a_threshold_raises_and_coming_back_clears() {
    let house = House::new().await;
    let mut raised = house.admin.subscribe(topic::ALERT_RAISED).open().await.unwrap();
    let mut cleared = house.admin.subscribe(topic::ALERT_CLEARED).open().await.unwrap();
    let reading = |value: f64| json!({"sensorId": 25, "area": "bathroom", "humidity": value});
    house.reads(reading(71.0)).await;
    let wanted = json!({"area": "bathroom", "quantity": "humidity", "high": 65});
    house.call(procedure::THRESHOLDS_SET, wanted.clone()).await.unwrap();
    // Set below what was last read, or read after it was set: either way it is crossed now.
    house.reads(reading(71.0)).await;
    let alert: Alert = heard(&mut raised, |_| true).await;
    assert_eq!(alert.kind, AlertKind::High);
    assert_eq!(alert.message, "Bathroom humidity is 71 %, above 65 %");
    house
        .reads(json!({"sensorId": 25, "area": "bathroom", "humidity": "wet", "temperature": 20}))
        .await;
    house.reads(reading(50.0)).await;
    let gone: Alert = heard(&mut cleared, |_| true).await;
    assert_eq!(gone.id, alert.id);
    assert!(gone.cleared_at.is_some());
}
