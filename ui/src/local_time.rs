//! Moments as a person at this browser reads them.

use house::Timestamp;

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// How far local time is ahead of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Offset {
    pub(crate) minutes: i64,
}

impl Offset {
    fn local(self, at: Timestamp) -> Timestamp {
        Timestamp(at.0.saturating_add(self.minutes * 60_000))
    }

    /// `14:05`.
    pub(crate) fn clock(self, at: Timestamp) -> String {
        let minutes = self.local(at).0.div_euclid(60_000).rem_euclid(1440);
        format!("{:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// `14:05:09`.
    pub(crate) fn clock_with_seconds(self, at: Timestamp) -> String {
        format!("{}:{:02}", self.clock(at), at.0.div_euclid(1000).rem_euclid(60))
    }

    /// `3 May`.
    pub(crate) fn day(self, at: Timestamp) -> String {
        let (_, month, day) = self.local(at).date();
        let month = MONTHS
            .get(month.saturating_sub(1) as usize)
            .copied()
            .unwrap_or_default();
        format!("{day} {month}")
    }

    /// `3 May, 14:05`, or only the time when it is the same day as `now`.
    pub(crate) fn moment(self, at: Timestamp, now: Timestamp) -> String {
        if self.local(at).date() == self.local(now).date() {
            self.clock(at)
        } else {
            format!("{}, {}", self.day(at), self.clock(at))
        }
    }

    /// `Today`, `Yesterday`, `3 May`, or `3 May 2025` when it is another year's.
    pub(crate) fn day_name(self, at: Timestamp, now: Timestamp) -> String {
        let date = self.local(at).date();
        if date == self.local(now).date() {
            return "Today".into();
        }
        if date == self.local(Timestamp(now.0 - 86_400_000)).date() {
            return "Yesterday".into();
        }
        if date.0 == self.local(now).date().0 {
            self.day(at)
        } else {
            format!("{} {}", self.day(at), date.0)
        }
    }

    /// Milliseconds since local midnight.
    pub(crate) fn since_midnight(self, at: Timestamp) -> i64 {
        self.local(at).0.rem_euclid(86_400_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_local() {
        let at: Timestamp = "2026-05-03T22:30:09Z".parse().unwrap();
        let berlin = Offset { minutes: 120 };
        assert_eq!(berlin.clock(at), "00:30");
        assert_eq!(berlin.clock_with_seconds(at), "00:30:09");
        assert_eq!(berlin.day(at), "4 May");
        assert_eq!(Offset::default().moment(at, at), "22:30");
        assert_eq!(berlin.since_midnight(at), 30 * 60_000 + 9000);
    }

    #[test]
    fn days_have_names() {
        let now: Timestamp = "2026-05-03T12:00:00Z".parse().unwrap();
        let name = |text: &str| Offset::default().day_name(text.parse().unwrap(), now);
        assert_eq!(name("2026-05-03T00:00:00Z"), "Today");
        assert_eq!(name("2026-05-02T23:59:00Z"), "Yesterday");
        assert_eq!(name("2026-04-30T12:00:00Z"), "30 Apr");
        assert_eq!(name("2025-12-31T12:00:00Z"), "31 Dec 2025");
    }
}
