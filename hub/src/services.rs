//! Every service and bridge of the house, by name, and how each is started from the configuration.

mod settings;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use database::Database;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use wamp_router::Router;

use crate::components::Components;
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::realm;
use crate::supervisor::{Plan, Running, Start, Started};

/// The logger stops last.
pub const LOGGER: &str = "logger";

/// The one whose server the start-up line tells of.
pub const MQTT: &str = "mqtt";

/// A service by name, and the services it asks at its start.
struct Entry {
    name: &'static str,
    after: &'static [&'static str],
}

/// Those that own a table answer for it; controllers and bridges ask them when they start.
const ALL: &[Entry] = &[
    entry("discovery", &[]),
    entry(LOGGER, &[]),
    entry("notifier", &[]),
    entry("system", &[]),
    entry("thresholds", &["discovery"]),
    entry("device-control", &["discovery"]),
    entry(MQTT, &["discovery"]),
    entry("ble", &["discovery"]),
    entry("mdns", &["discovery"]),
    entry("simulated", &["thresholds", "discovery", "device-control"]),
    entry("thermostat", &["thresholds", "discovery", "device-control"]),
    entry("humidity-fan", &["thresholds", "discovery", "device-control"]),
];

const fn entry(name: &'static str, after: &'static [&'static str]) -> Entry {
    Entry { name, after }
}

/// The simulated house.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demo {
    /// How many times faster than the real one it is.
    pub speed: f64,
}

impl Default for Demo {
    fn default() -> Self {
        Self { speed: 60.0 }
    }
}

/// What the running MQTT bridge tells: where its own server listens, and what it has counted.
#[derive(Debug, Clone, Default)]
pub struct MqttView(Arc<Mutex<MqttShown>>);

#[derive(Debug, Default)]
struct MqttShown {
    address: Option<SocketAddr>,
    counters: Option<Arc<mqtt_bridge::Counters>>,
}

impl MqttView {
    /// Where the hub's own MQTT server listens; `None` while there is none.
    pub fn address(&self) -> Option<SocketAddr> {
        self.0.lock().ok()?.address
    }

    /// What the bridge has counted since it was last started.
    pub fn counters(&self) -> Option<Arc<mqtt_bridge::Counters>> {
        self.0.lock().ok()?.counters.clone()
    }

    fn show(&self, running: &mqtt_bridge::Running) {
        if let Ok(mut shown) = self.0.lock() {
            shown.address = running.address();
            shown.counters = Some(running.counters().clone());
        }
    }
}

/// What services are started from.
#[derive(Debug, Clone)]
pub struct Context {
    /// The configuration.
    pub config: Arc<Config>,
    /// The tables; services that own none do without.
    pub database: Option<Database>,
    /// The simulated house, when it is wanted.
    pub demo: Option<Demo>,
    /// Where the simulated house remembers its day.
    pub data_dir: DataDir,
    /// How the services fare, for the one that answers for the hub; `None` outside the hub.
    pub components: Option<Components>,
    /// Where to show the MQTT bridge.
    pub mqtt: MqttView,
}

/// Who is told to stop when.
#[derive(Debug, Default)]
pub struct Stop {
    others: CancellationToken,
    logger: CancellationToken,
}

impl Stop {
    /// What tells the service `name`.
    pub fn of(&self, name: &str) -> &CancellationToken {
        if name == LOGGER { &self.logger } else { &self.others }
    }

    /// Tells all but the logger.
    pub fn all_but_the_logger(&self) {
        self.others.cancel();
    }

    /// Tells the logger.
    pub fn the_logger(&self) {
        self.logger.cancel();
    }
}

/// The names of all services that can be run as processes of their own.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|entry| entry.name)
}

/// The names of the services this hub runs itself.
pub fn selected(config: &Config, demo: bool) -> impl Iterator<Item = &'static str> {
    chosen(config, demo).map(|entry| entry.name)
}

fn chosen(config: &Config, demo: bool) -> impl Iterator<Item = &'static Entry> {
    ALL.iter().filter(move |entry| {
        let wanted = match entry.name {
            "simulated" => demo,
            MQTT => config.mqtt.enabled,
            "ble" => config.ble.enabled,
            // A hub that only its own machine reaches, or that plays a house, asks nobody outside.
            "mdns" => config
                .mdns
                .enabled
                .unwrap_or(!demo && !config.listen.ip().is_loopback()),
            _ => true,
        };
        wanted && !config.elsewhere.iter().any(|name| name == entry.name)
    })
}

