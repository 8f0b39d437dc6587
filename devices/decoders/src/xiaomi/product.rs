//! Which product a MiBeacon frame comes from (source: Xiaomi's product list at miot-spec.org).

use std::borrow::Cow;

/// A product.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Product {
    pub(super) model: Cow<'static, str>,
    pub(super) kind: &'static str,
    pub(super) maker: &'static str,
    /// It sends when something happens, not by the clock.
    pub(super) sleepy: bool,
}

const XIAOMI: &str = "Xiaomi";
const LINPTECH: &str = "Linptech";

/// Models that are silent while nothing happens.
const SLEEPY: &[&str] = &[
    "CGH1",
    "ES3",
    "ES5BB",
    "HS1BB(MI)",
    "JTYJGD03MI",
    "M2456B1",
    "M2457B1",
    "MC-COMM",
    "MCCGQ02HL",
    "MJTZC01YM",
    "MJTZC03YM",
    "MMC-W505",
    "MS1BB(MI)",
    "PS1BB",
    "RS1BB(MI)",
    "RTCGQ02LM",
    "SJWS02LM",
    "XMOSB01XS",
    "XMPIRO2GSXS",
    "XMPIRO2SXS",
];

/// Things that speak only when a person handles them.
const SLEEPY_KINDS: &[&str] = &[
    "Button",
    "Cube",
    "Dimmer",
    "Kettle",
    "Scale",
    "Toothbrush",
    "Body",
    "lock",
    "remote",
    "scale",
    "switch",
];

