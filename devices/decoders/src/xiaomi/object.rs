//! MiBeacon objects that measure (source: Xiaomi's "Object definition", and miot-spec.org for the
//! types from 0x4800 on, which belong to single products).

use super::Product;
use crate::Decoded;
use crate::octets::{Octets, unsigned};

/// Shorter than this since somebody moved is "moving", as Xiaomi's own app has it, in seconds.
const STILL_MOVING: u64 = 30;

/// Adds what an object says; false when it is none of these.
pub(super) fn take(said: &mut Decoded, product: &Product, kind: u16, value: &[u8]) -> bool {
    general(said, product, kind, value) || special(said, product, kind, value)
}

/// Types that every product may send.
fn general(said: &mut Decoded, product: &Product, kind: u16, value: &[u8]) -> bool {
    let model = &*product.model;
    match (kind, value) {
        (0x0003, [_, ..]) => said.event("motion", "motion_detected"),
        (0x000A, &[low, high]) => temperature(said, [low, high], 100.0),
        (0x000F, &[a, b, c]) => {
            let light = u32::from_le_bytes([a, b, c, 0]);
            said.truth("motion", true);
            match model {
                // 1 or 0 for dark, 100 or 256 for light.
                "MJYD02YL" | "RTCGQ02LM" => said.truth("light", light >= 100),
                "CGPR1" => said.number("illuminance", "lx", light),
                _ => {}
            }
        }
        (0x0010, &[state, ref rest @ ..]) => {
            let is_on = state == 0;
            said.truth("toothbrush", is_on);
            if let [number, ..] = rest {
                said.number(if is_on { "counter" } else { "score" }, "", *number);
            }
        }
        (0x1004, &[low, high]) => temperature(said, [low, high], 10.0),
        (0x1005, &[power, degrees]) => {
            said.truth("power_on", power != 0);
            said.number("temperature", "°C", degrees);
        }
        (0x1006, &[low, high]) => {
            let tenths = u16::from_le_bytes([low, high]);
            // These two repeat the tenths of the temperature: only the whole percents are measured.
            let is_coarse = matches!(model, "LYWSD03MMC" | "MHO-C401");
            said.number(
                "humidity",
                "%",
                if is_coarse {
                    f64::from(tenths / 10)
                } else {
                    f64::from(tenths) / 10.0
                },
            );
        }
        (0x1007, &[a, b, c]) => {
            let light = u32::from_le_bytes([a, b, c, 0]);
            match model {
                "MJYD02YL" | "MCCGQ02HL" => said.truth("light", light == 100),
                _ => said.number("illuminance", "lx", light),
            }
        }
        (0x1008, &[moisture]) => said.number("moisture", "%", moisture),
        (0x1009, &[low, high]) => said.number("conductivity", "µS/cm", u16::from_le_bytes([low, high])),
        (0x100A, &[battery]) => {
            said.number("battery", "%", battery);
            // The makers' app takes the charge for a straight line of the cell's voltage.
            let (empty, full) = if matches!(model, "LYWSDCGQ" | "CGDK3") {
                (0.8, 1.6)
            } else {
                (2.2, 3.1)
            };
            said.number("voltage", "V", empty + (full - empty) * f64::from(battery) / 100.0);
        }
        (0x100D, &[a, b, c, d]) => {
            temperature(said, [a, b], 10.0);
            said.number("humidity", "%", f64::from(u16::from_le_bytes([c, d])) / 10.0);
        }
        (0x1010, &[low, high]) => {
            let hundredths = u16::from_le_bytes([low, high]);
            said.number("formaldehyde", "mg/m³", f64::from(hundredths) / 100.0);
        }
        (0x1012, &[power]) => said.truth("power_on", power != 0),
        (0x1013, &[share]) => said.number("consumable", "%", share),
        (0x1014, &[wet]) => said.truth("moisture_detected", wet != 0),
        (0x1015, &[smoke]) => said.truth("smoke", smoke != 0),
        (0x1017, [_, _, _, _]) => said.truth("motion", unsigned(value) <= STILL_MOVING),
        (0x1018, &[light]) => said.truth("light", light != 0),
        // 0 open, 1 closed, 2 left open.
        (0x1019, &[state @ 0..=2]) => door(said, state != 1, (state != 0).then_some(state == 2)),
        (0x101B, _) => said.truth("motion", false),
        (0x2000, &[a, b, c, d, battery]) => {
            let (skin, room) = (i16::from_le_bytes([a, b]), i16::from_le_bytes([c, d]));
            said.number("temperature", "°C", body_temperature(skin, room));
            said.number("battery", "%", battery);
        }
        (0x3003, &[state @ 0..=1, _, _, _, _, ref rest @ ..]) => {
            said.truth("toothbrush", state == 0);
            if let [score] = rest {
                said.number("score", "", *score);
            }
        }
        _ => return false,
    }
    true
}

