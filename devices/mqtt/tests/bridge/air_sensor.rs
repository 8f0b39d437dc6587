//! A device as Zigbee2MQTT speaks for it: a thermometer with a plug.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::mosquitto::publish;

/// Its id in the house.
pub(crate) const DEVICE: &str = "mqtt-zigbee2mqtt_0x00158d0001";

fn about_the_device() -> Value {
    json!({"identifiers": ["zigbee2mqtt_0x00158d0001"], "manufacturer": "Xiaomi", "model": "Air sensor",
        "name": "Air sensor", "suggested_area": "Living room"})
}

/// As Zigbee2MQTT announces a thermometer, a plug with it, and its link quality.
pub(crate) async fn announce(server: SocketAddr, more: &[&str]) {
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

pub(crate) async fn online(server: SocketAddr) {
    publish(server, "zigbee2mqtt/bridge/state", r#"{"state":"online"}"#, &["-r"]).await;
}