/// How to bring those up, on linked sessions.
pub fn plans(context: &Context, router: &Router) -> Vec<Plan> {
    chosen(&context.config, context.demo.is_some())
        .filter_map(|entry| {
            Some(Plan {
                name: entry.name,
                after: entry.after,
                join: realm::joiner(router, entry.name),
                start: start(entry.name, context)?,
            })
        })
        .collect()
}

/// Whether the service `name` owns tables.
pub fn needs_database(name: &str) -> bool {
    matches!(
        name,
        "discovery" | "thresholds" | LOGGER | "notifier" | "device-control" | MQTT | "ble"
    )
}

/// How to start the service `name`; `None` when there is none of this name, or when it needs a
/// database and there is none.
pub fn start(name: &str, context: &Context) -> Option<Start> {
    let config = context.config.clone();
    let database = context.database.clone();
    let speed = context.demo.map_or(1.0, |demo| demo.speed);
    Some(match name {
        "thresholds" => {
            let database = database?;
            starter(move |session| thresholds::start(session, thresholds::Settings { speed }, database.clone()))
        }
        LOGGER => {
            let (database, settings) = (database?, settings::logger(&config.logger));
            starter(move |session| logger::start(session, settings.clone(), database.clone()))
        }
        "discovery" => {
            let database = database?;
            starter(move |session| discovery::start(session, discovery::Settings::default(), database.clone()))
        }
        "device-control" => {
            let database = database?;
            starter(move |session| device_control::start(session, device_control::Settings { speed }, database.clone()))
        }
        "notifier" => {
            let (database, settings) = (database?, settings::notifier(&config.notifier));
            starter(move |session| notifier::start(session, settings.clone(), database.clone()))
        }
        "system" => {
            let settings = settings::system(context.components.clone());
            starter(move |session| system::start(session, settings.clone()))
        }
        "thermostat" => starter(move |session| thermostat::start(session, thermostat::Settings { speed })),
        "humidity-fan" => starter(move |session| humidity_fan::start(session, humidity_fan::Settings { speed })),
        "simulated" => {
            let settings = simulated::Settings {
                speed: context.demo.unwrap_or_default().speed,
                file: Some(context.data_dir.simulated()),
                ..simulated::Settings::default()
            };
            starter(move |session| simulated::start(session, settings.clone()))
        }
        MQTT => {
            let (settings, view) = (settings::mqtt(&config.mqtt)?, context.mqtt.clone());
            starter(move |session| {
                let starting = mqtt_bridge::start(session, settings.clone(), database.clone());
                let view = view.clone();
                async move { starting.await.inspect(|running| view.show(running)) }
            })
        }
        "ble" => {
            let settings = settings::ble(&config.ble);
            starter(move |session| ble_bridge::start(session, settings.clone(), database.clone()))
        }
        "mdns" => starter(|session| mdns_bridge::start(session, mdns_bridge::Settings::default())),
        _ => return None,
    })
}

/// Makes of a service's `start` what the supervisor takes.
fn starter<R, E, F>(start: impl Fn(wamp_client::Session) -> F + Send + Sync + 'static) -> Start
where
    R: Running + 'static,
    E: std::error::Error + 'static,
    F: Future<Output = Result<R, E>> + Send + 'static,
{
    Box::new(move |session| {
        let starting = start(session);
        Box::pin(async move {
            let started: Started = match starting.await {
                Ok(running) => Ok(Box::new(running)),
                Err(error) => Err(crate::failure::chain(&error)),
            };
            started
        })
    })
}

/// The handles on what runs have the same two methods.
macro_rules! running {
    ($($handle:ident),* $(,)?) => {$(
        impl Running for $handle::Running {
            fn finished(&mut self) -> BoxFuture<'_, ()> {
                Box::pin($handle::Running::finished(self))
            }

            fn stop(self: Box<Self>) -> BoxFuture<'static, ()> {
                Box::pin($handle::Running::stop(*self))
            }
        }
    )*};
}

running!(component, mqtt_bridge);
