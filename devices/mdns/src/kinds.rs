//! What the service types of DNS-SD mean: what the thing is, and what Domovoi can do with it.

/// What is to be done about a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It comes into the house by another way; the sentence says how.
    Joins(&'static str),
    /// An MQTT server: it can be used instead of the hub's own, by this scheme.
    MqttServer(&'static str),
    /// Nothing yet; the sentence says why.
    NotYet(&'static str),
    /// No reason to show who offers only this: computers, phones, and what everybody has.
    Silent,
}

/// One service type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// The type, without the domain.
    pub service: &'static str,
    /// What offers it, for people.
    pub what: &'static str,
    /// Who makes it, when only one does.
    pub maker: Option<&'static str>,
    /// What can be done with it.
    pub usage: Use,
}

const fn kind(service: &'static str, what: &'static str, usage: Use) -> Kind {
    Kind {
        service,
        what,
        maker: None,
        usage,
    }
}

const fn made(maker: &'static str, service: &'static str, what: &'static str, usage: Use) -> Kind {
    Kind {
        maker: Some(maker),
        ..kind(service, what, usage)
    }
}

use Use::{Joins, MqttServer, NotYet, Silent};

/// The types that mean something here; what says most of a thing comes first.
pub const KINDS: &[Kind] = &[
    made(
        "Shelly",
        "_shelly._tcp",
        "Shelly device",
        Joins("Switch on MQTT on its own web page and enter this hub's address; then it joins by itself."),
    ),
    kind(
        "_esphomelib._tcp",
        "ESPHome device",
        Joins("Add the component mqtt to its configuration with this hub's address; its native API is not spoken yet."),
    ),
    made(
        "Tasmota",
        "_tasmota._tcp",
        "Tasmota device",
        Joins("Enter this hub's address under Configure MQTT on its own web page; then it joins by itself."),
    ),
    kind(
        "_wled._tcp",
        "WLED light",
        Joins("Enter this hub's address under Sync, MQTT on its own web page."),
    ),
    kind("_mqtt._tcp", "MQTT server", MqttServer("mqtt")),
    kind("_secure-mqtt._tcp", "MQTT server with TLS", MqttServer("mqtts")),
    kind(
        "_matterc._udp",
        "Matter device that waits to be set up",
        NotYet("Matter is not spoken yet; set it up with another controller."),
    ),
    kind(
        "_matter._tcp",
        "Matter device",
        NotYet("Matter is not spoken yet; it belongs to another controller."),
    ),
    kind(
        "_meshcop._udp",
        "Thread border router",
        NotYet("Thread is not used yet."),
    ),
    kind("_hap._tcp", "HomeKit accessory", NotYet("HomeKit is not spoken yet.")),
    kind(
        "_hap._udp",
        "HomeKit accessory over Thread",
        NotYet("HomeKit is not spoken yet."),
    ),
    made(
        "Philips",
        "_hue._tcp",
        "Hue bridge",
        NotYet("The Hue bridge's own protocol is not spoken yet; its lamps join through Zigbee2MQTT."),
    ),
    made(
        "IKEA",
        "_ikea-gateway._tcp",
        "IKEA gateway",
        NotYet("The gateway's own protocol is not spoken yet; its devices join through Zigbee2MQTT."),
    ),
    kind(
        "_zigbee2mqtt._tcp",
        "Zigbee2MQTT",
        Joins("Enter this hub's MQTT address as its server; its devices join by themselves."),
    ),
    kind(
        "_zigstar_gw._tcp",
        "Zigbee radio",
        Joins("Use it as the radio of Zigbee2MQTT; its devices join through that."),
    ),
    kind(
        "_slzb-06._tcp",
        "Zigbee radio",
        Joins("Use it as the radio of Zigbee2MQTT; its devices join through that."),
    ),
    made(
        "Google",
        "_googlecast._tcp",
        "Chromecast",
        NotYet("Media players are not driven yet."),
    ),
    made(
        "Apple",
        "_airplay._tcp",
        "AirPlay receiver",
        NotYet("Media players are not driven yet."),
    ),
    kind(
        "_raop._tcp",
        "AirPlay speaker",
        NotYet("Media players are not driven yet."),
    ),
    kind(
        "_sonos._tcp",
        "Sonos speaker",
        NotYet("Media players are not driven yet."),
    ),
    kind(
        "_spotify-connect._tcp",
        "Spotify speaker",
        NotYet("Media players are not driven yet."),
    ),
    made(
        "Amazon",
        "_amzn-wplay._tcp",
        "Amazon media player",
        NotYet("Media players are not driven yet."),
    ),
    kind(
        "_androidtvremote2._tcp",
        "Android TV",
        NotYet("Media players are not driven yet."),
    ),
    kind(
        "_mediaremotetv._tcp",
        "Apple TV",
        NotYet("Media players are not driven yet."),
    ),
    kind("_ipp._tcp", "Printer", NotYet("The house has no use for a printer.")),
    kind("_ipps._tcp", "Printer", NotYet("The house has no use for a printer.")),
    kind(
        "_printer._tcp",
        "Printer",
        NotYet("The house has no use for a printer."),
    ),
    kind(
        "_pdl-datastream._tcp",
        "Printer",
        NotYet("The house has no use for a printer."),
    ),
    kind("_uscan._tcp", "Scanner", NotYet("The house has no use for a scanner.")),
    kind(
        "_home-assistant._tcp",
        "Home Assistant",
        Joins("Both can share one MQTT server: enter the same one here and there."),
    ),
    kind("_axis-video._tcp", "Camera", NotYet("Cameras are not shown yet.")),
    kind("_rtsp._tcp", "Camera", NotYet("Cameras are not shown yet.")),
    kind(
        "_elg._tcp",
        "Elgato light",
        NotYet("Its own protocol is not spoken yet."),
    ),
    kind(
        "_miio._udp",
        "Xiaomi device",
        NotYet("Xiaomi's own protocol is not spoken yet."),
    ),
    kind(
        "_leap._tcp",
        "Lutron bridge",
        NotYet("Lutron's own protocol is not spoken yet."),
    ),
    kind(
        "_nanoleafapi._tcp",
        "Nanoleaf light",
        NotYet("Its own protocol is not spoken yet."),
    ),
    kind("_system-bridge._tcp", "Computer", Silent),
    kind("_http._tcp", "Web page", Silent),
    kind("_https._tcp", "Web page", Silent),
    kind("_ssh._tcp", "Computer", Silent),
    kind("_sftp-ssh._tcp", "Computer", Silent),
    kind("_smb._tcp", "File server", Silent),
    kind("_afpovertcp._tcp", "File server", Silent),
    kind("_adisk._tcp", "File server", Silent),
    kind("_nfs._tcp", "File server", Silent),
    kind("_workstation._tcp", "Computer", Silent),
    kind("_device-info._tcp", "Computer", Silent),
    kind("_companion-link._tcp", "Computer", Silent),
    kind("_rdlink._tcp", "Computer", Silent),
    kind("_rfb._tcp", "Computer", Silent),
    kind("_sleep-proxy._udp", "Computer", Silent),
    kind("_remotepairing._tcp", "Computer", Silent),
    kind("_apple-mobdev2._tcp", "Phone", Silent),
    kind("_trel._udp", "Thread border router", Silent),
    kind("_matterd._udp", "Matter controller", Silent),
    kind("_udisks-ssh._tcp", "Computer", Silent),
    kind("_spotify-social-listening._tcp", "Computer", Silent),
];

/// What a type means, and how much it says of a thing: the smaller the more.
pub fn find(service: &str) -> Option<(usize, &'static Kind)> {
    KINDS
        .iter()
        .enumerate()
        .find(|(_, kind)| kind.service.eq_ignore_ascii_case(service))
}

/// The type in a name such as `_http._tcp.local.`; `None` when it is none.
pub fn service_of(name: &str) -> Option<&str> {
    let service = name.trim_end_matches('.').strip_suffix(".local")?;
    let (label, protocol) = service.split_once('.')?;
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let is_type = label.len() > 1 && label.starts_with('_') && label.chars().all(plain);
    (is_type && matches!(protocol, "_tcp" | "_udp")).then_some(service)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_out_of_names() {
        for (name, service) in [
            ("_http._tcp.local.", Some("_http._tcp")),
            ("_matterc._udp.local", Some("_matterc._udp")),
            ("_printer._sub._http._tcp.local.", None),
            ("http._tcp.local.", None),
            ("_._tcp.local.", None),
            ("_http._tcp.example.", None),
            ("_a b._tcp.local.", None),
            ("", None),
        ] {
            assert_eq!(service_of(name), service, "{name}");
        }
    }

    #[test]
    fn every_type_stands_in_the_table_once_and_is_one() {
        for (place, kind) in KINDS.iter().enumerate() {
            assert_eq!(
                find(kind.service).map(|(found, _)| found),
                Some(place),
                "{}",
                kind.service
            );
            assert!(
                service_of(&format!("{}.local.", kind.service)).is_some(),
                "{}",
                kind.service
            );
        }
    }
}
