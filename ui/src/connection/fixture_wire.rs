//! A house that is not there: answers calls and speaks now and then, so that pages can be looked at
//! without a hub. Only with the feature `fixtures`, never in the product.

use std::marker::PhantomData;

use gloo_timers::future::TimeoutFuture;
use house::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Fault, LinkState, Role, SignIn, User};

#[derive(Clone)]
pub(super) struct Wire;

pub(super) struct Events<T> {
    topic: String,
    round: u32,
    payload: PhantomData<T>,
}

pub(super) struct States;

fn now() -> i64 {
    js_sys::Date::now() as i64
}

fn at(ms_ago: i64) -> String {
    Timestamp(now() - ms_ago).to_string()
}

const MINUTE: i64 = 60_000;

impl Wire {
    pub(super) async fn join(sign_in: SignIn, _keep_trying: bool) -> Result<(Self, User), Fault> {
        TimeoutFuture::new(150).await;
        let (name, role) = match sign_in {
            SignIn::Password { name, password } if password == "wrong" => {
                return Err(Fault::refused(
                    "wamp.error.authentication_failed",
                    Some(&format!("{name}: name or password is wrong")),
                ));
            }
            SignIn::Password { name, .. } | SignIn::Ticket { name, .. } if name == "viewer" => (name, Role::Viewer),
            SignIn::Password { name, .. } | SignIn::Ticket { name, .. } => (name, Role::Admin),
            SignIn::Setup { token } if token == "used" => {
                return Err(Fault::refused(house::uri::error::SETUP_CLOSED, None));
            }
            SignIn::Setup { .. } => ("setup".into(), Role::Viewer),
        };
        Ok((Self, User { name, role }))
    }

    #[expect(clippy::unused_async, reason = "the same shape as the real one")]
    pub(super) async fn leave(self) {}

    pub(super) async fn call<A: Serialize, K: Serialize, R: DeserializeOwned>(
        &self,
        uri: &str,
        args: &A,
        kwargs: &K,
    ) -> Result<R, Fault> {
        TimeoutFuture::new(60).await;
        let args = serde_json::to_value(args).unwrap_or_default();
        let kwargs = serde_json::to_value(kwargs).unwrap_or_default();
        serde_json::from_value(answer(uri, &args, kwargs)).map_err(|error| Fault::other(&format!("{uri}: {error}")))
    }

    pub(super) async fn call_for_nothing<K: Serialize>(&self, uri: &str, kwargs: &K) -> Result<(), Fault> {
        self.call::<_, _, Value>(uri, &[false; 0], kwargs).await.map(drop)
    }

    pub(super) async fn call_progressively<K: Serialize, P: DeserializeOwned, R: DeserializeOwned>(
        &self,
        uri: &str,
        kwargs: &K,
        mut take: impl FnMut(P),
    ) -> Result<R, Fault> {
        if uri == house::uri::procedure::DISCOVER_DEVICES {
            for device in [found_plug(), found_ble()] {
                TimeoutFuture::new(1500).await;
                take(serde_json::from_value(device).map_err(|error| Fault::other(&error.to_string()))?);
            }
            TimeoutFuture::new(20_000).await;
        }
        self.call(uri, &[false; 0], kwargs).await
    }

    #[expect(clippy::unused_async, reason = "the same shape as the real one")]
    pub(super) async fn subscribe<T: DeserializeOwned>(&self, topic: &str) -> Result<Events<T>, Fault> {
        Ok(Events {
            topic: topic.to_owned(),
            round: 0,
            payload: PhantomData,
        })
    }

    pub(super) fn states(&self) -> States {
        States
    }
}

impl<T: DeserializeOwned> Events<T> {
    pub(super) async fn next(&mut self) -> Option<T> {
        loop {
            if self.topic != house::uri::topic::SENSOR_EVENTS {
                std::future::pending::<()>().await;
            }
            TimeoutFuture::new(2000).await;
            self.round += 1;
            let wave = f64::from(self.round).sin();
            let event = if self.round.is_multiple_of(2) {
                json!({"sensorId": "simulated-living-thermometer", "at": at(0), "temperature": 26.9 + wave * 0.2, "humidity": 44.0 + wave})
            } else {
                json!({"sensorId": "simulated-bathroom-hygrometer", "at": at(0), "temperature": 22.8, "humidity": 69.0 + wave * 2.0})
            };
            if let Ok(event) = serde_json::from_value(event) {
                return Some(event);
            }
        }
    }
}

