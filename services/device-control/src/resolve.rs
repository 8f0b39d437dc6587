//! Which actuator a command means.

use house::{ActuatorKind, AreaId, Bridge, Device, DeviceId, Entity, Lifecycle, Registry};

/// What a caller says of the actuator it means; nothing is needed where there is only one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Wanted {
    /// Where it stands.
    pub area: Option<AreaId>,
    /// The device's id, or its name.
    pub device: Option<String>,
    /// The entity on the device, for devices with several actuators of a kind.
    pub entity: Option<String>,
}

/// The actuator that is meant.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The device.
    pub device: DeviceId,
    /// The entity on it.
    pub entity: String,
    /// What it is.
    pub kind: ActuatorKind,
    /// Who speaks with the device.
    pub bridge: Bridge,
    /// Where it stands.
    pub area: Option<AreaId>,
    /// The device's name for people.
    pub name: String,
}

/// Why no actuator is meant; `Display` is a sentence for the caller.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ResolveFault {
    /// None fits.
    #[error("{0}")]
    NotFound(String),
    /// More than one fits.
    #[error("{0}")]
    Several(String),
}

/// Finds the one adopted actuator of `kind` that fits what is `wanted`.
///
/// # Errors
/// [`ResolveFault`] when there is none, or more than one: then the sentence names them.
pub fn resolve(registry: &Registry, kind: ActuatorKind, wanted: &Wanted) -> Result<Target, ResolveFault> {
    let candidates: Vec<(&Device, &Entity)> = registry
        .actuators(kind, wanted.area.as_ref())
        .filter(|(device, _)| wanted.device.as_deref().is_none_or(|name| is_called(device, name)))
        .filter(|(_, entity)| wanted.entity.as_deref().is_none_or(|id| entity.id == id))
        .collect();
    // An id means that device, though another may have it as its name.
    let by_id = |(device, _): &&(&Device, &Entity)| wanted.device.as_deref() == Some(device.id.as_str());
    let meant: Vec<_> = if candidates.iter().any(|candidate| by_id(&candidate)) {
        candidates.iter().filter(by_id).collect()
    } else {
        candidates.iter().collect()
    };
    match meant.as_slice() {
        [(device, entity)] => Ok(target(device, entity, kind)),
        [] => Err(ResolveFault::NotFound(nothing_fits(registry, kind, wanted))),
        several => Err(ResolveFault::Several(several_fit(kind, several))),
    }
}

/// The actuator that is this entity of this device, adopted or not.
pub fn find(registry: &Registry, device: &str, entity: &str) -> Option<Target> {
    let device = registry.device(device)?;
    let (entity, kind) = device.actuators().find(|(candidate, _)| candidate.id == entity)?;
    Some(target(device, entity, kind))
}

/// The adopted device that has this id, or else this name.
pub fn called<'a>(registry: &'a Registry, name: &str) -> Option<&'a Device> {
    let adopted = |device: &&Device| device.lifecycle == Lifecycle::Adopted;
    let by_id = registry.device(name).filter(adopted);
    by_id.or_else(|| registry.adopted().find(|device| is_called(device, name)))
}

/// The device and entity that a bridge speaks of as `source` and `entity`; `None` when they have no
/// part in the house any more.
pub fn spoken_of(registry: &Registry, source: DeviceId, entity: String) -> Option<(DeviceId, String)> {
    match registry.spoken_for_by(&source) {
        Some(device) => Some((device.id.clone(), device.entity_of(&source, &entity)?.to_owned())),
        None if registry.device(&source).is_some() => None,
        None => Some((source, entity)),
    }
}

fn target(device: &Device, entity: &Entity, kind: ActuatorKind) -> Target {
    Target {
        device: device.id.clone(),
        entity: entity.id.clone(),
        kind,
        bridge: device.bridge,
        area: device.area.clone(),
        name: device.name.clone(),
    }
}

fn is_called(device: &Device, name: &str) -> bool {
    device.id == name || device.name.to_lowercase() == name.trim().to_lowercase()
}

fn nothing_fits(registry: &Registry, kind: ActuatorKind, wanted: &Wanted) -> String {
    let label = kind.label();
    let place = wanted
        .area
        .as_ref()
        .map_or_else(String::new, |area| format!(" in the area {area}"));
    let Some(name) = &wanted.device else {
        return format!("there is no adopted {label}{place}");
    };
    let known = registry.adopted().find(|device| is_called(device, name));
    match (known, &wanted.entity) {
        (None, _) => format!("no adopted device is called {name:?}"),
        (Some(_), Some(entity)) => format!("the device {name:?} has no {label} {entity:?}{place}"),
        (Some(_), None) => format!("the device {name:?} has no {label}{place}"),
    }
}

