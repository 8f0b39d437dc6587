//! BTHome version 2: service data 0xFCD2 (source: bthome.io, "BTHome v2 format").
//!
//! `[device information][objects…]`, or encrypted `[device information][cipher text][counter, 4
//! octets little-endian][MIC, 4 octets]`. Device information: bit 0 encrypted, bit 1 the address
//! follows (reversed), bit 2 sends on events only, bits 5 to 7 the version. Units are the
//! format's own and stand beside each value.

mod object;
mod product;
pub(crate) mod v1;

use house::Timestamp;

use crate::octets::Octets;
use crate::{About, Advert, DecodeError, Decoded, Memory, cipher, replay};

/// The 16-bit UUID of BTHome's service data.
pub(crate) const SERVICE: u16 = 0xFCD2;

const ENCRYPTED: u8 = 0b001;
const HAS_ADDRESS: u8 = 0b010;
const ON_EVENTS: u8 = 0b100;

pub(crate) fn about(advert: &Advert, _: &[u8], _: &Memory) -> Option<About> {
    Some(product::about("BTHome v2", advert.local_name.as_deref()))
}

pub(crate) fn read(advert: &Advert, data: &[u8], memory: &mut Memory, now: Timestamp) -> Result<Decoded, DecodeError> {
    let mut octets = Octets(data);
    let information = octets.u8()?;
    if information >> 5 != 2 {
        return Err(DecodeError::UnknownVersion);
    }
    let mut address = advert.address.0;
    if information & HAS_ADDRESS != 0 {
        address = octets.array()?;
        address.reverse();
    }
    let encrypted = information & ENCRYPTED != 0;
    if !encrypted && memory.key.is_some() {
        return Err(DecodeError::Downgrade);
    }
    let opened;
    let objects = if encrypted {
        let [low, high] = SERVICE.to_le_bytes();
        opened = open(&address, &[low, high, information], octets.0, memory, &[], now)?;
        &opened[..]
    } else {
        octets.0
    };
    let objects = object::parse(objects)?;
    if let Some(id) = objects.packet_id {
        replay::check_packet_id(memory, id, now)?;
    }
    Ok(Decoded {
        encrypted,
        sleepy: information & ON_EVENTS != 0,
        ..objects.said
    })
}

/// Decrypts `[cipher text][counter][MIC]` with the nonce `address ‖ kind ‖ counter`.
fn open(
    address: &[u8; 6],
    kind: &[u8],
    sealed: &[u8],
    memory: &mut Memory,
    aad: &[u8],
    now: Timestamp,
) -> Result<Vec<u8>, DecodeError> {
    let (rest, tag) = sealed.split_last_chunk::<4>().ok_or(DecodeError::Truncated)?;
    let (cipher_text, counter) = rest.split_last_chunk::<4>().ok_or(DecodeError::Truncated)?;
    let key = memory.key.as_ref().ok_or(DecodeError::KeyNeeded)?;
    let nonce = [address, kind, counter].concat();
    let opened = cipher::open(key, &nonce, cipher_text, tag, aad)?;
    // Only what the key has proved may move the counter.
    replay::check_counter(memory, u32::from_le_bytes(*counter), now)?;
    Ok(opened)
}

#[cfg(test)]
mod tests {
    use house::Quantity;

    use super::*;
    use crate::{Address, Event, Key};

    const ADDRESS: &str = "54:48:E6:8F:80:A5";
    const KEY: &str = "231d39c1d7cc1ab1aee224cd096db932";

    fn hear(hex: &str, memory: &mut Memory, at: i64) -> Result<Decoded, DecodeError> {
        let advert = Advert {
            address: Address::parse(ADDRESS).unwrap(),
            local_name: None,
            service_data: vec![(SERVICE, hex::decode(hex).unwrap())],
            manufacturer_data: vec![],
        };
        crate::decode(&advert, memory, Timestamp(at)).map(|decoded| decoded.expect("it is BTHome"))
    }

    fn plain(hex: &str) -> Result<Decoded, DecodeError> {
        hear(hex, &mut Memory::default(), 0)
    }

    fn keyed() -> Memory {
        Memory::with_key(Key::parse(KEY).unwrap())
    }

    #[test]
    fn temperature_and_humidity_are_read() {
        let readings = plain("4002ca0903bf13").unwrap().readings();
        assert_eq!(readings, [(Quantity::Temperature, 25.06), (Quantity::Humidity, 50.55)]);
    }

