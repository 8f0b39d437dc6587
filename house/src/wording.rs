//! Sentences that several parts of the house say the same way.

use std::time::Duration;

use crate::{Bridge, Threshold, Timestamp};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

impl Threshold {
    /// Whose threshold it is: `threshold set by admin on 3 May`.
    pub fn provenance(&self) -> String {
        let mut text = "threshold".to_owned();
        if self.set_by.is_some() || self.set_at.is_some() {
            text.push_str(" set");
        }
        if let Some(by) = &self.set_by {
            text.push_str(" by ");
            text.push_str(who(by));
        }
        if let Some(at) = self.set_at {
            text.push_str(" on ");
            text.push_str(&at.day_and_month());
        }
        text
    }
}

/// An authid for people: who did it.
pub fn who(authid: &str) -> &str {
    if authid == Bridge::Simulated.name() {
        "the demo house"
    } else {
        authid
    }
}

impl Timestamp {
    /// The day for people: `3 May` (UTC).
    pub fn day_and_month(self) -> String {
        let (_, month, day) = self.date();
        let month = MONTHS
            .get(month.saturating_sub(1) as usize)
            .copied()
            .unwrap_or_default();
        format!("{day} {month}")
    }
}

/// A duration for people, in its largest fitting unit: `15 min`, `2 h`, `1 h 30 min`, `45 s`.
pub fn duration_text(duration: Duration) -> String {
    let seconds = duration.as_secs_f64().round() as u64;
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0) if !duration.is_zero() => "less than 1 s".into(),
        (0, 0, s) => format!("{s} s"),
        (0, m, 0) => format!("{m} min"),
        (0, m, s) if m < 5 => format!("{m} min {s} s"),
        (0, m, _) => format!("{m} min"),
        (h, 0, _) => format!("{h} h"),
        (h, m, _) => format!("{h} h {m} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AreaId, Quantity};

    #[test]
    fn a_threshold_says_who_set_it_and_when() {
        let mut threshold = Threshold::new(AreaId::new("bathroom").unwrap(), Quantity::Humidity);
        assert_eq!(threshold.provenance(), "threshold");
        threshold.set_by = Some("admin".into());
        assert_eq!(threshold.provenance(), "threshold set by admin");
        threshold.set_at = "2026-05-03T07:30:00Z".parse().ok();
        assert_eq!(threshold.provenance(), "threshold set by admin on 3 May");
        threshold.set_by = Some("simulated".into());
        assert_eq!(threshold.provenance(), "threshold set by the demo house on 3 May");
    }

    #[test]
    fn durations_read_well() {
        for (seconds, text) in [
            (0.0, "0 s"),
            (0.1, "less than 1 s"),
            (45.0, "45 s"),
            (90.0, "1 min 30 s"),
            (900.0, "15 min"),
            (901.0, "15 min"),
            (5400.0, "1 h 30 min"),
            (7200.0, "2 h"),
        ] {
            assert_eq!(duration_text(Duration::from_secs_f64(seconds)), text);
        }
    }
}
