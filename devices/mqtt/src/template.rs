//! Value and command templates: Jinja2 as Home Assistant's MQTT discovery uses it.
//!
//! Nearly all templates in the field are a plain path (`{{ value_json.temperature }}`) and are
//! followed without an engine. The rest runs in minijinja with Python's methods and Home
//! Assistant's `int` and `float`, without loaders, and with limited fuel: templates come from the
//! network.

mod engine;

use std::borrow::Cow;

use serde_json::Value;

use crate::payload::Payload;

/// Longest template accepted, in bytes; the longest in the field are below 3,000.
const MAX_SOURCE: usize = 16_384;

/// A template that compiled when its entity was announced.
#[derive(Debug, Clone, PartialEq)]
pub struct Template(Form);

#[derive(Debug, Clone, PartialEq)]
enum Form {
    /// `{{ value }}`, or no template at all.
    Whole,
    /// `{{ value_json.a["b"] }}`.
    Path(Vec<String>),
    /// Anything else.
    Jinja(String),
}

/// Why a template was refused or gave no value, as a sentence.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateFault {
    /// It does not compile.
    #[error("template {source_text:?} is not valid: {detail}")]
    Invalid {
        /// The template.
        source_text: String,
        /// The engine's words.
        detail: String,
    },
    /// It is too long.
    #[error("template of {length} bytes is longer than the {MAX_SOURCE} allowed")]
    TooLong {
        /// Its length in bytes.
        length: usize,
    },
    /// It failed on this payload.
    #[error("template {source_text:?} failed: {detail}")]
    Failed {
        /// The template.
        source_text: String,
        /// The engine's words.
        detail: String,
    },
    /// The payload is not text.
    #[error("payload is not UTF-8 text")]
    NotText,
    /// The template wants JSON and the payload is none.
    #[error("payload {payload:?} is not JSON, which {source_text:?} needs")]
    NotJson {
        /// The template.
        source_text: String,
        /// The start of the payload.
        payload: String,
    },
}

impl Template {
    /// The template that gives the payload as it is.
    pub const WHOLE: Self = Self(Form::Whole);

    /// Compiles `source` once, to be sure that it does.
    ///
    /// # Errors
    /// [`TemplateFault::Invalid`] or [`TemplateFault::TooLong`].
    pub fn parse(source: &str) -> Result<Self, TemplateFault> {
        if source.len() > MAX_SOURCE {
            return Err(TemplateFault::TooLong { length: source.len() });
        }
        if let Some(path) = plain_path(source) {
            return Ok(Self(path));
        }
        engine::check(source).map_err(|detail| TemplateFault::Invalid {
            source_text: source.to_owned(),
            detail,
        })?;
        Ok(Self(Form::Jinja(source.to_owned())))
    }

    /// The template that gives a member of a JSON payload, found by these names.
    pub fn path(names: &[&str]) -> Self {
        Self(Form::Path(names.iter().map(|name| (*name).to_owned()).collect()))
    }

    /// The command template that makes a JSON object with these members. An empty value stands for
    /// the command's own; others are JSON as they are.
    pub fn json_command(members: &[(&str, &str)]) -> Self {
        let members: Vec<String> = members
            .iter()
            .map(|(name, value)| match *value {
                "" => format!("\"{name}\":{{{{ value|to_json }}}}"),
                value => format!("\"{name}\":{value}"),
            })
            .collect();
        Self(Form::Jinja(format!("{{{}}}", members.join(","))))
    }

    /// What a payload says through this template, trimmed; empty when it says nothing.
    ///
    /// # Errors
    /// The payload is not what the template wants, or the template failed on it.
    pub fn render<'p>(&self, payload: &'p Payload<'_>) -> Result<Cow<'p, str>, TemplateFault> {
        let text = payload.text().ok_or(TemplateFault::NotText)?;
        match &self.0 {
            Form::Whole => Ok(Cow::Borrowed(text.trim())),
            Form::Path(path) => {
                let json = payload.json().ok_or_else(|| self.not_json(text))?;
                Ok(follow(json, path))
            }
            Form::Jinja(source) => engine::render_value(source, text, payload.json(), payload.at)
                .map(|rendered| Cow::Owned(rendered.trim().to_owned()))
                .map_err(|detail| TemplateFault::Failed {
                    source_text: source.clone(),
                    detail,
                }),
        }
    }

