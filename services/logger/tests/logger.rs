//! The logger among sensors and people, in a real realm.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::time::Duration;

use database::Database;
use house::uri::{error, procedure, topic};
use house::{SensorEvent, Timestamp};
use logger::{Running, Settings};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_realm::{PATIENCE, Realm, heard};
use wamp_client::{CallResult, Error, Session, error_uri};

struct House {
    realm: Realm,
    folder: TempDir,
    service: Option<Running>,
    anna: Session,
    settings: Settings,
}

impl House {
    async fn new(settings: Settings) -> Self {
        let realm = Realm::new();
        let mut house = Self {
            anna: realm.join("anna", "admin").await,
            realm,
            folder: tempfile::tempdir().unwrap(),
            service: None,
            settings,
        };
        house.restart().await;
        house
    }

    async fn restart(&mut self) {
        if let Some(service) = self.service.take() {
            service.stop().await;
        }
        let session = self.realm.join("logger", "service").await;
        let started = logger::start(session, self.settings.clone(), self.database().await).await;
        self.service = Some(started.unwrap());
    }

    async fn database(&self) -> Database {
        Database::open(self.folder.path().join("house.db")).await.unwrap()
    }

    async fn call(&self, uri: &str, kwargs: Value) -> Result<CallResult, Error> {
        self.anna.call(uri).kwargs(&kwargs).timeout(PATIENCE).send().await
    }

    async fn publish(&self, topic: &'static str, kwargs: Value) {
        self.anna
            .publish(topic)
            .kwargs(&kwargs)
            .acknowledge()
            .send()
            .await
            .unwrap();
    }

