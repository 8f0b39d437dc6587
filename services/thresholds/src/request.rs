//! The arguments of the `config.thresholds.…` procedures, checked.

use house::{AreaId, Arguments, Mode, Quantity, Threshold};

/// What a threshold is about.
pub(crate) type Place = (AreaId, Quantity);

const PLACE: [&str; 2] = ["area", "quantity"];
/// `set_by` and `set_at` are taken and left: whoever changes a threshold sends back what it got.
const THRESHOLD: [&str; 15] = [
    "area",
    "quantity",
    "low",
    "high",
    "hysteresis",
    "mode",
    "min_on",
    "min_off",
    "stale_after",
    "rise",
    "post_run",
    "max_run",
    "notify",
    "set_by",
    "set_at",
];

/// The place that `config.thresholds.get` and `.remove` are asked about.
///
/// # Errors
/// A sentence naming the argument that is wrong.
pub(crate) fn place(arguments: &Arguments) -> Result<Place, String> {
    arguments.expect_only(&PLACE)?;
    required_place(arguments)
}

/// The threshold that `config.thresholds.set` is given: the whole of it, absent values take their
/// defaults.
///
/// # Errors
/// A sentence naming the argument that is wrong.
pub(crate) fn threshold(arguments: &Arguments) -> Result<Threshold, String> {
    arguments.expect_only(&THRESHOLD)?;
    let (area, quantity) = required_place(arguments)?;
    let threshold = Threshold {
        low: arguments.number("low")?,
        high: arguments.number("high")?,
        hysteresis: arguments.number("hysteresis")?,
        mode: arguments.text("mode")?.map(mode).transpose()?.unwrap_or_default(),
        min_on: arguments.number("min_on")?,
        min_off: arguments.number("min_off")?,
        stale_after: arguments.number("stale_after")?,
        rise: arguments.number("rise")?,
        post_run: arguments.number("post_run")?,
        max_run: arguments.number("max_run")?,
        notify: arguments.flag("notify")?.unwrap_or(true),
        ..Threshold::new(area, quantity)
    };
    threshold.check().map_err(|fault| fault.to_string())?;
    Ok(threshold)
}

fn required_place(arguments: &Arguments) -> Result<Place, String> {
    let area = arguments.area("area")?.ok_or("area is missing: say where")?;
    let quantity = arguments
        .quantity("quantity")?
        .ok_or("quantity is missing: say of what (temperature, humidity, …)")?;
    Ok((area, quantity))
}

/// Reads a mode's name.
pub(crate) fn mode(name: &str) -> Result<Mode, String> {
    match name {
        "off" => Ok(Mode::Off),
        "cool" => Ok(Mode::Cool),
        "heat" => Ok(Mode::Heat),
        "auto" => Ok(Mode::Auto),
        _ => Err(format!("mode must be off, cool, heat or auto, not {name:?}")),
    }
}

/// A mode's name.
pub(crate) const fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Off => "off",
        Mode::Cool => "cool",
        Mode::Heat => "heat",
        Mode::Auto => "auto",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Threshold, String> {
        threshold(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn a_threshold_is_read_with_its_defaults() {
        let threshold = read(r#"{"area":"Living Room","quantity":"temperature","high":26}"#).unwrap();
        assert_eq!((threshold.high, threshold.low), (Some(26.0), None));
        assert_eq!(threshold.mode, Mode::Auto);
        assert!(threshold.notify);
    }

    #[test]
    fn what_was_read_can_be_sent_back() {
        let mut sent = read(r#"{"area":"a","quantity":"humidity","high":65,"rise":10,"mode":"off"}"#).unwrap();
        sent.set_by = Some("anna".into());
        sent.set_at = Some(house::Timestamp(0));
        let read_back = read(&serde_json::to_string(&sent).unwrap()).unwrap();
        assert_eq!((read_back.rise, read_back.mode), (Some(10.0), Mode::Off));
        assert_eq!(read_back.set_by, None, "the service says who set it");
    }

    #[test]
    fn nonsense_is_refused_and_named() {
        for (json, start) in [
            (r#"{"quantity":"temperature","high":26}"#, "area is missing"),
            (r#"{"area":"a","high":26}"#, "quantity is missing"),
            (
                r#"{"area":"a","quantity":"warmth","high":26}"#,
                "quantity: \"warmth\" is not",
            ),
            (r#"{"area":"a","quantity":"temperature"}"#, "low or high is needed"),
            (
                r#"{"area":"a","quantity":"temperature","high":"hot"}"#,
                "high must be a number",
            ),
            (
                r#"{"area":"a","quantity":"temperature","low":26,"high":18}"#,
                "low (26.0 °C) must be below high (18.0 °C)",
            ),
            (
                r#"{"area":"a","quantity":"temperature","high":26,"mode":"warm"}"#,
                "mode must be off, cool, heat or auto",
            ),
            (
                r#"{"area":"a","quantity":"temperature","high":26,"notify":"yes"}"#,
                "notify must be true or false",
            ),
            (
                r#"{"area":"a","quantity":"temperature","hihg":26}"#,
                "hihg is not an argument",
            ),
        ] {
            let fault = read(json).unwrap_err();
            assert!(fault.starts_with(start), "{json}: {fault}");
        }
    }

    #[test]
    fn every_mode_has_one_name() {
        for mode_value in [Mode::Off, Mode::Cool, Mode::Heat, Mode::Auto] {
            assert_eq!(mode(mode_name(mode_value)), Ok(mode_value));
        }
    }
}
