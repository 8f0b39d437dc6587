//! What entities say beside readings and on or off, and what of them can be set: a lamp's
//! brightness, a blind's position, a choice, a number, a button.
//!
//! Shown to people as it is said, under the entity it belongs to; set through `device.set`.

mod color;
mod light;
mod rows;
mod setter;

use house::SettingValue;

use self::color::{Color, Space};
pub use self::setter::SetFault;
use self::setter::Setter;
use crate::entity::{Memory, Outgoing, StateFault};
use crate::fields::{DiscoveryFault, Fields};
use crate::payload::Payload;
use crate::template::Template;

/// Longest text kept of what an entity says, in characters.
const LONGEST: usize = 255;

/// Everything of this kind that an entity says and takes, in the order it is shown.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Details(Vec<Detail>);

/// One of them.
#[derive(Debug, Clone, PartialEq)]
struct Detail {
    /// `brightness`, `position`; empty for what the entity is all about.
    what: &'static str,
    said: Option<Said>,
    set: Option<Setter>,
}

/// Where it is said, and how it is read.
#[derive(Debug, Clone, PartialEq)]
struct Said {
    topic: String,
    template: Template,
    form: Form,
}

/// How what is said is put for people.
#[derive(Debug, Clone, PartialEq)]
enum Form {
    /// As it is, with its unit.
    Plain { unit: String },
    /// A number of the device's range, as a percentage of it.
    Percent { from: f64, to: f64 },
    /// The JSON object of an `update`, or its installed version.
    Versions,
    /// The JSON object of an `event`, or its type.
    Event,
    /// A color as numbers with commas between.
    Color(Space),
    /// A color in the JSON object that a lamp says of itself, while it has one.
    ColorObject,
}

impl Details {
    /// Reads the keys of one component.
    ///
    /// # Errors
    /// The key at fault.
    pub fn parse(component: &str, fields: Fields<'_>) -> Result<Self, DiscoveryFault> {
        rows::of(component, fields).map(Self)
    }

    /// The topics on which something of it is said.
    pub fn topics(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter_map(|detail| detail.said.as_ref())
            .map(|said| said.topic.as_str())
    }

    /// Whether anything of it is said.
    pub fn are_said(&self) -> bool {
        self.0.iter().any(|detail| detail.said.is_some())
    }

    /// Whether anything of it can be set.
    pub fn are_settable(&self) -> bool {
        self.0.iter().any(|detail| detail.set.is_some())
    }

    /// Takes a message on one of the topics; true when there is something new to show.
    ///
    /// # Errors
    /// A template failed on it, or it is not text.
    pub fn read(&self, memory: &mut Memory, topic: &str, payload: &Payload<'_>) -> Result<bool, StateFault> {
        let mut changed = false;
        for detail in &self.0 {
            let Some(said) = detail.said.as_ref().filter(|said| said.topic == topic) else {
                continue;
            };
            let text = said.template.render(payload)?;
            if text.is_empty() {
                continue;
            }
            let known = memory.told.get(detail.what);
            if ["None", "null"].contains(&&*text) {
                changed |= memory.told.remove(detail.what).is_some();
                continue;
            }
            let Some(put) = said.form.put(&text) else {
                continue;
            };
            if put.is_empty() {
                changed |= memory.told.remove(detail.what).is_some();
                continue;
            }
            if known != Some(&put) {
                memory.told.insert(detail.what, put);
                changed = true;
            }
        }
        Ok(changed)
    }

    /// All that was said, for people: `brightness 40 %, effect blink`.
    pub fn told(&self, memory: &Memory) -> Option<String> {
        let parts: Vec<String> = self
            .0
            .iter()
            .filter_map(|detail| Some((detail.what, memory.told.get(detail.what)?)))
            .map(|(what, text)| match what {
                "" => text.clone(),
                _ => format!("{what} {text}"),
            })
            .collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    /// What to send so that `what` becomes `value`; nothing for `what` means the only setting.
    ///
    /// # Errors
    /// There is no such setting, or it takes no such value.
    pub fn set(&self, what: Option<&str>, value: &SettingValue) -> Result<Outgoing, SetFault> {
        let mut settable = self
            .0
            .iter()
            .filter_map(|detail| Some((detail.what, detail.set.as_ref()?)));
        let found = match what {
            Some(what) => settable.find(|(name, _)| *name == what),
            None => match (settable.next(), settable.next()) {
                (Some(only), None) => Some(only),
                (Some(main), Some(_)) if main.0.is_empty() => Some(main),
                _ => None,
            },
        };
        let (_, setter) = found.ok_or_else(|| SetFault::NoSuchSetting {
            settings: self
                .0
                .iter()
                .filter(|detail| detail.set.is_some() && !detail.what.is_empty())
                .map(|detail| detail.what)
                .collect::<Vec<_>>()
                .join(", "),
        })?;
        setter.command(value)
    }
}

impl Form {
    /// `None` when nothing is said of it; empty when it does not hold any more.
    fn put(&self, text: &str) -> Option<String> {
        let plain = match self {
            Self::Plain { unit } if unit.is_empty() => text.to_owned(),
            Self::Plain { unit } => format!("{text} {unit}"),
            Self::Percent { from, to } => match text.parse::<f64>() {
                Ok(number) if number.is_finite() && from != to => {
                    format!("{:.0} %", ((number - from) / (to - from) * 100.0).clamp(0.0, 100.0))
                }
                _ => text.to_owned(),
            },
            Self::Versions => versions(text),
            Self::Event => member(text, "event_type").unwrap_or_else(|| text.to_owned()),
            Self::Color(space) => Color::of_list(*space, text)?.text(),
            Self::ColorObject => color_of_lamp(text)?,
        };
        Some(plain.chars().take(LONGEST).collect())
    }
}

/// The color of a lamp that speaks JSON. While it shines white, the color that it also says is none
/// that anybody set.
fn color_of_lamp(text: &str) -> Option<String> {
    let said: serde_json::Value = serde_json::from_str(text).ok()?;
    let mode = said.get("color_mode").and_then(serde_json::Value::as_str);
    let space = mode.and_then(Space::of_mode);
    if mode.is_some() && space.is_none() {
        return Some(String::new());
    }
    let color = Color::of_object(space, said.get("color")?.as_object()?)?;
    Some(color.text())
}

/// A member of a JSON object as text, when `text` is one that has it.
fn member(text: &str, name: &str) -> Option<String> {
    let object: serde_json::Value = serde_json::from_str(text).ok()?;
    crate::fields::text_of(object.get(name)?)
}

fn versions(text: &str) -> String {
    let installed = member(text, "installed_version");
    let latest = member(text, "latest_version");
    match (installed, latest) {
        (Some(installed), Some(latest)) if installed == latest => format!("{installed}, up to date"),
        (Some(installed), Some(latest)) => format!("{installed}, {latest} is there"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) if text.starts_with('{') => "not known".to_owned(),
        (None, None) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests;
