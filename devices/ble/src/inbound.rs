//! From adverts to devices and readings: what is known of each sender, and what is worth saying.

use std::collections::BTreeMap;

use decoders::{Address, Advert, DecodeError, Decoded, Memory, decode};
use house::{Availability, Bridge, Device, Entity, EntityKind, Lifecycle, Quantity, Registry, SensorEvent, Timestamp};

use crate::Settings;

/// What the bridge tells the house.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Output {
    /// A device is there, or is now something else.
    Seen(Device),
    /// An adopted device measured.
    Reading(SensorEvent),
    /// An advert could not be believed; said once until the device is understood again.
    Fault { device: String, error: DecodeError },
}

/// Everything heard so far.
pub(crate) struct Inbound {
    settings: Settings,
    registry: Registry,
    sender_by_address: BTreeMap<Address, Sender>,
}

struct Sender {
    device: Device,
    memory: Memory,
    sleepy: bool,
    last_heard: Timestamp,
    /// What was last reported, and when.
    reported: BTreeMap<Quantity, (f64, Timestamp)>,
    last_fault: Option<DecodeError>,
}

impl Inbound {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            registry: Registry::default(),
            sender_by_address: BTreeMap::new(),
        }
    }

    /// Starts the list of adopted devices anew.
    pub(crate) fn forget_registry(&mut self) {
        self.registry.clear();
    }

    /// Takes what discovery says of a device.
    pub(crate) fn apply(&mut self, device: Device) {
        if device.bridge == Bridge::Ble {
            self.registry.apply(device);
        }
    }

    /// Every device heard, for a discovery that starts anew.
    pub(crate) fn devices(&self) -> impl Iterator<Item = &Device> {
        self.sender_by_address.values().map(|sender| &sender.device)
    }

    /// Takes an advert that was heard with `signal` dBm.
    pub(crate) fn hear(&mut self, advert: &Advert, signal: Option<i16>, now: Timestamp) -> Vec<Output> {
        let key = self.settings.keys.get(&advert.address);
        let mut memory = match self.sender_by_address.get_mut(&advert.address) {
            Some(sender) => std::mem::take(&mut sender.memory),
            None => key.cloned().map_or_else(Memory::default, Memory::with_key),
        };
        let decoded = decode(advert, &mut memory, now);
        if matches!(decoded, Ok(None)) {
            return Vec::new();
        }

        let is_new = !self.sender_by_address.contains_key(&advert.address);
        let sender = self
            .sender_by_address
            .entry(advert.address)
            .or_insert_with(|| Sender::new(advert, now));
        sender.memory = memory;
        sender.last_heard = now;
        let mut changed = is_new | sender.refresh(advert, now);
        sender.device.signal = signal.map(f64::from);

        let mut outputs = Vec::new();
        match decoded {
            Ok(Some(decoded)) => {
                changed |= sender.describe(&decoded);
                let adopted = self
                    .registry
                    .device(&sender.device.id)
                    .filter(|d| d.lifecycle == Lifecycle::Adopted);
                if let Some(adopted) = adopted {
                    let event = sender.report(&decoded, adopted, now, &self.settings);
                    outputs.extend(event.map(Output::Reading));
                }
            }
            Ok(None) | Err(DecodeError::Repeated) => {}
            Err(error) => {
                let needs_key = error == DecodeError::KeyNeeded;
                changed |= std::mem::replace(&mut sender.device.needs_key, needs_key) != needs_key;
                if sender.last_fault.replace(error) != Some(error) {
                    outputs.push(Output::Fault {
                        device: sender.device.id.clone(),
                        error,
                    });
                }
            }
        }
        if changed {
            outputs.insert(0, Output::Seen(sender.device.clone()));
        }
        outputs
    }

    /// Says which devices have gone quiet; call it now and then.
    pub(crate) fn check(&mut self, now: Timestamp) -> Vec<Output> {
        let mut outputs = Vec::new();
        for sender in self.sender_by_address.values_mut() {
            let limit = if sender.sleepy {
                self.settings.sleepy_offline_after
            } else {
                self.settings.offline_after
            };
            let is_quiet = now.since(sender.last_heard) >= limit;
            if is_quiet && sender.device.availability == Availability::Online {
                sender.device.availability = Availability::Offline;
                outputs.push(Output::Seen(sender.device.clone()));
            }
        }
        outputs
    }
}

