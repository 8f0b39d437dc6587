use super::*;

const NOW: Timestamp = Timestamp::from_secs(1000);

fn announcement(service: &str, instance: &str, host: &str, txt: &[(&str, &str)]) -> Announcement {
    Announcement {
        service: service.into(),
        instance: instance.into(),
        host: host.into(),
        port: 1883,
        addresses: vec!["fe80::1".parse().unwrap(), "192.168.1.7".parse().unwrap()],
        txt: txt
            .iter()
            .map(|(key, value)| ((*key).into(), (*value).into()))
            .collect(),
    }
}

fn reason(device: &Device) -> &str {
    match &device.entities[0].kind {
        EntityKind::Unsupported { reason } => reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_stands_in_the_house_is_told_with_what_it_is() {
    for (offer, id, name, maker, model, address, says) in [
        (
            announcement(
                "_shelly._tcp",
                "shellyplus1-a8032ab12345",
                "ShellyPlus1-A8032AB12345.local.",
                &[("app", "Plus1"), ("gen", "2")],
            ),
            "mdns-shellyplus1-a8032ab12345",
            "shellyplus1-a8032ab12345",
            Some("Shelly"),
            Some("Plus1"),
            Some("a8032ab12345"),
            "MQTT",
        ),
        (
            announcement(
                "_esphomelib._tcp",
                "porch",
                "porch.local.",
                &[
                    ("friendly_name", "Porch light"),
                    ("mac", "5448e68f80a5"),
                    ("board", "esp32dev"),
                ],
            ),
            "mdns-porch",
            "Porch light",
            None,
            Some("esp32dev"),
            Some("5448e68f80a5"),
            "native API",
        ),
        (
            announcement(
                "_hap._tcp",
                "Eve Door",
                "eve-door.local.",
                &[("md", "Eve Door 20EAM9901"), ("id", "1A:2B:3C:4D:5E:6F")],
            ),
            "mdns-eve-door",
            "Eve Door",
            None,
            Some("Eve Door 20EAM9901"),
            None,
            "HomeKit",
        ),
        (
            announcement(
                "_googlecast._tcp",
                "Chromecast-0123",
                "0123abcd.local.",
                &[("fn", "Living room TV"), ("md", "Chromecast Ultra")],
            ),
            "mdns-0123abcd",
            "Living room TV",
            Some("Google"),
            Some("Chromecast Ultra"),
            None,
            "not driven yet",
        ),
        (
            announcement(
                "_matterc._udp",
                "DD200C20D25AE5F7",
                "B0FC36AABBCC.local.",
                &[("vp", "123+456")],
            ),
            "mdns-b0fc36aabbcc",
            "DD200C20D25AE5F7",
            None,
            None,
            Some("b0fc36aabbcc"),
            "Matter is not spoken yet",
        ),
        (
            announcement(
                "_ipp._tcp",
                "Office printer",
                "HP3C2AF4.local.",
                &[("ty", "HP LaserJet M110w"), ("usb_mfg", "HP")],
            ),
            "mdns-hp3c2af4",
            "Office printer",
            Some("HP"),
            Some("HP LaserJet M110w"),
            None,
            "no use for a printer",
        ),
        (
            announcement("_mqtt._tcp", "mosquitto", "nas.local.", &[]),
            "mdns-nas",
            "mosquitto",
            None,
            None,
            None,
            "url = \"mqtt://192.168.1.7:1883\"",
        ),
        (
            announcement("_frob._tcp", "A frob", "frob.local.", &[]),
            "mdns-frob",
            "A frob",
            None,
            None,
            None,
            "does not know",
        ),
        (
            announcement("_raop._tcp", "A1B2C3D4E5F6@Kitchen", "kitchen.local.", &[]),
            "mdns-kitchen",
            "Kitchen",
            None,
            None,
            None,
            "Media players",
        ),
    ] {
        let service = offer.service.clone();
        let device = Hosts::default().hear(offer, &BTreeMap::new(), NOW).unwrap();
        assert_eq!((device.id.as_str(), device.name.as_str()), (id, name), "{service}");
        assert_eq!(
            (device.manufacturer.as_deref(), device.model.as_deref()),
            (maker, model),
            "{service}"
        );
        assert_eq!(device.addresses.first().map(String::as_str), address, "{service}");
        assert!(reason(&device).contains(says), "{service}: {}", reason(&device));
        assert_eq!(
            (device.availability, device.last_seen),
            (Availability::Online, Some(NOW))
        );
    }
}

#[test]
fn computers_and_phones_are_not_shown() {
    let mut hosts = Hosts::default();
    for service in ["_ssh._tcp", "_http._tcp", "_companion-link._tcp", "_smb._tcp"] {
        assert_eq!(
            hosts.hear(
                announcement(service, "laptop", "laptop.local.", &[]),
                &BTreeMap::new(),
                NOW
            ),
            None
        );
    }
    assert!(hosts.devices(NOW).is_empty());
}

#[test]
fn all_services_of_a_host_are_one_device() {
    let mut hosts = Hosts::default();
    let none = BTreeMap::new();
    assert_eq!(
        hosts.hear(announcement("_http._tcp", "tv", "tv.local.", &[]), &none, NOW),
        None
    );
    let offer = |service, txt: &[(&str, &str)]| announcement(service, "TV", "tv.local.", txt);
    hosts.hear(offer("_googlecast._tcp", &[]), &none, NOW).unwrap();
    let both = hosts
        .hear(offer("_airplay._tcp", &[("deviceid", "54:48:E6:8F:80:A5")]), &none, NOW)
        .unwrap();
    assert_eq!(both.entities.len(), 2);
    assert_eq!(both.addresses, ["5448e68f80a5"]);
    assert_eq!(
        hosts.hear(offer("_googlecast._tcp", &[]), &none, NOW),
        None,
        "the same again is no news"
    );
    assert_eq!(hosts.devices(NOW).len(), 1);
}

#[test]
fn a_host_that_says_goodbye_is_offline_and_back_when_it_speaks_again() {
    let mut hosts = Hosts::default();
    let none = BTreeMap::new();
    let offer = |service| announcement(service, "Plug", "plug.local.", &[]);
    hosts.hear(offer("_shelly._tcp"), &none, NOW);
    hosts.hear(offer("_hap._tcp"), &none, NOW);
    let less = hosts.leave("_hap._tcp", "Plug").unwrap();
    assert_eq!((less.entities.len(), less.availability), (1, Availability::Online));
    let gone = hosts.leave("_shelly._tcp", "Plug").unwrap();
    assert_eq!((gone.entities.len(), gone.availability), (1, Availability::Offline));
    assert_eq!(hosts.leave("_shelly._tcp", "Plug"), None);
    assert_eq!(hosts.leave("_nobody._tcp", "x"), None);
    let back = hosts.hear(offer("_shelly._tcp"), &none, NOW).unwrap();
    assert_eq!(back.availability, Availability::Online);
}

#[test]
fn the_neighbours_table_tells_the_address_of_who_does_not_say() {
    let neighbours = BTreeMap::from([("192.168.1.7".parse().unwrap(), "001122334455".to_owned())]);
    let device = Hosts::default().hear(announcement("_hap._tcp", "Lock", "lock.local.", &[]), &neighbours, NOW);
    assert_eq!(device.unwrap().addresses, ["001122334455"]);
}

#[test]
fn a_flood_of_made_up_hosts_is_bounded_and_their_texts_are_cut() {
    let mut hosts = Hosts::default();
    let none = BTreeMap::new();
    for i in 0..2000 {
        let long = format!("\u{7}{}", "x".repeat(3000));
        hosts.hear(
            announcement("_hap._tcp", &long, &format!("host-{i}.local."), &[("md", &long)]),
            &none,
            NOW,
        );
        hosts.hear(announcement(&format!("_s{i}._tcp"), "x", "one.local.", &[]), &none, NOW);
    }
    let devices = hosts.devices(NOW);
    assert_eq!(devices.len(), MOST_HOSTS);
    assert!(
        devices
            .iter()
            .all(|device| device.name.len() <= LONGEST && device.entities.len() <= MOST_SERVICES)
    );
}
