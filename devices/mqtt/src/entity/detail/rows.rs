//! Which keys of an announcement hold what, by component.

use super::setter::{Setter, Takes};
use super::{Detail, Form, Said, light};
use crate::fields::{DiscoveryFault, Fields};

/// One thing that a component says and may take: the keys of its topics and templates.
struct Row {
    what: &'static str,
    state: [&'static str; 2],
    command: [&'static str; 2],
    values: Values,
}

/// What values it has.
#[derive(Clone, Copy)]
enum Values {
    /// Words; they are not set.
    Words,
    /// One of a list, under this key.
    Choice(&'static str),
    /// A number with a unit, between the values of two keys that have these defaults.
    Number(&'static str, [(&'static str, f64); 2]),
    /// A range whose ends are the values of two keys with these defaults, shown in percent.
    Percent([(&'static str, f64); 2]),
}

const fn row(what: &'static str, state: [&'static str; 2], command: [&'static str; 2], values: Values) -> Row {
    Row {
        what,
        state,
        command,
        values,
    }
}

const LIGHT: &[Row] = &[
    row(
        "brightness",
        ["brightness_state_topic", "brightness_value_template"],
        ["brightness_command_topic", "brightness_command_template"],
        Values::Percent([("", 0.0), ("brightness_scale", 255.0)]),
    ),
    row(
        "color temperature",
        ["color_temp_state_topic", "color_temp_value_template"],
        ["color_temp_command_topic", "color_temp_command_template"],
        Values::Number("", [("min_mireds", 1.0), ("max_mireds", 20_000.0)]),
    ),
    row(
        "effect",
        ["effect_state_topic", "effect_value_template"],
        ["effect_command_topic", "effect_command_template"],
        Values::Choice("effect_list"),
    ),
];

const FAN: &[Row] = &[
    row(
        "speed",
        ["percentage_state_topic", "percentage_value_template"],
        ["percentage_command_topic", "percentage_command_template"],
        Values::Percent([("speed_range_min", 1.0), ("speed_range_max", 100.0)]),
    ),
    row(
        "preset",
        ["preset_mode_state_topic", "preset_mode_value_template"],
        ["preset_mode_command_topic", "preset_mode_command_template"],
        Values::Choice("preset_modes"),
    ),
    row(
        "swing",
        ["oscillation_state_topic", "oscillation_value_template"],
        ["", ""],
        Values::Words,
    ),
    row(
        "direction",
        ["direction_state_topic", "direction_value_template"],
        ["", ""],
        Values::Words,
    ),
];

const TARGET: [(&str, f64); 2] = [("min_temp", 7.0), ("max_temp", 35.0)];

const CLIMATE: &[Row] = &[
    row(
        "",
        ["mode_state_topic", "mode_state_template"],
        ["mode_command_topic", "mode_command_template"],
        Values::Choice("modes"),
    ),
    row("doing", ["action_topic", "action_template"], ["", ""], Values::Words),
    row(
        "target",
        ["temperature_state_topic", "temperature_state_template"],
        ["temperature_command_topic", "temperature_command_template"],
        Values::Number("°", TARGET),
    ),
    row(
        "low target",
        ["temperature_low_state_topic", "temperature_low_state_template"],
        ["temperature_low_command_topic", "temperature_low_command_template"],
        Values::Number("°", TARGET),
    ),
    row(
        "high target",
        ["temperature_high_state_topic", "temperature_high_state_template"],
        ["temperature_high_command_topic", "temperature_high_command_template"],
        Values::Number("°", TARGET),
    ),
    row(
        "fan",
        ["fan_mode_state_topic", "fan_mode_state_template"],
        ["fan_mode_command_topic", "fan_mode_command_template"],
        Values::Choice("fan_modes"),
    ),
    row(
        "preset",
        ["preset_mode_state_topic", "preset_mode_value_template"],
        ["preset_mode_command_topic", "preset_mode_command_template"],
        Values::Choice("preset_modes"),
    ),
    row(
        "swing",
        ["swing_mode_state_topic", "swing_mode_state_template"],
        ["swing_mode_command_topic", "swing_mode_command_template"],
        Values::Choice("swing_modes"),
    ),
];

const HUMIDIFIER: &[Row] = &[
    row(
        "target",
        ["target_humidity_state_topic", "target_humidity_state_template"],
        ["target_humidity_command_topic", "target_humidity_command_template"],
        Values::Number("%", [("min_humidity", 0.0), ("max_humidity", 100.0)]),
    ),
    row(
        "mode",
        ["mode_state_topic", "mode_state_template"],
        ["mode_command_topic", "mode_command_template"],
        Values::Choice("modes"),
    ),
    row("doing", ["action_topic", "action_template"], ["", ""], Values::Words),
];

const COVER: &[Row] = &[
    row(
        "position",
        ["position_topic", "position_template"],
        ["set_position_topic", "set_position_template"],
        Values::Percent([("position_closed", 0.0), ("position_open", 100.0)]),
    ),
    row(
        "tilt",
        ["tilt_status_topic", "tilt_status_template"],
        ["tilt_command_topic", "tilt_command_template"],
        Values::Percent([("tilt_min", 0.0), ("tilt_max", 100.0)]),
    ),
];

const NUMBER: &[Row] = &[row(
    "",
    ["state_topic", "value_template"],
    ["command_topic", "command_template"],
    Values::Number("", [("min", 1.0), ("max", 100.0)]),
)];

const SELECT: &[Row] = &[row(
    "",
    ["state_topic", "value_template"],
    ["command_topic", "command_template"],
    Values::Choice("options"),
)];

const WORDS: &[Row] = &[row("", ["state_topic", "value_template"], ["", ""], Values::Words)];

/// What a component says and takes beside readings and on or off.
pub(super) fn of(component: &str, fields: Fields<'_>) -> Result<Vec<Detail>, DiscoveryFault> {
    let table = match component {
        "light" if fields.text("schema")?.as_deref() == Some("json") => return light::json(fields),
        "light" => return light::plain(fields, read(LIGHT, fields)?),
        "fan" => FAN,
        "climate" | "water_heater" => CLIMATE,
        "humidifier" => HUMIDIFIER,
        "cover" => COVER,
        "number" => NUMBER,
        "select" => SELECT,
        "button" | "scene" => return pressed(fields, "payload_press", ("payload_on", "ON")),
        "update" => return update(fields),
        "event" => return main(fields, Form::Event, None),
        "text" => {
            let longest = fields
                .number("max")?
                .map_or(255, |max| max.clamp(0.0, 65_535.0) as usize);
            let set = Setter::parse(fields, "command_topic", "command_template", || {
                Ok(Takes::Text { longest })
            })?;
            return main(fields, plain(""), set);
        }
        "sensor" | "binary_sensor" => return main(fields, plain(&fields.text_or("unit_of_measurement", "")?), None),
        "switch" | "siren" | "valve" | "camera" | "image" | "notify" => &[],
        "tag" | "device_automation" => {
            let template = fields.template("value_template")?;
            let said = fields.topic("topic")?.map(|topic| Said {
                topic,
                template,
                form: plain(""),
            });
            return Ok(detail("", said, None).into_iter().collect());
        }
        _ => WORDS,
    };
    read(table, fields)
}

fn read(table: &[Row], fields: Fields<'_>) -> Result<Vec<Detail>, DiscoveryFault> {
    table.iter().filter_map(|row| row.read(fields).transpose()).collect()
}

pub(super) fn plain(unit: &str) -> Form {
    Form::Plain { unit: unit.to_owned() }
}

/// What the entity is all about, at its `state_topic`.
fn main(fields: Fields<'_>, form: Form, set: Option<Setter>) -> Result<Vec<Detail>, DiscoveryFault> {
    let template = fields.template("value_template")?;
    let said = fields.topic("state_topic")?.map(|topic| Said { topic, template, form });
    Ok(detail("", said, set).into_iter().collect())
}

pub(super) fn detail(what: &'static str, said: Option<Said>, set: Option<Setter>) -> Option<Detail> {
    (said.is_some() || set.is_some()).then_some(Detail { what, said, set })
}

fn pressed(
    fields: Fields<'_>,
    key: &'static str,
    (other, default): (&'static str, &'static str),
) -> Result<Vec<Detail>, DiscoveryFault> {
    let payload = match fields.text(key)? {
        Some(payload) => payload,
        None if key == "payload_press" && !fields.has(other) => "PRESS".to_owned(),
        None => fields.text_or(other, default)?,
    };
    let set = Setter::parse(fields, "command_topic", "command_template", || {
        Ok(Takes::Press(payload))
    })?;
    Ok(detail("", None, set).into_iter().collect())
}

fn update(fields: Fields<'_>) -> Result<Vec<Detail>, DiscoveryFault> {
    let set = match fields.text("payload_install")? {
        Some(payload) => Setter::parse(fields, "command_topic", "command_template", || {
            Ok(Takes::Press(payload))
        })?,
        None => None,
    };
    let mut details = main(fields, Form::Versions, set)?;
    let template = fields.template("latest_version_template")?;
    let newest = fields.topic("latest_version_topic")?.map(|topic| Said {
        topic,
        template,
        form: plain(""),
    });
    details.extend(detail("newest", newest, None));
    Ok(details)
}

impl Row {
    fn read(&self, fields: Fields<'_>) -> Result<Option<Detail>, DiscoveryFault> {
        let [from, to] = match self.values {
            Values::Number(_, range) | Values::Percent(range) => {
                [range_end(fields, range[0])?, range_end(fields, range[1])?]
            }
            Values::Words | Values::Choice(_) => [0.0, 0.0],
        };
        // A fan's slowest speed is one step up from standing still.
        let from = if self.what == "speed" { from - 1.0 } else { from };
        let form = match self.values {
            Values::Percent(_) => Form::Percent { from, to },
            Values::Number("", _) => plain(&fields.text_or("unit_of_measurement", "")?),
            Values::Number(unit, _) => plain(unit),
            Values::Words | Values::Choice(_) => plain(""),
        };
        let template = fields.template(self.state[1])?;
        let said = fields.topic(self.state[0])?.map(|topic| Said { topic, template, form });
        let takes = || {
            Ok(match self.values {
                Values::Percent(_) => Takes::Percent { from, to },
                Values::Number(..) => Takes::Number { min: from, max: to },
                Values::Choice(list) => Takes::Choice(fields.texts(list)?.unwrap_or_default()),
                Values::Words => Takes::Text { longest: 0 },
            })
        };
        let set = Setter::parse(fields, self.command[0], self.command[1], takes)?;
        Ok(detail(self.what, said, set))
    }
}

fn range_end(fields: Fields<'_>, (key, default): (&'static str, f64)) -> Result<f64, DiscoveryFault> {
    Ok(fields.number(key)?.unwrap_or(default))
}