    #[test]
    fn encrypted_adverts_open_with_the_key_and_with_no_other() {
        for hex in [
            "41a47266c95f730011223378237214",
            "43a5808fe64854f196c06ffb4900112233f08ecbde",
        ] {
            let decoded = hear(hex, &mut keyed(), 0).unwrap();
            assert_eq!(
                decoded.readings(),
                [(Quantity::Temperature, 25.06), (Quantity::Humidity, 50.55)]
            );
            assert!(decoded.encrypted);
            let mut wrong = Memory::with_key(Key::parse("814aac74c4f17b6c1581e1ab87816b99").unwrap());
            assert_eq!(hear(hex, &mut wrong, 0), Err(DecodeError::WrongKey));
            assert_eq!(plain(hex), Err(DecodeError::KeyNeeded));
        }
    }

    #[test]
    fn a_tampered_advert_is_refused() {
        let sound = hex::decode("41a47266c95f730011223378237214").unwrap();
        for bit in 8..sound.len() * 8 {
            let mut tampered = sound.clone();
            tampered[bit / 8] ^= 1 << (bit % 8);
            assert!(hear(&hex::encode(tampered), &mut keyed(), 0).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn a_key_forbids_plain_adverts() {
        assert_eq!(hear("4002ca0903bf13", &mut keyed(), 0), Err(DecodeError::Downgrade));
    }

    #[test]
    fn a_replayed_advert_is_refused() {
        let mut memory = keyed();
        let hex = "41a47266c95f730011223378237214";
        assert!(hear(hex, &mut memory, 0).is_ok());
        assert_eq!(hear(hex, &mut memory, 1_000), Err(DecodeError::Repeated));
        assert_eq!(hear(hex, &mut memory, 3_600_000), Err(DecodeError::Repeated));
    }

    #[test]
    fn a_packet_id_heard_just_now_is_not_counted_again() {
        let mut memory = Memory::default();
        assert!(hear("40002e3a01", &mut memory, 0).is_ok());
        assert_eq!(hear("40002e3a01", &mut memory, 1_000), Err(DecodeError::Repeated));
        assert!(hear("40002f3a01", &mut memory, 2_000).is_ok());
        assert!(
            hear("40002f3a01", &mut memory, 60_000).is_ok(),
            "the counter has come round"
        );
    }

    #[test]
    fn several_sensors_of_a_kind_are_numbered() {
        let decoded = plain("4002ca0902cf0902cf08").unwrap();
        let indexes: Vec<_> = decoded.measurements.iter().map(|m| (m.property, m.index)).collect();
        assert_eq!(indexes, [("temperature", 1), ("temperature", 2), ("temperature", 3)]);
    }

    #[test]
    fn buttons_tell_which_and_how() {
        let events = |hex| -> Vec<(&'static str, u8, &'static str, Option<u8>)> {
            let events = plain(hex).unwrap().events;
            events
                .into_iter()
                .map(
                    |Event {
                         source,
                         index,
                         kind,
                         amount,
                     }| (source, index, kind, amount),
                )
                .collect()
        };
        assert_eq!(
            events("403a003a013a03"),
            [("button", 2, "press", None), ("button", 3, "triple_press", None)]
        );
        assert_eq!(events("403c0103"), [("dimmer", 0, "rotate_left", Some(3))]);
        assert_eq!(events("443a80"), [("button", 1, "hold_press", None)]);
        assert!(plain("443a80").unwrap().sleepy);
    }

    #[test]
    fn an_advert_cut_anywhere_gives_an_error_or_fewer_whole_values() {
        let whole = hex::decode("4002ca0903bf13").unwrap();
        let all = plain("4002ca0903bf13").unwrap().measurements;
        for length in 0..whole.len() {
            if let Ok(decoded) = plain(&hex::encode(&whole[..length])) {
                assert!(all.starts_with(&decoded.measurements), "length {length}");
            }
        }
        let sealed = hex::decode("41a47266c95f730011223378237214").unwrap();
        for length in 0..sealed.len() {
            assert!(
                hear(&hex::encode(&sealed[..length]), &mut keyed(), 0).is_err(),
                "length {length}"
            );
        }
    }

    #[test]
    fn other_versions_are_refused() {
        assert_eq!(plain("2002ca09"), Err(DecodeError::UnknownVersion));
        assert_eq!(plain(""), Err(DecodeError::Truncated));
    }

    proptest::proptest! {
        #[test]
        fn any_octets_are_survived(data: Vec<u8>) {
            let hex = hex::encode(&data);
            let _ = plain(&hex);
            let opened = hear(&hex, &mut keyed(), 0);
            proptest::prop_assert!(opened.is_err(), "random octets opened with a key");
        }
    }
}