    /// The payload of a command whose value is `value` (`ON`, `cool`).
    ///
    /// # Errors
    /// [`TemplateFault::Failed`].
    pub fn render_command(&self, value: &str) -> Result<String, TemplateFault> {
        match &self.0 {
            Form::Whole => Ok(value.to_owned()),
            Form::Path(_) => Ok(String::new()),
            Form::Jinja(source) => engine::render_command(source, value).map_err(|detail| TemplateFault::Failed {
                source_text: source.clone(),
                detail,
            }),
        }
    }

    /// The payload of a command whose value is a number.
    ///
    /// # Errors
    /// [`TemplateFault::Failed`].
    pub fn render_number(&self, value: f64) -> Result<String, TemplateFault> {
        match &self.0 {
            Form::Whole => Ok(value.to_string()),
            Form::Path(_) => Ok(String::new()),
            Form::Jinja(source) => engine::render_number(source, value).map_err(|detail| TemplateFault::Failed {
                source_text: source.clone(),
                detail,
            }),
        }
    }

    /// The payload of a command whose value is several numbers: one after the other, with commas
    /// between, or as the template has them by their names.
    ///
    /// # Errors
    /// [`TemplateFault::Failed`].
    pub fn render_numbers(&self, names: &[&str], numbers: &[f64]) -> Result<String, TemplateFault> {
        let texts: Vec<String> = numbers.iter().map(f64::to_string).collect();
        match &self.0 {
            Form::Whole => Ok(texts.join(",")),
            Form::Path(_) => Ok(String::new()),
            Form::Jinja(source) => {
                engine::render_numbers(source, names, numbers).map_err(|detail| TemplateFault::Failed {
                    source_text: source.clone(),
                    detail,
                })
            }
        }
    }

    fn not_json(&self, text: &str) -> TemplateFault {
        let source_text = match &self.0 {
            Form::Whole => String::new(),
            Form::Path(path) => format!("value_json.{}", path.join(".")),
            Form::Jinja(source) => source.clone(),
        };
        TemplateFault::NotJson {
            source_text,
            payload: text.chars().take(40).collect(),
        }
    }
}

/// Recognises `{{ value }}` and `{{ value_json(.name | ["name"])+ }}`.
fn plain_path(source: &str) -> Option<Form> {
    let inner = source.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    if inner == "value" {
        return Some(Form::Whole);
    }
    let mut rest = inner.strip_prefix("value_json")?;
    let mut path = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                .unwrap_or(after.len());
            let (name, after) = after.split_at(end);
            if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
                return None;
            }
            path.push(name.to_owned());
            rest = after;
        } else {
            let quoted = rest.strip_prefix('[')?;
            let quote = quoted.chars().next().filter(|c| matches!(c, '"' | '\''))?;
            let (name, after) = quoted[1..].split_once(quote)?;
            if name.contains('\\') {
                return None;
            }
            path.push(name.to_owned());
            rest = after.strip_prefix(']')?;
        }
    }
    // A method (`value_json.items`) would shadow nothing in JSON that devices send, and a bare
    // `value_json` prints a whole object: that is the engine's work.
    (!path.is_empty()).then_some(Form::Path(path))
}

fn follow<'j>(json: &'j Value, path: &[String]) -> Cow<'j, str> {
    let mut value = json;
    for name in path {
        match value.get(name) {
            Some(next) => value = next,
            None => return Cow::Borrowed(""),
        }
    }
    match value {
        Value::Null => Cow::Borrowed("None"),
        Value::Bool(true) => Cow::Borrowed("True"),
        Value::Bool(false) => Cow::Borrowed("False"),
        Value::Number(number) => Cow::Owned(number.to_string()),
        Value::String(text) => Cow::Borrowed(text.trim()),
        Value::Array(_) | Value::Object(_) => Cow::Owned(engine::print(value)),
    }
}

#[cfg(test)]
mod tests {
    use house::Timestamp;
    use proptest::prelude::*;

    use super::*;

    fn render(source: &str, payload: &str) -> Result<String, TemplateFault> {
        let payload = Payload::new(payload.as_bytes(), Timestamp(1_777_793_400_000));
        Template::parse(source)?.render(&payload).map(Cow::into_owned)
    }