impl Sender {
    fn new(advert: &Advert, now: Timestamp) -> Self {
        let [.., fifth, sixth] = advert.address.0;
        let name = format!("Bluetooth sensor {fifth:02X}{sixth:02X}");
        let mut device = Device::found(Bridge::Ble, &advert.address.compact(), &name);
        device.first_seen = Some(now);
        Self {
            device,
            memory: Memory::default(),
            sleepy: false,
            last_heard: now,
            reported: BTreeMap::new(),
            last_fault: None,
        }
    }

    /// Takes what every advert carries; true when something people see has changed.
    fn refresh(&mut self, advert: &Advert, now: Timestamp) -> bool {
        self.device.last_seen = Some(now);
        let mut changed =
            std::mem::replace(&mut self.device.availability, Availability::Online) != Availability::Online;
        if let Some(name) = advert
            .local_name
            .as_ref()
            .filter(|name| !name.is_empty() && **name != self.device.name)
        {
            self.device.name.clone_from(name);
            changed = true;
        }
        changed
    }

    /// Takes what a decoded advert shows of the device; true when something is new.
    fn describe(&mut self, decoded: &Decoded) -> bool {
        self.sleepy = decoded.sleepy;
        self.last_fault = None;
        let mut changed = std::mem::replace(&mut self.device.needs_key, false);
        if self.device.model.is_none() {
            self.device.model = Some(decoded.format.to_owned());
            changed = true;
        }
        for measurement in &decoded.measurements {
            let kind = match measurement.quantity() {
                Some((quantity, _)) => EntityKind::Sensor { quantity },
                None => EntityKind::Unsupported {
                    reason: format!(
                        "the house keeps no history of {}",
                        measurement.property.replace('_', " ")
                    ),
                },
            };
            let id = match measurement.index {
                0 => measurement.property.to_owned(),
                index => format!("{}_{index}", measurement.property),
            };
            if !self.device.entities.iter().any(|entity| entity.id == id) {
                self.device.entities.push(Entity {
                    name: id.replace('_', " "),
                    id,
                    kind,
                });
                changed = true;
            }
        }
        changed
    }

