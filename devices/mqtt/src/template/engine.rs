//! The template engine and the functions that Home Assistant's templates count on.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use house::Timestamp;
use minijinja::value::{Kwargs, Serde, ValueKind};
use minijinja::{Environment, Error, ErrorKind, Value, context};

/// Steps a template may take; the longest in the field take some hundreds.
const FUEL: u64 = 20_000;

static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_recursion_limit(50);
    environment.set_unknown_method_callback(minijinja_contrib::pycompat::unknown_method_callback);
    environment.add_filter("int", int);
    environment.add_filter("float", float);
    environment.add_filter("multiply", multiply);
    environment.add_filter("truncate", truncate);
    environment.add_filter("is_defined", is_defined);
    environment.add_filter("to_json", to_json);
    environment.add_filter("from_json", from_json);
    environment.add_filter("as_timestamp", as_timestamp);
    environment.add_filter("timestamp_local", timestamp_text);
    environment.add_filter("timestamp_utc", timestamp_text);
    environment.add_function("int", int);
    environment.add_function("float", float);
    environment.add_function("as_timestamp", as_timestamp);
    environment
});

/// Whether `source` compiles; the engine's words when it does not.
pub(super) fn check(source: &str) -> Result<(), String> {
    ENVIRONMENT
        .template_from_named_str("template", source)
        .map(drop)
        .map_err(|error| error.to_string())
}

/// Renders a value template: `value` is the payload, `value_json` what it holds.
pub(super) fn render_value(
    source: &str,
    value: &str,
    json: Option<&serde_json::Value>,
    at: Timestamp,
) -> Result<String, String> {
    let now = at.millis() as f64 / 1000.0;
    let value_json = json.map_or(Value::UNDEFINED, of_json);
    ENVIRONMENT
        .render_str(
            source,
            context! { value, value_json, now => Value::from_function(move || now) },
        )
        .map_err(|error| error.to_string())
}

/// Renders a command template: `value` is what is to be sent.
pub(super) fn render_command(source: &str, value: &str) -> Result<String, String> {
    render_with(source, &Value::from(value))
}

/// Renders a command template whose value is a number; whole ones without decimals.
pub(super) fn render_number(source: &str, value: f64) -> Result<String, String> {
    render_with(source, &shortest(value))
}

/// Renders a command template whose values are numbers with these names.
pub(super) fn render_numbers(source: &str, names: &[&str], numbers: &[f64]) -> Result<String, String> {
    let named: BTreeMap<&str, Value> = names
        .iter()
        .copied()
        .zip(numbers.iter().copied().map(shortest))
        .collect();
    ENVIRONMENT.render_str(source, named).map_err(|error| error.to_string())
}

fn shortest(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        Value::from(value as i64)
    } else {
        Value::from(value)
    }
}

/// Covers' templates call their value by what it is.
fn render_with(source: &str, value: &Value) -> Result<String, String> {
    ENVIRONMENT
        .render_str(source, context! { value, position => value, tilt_position => value })
        .map_err(|error| error.to_string())
}

/// A list or object as Python prints it.
pub(super) fn print(json: &serde_json::Value) -> String {
    of_json(json).to_string()
}

fn of_json(json: &serde_json::Value) -> Value {
    Value::from(Serde(json))
}

fn invalid(sentence: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, sentence)
}

fn number(value: &Value) -> Option<f64> {
    match value.kind() {
        ValueKind::Number => f64::try_from(value.clone()).ok(),
        ValueKind::Bool => Some(f64::from(u8::from(value.is_true()))),
        ValueKind::String => value.as_str()?.trim().parse().ok(),
        _ => None,
    }
}

/// Home Assistant's `float`: fails where there is no number and no default.
#[expect(clippy::needless_pass_by_value, reason = "the engine's signature")]
fn float(value: &Value, default: Option<Value>, kwargs: Kwargs) -> Result<Value, Error> {
    let default = or_keyword(default, &kwargs)?;
    number(value)
        .map(Value::from)
        .or(default)
        .ok_or_else(|| invalid(format!("float got {value:?}, which is no number, and no default")))
}

/// Home Assistant's `int`: cuts off decimals, fails where there is no number and no default.
#[expect(clippy::needless_pass_by_value, reason = "the engine's signature")]
fn int(value: &Value, default: Option<Value>, kwargs: Kwargs) -> Result<Value, Error> {
    let default = or_keyword(default, &kwargs)?;
    if value.is_integer() {
        return Ok(value.clone());
    }
    number(value)
        .filter(|number| number.is_finite())
        .map(|number| Value::from(number.trunc() as i64))
        .or(default)
        .ok_or_else(|| invalid(format!("int got {value:?}, which is no number, and no default")))
}

fn or_keyword(default: Option<Value>, kwargs: &Kwargs) -> Result<Option<Value>, Error> {
    let keyword: Option<Value> = kwargs.get("default")?;
    kwargs.assert_all_used()?;
    Ok(default.or(keyword))
}

fn multiply(value: &Value, factor: &Value, default: Option<Value>) -> Result<Value, Error> {
    number(value)
        .zip(number(factor))
        .map(|(a, b)| Value::from(a * b))
        .or(default)
        .ok_or_else(|| {
            invalid(format!(
                "multiply got {value:?} and {factor:?}, which are not both numbers"
            ))
        })
}

/// Jinja2's `truncate(length=255, killwords=False, end='...', leeway=5)`.
fn truncate(
    value: &Value,
    length: Option<usize>,
    killwords: Option<bool>,
    end: Option<String>,
    leeway: Option<usize>,
) -> String {
    let text = value.to_string();
    let (length, end) = (length.unwrap_or(255), end.unwrap_or_else(|| "...".to_owned()));
    let limit = length.saturating_add(leeway.unwrap_or(5));
    if text.chars().count() <= limit {
        return text;
    }
    let mut kept: String = text.chars().take(length.saturating_sub(end.chars().count())).collect();
    if !killwords.unwrap_or(false)
        && let Some(space) = kept.rfind(' ')
    {
        kept.truncate(space);
    }
    kept + &end
}

/// Home Assistant's MQTT `is_defined`: what is not there leaves the state as it was.
fn is_defined(value: Value) -> Result<Value, Error> {
    if value.is_undefined() {
        return Err(invalid("the value is not defined".to_owned()));
    }
    Ok(value)
}

fn to_json(value: &Value) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| invalid(error.to_string()))
}

fn from_json(text: &str) -> Result<Value, Error> {
    serde_json::from_str::<serde_json::Value>(text)
        .map(|json| of_json(&json))
        .map_err(|error| invalid(error.to_string()))
}

/// Seconds since 1970, from a number or RFC 3339 text.
fn as_timestamp(value: &Value, default: Option<Value>) -> Result<Value, Error> {
    let seconds = number(value).or_else(|| {
        let moment: Timestamp = value.as_str()?.parse().ok()?;
        Some(moment.millis() as f64 / 1000.0)
    });
    seconds
        .map(Value::from)
        .or(default)
        .ok_or_else(|| invalid(format!("as_timestamp got {value:?}, which is no time")))
}

fn timestamp_text(value: &Value) -> Result<String, Error> {
    let seconds = number(value)
        .filter(|seconds| seconds.abs() < 9e12)
        .ok_or_else(|| invalid(format!("timestamp_local got {value:?}, which is no time")))?;
    Ok(Timestamp((seconds * 1000.0).round() as i64).to_string())
}
