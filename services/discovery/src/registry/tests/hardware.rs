use super::*;

const MAC: &str = "54:48:E6:8F:80:A5";

/// The plug as the Bluetooth bridge sees it: its temperature, under its address.
fn plug_by_radio() -> Device {
    let mut device = Device::found(Bridge::Ble, "5448e68f80a5", "P2 80A5");
    device.entities = vec![Entity {
        id: "temperature".into(),
        name: "Temperature".into(),
        kind: EntityKind::Sensor {
            quantity: Quantity::Temperature,
        },
    }];
    device.availability = Availability::Online;
    device.signal = Some(-61.0);
    device
}

fn plug_by_mqtt(addresses: &[&str]) -> Device {
    let mut device = plug("Plug");
    device.addresses = addresses.iter().map(|address| (*address).to_owned()).collect();
    device
}

#[test]
fn a_device_seen_by_two_bridges_is_one_device() {
    let mut registry = DeviceRegistry::default();
    found(registry.see(plug_by_mqtt(&[MAC]), at(1)));
    adopt(&mut registry, "mqtt-0x01", "Hall fan", Kinds::new());
    let both = changed(registry.see(plug_by_radio(), at(60)));
    assert_eq!(registry.devices().count(), 1);
    assert_eq!((both.id.as_str(), both.name.as_str()), ("mqtt-0x01", "Hall fan"));
    assert_eq!((both.area.clone(), both.signal), (Some(hall()), Some(-61.0)));
    assert_eq!(both.route("relay").bridge, Bridge::Mqtt);
    let of_radio = both.route("temperature");
    assert_eq!((of_radio.bridge, of_radio.device), (Bridge::Ble, "ble-5448e68f80a5"));

    let mut gone = plug_by_mqtt(&[MAC]);
    gone.availability = Availability::Offline;
    assert_eq!(registry.see(gone, at(61)), [], "the radio still hears it");
    assert_eq!(registry.record("ble-5448e68f80a5").unwrap().device.id, "mqtt-0x01");

    let mut registry = DeviceRegistry::new(Limits::default(), registry.due_to_store(at(62), true), at(70));
    let again = changed(registry.see(plug_by_radio(), at(71)));
    assert_eq!(
        again.entities, both.entities,
        "also after a restart, when only one has spoken"
    );
}

#[test]
fn two_that_wait_are_joined_when_they_turn_out_to_be_one() {
    let mut registry = DeviceRegistry::default();
    found(registry.see(plug_by_mqtt(&[]), at(1)));
    found(registry.see(plug_by_radio(), at(2)));
    adopt(&mut registry, "ble-5448e68f80a5", "Hall fan", Kinds::new());
    let news = registry.see(plug_by_mqtt(&[MAC]), at(60));
    let joined = news.iter().find_map(|news| match news {
        News::Joined(device, other) => Some((device.id.as_str(), device.lifecycle, other.as_str())),
        News::Found(_) | News::Changed(_) | News::Dropped(_) => None,
    });
    assert_eq!(joined, Some(("mqtt-0x01", Lifecycle::Removed, "ble-5448e68f80a5")));
    let device = registry.devices().next().unwrap();
    assert_eq!((registry.devices().count(), device.name.as_str()), (1, "Hall fan"));
    assert_eq!(device.entities.len(), 2);
    assert_eq!(registry.waiting().count(), 0);
}

#[test]
fn two_that_were_both_adopted_are_left_as_the_person_wanted_them() {
    let mut registry = DeviceRegistry::default();
    registry.see(plug_by_mqtt(&[]), at(1));
    registry.see(plug_by_radio(), at(2));
    for id in ["mqtt-0x01", "ble-5448e68f80a5"] {
        adopt(&mut registry, id, id, Kinds::new());
    }
    registry.see(plug_by_mqtt(&[MAC]), at(60));
    assert_eq!(registry.devices().count(), 2);
}

