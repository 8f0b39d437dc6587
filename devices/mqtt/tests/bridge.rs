//! The bridge between devices that speak MQTT and a house that speaks WAMP. The devices are
//! `mosquitto_pub` and `mosquitto_sub`, with payloads as firmware sends them.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod support;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use database::Database;
use house::uri::{self, procedure, topic};
use house::{
    ActuatorKind, AreaId, Availability, Bridge, BridgeCommand, Device, DeviceStateReport, Lifecycle, Quantity,
    SensorEvent,
};
use mqtt_bridge::{Running, ServerSettings, Settings};
use serde_json::{Value, json};
use wamp_client::{Reply, Session, Subscription};

use support::{Listener, PATIENCE, Realm, heard, mosquitto_is_here, publish};

const DEVICE: &str = "mqtt-zigbee2mqtt_0x00158d0001";

/// What stands in for the discovery service: the list of devices, and news of them.
struct House {
    realm: Realm,
    session: Session,
    devices: Arc<Mutex<Vec<Device>>>,
}

impl House {
    async fn new() -> Self {
        let realm = Realm::new();
        let session = realm.join("discovery", "service").await;
        let devices: Arc<Mutex<Vec<Device>>> = Arc::default();
        let listed = Arc::clone(&devices);
        session
            .register(procedure::DEVICE_LIST)
            .handler(move |_| {
                let devices = listed.lock().unwrap().clone();
                async move { Ok(Reply::value(&devices)?) }
            })
            .await
            .unwrap();
        Self {
            realm,
            session,
            devices,
        }
    }

    async fn bridge(&self, server: ServerSettings, database: Option<Database>) -> Running {
        let session = self.realm.join("mqtt", "service").await;
        let settings = Settings {
            server,
            ..Settings::default()
        };
        mqtt_bridge::start(session, settings, database).await.unwrap()
    }

    async fn listen(&self, topic: &'static str) -> Subscription {
        self.session.subscribe(topic).open().await.unwrap()
    }

    async fn adopt(&self, mut device: Device, area: &str) {
        device.lifecycle = Lifecycle::Adopted;
        device.area = AreaId::new(area);
        self.devices.lock().unwrap().push(device.clone());
        let news = self
            .session
            .publish(topic::DEVICE_CHANGED)
            .kwargs(&device)
            .acknowledge();
        news.send().await.unwrap();
    }
}

fn embedded() -> ServerSettings {
    ServerSettings::Embedded {
        listen: Some("127.0.0.1:0".parse().unwrap()),
        users: [].into(),
    }
}

fn about_the_device() -> Value {
    json!({"identifiers": ["zigbee2mqtt_0x00158d0001"], "manufacturer": "Xiaomi", "model": "Air sensor",
        "name": "Air sensor", "suggested_area": "Living room"})
}

/// As Zigbee2MQTT announces a thermometer, a plug with it, and its link quality.
async fn announce(server: SocketAddr, more: &[&str]) {
    let availability = json!([{"topic": "zigbee2mqtt/bridge/state", "value_template": "{{ value_json.state }}"}]);
    for (component, name, keys) in [
        (
            "sensor",
            "temperature",
            json!({"device_class": "temperature", "unit_of_measurement": "°C",
            "value_template": "{{ value_json[\"temperature\"] }}", "state_class": "measurement"}),
        ),
        (
            "sensor",
            "linkquality",
            json!({"unit_of_measurement": "lqi", "entity_category": "diagnostic",
            "value_template": "{{ value_json[\"linkquality\"] }}"}),
        ),
        (
            "switch",
            "switch",
            json!({"command_topic": "zigbee2mqtt/air/set", "payload_on": "ON", "payload_off": "OFF",
            "value_template": "{{ value_json[\"state\"] }}"}),
        ),
    ] {
        let mut payload = json!({"availability": availability, "availability_mode": "all", "name": null,
            "device": about_the_device(), "state_topic": "zigbee2mqtt/air",
            "unique_id": format!("0x00158d0001_{name}_zigbee2mqtt")});
        payload
            .as_object_mut()
            .unwrap()
            .extend(keys.as_object().unwrap().clone());
        let config = format!("homeassistant/{component}/0x00158d0001/{name}/config");
        publish(server, &config, &payload.to_string(), more).await;
    }
}

