//! Listening through BlueZ, and keeping at it: no adapter yet, an adapter pulled out, an adapter
//! that has gone deaf.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use btleplug::api::{Central as _, CentralEvent, Manager as _, Peripheral as _, ScanFilter};
use btleplug::platform::{Adapter, Manager, PeripheralId};
use decoders::{Address, Advert};
use futures_util::StreamExt as _;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::Settings;

/// What the scanner has to say.
#[derive(Debug)]
pub(crate) enum Heard {
    /// An advert, with its signal in dBm.
    Advert(Advert, Option<i16>),
    /// Listening has begun, or stopped for the reason given.
    Status { listening: bool, detail: String },
}

/// Why listening stopped.
#[derive(Debug, thiserror::Error)]
enum ScanError {
    #[error("no Bluetooth adapter")]
    NoAdapter,
    #[error("Bluetooth: {0}")]
    BlueZ(#[from] btleplug::Error),
    #[error("the adapter was silent for {0:?}; starting it anew")]
    Silent(Duration),
    #[error("the adapter is gone")]
    Gone,
}

/// Listens until nobody takes what it hears any more.
pub(crate) async fn run(settings: Settings, out: mpsc::Sender<Heard>) {
    let mut last_fault = String::new();
    loop {
        let Err(fault) = listen(&settings, &out, &mut last_fault).await else {
            return;
        };
        let detail = fault.to_string();
        // The same fault again is no news.
        if detail != last_fault {
            last_fault.clone_from(&detail);
            if out
                .send(Heard::Status {
                    listening: false,
                    detail,
                })
                .await
                .is_err()
            {
                return;
            }
        }
        let pause = if matches!(fault, ScanError::Silent(_)) {
            Duration::from_secs(1)
        } else {
            settings.retry_every
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = out.closed() => return,
        }
    }
}

async fn listen(settings: &Settings, out: &mpsc::Sender<Heard>, last_fault: &mut String) -> Result<(), ScanError> {
    let adapter = find_adapter(settings).await?;
    let mut events = adapter.events().await?;
    adapter.start_scan(ScanFilter::default()).await?;
    last_fault.clear();
    let detail = format!("listening on {}", adapter.adapter_info().await?);
    if out
        .send(Heard::Status {
            listening: true,
            detail,
        })
        .await
        .is_err()
    {
        return Ok(());
    }
    let outcome = follow(&adapter, &mut events, settings, out).await;
    // The adapter may be the very thing that is gone.
    if let Err(error) = adapter.stop_scan().await {
        tracing::debug!(%error, "the scan could not be stopped");
    }
    outcome
}

async fn find_adapter(settings: &Settings) -> Result<Adapter, ScanError> {
    let manager = Manager::new().await?;
    for adapter in manager.adapters().await? {
        let Some(wanted) = &settings.adapter else {
            return Ok(adapter);
        };
        if adapter.adapter_info().await?.contains(wanted.as_str()) {
            return Ok(adapter);
        }
    }
    Err(ScanError::NoAdapter)
}

async fn follow(
    adapter: &Adapter,
    events: &mut (impl futures_util::Stream<Item = CentralEvent> + Unpin),
    settings: &Settings,
    out: &mpsc::Sender<Heard>,
) -> Result<(), ScanError> {
    let mut name_by_id: BTreeMap<String, (Address, Option<String>)> = BTreeMap::new();
    loop {
        let event = tokio::select! {
            event = timeout(settings.restart_after, events.next()) => event,
            () = out.closed() => return Ok(()),
        };
        let event = event
            .map_err(|_| ScanError::Silent(settings.restart_after))?
            .ok_or(ScanError::Gone)?;
        let heard = match event {
            // BlueZ gives a device's first advert only as properties, so they are asked for here;
            // later adverts carry their data in the event itself.
            CentralEvent::DeviceDiscovered(id) => describe(adapter, &id, &mut name_by_id).await,
            CentralEvent::ServiceDataAdvertisement { id, service_data } => {
                let service_data = by_short_uuid(service_data);
                let advert = identify(adapter, &id, &mut name_by_id).await;
                advert.map(|advert| (Advert { service_data, ..advert }, None))
            }
            CentralEvent::ManufacturerDataAdvertisement { id, manufacturer_data } => {
                let manufacturer_data = manufacturer_data.into_iter().collect();
                let advert = identify(adapter, &id, &mut name_by_id).await;
                let with_data = |advert| Advert {
                    manufacturer_data,
                    ..advert
                };
                advert.map(|advert| (with_data(advert), None))
            }
            _ => None,
        };
        if let Some((advert, signal)) = heard
            && out.send(Heard::Advert(advert, signal)).await.is_err()
        {
            return Ok(());
        }
    }
}

/// Everything BlueZ knows of a device.
async fn describe(
    adapter: &Adapter,
    id: &PeripheralId,
    name_by_id: &mut BTreeMap<String, (Address, Option<String>)>,
) -> Option<(Advert, Option<i16>)> {
    // A device that left between the event and the question is none to report.
    let properties = adapter.peripheral(id).await.ok()?.properties().await.ok()??;
    let address = Address(properties.address.into_inner());
    name_by_id.insert(id.to_string(), (address, properties.local_name.clone()));
    let advert = Advert {
        address,
        local_name: properties.local_name,
        service_data: by_short_uuid(properties.service_data),
        manufacturer_data: properties.manufacturer_data.into_iter().collect(),
    };
    Some((advert, properties.rssi))
}

/// An advert of this device, without its data.
async fn identify(
    adapter: &Adapter,
    id: &PeripheralId,
    name_by_id: &mut BTreeMap<String, (Address, Option<String>)>,
) -> Option<Advert> {
    let key = id.to_string();
    if !name_by_id.contains_key(&key) {
        describe(adapter, id, name_by_id).await?;
    }
    let (address, local_name) = name_by_id.get(&key).cloned()?;
    Some(Advert {
        address,
        local_name,
        service_data: Vec::new(),
        manufacturer_data: Vec::new(),
    })
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
