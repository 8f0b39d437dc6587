//! One device out of what several bridges say of it.

use std::collections::{BTreeMap, BTreeSet};

use house::{Availability, Bridge, Device, DeviceId, Entity, EntityKind, Lifecycle, Part, hardware_address};

/// The hardware addresses of a device, in one spelling; the id of a Bluetooth device is one.
pub(super) fn addresses(device: &Device) -> Vec<String> {
    let in_id = (device.bridge == Bridge::Ble)
        .then(|| device.id.strip_prefix("ble-"))
        .flatten();
    let said = device.addresses.iter().map(String::as_str).chain(in_id);
    let distinct: BTreeSet<String> = said.filter_map(hardware_address).take(8).collect();
    distinct.into_iter().collect()
}

/// The device `id`, as the `views` describe it together. Who has entities speaks first; an entity
/// keeps its bridge's id unless another has it. What is measured twice is listed once.
pub(crate) fn merged(id: &str, views: &BTreeMap<DeviceId, Device>) -> Device {
    let mut ranked: Vec<&Device> = views.values().collect();
    ranked.sort_by_key(|view| {
        (
            view.entities.iter().all(is_unsupported),
            view.id != id,
            view.bridge,
            view.id.clone(),
        )
    });
    let mut merged = ranked
        .first()
        .map_or_else(|| Device::found(Bridge::Wamp, id, id), |first| (*first).clone());
    id.clone_into(&mut merged.id);
    merged.lifecycle = Lifecycle::default();
    merged.parts = ranked.iter().map(|view| part_of(view)).collect();
    merged.entities.clear();
    merged.addresses.clear();
    merged.last_values.clear();
    merged.told.clear();
    let does_something = |view: &&Device| !view.entities.iter().all(is_unsupported);
    let is_driven = ranked.iter().any(does_something);
    for view in &ranked {
        // Why it cannot be driven over the network says nothing when it is driven by another way.
        if view.bridge != Bridge::Mdns || !is_driven {
            add_entities(&mut merged, view);
        }
        merged.addresses.extend(view.addresses.iter().cloned());
        merged.manufacturer = merged.manufacturer.or_else(|| view.manufacturer.clone());
        merged.model = merged.model.or_else(|| view.model.clone());
        merged.suggested_area = merged.suggested_area.or_else(|| view.suggested_area.clone());
        merged.signal = merged.signal.or(view.signal);
        merged.last_seen = merged.last_seen.max(view.last_seen);
        merged.fault = merged.fault.or_else(|| view.fault.clone());
        merged.needs_key |= view.needs_key;
        merged.sleepy &= view.sleepy;
        for (quantity, value) in &view.last_values {
            merged.last_values.entry(*quantity).or_insert(*value);
        }
        merged.availability = better(merged.availability, view.availability);
    }
    merged.addresses.sort();
    merged.addresses.dedup();
    merged
}

fn is_unsupported(entity: &Entity) -> bool {
    matches!(entity.kind, EntityKind::Unsupported { .. })
}

fn part_of(view: &Device) -> Part {
    Part {
        id: view.id.clone(),
        bridge: view.bridge,
        entities: BTreeMap::new(),
    }
}

fn add_entities(merged: &mut Device, view: &Device) {
    let Some(part) = merged.parts.iter_mut().find(|part| part.id == view.id) else {
        return;
    };
    for entity in &view.entities {
        let is_measured = matches!(entity.kind, EntityKind::Sensor { .. })
            && merged.entities.iter().any(|other| other.kind == entity.kind);
        let taken = |id: &str| merged.entities.iter().any(|other| other.id == id);
        let mut named = entity.clone();
        if taken(&named.id) {
            named.id = format!("{}_{}", entity.id, view.bridge.name());
        }
        if is_measured || taken(&named.id) {
            continue;
        }
        if let Some(told) = view.told.get(&entity.id) {
            merged.told.insert(named.id.clone(), told.clone());
        }
        part.entities.insert(named.id.clone(), entity.id.clone());
        merged.entities.push(named);
    }
}

