//! `domovoi simulate`: plays a house full of MQTT devices on an MQTT server.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use mqtt_bridge::ServerUrl;
use mqtt_bridge::fleet::{self, Settings};
use serde_json::json;

use super::{Logging, output};
use crate::failure::Failure;
use crate::signals::Signals;

/// More devices than any house has.
const MOST_DEVICES: usize = 100_000;

/// The command line of `domovoi simulate`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The MQTT server: an address, or mqtt://user:password@host:port, or mqtts://….
    #[arg(long, value_name = "ADDR:PORT|URL", default_value = "127.0.0.1:1883")]
    mqtt: String,
    /// For mqtts: a file with the certificates of the authorities to trust.
    #[arg(long, value_name = "FILE")]
    authorities: Option<PathBuf>,
    /// How many devices.
    #[arg(long, value_name = "N", default_value_t = 20)]
    devices: usize,
    /// Readings a second, of all devices together.
    #[arg(long, value_name = "R", default_value_t = 5.0)]
    rate: f64,
    /// For how long; until it is stopped when it is not said.
    #[arg(long, value_name = "S")]
    seconds: Option<f64>,
    /// Take the devices back from the server at the end.
    #[arg(long)]
    remove: bool,
}

impl Arguments {
    fn check(self) -> Result<(Settings, Option<Duration>), String> {
        let address = match self.mqtt.parse::<SocketAddr>() {
            Ok(address) => format!("mqtt://{address}"),
            Err(_) => self.mqtt,
        };
        let url: ServerUrl = address.parse().map_err(|fault| format!("--mqtt: {fault}"))?;
        if self.devices == 0 || self.devices > MOST_DEVICES {
            return Err(format!("--devices must be a number from 1 to {MOST_DEVICES}"));
        }
        if !(0.0..=1e6).contains(&self.rate) {
            return Err("--rate must be a number from 0 to 1000000".to_owned());
        }
        let duration = match self.seconds {
            None => None,
            Some(seconds) => Some(
                Duration::try_from_secs_f64(seconds).map_err(|_| "--seconds must be a number of seconds".to_owned())?,
            ),
        };
        let settings = Settings {
            url,
            authorities: self.authorities,
            discovery_prefix: mqtt_bridge::Settings::default().discovery_prefix,
            devices: self.devices,
            rate: self.rate,
            remove: self.remove,
        };
        Ok((settings, duration))
    }
}

pub(super) async fn run(arguments: Arguments, logging: &Logging) -> Result<(), Failure> {
    logging.start_quietly()?;
    let (settings, duration) = arguments.check().map_err(Failure::Usage)?;
    let devices = settings.devices;
    let mut signals = Signals::listen()?;
    let over = async {
        match duration {
            Some(duration) => tokio::time::sleep(duration).await,
            None => std::future::pending().await,
        }
    };
    let end = async {
        tokio::select! {
            () = over => {}
            _ = signals.next() => {}
        }
    };
    let report = fleet::run(settings, end)
        .await
        .map_err(|error| Failure::of("the devices cannot be simulated", &error))?;
    let done = json!({"event": "done", "devices": devices, "readings": report.readings,
        "messages": report.messages, "commands": report.commands});
    output::line(&done)
}
