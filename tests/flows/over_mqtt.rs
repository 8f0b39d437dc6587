//! The day with MQTT devices that nobody here wrote: `mosquitto_pub` and `mosquitto_sub` speak, in
//! the words of real firmware, and this test plays nothing but the weather in the rooms.

use std::sync::OnceLock;
use std::time::Duration;

use domovoi_tests::browser::Browser;
use domovoi_tests::hub::{Hub, Options, PATIENCE};
use domovoi_tests::mosquitto::{Listener, publish};
use domovoi_tests::ntfy::Ntfy;
use domovoi_tests::people::{admin, adopt, set_threshold, set_up};
use domovoi_tests::recorder::Recorder;
use domovoi_tests::wait;
use house::uri::procedure;
use serde_json::{Value, json};
use wamp_client::Session;

use crate::day::{Day, TOPICS, lived, sentences};
use crate::web;

static DAY: OnceLock<Result<Day, String>> = OnceLock::new();

fn day() -> &'static Day {
    lived(&DAY, live)
}

/// A Zigbee thermometer and hygrometer, as Zigbee2MQTT announces it.
async fn announce_zigbee(server: &str, ieee: &str, name: &str) {
    for (quantity, unit) in [("temperature", "°C"), ("humidity", "%")] {
        let config = json!({
            "availability": [{"topic": "zigbee2mqtt/bridge/state", "value_template": "{{ value_json.state }}"}],
            "availability_mode": "all",
            "default_entity_id": format!("sensor.{ieee}_{quantity}"),
            "device": {
                "identifiers": [format!("zigbee2mqtt_{ieee}")],
                "manufacturer": "Aqara", "model": "Temperature and humidity sensor", "model_id": "WSDCGQ11LM",
                "name": name, "sw_version": "3000-0001", "via_device": "zigbee2mqtt_bridge_0x00124b0024c1f2aa",
            },
            "device_class": quantity, "enabled_by_default": true, "object_id": format!("{ieee}_{quantity}"),
            "origin": {"name": "Zigbee2MQTT", "sw": "2.14.1", "url": "https://www.zigbee2mqtt.io"},
            "state_class": "measurement", "state_topic": format!("zigbee2mqtt/{name}"),
            "unique_id": format!("{ieee}_{quantity}_zigbee2mqtt"), "unit_of_measurement": unit,
            "value_template": format!("{{{{ value_json.{quantity} }}}}"),
        });
        publish(
            server,
            &format!("homeassistant/sensor/{ieee}/{quantity}/config"),
            &config.to_string(),
            true,
        )
        .await;
    }
}

/// An air conditioner with abbreviated keys, as ESPHome's climate component announces it.
async fn announce_air_conditioner(server: &str) {
    let config = json!({
        "curr_temp_t": "livingroom-ac/climate/ac/current_temperature/state",
        "mode_cmd_t": "livingroom-ac/climate/ac/mode/command", "mode_stat_t": "livingroom-ac/climate/ac/mode/state",
        "modes": ["off", "cool", "heat", "fan_only", "dry"],
        "temp_cmd_t": "livingroom-ac/climate/ac/target_temperature/command",
        "temp_stat_t": "livingroom-ac/climate/ac/target_temperature/state",
        "min_temp": "16", "max_temp": "30", "temp_step": "1", "temp_unit": "C",
        "avty_t": "livingroom-ac/status", "name": "AC", "uniq_id": "ESPclimateac", "obj_id": "livingroom-ac_ac",
        "dev": {
            "ids": "a0b1c2d3e4f5", "name": "livingroom-ac", "sw": "2026.10.0 (ESPHome)", "mdl": "esp32dev",
            "mf": "Espressif", "cns": [["mac", "a0b1c2d3e4f5"]],
        },
    });
    publish(
        server,
        "homeassistant/climate/livingroom-ac/ac/config",
        &config.to_string(),
        true,
    )
    .await;
    publish(server, "livingroom-ac/status", "online", true).await;
    publish(server, "livingroom-ac/climate/ac/mode/state", "off", true).await;
}

/// A fan, as ESPHome's fan component announces it.
async fn announce_fan(server: &str) {
    let config = json!({
        "stat_t": "bathroom-fan/fan/fan/state", "cmd_t": "bathroom-fan/fan/fan/command",
        "avty_t": "bathroom-fan/status", "name": "Fan", "uniq_id": "ESPfanfan", "obj_id": "bathroom-fan_fan",
        "dev": {
            "ids": "b0b1c2d3e4f5", "name": "bathroom-fan", "sw": "2026.10.0 (ESPHome)", "mdl": "esp8266",
            "mf": "Espressif", "cns": [["mac", "b0b1c2d3e4f5"]],
        },
    });
    publish(
        server,
        "homeassistant/fan/bathroom-fan/fan/config",
        &config.to_string(),
        true,
    )
    .await;
    publish(server, "bathroom-fan/status", "online", true).await;
    publish(server, "bathroom-fan/fan/fan/state", "OFF", true).await;
}

/// The weather in both rooms: what the devices would measure, given what the actuators do.
struct Weather {
    temperature: f64,
    humidity: f64,
    /// The sun shines and somebody showers until the actuators have been on once.
    load: bool,
}

