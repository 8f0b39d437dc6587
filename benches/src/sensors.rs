//! A house full of MQTT sensors whose every reading can be told from every other of its sensor.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use domovoi_tests::hub::{Hub, PATIENCE};
use domovoi_tests::people::adopt;
use house::uri::procedure;
use house::{Device, Lifecycle};
use serde_json::json;
use wamp_client::Session;

use crate::publisher::{Publisher, publish};

/// What each device measures: device class, unit, and the value that its readings begin with.
pub(crate) const MEASURED: [(&str, &str, u32); 5] = [
    ("temperature", "°C", 15),
    ("humidity", "%", 40),
    ("pressure", "hPa", 1000),
    ("illuminance", "lx", 100),
    ("voltage", "V", 220),
];
/// Rooms they stand in.
pub(crate) const ROOMS: usize = 8;
/// Readings of a sensor after which its values begin again, a hundredth apart.
const ROUND: usize = 1000;
/// Devices announced at once.
const AT_ONCE: usize = 500;
/// How often it is looked for devices that were found.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How the readings of a device travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// A topic and a message for each.
    Single,
    /// All of one time in one JSON object, as Zigbee2MQTT sends them.
    Together,
}

/// The devices of a house.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sensors {
    pub(crate) devices: usize,
    pub(crate) form: Form,
}

/// What a sensor's reading with this number is worth.
pub(crate) fn value(base: u32, number: usize) -> f64 {
    f64::from(base) + (number % ROUND) as f64 / 100.0
}

impl Sensors {
    /// Readings in one message.
    pub(crate) fn in_a_message(self) -> usize {
        match self.form {
            Form::Single => 1,
            Form::Together => MEASURED.len(),
        }
    }

    fn topic(device: usize) -> String {
        format!("measured/device_{device}")
    }

    fn announcement(self, device: usize) -> Vec<u8> {
        let topic = Self::topic(device);
        let mut components = serde_json::Map::new();
        for (class, unit, _) in MEASURED {
            let mut keys = json!({"p": "sensor", "uniq_id": format!("m{device}_{class}"), "dev_cla": class,
                "unit_of_meas": unit});
            match self.form {
                Form::Single => keys["stat_t"] = json!(format!("{topic}/{class}")),
                Form::Together => {
                    keys["stat_t"] = json!(topic);
                    keys["val_tpl"] = json!(format!("{{{{ value_json.{class} }}}}"));
                }
            }
            components.insert(class.to_owned(), keys);
        }
        let config = json!({
            "dev": {"ids": [format!("measured_{device}")], "name": format!("Sensor {device}"), "mf": "Aqara",
                "mdl": "WSDCGQ11LM"},
            "o": {"name": "measurement"},
            "cmps": components,
        });
        let topic = format!("homeassistant/device/measured_{device}/config");
        publish(&topic, &config.to_string(), true)
    }

    /// The packets by which every sensor says its readings from the one numbered `first` on, so
    /// many of each, the devices in turns.
    pub(crate) fn packets(self, first: usize, of_each: usize) -> Vec<Vec<u8>> {
        let mut packets = Vec::new();
        for number in first..first + of_each {
            for device in 0..self.devices {
                let topic = Self::topic(device);
                match self.form {
                    Form::Single => packets.extend(MEASURED.iter().map(|(class, _, base)| {
                        let value = value(*base, number);
                        publish(&format!("{topic}/{class}"), &format!("{value:.2}"), false)
                    })),
                    Form::Together => {
                        let values = MEASURED
                            .iter()
                            .map(|(class, _, base)| format!("\"{class}\":{:.2}", value(*base, number)));
                        let state = format!("{{{},\"linkquality\":123}}", values.collect::<Vec<_>>().join(","));
                        packets.push(publish(&topic, &state, false));
                    }
                }
            }
        }
        packets
    }

    /// Announces the devices and adopts them all, fewer at once than may wait in the inbox.
    pub(crate) async fn join(self, hub: &Hub, session: &Session) -> Result<()> {
        let server = hub.mqtt.clone().context("the embedded MQTT server does not run")?;
        let everyone: Vec<usize> = (0..self.devices).collect();
        for some in everyone.chunks(AT_ONCE) {
            let packets: Vec<Vec<u8>> = some.iter().map(|device| self.announcement(*device)).collect();
            let server = server.clone();
            tokio::task::spawn_blocking(move || Publisher::connect(&server, "announcer")?.send(&packets, None))
                .await??;
            let (mut adopted, started) = (0, Instant::now());
            while adopted < some.len() {
                let found = discovered(session).await?;
                ensure!(started.elapsed() < PATIENCE, "only {adopted} devices are found");
                if found.is_empty() {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
                for id in found {
                    adopt(session, &id, &format!("Room {}", adopted % ROOMS)).await;
                    adopted += 1;
                }
            }
        }
        Ok(())
    }
}

async fn discovered(session: &Session) -> Result<Vec<String>> {
    let devices: Vec<Device> = session.call(procedure::DEVICE_LIST).send().await?.value()?;
    let waits = devices
        .into_iter()
        .filter(|device| device.lifecycle == Lifecycle::Discovered);
    Ok(waits.map(|device| device.id).collect())
}
