//! `device.set`: a brightness, a position, a target, a choice: anything of an entity but on and off.
//!
//! Its bridge knows what the entity takes, checks the value and sends it. What the device makes of
//! it is told as the device says it.

use house::{Arguments, BridgeSetting, Device, SettingValue, uri};
use tokio::sync::oneshot;
use wamp_client::{CallError, Error, Invocation, Reply, Session};

use crate::service::{BRIDGE_TIMEOUT, Message};
use crate::{Inbox, ask, stopping};

const NAMES: [&str; 4] = ["device", "entity", "what", "value"];

/// What a caller wants set, checked.
#[derive(Debug, Clone, PartialEq)]
struct Wanted {
    device: String,
    entity: String,
    what: Option<String>,
    value: SettingValue,
}

impl Wanted {
    fn check(named: &Arguments) -> Result<Self, String> {
        named.expect_only(&NAMES)?;
        let needed = |name: &str| {
            let text = named.text(name)?.map(str::to_owned);
            text.ok_or_else(|| format!("{name} is missing"))
        };
        let value = if let Ok(Some(text)) = named.text("value") {
            SettingValue::Text(text.to_owned())
        } else if let Ok(Some(flag)) = named.flag("value") {
            SettingValue::Bool(flag)
        } else {
            let number = named
                .number("value")
                .map_err(|_| "value must be a number, text, true or false")?;
            SettingValue::Number(number.ok_or("value is missing")?)
        };
        Ok(Self {
            device: needed("device")?,
            entity: needed("entity")?,
            what: named.text("what")?.map(str::to_owned),
            value,
        })
    }
}

pub(crate) async fn set(inbox: Inbox, session: Session, invocation: Invocation) -> Result<Reply, CallError> {
    let wanted = Wanted::check(&invocation.kwargs()?).map_err(CallError::invalid_argument)?;
    let (reply, answer) = oneshot::channel();
    ask(&inbox, Message::Device(wanted.device.clone(), reply))?;
    let device: Device = answer.await.map_err(|_| stopping())?.ok_or_else(|| {
        let sentence = format!("no adopted device is called {:?}", wanted.device);
        CallError::new(uri::error::NO_SUCH_DEVICE, sentence)
    })?;
    let nothing = || {
        let sentence = format!("{:?} has nothing to set at {:?}", device.name, wanted.entity);
        CallError::new(uri::error::HARDWARE_NOT_FOUND, sentence)
    };
    let procedure = uri::bridge_set(device.route(&wanted.entity).bridge).ok_or_else(nothing)?;
    if device.entities.iter().all(|entity| entity.id != wanted.entity) {
        return Err(nothing());
    }
    let route = device.route(&wanted.entity);
    let setting = BridgeSetting {
        device: route.device.to_owned(),
        entity: route.entity.to_owned(),
        what: wanted.what,
        value: wanted.value,
    };
    let call = session.call(procedure).kwargs(&setting).timeout(BRIDGE_TIMEOUT);
    match call.send().await {
        Ok(_) => Ok(Reply::empty()),
        Err(Error::Rejected(error)) => {
            let sentence = error.message().unwrap_or_else(|| error.to_string());
            Err(CallError::new(error.uri(), sentence))
        }
        Err(error) => Err(CallError::new(uri::error::DEVICE_UNAVAILABLE, error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kwargs: &str) -> Result<Wanted, String> {
        Wanted::check(&serde_json::from_str(kwargs).unwrap())
    }

    #[test]
    fn settings_are_read() {
        let wanted = check(r#"{"device": "Lamp", "entity": "light.a", "what": "brightness", "value": 40}"#).unwrap();
        assert_eq!(
            (wanted.what.as_deref(), wanted.value),
            (Some("brightness"), SettingValue::Number(40.0))
        );
        let wanted = check(r#"{"device": "Lamp", "entity": "select.a", "value": "blink"}"#).unwrap();
        assert_eq!(wanted.value, SettingValue::Text("blink".into()));
    }

    #[test]
    fn wrong_settings_name_the_argument() {
        for (kwargs, sentence) in [
            (r#"{"entity": "a", "value": 1}"#, "device is missing"),
            (r#"{"device": "a", "value": 1}"#, "entity is missing"),
            (r#"{"device": "a", "entity": "b"}"#, "value is missing"),
            (
                r#"{"device": "a", "entity": "b", "value": []}"#,
                "value must be a number, text, true or false",
            ),
        ] {
            assert_eq!(check(kwargs).unwrap_err(), sentence);
        }
    }
}