impl States {
    #[expect(clippy::unused_async, reason = "the same shape as the real one")]
    pub(super) async fn next(&mut self) -> Option<LinkState> {
        None
    }
}

fn sensor(id: &str, name: &str, quantity: &str) -> Value {
    json!({"id": id, "name": name, "type": "sensor", "quantity": quantity})
}

fn found_plug() -> Value {
    json!({"id": "mqtt-tasmota-4CEBD6", "bridge": "mqtt", "name": "Tasmota plug", "manufacturer": "Tasmota", "model": "NOUS A1T",
        "lifecycle": "discovered", "availability": "online", "last_seen": at(4000), "suggested_area": "Kitchen",
        "entities": [{"id": "switch", "name": "Plug", "type": "actuator", "actuator": "switch"}, sensor("power", "Power", "power"),
            {"id": "led", "name": "Status LED", "type": "unsupported", "reason": "Lights cannot be driven yet."}]})
}

fn found_ble() -> Value {
    json!({"id": "ble-a4c138830283", "bridge": "ble", "name": "ATC 830283", "manufacturer": "Xiaomi", "model": "LYWSD03MMC",
        "lifecycle": "discovered", "availability": "online", "signal": -71, "last_seen": at(1000), "needs_key": true, "fault": "its messages are encrypted: enter the device's key",
        "entities": [sensor("temperature", "Temperature", "temperature"), sensor("humidity", "Humidity", "humidity"), sensor("battery", "Battery", "battery")]})
}

fn devices() -> Value {
    json!([
        {"id": "simulated-living-thermometer", "bridge": "simulated", "name": "Thermometer by the window", "manufacturer": "Domovoi", "model": "Simulated",
            "area": "living_room", "lifecycle": "adopted", "availability": "online", "last_seen": at(2000),
            "entities": [sensor("t", "Temperature", "temperature"), sensor("h", "Humidity", "humidity"), sensor("b", "Battery", "battery")]},
        {"id": "simulated-living-ac", "bridge": "simulated", "name": "Window unit", "area": "living_room", "lifecycle": "adopted", "availability": "online", "last_seen": at(2000),
            "entities": [{"id": "ac", "name": "Air conditioner", "type": "actuator", "actuator": "ac"}]},
        {"id": "simulated-bathroom-hygrometer", "bridge": "simulated", "name": "Hygrometer", "area": "bathroom", "lifecycle": "adopted", "availability": "online", "last_seen": at(1000),
            "entities": [sensor("h", "Humidity", "humidity"), sensor("t", "Temperature", "temperature")]},
        {"id": "simulated-bathroom-fan", "bridge": "simulated", "name": "Ceiling fan", "area": "bathroom", "lifecycle": "adopted", "availability": "online", "last_seen": at(2000),
            "entities": [{"id": "fan", "name": "Fan", "type": "actuator", "actuator": "fan"}]},
        {"id": "mqtt-0x00158d0001", "bridge": "mqtt", "name": "Office sensor", "manufacturer": "Aqara", "model": "WSDCGQ11LM", "area": "office", "lifecycle": "adopted", "availability": "offline", "last_seen": at(26 * MINUTE),
            "entities": [sensor("t", "Temperature", "temperature"), sensor("h", "Humidity", "humidity"), sensor("c", "CO2", "co2"), sensor("p", "Pressure", "pressure")]},
        {"id": "mqtt-shelly-heater", "bridge": "mqtt", "name": "Oil radiator", "area": "office", "lifecycle": "adopted", "availability": "online", "last_seen": at(4000),
            "entities": [{"id": "relay", "name": "Relay", "type": "actuator", "actuator": "heater"}]},
        found_plug(),
        {"id": "ble-ffee", "bridge": "ble", "name": "Neighbour's thermometer", "lifecycle": "ignored", "availability": "online", "signal": -92, "entities": [sensor("t", "Temperature", "temperature")]},
    ])
}

fn thresholds() -> Value {
    json!([
        {"area": "living_room", "quantity": "temperature", "low": 19.0, "high": 26.0, "mode": "auto", "set_by": "anna", "set_at": at(3000 * MINUTE)},
        {"area": "bathroom", "quantity": "humidity", "high": 65.0, "rise": 10.0, "post_run": 300.0, "set_by": "anna", "set_at": at(100 * MINUTE)},
        {"area": "office", "quantity": "temperature", "low": 20.0, "mode": "heat", "set_by": "anna", "set_at": at(200 * MINUTE)},
    ])
}

