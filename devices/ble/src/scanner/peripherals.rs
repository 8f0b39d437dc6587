//! What BlueZ tells piece by piece, put together into adverts.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use btleplug::api::{Central as _, CentralEvent, Peripheral as _};
use btleplug::platform::{Adapter, PeripheralId};
use decoders::{Address, Advert};

/// Phones change their address all the time: more devices than this are forgotten, and asked for
/// again when they are heard.
const MOST: usize = 4096;

/// A name comes in an advert of its own, often after the first: it is asked for so often until
/// there is one.
const ASK_FOR_NAME_EVERY: Duration = Duration::from_secs(10);

/// An advert, and how strong it was, in dBm.
pub(super) type HeardAdvert = (Advert, Option<i16>);

/// Every device that was heard.
#[derive(Default)]
pub(super) struct Peripherals {
    by_id: BTreeMap<String, Known>,
}

struct Known {
    address: Address,
    name: Option<String>,
    signal: Option<i16>,
    asked_at: Instant,
}

impl Peripherals {
    /// The advert that an event brings.
    pub(super) async fn hear(&mut self, adapter: &Adapter, event: CentralEvent) -> Option<HeardAdvert> {
        match event {
            // BlueZ gives a device's first advert only as properties, so they are asked for here;
            // later adverts carry their data in the event itself.
            CentralEvent::DeviceDiscovered(id) => self.ask(adapter, &id).await,
            CentralEvent::RssiUpdate { id, rssi } => {
                if let Some(known) = self.by_id.get_mut(&id.to_string()) {
                    known.signal = Some(rssi);
                }
                None
            }
            CentralEvent::ServiceDataAdvertisement { id, service_data } => {
                let (advert, signal) = self.identify(adapter, &id).await?;
                let service_data = by_short_uuid(service_data);
                Some((Advert { service_data, ..advert }, signal))
            }
            CentralEvent::ManufacturerDataAdvertisement { id, manufacturer_data } => {
                let (advert, signal) = self.identify(adapter, &id).await?;
                let manufacturer_data = manufacturer_data.into_iter().collect();
                let with_data = Advert {
                    manufacturer_data,
                    ..advert
                };
                Some((with_data, signal))
            }
            _ => None,
        }
    }

    /// Everything BlueZ knows of a device.
    async fn ask(&mut self, adapter: &Adapter, id: &PeripheralId) -> Option<HeardAdvert> {
        // A device that left between the event and the question is none to report.
        let properties = adapter.peripheral(id).await.ok()?.properties().await.ok()??;
        let address = Address(properties.address.into_inner());
        if self.by_id.len() >= MOST {
            self.by_id.clear();
        }
        let known = Known {
            address,
            name: properties.local_name.clone(),
            signal: properties.rssi,
            asked_at: Instant::now(),
        };
        self.by_id.insert(id.to_string(), known);
        let advert = Advert {
            address,
            local_name: properties.local_name,
            service_data: by_short_uuid(properties.service_data),
            manufacturer_data: properties.manufacturer_data.into_iter().collect(),
        };
        Some((advert, properties.rssi))
    }

    /// An advert of this device, without its data.
    async fn identify(&mut self, adapter: &Adapter, id: &PeripheralId) -> Option<HeardAdvert> {
        let key = id.to_string();
        let is_complete = |known: &Known| known.name.is_some() || known.asked_at.elapsed() < ASK_FOR_NAME_EVERY;
        if !self.by_id.get(&key).is_some_and(is_complete) {
            self.ask(adapter, id).await?;
        }
        let known = self.by_id.get(&key)?;
        let advert = Advert {
            address: known.address,
            local_name: known.name.clone(),
            service_data: Vec::new(),
            manufacturer_data: Vec::new(),
        };
        Some((advert, known.signal))
    }
}

fn by_short_uuid(service_data: HashMap<uuid::Uuid, Vec<u8>>) -> Vec<(u16, Vec<u8>)> {
    let short = service_data
        .into_iter()
        .filter_map(|(uuid, data)| Some((short_uuid(uuid)?, data)));
    short.collect()
}

/// The 16-bit form of a UUID on the Bluetooth base, which is where adverts of sensors live.
fn short_uuid(uuid: uuid::Uuid) -> Option<u16> {
    const BASE: u128 = 0x0000_0000_0000_1000_8000_0080_5F9B_34FB;
    let above_base = uuid.as_u128().checked_sub(BASE)?;
    (above_base & ((1 << 96) - 1) == 0).then(|| u16::try_from(above_base >> 96).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_on_the_bluetooth_base_have_a_short_form() {
        let short = |text: &str| short_uuid(uuid::Uuid::parse_str(text).unwrap());
        assert_eq!(short("0000fcd2-0000-1000-8000-00805f9b34fb"), Some(0xFCD2));
        assert_eq!(short("0001fcd2-0000-1000-8000-00805f9b34fb"), None);
        assert_eq!(short("ebe0ccb0-7a0a-4b0c-8a1a-6ff2997da3a6"), None);
        assert_eq!(short("00000000-0000-0000-0000-000000000000"), None);
    }
}
