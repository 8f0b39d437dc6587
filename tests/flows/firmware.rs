//! What Zigbee2MQTT, Tasmota and Shelly say from their start to the end of a device's stay, said by
//! `mosquitto_pub` to the hub as a process, and what the house makes of it; what the house wants of
//! them is heard by `mosquitto_sub`. Here are the devices that speak for themselves.

mod zigbee2mqtt;

use domovoi_tests::hub::{Hub, Options, PATIENCE};
use domovoi_tests::mosquitto::{Listener, publish};
use domovoi_tests::people::{admin, adopt, set_up};
use domovoi_tests::recorder::Recorder;
use domovoi_tests::wait;
use house::uri::{procedure, topic};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use wamp_client::Session;

use crate::over_mqtt::device_named;

/// A house with an admin in it, and an ear on what is told in it.
struct House {
    hub: Hub,
    server: String,
    session: Session,
    heard: Recorder,
}

impl House {
    async fn start() -> Self {
        let hub = Hub::start(Options::default()).await;
        set_up(&hub).await;
        let session = admin(&hub).await;
        let topics = [
            topic::DEVICE_FOUND,
            topic::DEVICE_CHANGED,
            topic::SENSOR_EVENTS,
            topic::ACTUATOR_EVENTS,
            topic::STATUS_CHANGE,
        ];
        Self {
            server: hub.mqtt.clone().expect("the embedded MQTT server"),
            heard: Recorder::listen(&session, &topics).await,
            session,
            hub,
        }
    }

    /// Says something that is kept for those who come later.
    async fn keep(&self, topic: &str, payload: &Value) {
        publish(&self.server, topic, &text(payload), true).await;
    }

    /// Says something once.
    async fn say(&self, topic: &str, payload: &Value) {
        publish(&self.server, topic, &text(payload), false).await;
    }

    /// Waits until `device.list` has a device of this id that fits.
    async fn until(&self, what: &str, id: &str, fits: impl Fn(&Value) -> bool) -> Value {
        wait::until(what, PATIENCE, async || {
            let listed = self.session.call(procedure::DEVICE_LIST).send().await;
            let devices: Vec<Value> = listed.expect("device.list answers").value().expect("a list");
            devices.into_iter().find(|device| device["id"] == id && fits(device))
        })
        .await
    }

    /// Waits for an event after `mark`, and gives the mark after it.
    async fn hears(&self, mark: usize, what: &str, topic: &str, fits: impl Fn(&Value) -> bool) -> usize {
        self.heard.wait_from(mark, what, PATIENCE, topic, fits).await.1
    }

    /// Switches a device; the answer comes when the device has said that it obeyed.
    fn switch(&self, device: &str, on: bool) -> JoinHandle<Value> {
        let call = self
            .session
            .call("dcs.switch.control")
            .args(&(on,))
            .kwargs(&json!({"device": device}));
        tokio::spawn(async move { call.send().await.expect("it obeys").kwargs().expect("a state") })
    }
}

/// A text as it is, anything else as JSON.
fn text(payload: &Value) -> String {
    payload.as_str().map_or_else(|| payload.to_string(), str::to_owned)
}

