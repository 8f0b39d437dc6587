//! The day of the talk, lived once per house and kept, so that each of its sentences is a test of
//! its own.

use std::panic::AssertUnwindSafe;
use std::sync::OnceLock;
use std::time::Duration;

use domovoi_tests::hub::Hub;
use domovoi_tests::ntfy::{Message, Ntfy};
use domovoi_tests::recorder::Recorder;
use domovoi_tests::wait;
use house::uri::{procedure, topic};
use serde_json::{Value, json};
use sqlx::Row as _;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use wamp_client::Session;

/// How long the house may take from one sentence to the next.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);

/// What the day listens to.
pub(crate) const TOPICS: &[&str] = &[
    topic::SENSOR_EVENTS,
    topic::ALERT_RAISED,
    topic::ALERT_CLEARED,
    topic::ACTUATOR_EVENTS,
    topic::CONFIG_CHANGED,
    topic::DEVICE_FOUND,
    topic::DEVICE_CHANGED,
];

/// Half of the day: one room, one quantity, one actuator.
pub(crate) struct Room {
    pub(crate) area: &'static str,
    pub(crate) quantity: &'static str,
    pub(crate) actuator: &'static str,
    pub(crate) high: f64,
}

pub(crate) const LIVING_ROOM: Room = Room {
    area: "living_room",
    quantity: "temperature",
    actuator: "ac",
    high: 26.0,
};
pub(crate) const BATHROOM: Room = Room {
    area: "bathroom",
    quantity: "humidity",
    actuator: "fan",
    high: 65.0,
};

/// What happened in a room, sentence by sentence.
#[derive(Debug, Clone)]
pub(crate) struct Half {
    /// `sensor.events`, with the value above the threshold.
    pub(crate) rise: Value,
    /// `alert.raised`
    pub(crate) alert: Value,
    /// What phones were told.
    pub(crate) notification: String,
    /// Values of this sensor above the threshold, from `history.readings`.
    pub(crate) history: Vec<f64>,
    /// And from the database file itself.
    pub(crate) stored: Vec<f64>,
    /// `actuator.events`
    pub(crate) on: Value,
    /// `sensor.events`, with a value below the one that switched the actuator on.
    pub(crate) fall: Value,
    /// `actuator.events`
    pub(crate) off: Value,
    /// `alert.cleared`
    pub(crate) cleared: Value,
}

/// The whole day.
#[derive(Debug, Clone)]
pub(crate) struct Day {
    pub(crate) living_room: Half,
    pub(crate) bathroom: Half,
    /// Sentences 13 to 15, in the browser.
    pub(crate) threshold: ThresholdSet,
    pub(crate) search: Search,
}

/// The admin set a threshold in the web UI.
#[derive(Debug, Clone)]
pub(crate) struct ThresholdSet {
    /// `config.changed`
    pub(crate) changed: Value,
    /// `actuator.events` that followed from it.
    pub(crate) effect: Value,
}

/// The admin searched for devices in the web UI.
#[derive(Debug, Clone)]
pub(crate) struct Search {
    /// Ids shown while the search still ran, in the order shown.
    pub(crate) shown_while_searching: Vec<String>,
    /// Ids shown at the end.
    pub(crate) shown_at_the_end: Vec<String>,
}

/// Lives a day on the first call; every call gives what was kept.
///
/// # Panics
/// When the day did not come to its end; with the reason, in every test that asks.
pub(crate) fn lived(kept: &'static OnceLock<Result<Day, String>>, live: impl AsyncFnOnce() -> Day) -> &'static Day {
    let outcome = kept.get_or_init(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        std::panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(live()))).map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            text.or_else(|| panic.downcast_ref::<&str>().map(|t| (*t).to_owned()))
                .unwrap_or_default()
        })
    });
    outcome
        .as_ref()
        .unwrap_or_else(|fault| panic!("the day ended early: {fault}"))
}

