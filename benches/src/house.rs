//! Measures the hub as a person would meet it: how long it takes to be ready, how much memory it
//! holds with every service and the embedded MQTT server, and how long it takes from a sensor's
//! MQTT message to the command on an actuator's topic. Prints one row a figure, for the README.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use domovoi_tests::hub::{Hub, Options};
use domovoi_tests::people::{admin, adopt, set_threshold, set_up};
use house::uri::procedure;
use rumqttc::{AsyncClient, Event, MqttOptions, Packet, QoS};
use serde_json::{Value, json};
use tokio::sync::mpsc;

/// Starts measured, after one that warms the disk's cache.
const STARTS: usize = 11;
/// Sensor messages measured, after some that warm up.
const ROUNDS: usize = 1000;

#[tokio::main]
async fn main() -> Result<()> {
    println!("| figure | value |");
    println!("|---|---|");
    start_up().await?;
    memory_and_latency().await
}

fn median(values: &mut [f64]) -> f64 {
    percentile(values, 50.0)
}

fn percentile(values: &mut [f64], percent: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (percent / 100.0 * values.len() as f64).ceil() as usize;
    values[rank.clamp(1, values.len()) - 1]
}

/// From exec to the ready line, with a data directory that exists, as after a reboot.
async fn start_up() -> Result<()> {
    let mut hub = Hub::start(Options::default()).await;
    let mut seconds = Vec::new();
    for _ in 0..STARTS {
        let started = Instant::now();
        hub = hub.kill_and_restart().await;
        seconds.push(started.elapsed().as_secs_f64());
    }
    println!(
        "| exec to ready, median of {STARTS} (kill -9 before each) | {:.0} ms |",
        1000.0 * median(&mut seconds)
    );
    hub.terminate().await;
    Ok(())
}

/// Resident memory in MB of a process.
fn resident(pid: u32) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .context("no VmRSS")?;
    let kilobytes: f64 = line.split_whitespace().nth(1).context("no figure")?.parse()?;
    Ok(kilobytes / 1024.0)
}

async fn memory_and_latency() -> Result<()> {
    let hub = Hub::start(Options::default()).await;
    println!(
        "| resident memory, every service and the MQTT server, just started | {:.1} MB |",
        resident(hub.pid())?
    );
    set_up(&hub).await;
    let session = admin(&hub).await;
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
    println!(
        "| MQTT message in to actuator command out, p50 of {ROUNDS} | {:.2} ms |",
        percentile(&mut milliseconds, 50.0)
    );
    println!("| the same, p99 | {:.2} ms |", percentile(&mut milliseconds, 99.0));
    println!("| resident memory after that | {:.1} MB |", resident(hub.pid())?);
    poll.abort();
    hub.terminate().await;
    Ok(())
}
