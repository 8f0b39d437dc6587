//! A moment, as milliseconds since the Unix epoch; RFC 3339 in UTC on the wire.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::loose::Loose;

/// A moment in UTC, to the millisecond.
///
/// Written as RFC 3339 (`2026-05-03T07:30:00.000Z`). Read from RFC 3339 with any offset, or from
/// a number: seconds since the epoch, or milliseconds when it is too large to be seconds (from
/// 10¹¹ on, which as seconds would be the year 5138).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Milliseconds since the Unix epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// From whole seconds since the Unix epoch.
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// This moment and `duration` more.
    pub fn after(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// This moment less `duration`.
    pub fn before(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)),
        )
    }

    /// Year, month (1 to 12), day (1 to 31) in UTC.
    pub fn date(self) -> (i64, u32, u32) {
        civil_from_days(self.0.div_euclid(86_400_000))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        let ms = self.0.rem_euclid(86_400_000);
        let (hour, minute) = (ms / 3_600_000, ms / 60_000 % 60);
        let (second, milli) = (ms / 1000 % 60, ms % 1000);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"
        )
    }
}

impl FromStr for Timestamp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse_rfc3339(text)
            .ok_or_else(|| format!("{text:?} is not a time as RFC 3339 writes it (2026-05-03T07:30:00Z)"))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_loose(&Loose::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl Timestamp {
    pub(crate) fn from_loose(value: &Loose) -> Result<Self, String> {
        match value {
            Loose::Text(text) => text.parse(),
            Loose::Number(n) if n.is_finite() && n.abs() < 9e15 => {
                let millis = if n.abs() >= 1e11 { *n } else { n * 1000.0 };
                Ok(Self(millis.round() as i64))
            }
            _ => Err("a time is RFC 3339 text or seconds since 1970".into()),
        }
    }
}

/// Days since 1970-01-01 of a civil date (proleptic Gregorian).
fn days_from_civil(year: i64, month: u32, day: u32) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let shifted_month = i64::from((month + 9) % 12);
    let day_of_year = (153 * shifted_month + 2) / 5 + i64::from(day) - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted_month + 2) / 5 + 1) as u32;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    } as u32;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

fn parse_rfc3339(text: &str) -> Option<Timestamp> {
    fn digits(text: &str, range: std::ops::Range<usize>) -> Option<i64> {
        let part = text.get(range)?;
        part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?
    }
    let bytes = text.as_bytes();
    let separators_fit = bytes.len() >= 19
        && bytes[4] == b'-'
        && bytes[7] == b'-'
        && matches!(bytes[10], b'T' | b't' | b' ')
        && bytes[13] == b':'
        && bytes[16] == b':';
    if !separators_fit {
        return None;
    }
    let (year, month, day) = (
        digits(text, 0..4)?,
        digits(text, 5..7)? as u32,
        digits(text, 8..10)? as u32,
    );
    let (hour, minute, second) = (digits(text, 11..13)?, digits(text, 14..16)?, digits(text, 17..19)?);
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let month_days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if day == 0 || day > month_days || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut rest = text.get(19..)?;
    let mut millis = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let count = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if count == 0 {
            return None;
        }
        let padded = format!("{:0<3}", &fraction[..count.min(3)]);
        millis = padded.parse::<i64>().ok()?;
        rest = &fraction[count..];
    }
    let offset_minutes = match rest {
        "Z" | "z" | "" => 0,
        _ => {
            let sign = match rest.as_bytes()[0] {
                b'+' => 1,
                b'-' => -1,
                _ => return None,
            };
            let hours = digits(rest, 1..3)?;
            let minutes = match rest.len() {
                6 if rest.as_bytes()[3] == b':' => digits(rest, 4..6)?,
                5 => digits(rest, 3..5)?,
                _ => return None,
            };
            if hours > 23 || minutes > 59 {
                return None;
            }
            sign * (hours * 60 + minutes)
        }
    };
    let days = days_from_civil(year, month, day);
    let seconds = days * 86_400 + hour * 3600 + (minute - offset_minutes) * 60 + second;
    Some(Timestamp(seconds * 1000 + millis))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn rfc3339_is_read_and_written() {
        for (text, millis) in [
            ("1970-01-01T00:00:00.000Z", 0),
            ("2026-05-03T07:30:00.250Z", 1_777_793_400_250),
            ("2024-02-29T23:59:59.999Z", 1_709_251_199_999),
            ("1969-12-31T23:59:59.999Z", -1),
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap(), Timestamp(millis));
            assert_eq!(Timestamp(millis).to_string(), text);
        }
        assert_eq!(
            "2026-05-03T09:30:00+02:00".parse::<Timestamp>(),
            "2026-05-03T07:30:00Z".parse()
        );
    }

    #[test]
    fn what_is_not_a_time_is_refused() {
        for text in [
            "",
            "today",
            "2026-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-05-03T24:00:00Z",
            "2026-05-03T07:30:00+",
            "2026-05-03T07:30:00.Z",
            "2026-05-03T07:30:00é",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_are_seconds_or_milliseconds() {
        let read = |json: &str| serde_json::from_str::<Timestamp>(json);
        assert_eq!(read("1777793400").unwrap(), Timestamp(1_777_793_400_000));
        assert_eq!(read("1777793400250").unwrap(), Timestamp(1_777_793_400_250));
        assert!(read("true").is_err());
    }

    proptest! {
        #[test]
        fn every_moment_survives_the_wire(millis in -62_135_596_800_000i64..253_402_300_799_999) {
            prop_assert_eq!(Timestamp(millis).to_string().parse::<Timestamp>().unwrap(), Timestamp(millis));
        }
    }
}