fn actuators() -> Value {
    json!([
        {"device": "simulated-living-ac", "entity": "ac", "area": "living_room", "kind": "ac", "on": true, "confirmed": true, "at": at(7 * MINUTE),
            "cause": {"by": "thermostat", "manual": false, "text": "temperature 27.4 °C > 26.0 °C, threshold set by anna on 20 Nov"}},
        {"device": "simulated-bathroom-fan", "entity": "fan", "area": "bathroom", "kind": "fan", "on": true, "confirmed": true, "at": at(3 * MINUTE),
            "cause": {"by": "anna", "manual": true, "text": ""}, "override_until": at(-27 * MINUTE)},
        {"device": "mqtt-shelly-heater", "entity": "relay", "area": "office", "kind": "heater", "on": false, "confirmed": false, "at": at(20 * MINUTE),
            "cause": {"by": "thermostat", "manual": false, "text": "no reading for 15 minutes: switched off to be safe"}},
    ])
}

fn alerts() -> Value {
    json!([
        {"id": "living_room.temperature.high", "kind": "high", "severity": "warning", "area": "living_room", "quantity": "temperature", "value": 27.4, "limit": 26.0,
            "message": "Living room is 27.4 °C, above 26.0 °C", "at": at(7 * MINUTE)},
        {"id": "office.temperature.sensor_lost", "kind": "sensor_lost", "severity": "critical", "area": "office", "message": "Office sensor has been silent for 15 minutes; the heater was switched off", "at": at(11 * MINUTE), "acknowledged_by": "anna"},
        {"id": "bathroom.humidity.high", "kind": "high", "severity": "warning", "area": "bathroom", "message": "Bathroom is 71 %, above 65 %", "at": at(300 * MINUTE), "cleared_at": at(280 * MINUTE)},
    ])
}

fn log() -> Value {
    json!([
        {"at": at(3 * MINUTE), "kind": "actuator", "area": "bathroom", "device": "simulated-bathroom-fan", "on": true, "text": "Bathroom: fan on: switched by anna for 30 minutes"},
        {"at": at(7 * MINUTE), "kind": "actuator", "area": "living_room", "device": "simulated-living-ac", "on": true, "text": "Living room: air conditioner on: temperature 27.4 °C > 26.0 °C, threshold set by anna on 20 Nov"},
        {"at": at(7 * MINUTE), "kind": "alert", "area": "living_room", "text": "Living room is 27.4 °C, above 26.0 °C"},
        {"at": at(11 * MINUTE), "kind": "alert", "area": "office", "text": "Office sensor has been silent for 15 minutes; the heater was switched off"},
        {"at": at(31 * MINUTE), "kind": "actuator", "area": "living_room", "device": "simulated-living-ac", "on": false, "text": "Living room: air conditioner off: temperature 25.4 °C, back inside 26.0 °C"},
        {"at": at(44 * MINUTE), "kind": "actuator", "area": "living_room", "device": "simulated-living-ac", "on": true, "text": "Living room: air conditioner on: temperature 26.1 °C > 26.0 °C"},
        {"at": at(100 * MINUTE), "kind": "config", "area": "bathroom", "text": "Bathroom humidity: threshold set to up to 65 % by anna"},
        {"at": at(1700 * MINUTE), "kind": "device", "text": "Office sensor was adopted into Office"},
    ])
}

fn latest() -> Value {
    json!([
        {"sensorId": "simulated-living-thermometer", "at": at(3000), "temperature": 27.1, "humidity": 44, "battery": 87},
        {"sensorId": "simulated-bathroom-hygrometer", "at": at(2000), "temperature": 22.8, "humidity": 68},
        {"sensorId": "mqtt-0x00158d0001", "at": at(26 * MINUTE), "temperature": 18.4, "humidity": 51, "co2": 912, "pressure": 1013},
        {"sensorId": "mqtt-shelly-heater", "at": at(26 * MINUTE)},
    ])
}

