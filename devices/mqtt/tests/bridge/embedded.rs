//! The bridge with its own MQTT server.

use std::time::Duration;

use database::Database;
use house::uri::{self, topic};
use house::{
    ActuatorKind, AreaId, Availability, Bridge, BridgeCommand, Device, DeviceStateReport, Quantity, SensorEvent,
};
use mqtt_bridge::{Running, ServerSettings};
use serde_json::json;
use test_realm::{PATIENCE, heard};

use crate::air_sensor::{DEVICE, announce, online};
use crate::mosquitto::{Listener, mosquitto_is_here, publish};
use crate::scripted_house::House;

pub(crate) fn embedded() -> ServerSettings {
    ServerSettings::Embedded {
        listen: Some("127.0.0.1:0".parse().unwrap()),
        users: [].into(),
    }
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
    // Three announcements; three entities that need JSON; one temperature. The rest is absent.
    assert_eq!(bridge.counters().faults(), 3 + 3 + 1);
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
