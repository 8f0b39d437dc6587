//! Readings over MQTT through the embedded server, the bridge, the router and the services into
//! the database: what one costs, how many go through, and that none is lost.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use domovoi_tests::hub::{Hub, Options};
use domovoi_tests::people::{admin, set_threshold, set_up};
use house::SensorEvent;
use house::uri::procedure;
use serde_json::{Value, json};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use wamp_client::Session;

use crate::figures::row;
use crate::process::{cpu_seconds, peak, resident};
use crate::publisher::Publisher;
use crate::sensors::{Form, MEASURED, ROOMS, Sensors, value};

/// Devices in the house, and readings of a second that the hub is to take.
const DEVICES: usize = 200;
const WANTED: f64 = 20_000.0;
/// Readings of each sensor before anything is measured, at the steady rate, and at saturation.
const WARM_UP: usize = 20;
const STEADY: usize = 300;
const SATURATED: usize = 1500;
/// How long all that was sent may take to be stored.
const TAKEN_WITHIN: Duration = Duration::from_secs(120);

/// What one stream of messages came to.
struct Taken {
    readings: usize,
    /// From the first message until the logger had the last reading.
    taken_in: Duration,
    cpu_seconds: f64,
}

impl Taken {
    fn microseconds_each(&self) -> f64 {
        1e6 * self.cpu_seconds / self.readings as f64
    }

    fn each_second(&self) -> f64 {
        self.readings as f64 / self.taken_in.as_secs_f64()
    }
}

/// Both ways in which readings travel.
pub(crate) async fn measure() -> Result<()> {
    for form in [Form::Single, Form::Together] {
        measure_form(form).await?;
    }
    Ok(())
}

async fn measure_form(form: Form) -> Result<()> {
    let hub = Hub::start(Options::default()).await;
    set_up(&hub).await;
    let session = admin(&hub).await;
    let sensors = Sensors { devices: DEVICES, form };
    sensors.join(&hub, &session).await?;
    for room in 0..ROOMS {
        for (quantity, high) in [("temperature", 40), ("humidity", 90)] {
            let area = format!("Room {room}");
            set_threshold(
                &session,
                &json!({"area": area, "quantity": quantity, "high": high, "notify": false}),
            )
            .await;
        }
    }
    let database = open(&hub).await?;
    let ways = match form {
        Form::Single => "a message each",
        Form::Together => "five a message",
    };
    // Each sensor's readings go on from where the stream before left off.
    take(&hub, &session, &database, sensors, 0..WARM_UP, Some(WANTED / 2.0)).await?;
    let steady = take(
        &hub,
        &session,
        &database,
        sensors,
        WARM_UP..WARM_UP + STEADY,
        Some(WANTED),
    )
    .await?;
    row(
        &format!("MQTT readings, {ways}, taken at {WANTED:.0} a second: CPU of the hub for each"),
        &format!("{:.1} µs", steady.microseconds_each()),
    );
    let all = WARM_UP + STEADY + SATURATED;
    let saturated = take(&hub, &session, &database, sensors, WARM_UP + STEADY..all, None).await?;
    row(
        "the same, as fast as the hub takes them: readings a second, CPU for each",
        &format!(
            "{:.0}, {:.1} µs",
            saturated.each_second(),
            saturated.microseconds_each()
        ),
    );
    check_order(&database, all).await?;
    check_history(&session, all).await?;
    row(
        &format!(
            "all {} stored, each once and in order; peak memory",
            all * DEVICES * MEASURED.len()
        ),
        &format!("{:.0} MB (then {:.0} MB)", peak(hub.pid())?, resident(hub.pid())?),
    );
    ensure!(hub.terminate().await == Some(0), "the hub ends well");
    Ok(())
}

async fn open(hub: &Hub) -> Result<SqlitePool> {
    let options = SqliteConnectOptions::new()
        .filename(hub.data_dir().join("domovoi.db"))
        .read_only(true);
    Ok(SqlitePool::connect_with(options).await?)
}

async fn stored(database: &SqlitePool) -> Result<usize> {
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM reading")
        .fetch_one(database)
        .await?;
    Ok(usize::try_from(count)?)
}