/// Types of single products.
fn special(said: &mut Decoded, product: &Product, kind: u16, value: &[u8]) -> bool {
    let model = &*product.model;
    match (kind, value) {
        (0x4801, [_, _, _, _]) => return float(said, "temperature", "°C", value, 10.0),
        (0x4C01, [_, _, _, _]) => return float(said, "temperature", "°C", value, 100.0),
        (0x4808 | 0x4C08, [_, _, _, _]) => return float(said, "humidity", "%", value, 10.0),
        (0x4805, [_, _, _, _]) => return float(said, "illuminance", "lx", value, 100.0),
        (0x4A08, [_, _, _, _]) => {
            said.truth("motion", true);
            return float(said, "illuminance", "lx", value, 100.0);
        }
        (0x4802 | 0x4C02, &[humidity]) => said.number("humidity", "%", humidity),
        (0x4803 | 0x4C03 | 0x5003, &[battery]) => said.number("battery", "%", battery),
        (0x4A01 | 0x4E01, &[low]) => said.truth("battery_low", low != 0),
        (0x4804 | 0x4A12, &[state @ 1..=2]) => {
            let is_closed = state == 2;
            door(said, !is_closed, is_closed.then_some(false));
            if is_closed {
                said.truth("device_forcibly_removed", false);
            }
        }
        (0x4A0F, [1]) => {
            said.truth("opening", true);
            said.truth("device_forcibly_removed", true);
        }
        (0x4A1A, [1]) => door(said, true, Some(true)),
        (0x480C, &[state @ 0..=1]) => said.truth("opening", state == 0),
        (0x4806, &[wet]) if model == "SJWS02LM" => said.truth("bottom_submersion", wet != 0),
        (0x4806, &[wet]) => said.truth("moisture_detected", wet != 0),
        (0x487B, &[wet]) => said.truth("top_splash", wet != 0),
        // 0 and 2 wet, 1 and 3 dry again.
        (0x4A68, &[what @ 0..=1]) => said.truth("bottom_submersion", what == 0),
        (0x4A68, &[what @ 2..=3]) => said.truth("top_splash", what == 2),
        (0x4818, [_, _]) => said.truth("motion", unsigned(value) <= STILL_MOVING),
        (0x483C, &[pressed]) => said.truth("occupancy", pressed != 0),
        (0x483D, [_, _, _, _]) => said.number("pressure_present_duration", "s", unsigned(value) as f64),
        (0x483E, [_, _, _, _]) => said.number("pressure_not_present_duration", "s", unsigned(value) as f64),
        // This one sends 2 for "left".
        (0x484E, &[state]) if model == "XMOSB01XS" => said.truth("occupancy", state == 1),
        (0x484E, &[state]) => said.truth("occupancy", state != 0),
        (0x4851, &[minutes]) => said.number("duration_detected", "min", minutes),
        (0x4852, &[minutes]) => said.number("duration_cleared", "min", minutes),
        (0x5413, &[state]) if model == "ES5BB" => said.truth("occupancy_close_range", state != 0),
        (0x5422, &[state]) => said.text(
            "charging_state",
            match state {
                0 => "Charging",
                1 => "Not Charging",
                2 => "Full",
                _ => "Unknown",
            },
        ),
        (0x5810, &[state]) => said.truth("asleep", state == 0),
        (0x6461, &[state]) => said.truth("wearing", state == 0),
        (0x4E16, [_, _, _, _, _, _, _, _, _]) => return scale(said, value),
        (0x6E16, [_, _, _, _, _, _, _, _, _]) => return body_scale(said, value),
        // Modes and resets, of no use to a house.
        (0x4C14 | 0x5414 | 0x4E1C, _) => {}
        _ => return false,
    }
    true
}

