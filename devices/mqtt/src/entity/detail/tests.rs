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

#[test]
fn colors_of_lamps_are_told_and_set_in_the_way_of_each() {
    use SettingValue::{Number, Text};
    let json = |modes: Value| json!({"schema": "json", "state_topic": "s", "command_topic": "c", "supported_color_modes": modes});
    for (config, payload, expected, sent) in [
        (
            json(json!(["xy", "color_temp"])),
            r#"{"state": "ON", "color_mode": "xy", "color": {"x": 0.6401, "y": 0.33}}"#,
            Some("color #ff0000"),
            r#"{"state":"ON","color":{"x":0.543,"y":0.407}}"#,
        ),
        (
            json(json!(["hs"])),
            r#"{"state": "ON", "color": {"hue": 120, "saturation": 100}}"#,
            Some("color #00ff00"),
            r#"{"state":"ON","color":{"h":30.1,"s":100}}"#,
        ),
        (
            json(json!(["rgbw"])),
            r#"{"state": "ON", "color_mode": "rgbw", "color": {"r": 0, "g": 0, "b": 255, "w": 0}}"#,
            Some("color #0000ff"),
            r#"{"state":"ON","color":{"r":255,"g":128,"b":0}}"#,
        ),
        (
            json!({"command_topic": "x", "rgb_state_topic": "s", "rgb_command_topic": "c"}),
            "255, 128,0",
            Some("color #ff8000"),
            "255,128,0",
        ),
        (
            json!({"command_topic": "x", "hs_state_topic": "s", "hs_command_topic": "c",
                "hs_command_template": "{{ hue }}/{{ sat }}"}),
            "240,100",
            Some("color #0000ff"),
            "30.1/100",
        ),
        (
            json!({"command_topic": "x", "xy_state_topic": "s", "xy_command_topic": "c",
                "rgb_command_template": "not used"}),
            "0.15,0.06",
            Some("color #0000ff"),
            "0.543,0.407",
        ),
    ] {
        assert_eq!(told("light", &config, payload).as_deref(), expected, "{payload}");
        let details = details("light", &config);
        let orange = details.set(Some("color"), &Text("#ff8000".into())).unwrap();
        assert_eq!(orange.payload, sent);
        for wrong in [Number(5.0), Text("red".into())] {
            let refused = details.set(Some("color"), &wrong).unwrap_err();
            assert_eq!(refused.to_string(), "value must be a color like \"#ff8000\"");
        }
    }
}

#[test]
fn a_lamp_that_shines_white_has_no_color_any_more() {
    let details = details(
        "light",
        &json!({"schema": "json", "state_topic": "s", "command_topic": "c", "min_kelvin": 2200, "max_kelvin": 4000,
            "supported_color_modes": ["xy", "color_temp"], "color_temp_kelvin": true}),
    );
    let mut memory = Memory::default();
    let mut read = |payload: &str| {
        let payload = Payload::new(payload.as_bytes(), Timestamp(0));
        let changed = details.read(&mut memory, "s", &payload).unwrap();
        (changed, details.told(&memory))
    };
    let blue = r#"{"state": "ON", "color_mode": "xy", "color": {"x": 0.15, "y": 0.06}}"#;
    let white = r#"{"state": "ON", "color_mode": "color_temp", "color_temp": 2700, "color": {"x": 0.46, "y": 0.41}}"#;
    assert_eq!(read(blue), (true, Some("color #0000ff".to_owned())));
    assert_eq!(read(r#"{"state": "OFF"}"#), (false, Some("color #0000ff".to_owned())));
    assert_eq!(read(white), (true, Some("color temperature 2700 K".to_owned())));
    assert!(!read(white).0);
    let warmer = |kelvin: f64| details.set(Some("color temperature"), &SettingValue::Number(kelvin));
    assert_eq!(warmer(3000.0).unwrap().payload, r#"{"state":"ON","color_temp":3000}"#);
    let refused = warmer(6500.0).unwrap_err().to_string();
    assert_eq!(refused, "value must be a number from 2200 to 4000");
}