/// Waits for the message number `index` on a topic.
async fn nth(listener: &Listener, topic: &str, index: usize) -> String {
    wait::until(&format!("message {index} on {topic}"), PATIENCE, async || {
        listener.on(topic).get(index).cloned()
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tasmota_comes_online_is_measured_switched_by_hand_and_by_the_house_and_goes() {
    let house = House::start().await;
    let ear = Listener::start(&house.server, &["cmnd/#"]).await;
    let mac = "DC4F22AABBCC";
    house.keep("tele/tasmota_AABBCC/LWT", &json!("Online")).await;
    let config = json!({"ip": "192.0.2.20", "dn": "Boiler", "fn": ["Boiler", null], "hn": "tasmota-AABBCC-0001",
        "mac": mac, "md": "Gosund SP1", "ty": 0, "if": 0, "ofln": "Offline", "onln": "Online",
        "state": ["OFF", "ON", "TOGGLE", "HOLD"], "sw": "15.0.1", "t": "tasmota_AABBCC", "ft": "%prefix%/%topic%/",
        "tp": ["cmnd", "stat", "tele"], "rl": [1, 0], "swc": [-1], "swn": [null], "btn": [0], "lt_st": 0,
        "so": {"4": 0, "11": 0, "13": 0, "17": 0, "20": 0, "30": 0, "68": 0, "73": 0, "82": 0, "114": 0}, "ver": 1});
    house.keep(&format!("tasmota/discovery/{mac}/config"), &config).await;
    let energy = json!({"TotalStartTime": "2026-01-01T00:00:00", "Total": 3.5, "Today": 0.2, "Power": 0,
        "Voltage": 231, "Current": 0.0});
    let sensors = json!({"sn": {"Time": "2026-05-03T07:30:00", "ENERGY": energy}, "ver": 1});
    house.keep(&format!("tasmota/discovery/{mac}/sensors"), &sensors).await;

    // It is asked how it fares, and says so.
    nth(&ear, "cmnd/tasmota_AABBCC/STATE", 0).await;
    assert_eq!(nth(&ear, "cmnd/tasmota_AABBCC/STATUS", 0).await, "10");
    let status = json!({"StatusSNS": {"Time": "2026-05-03T07:30:01", "ENERGY": energy}});
    house.say("stat/tasmota_AABBCC/STATUS10", &status).await;
    let state = |power: &str| {
        json!({"Time": "2026-05-03T07:30:01", "Uptime": "0T00:10:12", "UptimeSec": 612, "Heap": 26, "SleepMode": "Dynamic",
            "Sleep": 50, "LoadAvg": 19, "MqttCount": 1, "POWER": power,
            "Wifi": {"AP": 1, "SSId": "home", "Channel": 6, "RSSI": 78, "Signal": -61, "LinkCount": 1}})
    };
    house.say("stat/tasmota_AABBCC/RESULT", &state("OFF")).await;
    let id = device_named(&house.session, "Boiler").await;
    house
        .until("the Tasmota to be there", &id, |device| {
            device["availability"] == "online"
        })
        .await;
    adopt(&house.session, &id, "Kitchen").await;

    // What it measures is told; what the house wants it does and says.
    let mut busy = energy.clone();
    busy["Power"] = json!(1980);
    let sensor = json!({"Time": "2026-05-03T07:35:00", "ENERGY": busy});
    house.say("tele/tasmota_AABBCC/SENSOR", &sensor).await;
    house
        .hears(0, "the boiler's power", topic::SENSOR_EVENTS, |event| {
            event["sensorId"] == id.as_str() && event["power"] == 1980.0 && event["voltage"] == 231.0
        })
        .await;
    let switching = house.switch(&id, true);
    assert_eq!(nth(&ear, "cmnd/tasmota_AABBCC/POWER1", 0).await, "ON");
    house.say("stat/tasmota_AABBCC/RESULT", &json!({"POWER": "ON"})).await;
    assert_eq!(switching.await.expect("no panic")["on"], true);

    // Somebody presses its button: that is no echo of ours.
    let mark = house.heard.mark();
    house.say("stat/tasmota_AABBCC/RESULT", &json!({"POWER": "OFF"})).await;
    let by_hand =
        |event: &Value| event["device"] == id.as_str() && event["on"] == false && event["cause"]["manual"] == true;
    house.hears(mark, "the button", topic::ACTUATOR_EVENTS, by_hand).await;

    // Its power is cut: the server does its will.
    house.keep("tele/tasmota_AABBCC/LWT", &json!("Offline")).await;
    house
        .until("the Tasmota to be offline", &id, |device| {
            device["availability"] == "offline"
        })
        .await;
    // It is back, and is asked again.
    house.keep("tele/tasmota_AABBCC/LWT", &json!("Online")).await;
    nth(&ear, "cmnd/tasmota_AABBCC/STATE", 1).await;
    house.say("tele/tasmota_AABBCC/STATE", &state("ON")).await;
    house
        .until("the Tasmota to be back", &id, |device| {
            device["availability"] == "online"
        })
        .await;
    assert_eq!(house.hub.terminate().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shelly_is_asked_what_it_is_measured_switched_and_goes() {
    let house = House::start().await;
    let prefix = "shellyplus1pm-a8032abbccdd";
    let requests = format!("{prefix}/rpc");
    let ear = Listener::start(&house.server, &[&requests]).await;
    house.keep(&format!("{prefix}/online"), &json!("true")).await;

    // It is asked over its RPC, and answers.
    let status = json!({"ble": {}, "cloud": {"connected": false}, "input:0": {"id": 0, "state": false},
        "mqtt": {"connected": true}, "switch:0": {"id": 0, "source": "init", "output": false, "apower": 0.0,
            "voltage": 230.1, "current": 0.0, "aenergy": {"total": 1234.5, "by_minute": [0, 0, 0], "minute_ts": 1_777_793_400},
            "temperature": {"tC": 41.2, "tF": 106.2}}, "wifi": {"sta_ip": "192.0.2.30", "status": "got ip", "rssi": -58}});
    for (index, result) in [
        json!({"name": "Pump", "id": prefix, "mac": "A8032ABBCCDD", "slot": 0, "model": "SNSW-001P16EU", "gen": 2,
            "ver": "1.7.1", "app": "Plus1PM", "auth_en": false, "profile": "switch"}),
        json!({"switch:0": {"id": 0, "name": "Pump", "in_mode": "follow", "initial_state": "off"}}),
        status,
    ]
    .into_iter()
    .enumerate()
    {
        let asked: Value = serde_json::from_str(&nth(&ear, &requests, index).await).expect("JSON");
        let source = asked["src"].as_str().expect("a source");
        let answer = json!({"id": asked["id"], "src": prefix, "dst": source, "result": result});
        house.say(&format!("{source}/rpc"), &answer).await;
    }
    let id = device_named(&house.session, "Pump").await;
    house
        .until("the Shelly to be there", &id, |device| {
            device["availability"] == "online"
        })
        .await;
    adopt(&house.session, &id, "Cellar").await;

    // It tells what changes.
    let notify = |switch: Value| {
        json!({"src": prefix, "dst": format!("{prefix}/events"), "method": "NotifyStatus",
            "params": {"ts": 1_777_793_460.25, "switch:0": switch}})
    };
    let events = format!("{prefix}/events/rpc");
    house.say(&events, &notify(json!({"id": 0, "apower": 55.5}))).await;
    house
        .hears(0, "the pump's power", topic::SENSOR_EVENTS, |event| {
            event["sensorId"] == id.as_str() && event["power"] == 55.5
        })
        .await;

    // It is switched over its RPC and says so in both ways.
    let switching = house.switch(&id, true);
    let asked = wait::until("the pump to be switched", PATIENCE, async || {
        let requests = ear.on(&requests);
        let mut requests = requests
            .iter()
            .map(|text| serde_json::from_str::<Value>(text).expect("JSON"));
        requests.find(|request| request["method"] == "Switch.Set")
    })
    .await;
    assert_eq!(asked["params"], json!({"id": 0, "on": true}));
    let answer = json!({"id": asked["id"], "src": prefix, "dst": asked["src"], "result": {"was_on": false}});
    let source = asked["src"].as_str().expect("a source");
    house.say(&format!("{source}/rpc"), &answer).await;
    let switched = json!({"id": 0, "output": true, "source": "MQTT", "apower": 60.0});
    house.say(&format!("{prefix}/status/switch:0"), &switched).await;
    house.say(&events, &notify(switched)).await;
    assert_eq!(switching.await.expect("no panic")["on"], true);

    // Somebody presses its button.
    let mark = house.heard.mark();
    house
        .say(&events, &notify(json!({"id": 0, "output": false, "source": "button"})))
        .await;
    let by_hand =
        |event: &Value| event["device"] == id.as_str() && event["on"] == false && event["cause"]["manual"] == true;
    house.hears(mark, "the button", topic::ACTUATOR_EVENTS, by_hand).await;
    house.keep(&format!("{prefix}/online"), &json!("false")).await;
    house
        .until("the Shelly to be offline", &id, |device| {
            device["availability"] == "offline"
        })
        .await;
    assert_eq!(house.hub.terminate().await, Some(0));
}
