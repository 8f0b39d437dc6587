//! `domovoi run`: the whole hub.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::Logging;
use super::stored::Stored;
use crate::config::Config;
use crate::failure::Failure;
use crate::run::Options;
use crate::services::Demo;

/// The command line of `domovoi run`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration; domovoi.toml in the data directory by default, when it is there.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    stored: Stored,
    /// Where the one port is: web pages, WAMP, /healthz, /metrics. Port 0 takes one that is free.
    #[arg(long, value_name = "ADDR:PORT", value_parser = crate::listener::address)]
    listen: Option<SocketAddr>,
    /// Where the hub's own MQTT server listens. Port 0 takes one that is free.
    #[arg(long, value_name = "ADDR:PORT", value_parser = crate::listener::address)]
    mqtt_listen: Option<SocketAddr>,
    /// Add a simulated house.
    #[arg(long)]
    demo: bool,
    /// How many times faster than a real house the simulated one is.
    #[arg(long, value_name = "N", requires = "demo", value_parser = speed)]
    demo_speed: Option<f64>,
}

fn speed(text: &str) -> Result<f64, String> {
    let range = 0.1..=10_000.0;
    match text.parse::<f64>() {
        Ok(speed) if range.contains(&speed) => Ok(speed),
        _ => Err("say a number from 0.1 to 10000".into()),
    }
}

pub(super) async fn run(arguments: Arguments, logging: Logging) -> Result<(), Failure> {
    let data_dir = arguments.stored.dir()?;
    let mut config = match &arguments.config {
        Some(path) => Config::read(path)?,
        None => Config::read_if_there(&data_dir.configuration())?,
    };
    if let Some(listen) = arguments.listen {
        config.listen = listen;
    }
    if let Some(listen) = arguments.mqtt_listen {
        config.mqtt.listen = Some(listen);
    }
    let format = logging.start(&config.log)?;
    let demo = arguments.demo.then(|| Demo {
        speed: arguments.demo_speed.unwrap_or(Demo::default().speed),
    });
    crate::run::run(Options {
        config,
        data_dir,
        demo,
        format,
    })
    .await
}
