//! MiBeacon objects of buttons, dials and cubes (source: Xiaomi's "Object definition", type 0x1001,
//! and miot-spec.org for the types of single products).

use super::Product;
use crate::{Decoded, Event};

const LEFT: &str = "button_left";
const MIDDLE: &str = "button_middle";
const RIGHT: &str = "button_right";

/// Adds what an object says; false when it is none of these.
pub(super) fn take(said: &mut Decoded, product: &Product, kind: u16, value: &[u8]) -> bool {
    let model = &*product.model;
    let press = match kind & 0xFF {
        0x0C => "press",
        0x0D => "double_press",
        _ => "long_press",
    };
    match (kind, value, model) {
        (0x1001, &[which, amount, how], _) => return old(said, model, which, amount, how),
        (0x4A13, [1], _) => said.event("button", "press"),
        (0x4A0C..=0x4A0E, [which @ 0..=1], "XMWS01XS") => said.event(if *which == 0 { LEFT } else { RIGHT }, press),
        (0x4A0C..=0x4A0E, _, _) => said.event("button", press),
        (0x4E0C..=0x4E0E, [which @ 1..=3], "XMWXKG01YL") => {
            for (bit, button) in [(1, LEFT), (2, RIGHT)] {
                if which & bit != 0 {
                    said.event(button, press);
                }
            }
        }
        (0x4E0C, [1], "K9BB-1BTN") => said.event("button", "press"),
        (0x4E0C, [8], "K9BB-1BTN") => said.event("button", "long_press"),
        (0x4E0C, [15], "K9BB-1BTN") => said.event("button", "double_press"),
        (0x4E0C..=0x4E0E, _, "XMWXKG01LM") => said.event("button", press),
        (0x560C..=0x560E, _, "KS2BB") => said.event("button", press),
        (0x560C..=0x560E, &[which], "KS1" | "KS1BP") => {
            let button = match which {
                1 => LEFT,
                2 => "button_mid_left",
                3 => "button_mid_right",
                4 => RIGHT,
                _ => "button",
            };
            said.event(button, press);
        }
        _ => return false,
    }
    true
}

/// Type 0x1001: which button or which way, how far or how often, and how.
fn old(said: &mut Decoded, model: &str, which: u8, amount: u8, how: u8) -> bool {
    let press = match how {
        0 | 5 => "press",
        1 => "double_press",
        2 | 6 => "long_press",
        3 => match which {
            0 => "press",
            1 => "long_press",
            _ => return false,
        },
        4 => "rotate",
        _ => return false,
    };
    // Wall switches have long and double the other way round.
    let wall = match how {
        0 => Some("press"),
        1 => Some("long_press"),
        2 => Some("double_press"),
        _ => None,
    };
    match model {
        "RTCGQ02LM" | "YLAI003" | "JTYJGD03MI" | "SJWS01LM" => said.event("button", press),
        "XMMF01JQD" => said.event("cube", if which == 0 { "rotate_right" } else { "rotate_left" }),
        "YLKG07YL/YLKG08YL" => return dial(said, which, amount, how),
        "YLYK01YL" => {
            if which <= 1 {
                said.truth("power_on", which == 0);
            }
            return named(
                said,
                press,
                which,
                &[
                    "button_on",
                    "button_off",
                    "button_brightness",
                    "button_plus",
                    "button_M",
                    "button_min",
                ],
            );
        }
        "YLYK01YL-FANCL" => {
            return named(
                said,
                press,
                which,
                &[
                    "button_fan",
                    "button_light",
                    "button_wind_speed",
                    "button_color_temperature",
                    "button_wind_mode",
                    "button_brightness",
                ],
            );
        }
        "YLYK01YL-VENFAN" => {
            return named(
                said,
                press,
                which,
                &[
                    "button_swing",
                    "button_power",
                    "button_timer_60_minutes",
                    "button_increase_wind_speed",
                    "button_timer_30_minutes",
                    "button_decrease_wind_speed",
                ],
            );
        }
        "YLYB01YL-BHFRC" => {
            return named(
                said,
                press,
                which,
                &[
                    "button_stop",
                    "button_air_exchange",
                    "button_fan",
                    "button_increase_speed",
                    "button_decrease_speed",
                    "button_dry",
                    "button_light",
                    "button_swing",
                    "button_heat",
                ],
            );
        }
        "K9B-1BTN" | "K9B-2BTN" | "K9B-3BTN" => {
            let (Some(press), Some(buttons)) = (wall, wall_buttons(model, which)) else {
                return false;
            };
            for button in buttons {
                said.event(button, press);
            }
        }
        // Any other product: one button, as far as we know.
        _ if wall.is_some() && which == 0 => said.event("button", press),
        _ => return false,
    }
    true
}

fn named(said: &mut Decoded, press: &'static str, which: u8, names: &[&'static str]) -> bool {
    match names.get(usize::from(which)) {
        Some(name) => {
            said.event(name, press);
            true
        }
        None => false,
    }
}

/// The buttons of a wall switch that were pressed together.
fn wall_buttons(model: &str, which: u8) -> Option<&'static [&'static str]> {
    Some(match (model, which) {
        ("K9B-1BTN", 0) => &["button"],
        ("K9B-2BTN" | "K9B-3BTN", 0) => &[LEFT],
        ("K9B-2BTN", 1) => &[RIGHT],
        ("K9B-2BTN", 2) => &[LEFT, RIGHT],
        ("K9B-3BTN", 1) => &[MIDDLE],
        ("K9B-3BTN", 2) => &[RIGHT],
        ("K9B-3BTN", 3) => &[LEFT, MIDDLE],
        ("K9B-3BTN", 4) => &[MIDDLE, RIGHT],
        ("K9B-3BTN", 5) => &[LEFT, RIGHT],
        ("K9B-3BTN", 6) => &[LEFT, MIDDLE, RIGHT],
        _ => return None,
    })
}

/// A dial: pressed so often, held so long, or turned so far; below zero is left.
fn dial(said: &mut Decoded, which: u8, amount: u8, how: u8) -> bool {
    let turned = |steps: u8, right: &'static str, left: &'static str| {
        let steps = steps.cast_signed();
        (if steps >= 0 { right } else { left }, Some(steps.unsigned_abs()))
    };
    let (kind, amount) = match (how, which) {
        (3, 0) => ("press", Some(amount)),
        (3, 1) => ("long_press", Some(amount)),
        (4, 0) => turned(amount, "rotate_right", "rotate_left"),
        (4, steps) => turned(steps, "rotate_right_pressed", "rotate_left_pressed"),
        _ => return false,
    };
    said.events.push(Event {
        source: "dimmer",
        index: 0,
        kind,
        amount,
    });
    true
}
