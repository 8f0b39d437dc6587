//! A setting of an entity: which values it takes, and what is sent.

use house::SettingValue;

use super::color::{Color, Space};
use crate::entity::Outgoing;
use crate::fields::{DiscoveryFault, Fields};
use crate::template::{Template, TemplateFault};

/// Why a setting cannot be made, as a sentence.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SetFault {
    /// The entity has no such setting, or several and it was not said which.
    #[error("what must name one of its settings: {settings}")]
    NoSuchSetting {
        /// Those it has.
        settings: String,
    },
    /// The value is not one it takes.
    #[error("value must be {wanted}")]
    WrongValue {
        /// What it takes.
        wanted: String,
    },
    /// Its command template failed.
    #[error(transparent)]
    Template(#[from] TemplateFault),
}

/// Where a setting is sent, and what it takes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Setter {
    pub(super) topic: String,
    pub(super) template: Template,
    pub(super) takes: Takes,
    pub(super) retain: bool,
    pub(super) qos: u8,
}

/// The values of a setting.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Takes {
    /// A number within a range.
    Number { min: f64, max: f64 },
    /// 0 to 100, which the device has as another range, in whole steps.
    Percent { from: f64, to: f64 },
    /// One of these.
    Choice(Vec<String>),
    /// Text up to so many characters.
    Text { longest: usize },
    /// A color, which the device has as numbers of this kind.
    Color(Space),
    /// A color, which the device has as an object with these numbers.
    ColorObject(Space),
    /// Nothing but being pressed, which sends this.
    Press(String),
}

impl Setter {
    /// A setting sent to the topic under `topic`, when there is one.
    pub(super) fn parse(
        fields: Fields<'_>,
        topic: &'static str,
        template: &'static str,
        takes: impl FnOnce() -> Result<Takes, DiscoveryFault>,
    ) -> Result<Option<Self>, DiscoveryFault> {
        let Some(topic) = fields.topic(topic)? else {
            return Ok(None);
        };
        Ok(Some(Self {
            topic,
            template: fields.template(template)?,
            takes: takes()?,
            retain: fields.truth_or("retain", false)?,
            qos: fields.qos()?,
        }))
    }

    pub(super) fn command(&self, value: &SettingValue) -> Result<Outgoing, SetFault> {
        Ok(Outgoing {
            topic: self.topic.clone(),
            payload: match self.takes.payload(value)? {
                Payload::Text(text) => self.template.render_command(&text)?,
                Payload::Number(number) => self.template.render_number(number)?,
                Payload::Numbers(names, numbers) => self.template.render_numbers(names, &numbers)?,
            },
            retain: self.retain,
            qos: self.qos,
        })
    }
}

/// A value as it is handed to the command template.
enum Payload {
    Text(String),
    Number(f64),
    Numbers(&'static [&'static str], Vec<f64>),
}

impl Takes {
    fn payload(&self, value: &SettingValue) -> Result<Payload, SetFault> {
        let wrong = |wanted: String| SetFault::WrongValue { wanted };
        match (self, value) {
            (Self::Number { min, max }, SettingValue::Number(number)) if (*min..=*max).contains(number) => {
                Ok(Payload::Number(*number))
            }
            (Self::Number { min, max }, _) => Err(wrong(format!("a number from {min} to {max}"))),
            (Self::Percent { from, to }, SettingValue::Number(number)) if (0.0..=100.0).contains(number) => {
                Ok(Payload::Number((from + number / 100.0 * (to - from)).round()))
            }
            (Self::Percent { .. }, _) => Err(wrong("a number from 0 to 100".to_owned())),
            (Self::Choice(options), SettingValue::Text(text)) if options.contains(text) => {
                Ok(Payload::Text(text.clone()))
            }
            (Self::Choice(options), _) => Err(wrong(format!("one of: {}", options.join(", ")))),
            (Self::Text { longest }, SettingValue::Text(text)) if text.chars().count() <= *longest => {
                Ok(Payload::Text(text.clone()))
            }
            (Self::Text { longest }, _) => Err(wrong(format!("text of at most {longest} characters"))),
            (Self::Color(space), _) => {
                let numbers = color(value)?.numbers(*space);
                Ok(Payload::Numbers(space.variables(), numbers))
            }
            (Self::ColorObject(space), _) => {
                let numbers = color(value)?.numbers(*space);
                let members = space.members().iter().zip(numbers);
                // Whole numbers without a point: some lamps take no others.
                let members: Vec<String> = members.map(|(name, number)| format!("\"{name}\":{number}")).collect();
                Ok(Payload::Text(format!("{{{}}}", members.join(","))))
            }
            (Self::Press(payload), SettingValue::Bool(true)) => Ok(Payload::Text(payload.clone())),
            (Self::Press(_), _) => Err(wrong("true, which presses it".to_owned())),
        }
    }
}

fn color(value: &SettingValue) -> Result<Color, SetFault> {
    let color = match value {
        SettingValue::Text(text) => Color::parse(text),
        SettingValue::Bool(_) | SettingValue::Number(_) => None,
    };
    color.ok_or_else(|| SetFault::WrongValue {
        wanted: "a color like \"#ff8000\"".to_owned(),
    })
}