fn several_fit(kind: ActuatorKind, candidates: &[&(&Device, &Entity)]) -> String {
    let names: Vec<String> = candidates
        .iter()
        .map(|(device, entity)| {
            let place = device
                .area
                .as_ref()
                .map_or_else(String::new, |area| format!(" in {area}"));
            format!("{:?}{place} (device {}, entity {})", device.name, device.id, entity.id)
        })
        .collect();
    format!(
        "several actuators are meant by {:?}; say which by area, device or entity: {}",
        kind.name(),
        names.join("; ")
    )
}

#[cfg(test)]
mod tests {
    use house::EntityKind;

    use super::*;

    fn device(id: &str, name: &str, area: &str, entities: &[(&str, ActuatorKind)]) -> Device {
        Device {
            area: AreaId::new(area),
            lifecycle: Lifecycle::Adopted,
            entities: entities
                .iter()
                .map(|(id, actuator)| Entity {
                    id: (*id).into(),
                    name: (*id).into(),
                    kind: EntityKind::Actuator { actuator: *actuator },
                })
                .collect(),
            ..Device::found(Bridge::Mqtt, id, name)
        }
    }

    fn house() -> Registry {
        let mut registry = Registry::default();
        registry.apply(device("1", "Bath fan", "bathroom", &[("fan", ActuatorKind::Fan)]));
        registry.apply(device("2", "Hood", "kitchen", &[("fan", ActuatorKind::Fan)]));
        registry.apply(device("3", "AC", "living room", &[("climate", ActuatorKind::Ac)]));
        registry.apply(device(
            "4",
            "Double plug",
            "kitchen",
            &[("left", ActuatorKind::Switch), ("right", ActuatorKind::Switch)],
        ));
        registry.apply(Device {
            lifecycle: Lifecycle::Discovered,
            ..device("5", "New heater", "hall", &[("heat", ActuatorKind::Heater)])
        });
        registry
    }

    fn wanted(area: &str, device: &str, entity: &str) -> Wanted {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Wanted {
            area: AreaId::new(area),
            device: text(device),
            entity: text(entity),
        }
    }

    #[test]
    fn one_actuator_is_meant() {
        use ActuatorKind::{Ac, Fan, Switch};
        for (kind, wanted, device, entity) in [
            (Ac, wanted("", "", ""), "mqtt-3", "climate"),
            (Fan, wanted("Bathroom", "", ""), "mqtt-1", "fan"),
            (Fan, wanted("", "mqtt-2", ""), "mqtt-2", "fan"),
            (Fan, wanted("", "bath FAN", ""), "mqtt-1", "fan"),
            (Switch, wanted("kitchen", "", "right"), "mqtt-4", "right"),
        ] {
            let target = resolve(&house(), kind, &wanted).unwrap();
            assert_eq!((target.device.as_str(), target.entity.as_str()), (device, entity));
        }
    }

    #[test]
    fn none_or_several_are_told_in_a_sentence() {
        use ActuatorKind::{Ac, Fan, Heater, Switch};
        for (kind, wanted, sentence) in [
            (Heater, wanted("", "", ""), "there is no adopted heater"),
            (
                Ac,
                wanted("bathroom", "", ""),
                "there is no adopted air conditioner in the area bathroom",
            ),
            (Fan, wanted("", "mqtt-9", ""), "no adopted device is called \"mqtt-9\""),
            (Fan, wanted("", "mqtt-3", ""), "the device \"mqtt-3\" has no fan"),
            (
                Switch,
                wanted("", "mqtt-4", "middle"),
                "the device \"mqtt-4\" has no switch \"middle\"",
            ),
            (
                Fan,
                wanted("", "", ""),
                "several actuators are meant by \"fan\"; say which by area, device or entity: \"Bath fan\" in bathroom (device mqtt-1, entity fan); \"Hood\" in kitchen (device mqtt-2, entity fan)",
            ),
        ] {
            assert_eq!(resolve(&house(), kind, &wanted).unwrap_err().to_string(), sentence);
        }
    }
}
