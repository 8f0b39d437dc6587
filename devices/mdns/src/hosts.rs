//! Devices out of what hosts announce, as plain state.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use house::{Availability, Bridge, Device, Entity, EntityKind, Timestamp, hardware_address};

use crate::kinds::{self, Use};

/// More hosts than this are not kept: somebody makes them up.
const MOST_HOSTS: usize = 500;
/// One host announces no more services than this.
const MOST_SERVICES: usize = 32;
/// Texts from the network are cut to so many characters.
const LONGEST: usize = 100;

/// The TXT keys under which things tell of themselves, the best first.
const NAME_KEYS: [&str; 3] = ["friendly_name", "fn", "name"];
const MAKER_KEYS: [&str; 4] = ["manufacturer", "usb_mfg", "vendor", "mf"];
const MODEL_KEYS: [&str; 8] = ["model", "md", "ty", "usb_mdl", "am", "app", "project_name", "board"];
const ADDRESS_KEYS: [&str; 3] = ["mac", "macaddress", "deviceid"];
/// The hosts of these carry their hardware address in their name, at its end.
const NAMED_BY_ADDRESS: [&str; 4] = ["_shelly._tcp", "_matterc._udp", "_matter._tcp", "_tasmota._tcp"];

/// One service that a host offers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Announcement {
    /// The type: `_shelly._tcp`.
    pub service: String,
    /// The name of what offers it: `Kitchen plug`.
    pub instance: String,
    /// The host's name: `shellyplus1-a8032ab12345.local.`
    pub host: String,
    /// Where the service listens.
    pub port: u16,
    /// The host's addresses.
    pub addresses: Vec<IpAddr>,
    /// What the TXT record says; keys in lower case.
    pub txt: BTreeMap<String, String>,
}

/// Every host heard.
#[derive(Debug, Default)]
pub struct Hosts {
    host_by_name: BTreeMap<String, Host>,
    name_by_service: BTreeMap<Offer, String>,
}

/// A service's type and instance.
type Offer = (String, String);

#[derive(Debug, Default)]
struct Host {
    announcements: BTreeMap<Offer, Announcement>,
    /// Those that hold now.
    live: BTreeSet<Offer>,
    hardware: Option<String>,
    last_seen: Option<Timestamp>,
}

impl Hosts {
    /// Takes an announcement; gives the device it belongs to when that is another now.
    /// `neighbours` are the hardware addresses that this machine knows.
    pub fn hear(
        &mut self,
        announcement: Announcement,
        neighbours: &BTreeMap<IpAddr, String>,
        now: Timestamp,
    ) -> Option<Device> {
        let name = announcement.host.trim_end_matches('.').to_ascii_lowercase();
        if name.is_empty() || !self.host_by_name.contains_key(&name) && self.host_by_name.len() >= MOST_HOSTS {
            return None;
        }
        let offer = (announcement.service.clone(), announcement.instance.clone());
        let elsewhere = self.name_by_service.insert(offer.clone(), name.clone());
        if let Some(other) = elsewhere.filter(|other| *other != name)
            && let Some(host) = self.host_by_name.get_mut(&other)
        {
            host.drop(&offer);
        }
        let host = self.host_by_name.entry(name.clone()).or_default();
        let before = host.device(&name);
        let is_new = !host.announcements.contains_key(&offer);
        if is_new && host.announcements.len() >= MOST_SERVICES {
            self.name_by_service.remove(&offer);
            return None;
        }
        host.hardware = host.hardware.take().or_else(|| hardware_of(&announcement, neighbours));
        host.last_seen = Some(now);
        host.live.insert(offer.clone());
        host.announcements.insert(offer, announcement);
        host.device(&name).filter(|device| !is_same(before.as_ref(), device))
    }

    /// A service is no longer offered; gives the device when it is another now.
    pub fn leave(&mut self, service: &str, instance: &str) -> Option<Device> {
        let offer = (service.to_owned(), instance.to_owned());
        let name = self.name_by_service.get(&offer)?.clone();
        let host = self.host_by_name.get_mut(&name)?;
        let before = host.device(&name);
        host.drop(&offer);
        let after = host.device(&name)?;
        (!is_same(before.as_ref(), &after)).then_some(after)
    }

    /// Every device there is something to say of; those that are there were seen `now`.
    pub fn devices(&mut self, now: Timestamp) -> Vec<Device> {
        let hosts = self.host_by_name.iter_mut();
        hosts
            .filter_map(|(name, host)| {
                if !host.live.is_empty() {
                    host.last_seen = Some(now);
                }
                host.device(name)
            })
            .collect()
    }
}

impl Host {
    /// The last service that goes stays known: the device is the same, and away.
    fn drop(&mut self, offer: &Offer) {
        self.live.remove(offer);
        if !self.live.is_empty() {
            self.announcements.remove(offer);
        }
    }

