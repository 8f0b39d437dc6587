//! The keyword arguments of a call, read one by one so that a wrong one can be named.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::{AreaId, Loose, Quantity};

/// kwargs as the caller sent them.
///
/// Each method takes an argument by name; an absent or null one is `None`. The `Err`s are
/// sentences for the caller that begin with the argument's name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Arguments {
    by_name: BTreeMap<String, Loose>,
}

impl<'de> Deserialize<'de> for Arguments {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let by_name = BTreeMap::deserialize(deserializer)?;
        Ok(Self { by_name })
    }
}

impl Arguments {
    /// Refuses what is in none of `names`: a mistyped argument must not be taken for an absent one.
    ///
    /// # Errors
    /// A sentence naming the first that is not known, and those that are.
    pub fn expect_only(&self, names: &[&str]) -> Result<(), String> {
        match self.by_name.keys().find(|name| !names.contains(&name.as_str())) {
            None => Ok(()),
            Some(name) => Err(format!(
                "{name} is not an argument here; there are: {}",
                names.join(", ")
            )),
        }
    }

    /// A text.
    ///
    /// # Errors
    /// It is something else.
    pub fn text(&self, name: &str) -> Result<Option<&str>, String> {
        match self.by_name.get(name) {
            None | Some(Loose::Null) => Ok(None),
            Some(Loose::Text(text)) => Ok(Some(text)),
            Some(_) => Err(format!("{name} must be text")),
        }
    }

    /// An id: text, or a whole number, as the talk's sensors have.
    ///
    /// # Errors
    /// It is something else.
    pub fn id(&self, name: &str) -> Result<Option<String>, String> {
        match self.by_name.get(name) {
            Some(Loose::Number(number)) if number.fract() == 0.0 => Ok(Some(number.to_string())),
            _ => Ok(self.text(name)?.map(str::to_owned)),
        }
    }

    /// A finite number.
    ///
    /// # Errors
    /// It is something else.
    pub fn number(&self, name: &str) -> Result<Option<f64>, String> {
        match self.by_name.get(name) {
            None | Some(Loose::Null) => Ok(None),
            Some(Loose::Number(number)) if number.is_finite() => Ok(Some(*number)),
            Some(Loose::Number(_)) => Err(format!("{name} must be a finite number")),
            Some(_) => Err(format!("{name} must be a number")),
        }
    }

    /// Yes or no.
    ///
    /// # Errors
    /// It is something else.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, String> {
        match self.by_name.get(name) {
            None | Some(Loose::Null) => Ok(None),
            Some(Loose::Bool(flag)) => Ok(Some(*flag)),
            Some(_) => Err(format!("{name} must be true or false")),
        }
    }

    /// An area, in any spelling.
    ///
    /// # Errors
    /// It is something else.
    pub fn area(&self, name: &str) -> Result<Option<AreaId>, String> {
        let fault = || format!("{name} must name an area, with a letter or digit and at most 64 long");
        self.text(name)?
            .map(|text| AreaId::new(text).ok_or_else(fault))
            .transpose()
    }

    /// A quantity.
    ///
    /// # Errors
    /// It is something else.
    pub fn quantity(&self, name: &str) -> Result<Option<Quantity>, String> {
        self.text(name)?
            .map(|text| text.parse().map_err(|fault| format!("{name}: {fault}")))
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(json: &str) -> Arguments {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn arguments_are_taken_by_name() {
        let given = arguments(r#"{"area":"Living Room","quantity":"temp","high":26,"notify":false,"low":null}"#);
        assert_eq!(given.area("area").unwrap().unwrap().as_str(), "living_room");
        assert_eq!(given.quantity("quantity"), Ok(Some(Quantity::Temperature)));
        assert_eq!(given.number("high"), Ok(Some(26.0)));
        assert_eq!(given.number("low"), Ok(None));
        assert_eq!(given.flag("notify"), Ok(Some(false)));
        assert_eq!(given.text("mode"), Ok(None));
        assert_eq!(given.id("high"), Ok(Some("26".into())));
        assert_eq!(given.id("area"), Ok(Some("Living Room".into())));
    }

    #[test]
    fn a_wrong_one_is_named() {
        let wrong = arguments(r#"{"area":"-","quantity":"warmth","high":"26","notify":1,"mode":[]}"#);
        for (fault, start) in [
            (wrong.area("area").unwrap_err(), "area must name"),
            (wrong.quantity("quantity").unwrap_err(), "quantity: \"warmth\""),
            (wrong.number("high").unwrap_err(), "high must be a number"),
            (wrong.flag("notify").unwrap_err(), "notify must be true or false"),
            (wrong.text("mode").unwrap_err(), "mode must be text"),
            (wrong.id("mode").unwrap_err(), "mode must be text"),
            (
                wrong.expect_only(&["area", "high"]).unwrap_err(),
                "mode is not an argument",
            ),
        ] {
            assert!(fault.starts_with(start), "{fault}");
        }
    }
}