#[test]
fn a_new_device_takes_an_old_ones_place() {
    let mut registry = DeviceRegistry::default();
    registry.see(plug("Plug"), at(1));
    let kinds = Kinds::from([("relay".into(), ActuatorKind::Fan)]);
    adopt(&mut registry, "mqtt-0x01", "Hall fan", kinds);
    let new_plug = |name: &str| Device {
        entities: plug("").entities,
        availability: Availability::Online,
        ..Device::found(Bridge::Mqtt, "0x02", name)
    };
    registry.see(new_plug("Plug"), at(60));

    let (record, gone) = registry.replaced("mqtt-0x01", "mqtt-0x02").unwrap();
    assert_eq!(gone, "mqtt-0x02");
    registry.remove(&gone);
    registry.put(record.clone(), at(61));
    let device = &record.device;
    assert_eq!((device.id.as_str(), device.name.as_str()), ("mqtt-0x01", "Hall fan"));
    assert_eq!(device.area, Some(hall()));
    assert_eq!(
        device.actuators().next().unwrap().1,
        ActuatorKind::Fan,
        "what a person said stays"
    );
    assert_eq!(device.route("relay").device, "mqtt-0x02");
    assert_eq!(registry.devices().count(), 1);

    let mut away = new_plug("Plug");
    away.availability = Availability::Offline;
    assert_eq!(changed(registry.see(away, at(62))).id, "mqtt-0x01");
    assert_eq!(
        registry.see(plug("The old one, on a desk"), at(63)),
        [],
        "it speaks for nobody"
    );
    assert_eq!(
        registry.hear(&event("mqtt-0x01", &[(Quantity::Power, 3.0)]), at(64)),
        []
    );

    registry.remove("mqtt-0x01");
    assert_eq!(found(registry.see(new_plug("Plug"), at(70))).id, "mqtt-0x02");
    assert_eq!(found(registry.see(plug("Plug"), at(71))).id, "mqtt-0x01");
}

#[test]
fn only_a_part_of_the_house_is_replaced_and_by_another() {
    let mut registry = DeviceRegistry::default();
    registry.see(plug("Plug"), at(1));
    registry.see(plug_by_radio(), at(1));
    let radio = "ble-5448e68f80a5";
    assert!(matches!(
        registry.replaced("mqtt-0x01", radio),
        Err(Fault::NotAdopted { .. })
    ));
    adopt(&mut registry, "mqtt-0x01", "Fan", Kinds::new());
    assert!(matches!(
        registry.replaced("mqtt-0x01", "mqtt-0x01"),
        Err(Fault::Argument(_))
    ));
    assert!(matches!(
        registry.replaced("mqtt-0x01", "nobody"),
        Err(Fault::NoSuchDevice { .. })
    ));
}

#[test]
fn a_sleepy_device_is_gone_when_its_own_rhythm_says_so_and_back_when_it_speaks() {
    let mut registry = DeviceRegistry::default();
    let door = |second| Device {
        sleepy: true,
        last_seen: Some(at(second)),
        ..plug("Door")
    };
    let minute = 60;
    for i in 0..10 {
        registry.see(door(i * 30 * minute), at(i * 30 * minute));
    }
    let last = 9 * 30 * minute;
    assert!(
        registry
            .due_to_tell(at(last + 89 * minute))
            .iter()
            .all(|door| door.availability == Availability::Online)
    );
    assert_eq!(
        registry.due_to_tell(at(last + 90 * minute))[0].availability,
        Availability::Offline
    );
    assert_eq!(
        registry.see(door(last), at(last + 91 * minute)),
        [],
        "a bridge that repeats itself does not revive it"
    );
    let back = changed(registry.hear(&event("mqtt-0x01", &[(Quantity::Opening, 1.0)]), at(last + 92 * minute)));
    assert_eq!(back.availability, Availability::Online);
}

#[test]
fn a_low_battery_is_told_once_and_over_when_it_was_changed() {
    let mut registry = DeviceRegistry::default();
    registry.see(plug("Plug"), at(1));
    adopt(&mut registry, "mqtt-0x01", "Fan", Kinds::new());
    let battery = |percent| event("mqtt-0x01", &[(Quantity::Battery, percent)]);
    assert_eq!(registry.hear(&battery(60.0), at(2)), []);
    assert!(changed(registry.hear(&battery(12.0), at(3))).battery_low);
    assert_eq!(registry.hear(&battery(17.0), at(4)), []);
    assert!(!changed(registry.hear(&battery(100.0), at(5))).battery_low);
}

#[test]
fn the_area_is_suggested_by_the_device_else_by_its_name() {
    let mut registry = DeviceRegistry::default();
    let named = found(registry.see(plug("Kitchen plug"), at(1)));
    assert_eq!(named.suggested_area.unwrap().as_str(), "kitchen");
    let mut says_so = Device::found(Bridge::Mqtt, "0x02", "Kitchen plug");
    says_so.suggested_area = AreaId::new("Pantry");
    assert_eq!(
        found(registry.see(says_so, at(1))).suggested_area.unwrap().as_str(),
        "pantry"
    );
}

#[test]
fn small_news_of_a_large_house_are_told_a_few_at_a_time() {
    let mut registry = DeviceRegistry::default();
    let heard = |i: u32, signal| Device {
        signal: Some(signal),
        availability: Availability::Online,
        ..Device::found(Bridge::Ble, &format!("{i:012x}"), "Sensor")
    };
    (0..500).for_each(|i| drop(registry.see(heard(i, -50.0), at(0))));
    (0..500).for_each(|i| drop(registry.see(heard(i, -51.0), at(1))));
    let told: Vec<usize> = (60..66).map(|second| registry.due_to_tell(at(second)).len()).collect();
    assert_eq!(told, [100, 100, 100, 100, 100, 0]);
}
