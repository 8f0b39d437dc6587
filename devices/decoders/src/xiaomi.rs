//! Xiaomi MiBeacon, versions 2 to 5: service data 0xFE95, little-endian (source: Xiaomi's "Mijia
//! BLE MiBeacon protocol" versions 4 and 5 and "Object definition").
//!
//! `[frame control, 2][product, 2][frame counter][address reversed, 6]?[capability]?[objects…]`.
//! Frame control: bit 3 encrypted, 4 address, 5 capability, 6 objects, 7 mesh, 12 to 15 version.
//! An object is `[type, 2][length][value]`.
//!
//! Encrypted by AES-CCM, additional data 0x11:
//! version 4 and 5 `[sealed objects][counter, 3][MIC, 4]`, nonce `address reversed ‖ product ‖
//! frame counter ‖ counter`; version 2 and 3 `[sealed objects][counter, 3][MIC, 1]`, nonce
//! `the first 5 octets ‖ counter ‖ 5 octets of the address reversed`. The frame counter is the
//! lowest octet of the counter, which only goes up.

pub(crate) mod body_scale;
mod button;
mod lock;
mod object;
pub(crate) mod plant;
mod product;
pub(crate) mod scale;

use house::Timestamp;

use crate::octets::Octets;
use crate::{About, Advert, DecodeError, Decoded, Memory, cipher, replay};
use product::Product;

/// Xiaomi's service.
pub(crate) const SERVICE: u16 = 0xFE95;

const ENCRYPTED: u16 = 1 << 3;
const HAS_ADDRESS: u16 = 1 << 4;
const HAS_CAPABILITY: u16 = 1 << 5;
const HAS_OBJECTS: u16 = 1 << 6;
const IS_MESH: u16 = 1 << 7;
/// In the capability: an octet about inputs and outputs follows.
const HAS_IO: u8 = 0x20;
const AAD: &[u8] = &[0x11];

/// What stands in front of the objects.
struct Frame<'a> {
    control: u16,
    product: u16,
    counter: u8,
    address: [u8; 6],
    names_its_address: bool,
    /// The first five octets, as nonces have them.
    head: [u8; 5],
    objects: &'a [u8],
}

/// What stands where plain frames have their objects.
struct Sealed<'a> {
    cipher_text: &'a [u8],
    /// The upper three octets of the counter, the lowest of them first.
    counter: [u8; 3],
    tag: &'a [u8],
}

impl<'a> Frame<'a> {
    fn parse(advert: &Advert, data: &'a [u8]) -> Result<Self, DecodeError> {
        let head: [u8; 5] = Octets(data).array()?;
        let mut octets = Octets(data);
        let (control, product, counter) = (octets.u16_le()?, octets.u16_le()?, octets.u8()?);
        if control & IS_MESH != 0 || control >> 12 < 2 {
            return Err(DecodeError::UnknownVersion);
        }
        let mut address = advert.address.0;
        let names_its_address = control & HAS_ADDRESS != 0;
        if names_its_address {
            address = octets.array()?;
            address.reverse();
            if address != advert.address.0 {
                return Err(DecodeError::Invalid);
            }
        }
        if control & HAS_CAPABILITY != 0 && octets.u8()? & HAS_IO != 0 {
            octets.skip(1)?;
        }
        Ok(Self {
            control,
            product,
            counter,
            address,
            names_its_address,
            head,
            objects: octets.0,
        })
    }

    fn version(&self) -> u16 {
        self.control >> 12
    }

    fn is(&self, bit: u16) -> bool {
        self.control & bit != 0
    }

    /// A product nobody told us of is believed when its frame names its own address.
    fn product(&self) -> Option<Product> {
        product::find(self.product).or_else(|| self.names_its_address.then(|| product::unknown(self.product)))
    }

