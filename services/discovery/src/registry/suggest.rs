//! Where a device probably stands, by its name.

use house::AreaId;

/// Rooms that many houses have, for the first devices of one.
const USUAL: [&str; 24] = [
    "living_room",
    "bedroom",
    "kitchen",
    "bathroom",
    "hall",
    "hallway",
    "office",
    "garage",
    "garden",
    "balcony",
    "cellar",
    "basement",
    "attic",
    "laundry",
    "nursery",
    "dining_room",
    "guest_room",
    "wohnzimmer",
    "schlafzimmer",
    "küche",
    "bad",
    "flur",
    "keller",
    "büro",
];

/// The area that `name` has as whole words, of those of the house or those that are usual; the
/// longest, when there are several (`guest_room` rather than `guest`).
pub(super) fn area<'a>(name: &str, known: impl Iterator<Item = &'a AreaId>) -> Option<AreaId> {
    // The same spelling that areas have; `LivingRoomLamp` is three words.
    let words = AreaId::new(&with_spaces(name))?;
    let has = |area: &&str| format!("_{}_", words.as_str()).contains(&format!("_{area}_"));
    let of_house = known.map(AreaId::as_str).filter(has).max_by_key(|area| area.len());
    let meant = of_house.or_else(|| USUAL.into_iter().filter(has).max_by_key(|area| area.len()))?;
    AreaId::new(meant)
}

fn with_spaces(name: &str) -> String {
    let mut spaced = String::with_capacity(name.len() + 8);
    let mut after_small = false;
    for c in name.chars() {
        if after_small && c.is_uppercase() {
            spaced.push(' ');
        }
        after_small = c.is_lowercase();
        spaced.push(c);
    }
    spaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_area_is_read_out_of_the_name() {
        let house: Vec<AreaId> = ["Guest room", "guest", "Annas Zimmer"]
            .into_iter()
            .filter_map(AreaId::new)
            .collect();
        for (name, area_id) in [
            ("Kitchen thermometer", Some("kitchen")),
            ("living-room/sensor", Some("living_room")),
            ("LivingRoomLamp", Some("living_room")),
            ("guest_room_plug", Some("guest_room")),
            ("Annas Zimmer Fenster", Some("annas_zimmer")),
            ("Küche", Some("küche")),
            ("Shelly Plus 1 (kitchenette)", None),
            ("0x00158d0001a2b3c4", None),
            ("", None),
        ] {
            let meant = area(name, house.iter());
            assert_eq!(meant.as_ref().map(AreaId::as_str), area_id, "{name}");
        }
    }
}
