//! From adverts to devices and readings: what is known of each sender, and what is worth saying.

use std::collections::BTreeMap;
use std::time::Duration;

use decoders::{Address, Advert, DecodeError, Key, Memory, decode, identify};
use house::{Bridge, Device, Registry, SensorEvent, Timestamp};

use crate::Settings;
use crate::sender::{Sender, is_adopted};

/// More senders than this are not kept: somebody makes them up.
const MOST_SENDERS: usize = 2_000;
/// A sender that is no device of the house is forgotten after so long.
const FORGET_AFTER: Duration = Duration::from_secs(26 * 3600);

/// What the bridge tells the house.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Output {
    /// A device is there, or is now something else.
    Seen(Box<Device>),
    /// An adopted device measured.
    Reading(SensorEvent),
    /// An advert could not be believed; said once until the device is understood again.
    Fault { device: String, error: DecodeError },
}

/// Why a key is not taken. Its `Display` is a sentence for the person who entered it.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum KeyFault {
    #[error("there is no Bluetooth device {id:?}")]
    NoSuchDevice { id: String },
    #[error("key: it does not open what {name} sends; check it digit by digit")]
    DoesNotFit { name: String },
    #[error("key: {name} sends openly and needs none")]
    NotNeeded { name: String },
}

/// Everything heard so far.
pub(crate) struct Inbound {
    settings: Settings,
    registry: Registry,
    sender_by_address: BTreeMap<Address, Sender>,
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
        let is_known = self.registry.device(&device.id).is_some();
        if is_known || device.sources().any(|(bridge, _)| bridge == Bridge::Ble) {
            self.registry.apply(device);
        }
    }

    /// Every device heard, for a discovery that starts anew.
    pub(crate) fn devices(&self) -> impl Iterator<Item = &Device> {
        self.sender_by_address.values().map(|sender| &sender.device)
    }

    /// Takes an advert that was heard with `signal` dBm.
    pub(crate) fn hear(&mut self, advert: &Advert, signal: Option<i16>, now: Timestamp) -> Vec<Output> {
        let mut memory = match self.sender_by_address.get_mut(&advert.address) {
            Some(sender) => std::mem::take(&mut sender.memory),
            None => self.memory_of(advert.address),
        };
        let about = identify(advert, &memory);
        let decoded = decode(advert, &mut memory, now);
        let is_new = !self.sender_by_address.contains_key(&advert.address);
        // Whoever only says that it is there may be anything its maker sells.
        let is_somebody = match &decoded {
            Ok(Some(decoded)) => !decoded.measurements.is_empty() || !decoded.events.is_empty(),
            Ok(None) => false,
            Err(error) => matches!(error, DecodeError::KeyNeeded | DecodeError::WrongKey),
        };
        let Some(about) = about.filter(|_| is_somebody || !is_new) else {
            if let Some(sender) = self.sender_by_address.get_mut(&advert.address) {
                sender.memory = memory;
            }
            return Vec::new();
        };
        if is_new && self.sender_by_address.len() >= MOST_SENDERS {
            return Vec::new();
        }
        let sender = self
            .sender_by_address
            .entry(advert.address)
            .or_insert_with(|| Sender::new(advert, &about, now));
        sender.memory = memory;
        let mut changed = is_new | sender.refresh(advert, about, signal, now);

        let mut outputs = Vec::new();
        let mut fault = None;
        match decoded {
            Ok(Some(decoded)) => {
                if decoded.encrypted {
                    sender.sealed = Some(advert.clone());
                }
                changed |= sender.describe(&decoded);
                match self.registry.spoken_for_by(&sender.device.id).filter(|d| is_adopted(d)) {
                    Some(adopted) => {
                        let event = sender.report(&decoded, adopted, now, &self.settings);
                        outputs.extend(event.map(Output::Reading));
                    }
                    None => sender.show(&decoded),
                }
            }
            Ok(None) | Err(DecodeError::Repeated | DecodeError::Ambiguous) => {}
            Err(error) => {
                if matches!(error, DecodeError::KeyNeeded | DecodeError::WrongKey) {
                    sender.sealed = Some(advert.clone());
                }
                let (is_shown, is_news) = sender.take_fault(error);
                changed |= is_shown;
                fault = is_news.then(|| Output::Fault {
                    device: sender.device.id.clone(),
                    error,
                });
            }
        }
        if let Some(device) = sender.tell(changed, now, &self.settings) {
            outputs.insert(0, Output::Seen(Box::new(device)));
        }
        outputs.extend(fault);
        outputs
    }

    /// Whether a device would take this key; no key always.
    ///
    /// # Errors
    /// [`KeyFault`]: the device is not known, what it last sent does not open, or it sends openly.
    pub(crate) fn try_key(&self, id: &str, key: Option<&Key>, now: Timestamp) -> Result<(), KeyFault> {
        let no_such_device = || KeyFault::NoSuchDevice { id: id.to_owned() };
        let address = address_of(id).ok_or_else(no_such_device)?;
        let known = self.registry.device(id);
        let Some(sender) = self.sender_by_address.get(&address) else {
            // Not heard since the start: the next advert will tell.
            return known.map(|_| ()).ok_or_else(no_such_device);
        };
        let Some(key) = key else { return Ok(()) };
        let name = known.map_or(&sender.device.name, |device| &device.name).clone();
        match &sender.sealed {
            Some(sealed) => match decode(sealed, &mut Memory::with_key(key.clone()), now) {
                Err(DecodeError::WrongKey) => Err(KeyFault::DoesNotFit { name }),
                _ => Ok(()),
            },
            None if sender.memory.key.is_none() && !sender.device.needs_key => Err(KeyFault::NotNeeded { name }),
            None => Ok(()),
        }
    }

    /// Takes a key, or forgets it, and reads with it what was last heard.
    pub(crate) fn take_key(&mut self, id: &str, key: Option<&Key>, now: Timestamp) -> Vec<Output> {
        let Some(address) = address_of(id) else {
            return Vec::new();
        };
        match key {
            Some(key) => self.settings.keys.insert(address, key.clone()),
            None => self.settings.keys.remove(&address),
        };
        let memory = self.memory_of(address);
        let Some(sender) = self.sender_by_address.get_mut(&address) else {
            return Vec::new();
        };
        sender.begin_with(memory);
        match sender.sealed.take() {
            Some(sealed) => self.hear(&sealed, None, now),
            None => Vec::new(),
        }
    }

    /// Says which devices have gone quiet; call it now and then.
    pub(crate) fn check(&mut self, now: Timestamp) -> Vec<Output> {
        let mut outputs = Vec::new();
        for sender in self.sender_by_address.values_mut() {
            if sender.went_quiet(now, &self.settings) {
                outputs.push(Output::Seen(Box::new(sender.device.clone())));
            }
        }
        let registry = &self.registry;
        self.sender_by_address.retain(|_, sender| {
            let is_ours = registry.spoken_for_by(&sender.device.id).is_some_and(is_adopted);
            is_ours || now.since(sender.last_heard) < FORGET_AFTER
        });
        outputs
    }

    fn memory_of(&self, address: Address) -> Memory {
        let key = self.settings.keys.get(&address);
        key.cloned().map_or_else(Memory::default, Memory::with_key)
    }
}

