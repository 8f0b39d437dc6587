//! MiBeacon objects of door locks (source: Xiaomi's "Object definition", lock events and
//! attributes).

use super::Product;
use crate::Decoded;
use crate::octets::Octets;

/// A lock that tells its bolts apart.
const THREE_BOLTS: &str = "ZNMS17LM";
/// A lock that tells of its handle too.
const WITH_HANDLE: &str = "DSL-C08";

/// Adds what an object says; false when it is none of these.
pub(super) fn take(said: &mut Decoded, product: &Product, kind: u16, value: &[u8]) -> bool {
    let model = &*product.model;
    match (kind, value) {
        (0x0006, &[a, b, c, d, outcome]) => fingerprint(said, u32::from_le_bytes([a, b, c, d]), outcome),
        (0x0007, &[state, ..]) => door(said, state),
        (0x0008, &[state, ..]) => {
            let is_armed = state != 1;
            said.truth("armed", is_armed);
            if model == WITH_HANDLE {
                said.truth("lock", is_armed);
                said.event("lock", "lock_outside_the_door");
                said.text("lock_method", "manual");
            }
            true
        }
        (0x000B, [_, _, _, _, _, _, _, _, _]) => action(said, model, value),
        (0x100E, &[state]) if model == WITH_HANDLE => {
            said.truth("lock", state & 0x01 == 0);
            said.truth("childlock", state & 0x08 == 0);
            true
        }
        _ => false,
    }
}

fn fingerprint(said: &mut Decoded, key: u32, outcome: u8) -> bool {
    let result = match outcome {
        0 => "match_successful",
        1 => "match_failed",
        2 => "timeout",
        3 => "low_quality_too_light_fuzzy",
        4 => "insufficient_area",
        5 => "skin_is_too_dry",
        6 => "skin_is_too_wet",
        _ => return false,
    };
    said.truth("fingerprint", outcome == 0);
    said.text(
        "key_id",
        special_key(key).map_or_else(|| key.to_string(), str::to_owned),
    );
    said.event("fingerprint", result);
    true
}

/// 0 open, 1 closed, 2 left open, 3 somebody knocks, 4 pried open, 5 stuck.
fn door(said: &mut Decoded, state: u8) -> bool {
    if state > 5 {
        return false;
    }
    said.truth("door", matches!(state, 0 | 2 | 4));
    match state {
        0 => {
            said.truth("door_stuck", false);
            said.truth("knock_on_the_door", false);
        }
        1 => {
            said.truth("door_left_open", false);
            said.truth("pry_the_door", false);
        }
        2 => said.truth("door_left_open", true),
        3 => said.truth("knock_on_the_door", true),
        4 => said.truth("pry_the_door", true),
        _ => said.truth("door_stuck", true),
    }
    true
}

/// `[action in bits 0 to 3, method in 4 to 7][key, u32][time, u32]`
fn action(said: &mut Decoded, model: &str, value: &[u8]) -> bool {
    let mut octets = Octets(value);
    let (Ok(head), Ok(key)) = (octets.u8(), octets.u32_le()) else {
        return false;
    };
    let (Some((is_unlocked, bolt, what)), Some(method)) = (action_of(head & 0x0F), method_of(head >> 4)) else {
        return false;
    };
    said.truth(if model == THREE_BOLTS { bolt } else { "lock" }, is_unlocked);
    said.text("key_id", key_name(key));
    said.text("lock_method", method);
    said.event("lock", what);
    if let Some(error) = error_of(key) {
        said.event("error", error);
    }
    true
}

/// Whether it is unlocked now, which bolt, and what happened.
fn action_of(code: u8) -> Option<(bool, &'static str, &'static str)> {
    Some(match code {
        0 => (true, "lock", "unlock_outside_the_door"),
        1 => (false, "lock", "locked"),
        2 => (false, "antilock", "turn_on_antilock"),
        3 => (true, "antilock", "release_the_antilock"),
        4 => (true, "lock", "unlock_inside_the_door"),
        5 => (false, "lock", "lock_inside_the_door"),
        6 => (false, "childlock", "turn_on_child_lock"),
        7 => (true, "childlock", "turn_off_child_lock"),
        8 => (false, "lock", "lock_outside_the_door"),
        15 => (true, "lock", "abnormal"),
        _ => return None,
    })
}

fn method_of(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "bluetooth",
        1 => "password",
        2 => "biometrics",
        3 => "key_method",
        4 => "turntable_method",
        5 => "nfc_method",
        6 => "one_time_password",
        7 => "two_step_verification",
        8 => "coercion_method",
        9 => "homekit",
        10 => "manual",
        11 => "automatic",
        15 => "abnormal",
        _ => return None,
    })
}

fn special_key(key: u32) -> Option<&'static str> {
    Some(match key {
        0 => "administrator",
        0xFFFF_FFFF => "unknown operator",
        0xDEAD_BEEF => "invalid operator",
        _ => return None,
    })
}

/// Whose key it was. From 0x8001_0000 on, every 65,536 belong to another kind of key.
fn key_name(key: u32) -> String {
    if let Some(name) = special_key(key).or_else(|| error_of(key)) {
        return name.to_owned();
    }
    let kind = match key >> 16 {
        0..=0x7FFF => return format!("Bluetooth key {key}"),
        0x8000 | 0x8001 => "Fingerprint",
        0x8002 => "Password",
        0x8003 => "Keys",
        0x8004 => "NFC",
        0x8005 => "Two-step verification",
        0x8006 => "Human face",
        0x8007 => "Finger veins",
        0x8008 => "Palm print",
        _ => return format!("key id {}", key & 0xFFFF),
    };
    format!("{kind} key id {}", key & 0xFFFF)
}

/// Numbers of keys that stand for trouble.
fn error_of(key: u32) -> Option<&'static str> {
    Some(match key {
        0xC0DE_0000 => "frequent_unlocking_with_incorrect_password",
        0xC0DE_0001 => "frequent_unlocking_with_wrong_fingerprints",
        0xC0DE_0002 => "operation_timeout_password_input_timeout",
        0xC0DE_0003 => "lock_picking",
        0xC0DE_0004 => "reset_button_is_pressed",
        0xC0DE_0005 => "the_wrong_key_is_frequently_unlocked",
        0xC0DE_0006 => "foreign_body_in_the_keyhole",
        0xC0DE_0007 => "the_key_has_not_been_taken_out",
        0xC0DE_0008 => "error_nfc_frequently_unlocks",
        0xC0DE_0009 => "timeout_is_not_locked_as_required",
        0xC0DE_000A => "failure_to_unlock_frequently_in_multiple_ways",
        0xC0DE_000B => "unlocking_the_face_frequently_fails",
        0xC0DE_000C => "failure_to_unlock_the_vein_frequently",
        0xC0DE_000D => "hijacking_alarm",
        0xC0DE_000E => "unlock_inside_the_door_after_arming",
        0xC0DE_000F => "palmprints_frequently_fail_to_unlock",
        0xC0DE_0010 => "the_safe_was_moved",
        0xC0DE_1000 => "the_battery_level_is_less_than_10_percent",
        0xC0DE_1001 => "the_battery_level_is_less_than_5_percent",
        0xC0DE_1002 => "the_fingerprint_sensor_is_abnormal",
        0xC0DE_1003 => "the_accessory_battery_is_low",
        0xC0DE_1004 => "mechanical_failure",
        0xC0DE_1005 => "the_lock_sensor_is_faulty",
        _ => return None,
    })
}