fn readings(kwargs: &Value) -> Value {
    let text = |name: &str| kwargs.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (from, to) = (
        text("from").parse::<Timestamp>().unwrap_or_default(),
        text("to").parse::<Timestamp>().unwrap_or_default(),
    );
    let (base, swing, noise) = match text("quantity").as_str() {
        "temperature" => (25.4, 1.6, 0.12),
        "humidity" => (58.0, 11.0, 1.2),
        "co2" => (850.0, 220.0, 15.0),
        _ => (85.0, 2.0, 0.2),
    };
    let step = ((to.0 - from.0) / 240).max(15_000);
    let is_aggregate = step > 200_000;
    let mut points = Vec::new();
    let mut moment = from.0 - from.0.rem_euclid(step);
    while moment < to.0 {
        let phase = moment as f64 / 1_600_000.0;
        let jitter = ((moment / step) as f64 * 12.9898).sin();
        let value = base + swing * phase.sin() + noise * jitter;
        points.push(if is_aggregate {
            json!([moment, value, value - noise * 4.0, value + noise * 5.0])
        } else {
            json!([moment, value])
        });
        moment += step;
    }
    json!({"sensor": text("sensor"), "quantity": text("quantity"), "unit": "", "resolution": "raw", "points": points})
}

fn changed(id: &Value, lifecycle: &str, kwargs: &Value) -> Value {
    let all = [devices().as_array().cloned().unwrap_or_default(), vec![found_ble()]].concat();
    let mut device = all
        .into_iter()
        .find(|device| device.get("id") == Some(id))
        .unwrap_or_default();
    if let Some(fields) = device.as_object_mut() {
        fields.insert("lifecycle".into(), json!(lifecycle));
        for name in ["area", "name"] {
            if let Some(value) = kwargs.get(name) {
                fields.insert(name.into(), value.clone());
            }
        }
    }
    device
}

fn answer(uri: &str, args: &Value, mut kwargs: Value) -> Value {
    let device = kwargs.get("device").cloned().unwrap_or_default();
    match uri {
        "account.remember" => json!({"authid": "anna", "token": "fixture"}),
        "device.list" => devices(),
        "config.thresholds.list" => thresholds(),
        "actuator.list" => actuators(),
        "alert.list" => alerts(),
        "history.latest" => latest(),
        "history.events" => log(),
        "history.readings" => readings(&kwargs),
        "get.time" => json!({"time": at(0), "timezone": "Europe/Helsinki"}),
        "get.status" => {
            json!({"status": "degraded", "version": "0.1.0", "uptime_seconds": 93_784, "memory_bytes": 31_400_000,
            "devices": {"adopted": 6, "waiting": 1, "offline": 1},
            "components": [{"component": "thermostat", "status": "running", "at": at(900 * MINUTE)}, {"component": "humidity-fan", "status": "running", "at": at(900 * MINUTE)},
                {"component": "logger", "status": "running", "at": at(900 * MINUTE)}, {"component": "ble", "status": "failed", "detail": "no Bluetooth adapter", "at": at(900 * MINUTE)}]})
        }
        "get.network" => {
            json!({"hostname": "domovoi", "interfaces": [{"name": "lo", "state": "unknown", "addresses": ["127.0.0.1/8"]}, {"name": "eth0", "state": "up", "addresses": ["192.168.1.20/24", "fe80::1/64"]}, {"name": "wlan0", "state": "down", "addresses": []}], "gateway": "192.168.1.1", "dns": ["192.168.1.1"]})
        }
        "notifier.test" => json!([{"channel": "ntfy", "ok": false, "detail": "https://ntfy.example answered 403"}]),
        "device.adopt" | "device.rename" | "device.replace" => changed(&device, "adopted", &kwargs),
        "device.ignore" => changed(&device, "ignored", &kwargs),
        "device.remove" => changed(&device, "removed", &kwargs),
        "discover.devices" => json!([found_plug(), found_ble()]),
        "alert.acknowledge" => {
            let mut alert = alerts().get(0).cloned().unwrap_or_default();
            if let Some(fields) = alert.as_object_mut() {
                fields.insert("acknowledged_by".into(), json!("anna"));
            }
            alert
        }
        "config.thresholds.set" => {
            if let Some(fields) = kwargs.as_object_mut() {
                fields.insert("set_by".into(), json!("anna"));
                fields.insert("set_at".into(), json!(at(0)));
            }
            kwargs
        }
        _ if uri.starts_with("dcs.") => {
            let mut states = actuators().as_array().cloned().unwrap_or_default();
            states.retain(|state| state.get("device") == Some(&device));
            let mut state = states.pop().unwrap_or_default();
            if let Some(fields) = state.as_object_mut() {
                fields.insert("on".into(), args.get(0).cloned().unwrap_or_default());
                fields.insert("at".into(), json!(at(0)));
                fields.insert(
                    "cause".into(),
                    json!({"by": "anna", "manual": true, "text": "switched by anna"}),
                );
                fields.insert("override_until".into(), json!(at(-30 * MINUTE)));
            }
            state
        }
        _ => Value::Null,
    }
}