/// Who says that it is there knows more than who says that it is not, and both more than who does
/// not know.
fn better(one: Availability, other: Availability) -> Availability {
    let rank = |availability| match availability {
        Availability::Unknown => 0,
        Availability::Offline => 1,
        Availability::Online => 2,
    };
    if rank(one) >= rank(other) { one } else { other }
}

#[cfg(test)]
mod tests {
    use house::{ActuatorKind, Quantity};

    use super::*;

    fn entity(id: &str, kind: EntityKind) -> Entity {
        Entity {
            id: id.into(),
            name: id.into(),
            kind,
        }
    }

    fn sensor(id: &str, quantity: Quantity) -> Entity {
        entity(id, EntityKind::Sensor { quantity })
    }

    fn relay(id: &str) -> Entity {
        let actuator = ActuatorKind::Switch;
        entity(id, EntityKind::Actuator { actuator })
    }

    fn why_not() -> Entity {
        let reason = "Switch on MQTT.".into();
        entity("shelly_tcp", EntityKind::Unsupported { reason })
    }

    fn view(bridge: Bridge, entities: Vec<Entity>, availability: Availability) -> Device {
        Device {
            entities,
            availability,
            ..Device::found(bridge, "1", bridge.name())
        }
    }

    fn of(views: impl IntoIterator<Item = Device>) -> Device {
        let views = views.into_iter().map(|view| (view.id.clone(), view)).collect();
        merged("mdns-1", &views)
    }

    #[test]
    fn a_device_of_several_bridges_has_the_entities_of_all_and_each_its_bridge() {
        let temperature = || sensor("t", Quantity::Temperature);
        let device = of([
            view(Bridge::Mdns, vec![why_not()], Availability::Online),
            view(Bridge::Mqtt, vec![relay("r"), temperature()], Availability::Offline),
            view(
                Bridge::Ble,
                vec![
                    relay("r"),
                    sensor("warmth", Quantity::Temperature),
                    sensor("h", Quantity::Humidity),
                ],
                Availability::Unknown,
            ),
        ]);
        assert_eq!((device.id.as_str(), device.name.as_str()), ("mdns-1", "mqtt"));
        let ids: Vec<&str> = device.entities.iter().map(|entity| entity.id.as_str()).collect();
        assert_eq!(ids, ["r", "t", "r_ble", "h"], "what is measured twice is listed once");
        assert_eq!(
            (device.route("r").bridge, device.route("r").device),
            (Bridge::Mqtt, "mqtt-1")
        );
        assert_eq!(
            (device.route("r_ble").bridge, device.route("r_ble").entity),
            (Bridge::Ble, "r")
        );
        assert_eq!(device.availability, Availability::Online, "the better of them");
    }

    #[test]
    fn the_better_availability_counts() {
        use Availability::{Offline, Online, Unknown};
        for (one, other, expected) in [
            (Online, Offline, Online),
            (Offline, Online, Online),
            (Unknown, Online, Online),
            (Unknown, Offline, Offline),
            (Offline, Offline, Offline),
            (Unknown, Unknown, Unknown),
        ] {
            let device = of([view(Bridge::Mqtt, vec![], one), view(Bridge::Ble, vec![], other)]);
            assert_eq!(device.availability, expected, "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_bluetooth_devices_id_is_its_address() {
        let mut device = Device::found(Bridge::Ble, "a4c138830283", "x");
        assert_eq!(addresses(&device), ["a4c138830283"]);
        device.addresses = vec![
            "A4:C1:38:83:02:83".into(),
            "nonsense".into(),
            "00:11:22:33:44:55".into(),
        ];
        assert_eq!(addresses(&device), ["001122334455", "a4c138830283"]);
        assert!(addresses(&Device::found(Bridge::Mqtt, "a4c138830283", "x")).is_empty());
    }
}