    /// The values that changed or were not reported for a while.
    fn report(
        &mut self,
        decoded: &Decoded,
        adopted: &Device,
        now: Timestamp,
        settings: &Settings,
    ) -> Option<SensorEvent> {
        let mut values = decoded.readings();
        values.retain(|(quantity, value)| {
            self.reported
                .get(quantity)
                .is_none_or(|(last, at)| last != value || now.since(*at) >= settings.report_every)
        });
        if values.is_empty() {
            return None;
        }
        self.reported
            .extend(values.iter().map(|(quantity, value)| (*quantity, (*value, now))));
        Some(SensorEvent {
            sensor_id: self.device.id.clone(),
            area: adopted.area.clone(),
            at: Some(now),
            values,
            rejected: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests {
    use decoders::Key;
    use house::AreaId;

    use super::*;

    const PLAIN: [u8; 7] = [0x40, 0x02, 0xca, 0x09, 0x03, 0xbf, 0x13];
    const WARMER: [u8; 7] = [0x40, 0x02, 0xcb, 0x09, 0x03, 0xbf, 0x13];

    fn advert(data: &[u8]) -> Advert {
        Advert {
            address: Address::parse("54:48:E6:8F:80:A5").unwrap(),
            local_name: Some("Balcony".into()),
            service_data: vec![(0xFCD2, data.to_vec())],
            manufacturer_data: vec![],
        }
    }

    fn adopt(inbound: &mut Inbound) {
        let mut device = inbound.devices().next().unwrap().clone();
        device.lifecycle = Lifecycle::Adopted;
        device.area = AreaId::new("balcony");
        inbound.apply(device);
    }

    #[test]
    fn the_first_advert_shows_a_device_and_no_reading() {
        let mut inbound = Inbound::new(Settings::default());
        let outputs = inbound.hear(&advert(&PLAIN), Some(-61), Timestamp(0));
        let [Output::Seen(device)] = &outputs[..] else {
            panic!("{outputs:?}")
        };
        assert_eq!(
            (device.id.as_str(), device.name.as_str(), device.signal),
            ("ble-5448e68f80a5", "Balcony", Some(-61.0))
        );
        assert_eq!(
            device.quantities().collect::<Vec<_>>(),
            [Quantity::Temperature, Quantity::Humidity]
        );
        assert_eq!(
            inbound.hear(&advert(&PLAIN), Some(-60), Timestamp(1)),
            [],
            "nothing new to say"
        );
    }

    #[test]
    fn an_adopted_device_reports_what_changed_and_what_still_holds() {
        let mut inbound = Inbound::new(Settings::default());
        inbound.hear(&advert(&PLAIN), None, Timestamp(0));
        adopt(&mut inbound);
        let mut reported = |data: &[u8], at: i64| -> Vec<Quantity> {
            let outputs = inbound.hear(&advert(data), None, Timestamp(at));
            outputs
                .into_iter()
                .flat_map(|output| match output {
                    Output::Reading(event) => event.values,
                    Output::Seen(_) | Output::Fault { .. } => vec![],
                })
                .map(|(quantity, _)| quantity)
                .collect()
        };
        let both = [Quantity::Temperature, Quantity::Humidity];
        assert_eq!(reported(&PLAIN, 1_000), both);
        assert_eq!(reported(&PLAIN, 2_000), []);
        assert_eq!(reported(&WARMER, 3_000), [Quantity::Temperature]);
        assert_eq!(reported(&WARMER, 40_000), both);
    }

    #[test]
    fn a_device_goes_offline_when_it_is_quiet_and_online_when_heard() {
        let mut inbound = Inbound::new(Settings::default());
        inbound.hear(&advert(&PLAIN), None, Timestamp(0));
        assert_eq!(inbound.check(Timestamp(14 * 60_000)), []);
        let quiet = inbound.check(Timestamp(15 * 60_000));
        assert!(matches!(&quiet[..], [Output::Seen(device)] if device.availability == Availability::Offline));
        assert_eq!(inbound.check(Timestamp(16 * 60_000)), [], "said once");
        let back = inbound.hear(&advert(&PLAIN), None, Timestamp(17 * 60_000));
        assert!(matches!(&back[..], [Output::Seen(device)] if device.availability == Availability::Online));
    }

    #[test]
    fn an_encrypted_device_asks_for_its_key_and_reads_with_it() {
        let sealed = hex("41a47266c95f730011223378237214");
        let mut inbound = Inbound::new(Settings::default());
        let outputs = inbound.hear(&advert(&sealed), None, Timestamp(0));
        assert!(
            matches!(&outputs[..], [Output::Seen(device), Output::Fault { error: DecodeError::KeyNeeded, .. }] if device.needs_key)
        );
        assert_eq!(
            inbound.hear(&advert(&sealed), None, Timestamp(1)),
            [],
            "the fault is said once"
        );

        let key = Key::parse("231d39c1d7cc1ab1aee224cd096db932").unwrap();
        let keys = [(Address::parse("54:48:E6:8F:80:A5").unwrap(), key)].into();
        let mut inbound = Inbound::new(Settings {
            keys,
            ..Settings::default()
        });
        let outputs = inbound.hear(&advert(&sealed), None, Timestamp(0));
        assert!(matches!(&outputs[..], [Output::Seen(device)] if !device.needs_key && device.entities.len() == 2));
    }

    #[test]
    fn adverts_of_no_known_format_are_nothing_to_us() {
        let mut inbound = Inbound::new(Settings::default());
        let mut phone = advert(&PLAIN);
        phone.service_data = vec![(0x180F, vec![1, 2, 3])];
        assert_eq!(inbound.hear(&phone, None, Timestamp(0)), []);
        assert_eq!(inbound.devices().count(), 0);
    }

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len())
            .step_by(2)
            .map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap())
            .collect()
    }
}
