//! Points in time, handed to whoever needs one.

use std::fmt;
use std::time::Duration;

/// Now, as the caller of a pure function sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Moment {
    /// Since the router's start; never runs backwards.
    pub(crate) monotonic: Duration,
    /// Since 1970-01-01T00:00:00Z, as the machine's clock has it.
    pub(crate) unix: Duration,
}

/// As the meta API writes times: `2026-05-03T07:08:09.010Z`.
pub(crate) struct Iso8601(pub(crate) Duration);

impl fmt::Display for Iso8601 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (year, month, day) = civil(seconds / 86_400);
        let of_day = seconds % 86_400;
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        let milli = self.0.subsec_millis();
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z"
        )
    }
}

/// The date `days` after 1970-01-01, in eras of 400 years that begin on a first of March.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// Reads a time like `2026-05-03T07:08:09.5+02:00` as RFC 3339 has it, from 1970 on.
pub(crate) fn parse_rfc3339(text: &str) -> Option<Duration> {
    let (date, rest) = text.split_at_checked(10)?;
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (time, mut rest) = rest.split_at_checked(8)?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let valid = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    if year < 1970 || !valid {
        return None;
    }
    let mut nanoseconds = 0;
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        let (fraction, after) = fraction.split_at_checked(digits)?;
        nanoseconds = format!("{fraction:0<9.9}").parse().ok()?;
        rest = after;
    }
    let offset = match rest {
        "Z" | "z" => 0,
        _ => {
            let (sign, offset) = rest.split_at_checked(1)?;
            let [hours, minutes] = numbers(offset, ':', [2, 2])?;
            let seconds = i64::try_from(hours * 3600 + minutes * 60).ok()?;
            match sign {
                "+" => seconds,
                "-" => -seconds,
                _ => return None,
            }
        }
    };
    let local = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(Duration::new(local.checked_add_signed(-offset)?, nanoseconds))
}

/// So many numbers of so many digits each.
fn numbers<const N: usize>(text: &str, separator: char, digits: [usize; N]) -> Option<[u64; N]> {
    let mut parts = text.split(separator);
    let mut numbers = [0; N];
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next()?;
        if part.len() != digits || !part.bytes().all(|octet| octet.is_ascii_digit()) {
            return None;
        }
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

/// The other way round from [`civil`].
const fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let shifted_month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * shifted_month + 2) / 5 + day - 1;
    let day_of_era = year % 400 * 365 + year % 400 / 4 - year % 400 / 100 + day_of_year;
    year / 400 * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_the_calendar_has_them() {
        for (milliseconds, expected) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(Iso8601(Duration::from_millis(milliseconds)).to_string(), expected);
        }
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        for milliseconds in [0, 951_782_400_000, 1_735_689_599_999, 4_107_542_400_000] {
            let time = Duration::from_millis(milliseconds);
            assert_eq!(parse_rfc3339(&Iso8601(time).to_string()), Some(time));
        }
        let noon = Some(Duration::from_secs(1_777_809_600));
        assert_eq!(parse_rfc3339("2026-05-03T12:00:00Z"), noon);
        assert_eq!(parse_rfc3339("2026-05-03T14:00:00+02:00"), noon);
        assert_eq!(parse_rfc3339("2026-05-03 10:30:00-01:30"), noon);
        for wrong in [
            "",
            "2026-05-03",
            "2026-13-03T12:00:00Z",
            "2026-05-03T12:00:00",
            "2026-05-03T12:00:00.Q",
            "1950-01-01T00:00:00Z",
        ] {
            assert_eq!(parse_rfc3339(wrong), None, "{wrong}");
        }
    }
}
