//! Components `cover`, `valve` and `lock`: what is opened and closed, or locked and unlocked.
//!
//! On is open, for a lock locked. One that is under way counts as what it will be, so that a
//! command is seen to be followed when the motor starts.

use house::ActuatorKind;

use crate::entity::{Memory, Outgoing, Saying, StateFault, says_nothing};
use crate::fields::{DiscoveryFault, Fields, is_same};
use crate::payload::Payload;
use crate::template::{Template, TemplateFault};

/// Something that is opened and closed.
#[derive(Debug, Clone, PartialEq)]
pub struct Openable {
    /// What it is taken for.
    pub kind: ActuatorKind,
    command: Option<Command>,
    state: Option<(String, Template)>,
    on_words: [String; 2],
    off_words: [String; 2],
    position: Option<Position>,
    optimistic: bool,
    retain: bool,
    qos: u8,
}

#[derive(Debug, Clone, PartialEq)]
struct Command {
    topic: String,
    template: Template,
    /// To go on, to go off.
    payloads: [String; 2],
}

/// Where it says how far open it is.
#[derive(Debug, Clone, PartialEq)]
struct Position {
    topic: String,
    template: Template,
    open: f64,
    closed: f64,
}

/// Reads the keys; `None` when it can be neither opened nor closed.
pub(super) fn parse(kind: ActuatorKind, fields: Fields<'_>) -> Result<Option<Openable>, DiscoveryFault> {
    let open = fields.number("position_open")?.unwrap_or(100.0);
    let closed = fields.number("position_closed")?.unwrap_or(0.0);
    let by_number = kind == ActuatorKind::Valve && fields.truth_or("reports_position", false)?;
    let [on, off] = match kind {
        ActuatorKind::Lock => [("payload_lock", "LOCK"), ("payload_unlock", "UNLOCK")],
        _ => [("payload_open", "OPEN"), ("payload_close", "CLOSE")],
    };
    let template = fields.template("command_template")?;
    let plain = fields
        .topic("command_topic")?
        .map(|topic| -> Result<Command, DiscoveryFault> {
            let payloads = if by_number {
                [open.to_string(), closed.to_string()]
            } else {
                [fields.text_or(on.0, on.1)?, fields.text_or(off.0, off.1)?]
            };
            Ok(Command {
                topic,
                template,
                payloads,
            })
        });
    let command = match plain.transpose()? {
        Some(command) => Some(command),
        None => {
            let template = fields.template("set_position_template")?;
            fields.topic("set_position_topic")?.map(|topic| Command {
                topic,
                template,
                payloads: [open.to_string(), closed.to_string()],
            })
        }
    };
    if command.is_none() {
        return Ok(None);
    }
    let (on_words, off_words) = match kind {
        ActuatorKind::Lock => (
            [
                fields.text_or("state_locked", "LOCKED")?,
                fields.text_or("state_locking", "LOCKING")?,
            ],
            [
                fields.text_or("state_unlocked", "UNLOCKED")?,
                fields.text_or("state_unlocking", "UNLOCKING")?,
            ],
        ),
        _ => (
            [
                fields.text_or("state_open", "open")?,
                fields.text_or("state_opening", "opening")?,
            ],
            [
                fields.text_or("state_closed", "closed")?,
                fields.text_or("state_closing", "closing")?,
            ],
        ),
    };
    let state_template = fields.template("value_template")?;
    let state = fields.topic("state_topic")?.map(|topic| (topic, state_template));
    let position_template = fields.template("position_template")?;
    let position = match (fields.topic("position_topic")?, &state) {
        (Some(topic), _) => Some((topic, position_template)),
        (None, Some(state)) if by_number => Some(state.clone()),
        (None, _) => None,
    };
    Ok(Some(Openable {
        kind,
        command,
        optimistic: fields.truth_or("optimistic", false)? || (state.is_none() && position.is_none()),
        state: state.filter(|_| !by_number),
        on_words,
        off_words,
        position: position.map(|(topic, template)| Position {
            topic,
            template,
            open,
            closed,
        }),
        retain: fields.truth_or("retain", false)?,
        qos: fields.qos()?,
    }))
}

impl Openable {
    pub(super) fn state_topics(&self) -> Vec<&str> {
        let state = self.state.iter().map(|(topic, _)| topic.as_str());
        state
            .chain(self.position.iter().map(|position| position.topic.as_str()))
            .collect()
    }

    pub(super) fn is_optimistic(&self) -> bool {
        self.optimistic
    }

    pub(super) fn read(
        &self,
        memory: &mut Memory,
        topic: &str,
        payload: &Payload<'_>,
    ) -> Result<Vec<Saying>, StateFault> {
        let mut moved = None;
        if let Some(position) = self.position.as_ref().filter(|position| position.topic == topic) {
            moved = position.read(memory, payload)?;
        }
        let mut said = None;
        if let Some((_, template)) = self.state.as_ref().filter(|(own, _)| own == topic) {
            let text = template.render(payload)?;
            let is_one_of = |words: &[String; 2]| words.iter().any(|word| is_same(&text, word));
            if is_one_of(&self.on_words) {
                said = Some(true);
            } else if is_one_of(&self.off_words) {
                said = Some(false);
            } else if !says_nothing(&text) && self.position.is_none() {
                // Stopped on its way, or jammed: what it is then, nobody has said.
                return Ok(Vec::new());
            }
        }
        let on = match said {
            Some(on) => Some(on),
            None => moved,
        };
        Ok(on.map(|on| Saying::State { part: "", on }).into_iter().collect())
    }