impl Room {
    /// Follows the room through its half of the day.
    pub(crate) async fn live(&self, hub: &Hub, session: &Session, heard: &Recorder, ntfy: &Ntfy) -> Half {
        let quantity = self.quantity;
        let value = |event: &Value| event[quantity].as_f64();
        let is_here = |event: &Value| event["area"] == self.area;
        let what = |sentence: &str| format!("{}: {sentence}", self.area);

        let (rise, _) = heard
            .wait_from(0, &what("the value rises"), LIMIT, topic::SENSOR_EVENTS, |event| {
                is_here(event) && value(event).is_some_and(|value| value > self.high)
            })
            .await;
        let (alert, _) = heard
            .wait_from(0, &what("an alert is raised"), LIMIT, topic::ALERT_RAISED, |alert| {
                is_here(alert) && alert["kind"] == "high"
            })
            .await;
        let (on, after_on) = heard
            .wait_from(
                0,
                &what("the actuator goes on"),
                LIMIT,
                topic::ACTUATOR_EVENTS,
                |event| is_here(event) && event["kind"] == self.actuator && event["on"] == true,
            )
            .await;
        let peak = value(&rise).expect("a value");
        let (fall, _) = heard
            .wait_from(
                after_on,
                &what("the value falls"),
                LIMIT,
                topic::SENSOR_EVENTS,
                |event| is_here(event) && value(event).is_some_and(|value| value < peak.min(self.high)),
            )
            .await;
        let (off, _) = heard
            .wait_from(
                after_on,
                &what("the actuator goes off"),
                LIMIT,
                topic::ACTUATOR_EVENTS,
                |event| is_here(event) && event["kind"] == self.actuator && event["on"] == false,
            )
            .await;
        let (cleared, _) = heard
            .wait_from(
                after_on,
                &what("the alert clears"),
                LIMIT,
                topic::ALERT_CLEARED,
                |cleared| cleared["id"] == alert["id"],
            )
            .await;
        let sentence = alert["message"].as_str().expect("an alert has a sentence").to_owned();
        let notification = wait::until(&what("phones are told"), LIMIT, async || {
            ntfy.messages()
                .into_iter()
                .map(|Message { text }| text)
                .find(|text| text.contains(&sentence))
        })
        .await;
        let sensor = rise["sensorId"].as_str().expect("a sensor");
        let history = self.history(session, sensor).await;
        let stored = self.stored(hub, sensor).await;
        Half {
            rise,
            alert,
            notification,
            history,
            stored,
            on,
            fall,
            off,
            cleared,
        }
    }

    async fn history(&self, session: &Session, sensor: &str) -> Vec<f64> {
        let result = session
            .call(procedure::HISTORY_READINGS)
            .kwargs(&json!({
                "sensor": sensor, "quantity": self.quantity,
                "from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z", "resolution": "raw",
            }))
            .send()
            .await
            .expect("history answers");
        let series: Value = result.kwargs().expect("a series");
        let points = series["points"].as_array().expect("points");
        points
            .iter()
            .filter_map(|point| point[1].as_f64())
            .filter(|value| *value > self.high)
            .collect()
    }

    async fn stored(&self, hub: &Hub, sensor: &str) -> Vec<f64> {
        let file = std::fs::read_dir(hub.data_dir())
            .expect("the data directory")
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .find(|path| path.extension().is_some_and(|extension| extension == "db"))
            .expect("a database file");
        let options = SqliteConnectOptions::new().filename(file).read_only(true);
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await
            .expect("it opens");
        let query = "SELECT value FROM reading JOIN series ON series.id = reading.series \
                     WHERE sensor = ? AND quantity = ? AND value > ?";
        let values = wait::until(&format!("{}: it is in the database", self.area), LIMIT, async || {
            let rows = sqlx::query(query)
                .bind(sensor)
                .bind(self.quantity)
                .bind(self.high)
                .fetch_all(&pool)
                .await
                .expect("the table can be read");
            let values: Vec<f64> = rows.iter().map(|row| row.get(0)).collect();
            (!values.is_empty()).then_some(values)
        })
        .await;
        pool.close().await;
        values
    }
}

