//! The devices page's lists: what matches what somebody looks for, and no more of it than is shown.

use house::{AreaId, Availability, Device, Lifecycle};

use super::HouseView;
use crate::wording;

/// The devices of one list that are shown, and how many there are.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Shelf {
    /// Adopted ones by area, then by name.
    pub(crate) shown: Vec<Device>,
    /// All that match.
    pub(crate) total: usize,
}

impl Shelf {
    /// The areas of the shown ones, in order.
    pub(crate) fn areas(&self) -> Vec<Option<AreaId>> {
        let mut areas: Vec<Option<AreaId>> = self.shown.iter().map(|device| device.area.clone()).collect();
        areas.dedup();
        areas
    }
}

impl HouseView {
    /// At most `most` of the devices in one stage of their life that have every word of `query` in
    /// what is shown of them.
    pub(crate) fn shelf(&self, lifecycle: Lifecycle, query: &str, most: usize) -> Shelf {
        let words: Vec<String> = query.split_whitespace().map(str::to_lowercase).collect();
        let in_stage = self.registry.devices().filter(|device| device.lifecycle == lifecycle);
        let mut matching: Vec<&Device> = in_stage.filter(|device| has_words(device, &words)).collect();
        let total = matching.len();
        matching.sort_by_cached_key(|device| (device.area.clone(), device.name.to_lowercase(), device.id.clone()));
        let shown = matching.into_iter().take(most).cloned().collect();
        Shelf { shown, total }
    }

    /// How many devices are in one stage of their life.
    pub(crate) fn count_in(&self, lifecycle: Lifecycle) -> usize {
        let devices = self.registry.devices();
        devices.filter(|device| device.lifecycle == lifecycle).count()
    }
}

fn has_words(device: &Device, words: &[String]) -> bool {
    if words.is_empty() {
        return true;
    }
    let area = device.area.as_ref().or(device.suggested_area.as_ref());
    let parts = [
        Some(device.name.as_str()),
        device.manufacturer.as_deref(),
        device.model.as_deref(),
        Some(device.id.as_str()),
        Some(wording::bridge_name(device.bridge)),
        device.battery_low.then_some("battery low"),
        (device.availability == Availability::Offline).then_some("offline"),
    ];
    let mut text = area.map(AreaId::name).unwrap_or_default();
    for part in parts.into_iter().flatten() {
        text.push('\n');
        text.push_str(part);
    }
    let text = text.to_lowercase();
    words.iter().all(|word| text.contains(word.as_str()))
}

#[cfg(test)]
mod tests {
    use house::Bridge;

    use super::super::Change;
    use super::*;

    fn house(devices: usize) -> HouseView {
        let rooms = ["Kitchen", "Attic", "Hall"];
        let device = |i: usize| Device {
            area: AreaId::new(rooms[i % 3]),
            lifecycle: Lifecycle::Adopted,
            battery_low: i.is_multiple_of(100),
            manufacturer: Some("Aqara".into()),
            ..Device::found(Bridge::Mqtt, &i.to_string(), &format!("Sensor {i:04}"))
        };
        let mut view = HouseView::default();
        view.apply(Change::Devices((0..devices).map(device).collect()));
        view
    }

    #[test]
    fn a_large_house_shows_a_page_of_what_matches() {
        let view = house(2000);
        let first = view.shelf(Lifecycle::Adopted, "", 60);
        assert_eq!((first.shown.len(), first.total), (60, 2000));
        assert_eq!(first.areas(), [AreaId::new("attic")], "by area");
        for (query, total) in [
            ("kitchen", 667),
            ("KITCHEN sensor 0003", 1),
            ("battery low", 20),
            ("aqara mqtt", 2000),
            ("mqtt-1999", 1),
            ("zigbee", 0),
        ] {
            assert_eq!(view.shelf(Lifecycle::Adopted, query, 60).total, total, "{query}");
        }
        assert_eq!(view.shelf(Lifecycle::Ignored, "", 60), Shelf::default());
    }

    #[test]
    fn only_news_of_devices_make_lists_be_made_anew() {
        let mut view = house(3);
        let before = view.devices_version();
        view.apply(Change::Thresholds(Vec::new()));
        assert_eq!(view.devices_version(), before);
        view.apply(Change::Device(Box::new(Device::found(Bridge::Ble, "1", "New"))));
        assert_ne!(view.devices_version(), before);
    }
}