fn temperature(said: &mut Decoded, octets: [u8; 2], steps: f64) {
    said.number("temperature", "°C", f64::from(i16::from_le_bytes(octets)) / steps);
}

/// A floating-point number of which so many steps in a unit are meant.
fn float(said: &mut Decoded, property: &'static str, unit: &'static str, value: &[u8], steps: f64) -> bool {
    match Octets(value).f32_le() {
        Ok(number) if number.is_finite() => {
            said.number(property, unit, (number * steps).round() / steps);
            true
        }
        _ => false,
    }
}

fn door(said: &mut Decoded, is_open: bool, was_left_open: Option<bool>) {
    said.truth("opening", is_open);
    if let Some(was_left_open) = was_left_open {
        said.truth("door_left_open", was_left_open);
    }
}

/// What a thermometer in the armpit makes of its two sensors, in hundredths of a degree; fitted
/// by others to what the maker's app shows between 36.5 and 37.8 °C.
fn body_temperature(skin: i16, room: i16) -> f64 {
    let skin = (f64::from(skin) / 100.0).exp2();
    let room = (0.53871 * f64::from(room) / 100.0).exp();
    3.71934e-11 * skin - 1.02801e-8 * room + 36.413
}

/// `[profile][kg × 100, u32][time, u32]`; no weight while nobody stands on it.
fn scale(said: &mut Decoded, value: &[u8]) -> bool {
    let mut octets = Octets(value);
    let (Ok(profile), Ok(weight)) = (octets.u8(), octets.u32_le()) else {
        return false;
    };
    if weight != 0 {
        said.number("mass", "kg", f64::from(weight) / 100.0);
        said.number("profile_id", "", profile);
        said.truth("stabilized", true);
    }
    true
}

/// `[profile][kg × 10 in 11 bits, heart rate − 50 in 7, Ω × 10 in 14][time, u32]`. The first frame
/// has weight, heart rate and the resistance at 50 kHz; the last, the one at 250 kHz alone.
/// Weight alone is somebody in socks.
fn body_scale(said: &mut Decoded, value: &[u8]) -> bool {
    let mut octets = Octets(value);
    let (Ok(profile), Ok(packed)) = (octets.u8(), octets.u32_le()) else {
        return false;
    };
    let (weight, heart_rate, impedance) = (packed & 0x7FF, packed >> 11 & 0x7F, packed >> 18);
    said.number("profile_id", "", profile);
    if weight != 0 {
        said.number("mass", "kg", f64::from(weight) / 10.0);
    }
    if (1..127).contains(&heart_rate) {
        said.number("heart_rate", "bpm", heart_rate + 50);
    }
    let ohms = f64::from(impedance) / 10.0;
    let is_settled = match (weight, heart_rate, impedance) {
        (0, 0, 0) => false,
        (0, 0, _) => {
            said.number("impedance_high", "Ω", ohms);
            true
        }
        (_, _, 0) => true,
        _ => {
            said.number("impedance_low", "Ω", ohms);
            false
        }
    };
    said.truth("stabilized", is_settled);
    true
}
