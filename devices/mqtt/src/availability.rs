//! Whether an entity can be reached, as its device says on its availability topics.

use serde_json::Value;

use crate::fields::{DiscoveryFault, Fields, is_same};
use crate::payload::Payload;
use crate::template::{Template, TemplateFault};

/// How several topics make one answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// The one heard last decides.
    #[default]
    Latest,
    /// Every one must say available.
    All,
    /// One that says available is enough.
    Any,
}

/// One topic that says available or not.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Where it is said.
    pub topic: String,
    payload_available: String,
    payload_not_available: String,
    template: Template,
}

/// The availability topics of an entity; none means it is available while it is connected.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Rule {
    /// Where it is said.
    pub sources: Vec<Source>,
    mode: Mode,
}

/// What an entity's availability topics have said so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heard {
    by_source: Vec<Option<bool>>,
    latest: Option<bool>,
}

impl Rule {
    /// Reads `availability`, or `availability_topic` and its fellows.
    ///
    /// # Errors
    /// The key at fault.
    pub fn parse(fields: Fields<'_>) -> Result<Self, DiscoveryFault> {
        let mode = match fields.text("availability_mode")?.as_deref() {
            None | Some("latest") => Mode::Latest,
            Some("all") => Mode::All,
            Some("any") => Mode::Any,
            Some(_) => {
                return Err(DiscoveryFault::WrongType {
                    key: "availability_mode",
                    wanted: "latest, all or any",
                });
            }
        };
        let wrong = DiscoveryFault::WrongType {
            key: "availability",
            wanted: "a list of objects with a topic",
        };
        let mut sources = Vec::new();
        match fields.0.get("availability") {
            None | Some(Value::Null) => {}
            Some(Value::Object(item)) => sources.push(Source::parse(Fields(item), "topic", "value_template")?),
            Some(Value::Array(list)) => {
                for item in list {
                    let item = item.as_object().ok_or_else(|| wrong.clone())?;
                    sources.push(Source::parse(Fields(item), "topic", "value_template")?);
                }
            }
            Some(Value::Bool(_) | Value::Number(_) | Value::String(_)) => return Err(wrong),
        }
        if sources.is_empty() && fields.topic("availability_topic")?.is_some() {
            sources.push(Source::parse(fields, "availability_topic", "availability_template")?);
        }
        Ok(Self { sources, mode })
    }

    /// Takes a message on one of the topics; true when the answer may have changed.
    ///
    /// A payload that is neither of the two named changes nothing.
    ///
    /// # Errors
    /// A template failed on it.
    pub fn hear(&self, heard: &mut Heard, topic: &str, payload: &Payload<'_>) -> Result<bool, TemplateFault> {
        heard.by_source.resize(self.sources.len(), None);
        let mut changed = false;
        for (source, slot) in self.sources.iter().zip(&mut heard.by_source) {
            if source.topic != topic {
                continue;
            }
            let said = source.template.render(payload)?;
            let available = if is_same(&said, &source.payload_available) {
                true
            } else if is_same(&said, &source.payload_not_available) {
                false
            } else {
                continue;
            };
            changed |= *slot != Some(available) || heard.latest != Some(available);
            *slot = Some(available);
            heard.latest = Some(available);
        }
        Ok(changed)
    }

    /// The answer so far; `None` when nothing was heard that decides it.
    pub fn is_available(&self, heard: &Heard) -> Option<bool> {
        match self.mode {
            Mode::Latest => heard.latest,
            Mode::All => {
                if heard.by_source.contains(&Some(false)) {
                    Some(false)
                } else {
                    let every = heard.by_source.len() == self.sources.len()
                        && heard.by_source.iter().all(|said| *said == Some(true));
                    every.then_some(true)
                }
            }
            Mode::Any => {
                if heard.by_source.contains(&Some(true)) {
                    Some(true)
                } else {
                    heard.by_source.contains(&Some(false)).then_some(false)
                }
            }
        }
    }
}

impl Source {
    fn parse(fields: Fields<'_>, topic: &'static str, template: &'static str) -> Result<Self, DiscoveryFault> {
        Ok(Self {
            topic: fields.required_topic(topic)?,
            payload_available: fields.text_or("payload_available", "online")?,
            payload_not_available: fields.text_or("payload_not_available", "offline")?,
            template: fields.template(template)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use house::Timestamp;
    use serde_json::json;

    use super::*;

    fn rule(config: &Value) -> Rule {
        Rule::parse(Fields(config.as_object().unwrap())).unwrap()
    }

    fn after(rule: &Rule, messages: &[(&str, &str)]) -> Option<bool> {
        let mut heard = Heard::default();
        for (topic, payload) in messages {
            rule.hear(&mut heard, topic, &Payload::new(payload.as_bytes(), Timestamp(0)))
                .unwrap();
        }
        rule.is_available(&heard)
    }

    #[test]
    fn one_topic_says_online_and_offline() {
        let rule =
            rule(&json!({"availability_topic": "a", "payload_available": "up", "payload_not_available": "down"}));
        assert_eq!(after(&rule, &[]), None);
        assert_eq!(after(&rule, &[("a", "up")]), Some(true));
        assert_eq!(after(&rule, &[("a", "up"), ("a", "down")]), Some(false));
        assert_eq!(after(&rule, &[("a", "up"), ("a", "nonsense")]), Some(true));
        assert_eq!(after(&rule, &[("b", "up")]), None);
    }

    #[test]
    fn several_topics_answer_by_their_mode() {
        let list = json!([{"topic": "a"}, {"topic": "b", "value_template": "{{ value_json.state }}"}]);
        let messages = [("a", "online"), ("b", r#"{"state": "offline"}"#)];
        for (mode, both, first_only) in [
            ("latest", Some(false), Some(true)),
            ("all", Some(false), None),
            ("any", Some(true), Some(true)),
        ] {
            let rule = rule(&json!({"availability": list, "availability_mode": mode}));
            assert_eq!(after(&rule, &messages), both, "{mode}");
            assert_eq!(after(&rule, &messages[..1]), first_only, "{mode}");
        }
    }

    #[test]
    fn availability_may_be_one_object_and_truth_values() {
        let rule =
            rule(&json!({"availability": {"topic": "a", "payload_available": true, "payload_not_available": false}}));
        assert_eq!(after(&rule, &[("a", "true")]), Some(true));
        assert_eq!(after(&rule, &[("a", "false")]), Some(false));
    }

    #[test]
    fn faults_name_the_key() {
        for (config, sentence) in [
            (
                json!({"availability": "a"}),
                "availability must be a list of objects with a topic",
            ),
            (json!({"availability": [{}]}), "topic is missing"),
            (
                json!({"availability_mode": "most"}),
                "availability_mode must be latest, all or any",
            ),
            (
                json!({"availability_topic": "a/#"}),
                "availability_topic must be a topic without + and #",
            ),
        ] {
            let fault = Rule::parse(Fields(config.as_object().unwrap())).unwrap_err();
            assert_eq!(fault.to_string(), sentence);
        }
    }
}
