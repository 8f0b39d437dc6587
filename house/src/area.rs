//! A place in the house.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

/// An area's id: lower case, words joined by `_` (`living_room`).
///
/// Made from any spelling a person or a device uses: `Living Room`, `living-room` and
/// `living_room` are one area.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AreaId(String);

impl AreaId {
    /// The area that `name` means, or `None` when it has no letter or digit.
    pub fn new(name: &str) -> Option<Self> {
        let mut id = String::with_capacity(name.len());
        for c in name.trim().chars() {
            if c.is_alphanumeric() {
                id.extend(c.to_lowercase());
            } else if !id.is_empty() && !id.ends_with('_') {
                id.push('_');
            }
        }
        id.truncate(id.trim_end_matches('_').len());
        (!id.is_empty() && id.len() <= 64).then_some(Self(id))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name for people: `Living room`.
    pub fn name(&self) -> String {
        let words = self.0.replace('_', " ");
        let mut chars = words.chars();
        chars
            .next()
            .map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
    }
}

impl fmt::Display for AreaId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for AreaId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::new(&name).ok_or_else(|| serde::de::Error::custom(format!("{name:?} is not an area's name")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_area_are_one_area() {
        for name in [
            "living_room",
            "Living Room",
            " living-room ",
            "LIVING  ROOM",
            "living room.",
        ] {
            assert_eq!(AreaId::new(name).unwrap().as_str(), "living_room", "{name}");
        }
        assert_eq!(AreaId::new("Küche").unwrap().name(), "Küche");
        assert_eq!(AreaId::new("living_room").unwrap().name(), "Living room");
    }

    #[test]
    fn an_area_needs_a_letter() {
        assert_eq!(AreaId::new(" - "), None);
        assert!(serde_json::from_str::<AreaId>("\"\"").is_err());
    }
}
