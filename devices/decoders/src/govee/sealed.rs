//! Govee's contact, motion, vibration and pressure sensors and buttons (H5121 to H5130).
//!
//! `[?][?][milliseconds, 4][block, 16][CRC-16 of the block, big-endian]`. The block is AES-128 with
//! the milliseconds and twelve zeros as key, everything back to front: it hides nothing, the
//! checksum keeps noise out. In it `[1][length][product][?][battery][what happened]…`.

use crate::octets::Octets;
use crate::{DecodeError, Decoded, cipher};

pub(super) fn kind(model: &str) -> &'static str {
    match model {
        "5121" => "Motion sensor",
        "5123" => "Door/window sensor",
        "5124" => "Vibration sensor",
        "5130" => "Pressure sensor",
        _ => "Button",
    }
}

pub(super) fn read(said: &mut Decoded, mut octets: Octets<'_>) -> Result<(), DecodeError> {
    octets.skip(2)?;
    let milliseconds: [u8; 4] = octets.array()?;
    let mut block: [u8; 16] = octets.array()?;
    if octets.u16_be()? != checksum(&block) {
        return Err(DecodeError::Invalid);
    }
    let mut key = [0; 16];
    key[..4].copy_from_slice(&milliseconds);
    key.reverse();
    block.reverse();
    let mut opened = cipher::open_block(key, block);
    opened.reverse();
    let [_, _, product, _, battery, what, ..] = opened;
    said.sleepy = true;
    match (product, what) {
        (2, what) => said.truth("window", what == 2),
        (3, 1) => said.event("motion", "motion_detected"),
        (9, 1) => said.event("vibration", "vibration_detected"),
        (13, 16) | (8, _) => said.event("button", "press"),
        (13, what) => said.truth("presence", what == 1),
        (10 | 11, what) => {
            said.event("button", "press");
            if let Some(event) = said.events.last_mut() {
                event.index = what.saturating_add(1);
            }
        }
        (3 | 9, _) => {}
        _ => return Err(DecodeError::UnknownVersion),
    }
    said.number("battery", "%", battery);
    Ok(())
}

/// CRC-16 with polynomial 0x1021 and start 0x1D0F.
fn checksum(octets: &[u8]) -> u16 {
    let mut crc: u16 = 0x1D0F;
    for octet in octets {
        crc ^= u16::from(*octet) << 8;
        for _ in 0..8 {
            let carry = crc & 0x8000 != 0;
            crc <<= 1;
            if carry {
                crc ^= 0x1021;
            }
        }
    }
    crc
}