    /// The host as a device; `None` when nothing it offers is worth showing.
    fn device(&self, name: &str) -> Option<Device> {
        let mut offers: Vec<(usize, &Announcement)> = self
            .announcements
            .values()
            .map(|announcement| {
                (
                    kinds::find(&announcement.service).map_or(usize::MAX, |(rank, _)| rank),
                    announcement,
                )
            })
            .collect();
        offers.sort_by_key(|(rank, announcement)| (*rank, &announcement.service, &announcement.instance));
        let entities: Vec<Entity> = offers.iter().filter_map(|(_, offer)| entity(offer)).collect();
        let (_, first) = offers.iter().find(|(_, offer)| entity(offer).is_some())?;
        let told = |keys: &[&str]| offers.iter().find_map(|(_, offer)| text_of(offer, keys));
        let maker = offers
            .iter()
            .find_map(|(_, offer)| kinds::find(&offer.service)?.1.maker.map(str::to_owned));

        let own_name = told(&NAME_KEYS).unwrap_or_else(|| {
            let instance = &first.instance;
            plain(instance.split_once('@').map_or(instance.as_str(), |(_, name)| name))
        });
        let hardware_id = id_of(name);
        let shown = if own_name.is_empty() {
            hardware_id.clone()
        } else {
            own_name
        };
        let mut device = Device::found(Bridge::Mdns, &hardware_id, &shown);
        device.manufacturer = told(&MAKER_KEYS).or(maker);
        device.model = told(&MODEL_KEYS);
        device.addresses = self.hardware.iter().cloned().collect();
        device.last_seen = self.last_seen;
        device.availability = if self.live.is_empty() {
            Availability::Offline
        } else {
            Availability::Online
        };
        device.entities = entities;
        device.entities.dedup_by(|one, other| one.id == other.id);
        Some(device)
    }
}

fn entity(offer: &Announcement) -> Option<Entity> {
    let (what, reason) = match kinds::find(&offer.service) {
        None => {
            let reason = format!("It announces {}, which Domovoi does not know.", offer.service);
            ("Unknown service".to_owned(), reason)
        }
        Some((_, kind)) => {
            let reason = match kind.usage {
                Use::Joins(how) | Use::NotYet(how) => how.to_owned(),
                Use::MqttServer(scheme) => mqtt_server(scheme, offer),
                Use::Silent => return None,
            };
            (kind.what.to_owned(), reason)
        }
    };
    Some(Entity {
        id: offer.service.trim_start_matches('_').replace("._", "_"),
        name: what,
        kind: EntityKind::Unsupported { reason },
    })
}

fn mqtt_server(scheme: &str, offer: &Announcement) -> String {
    let address = offer.addresses.iter().min_by_key(|address| address.is_ipv6());
    let host = match address {
        Some(IpAddr::V4(ip)) => ip.to_string(),
        Some(IpAddr::V6(ip)) => format!("[{ip}]"),
        None => plain(offer.host.trim_end_matches('.')),
    };
    format!(
        "An MQTT server. For the hub to use it instead of its own, write under [mqtt] in its configuration: \
         url = \"{scheme}://{host}:{}\"",
        offer.port
    )
}

fn hardware_of(offer: &Announcement, neighbours: &BTreeMap<IpAddr, String>) -> Option<String> {
    let said = ADDRESS_KEYS
        .iter()
        .find_map(|key| hardware_address(offer.txt.get(*key)?));
    let in_name = || {
        let host = offer.host.trim_end_matches('.');
        let host = host.strip_suffix(".local").unwrap_or(host);
        let last = host.rsplit(['-', '_']).next()?;
        NAMED_BY_ADDRESS
            .contains(&offer.service.as_str())
            .then(|| hardware_address(last))?
    };
    let near = || offer.addresses.iter().find_map(|ip| neighbours.get(ip).cloned());
    said.or_else(in_name).or_else(near)
}

fn text_of(offer: &Announcement, keys: &[&str]) -> Option<String> {
    let said = keys.iter().filter_map(|key| offer.txt.get(*key));
    said.map(|text| plain(text)).find(|text| !text.is_empty())
}

/// Text of the network as it can be shown.
fn plain(text: &str) -> String {
    let shown: String = text.chars().filter(|c| !c.is_control()).take(LONGEST).collect();
    shown.trim().to_owned()
}

/// A host's name as the part of an id that its bridge makes.
fn id_of(host: &str) -> String {
    let label = host.strip_suffix(".local").unwrap_or(host);
    let as_id = |c: char| {
        if c.is_ascii_alphanumeric() || c == '-' || c == '.' {
            c
        } else {
            '_'
        }
    };
    label.chars().take(LONGEST).map(as_id).collect()
}

/// Whether nothing has changed but when it was seen.
fn is_same(before: Option<&Device>, after: &Device) -> bool {
    before.is_some_and(|before| {
        let before = Device {
            last_seen: after.last_seen,
            ..before.clone()
        };
        before == *after
    })
}

#[cfg(test)]
mod tests;