/// The address in a device's id.
pub(crate) fn address_of(id: &str) -> Option<Address> {
    let hex = id.strip_prefix(Bridge::Ble.name())?.strip_prefix('-')?;
    let is_hex = hex.len() == 12 && hex.bytes().all(|octet| octet.is_ascii_hexdigit());
    let pairs: Vec<&str> = (0..6).filter_map(|i| hex.get(2 * i..2 * i + 2)).collect();
    Address::parse(&pairs.join(":")).filter(|_| is_hex)
}

#[cfg(test)]
mod tests {
    use house::{AreaId, Availability, EntityKind, Lifecycle, Quantity};

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
        assert_eq!(device.last_values[&Quantity::Temperature], 25.06);
        assert_eq!(
            inbound.hear(&advert(&PLAIN), Some(-60), Timestamp(1)),
            [],
            "nothing new to say"
        );
        let later = inbound.hear(&advert(&WARMER), None, Timestamp(60_000));
        assert!(
            matches!(&later[..], [Output::Seen(device)] if device.signal == Some(-60.0)
                && device.last_values[&Quantity::Temperature] == 25.07),
            "its last value and signal are told now and then: {later:?}"
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

    const SEALED: &str = "41a47266c95f730011223378237214";
    const KEY: &str = "231d39c1d7cc1ab1aee224cd096db932";
    const ID: &str = "ble-5448e68f80a5";

    fn key(text: &str) -> Key {
        Key::parse(text).unwrap()
    }

    #[test]
    fn an_encrypted_device_asks_for_its_key_and_reads_with_it() {
        let mut inbound = Inbound::new(Settings::default());
        let outputs = inbound.hear(&advert(&hex(SEALED)), None, Timestamp(0));
        let [
            Output::Seen(device),
            Output::Fault {
                error: DecodeError::KeyNeeded,
                ..
            },
        ] = &outputs[..]
        else {
            panic!("{outputs:?}")
        };
        assert!(device.needs_key && device.entities.is_empty());
        assert_eq!(
            inbound.hear(&advert(&hex(SEALED)), None, Timestamp(1)),
            [],
            "the fault is said once"
        );

        assert_eq!(inbound.try_key(ID, Some(&key(KEY)), Timestamp(2)), Ok(()));
        let outputs = inbound.take_key(ID, Some(&key(KEY)), Timestamp(2));
        let [Output::Seen(device)] = &outputs[..] else {
            panic!("{outputs:?}")
        };
        assert!(!device.needs_key && device.fault.is_none() && device.entities.len() == 2);
        let replayed = inbound.hear(&advert(&hex(SEALED)), None, Timestamp(3));
        assert_eq!(replayed, [], "what the key was tried on is not taken a second time");
    }

    #[test]
    fn a_key_that_does_not_fit_is_refused_while_an_advert_shows_it() {
        let mut inbound = Inbound::new(Settings::default());
        inbound.hear(&advert(&hex(SEALED)), None, Timestamp(0));
        let wrong = key("814aac74c4f17b6c1581e1ab87816b99");
        let refused = inbound.try_key(ID, Some(&wrong), Timestamp(1)).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "key: it does not open what Balcony sends; check it digit by digit"
        );
        let stranger = inbound.try_key("ble-000000000000", Some(&wrong), Timestamp(1));
        assert!(matches!(stranger, Err(KeyFault::NoSuchDevice { .. })));
    }

