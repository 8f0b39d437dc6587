//! What lamps say and take beside on and off: brightness, color, color temperature, effect.

use super::color::Space;
use super::rows::{detail, plain as plain_form};
use super::setter::{Setter, Takes};
use super::{Detail, Form, Said};
use crate::fields::{DiscoveryFault, Fields};
use crate::template::Template;

/// The range of color temperature where an announcement does not say: in mired, and in kelvin.
const MIREDS: [f64; 2] = [1.0, 20_000.0];
const KELVINS: [f64; 2] = [1000.0, 10_000.0];

/// The topics and templates of a color, where a lamp has topics for each setting.
const COLORS: [(Space, [&str; 2], [&str; 2]); 3] = [
    (
        Space::Rgb,
        ["rgb_state_topic", "rgb_value_template"],
        ["rgb_command_topic", "rgb_command_template"],
    ),
    (
        Space::Hs,
        ["hs_state_topic", "hs_value_template"],
        ["hs_command_topic", "hs_command_template"],
    ),
    (
        Space::Xy,
        ["xy_state_topic", "xy_value_template"],
        ["xy_command_topic", "xy_command_template"],
    ),
];

/// A lamp with a topic for each setting; its color beside its other `details`.
pub(super) fn plain(fields: Fields<'_>, mut details: Vec<Detail>) -> Result<Vec<Detail>, DiscoveryFault> {
    if let Some(temperature) = details.iter_mut().find(|detail| detail.what == "color temperature") {
        let (unit, [min, max]) = temperatures(fields)?;
        if let Some(said) = &mut temperature.said {
            said.form = plain_form(unit);
        }
        if let Some(set) = &mut temperature.set {
            set.takes = Takes::Number { min, max };
        }
    }
    for (space, [state, value_template], [command, command_template]) in COLORS {
        let template = fields.template(value_template)?;
        let said = fields.topic(state)?.map(|topic| Said {
            topic,
            template,
            form: Form::Color(space),
        });
        let set = Setter::parse(fields, command, command_template, || Ok(Takes::Color(space)))?;
        if let Some(color) = detail("color", said, set) {
            details.push(color);
            break;
        }
    }
    Ok(details)
}

/// The unit and range of color temperatures.
fn temperatures(fields: Fields<'_>) -> Result<(&'static str, [f64; 2]), DiscoveryFault> {
    let (unit, [low, high], defaults) = if fields.truth_or("color_temp_kelvin", false)? {
        ("K", ["min_kelvin", "max_kelvin"], KELVINS)
    } else {
        ("mired", ["min_mireds", "max_mireds"], MIREDS)
    };
    let low = fields.number(low)?.unwrap_or(defaults[0]);
    let high = fields.number(high)?.unwrap_or(defaults[1]);
    Ok((unit, [low, high]))
}

/// A lamp that speaks JSON: its state and its commands are objects with known members.
pub(super) fn json(fields: Fields<'_>) -> Result<Vec<Detail>, DiscoveryFault> {
    let modes = fields.texts("supported_color_modes")?.unwrap_or_default();
    let has_mode = |wanted: &[&str]| modes.iter().any(|mode| wanted.contains(&mode.as_str()));
    let dims = fields.truth_or("brightness", false)? || modes.iter().any(|mode| !matches!(mode.as_str(), "onoff"));
    let tunes = fields.truth_or("color_temp", false)? || has_mode(&["color_temp"]);
    let full = fields
        .number("brightness_scale")?
        .filter(|full| *full > 0.0)
        .unwrap_or(255.0);
    let (unit, [low, high]) = temperatures(fields)?;
    let mut spaces = Vec::new();
    for (space, key) in Space::ALL.into_iter().zip(["rgb", "hs", "xy"]) {
        if fields.truth_or(key, false)? || modes.iter().any(|mode| Space::of_mode(mode) == Some(space)) {
            spaces.push(space);
        }
    }
    let space = spaces.first().copied().unwrap_or(Space::Rgb);
    let effects = fields.texts("effect_list")?.unwrap_or_default();
    let members = [
        (
            dims,
            "brightness",
            "brightness",
            Form::Percent { from: 0.0, to: full },
            Takes::Percent { from: 0.0, to: full },
        ),
        (
            tunes,
            "color temperature",
            "color_temp",
            plain_form(unit),
            Takes::Number { min: low, max: high },
        ),
        (
            !spaces.is_empty(),
            "color",
            "color",
            Form::ColorObject,
            Takes::ColorObject(space),
        ),
        (
            !effects.is_empty(),
            "effect",
            "effect",
            plain_form(""),
            Takes::Choice(effects),
        ),
    ];
    let mut details = Vec::new();
    for (able, what, name, form, takes) in members {
        if !able {
            continue;
        }
        // Whether a color holds, another member says: it is read from the whole.
        let template = match form {
            Form::ColorObject => Template::WHOLE,
            _ => Template::path(&[name]),
        };
        let said = fields.topic("state_topic")?.map(|topic| Said { topic, template, form });
        // A color is an object already.
        let value = if what == "color" { "{{ value }}" } else { "" };
        let set = Setter::parse(fields, "command_topic", "", || Ok(takes))?.map(|setter| Setter {
            template: Template::json_command(&[("state", "\"ON\""), (name, value)]),
            ..setter
        });
        details.extend(detail(what, said, set));
    }
    Ok(details)
}
