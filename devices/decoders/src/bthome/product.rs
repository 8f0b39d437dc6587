//! Whose product a BTHome device is: the format does not say, its name does.

use crate::About;

const SENSOR: &str = "BTHome sensor";

pub(super) fn about(format: &'static str, name: Option<&str>) -> About {
    let (maker, model, kind) = match name.unwrap_or_default() {
        "SBBT-002C" => (Some("Shelly"), Some("BLU Button1"), "Button"),
        "SBBT-102C" => (Some("Shelly"), Some("BLU Button1 ZB"), "Button"),
        "SBBT-004CEU" => (Some("Shelly"), Some("BLU Wall Switch 4"), "Wall switch"),
        "SBBT-004CUS" => (Some("Shelly"), Some("BLU RC Button 4"), "Remote control"),
        "SBDW-002C" => (Some("Shelly"), Some("BLU Door/Window"), "Door/window sensor"),
        "SBMO-003Z" => (Some("Shelly"), Some("BLU Motion"), "Motion sensor"),
        "SBHT-003C" => (Some("Shelly"), Some("BLU H&T"), "Temperature/humidity sensor"),
        "SBHT-103C" => (
            Some("Shelly"),
            Some("BLU H&T Display ZB"),
            "Temperature/humidity sensor",
        ),
        "SBHT-203C" => (Some("Shelly"), Some("BLU H&T ZB"), "Temperature/humidity sensor"),
        "SBTR-001AEU" => (Some("Shelly"), Some("BLU TRV"), "Radiator valve"),
        name if name.starts_with("ATC") || name.starts_with("LYWSD03MMC") => {
            (Some("Xiaomi"), None, "Temperature/humidity sensor")
        }
        name if name.starts_with("prst") => (Some("b-parasite"), None, "Plant sensor"),
        _ => (None, None, SENSOR),
    };
    About {
        format,
        maker,
        model: model.map(Into::into),
        kind,
    }
}
