//! From a sensor's MQTT message to the command on an actuator's topic, in a quiet house and while
//! others speak.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use domovoi_tests::hub::{Hub, Options};
use domovoi_tests::people::{admin, adopt, set_threshold, set_up};
use house::uri::procedure;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::figures::{percentile, row};
use crate::process::resident;
use crate::publisher::Publisher;
use crate::sensors::{Form, Sensors};

/// Sensor messages measured, after some that warm up.
const ROUNDS: usize = 1000;
/// Devices that speak in the background, and their readings a second.
const OTHERS: usize = 20;
const BACKGROUND: f64 = 100.0;

/// Measures both the quiet house and the busy one.
pub(crate) async fn measure() -> Result<()> {
    measure_with(None).await?;
    measure_with(Some(BACKGROUND)).await
}

async fn measure_with(background: Option<f64>) -> Result<()> {
    let hub = Hub::start(Options::default()).await;
    set_up(&hub).await;
    let session = admin(&hub).await;
    let others = Sensors {
        devices: OTHERS,
        form: Form::Single,
    };
    let busy = match background {
        Some(rate) => {
            others.join(&hub, &session).await?;
            Some(Background::start(&hub, others, rate)?)
        }
        None => None,
    };
    let server = hub.mqtt.clone().context("the embedded MQTT server does not run")?;
    let (host, port) = server.rsplit_once(':').context("ADDR:PORT")?;
    let mut options = MqttOptions::new("measure", host, port.parse::<u16>()?);
    options.set_keep_alive(Duration::from_secs(30));
    let (client, mut events) = AsyncClient::new(options, 100);
    // What is measured is the hub, not how long this client waits to fill a segment.
    events.network_options.set_tcp_nodelay(true);
    let (told, mut commands) = mpsc::unbounded_channel();
    let poll = tokio::spawn(async move {
        while let Ok(event) = events.poll().await {
            if let Event::Incoming(Packet::Publish(publish)) = event {
                let on = publish.payload.as_ref() == b"ON";
                if told.send((Instant::now(), on)).is_err() {
                    return;
                }
            }
        }
    });
    client.subscribe("fan/command", QoS::AtMostOnce).await?;
    let sensor = json!({
        "name": "Humidity", "unique_id": "m_h", "state_topic": "meter/state", "device_class": "humidity",
        "unit_of_measurement": "%", "value_template": "{{ value_json.humidity }}",
        "device": {"identifiers": ["meter"], "name": "Meter"},
    });
    let fan = json!({
        "name": "Fan", "unique_id": "m_f", "state_topic": "fan/state", "command_topic": "fan/command",
        "device": {"identifiers": ["fan"], "name": "Measured fan"},
    });
    client
        .publish(
            "homeassistant/sensor/meter/h/config",
            QoS::AtLeastOnce,
            true,
            sensor.to_string(),
        )
        .await?;
    client
        .publish(
            "homeassistant/fan/fan/f/config",
            QoS::AtLeastOnce,
            true,
            fan.to_string(),
        )
        .await?;
    client.publish("fan/state", QoS::AtLeastOnce, true, "OFF").await?;
    for name in ["Meter", "Measured fan"] {
        let id = loop {
            let devices: Vec<Value> = session.call(procedure::DEVICE_LIST).send().await?.value()?;
            let id = devices
                .iter()
                .find(|d| d["name"] == name)
                .and_then(|d| d["id"].as_str().map(str::to_owned));
            if let Some(id) = id {
                break id;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        adopt(&session, &id, "bathroom").await;
    }
    set_threshold(
        &session,
        &json!({"area": "bathroom", "quantity": "humidity", "high": 65, "hysteresis": 5, "notify": false}),
    )
    .await;

    let mut milliseconds = Vec::with_capacity(ROUNDS);
    for round in 0..ROUNDS + 50 {
        let on = round % 2 == 0;
        let payload = format!(
            "{{\"battery\":97,\"humidity\":{},\"linkquality\":123,\"temperature\":22.5,\"voltage\":2985}}",
            if on { 80 } else { 40 }
        );
        let sent = Instant::now();
        client.publish("meter/state", QoS::AtMostOnce, false, payload).await?;
        let answered = tokio::time::timeout(Duration::from_secs(10), async {
            loop {
                match commands.recv().await {
                    Some((at, heard)) if heard == on && at > sent => break Ok(at),
                    Some(_) => {}
                    None => bail!("the MQTT connection ended"),
                }
            }
        })
        .await
        .with_context(|| format!("no command came in round {round}"))??;
        // The device does as told and says so, as devices do.
        client
            .publish("fan/state", QoS::AtMostOnce, true, if on { "ON" } else { "OFF" })
            .await?;
        if round >= 50 {
            milliseconds.push((answered - sent).as_secs_f64() * 1000.0);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let readings = match busy {
        Some(busy) => format!(" while {:.0} readings a second come from others", busy.stop().await?),
        None => String::new(),
    };
    row(
        &format!("MQTT message in to actuator command out{readings}, p50 of {ROUNDS}"),
        &format!("{:.2} ms", percentile(&mut milliseconds, 50.0)),
    );
    row(
        "the same, p99",
        &format!("{:.2} ms", percentile(&mut milliseconds, 99.0)),
    );
    row("resident memory after that", &format!("{:.1} MB", resident(hub.pid())?));
    poll.abort();
    hub.terminate().await;
    Ok(())
}

/// Other sensors of the house that speak meanwhile.
struct Background {
    over: Arc<AtomicBool>,
    sending: JoinHandle<Result<f64>>,
}

impl Background {
    fn start(hub: &Hub, sensors: Sensors, rate: f64) -> Result<Self> {
        let server = hub.mqtt.clone().context("the embedded MQTT server does not run")?;
        let over = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&over);
        let sending = tokio::task::spawn_blocking(move || {
            let mut publisher = Publisher::connect(&server, "others")?;
            let (mut number, mut readings) = (0, 0);
            let started = Instant::now();
            while !until.load(Ordering::Relaxed) {
                let packets = sensors.packets(number, 1);
                number += 1;
                readings += packets.len() * sensors.in_a_message();
                publisher.send(&packets, Some(rate))?;
            }
            Ok(readings as f64 / started.elapsed().as_secs_f64())
        });
        Ok(Self { over, sending })
    }

    /// The readings a second that were sent.
    async fn stop(self) -> Result<f64> {
        self.over.store(true, Ordering::Relaxed);
        self.sending.await?
    }
}
