//! A bridge that speaks for its devices: Zigbee2MQTT.

use domovoi_tests::hub::PATIENCE;
use domovoi_tests::mosquitto::Listener;
use domovoi_tests::people::adopt;
use domovoi_tests::wait;
use house::uri::{procedure, topic};
use serde_json::{Value, json};

use super::{House, nth};
use crate::over_mqtt::device_named;

const PLUG: &str = "0x842e14fffe010203";
const SENSOR: &str = "0xa4c138fffe0a0b0c";

/// One entity of a Zigbee device as Zigbee2MQTT 2 announces it.
async fn announce(house: &House, component: &str, address: &str, name: &str, what: &str, keys: Value) {
    let mut config = json!({
        "availability": [
            {"topic": "zigbee2mqtt/bridge/state", "value_template": "{{ value_json.state }}"},
            {"topic": format!("zigbee2mqtt/{name}/availability"), "value_template": "{{ value_json.state }}"},
        ],
        "availability_mode": "all",
        "device": {"identifiers": [format!("zigbee2mqtt_{address}")], "manufacturer": "Tuya", "name": name,
            "model": "From the tests", "via_device": "zigbee2mqtt_bridge_0x00124b0000000001"},
        "object_id": format!("{name}_{what}"),
        "origin": {"name": "Zigbee2MQTT", "sw": "2.6.3", "url": "https://www.zigbee2mqtt.io"},
        "state_topic": format!("zigbee2mqtt/{name}"),
        "unique_id": format!("{address}_{what}_zigbee2mqtt"),
        "value_template": format!("{{{{ value_json.{what} }}}}"),
    });
    let more = keys.as_object().expect("keys").clone();
    config.as_object_mut().expect("an object").extend(more);
    house
        .keep(&format!("homeassistant/{component}/{address}/{what}/config"), &config)
        .await;
}

/// A device in the list of the bridge.
fn listed(address: &str, name: &str, interview: &str) -> Value {
    json!({"ieee_address": address, "type": "EndDevice", "network_address": 4711, "supported": true,
        "friendly_name": name, "disabled": false, "power_source": "Battery", "model_id": "TS0201",
        "interview_state": interview, "interviewing": interview == "IN_PROGRESS",
        "interview_completed": interview == "SUCCESSFUL",
        "definition": {"model": "TS0201", "vendor": "Tuya", "description": "Thermometer", "exposes": [], "options": []}})
}

fn coordinator() -> Value {
    json!({"ieee_address": "0x00124b0000000001", "type": "Coordinator", "network_address": 0, "supported": true,
        "friendly_name": "Coordinator", "interview_state": "SUCCESSFUL", "definition": null})
}

