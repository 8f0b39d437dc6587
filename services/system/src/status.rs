//! How the house and its hub fare.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use component::now;
use house::uri::procedure;
use house::{Alert, Device, Lifecycle, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use wamp_client::Session;

/// How long others may take to say what they have.
const PATIENCE: Duration = Duration::from_secs(2);

/// How one part of the hub fares: the payload of `status.change`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// Its name.
    pub component: String,
    /// `running`, `failed`, …
    pub status: String,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Since when.
    #[serde(default = "now")]
    pub at: Timestamp,
}

/// Whoever runs the services knows how they fare; the hub gives its own list here.
#[derive(Clone)]
pub struct Components(Arc<dyn Fn() -> Vec<Component> + Send + Sync>);

impl Components {
    /// Components that `list` lists when asked.
    pub fn new(list: impl Fn() -> Vec<Component> + Send + Sync + 'static) -> Self {
        Self(Arc::new(list))
    }
}

impl fmt::Debug for Components {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries((self.0)()).finish()
    }
}

/// What was heard on `status.change`, by component.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    by_name: BTreeMap<String, Component>,
}

/// Components remembered at most; their names come from outside.
const MOST_COMPONENTS: usize = 200;

impl Heard {
    pub(crate) fn take(&mut self, component: Component) {
        if self.by_name.len() < MOST_COMPONENTS || self.by_name.contains_key(&component.component) {
            self.by_name.insert(component.component.clone(), component);
        }
    }

    /// What was heard and what is known, the newest of each.
    fn with(&self, known: Option<&Components>) -> Vec<Component> {
        let mut all = self.by_name.clone();
        for component in known.into_iter().flat_map(|known| (known.0)()) {
            let is_newer = all
                .get(&component.component)
                .is_none_or(|heard| heard.at <= component.at);
            if is_newer {
                all.insert(component.component.clone(), component);
            }
        }
        all.into_values().collect()
    }
}

/// What `get.status` answers.
#[derive(Debug, Serialize)]
pub(crate) struct Status {
    /// `ok`, or `degraded` when a component has failed.
    status: &'static str,
    version: &'static str,
    time: Timestamp,
    uptime_seconds: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_bytes: Option<u64>,
    components: Vec<Component>,
    #[serde(skip_serializing_if = "Option::is_none")]
    devices: Option<Devices>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alerts: Option<usize>,
}

/// How many devices there are.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
struct Devices {
    adopted: usize,
    /// Found, and not adopted or ignored yet.
    waiting: usize,
    /// Adopted, and out of reach.
    offline: usize,
}

/// Gathers the status; who does not answer in time is left out.
pub(crate) async fn gather(
    session: &Session,
    heard: &std::sync::Mutex<Heard>,
    known: Option<&Components>,
    started: Instant,
) -> Status {
    #[derive(Serialize)]
    struct Nothing {}
    #[derive(Serialize)]
    struct Active {
        active: bool,
    }
    let (devices, alerts) = tokio::join!(
        ask::<Device>(session, procedure::DEVICE_LIST, &Nothing {}),
        ask::<Alert>(session, procedure::ALERT_LIST, &Active { active: true }),
    );
    let components = {
        let heard = heard.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        heard.with(known)
    };
    Status {
        status: if components.iter().any(|component| component.status == "failed") {
            "degraded"
        } else {
            "ok"
        },
        version: env!("CARGO_PKG_VERSION"),
        time: now(),
        uptime_seconds: started.elapsed().as_secs(),
        memory_bytes: memory(&std::fs::read_to_string("/proc/self/status").unwrap_or_default()),
        components,
        devices: devices.as_deref().map(count),
        alerts: alerts.map(|alerts| alerts.len()),
    }
}

async fn ask<T: DeserializeOwned>(session: &Session, uri: &'static str, kwargs: &impl Serialize) -> Option<Vec<T>> {
    let answer = session.call(uri).kwargs(kwargs).timeout(PATIENCE).send().await;
    match answer {
        Ok(result) => result.value().ok(),
        Err(error) => {
            tracing::debug!(%error, uri, "left out of the status");
            None
        }
    }
}

fn count(devices: &[Device]) -> Devices {
    let mut counts = Devices::default();
    for device in devices {
        match device.lifecycle {
            Lifecycle::Adopted => counts.adopted += 1,
            Lifecycle::Discovered => counts.waiting += 1,
            Lifecycle::Ignored | Lifecycle::Removed => {}
        }
        let is_gone = device.availability == house::Availability::Offline;
        counts.offline += usize::from(is_gone && device.lifecycle == Lifecycle::Adopted);
    }
    counts
}

/// Resident memory, from the kernel's `VmRSS:  31456 kB`.
fn memory(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.split_whitespace().next()?.parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use house::{Availability, Bridge};

    use super::*;

    fn component(name: &str, status: &str, at: i64) -> Component {
        Component {
            component: name.into(),
            status: status.into(),
            detail: String::new(),
            at: Timestamp(at),
        }
    }

    #[test]
    fn the_newest_word_on_a_component_counts() {
        let mut heard = Heard::default();
        heard.take(component("logger", "failed", 5));
        heard.take(component("storage", "failed", 1));
        let known = Components::new(|| vec![component("logger", "running", 9), component("storage", "running", 0)]);
        let all = heard.with(Some(&known));
        assert_eq!(
            all,
            [component("logger", "running", 9), component("storage", "failed", 1)]
        );
        for i in 0..1000 {
            heard.take(component(&i.to_string(), "running", 1));
        }
        assert!(heard.by_name.len() <= MOST_COMPONENTS);
    }

    #[test]
    fn devices_are_counted_by_where_they_are_in_life() {
        let device = |lifecycle, availability| {
            let mut device = Device::found(Bridge::Mqtt, "1", "x");
            (device.lifecycle, device.availability) = (lifecycle, availability);
            device
        };
        let counts = count(&[
            device(Lifecycle::Adopted, Availability::Online),
            device(Lifecycle::Adopted, Availability::Offline),
            device(Lifecycle::Discovered, Availability::Offline),
            device(Lifecycle::Ignored, Availability::Offline),
        ]);
        assert_eq!((counts.adopted, counts.waiting, counts.offline), (2, 1, 1));
    }

    #[test]
    fn memory_is_read_from_the_kernel() {
        assert_eq!(memory("Name:\tx\nVmRSS:\t   31456 kB\n"), Some(31456 * 1024));
        assert_eq!(memory(""), None);
        let own = std::fs::read_to_string("/proc/self/status").unwrap();
        assert!(memory(&own).is_some_and(|octets| octets > 100_000));
    }
}
