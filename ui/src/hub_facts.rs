//! What the hub tells of itself.

use house::Timestamp;
use serde::Deserialize;

/// What `get.status` gives.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct HubStatus {
    /// `ok`, or `degraded` when a component has failed.
    #[serde(default)]
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) version: String,
    #[serde(default)]
    pub(crate) uptime_seconds: f64,
    #[serde(default)]
    pub(crate) memory_bytes: Option<f64>,
    #[serde(default)]
    pub(crate) components: Vec<Component>,
    #[serde(default)]
    pub(crate) devices: Option<DeviceCount>,
}

/// One part of the hub.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Component {
    pub(crate) component: String,
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) detail: String,
    #[serde(default)]
    pub(crate) at: Option<Timestamp>,
}

impl Component {
    /// Whether it does its work; `None` for words that say neither.
    pub(crate) fn is_well(&self) -> Option<bool> {
        match self.status.as_str() {
            "ok" | "ready" | "running" | "up" | "joined" | "connected" => Some(true),
            "failed" | "down" | "stopped" | "error" | "degraded" | "restarting" | "disconnected" => Some(false),
            _ => None,
        }
    }
}

/// How many devices there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct DeviceCount {
    pub(crate) adopted: u32,
    pub(crate) waiting: u32,
    pub(crate) offline: u32,
}

/// What `get.network` gives.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct HubNetwork {
    #[serde(default)]
    pub(crate) hostname: Option<String>,
    #[serde(default)]
    pub(crate) interfaces: Vec<Interface>,
    #[serde(default)]
    pub(crate) gateway: Option<String>,
    #[serde(default)]
    pub(crate) dns: Vec<String>,
}

/// One network interface.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Interface {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) state: String,
    #[serde(default)]
    pub(crate) addresses: Vec<String>,
}

/// What `get.time` gives.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct HubTime {
    pub(crate) time: Timestamp,
    #[serde(default)]
    pub(crate) timezone: Option<String>,
    /// The clock is kept right over the network.
    #[serde(default)]
    pub(crate) synchronized: Option<bool>,
}

/// What came of a test message on one channel, of those `notifier.test` gives.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Delivery {
    pub(crate) channel: String,
    pub(crate) ok: bool,
    #[serde(default)]
    pub(crate) detail: String,
}

/// `31.5 MB`.
pub(crate) fn size(bytes: f64) -> String {
    let units = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)];
    units.iter().find(|(_, unit)| bytes >= *unit).map_or_else(
        || format!("{bytes:.0} B"),
        |(name, unit)| format!("{:.1} {name}", bytes / unit),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_with_more_or_less_than_we_know_is_read() {
        let status: HubStatus = serde_json::from_str(
            r#"{"status":"degraded","version":"0.1.0","uptime_seconds":7200,"new":1,
                "components":[{"component":"ble","status":"failed","detail":"no adapter","at":"2026-05-03T07:30:00Z"},
                              {"component":"logger","status":"running"},{"component":"x","status":"thinking"}],
                "devices":{"adopted":4,"waiting":1,"offline":0}}"#,
        )
        .unwrap();
        let well: Vec<Option<bool>> = status.components.iter().map(Component::is_well).collect();
        assert_eq!(well, [Some(false), Some(true), None]);
        assert_eq!(status.memory_bytes, None);
        assert!(serde_json::from_str::<HubNetwork>("{}").is_ok());
    }

    #[test]
    fn sizes_are_round() {
        assert_eq!(size(31_540_000.0), "31.5 MB");
        assert_eq!(size(900.0), "900 B");
    }
}