async fn announce_thermometer(house: &House, name: &str) {
    for (what, unit) in [("temperature", "°C"), ("humidity", "%"), ("battery", "%")] {
        let keys = json!({"device_class": what, "unit_of_measurement": unit, "state_class": "measurement"});
        announce(house, "sensor", SENSOR, name, what, keys).await;
    }
    let available = json!({"state": "online"});
    house
        .keep(&format!("zigbee2mqtt/{name}/availability"), &available)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn zigbee2mqtt_starts_a_device_joins_speaks_is_renamed_and_leaves() {
    let house = House::start().await;
    let ear = Listener::start(&house.server, &["zigbee2mqtt/bridge/request/#", "zigbee2mqtt/+/set"]).await;

    // The bridge starts, with a plug that it has had for long.
    house
        .keep("zigbee2mqtt/bridge/state", &json!({"state": "online"}))
        .await;
    let info = |permit_join: bool| {
        json!({"version": "2.6.3", "commit": "0", "permit_join": permit_join, "log_level": "info",
            "coordinator": {"ieee_address": "0x00124b0000000001", "type": "ZStack3x0", "meta": {}},
            "config": {"homeassistant": {"enabled": true, "discovery_topic": "homeassistant"}}})
    };
    house.keep("zigbee2mqtt/bridge/info", &info(false)).await;
    let plug = listed(PLUG, "Plug", "SUCCESSFUL");
    house
        .keep("zigbee2mqtt/bridge/devices", &json!([coordinator(), plug]))
        .await;
    house.keep("zigbee2mqtt/bridge/groups", &json!([])).await;
    let switch = json!({"name": null, "command_topic": "zigbee2mqtt/Plug/set", "payload_on": "{\"state\":\"ON\"}",
        "payload_off": "{\"state\":\"OFF\"}", "state_on": "ON", "state_off": "OFF"});
    announce(&house, "switch", PLUG, "Plug", "state", switch).await;
    let power = json!({"device_class": "power", "unit_of_measurement": "W"});
    announce(&house, "sensor", PLUG, "Plug", "power", power).await;
    house
        .keep("zigbee2mqtt/Plug/availability", &json!({"state": "online"}))
        .await;
    house
        .say(
            "zigbee2mqtt/Plug",
            &json!({"state": "OFF", "power": 0, "linkquality": 90}),
        )
        .await;
    house
        .hears(0, "the bridge", topic::STATUS_CHANGE, |status| {
            status["component"] == "zigbee2mqtt" && status["status"] == "running"
        })
        .await;
    let plug_id = device_named(&house.session, "Plug").await;
    house
        .until("the plug to be there", &plug_id, |device| {
            device["availability"] == "online"
        })
        .await;
    adopt(&house.session, &plug_id, "Kitchen").await;
    let switching = house.switch(&plug_id, true);
    assert_eq!(nth(&ear, "zigbee2mqtt/Plug/set", 0).await, "{\"state\":\"ON\"}");
    house
        .say(
            "zigbee2mqtt/Plug",
            &json!({"state": "ON", "power": 41.5, "linkquality": 90}),
        )
        .await;
    assert_eq!(switching.await.expect("no panic")["on"], true);
    house
        .hears(0, "the plug's power", topic::SENSOR_EVENTS, |event| {
            event["sensorId"] == plug_id.as_str() && event["power"] == 41.5
        })
        .await;

    // The house searches: the bridge is asked to let devices join, and says that it does.
    let search = house
        .session
        .call(procedure::DISCOVER_DEVICES)
        .kwargs(&json!({"seconds": 10}));
    let searching = tokio::spawn(async move {
        let found = search.send().await.expect("the search ends");
        found.value::<Vec<Value>>().expect("a list")
    });
    let asked = nth(&ear, "zigbee2mqtt/bridge/request/permit_join", 0).await;
    let asked: Value = serde_json::from_str(&asked).expect("JSON");
    assert_eq!(asked["time"], 10);
    let answer = json!({"data": {"time": 10}, "status": "ok", "transaction": asked["transaction"]});
    house.say("zigbee2mqtt/bridge/response/permit_join", &answer).await;
    house.keep("zigbee2mqtt/bridge/info", &info(true)).await;

    // A thermometer joins and is interviewed.
    let id = format!("mqtt-zigbee2mqtt_{SENSOR}");
    let event = |kind: &str, more: Value| {
        let mut data = json!({"friendly_name": SENSOR, "ieee_address": SENSOR});
        data.as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        json!({"type": kind, "data": data})
    };
    house
        .say("zigbee2mqtt/bridge/event", &event("device_joined", json!({})))
        .await;
    let started = event("device_interview", json!({"status": "started"}));
    house.say("zigbee2mqtt/bridge/event", &started).await;
    house
        .hears(0, "the joining device", topic::DEVICE_FOUND, |device| {
            device["id"] == id.as_str()
                && device["fault"]
                    .as_str()
                    .is_some_and(|fault| fault.contains("being asked"))
        })
        .await;
    let done = json!({"status": "successful", "supported": true,
        "definition": {"vendor": "Tuya", "model": "TS0201", "description": "Thermometer"}});
    house
        .say("zigbee2mqtt/bridge/event", &event("device_interview", done))
        .await;
    let plug = listed(PLUG, "Plug", "SUCCESSFUL");
    let devices = |name: &str| json!([coordinator(), plug.clone(), listed(SENSOR, name, "SUCCESSFUL")]);
    house.keep("zigbee2mqtt/bridge/devices", &devices(SENSOR)).await;
    announce_thermometer(&house, SENSOR).await;
    house
        .until("the thermometer to be there", &id, |device| {
            device["fault"].is_null()
                && device["availability"] == "online"
                && device["entities"]
                    .as_array()
                    .is_some_and(|entities| entities.len() == 3)
        })
        .await;
    let found = searching.await.expect("no panic");
    assert!(found.iter().any(|device| device["id"] == id.as_str()), "{found:?}");

    // It is adopted, and its bridge is asked to call it as the house does.
    let mark = house.heard.mark();
    adopt(&house.session, &id, "Cellar").await;
    let rename = json!({"device": id, "name": "Wine"});
    let renaming = house.session.call(procedure::DEVICE_RENAME).kwargs(&rename);
    renaming.send().await.expect("it is renamed");
    let asked = nth(&ear, "zigbee2mqtt/bridge/request/device/rename", 0).await;
    let asked: Value = serde_json::from_str(&asked).expect("JSON");
    assert_eq!((&asked["from"], &asked["to"]), (&json!(SENSOR), &json!("Wine")));
    let answer = json!({"data": {"from": SENSOR, "to": "Wine", "homeassistant_rename": false}, "status": "ok",
        "transaction": asked["transaction"]});
    house.say("zigbee2mqtt/bridge/response/device/rename", &answer).await;
    house.keep("zigbee2mqtt/bridge/devices", &devices("Wine")).await;
    announce_thermometer(&house, "Wine").await;
    // It speaks under its new name and is the same device.
    let state = json!({"temperature": 12.5, "humidity": 61, "battery": 88, "linkquality": 120});
    wait::until("the subscription to the new topic", PATIENCE, async || {
        house.say("zigbee2mqtt/Wine", &state).await;
        let heard = house.heard.all();
        heard
            .iter()
            .skip(mark)
            .any(|heard| {
                heard.topic == topic::SENSOR_EVENTS
                    && heard.payload["sensorId"] == id.as_str()
                    && heard.payload["temperature"] == 12.5
                    && heard.payload["area"] == "cellar"
            })
            .then_some(())
    })
    .await;

    // It leaves by itself; the plug is sent away by the house.
    house
        .say("zigbee2mqtt/bridge/event", &event("device_leave", json!({})))
        .await;
    for what in ["temperature", "humidity", "battery"] {
        house
            .keep(&format!("homeassistant/sensor/{SENSOR}/{what}/config"), &json!(""))
            .await;
    }
    house
        .keep("zigbee2mqtt/bridge/devices", &json!([coordinator(), plug]))
        .await;
    house
        .until("the thermometer to be gone", &id, |device| {
            device["availability"] == "offline"
        })
        .await;
    let removing = house
        .session
        .call(procedure::DEVICE_REMOVE)
        .kwargs(&json!({"device": plug_id}));
    removing.send().await.expect("it is removed");
    let asked = nth(&ear, "zigbee2mqtt/bridge/request/device/remove", 0).await;
    let asked: Value = serde_json::from_str(&asked).expect("JSON");
    assert_eq!(asked["id"], PLUG);
    assert_eq!(house.hub.terminate().await, Some(0));
}
