//! The hub's own figures, as OpenMetrics text.

use std::fmt::Write;
use std::time::Instant;

use crate::components::{Components, Status};

/// The content type of `/metrics`.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The hub's figures: uptime, memory, threads, and how the services fare.
pub fn write(out: &mut String, components: &Components, started: Instant) {
    gauge(
        out,
        "domovoi_uptime_seconds",
        "Time since the hub was started.",
        started.elapsed().as_secs_f64(),
    );
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(kilobytes) = field(&status, "VmRSS:") {
        let name = "process_resident_memory_bytes";
        gauge(out, name, "Memory in use.", kilobytes * 1024.0);
    }
    if let Some(threads) = field(&status, "Threads:") {
        gauge(out, "process_threads", "Threads.", threads);
    }
    let snapshot = components.snapshot();
    head(out, "domovoi_service_up", "gauge", "Whether a service runs.");
    for (name, component) in &snapshot {
        let up = u8::from(component.status == Status::Running);
        line(out, "domovoi_service_up", name, f64::from(up));
    }
    head(
        out,
        "domovoi_service_restarts",
        "counter",
        "Times a service had to be started again.",
    );
    for (name, component) in &snapshot {
        line(out, "domovoi_service_restarts_total", name, component.restarts as f64);
    }
}

/// What the MQTT bridge has counted.
pub fn write_mqtt(out: &mut String, counters: &mqtt_bridge::Counters) {
    for (name, help, value) in [
        (
            "domovoi_mqtt_messages",
            "MQTT messages that reached the bridge.",
            counters.messages(),
        ),
        (
            "domovoi_mqtt_faults",
            "MQTT messages that were not understood.",
            counters.faults(),
        ),
        (
            "domovoi_mqtt_dropped",
            "MQTT messages that slow clients lost.",
            counters.dropped(),
        ),
    ] {
        head(out, name, "counter", help);
        put(out, format_args!("{name}_total {value}\n"));
    }
}

fn gauge(out: &mut String, name: &str, help: &str, value: f64) {
    head(out, name, "gauge", help);
    put(out, format_args!("{name} {value}\n"));
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    put(out, format_args!("# TYPE {name} {kind}\n# HELP {name} {help}\n"));
}

fn line(out: &mut String, name: &str, service: &str, value: f64) {
    put(out, format_args!("{name}{{service=\"{service}\"}} {value}\n"));
}

fn put(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = out.write_fmt(text);
}

/// The number after `key` in `/proc/self/status`.
fn field(status: &str, key: &str) -> Option<f64> {
    let rest = status.lines().find_map(|line| line.strip_prefix(key))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_openmetrics() {
        let components = Components::new(["logger"]);
        let mut out = String::new();
        write(&mut out, &components, Instant::now());
        assert!(out.contains("domovoi_service_up{service=\"logger\"} 0\n"));
        components.set("logger", Status::Running, "");
        let mut out = String::new();
        write(&mut out, &components, Instant::now());
        assert!(out.contains("domovoi_service_up{service=\"logger\"} 1\n"));
        assert!(out.contains("domovoi_service_restarts_total{service=\"logger\"} 0\n"));
        assert!(out.contains("\nprocess_resident_memory_bytes "));
        for line in out.lines() {
            assert!(
                line.starts_with("# ") || line.rsplit_once(' ').unwrap().1.parse::<f64>().is_ok(),
                "{line}"
            );
        }
    }
}