/// The tests of the fifteen sentences, once for each house.
macro_rules! sentences {
    ($day:path) => {
        use crate::day::{BATHROOM, LIVING_ROOM};

        #[test]
        fn s01_the_living_rooms_sensor_reports_the_temperature_rise() {
            let value = $day().living_room.rise[LIVING_ROOM.quantity]
                .as_f64()
                .expect("a temperature");
            assert!(value > LIVING_ROOM.high && value < 45.0, "{value}");
        }

        #[test]
        fn s02_the_user_is_notified_of_the_temperature() {
            let half = &$day().living_room;
            assert!(half.notification.contains("Living room"), "{}", half.notification);
            assert!(half.notification.contains("°C"), "{}", half.notification);
            assert_eq!(half.alert["quantity"], "temperature");
        }

        #[test]
        fn s03_the_temperature_is_logged_in_the_database() {
            let half = &$day().living_room;
            assert!(!half.stored.is_empty() && !half.history.is_empty());
            assert!(half.stored.iter().all(|value| *value > LIVING_ROOM.high));
        }

        #[test]
        fn s04_the_air_conditioner_goes_on() {
            let on = &$day().living_room.on;
            let cause = on["cause"]["text"].as_str().expect("every change has a cause");
            assert!(cause.contains("temperature") && cause.contains("26"), "{cause}");
            assert_eq!(on["cause"]["manual"], false);
        }

        #[test]
        fn s05_the_temperature_falls() {
            let half = &$day().living_room;
            assert!(half.fall["temperature"].as_f64() < half.rise["temperature"].as_f64());
        }

        #[test]
        fn s06_the_air_conditioner_goes_off() {
            let half = &$day().living_room;
            assert_eq!(half.off["device"], half.on["device"]);
            assert_eq!(half.off["cause"]["manual"], false);
            assert_eq!(half.cleared["id"], half.alert["id"]);
        }

        #[test]
        fn s07_the_bathrooms_sensor_reports_the_humidity_rise() {
            let value = $day().bathroom.rise[BATHROOM.quantity]
                .as_f64()
                .expect("a humidity");
            assert!(value > BATHROOM.high && value <= 100.0, "{value}");
        }

        #[test]
        fn s08_the_user_is_notified_of_the_humidity() {
            let half = &$day().bathroom;
            assert!(
                half.notification.contains("Bathroom") && half.notification.contains('%'),
                "{}",
                half.notification
            );
        }

        #[test]
        fn s09_the_humidity_is_logged_in_the_database() {
            let half = &$day().bathroom;
            assert!(!half.stored.is_empty() && !half.history.is_empty());
        }

        #[test]
        fn s10_the_fan_goes_on() {
            let cause = $day().bathroom.on["cause"]["text"]
                .as_str()
                .expect("every change has a cause")
                .to_owned();
            assert!(cause.contains("humidity"), "{cause}");
        }

        #[test]
        fn s11_the_humidity_drops() {
            let half = &$day().bathroom;
            assert!(half.fall["humidity"].as_f64() < half.rise["humidity"].as_f64());
        }

        #[test]
        fn s12_the_fan_goes_off() {
            let half = &$day().bathroom;
            assert_eq!(half.off["device"], half.on["device"]);
            assert_eq!(half.cleared["id"], half.alert["id"]);
        }

        #[test]
        fn s13_the_admin_sets_a_threshold_in_the_web_ui_and_it_takes_effect_within_a_second() {
            let set = &$day().threshold;
            let at = |event: &serde_json::Value| -> house::Timestamp {
                event["at"].as_str().expect("a time").parse().expect("a time")
            };
            let delay = at(&set.effect).millis() - at(&set.changed).millis();
            assert!((0..=1000).contains(&delay), "it took {delay} ms");
            assert_eq!(set.changed["by"], "anna");
        }

        #[test]
        fn s14_the_admin_searches_for_devices() {
            assert!(!$day().search.shown_at_the_end.is_empty());
        }

        #[test]
        fn s15_the_system_tells_what_it_found_as_it_finds_it() {
            let search = &$day().search;
            assert!(
                !search.shown_while_searching.is_empty(),
                "nothing was shown before the end: {search:?}"
            );
            for device in &search.shown_while_searching {
                assert!(
                    search.shown_at_the_end.contains(device),
                    "{device} was shown and vanished: {search:?}"
                );
            }
        }
    };
}
pub(crate) use sentences;
