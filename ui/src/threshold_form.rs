//! A threshold as it is typed: text in, a checked [`Threshold`] out.

use house::{AreaId, Mode, Quantity, Threshold};

/// The fields of the editor, as typed.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct ThresholdForm {
    pub(crate) low: String,
    pub(crate) high: String,
    pub(crate) hysteresis: String,
    pub(crate) mode: Mode,
    pub(crate) min_on: String,
    pub(crate) min_off: String,
    pub(crate) stale_after: String,
    pub(crate) rise: String,
    pub(crate) post_run: String,
    pub(crate) max_run: String,
    pub(crate) is_quiet: bool,
}

/// A field that cannot be read, or the threshold's own fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FormFault {
    /// Which field, by its wire name; empty when it is about the whole.
    pub(crate) field: &'static str,
    /// A sentence for the person who typed it.
    pub(crate) sentence: String,
}

impl ThresholdForm {
    /// The form that shows `threshold`.
    pub(crate) fn of(threshold: &Threshold) -> Self {
        let text = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        Self {
            low: text(threshold.low),
            high: text(threshold.high),
            hysteresis: text(threshold.hysteresis),
            mode: threshold.mode,
            min_on: text(threshold.min_on),
            min_off: text(threshold.min_off),
            stale_after: text(threshold.stale_after),
            rise: text(threshold.rise),
            post_run: text(threshold.post_run),
            max_run: text(threshold.max_run),
            is_quiet: !threshold.notify,
        }
    }

    /// The threshold that was typed.
    ///
    /// # Errors
    /// The first field that is no number, or what [`Threshold::check`] says.
    pub(crate) fn read(&self, area: AreaId, quantity: Quantity) -> Result<Threshold, FormFault> {
        let threshold = Threshold {
            low: number("low", &self.low)?,
            high: number("high", &self.high)?,
            hysteresis: number("hysteresis", &self.hysteresis)?,
            mode: self.mode,
            min_on: number("min_on", &self.min_on)?,
            min_off: number("min_off", &self.min_off)?,
            stale_after: number("stale_after", &self.stale_after)?,
            rise: number("rise", &self.rise)?,
            post_run: number("post_run", &self.post_run)?,
            max_run: number("max_run", &self.max_run)?,
            notify: !self.is_quiet,
            ..Threshold::new(area, quantity)
        };
        threshold.check().map_err(|fault| {
            let sentence = fault.to_string();
            let field = FIELDS
                .iter()
                .find(|name| sentence.starts_with(&format!("{name} ")))
                .copied()
                .unwrap_or("");
            FormFault {
                field,
                sentence: capital_sentence(&sentence),
            }
        })?;
        Ok(threshold)
    }
}

const FIELDS: [&str; 9] = [
    "low",
    "high",
    "hysteresis",
    "min_on",
    "min_off",
    "stale_after",
    "rise",
    "post_run",
    "max_run",
];

fn capital_sentence(sentence: &str) -> String {
    let mut text = sentence.to_owned();
    for name in FIELDS {
        text = text.replace(name, &label(name).to_lowercase());
    }
    format!("{}.", crate::wording::capitalized(&text))
}

/// The label of a field.
pub(crate) fn label(field: &str) -> &'static str {
    match field {
        "low" => "Low",
        "high" => "High",
        "hysteresis" => "Hysteresis",
        "min_on" => "Shortest time on",
        "min_off" => "Shortest time off",
        "stale_after" => "Silent after",
        "rise" => "Sudden rise",
        "post_run" => "Run on",
        "max_run" => "Longest run",
        _ => "",
    }
}

/// Empty is none; a comma is a decimal point to half the world.
fn number(field: &'static str, text: &str) -> Result<Option<f64>, FormFault> {
    let text = text.trim().replace(',', ".");
    if text.is_empty() {
        return Ok(None);
    }
    text.parse::<f64>().map(Some).map_err(|_| FormFault {
        field,
        sentence: format!("{} must be a number.", label(field)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &ThresholdForm) -> Result<Threshold, FormFault> {
        form.read(AreaId::new("living room").unwrap(), Quantity::Temperature)
    }

    #[test]
    fn a_threshold_survives_its_form() {
        let threshold = Threshold {
            low: Some(18.0),
            high: Some(26.5),
            mode: Mode::Cool,
            min_off: Some(120.0),
            notify: false,
            ..Threshold::new(AreaId::new("living room").unwrap(), Quantity::Temperature)
        };
        assert_eq!(read(&ThresholdForm::of(&threshold)), Ok(threshold));
    }

    #[test]
    fn a_comma_is_a_decimal_point() {
        let form = ThresholdForm {
            high: " 25,5 ".into(),
            ..ThresholdForm::default()
        };
        assert_eq!(read(&form).unwrap().high, Some(25.5));
    }

    #[test]
    fn a_fault_belongs_to_its_field() {
        for (form, field, sentence) in [
            (
                ThresholdForm {
                    high: "warm".into(),
                    ..Default::default()
                },
                "high",
                "High must be a number.",
            ),
            (
                ThresholdForm {
                    low: "26".into(),
                    high: "18".into(),
                    ..Default::default()
                },
                "low",
                "Low (26.0 °C) must be below high (18.0 °C).",
            ),
            (
                ThresholdForm::default(),
                "low",
                "Low or high is needed: a threshold without a limit does nothing.",
            ),
            (
                ThresholdForm {
                    high: "26".into(),
                    min_off: "-3".into(),
                    ..Default::default()
                },
                "min_off",
                "Shortest time off must not be negative.",
            ),
        ] {
            let fault = read(&form).unwrap_err();
            assert_eq!((fault.field, fault.sentence.as_str()), (field, sentence));
        }
    }
}
