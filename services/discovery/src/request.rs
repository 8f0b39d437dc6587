//! The arguments of the `device.…` procedures and of `discover.devices`, checked.

use std::time::Duration;

use house::{AreaId, Device, Loose};
use serde::Deserialize;

use crate::fault::Fault;
use crate::registry::Kinds;

/// The longest name a device can be given, in characters.
const LONGEST_NAME: usize = 64;
/// The most a bridge may say of a device; what is more is no description.
const LONGEST_TEXT: usize = 256;
const MOST_ENTITIES: usize = 256;
const MOST_ADDRESSES: usize = 8;

/// kwargs of `device.adopt`, `device.rename`, `device.replace`, `device.ignore` and `device.remove`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeviceRequest {
    /// A number where the talk's sensors have one.
    #[serde(default, deserialize_with = "id")]
    device: Option<String>,
    #[serde(default)]
    area: Option<String>,
    #[serde(default)]
    name: Option<String>,
    /// What takes its place.
    #[serde(default)]
    by: Option<String>,
    /// What its actuators are, when it is not what the maker says: `{entity: kind}`.
    #[serde(default)]
    pub(crate) kinds: Kinds,
}

fn id<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Loose::deserialize(deserializer)? {
        Loose::Null => Ok(None),
        Loose::Text(text) => Ok(Some(text)),
        Loose::Number(number) if number.fract() == 0.0 => Ok(Some(number.to_string())),
        _ => Err(serde::de::Error::custom("device must be the id of a device")),
    }
}

impl DeviceRequest {
    pub(crate) fn device(&self) -> Result<&str, Fault> {
        match self.device.as_deref().map(str::trim) {
            None | Some("") => Err(Fault::Argument("device must be the id of a device".into())),
            Some(id) => Ok(id),
        }
    }

    pub(crate) fn by(&self) -> Result<&str, Fault> {
        match self.by.as_deref().map(str::trim) {
            None | Some("") => Err(Fault::Argument(
                "by must be the id of the device that takes its place".into(),
            )),
            Some(id) => Ok(id),
        }
    }

    pub(crate) fn area(&self) -> Result<Option<AreaId>, Fault> {
        self.area
            .as_deref()
            .map(|name| {
                AreaId::new(name).ok_or_else(|| {
                    Fault::Argument(format!(
                        "area must be a name with a letter or digit, at most 64 long, not {name:?}"
                    ))
                })
            })
            .transpose()
    }

    pub(crate) fn required_area(&self) -> Result<AreaId, Fault> {
        self.area()?
            .ok_or_else(|| Fault::Argument("area must say where the device stands".into()))
    }

    pub(crate) fn name(&self) -> Result<Option<String>, Fault> {
        let Some(name) = self.name.as_deref() else {
            return Ok(None);
        };
        let name = name.trim();
        if name.is_empty() {
            return Err(Fault::Argument("name must not be empty".into()));
        }
        if name.chars().count() > LONGEST_NAME {
            return Err(Fault::Argument(format!(
                "name must be at most {LONGEST_NAME} characters long"
            )));
        }
        if name.chars().any(char::is_control) {
            return Err(Fault::Argument("name must be plain text on one line".into()));
        }
        Ok(Some(name.to_owned()))
    }

    pub(crate) fn changes_something(&self) -> Result<(), Fault> {
        if self.name.is_none() && self.area.is_none() && self.kinds.is_empty() {
            return Err(Fault::Argument("name, area or kinds must say what to change".into()));
        }
        Ok(())
    }
}

/// kwargs of `discover.devices`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SearchRequest {
    #[serde(default)]
    seconds: Option<f64>,
}

impl SearchRequest {
    pub(crate) fn duration(&self) -> Result<Duration, Fault> {
        match self.seconds {
            None => Ok(Duration::from_secs(30)),
            Some(seconds) if (1.0..=300.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
            Some(seconds) => Err(Fault::Argument(format!(
                "seconds must be a number from 1 to 300, not {seconds}"
            ))),
        }
    }
}

/// Whether what a bridge reported can be a device; the sentence says why not.
pub(crate) fn check_seen(device: &Device) -> Result<(), String> {
    if device.id.is_empty() || device.id.len() > 128 || device.id.chars().any(char::is_control) {
        return Err("a device's id must be 1 to 128 plain characters".into());
    }
    let texts = [Some(&device.name), device.manufacturer.as_ref(), device.model.as_ref()];
    if texts.into_iter().flatten().any(|text| text.len() > LONGEST_TEXT) {
        return Err(format!("{}: name, maker and model must be shorter", device.id));
    }
    if device.addresses.len() > MOST_ADDRESSES {
        return Err(format!("{}: has more than {MOST_ADDRESSES} addresses", device.id));
    }
    if device.entities.len() > MOST_ENTITIES {
        return Err(format!("{}: has more than {MOST_ENTITIES} entities", device.id));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(json: &str) -> DeviceRequest {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn arguments_that_make_no_sense_are_named() {
        for (json, argument) in [
            (r"{}", "device"),
            (r#"{"device":" "}"#, "device"),
            (r#"{"device":"a"}"#, "area"),
            (r#"{"device":25}"#, "area"),
            (r#"{"device":"a","area":"-"}"#, "area"),
            (r#"{"device":"a","area":"hall","name":" "}"#, "name"),
            (r#"{"device":"a","area":"hall","name":"a\nb"}"#, "name"),
        ] {
            let request = request(json);
            let fault = request
                .device()
                .and_then(|_| request.required_area())
                .and_then(|_| request.name())
                .unwrap_err();
            assert!(fault.to_string().starts_with(argument), "{json}: {fault}");
        }
        let long = DeviceRequest {
            name: Some("x".repeat(65)),
            ..DeviceRequest::default()
        };
        assert!(long.name().is_err());
        assert!(request(r#"{"device":"a"}"#).changes_something().is_err());
    }

    #[test]
    fn a_search_lasts_from_one_second_to_five_minutes() {
        let duration = |seconds| SearchRequest { seconds }.duration();
        assert_eq!(duration(None).unwrap().as_secs(), 30);
        assert_eq!(duration(Some(300.0)).unwrap().as_secs(), 300);
        for wrong in [0.0, -1.0, 301.0, f64::NAN, f64::INFINITY] {
            assert!(duration(Some(wrong)).unwrap_err().to_string().starts_with("seconds"));
        }
    }
}
