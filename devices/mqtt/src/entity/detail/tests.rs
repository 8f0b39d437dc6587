use house::{SettingValue, Timestamp};
use serde_json::{Value, json};

use super::*;

fn details(component: &str, config: &Value) -> Details {
    Details::parse(component, Fields(config.as_object().unwrap())).unwrap()
}

fn told(component: &str, config: &Value, payload: &str) -> Option<String> {
    let details = details(component, config);
    let mut memory = Memory::default();
    details
        .read(&mut memory, "s", &Payload::new(payload.as_bytes(), Timestamp(0)))
        .unwrap();
    details.told(&memory)
}

#[test]
fn what_entities_say_is_put_for_people() {
    let plain = json!({"state_topic": "s"});
    let lqi =
        json!({"state_topic": "s", "unit_of_measurement": "lqi", "value_template": "{{ value_json.linkquality }}"});
    let lamp = json!({"schema": "json", "state_topic": "s", "command_topic": "c", "brightness": true,
        "brightness_scale": 254, "supported_color_modes": ["color_temp"], "effect_list": ["blink"]});
    let fan = json!({"percentage_state_topic": "s", "speed_range_max": 9, "preset_mode_state_topic": "x"});
    let awning = json!({"position_topic": "s", "position_closed": 100, "position_open": 0});
    let zigbee_update = json!({"state_topic": "s", "value_template": "{{ value_json['update']|tojson }}"});
    for (component, config, payload, expected) in [
        ("sensor", &lqi, r#"{"linkquality": 87}"#, Some("87 lqi")),
        ("select", &plain, "eco", Some("eco")),
        ("select", &plain, "", None),
        (
            "light",
            &lamp,
            r#"{"state": "ON", "brightness": 127, "color_temp": 250}"#,
            Some("brightness 50 %, color temperature 250 mired"),
        ),
        ("light", &lamp, r#"{"state": "OFF"}"#, None),
        ("fan", &fan, "9", Some("speed 100 %")),
        ("cover", &awning, "25", Some("position 75 %")),
        ("event", &plain, r#"{"event_type": "press"}"#, Some("press")),
        ("event", &plain, "hold", Some("hold")),
        (
            "update",
            &plain,
            r#"{"installed_version": "1.2", "latest_version": "1.3"}"#,
            Some("1.2, 1.3 is there"),
        ),
        (
            "update",
            &zigbee_update,
            r#"{"update": {"installed_version": 7, "latest_version": 7}}"#,
            Some("7, up to date"),
        ),
        ("update", &plain, "1.2", Some("1.2")),
        (
            "climate",
            &json!({"temperature_state_topic": "s"}),
            "21.5",
            Some("target 21.5 °"),
        ),
        ("vacuum", &plain, "docked", Some("docked")),
    ] {
        assert_eq!(
            told(component, config, payload).as_deref(),
            expected,
            "{component}: {payload}"
        );
    }
}

#[test]
fn only_what_is_new_is_worth_showing() {
    let details = details("number", &json!({"state_topic": "s", "command_topic": "c"}));
    let mut memory = Memory::default();
    let mut read = |payload: &str| {
        let payload = Payload::new(payload.as_bytes(), Timestamp(0));
        details.read(&mut memory, "s", &payload).unwrap()
    };
    assert_eq!(
        [read("5"), read("5"), read("6"), read("None"), read("None")],
        [true, false, true, true, false]
    );
}

#[test]
fn settings_are_sent_as_the_device_takes_them() {
    use SettingValue::{Bool, Number, Text};
    let lamp = details(
        "light",
        &json!({"schema": "json", "state_topic": "s", "command_topic": "c", "brightness": true, "brightness_scale": 254,
            "effect": true, "effect_list": ["blink", "\"odd\""]}),
    );
    let blind = details(
        "cover",
        &json!({"set_position_topic": "c", "set_position_template": "{ \"position\": {{ position }} }"}),
    );
    let number = details(
        "number",
        &json!({"command_topic": "c", "min": -5, "max": 5, "command_template": "{{ value * 10 }}"}),
    );
    let select = details("select", &json!({"command_topic": "c", "options": ["eco", "boost"]}));
    let button = details("button", &json!({"command_topic": "c", "payload_press": "go"}));
    let text = details("text", &json!({"command_topic": "c", "max": 4}));
    for (details, what, value, expected) in [
        (
            &lamp,
            Some("brightness"),
            Number(50.0),
            Ok(r#"{"state":"ON","brightness":127}"#),
        ),
        (
            &lamp,
            Some("effect"),
            Text("\"odd\"".into()),
            Ok(r#"{"state":"ON","effect":"\"odd\""}"#),
        ),
        (
            &lamp,
            None,
            Number(50.0),
            Err("what must name one of its settings: brightness, effect"),
        ),
        (
            &lamp,
            Some("brightness"),
            Number(120.0),
            Err("value must be a number from 0 to 100"),
        ),
        (&blind, None, Number(30.0), Ok(r#"{ "position": 30 }"#)),
        (&number, None, Number(2.5), Ok("25.0")),
        (&number, None, Number(7.0), Err("value must be a number from -5 to 5")),
        (&select, None, Text("boost".into()), Ok("boost")),
        (
            &select,
            None,
            Text("turbo".into()),
            Err("value must be one of: eco, boost"),
        ),
        (&button, None, Bool(true), Ok("go")),
        (&button, None, Number(1.0), Err("value must be true, which presses it")),
        (
            &text,
            None,
            Text("abcde".into()),
            Err("value must be text of at most 4 characters"),
        ),
    ] {
        let sent = details
            .set(what, &value)
            .map(|message| message.payload)
            .map_err(|fault| fault.to_string());
        assert_eq!(sent, expected.map(str::to_owned).map_err(str::to_owned), "{value:?}");
    }
}