    /// Calls until the answer is as wanted: what is published is not taken in the same instant.
    async fn until<T>(&self, uri: &str, kwargs: Value, wanted: impl Fn(&CallResult) -> Option<T>) -> T {
        let search = async {
            loop {
                if let Ok(result) = self.call(uri, kwargs.clone()).await
                    && let Some(found) = wanted(&result)
                {
                    return found;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, search).await.expect("an answer in time")
    }

    async fn values(&self, kwargs: Value, count: usize) -> Vec<f64> {
        self.until(procedure::HISTORY_READINGS, kwargs, |result| {
            let answer: Value = result.kwargs().ok()?;
            let points = answer["points"].as_array()?;
            (points.len() == count).then(|| points.iter().filter_map(|point| point[1].as_f64()).collect())
        })
        .await
    }
}

fn slow() -> Settings {
    Settings {
        commit_interval: Duration::from_secs(3600),
        ..Settings::default()
    }
}

#[tokio::test]
async fn a_device_that_took_anothers_place_goes_on_with_its_history() {
    let house = House::new(Settings::default()).await;
    let now = component_now();
    let reading = |sensor: &str, minute: i64, value: f64| json!({"sensorId": sensor, "at": Timestamp(now.0 - (10 - minute) * 60_000), "temperature": value});
    house.publish(topic::SENSOR_EVENTS, reading("mqtt-old", 1, 20.0)).await;
    house.values(json!({"sensor": "mqtt-old"}), 1).await;
    let successor = json!({
        "id": "mqtt-old", "bridge": "mqtt", "name": "Wall", "lifecycle": "adopted",
        "parts": [{"id": "mqtt-new", "bridge": "mqtt"}],
    });
    house.publish(topic::DEVICE_CHANGED, successor).await;
    // The logbook has it: from now on the logger knows.
    house
        .until(
            procedure::HISTORY_READINGS,
            json!({"sensor": "mqtt-new", "quantity": "temperature"}),
            |result| {
                let series: Value = result.kwargs().ok()?;
                (series["points"].as_array()?.len() == 1).then_some(())
            },
        )
        .await;
    house.publish(topic::SENSOR_EVENTS, reading("mqtt-old", 2, 99.0)).await;
    house.publish(topic::SENSOR_EVENTS, reading("mqtt-new", 3, 21.0)).await;
    for id in ["mqtt-old", "mqtt-new"] {
        let values = house.values(json!({"sensor": id}), 2).await;
        assert_eq!(values, [20.0, 21.0], "{id}: the old hardware is out, the new goes on");
    }
}

fn component_now() -> Timestamp {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    Timestamp(i64::try_from(since.as_millis()).unwrap())
}

#[tokio::test]
async fn a_reading_is_history_at_once_and_a_stop_loses_none() {
    let mut house = House::new(slow()).await;
    house
        .publish(topic::SENSOR_EVENTS, json!({"sensorId": 25, "temp": 27}))
        .await;
    assert_eq!(house.values(json!({"sensor": 25}), 1).await, [27.0]);
    for value in 0..100 {
        house
            .publish(topic::SENSOR_EVENTS, json!({"sensorId": 25, "temperature": value}))
            .await;
    }
    house.restart().await;
    let asked = json!({"sensor": "25", "quantity": "temperature", "resolution": "raw"});
    assert_eq!(house.values(asked, 101).await.len(), 101);
    let answer: Value = house
        .call(procedure::HISTORY_READINGS, json!({"sensor": 25}))
        .await
        .unwrap()
        .kwargs()
        .unwrap();
    assert_eq!(
        (&answer["quantity"], &answer["unit"]),
        (&json!("temperature"), &json!("°C"))
    );
}

#[tokio::test]
async fn a_reading_may_come_as_the_one_positional_argument() {
    let house = House::new(slow()).await;
    let reading = json!({"sensorId": 25, "temp": 27});
    let publish = house.anna.publish(topic::SENSOR_EVENTS).args(&(reading,));
    publish.acknowledge().send().await.unwrap();
    assert_eq!(house.values(json!({"sensor": 25}), 1).await, [27.0]);
}

#[tokio::test]
async fn readings_are_written_every_interval() {
    let house = House::new(Settings {
        commit_interval: Duration::from_millis(20),
        ..Settings::default()
    })
    .await;
    house
        .publish(topic::SENSOR_EVENTS, json!({"sensorId": "a", "humidity": 40}))
        .await;
    let database = house.database().await;
    let written = async {
        while sqlx::query_scalar::<_, i64>("SELECT count(*) FROM reading")
            .fetch_one(database.read())
            .await
            .unwrap()
            == 0
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, written).await.expect("written in time");
}

#[tokio::test]
async fn the_newest_reading_of_each_sensor_survives_a_restart() {
    let mut house = House::new(slow()).await;
    let event = json!({"sensorId": "a", "area": "Hall", "temperature": 21.5, "humidity": 40});
    house.publish(topic::SENSOR_EVENTS, event).await;
    house.values(json!({"sensor": "a", "quantity": "humidity"}), 1).await;
    house.restart().await;
    let newest: Vec<SensorEvent> = house
        .call(procedure::HISTORY_LATEST, json!({}))
        .await
        .unwrap()
        .value()
        .unwrap();
    assert_eq!(newest.len(), 2);
    assert!(
        newest
            .iter()
            .all(|event| event.area.as_ref().unwrap().as_str() == "hall" && event.at.is_some())
    );
}

#[tokio::test]
async fn a_long_stretch_comes_in_parts_to_who_takes_them() {
    let house = House::new(slow()).await;
    for value in 0..2500 {
        let event = json!({"sensorId": "a", "temperature": f64::from(value) / 100.0});
        house
            .anna
            .publish(topic::SENSOR_EVENTS)
            .kwargs(&event)
            .send()
            .await
            .unwrap();
    }
    let asked = json!({"sensor": "a", "resolution": "raw"});
    let whole = async {
        loop {
            let mut parts = house
                .anna
                .call(procedure::HISTORY_READINGS)
                .kwargs(&asked)
                .progressive()
                .await
                .unwrap();
            let (mut count, mut lengths) = (0, Vec::new());
            while let Some(part) = parts.next().await {
                let Ok(part) = part else { break };
                let answer: Value = part.kwargs().unwrap();
                let length = answer["points"].as_array().unwrap().len();
                count += length;
                lengths.push((part.progress, length));
            }
            if count == 2500 {
                return lengths;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let lengths = tokio::time::timeout(PATIENCE, whole).await.expect("all in time");
    assert_eq!(lengths, [(true, 1000), (true, 1000), (false, 500)]);

    let answer: Value = house
        .call(procedure::HISTORY_READINGS, asked)
        .await
        .unwrap()
        .kwargs()
        .unwrap();
    assert_eq!(
        answer["downsampled"], true,
        "more than 2000 points do not fit into one answer"
    );
    assert!(answer["points"].as_array().unwrap().len() <= 2000);
}

#[tokio::test]
async fn the_logbook_tells_what_happened_and_why() {
    let house = House::new(slow()).await;
    let at = Timestamp::from_secs(1_777_793_400).to_string();
    house
        .publish(
            topic::ACTUATOR_EVENTS,
            json!({"device": "mqtt-1", "entity": "r", "area": "bathroom", "kind": "fan", "on": true, "confirmed": true,
                "at": at, "cause": {"by": "humidity-fan", "text": "humidity 71 % ≥ 65 %"}}),
        )
        .await;
    house
        .publish(topic::SENSOR_EVENTS, json!({"sensorId": "a", "humidity": 140}))
        .await;
    let entries = house
        .until(procedure::HISTORY_EVENTS, json!({}), |result| {
            let entries: Vec<Value> = result.value().ok()?;
            (entries.len() == 2).then_some(entries)
        })
        .await;
    assert_eq!(entries[0]["kind"], "sensor");
    assert_eq!(entries[0]["text"], "Sensor a: humidity 140 is outside 0 to 100 %");
    let fan = &entries[1];
    assert_eq!(fan["text"], "Bathroom fan on: humidity 71 % ≥ 65 %");
    assert_eq!(
        (&fan["on"], &fan["area"], &fan["at"]),
        (&json!(true), &json!("bathroom"), &json!(at))
    );
    let only = house
        .call(procedure::HISTORY_EVENTS, json!({"kind": "actuator", "limit": 5}))
        .await
        .unwrap();
    assert_eq!(only.value::<Vec<Value>>().unwrap().len(), 1);
}

#[tokio::test]
async fn wrong_arguments_are_named() {
    let house = House::new(slow()).await;
    let readings = procedure::HISTORY_READINGS;
    for (uri, kwargs, wanted, word) in [
        (readings, json!({}), error_uri::INVALID_ARGUMENT, "sensor"),
        (readings, json!({"sensor": [1]}), error_uri::INVALID_ARGUMENT, "sensor"),
        (readings, json!({"sensor": "nobody"}), error::NO_SUCH_DEVICE, "nobody"),
        (
            readings,
            json!({"sensor": "a", "quantity": "mood"}),
            error_uri::INVALID_ARGUMENT,
            "quantity",
        ),
        (
            readings,
            json!({"sensor": "a", "from": "soon"}),
            error_uri::INVALID_ARGUMENT,
            "from",
        ),
        (
            readings,
            json!({"sensor": "a", "resolution": "fine"}),
            error_uri::INVALID_ARGUMENT,
            "resolution",
        ),
        (
            procedure::HISTORY_EVENTS,
            json!({"limit": 0}),
            error_uri::INVALID_ARGUMENT,
            "limit",
        ),
        (
            procedure::HISTORY_EVENTS,
            json!({"from": 20, "to": 10}),
            error_uri::INVALID_ARGUMENT,
            "from",
        ),
    ] {
        let Err(Error::Rejected(fault)) = house.call(uri, kwargs.clone()).await else {
            panic!("{uri} {kwargs} was taken");
        };
        assert_eq!(fault.uri(), wanted, "{uri} {kwargs}: {fault}");
        assert!(fault.message().unwrap().contains(word), "{uri} {kwargs}: {fault}");
    }
    let nothing = house.values(json!({"sensor": "nobody", "quantity": "co2"}), 0).await;
    assert!(
        nothing.is_empty(),
        "a sensor that has not measured yet has an empty history"
    );
}

#[tokio::test]
async fn a_disk_that_fails_is_told_of_and_nothing_is_lost() {
    let house = House::new(Settings {
        commit_interval: Duration::from_millis(20),
        ..Settings::default()
    })
    .await;
    let mut changes = house.anna.subscribe(topic::STATUS_CHANGE).open().await.unwrap();
    let database = house.database().await;
    let spoil = async |sql: &'static str| {
        sqlx::query(sql).execute(database.write()).await.unwrap();
    };
    spoil("ALTER TABLE reading RENAME TO elsewhere").await;
    house
        .publish(topic::SENSOR_EVENTS, json!({"sensorId": "a", "humidity": 40}))
        .await;
    let failed: Value = heard(&mut changes, |_| true).await;
    assert_eq!(
        (&failed["component"], &failed["status"]),
        (&json!("storage"), &json!("failed"))
    );
    house
        .publish(topic::SENSOR_EVENTS, json!({"sensorId": "a", "humidity": 41}))
        .await;
    spoil("ALTER TABLE elsewhere RENAME TO reading").await;
    let back: Value = heard(&mut changes, |_| true).await;
    assert_eq!(back["status"], "running");
    assert!(back["detail"].as_str().unwrap().contains("nothing was lost"), "{back}");
    assert_eq!(house.values(json!({"sensor": "a"}), 2).await, [40.0, 41.0]);
}
