//! What switches, fans, lamps, humidifiers and sirens have in common: on and off, told and reported.

use house::ActuatorKind;

use crate::entity::{Outgoing, Saying, StateFault, says_nothing};
use crate::fields::{DiscoveryFault, Fields, is_same};
use crate::payload::Payload;
use crate::template::{Template, TemplateFault};

/// Something that is on or off.
#[derive(Debug, Clone, PartialEq)]
pub struct OnOff {
    /// What it is taken for.
    pub kind: ActuatorKind,
    /// Where it speaks; `None` when it never does.
    pub state_topic: Option<String>,
    /// A command counts as done when sent.
    pub optimistic: bool,
    state_template: Template,
    state_on: String,
    state_off: String,
    command_topic: String,
    command_on: Template,
    command_off: Template,
    payload_on: String,
    payload_off: String,
    retain: bool,
    qos: u8,
}

/// How it is read and told.
pub(super) struct Templates {
    pub(super) state: Template,
    pub(super) on: Template,
    pub(super) off: Template,
}

impl OnOff {
    /// Reads the keys; `state_template` is where this component keeps its value template.
    pub(super) fn parse(
        kind: ActuatorKind,
        fields: Fields<'_>,
        state_template: &'static str,
    ) -> Result<Self, DiscoveryFault> {
        let on = fields.template("command_template")?;
        let off = match fields.has("command_off_template") {
            true => fields.template("command_off_template")?,
            false => on.clone(),
        };
        let state = fields.template(state_template)?;
        Self::with(kind, fields, Templates { state, on, off })
    }

    /// Reads the keys but the templates, which are these.
    pub(super) fn with(kind: ActuatorKind, fields: Fields<'_>, templates: Templates) -> Result<Self, DiscoveryFault> {
        let (payload_on, payload_off) = (
            fields.text_or("payload_on", "ON")?,
            fields.text_or("payload_off", "OFF")?,
        );
        let state_topic = fields.topic("state_topic")?;
        Ok(Self {
            kind,
            optimistic: fields.truth_or("optimistic", false)? || state_topic.is_none(),
            state_topic,
            state_template: templates.state,
            state_on: fields.text_or("state_on", &payload_on)?,
            state_off: fields.text_or("state_off", &payload_off)?,
            command_topic: fields.required_topic("command_topic")?,
            command_on: templates.on,
            command_off: templates.off,
            payload_on,
            payload_off,
            retain: fields.truth_or("retain", false)?,
            qos: fields.qos()?,
        })
    }

    /// The same, reporting its state by these words.
    pub(super) fn reporting(self, on: &str, off: &str) -> Self {
        Self {
            state_on: on.to_owned(),
            state_off: off.to_owned(),
            ..self
        }
    }

    pub(super) fn read(&self, payload: &Payload<'_>) -> Result<Option<Saying>, StateFault> {
        let text = self.state_template.render(payload)?;
        let on = if is_same(&text, &self.state_on) {
            true
        } else if is_same(&text, &self.state_off) {
            false
        } else if says_nothing(&text) {
            return Ok(None);
        } else {
            return Err(StateFault::neither(&text, &self.state_on, &self.state_off));
        };
        Ok(Some(Saying::State { part: "", on }))
    }

    pub(super) fn command(&self, on: bool) -> Result<Outgoing, TemplateFault> {
        let (template, payload) = if on {
            (&self.command_on, &self.payload_on)
        } else {
            (&self.command_off, &self.payload_off)
        };
        Ok(Outgoing {
            topic: self.command_topic.clone(),
            payload: template.render_command(payload)?,
            retain: self.retain,
            qos: self.qos,
        })
    }
}