    #[test]
    fn a_wrong_key_is_told_with_the_next_advert() {
        let keys = [(
            Address::parse("54:48:E6:8F:80:A5").unwrap(),
            key("814aac74c4f17b6c1581e1ab87816b99"),
        )]
        .into();
        let mut inbound = Inbound::new(Settings {
            keys,
            ..Settings::default()
        });
        let outputs = inbound.hear(&advert(&hex(SEALED)), None, Timestamp(0));
        let [
            Output::Seen(device),
            Output::Fault {
                error: DecodeError::WrongKey,
                ..
            },
        ] = &outputs[..]
        else {
            panic!("{outputs:?}")
        };
        assert!(device.needs_key);
        assert_eq!(
            device.fault.as_deref(),
            Some("its messages do not open with the key that was entered: check the key")
        );
    }

    #[test]
    fn a_device_that_speaks_openly_takes_no_key() {
        let mut inbound = Inbound::new(Settings::default());
        inbound.hear(&advert(&PLAIN), None, Timestamp(0));
        let refused = inbound.try_key(ID, Some(&key(KEY)), Timestamp(1)).unwrap_err();
        assert_eq!(refused.to_string(), "key: Balcony sends openly and needs none");
        assert_eq!(inbound.try_key(ID, None, Timestamp(1)), Ok(()), "none is none");
    }

    #[test]
    fn maker_and_model_are_shown_before_there_is_a_key() {
        let mut inbound = Inbound::new(Settings::default());
        let thermometer = Advert {
            address: Address::parse("A4:C1:38:02:83:F4").unwrap(),
            local_name: None,
            service_data: vec![(0xFE95, hex("58585b0550f4830238c1a495ef58763c26000097e2abb5"))],
            manufacturer_data: vec![],
        };
        let outputs = inbound.hear(&thermometer, Some(-70), Timestamp(0));
        let [Output::Seen(device), ..] = &outputs[..] else {
            panic!("{outputs:?}")
        };
        assert_eq!(device.name, "Temperature/humidity sensor 83F4");
        assert_eq!(
            (device.manufacturer.as_deref(), device.model.as_deref()),
            (Some("Xiaomi"), Some("LYWSD03MMC"))
        );
        assert!(device.needs_key);
    }

    #[test]
    fn a_second_thermometer_in_one_device_is_shown_and_not_mixed_with_the_first() {
        let mut inbound = Inbound::new(Settings::default());
        inbound.hear(&advert(&hex("4002ca0902cf09")), None, Timestamp(0));
        adopt(&mut inbound);
        let device = inbound.devices().next().unwrap();
        assert!(matches!(
            device.entities.iter().map(|entity| &entity.kind).collect::<Vec<_>>()[..],
            [EntityKind::Sensor { .. }, EntityKind::Unsupported { .. }]
        ));
        let outputs = inbound.hear(&advert(&hex("4002ca0902cf09")), None, Timestamp(1));
        let values: Vec<_> = outputs
            .iter()
            .filter_map(|output| match output {
                Output::Reading(event) => Some(event.values.clone()),
                _ => None,
            })
            .collect();
        assert_eq!(values, [vec![(Quantity::Temperature, 25.06)]]);
    }

    #[test]
    fn octets_that_only_look_like_a_format_make_no_device() {
        let mut inbound = Inbound::new(Settings::default());
        assert_eq!(inbound.hear(&advert(&[0x20, 0x02, 0xca]), None, Timestamp(0)), []);
        assert_eq!(inbound.devices().count(), 0);
    }

    #[test]
    fn who_only_says_that_it_is_there_makes_no_device() {
        let mut inbound = Inbound::new(Settings::default());
        let mut gadget = advert(&[]);
        gadget.address = Address::parse("A4:C1:38:02:F8:F4").unwrap();
        gadget.service_data = vec![(0xFE95, hex("1059db780df4f80238c1a4"))];
        assert_eq!(inbound.hear(&gadget, None, Timestamp(0)), []);
        gadget.service_data = vec![(0xFE95, hex("5059db780ef4f80238c1a40d1004eb00e701"))];
        let outputs = inbound.hear(&gadget, None, Timestamp(1));
        assert!(matches!(&outputs[..], [Output::Seen(device)] if device.model.as_deref() == Some("ESM787")));
    }

    #[test]
    fn strangers_who_went_by_are_forgotten() {
        let mut inbound = Inbound::new(Settings::default());
        inbound.hear(&advert(&PLAIN), None, Timestamp(0));
        inbound.check(Timestamp(15 * 60_000));
        assert_eq!(inbound.devices().count(), 1);
        inbound.check(Timestamp(26 * 3_600_000));
        assert_eq!(inbound.devices().count(), 0);
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