    /// Takes the sealed objects apart, whose tag has so many octets.
    fn sealed(&self, tag: usize) -> Result<Sealed<'a>, DecodeError> {
        let at = self.objects.len().checked_sub(tag).ok_or(DecodeError::Truncated)?;
        let (rest, tag) = self.objects.split_at(at);
        let (cipher_text, counter) = rest.split_last_chunk::<3>().ok_or(DecodeError::Truncated)?;
        if cipher_text.is_empty() {
            return Err(DecodeError::Truncated);
        }
        Ok(Sealed {
            cipher_text,
            counter: *counter,
            tag,
        })
    }

    fn whole_counter(&self, [second, third, highest]: [u8; 3]) -> u32 {
        u32::from_le_bytes([self.counter, second, third, highest])
    }

    fn reversed_address(&self) -> [u8; 6] {
        let mut reversed = self.address;
        reversed.reverse();
        reversed
    }
}

pub(crate) fn about(advert: &Advert, data: &[u8], _: &Memory) -> Option<About> {
    let frame = Frame::parse(advert, data).ok()?;
    let product = frame.product()?;
    Some(About {
        format: match (frame.version(), frame.is(ENCRYPTED)) {
            (2 | 3, false) => "MiBeacon",
            (2 | 3, true) => "MiBeacon, encrypted (old)",
            (_, false) => "MiBeacon 4/5",
            (_, true) => "MiBeacon 4/5, encrypted",
        },
        maker: Some(product.maker),
        model: Some(product.model),
        kind: product.kind,
    })
}

pub(crate) fn read(advert: &Advert, data: &[u8], memory: &mut Memory, now: Timestamp) -> Result<Decoded, DecodeError> {
    let frame = Frame::parse(advert, data)?;
    let product = frame.product().ok_or(DecodeError::UnknownVersion)?;
    let mut said = Decoded {
        sleepy: product.sleepy,
        ..Decoded::default()
    };
    if !frame.is(HAS_OBJECTS) {
        return Ok(said);
    }
    if !frame.is(ENCRYPTED) {
        if memory.key.is_some() {
            return Err(DecodeError::Downgrade);
        }
        take_all(&mut said, &product, frame.objects)?;
        replay::check_same_packet(memory, frame.counter, now)?;
        return Ok(said);
    }
    said.encrypted = true;
    let key = memory.key.as_ref().ok_or(DecodeError::KeyNeeded)?;
    let counter = if frame.version() <= 3 {
        let Sealed {
            cipher_text,
            counter,
            tag,
        } = frame.sealed(1)?;
        let tag = *tag.first().ok_or(DecodeError::Truncated)?;
        let mut nonce = [0; 13];
        nonce[..5].copy_from_slice(&frame.head);
        nonce[5..8].copy_from_slice(&counter);
        nonce[8..].copy_from_slice(&frame.reversed_address()[..5]);
        let objects = cipher::open_with_short_tag(key, &nonce, cipher_text, tag, AAD)?;
        // One octet of tag lets one wrong key in 256 pass: what it opens must make sense too.
        match take_all(&mut said, &product, &objects) {
            Ok(true) => counter,
            Ok(false) | Err(_) => return Err(DecodeError::WrongKey),
        }
    } else {
        let Sealed {
            cipher_text,
            counter,
            tag,
        } = frame.sealed(4)?;
        let nonce = [&frame.reversed_address(), &frame.head[2..], &counter[..]].concat();
        let objects = cipher::open(key, &nonce, cipher_text, tag, AAD)?;
        take_all(&mut said, &product, &objects)?;
        counter
    };
    // Only what the key has proved may move the counter.
    replay::check_counter(memory, frame.whole_counter(counter), now)?;
    Ok(said)
}

/// Shorter than this is no object: some thermometers send an octet too many.
const LEAST_OBJECT: usize = 3;

/// Reads objects up to the end; true when there was nothing but objects we know.
fn take_all(said: &mut Decoded, product: &Product, objects: &[u8]) -> Result<bool, DecodeError> {
    let mut octets = Octets(objects);
    let mut all_known = !octets.is_empty();
    while octets.0.len() >= LEAST_OBJECT {
        let kind = octets.u16_le()?;
        let length = octets.u8()?;
        let value = octets.take(length.into())?;
        all_known &= object::take(said, product, kind, value)
            || button::take(said, product, kind, value)
            || lock::take(said, product, kind, value);
    }
    Ok(all_known && octets.is_empty())
}