    #[test]
    fn templates_give_what_jinja2_gives() {
        for (source, payload, expected) in [
            ("{{ value }}", " 21.5 ", "21.5"),
            ("{{ value_json.a }}", r#"{"a": 21.5}"#, "21.5"),
            (
                "{{value_json['a b'][\"c\"].d}}",
                r#"{"a b": {"c": {"d": true}}}"#,
                "True",
            ),
            ("{{ value_json.a }}", r#"{"a": null}"#, "None"),
            ("{{ value_json.a }}", r#"{"b": 1}"#, ""),
            ("{{ value_json.a.b }}", r#"{"b": 1}"#, ""),
            ("{{ value_json.a }}", r#"{"a": [1, "x"]}"#, "[1, 'x']"),
            ("{{ value_json.a }}", r#"{"a": 25.0}"#, "25.0"),
            ("{{ value_json.a | default('none') }}", r"{}", "none"),
            ("{{ value_json.a | default(7, true) }}", r#"{"a": 0}"#, "7"),
            (
                "{% if value_json.on %}ON{% else %}OFF{% endif %}",
                r#"{"on": false}"#,
                "OFF",
            ),
            ("{{ value_json.get('e', [])|length }}", r"{}", "0"),
            (
                "{{ {None: 'x', 'idle': 'off'}[value_json.a] }}",
                r#"{"a": "idle"}"#,
                "off",
            ),
            ("{{ {0: 'off', 1: 'on'}[value_json.a|int] }}", r#"{"a": 1}"#, "on"),
            ("{{ value|int }}", "42.9", "42"),
            ("{{ value|int(-1) }}", "ON", "-1"),
            ("{{ value|float(0) }}", "x", "0"),
            ("{{ float(value) * 2 }}", "1.5", "3.0"),
            ("{{ (value|float / 3)|round(2) }}", "10", "3.33"),
            ("{{ value_json.a|multiply(10)|int }}", r#"{"a": 1.5}"#, "15"),
            (
                "{{ value_json.text|truncate(5, True, '', 0) }}",
                r#"{"text": "abcdefgh"}"#,
                "abcde",
            ),
            ("{{ 'on' if value_json.b == 'x' else 'off' }}", r#"{"b": "x"}"#, "on"),
            ("{{ value_json.a|to_json }}", r#"{"a": {"b": 1}}"#, r#"{"b":1}"#),
            ("{{ (value|from_json).b }}", r#"{"b": 3}"#, "3"),
            ("{{ value_json.a is defined }}", r"{}", "False"),
            (
                "{{ (as_timestamp(now()) - value_json.up)|timestamp_local }}",
                r#"{"up": 60}"#,
                "2026-05-03T07:29:00.000Z",
            ),
        ] {
            assert_eq!(
                render(source, payload).as_deref(),
                Ok(expected),
                "{source} on {payload}"
            );
        }
    }

    #[test]
    fn home_assistants_float_fails_without_a_default() {
        for source in [
            "{{ value|float }}",
            "{{ value|int }}",
            "{{ value_json.a | is_defined }}",
        ] {
            assert!(
                matches!(render(source, "{}"), Err(TemplateFault::Failed { .. })),
                "{source}"
            );
        }
    }

    #[test]
    fn what_cannot_be_a_template_is_refused_with_a_sentence() {
        assert!(render("{{ value", "").unwrap_err().to_string().contains("is not valid"));
        assert!(matches!(
            render(&"x".repeat(20_000), ""),
            Err(TemplateFault::TooLong { length: 20_000 })
        ));
        assert!(render("{{ value_json.a }}", "21").is_ok());
        assert_eq!(
            render("{{ value_json.a }}", "twenty one").unwrap_err().to_string(),
            "payload \"twenty one\" is not JSON, which \"value_json.a\" needs"
        );
    }

    #[test]
    fn a_template_that_never_ends_runs_out_of_fuel() {
        let endless = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
        assert!(matches!(render(endless, ""), Err(TemplateFault::Failed { .. })));
    }

    #[test]
    fn commands_are_wrapped_as_the_template_says() {
        let template = Template::parse(r#"{"state": "{{ value }}"}"#).unwrap();
        assert_eq!(template.render_command("ON").unwrap(), r#"{"state": "ON"}"#);
        assert_eq!(Template::WHOLE.render_command("OFF").unwrap(), "OFF");
    }

    proptest! {
        #[test]
        fn the_short_way_gives_what_the_engine_gives(value in "[a-z0-9 .]{0,12}", number in -1000i32..1000) {
            let payload = serde_json::json!({"a": {"b c": value, "n": number}}).to_string();
            for path in ["value_json.a['b c']", "value_json.a.n"] {
                let fast = render(&format!("{{{{ {path} }}}}"), &payload).unwrap();
                let engine = render(&format!("{{{{ ({path}) }}}}"), &payload).unwrap();
                prop_assert_eq!(fast, engine);
            }
        }

        #[test]
        fn no_template_and_no_payload_panics(source in ".{0,60}", payload in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(template) = Template::parse(&source) {
                let _ = template.render(&Payload::new(&payload, Timestamp(0)));
                let _ = template.render_command("ON");
            }
        }
    }
}