async fn online(server: SocketAddr) {
    publish(server, "zigbee2mqtt/bridge/state", r#"{"state":"online"}"#, &["-r"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_shown_whole_and_measures_once_it_is_adopted() {
    if !mosquitto_is_here() {
        return;
    }
    let house = House::new().await;
    let bridge = house.bridge(embedded(), None).await;
    let server = bridge.address().unwrap();
    let (mut seen, mut readings) = (
        house.listen(topic::DEVICE_SEEN).await,
        house.listen(topic::SENSOR_EVENTS).await,
    );
    announce(server, &["-r"]).await;
    let device: Device = heard(&mut seen, |device: &Device| device.entities.len() == 3).await;
    assert_eq!(
        (device.id.as_str(), device.bridge, device.name.as_str()),
        (DEVICE, Bridge::Mqtt, "Air sensor")
    );
    assert_eq!(device.suggested_area, AreaId::new("living room"));
    assert_eq!(device.quantities().collect::<Vec<_>>(), [Quantity::Temperature]);
    assert_eq!(device.actuators().next().unwrap().1, ActuatorKind::Switch);

    online(server).await;
    heard(&mut seen, |device: &Device| device.availability == Availability::Online).await;
    publish(
        server,
        "zigbee2mqtt/air",
        r#"{"temperature":21.5,"linkquality":80,"state":"OFF"}"#,
        &[],
    )
    .await;
    publish(
        server,
        "zigbee2mqtt/air",
        r#"{"temperature":27.4,"linkquality":81,"state":"OFF"}"#,
        &[],
    )
    .await;
    wait_for_messages(&bridge, 6).await;
    house.adopt(device, "Living room").await;
    // The first that the house hears is what was measured last, not what came before adoption.
    let event: SensorEvent = heard(&mut readings, |_| true).await;
    assert_eq!(
        (event.sensor_id.as_str(), event.value(Quantity::Temperature)),
        (DEVICE, Some(27.4))
    );
    assert_eq!(event.area, AreaId::new("living room"));
    publish(
        server,
        "zigbee2mqtt/air",
        r#"{"temperature":25.9,"linkquality":81,"state":"OFF"}"#,
        &[],
    )
    .await;
    heard(&mut readings, |event: &SensorEvent| {
        event.value(Quantity::Temperature) == Some(25.9)
    })
    .await;

    publish(server, "zigbee2mqtt/bridge/state", r#"{"state":"offline"}"#, &["-r"]).await;
    heard(&mut seen, |device: &Device| {
        device.availability == Availability::Offline
    })
    .await;
    bridge.stop().await;
}

async fn wait_for_messages(bridge: &Running, count: u64) {
    let reached = async {
        while bridge.counters().messages() < count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, reached).await.expect("messages in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_reaches_the_device_and_its_echo_the_house() {
    if !mosquitto_is_here() {
        return;
    }
    let house = House::new().await;
    let bridge = house.bridge(embedded(), None).await;
    let server = bridge.address().unwrap();
    let (mut seen, mut states) = (
        house.listen(topic::DEVICE_SEEN).await,
        house.listen(topic::DEVICE_STATE).await,
    );
    announce(server, &[]).await;
    let device: Device = heard(&mut seen, |device: &Device| device.entities.len() == 3).await;
    let entity = device.actuators().next().unwrap().0.id.clone();
    let command = |device: &str, entity: &str| BridgeCommand {
        device: device.to_owned(),
        entity: entity.to_owned(),
        kind: ActuatorKind::Switch,
        on: true,
    };
    let call = |command: BridgeCommand| {
        let session = house.session.clone();
        async move {
            session
                .call(uri::bridge_command(Bridge::Mqtt))
                .kwargs(&command)
                .send()
                .await
        }
    };
    let mut plug = Listener::start(server, "zigbee2mqtt/air/set").await;
    call(command(DEVICE, &entity)).await.unwrap();
    assert_eq!(plug.next().await, "zigbee2mqtt/air/set ON");
    publish(server, "zigbee2mqtt/air", r#"{"state":"ON"}"#, &[]).await;
    let report: DeviceStateReport = heard(&mut states, |_| true).await;
    assert_eq!(
        (report.device.as_str(), report.entity.as_str(), report.on),
        (DEVICE, entity.as_str(), true)
    );

    let unknown = call(command("mqtt-nobody", &entity)).await.unwrap_err();
    assert_eq!(unknown.uri(), Some(uri::error::NO_SUCH_DEVICE));
    let unknown = call(command(DEVICE, "sensor.x")).await.unwrap_err();
    assert_eq!(unknown.uri(), Some(uri::error::NO_SUCH_DEVICE));
    publish(server, "zigbee2mqtt/bridge/state", r#"{"state":"offline"}"#, &[]).await;
    heard(&mut seen, |device: &Device| {
        device.availability == Availability::Offline
    })
    .await;
    let offline = call(command(DEVICE, &entity)).await.unwrap_err();
    assert_eq!(offline.uri(), Some(uri::error::DEVICE_UNAVAILABLE));
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_adopted_device_goes_on_after_a_power_cut_without_announcing_itself_again() {
    if !mosquitto_is_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(folder.path().join("house.db")).await.unwrap();
    let first_house = House::new().await;
    let first = first_house.bridge(embedded(), Some(database.clone())).await;
    let server = first.address().unwrap();
    let mut seen = first_house.listen(topic::DEVICE_SEEN).await;
    announce(server, &[]).await;
    online(server).await;
    let device: Device = heard(&mut seen, |device: &Device| device.entities.len() == 3).await;
    let saved = async {
        loop {
            let announced: i64 = sqlx::query_scalar("SELECT count(*) FROM mqtt_announcement")
                .fetch_one(database.read())
                .await
                .unwrap();
            let retained: i64 = sqlx::query_scalar("SELECT count(*) FROM mqtt_retained")
                .fetch_one(database.read())
                .await
                .unwrap();
            if (announced, retained) == (3, 1) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, saved)
        .await
        .expect("all is saved in time");

    // The first bridge is not told to stop: what it has not written by now is lost.
    let house = House::new().await;
    house.adopt(device, "Living room").await;
    let mut seen = house.listen(topic::DEVICE_SEEN).await;
    let mut readings = house.listen(topic::SENSOR_EVENTS).await;
    let second = house.bridge(embedded(), Some(database)).await;
    let again: Device = heard(&mut seen, |device: &Device| device.availability == Availability::Online).await;
    assert_eq!(
        (again.id.as_str(), again.entities.len()),
        (DEVICE, 3),
        "its retained availability is there too"
    );
    let server = second.address().unwrap();
    publish(server, "zigbee2mqtt/air", r#"{"temperature":26.1}"#, &[]).await;
    let event: SensorEvent = heard(&mut readings, |_| true).await;
    assert_eq!(event.value(Quantity::Temperature), Some(26.1));
    second.stop().await;
    first.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_taken_back_stays_away_and_nonsense_stops_nothing() {
    if !mosquitto_is_here() {
        return;
    }
    let house = House::new().await;
    let bridge = house.bridge(embedded(), None).await;
    let server = bridge.address().unwrap();
    let mut seen = house.listen(topic::DEVICE_SEEN).await;
    for (topic, payload) in [
        ("homeassistant/sensor/bad/config", "{\"state_topic\":"),
        ("homeassistant/sensor/bad/config", "[]"),
        ("homeassistant/switch/bad/config", "{\"name\":\"x\"}"),
    ] {
        publish(server, topic, payload, &[]).await;
    }
    announce(server, &[]).await;
    heard(&mut seen, |device: &Device| device.entities.len() == 3).await;
    publish(server, "zigbee2mqtt/air", "not json", &[]).await;
    publish(server, "zigbee2mqtt/air", r#"{"temperature":"hot"}"#, &[]).await;
    wait_for_messages(&bridge, 8).await;
    // Three announcements; three entities that need JSON; one temperature. The state is absent.
    assert_eq!(bridge.counters().faults(), 3 + 2 + 1);
    for name in [
        "sensor/0x00158d0001/temperature",
        "sensor/0x00158d0001/linkquality",
        "switch/0x00158d0001/switch",
    ] {
        publish(server, &format!("homeassistant/{name}/config"), "", &["-r"]).await;
    }
    heard(&mut seen, |device: &Device| {
        device.id == DEVICE && device.availability == Availability::Offline
    })
    .await;
    bridge.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_asks_devices_to_announce_themselves() {
    if !mosquitto_is_here() {
        return;
    }
    let house = House::new().await;
    let bridge = house.bridge(embedded(), None).await;
    let mut device = Listener::start(bridge.address().unwrap(), "homeassistant/status").await;
    house
        .session
        .publish(topic::DISCOVERY_SEARCH)
        .kwargs(&json!({"seconds": 5}))
        .send()
        .await
        .unwrap();
    assert_eq!(device.next().await, "homeassistant/status online");
    bridge.stop().await;
    assert_eq!(device.next().await, "homeassistant/status offline");
}

/// A mosquitto server with a user, on a free port.
fn mosquitto(folder: &std::path::Path, port: u16) -> Option<tokio::process::Child> {
    let passwords = folder.join("passwords");
    if !passwords.exists() {
        let made = std::process::Command::new("mosquitto_passwd")
            .args(["-b", "-c"])
            .arg(&passwords)
            .args(["hub", "p@ss"])
            .status();
        if !made.is_ok_and(|status| status.success()) {
            return None;
        }
    }
    let configuration = folder.join("mosquitto.conf");
    // Started by root it would become a user that may not read the folder.
    let text = format!(
        "listener {port} 127.0.0.1\nallow_anonymous false\nuser root\npassword_file {}\n",
        passwords.display()
    );
    std::fs::write(&configuration, text).unwrap();
    ["mosquitto", "/usr/sbin/mosquitto"].into_iter().find_map(|program| {
        tokio::process::Command::new(program)
            .arg("-c")
            .arg(&configuration)
            .kill_on_drop(true)
            .stderr(std::process::Stdio::null())
            .spawn()
            .ok()
    })
}

async fn until_it_answers(port: u16) {
    let answers = async {
        while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, answers)
        .await
        .expect("mosquitto in time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_outside_is_lost_and_found_again_with_nothing_done_by_hand() {
    if !mosquitto_is_here() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let Some(mut server) = mosquitto(folder.path(), port) else {
        println!("mosquitto server absent: skipped");
        return;
    };
    until_it_answers(port).await;
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let signed_in = ["-u", "hub", "-P", "p@ss"];
    let house = House::new().await;
    let mut seen = house.listen(topic::DEVICE_SEEN).await;
    let mut readings = house.listen(topic::SENSOR_EVENTS).await;
    let mut status = house.listen(topic::STATUS_CHANGE).await;
    let outside = ServerSettings::Outside {
        url: format!("mqtt://hub:p%40ss@127.0.0.1:{port}").parse().unwrap(),
        authorities: None,
        client_id: "domovoi".to_owned(),
    };
    let bridge = house.bridge(outside, None).await;
    assert_eq!(bridge.address(), None);
    announce(address, &[&["-r"][..], &signed_in[..]].concat()).await;
    let device: Device = heard(&mut seen, |device: &Device| device.entities.len() == 3).await;
    house.adopt(device, "Living room").await;
    let measured = [&["-r"][..], &signed_in[..]].concat();
    publish(address, "zigbee2mqtt/air", r#"{"temperature":21.5}"#, &measured).await;
    heard(&mut readings, |event: &SensorEvent| {
        event.value(Quantity::Temperature) == Some(21.5)
    })
    .await;

    server.kill().await.unwrap();
    let lost: Value = heard(&mut status, |status: &Value| status["component"] == "mqtt").await;
    assert_eq!(lost["status"], "waiting", "{lost}");
    heard(&mut seen, |device: &Device| {
        device.availability == Availability::Offline
    })
    .await;
    let _server = mosquitto(folder.path(), port).unwrap();
    heard(&mut status, |status: &Value| status["status"] == "running").await;
    publish(address, "zigbee2mqtt/air", r#"{"temperature":22.5}"#, &measured).await;
    heard(&mut readings, |event: &SensorEvent| {
        event.value(Quantity::Temperature) == Some(22.5)
    })
    .await;
    bridge.stop().await;
}