/// A product of which we know what it is.
#[rustfmt::skip]
pub(super) fn find(id: u16) -> Option<Product> {
    let (model, kind, maker) = match id {
        0x0C3C => ("CGC1", "Alarm clock", XIAOMI),
        0x0576 => ("CGD1", "Alarm clock", XIAOMI),
        0x06D3 => ("MHO-C303", "Alarm clock", XIAOMI),
        0x00DB => ("MMC-T201-1", "Baby thermometer", XIAOMI),
        0x30D9 | 0x3BD5 | 0x48CF => ("MJTZC01YM", "Body composition scale", XIAOMI),
        0x4B05 => ("MJTZC03YM", "Body composition scale", XIAOMI),
        0x0391 => ("MMC-W505", "Body thermometer", XIAOMI),
        0x1568 => ("K9B-1BTN", "Button", XIAOMI),
        0x1C10 => ("K9BB-1BTN", "Button", XIAOMI),
        0x38BB => ("PTX_YK1_QMIMB", "Button", XIAOMI),
        0x2387 => ("XMWXKG01LM", "Button", XIAOMI),
        0x07BF => ("YLAI003", "Button", XIAOMI),
        0x04E1 => ("XMMF01JQD", "Cube", XIAOMI),
        0x03B6 => ("YLKG07YL/YLKG08YL", "Dimmer switch", XIAOMI),
        0x0380 => ("DSL-C08", "Door lock", XIAOMI),
        0x11C2 => ("Lockin-SV40", "Door lock", XIAOMI),
        0x0599 => ("MJZNMS03LM", "Door lock", XIAOMI),
        0x04E9 => ("MJZNMSQ01YD", "Door lock", XIAOMI),
        0x0784 => ("XMZNMS04LM", "Door lock", XIAOMI),
        0x0E39 => ("XMZNMS08LM", "Door lock", XIAOMI),
        0x098C => ("XMZNMST02YD", "Door lock", XIAOMI),
        0x069E => ("ZNMS16LM", "Door lock", XIAOMI),
        0x069F => ("ZNMS17LM", "Door lock", XIAOMI),
        0x03D6 => ("CGH1", "Door/window sensor", XIAOMI),
        0x78D1 => ("MC-COMM", "Door/window sensor", XIAOMI),
        0x098B => ("MCCGQ02HL", "Door/window sensor", XIAOMI),
        0x1889 => ("MS1BB(MI)", "Door/window sensor", XIAOMI),
        0x068E => ("YLYK01YL-FANCL", "Fan remote control", XIAOMI),
        0x04E6 => ("YLYK01YL-VENFAN", "Fan remote control", XIAOMI),
        0x015D => ("HHCCPOT002", "Flower pot", XIAOMI),
        0x02DF => ("JQJCY01YM", "Formaldehyde sensor", XIAOMI),
        0x3A61 => ("KS1", "Four-button switch", XIAOMI),
        0x3E17 => ("KS1BP", "Four-button switch", XIAOMI),
        0x03BF => ("YLYB01YL-BHFRC", "Heater remote control", XIAOMI),
        0x045C => ("V-SK152", "Kettle", XIAOMI),
        0x0083 => ("YM-K1501", "Kettle", XIAOMI),
        0x0113 => ("YM-K1501EU", "Kettle", XIAOMI),
        0x3F0F => ("RS1BB(MI)", "Leak and rain sensor", XIAOMI),
        0x0863 => ("SJWS01LM", "Leak sensor", XIAOMI),
        0x6375 => ("SJWS02LM", "Leak sensor", XIAOMI),
        0x040A => ("WX08ZM", "Mosquito repellent", XIAOMI),
        0x2AEB => ("HS1BB(MI)", "Motion sensor", XIAOMI),
        0x0A8D => ("RTCGQ02LM", "Motion sensor", XIAOMI),
        0x4C60 => ("XMPIRO2GSXS", "Motion sensor", XIAOMI),
        0x3531 => ("XMPIRO2SXS", "Motion sensor", XIAOMI),
        0x0A83 => ("CGPR1", "Motion/light sensor", XIAOMI),
        0x07F6 => ("MJYD02YL", "Nightlight", XIAOMI),
        0x03DD => ("MUE4094RT", "Nightlight", XIAOMI),
        0x0DE7 => ("SU001-T", "Odour eliminator", XIAOMI),
        0x03BC => ("GCLS002", "Plant sensor", XIAOMI),
        0x0098 => ("HHCCJCY01", "Plant sensor", XIAOMI),
        0x50FB => ("ES3", "Presence sensor", LINPTECH),
        0x6A0F => ("ES5BB", "Presence sensor", LINPTECH),
        0x4683 => ("XMOSB01XS", "Presence sensor", XIAOMI),
        0x0153 => ("YLYK01YL", "Remote control", XIAOMI),
        0x45C9 | 0x4C04 | 0x4DCB => ("MJTZC02YM", "Scale", XIAOMI),
        0x3F4C => ("PS1BB", "Seat pressure sensor", LINPTECH),
        0x0997 => ("JTYJGD03MI", "Smoke detector", XIAOMI),
        0x066F => ("CGDK2", "Temperature/humidity sensor", XIAOMI),
        0x4F59 => ("CGDK3", "Temperature/humidity sensor", XIAOMI),
        0x0347 => ("CGG1", "Temperature/humidity sensor", XIAOMI),
        0x0B48 => ("CGG1-ENCRYPTED", "Temperature/humidity sensor", XIAOMI),
        0x78DB => ("ESM787", "Temperature/humidity sensor", "Yanmi"),
        0x045B => ("LYWSD02", "Temperature/humidity sensor", XIAOMI),
        0x16E4 | 0x2542 => ("LYWSD02MMC", "Temperature/humidity sensor", XIAOMI),
        0x055B => ("LYWSD03MMC", "Temperature/humidity sensor", XIAOMI),
        0x01AA => ("LYWSDCGQ", "Temperature/humidity sensor", XIAOMI),
        0x5DB1 => ("MBS17", "Temperature/humidity sensor", XIAOMI),
        0x0387 => ("MHO-C401", "Temperature/humidity sensor", XIAOMI),
        0x2832 | 0x4C47 => ("MJWSD05MMC", "Temperature/humidity sensor", XIAOMI),
        0x55B5 | 0x5BEA => ("MJWSD06MMC", "Temperature/humidity sensor", XIAOMI),
        0x520B => ("KS2BB", "Temperature/humidity sensor with button", LINPTECH),
        0x1203 => ("XMWSDJ04MMC", "Thermometer", XIAOMI),
        0x0DFD => ("K9B-3BTN", "Three-button switch", XIAOMI),
        0x0489 => ("M1S-T500", "Toothbrush", XIAOMI),
        0x0806 | 0x1790 => ("T700", "Toothbrush", XIAOMI),
        0x1569 => ("K9B-2BTN", "Two-button switch", XIAOMI),
        0x5968 => ("XMWS01XS", "Two-button switch", XIAOMI),
        0x1949 => ("XMWXKG01YL", "Two-button switch", XIAOMI),
        0x59FB | 0x59FC | 0x6188 => ("M2456B1", "Wristband", XIAOMI),
        0x59FA => ("M2457B1", "Wristband", XIAOMI),
        _ => return None,
    };
    Some(Product {
        model: model.into(),
        kind,
        maker,
        sleepy: SLEEPY.contains(&model) || SLEEPY_KINDS.iter().any(|part| kind.contains(part)),
    })
}

/// A product of which we know the number alone.
pub(super) fn unknown(id: u16) -> Product {
    Product {
        model: format!("product {id:04X}").into(),
        kind: "Sensor",
        maker: XIAOMI,
        sleepy: false,
    }
}
