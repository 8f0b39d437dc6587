//! Zigbee2MQTT's own messages, replayed by `mosquitto_pub`: it starts, a device joins, is
//! interviewed, speaks, is renamed, and leaves.

use house::uri::topic;
use house::{Availability, Device, Quantity, SensorEvent};
use serde_json::{Value, json};
use test_realm::heard;

use crate::embedded::embedded;
use crate::mosquitto::{Listener, mosquitto_is_here, publish};
use crate::scripted_house::House;

const ADDRESS: &str = "0xa4c138aabbccddee";
const ID: &str = "mqtt-zigbee2mqtt_0xa4c138aabbccddee";

fn event(kind: &str, more: &Value) -> String {
    let mut data = json!({"friendly_name": ADDRESS, "ieee_address": ADDRESS});
    data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"type": kind, "data": data}).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zigbee_device_joins_is_interviewed_speaks_and_leaves() {
    if !mosquitto_is_here() {
        return;
    }
    let house = House::new().await;
    let bridge = house.bridge(embedded(), None).await;
    let server = bridge.address().unwrap();
    let mut seen = house.listen(topic::DEVICE_SEEN).await;
    let mut readings = house.listen(topic::SENSOR_EVENTS).await;
    let mut status = house.listen(topic::STATUS_CHANGE).await;
    let mut requests = Listener::start(server, "zigbee2mqtt/bridge/request/#").await;
    let say = async |what: &str, payload: &str| {
        publish(server, &format!("zigbee2mqtt/bridge/{what}"), payload, &["-r"]).await;
    };

    // The bridge starts.
    say("state", r#"{"state":"online"}"#).await;
    let info = json!({"version": "2.6.3", "permit_join": false, "config": {"homeassistant": {"enabled": true}}});
    say("info", &info.to_string()).await;
    say("devices", "[]").await;
    heard(&mut status, |status: &Value| {
        status["component"] == "zigbee2mqtt" && status["status"] == "running"
    })
    .await;

    // The house searches: devices may join for as long.
    let search = house
        .session
        .publish(topic::DISCOVERY_SEARCH)
        .kwargs(&json!({"seconds": 60.0}));
    search.acknowledge().send().await.unwrap();
    assert_eq!(
        requests.next().await,
        r#"zigbee2mqtt/bridge/request/permit_join {"time":60,"transaction":"domovoi-1"}"#
    );

    // A device joins and is interviewed.
    say("event", &event("device_joined", &json!({}))).await;
    let joining: Device = heard(&mut seen, |device: &Device| device.id == ID).await;
    assert!(joining.fault.unwrap().contains("being asked"));
    let definition = json!({"status": "successful", "supported": true,
        "definition": {"vendor": "Tuya", "model": "TS0201", "description": "Thermometer"}});
    say("event", &event("device_interview", &definition)).await;
    let config = json!({"device_class": "temperature", "unit_of_measurement": "°C", "state_topic": format!("zigbee2mqtt/{ADDRESS}"),
        "value_template": "{{ value_json.temperature }}", "unique_id": "t", "availability_mode": "all",
        "availability": [{"topic": "zigbee2mqtt/bridge/state", "value_template": "{{ value_json.state }}"}],
        "device": {"identifiers": [format!("zigbee2mqtt_{ADDRESS}")], "name": ADDRESS, "manufacturer": "Tuya"}});
    let announced = format!("homeassistant/sensor/{ADDRESS}/temperature/config");
    publish(server, &announced, &config.to_string(), &["-r"]).await;
    let device: Device = heard(&mut seen, |device: &Device| {
        device.id == ID && device.entities.len() == 1
    })
    .await;
    assert_eq!(
        (device.fault.as_deref(), device.availability),
        (None, Availability::Online)
    );

    // It speaks once it is adopted, and its bridge takes the house's name for it.
    house.adopt(device.clone(), "Cellar").await;
    house
        .adopt(
            Device {
                name: "Wine".into(),
                ..device
            },
            "Cellar",
        )
        .await;
    let renamed = requests.next().await;
    assert!(
        renamed.contains("device/rename") && renamed.contains("\"to\":\"Wine\""),
        "{renamed}"
    );
    let refused = json!({"status": "error", "error": "name is taken", "transaction": "domovoi-2", "data": {}});
    publish(
        server,
        "zigbee2mqtt/bridge/response/device/rename",
        &refused.to_string(),
        &[],
    )
    .await;
    heard(&mut status, |status: &Value| {
        status["detail"].as_str().unwrap().contains("name is taken")
    })
    .await;
    publish(
        server,
        &format!("zigbee2mqtt/{ADDRESS}"),
        r#"{"temperature":12.5}"#,
        &[],
    )
    .await;
    heard(&mut readings, |event: &SensorEvent| {
        event.value(Quantity::Temperature) == Some(12.5)
    })
    .await;

    // With its bridge gone it cannot be reached.
    say("state", r#"{"state":"offline"}"#).await;
    heard(&mut seen, |device: &Device| {
        device.id == ID && device.availability == Availability::Offline
    })
    .await;
    say("state", r#"{"state":"online"}"#).await;
    heard(&mut seen, |device: &Device| {
        device.id == ID && device.availability == Availability::Online
    })
    .await;

    // It leaves.
    say("event", &event("device_leave", &json!({}))).await;
    heard(&mut seen, |device: &Device| device.id == ID && device.fault.is_some()).await;
    publish(server, &announced, "", &["-r"]).await;
    heard(&mut seen, |device: &Device| {
        device.id == ID && device.availability == Availability::Offline
    })
    .await;
    bridge.stop().await;
}
