//! Every service and bridge of the house, by name, and how each is started from the configuration.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use database::Database;
use futures_util::future::BoxFuture;
use tokio_util::sync::CancellationToken;
use wamp_router::Router;

use crate::config::Config;
use crate::realm;
use crate::supervisor::{Plan, Running, Start, Started};

/// The logger stops last.
pub const LOGGER: &str = "logger";

/// A service by name, and the services it asks at its start.
struct Entry {
    name: &'static str,
    after: &'static [&'static str],
}

/// Those that own a table answer for it; controllers and bridges ask them when they start.
const ALL: &[Entry] = &[
    entry("discovery", &[]),
    entry("ble", &["discovery"]),
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

/// Where the hub's own MQTT server listens, once it does.
#[derive(Debug, Clone, Default)]
pub struct MqttAddress(Arc<Mutex<Option<SocketAddr>>>);

impl MqttAddress {
    /// The address; `None` while there is none.
    pub fn get(&self) -> Option<SocketAddr> {
        self.0.lock().ok().and_then(|address| *address)
    }

    fn set(&self, address: Option<SocketAddr>) {
        if let Ok(mut slot) = self.0.lock() {
            *slot = address;
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
    /// Where to put the MQTT server's address.
    pub mqtt: MqttAddress,
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

/// The services this hub runs itself, on linked sessions.
pub fn plans(context: &Context, router: &Router) -> Vec<Plan> {
    let config = &context.config;
    ALL.iter()
        .filter(|entry| match entry.name {
            "simulated" => context.demo.is_some(),
            "mqtt" => config.mqtt.enabled,
            "ble" => config.ble.enabled,
            _ => true,
        })
        .filter(|entry| !config.elsewhere.iter().any(|name| name == entry.name))
        .filter_map(|entry| {
            let router = router.clone();
            Some(Plan {
                name: entry.name,
                after: entry.after,
                join: Box::new(move || {
                    let router = router.clone();
                    Box::pin(async move { realm::join(&router, entry.name).await })
                }),
                start: start(entry.name, context)?,
            })
        })
        .collect()
}

/// Whether the service `name` owns tables.
pub fn needs_database(name: &str) -> bool {
    matches!(name, "discovery" | "thresholds" | LOGGER | "notifier" | "device-control" | "mqtt")
}

/// How to start the service `name`; `None` when there is none of this name, or when it needs a
/// database and there is none.
pub fn start(name: &str, context: &Context) -> Option<Start> {
    let context = context.clone();
    let database = || context.database.clone();
    Some(match name {
        "discovery" => {
            let database = database()?;
            starter(move |session| discovery::start(session, discovery::Settings::default(), database.clone()))
        }
        "ble" => starter(|session| ble_bridge::start(session, ble_bridge::Settings::default())),
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

/// Every service's handle has the same two methods.
macro_rules! running {
    ($($service:ident),* $(,)?) => {$(
        impl Running for $service::Running {
            fn finished(&mut self) -> BoxFuture<'_, ()> {
                Box::pin($service::Running::finished(self))
            }

            fn stop(self: Box<Self>) -> BoxFuture<'static, ()> {
                Box::pin($service::Running::stop(*self))
            }
        }
    )*};
}

running!(discovery, ble_bridge);
