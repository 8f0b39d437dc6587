//! Noise on the air: octets that nobody sent on purpose.

#![allow(clippy::expect_used, reason = "a test says what it expected")]

use decoders::{Address, Advert, Key, Memory, decode, identify};
use house::Timestamp;
use proptest::prelude::*;

const SERVICES: [u16; 10] = [
    0xFCD2, 0x181C, 0x181E, 0xFE95, 0xFD50, 0x181D, 0x181B, 0x181A, 0xFDCD, 0xFD3D,
];
const COMPANIES: [u16; 4] = [0x0499, 0x0969, 0xEC88, 0x0001];
const NAMES: [&str; 12] = [
    "GVH5075_1",
    "GV5140",
    "GV5121",
    "Govee_H5074_1",
    "B5178",
    "TP357 (1)",
    "TP962R",
    "sps",
    "ITH-21-B",
    "iBBQ",
    "Ink@IAM-T2",
    "SensorPush HT.w 1",
];

fn advert() -> impl Strategy<Value = Advert> {
    let octets = || prop::collection::vec(any::<u8>(), 0..40);
    let service = (prop::sample::select(&SERVICES[..]), octets());
    let company = (
        prop_oneof![prop::sample::select(&COMPANIES[..]), any::<u16>()],
        octets(),
    );
    let name = prop::option::of(prop::sample::select(&NAMES[..]));
    (
        any::<[u8; 6]>(),
        name,
        prop::collection::vec(service, 0..3),
        prop::collection::vec(company, 0..3),
    )
        .prop_map(|(address, name, service_data, manufacturer_data)| Advert {
            address: Address(address),
            local_name: name.map(str::to_owned),
            service_data,
            manufacturer_data,
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn any_octets_are_survived_and_no_reading_is_one_that_cannot_be(advert in advert()) {
        let mut memory = Memory::default();
        for at in 0..2 {
            let _ = identify(&advert, &memory);
            if let Ok(Some(decoded)) = decode(&advert, &mut memory, Timestamp(at)) {
                for (quantity, value) in decoded.readings() {
                    prop_assert!(quantity.accepts(value), "{quantity} {value}");
                }
            }
        }
    }

    #[test]
    fn no_octets_open_with_a_key(octets in prop::collection::vec(any::<u8>(), 0..40), which in 0_usize..5, head: u16) {
        let service = [0xFCD2, 0x181C, 0x181E, 0xFE95, 0x181A][which];
        let mut data = octets;
        if service == 0xFE95 && data.len() > 4 {
            // A thermometer's frame with objects, of version 4 or later and not meshed: noise
            // would hardly ever be one.
            let control = (head & 0x0F09 | 0x5048) & !0x0080;
            data[..2].copy_from_slice(&control.to_le_bytes());
            data[2..4].copy_from_slice(&0x055B_u16.to_le_bytes());
        }
        let advert = Advert {
            address: Address([1, 2, 3, 4, 5, 6]),
            local_name: None,
            service_data: vec![(service, data)],
            manufacturer_data: vec![],
        };
        let mut memory = Memory::with_key(Key::from_octets([7; 16]));
        let decoded = decode(&advert, &mut memory, Timestamp(0));
        let has_reading = matches!(&decoded, Ok(Some(decoded)) if !decoded.measurements.is_empty());
        prop_assert!(!has_reading, "{decoded:?}");
    }
}