    pub(super) fn command(&self, on: bool) -> Result<Vec<Outgoing>, TemplateFault> {
        let Some(command) = &self.command else {
            return Ok(Vec::new());
        };
        let payload = &command.payloads[usize::from(!on)];
        Ok(vec![Outgoing {
            topic: command.topic.clone(),
            payload: command.template.render_command(payload)?,
            retain: self.retain,
            qos: self.qos,
        }])
    }
}

impl Position {
    /// Open, closed, or nothing while it is closing: how that ends is not known yet.
    fn read(&self, memory: &mut Memory, payload: &Payload<'_>) -> Result<Option<bool>, StateFault> {
        let text = self.template.render(payload)?;
        if says_nothing(&text) {
            return Ok(None);
        }
        // A template may give `{"position": 30}`.
        let number = text.parse::<f64>().ok().or_else(|| {
            let object: serde_json::Value = serde_json::from_str(&text).ok()?;
            object.get("position")?.as_f64()
        });
        let number = number.ok_or_else(|| StateFault::NotANumber {
            payload: text.chars().take(40).collect(),
        })?;
        // 0 closed, 1 open, whichever way its numbers run.
        let open = ((number - self.closed) / (self.open - self.closed)).clamp(0.0, 1.0);
        let before = memory.position.replace(open);
        Ok(if open == 0.0 {
            Some(false)
        } else {
            before.is_none_or(|before| open >= before).then_some(true)
        })
    }
}

#[cfg(test)]
mod tests {
    use house::Timestamp;
    use serde_json::{Value, json};

    use super::*;
    use crate::entity::Role;

    fn role(component: &str, config: &Value) -> Role {
        Role::parse(component, Fields(config.as_object().unwrap())).unwrap()
    }

    fn heard(role: &Role, payloads: &[&str]) -> Vec<Option<bool>> {
        let mut memory = Memory::default();
        let state = |payload: &&str| {
            let payload = Payload::new(payload.as_bytes(), Timestamp(0));
            let sayings = role.read(&mut memory, "s", &payload).unwrap();
            sayings.into_iter().find_map(|saying| match saying {
                Saying::State { on, .. } => Some(on),
                Saying::Value(..) => None,
            })
        };
        payloads.iter().map(state).collect()
    }

    #[test]
    fn a_blind_is_what_its_motor_makes_of_it() {
        let blind = role(
            "cover",
            &json!({"command_topic": "c", "state_topic": "s", "position_topic": "s", "state_open": "OPEN",
                "state_closed": "CLOSE", "state_stopped": "STOP", "value_template": "{{ value_json.state }}",
                "position_template": "{{ value_json.position }}"}),
        );
        assert_eq!(
            heard(
                &blind,
                &[
                    r#"{"state": "OPEN", "position": 100}"#,
                    r#"{"position": 60}"#,
                    r#"{"position": 0}"#,
                    r#"{"state": "CLOSE", "position": 0}"#,
                    r#"{"position": 30}"#
                ]
            ),
            [Some(true), None, Some(false), Some(false), Some(true)]
        );
        assert_eq!(blind.command("", true).unwrap()[0].payload, "OPEN");
        assert_eq!(blind.command("", false).unwrap()[0].payload, "CLOSE");
    }

    #[test]
    fn a_lock_is_on_when_it_is_locked() {
        let lock = role(
            "lock",
            &json!({"command_topic": "c", "state_topic": "s", "state_locked": "LOCK", "state_unlocked": "UNLOCK"}),
        );
        assert_eq!(
            heard(&lock, &["LOCK", "JAMMED", "UNLOCK", "LOCKING"]),
            [Some(true), None, Some(false), Some(true)]
        );
        assert_eq!(lock.command("", false).unwrap()[0].payload, "UNLOCK");
    }

    #[test]
    fn a_valve_that_reports_its_position_is_told_by_number() {
        let valve = role(
            "valve",
            &json!({"command_topic": "c", "state_topic": "s", "reports_position": true}),
        );
        assert_eq!(
            heard(&valve, &["100", "0", r#"{"position": 20}"#]),
            [Some(true), Some(false), Some(true)]
        );
        assert_eq!(valve.command("", true).unwrap()[0].payload, "100");
    }

    #[test]
    fn a_blind_with_a_position_alone_is_opened_by_it() {
        let blind = role("cover", &json!({"set_position_topic": "c", "position_topic": "s"}));
        assert_eq!(blind.command("", false).unwrap()[0].payload, "0");
        assert!(matches!(
            role("cover", &json!({"state_topic": "s"})),
            Role::Shown { .. }
        ));
    }
}