/// Sends the readings with these numbers of every sensor, at `rate` readings a second, and waits
/// until all are in the database.
async fn take(
    hub: &Hub,
    session: &Session,
    database: &SqlitePool,
    sensors: Sensors,
    numbers: std::ops::Range<usize>,
    rate: Option<f64>,
) -> Result<Taken> {
    let server = hub.mqtt.clone().context("the embedded MQTT server does not run")?;
    let packets = sensors.packets(numbers.start, numbers.len());
    let readings = packets.len() * sensors.in_a_message();
    let rate = rate.map(|rate| rate / sensors.in_a_message() as f64);
    let before = cpu_seconds(hub.pid())?;
    let sending = move || Publisher::connect(&server, "sensors")?.send(&packets, rate);
    let started = Instant::now();
    tokio::task::spawn_blocking(sending).await??;
    while !newest_is(session, numbers.end - 1).await? {
        ensure!(
            started.elapsed() < TAKEN_WITHIN,
            "the last readings have not come through:\n{}",
            hub.log()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let taken_in = started.elapsed();
    let wanted = numbers.end * sensors.devices * MEASURED.len();
    loop {
        let stored = stored(database).await?;
        if stored >= wanted {
            ensure!(
                stored == wanted,
                "{stored} readings are stored where {wanted} were sent"
            );
            break;
        }
        ensure!(
            started.elapsed() < TAKEN_WITHIN,
            "only {stored} of {wanted} readings are stored:\n{}",
            hub.log()
        );
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Ok(Taken {
        readings,
        taken_in,
        cpu_seconds: cpu_seconds(hub.pid())? - before,
    })
}

/// Whether every sensor's newest reading is the one with this number.
async fn newest_is(session: &Session, number: usize) -> Result<bool> {
    let newest: Vec<SensorEvent> = session.call(procedure::HISTORY_LATEST).send().await?.value()?;
    let is_last = |event: &SensorEvent| {
        event.values.iter().all(|(quantity, told)| {
            let measured = MEASURED.iter().find(|(class, _, _)| *class == quantity.name());
            measured.is_some_and(|(_, _, base)| (told - value(*base, number)).abs() < 1e-9)
        })
    };
    Ok(newest.len() == DEVICES * MEASURED.len() && newest.iter().all(is_last))
}

/// Every sensor's readings are there in the order in which they were sent.
async fn check_order(database: &SqlitePool, of_each: usize) -> Result<()> {
    let rows: Vec<(i64, String, f64)> = sqlx::query_as(
        "SELECT reading.series, series.quantity, reading.value FROM reading JOIN series ON series.id = reading.series \
         ORDER BY reading.id",
    )
    .fetch_all(database)
    .await?;
    let mut number_by_series: BTreeMap<i64, usize> = BTreeMap::new();
    for (series, quantity, stored) in rows {
        let number = number_by_series.entry(series).or_default();
        let (_, _, base) = MEASURED
            .iter()
            .find(|(class, _, _)| *class == quantity)
            .with_context(|| format!("nobody measures {quantity}"))?;
        let sent = value(*base, *number);
        ensure!(
            (stored - sent).abs() < 1e-9,
            "reading {number} of series {series} is {stored} where {sent} was sent"
        );
        *number += 1;
    }
    ensure!(
        number_by_series.len() == DEVICES * MEASURED.len(),
        "a series is missing"
    );
    ensure!(
        number_by_series.values().all(|number| *number == of_each),
        "a series has too few readings"
    );
    Ok(())
}

/// `history.readings` gives every one of a sensor's readings.
async fn check_history(session: &Session, of_each: usize) -> Result<()> {
    let asked = json!({"sensor": "mqtt-measured_0", "quantity": "temperature", "resolution": "raw"});
    let answer = session.call(procedure::HISTORY_READINGS).kwargs(&asked).send().await?;
    let series: Value = answer.kwargs()?;
    let points = series["points"].as_array().context("a series has points")?;
    ensure!(
        points.len() == of_each && series["resolution"] == "raw",
        "history.readings gives {} points of {of_each}",
        points.len()
    );
    Ok(())
}