/// Plays the weather and the firmware of the actuators until it is dropped.
async fn play(server: &str, commands: &Listener, weather: &mut Weather) {
    let ac_on = commands
        .on("livingroom-ac/climate/ac/mode/command")
        .last()
        .is_some_and(|mode| mode == "cool");
    let fan_on = commands
        .on("bathroom-fan/fan/fan/command")
        .last()
        .is_some_and(|state| state == "ON");
    publish(
        server,
        "livingroom-ac/climate/ac/mode/state",
        if ac_on { "cool" } else { "off" },
        true,
    )
    .await;
    publish(
        server,
        "bathroom-fan/fan/fan/state",
        if fan_on { "ON" } else { "OFF" },
        true,
    )
    .await;
    if ac_on {
        weather.temperature -= 0.5;
    } else if weather.load {
        weather.temperature += 0.5;
    }
    if fan_on {
        weather.humidity -= 4.0;
    } else if weather.load {
        weather.humidity += 4.0;
    }
    weather.temperature = weather.temperature.clamp(22.0, 30.0);
    weather.humidity = weather.humidity.clamp(40.0, 90.0);
    for (name, temperature, humidity) in [
        ("Living room sensor", weather.temperature, 45.0),
        ("Bathroom sensor", 23.0, weather.humidity),
    ] {
        let state = json!({
            "battery": 97, "humidity": humidity, "linkquality": 123, "pressure": 1009.1,
            "temperature": temperature, "voltage": 2985, "power_outage_count": 4,
        });
        publish(server, &format!("zigbee2mqtt/{name}"), &state.to_string(), false).await;
    }
}

async fn live() -> Day {
    let ntfy = Ntfy::start().await;
    let configuration = format!("[notifier]\nurl = \"{}\"\n[logger]\ncommit_seconds = 1\n", ntfy.url);
    let hub = Hub::start(Options {
        configuration,
        ..Options::default()
    })
    .await;
    let server = hub.mqtt.clone().expect("the embedded MQTT server");
    set_up(&hub).await;
    let session = admin(&hub).await;
    let heard = Recorder::listen(&session, TOPICS).await;
    let commands = Listener::start(
        &server,
        &["livingroom-ac/climate/ac/+/command", "bathroom-fan/fan/fan/command"],
    )
    .await;

    publish(&server, "zigbee2mqtt/bridge/state", "{\"state\":\"online\"}", true).await;
    announce_zigbee(&server, "0x00158d0001aa0001", "Living room sensor").await;
    announce_zigbee(&server, "0x00158d0001aa0002", "Bathroom sensor").await;
    announce_air_conditioner(&server).await;
    announce_fan(&server).await;
    for (name, area) in [
        ("Living room sensor", "Living room"),
        ("livingroom-ac", "Living room"),
        ("Bathroom sensor", "Bathroom"),
        ("bathroom-fan", "Bathroom"),
    ] {
        let id = device_named(&session, name).await;
        adopt(&session, &id, area).await;
    }
    set_threshold(
        &session,
        &json!({"area": "Living room", "quantity": "temperature", "high": 26, "min_on": 1, "min_off": 1}),
    )
    .await;
    set_threshold(
        &session,
        &json!({"area": "Bathroom", "quantity": "humidity", "high": 65}),
    )
    .await;

    let mut weather = Weather {
        temperature: 24.2,
        humidity: 52.0,
        load: true,
    };
    let (living_room, bathroom) = {
        let halves = async {
            tokio::join!(
                LIVING_ROOM.live(&hub, &session, &heard, &ntfy),
                BATHROOM.live(&hub, &session, &heard, &ntfy)
            )
        };
        tokio::pin!(halves);
        loop {
            tokio::select! {
                both = &mut halves => break both,
                () = play(&server, &commands, &mut weather) => {
                    let both_on = commands.on("livingroom-ac/climate/ac/mode/command").iter().any(|mode| mode == "cool")
                        && commands.on("bathroom-fan/fan/fan/command").iter().any(|state| state == "ON");
                    weather.load &= !both_on;
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    };

    let browser = Browser::open(1280, 900).await;
    web::sign_in(&browser, &hub).await;
    web::picture(&browser, "mqtt-12-overview").await;
    // The fan's last command was "off", and the sensor keeps saying 40 % or more.
    let threshold = {
        let setting = web::set_threshold(&browser, &heard, "mqtt");
        tokio::pin!(setting);
        loop {
            tokio::select! {
                set = &mut setting => break set,
                () = play(&server, &commands, &mut weather) => tokio::time::sleep(Duration::from_millis(200)).await,
            }
        }
    };
    let search = web::search(&browser, "mqtt", async || {
        announce_zigbee(&server, "0x00158d0001aa0003", "Kitchen sensor").await;
        announce_zigbee(&server, "0x00158d0001aa0004", "Hall sensor").await;
    })
    .await;
    browser.close().await;
    assert_eq!(hub.terminate().await, Some(0));
    Day {
        living_room,
        bathroom,
        threshold,
        search,
    }
}

/// The id of the device with this name, once it is found.
pub(crate) async fn device_named(session: &Session, name: &str) -> String {
    wait::until(&format!("{name} to be found"), PATIENCE, async || {
        let result = session
            .call(procedure::DEVICE_LIST)
            .send()
            .await
            .expect("device.list answers");
        let devices: Vec<Value> = result.value().expect("a list");
        devices
            .iter()
            .find(|d| d["name"] == name)
            .and_then(|d| d["id"].as_str().map(str::to_owned))
    })
    .await
}

sentences!(day);
