//! Runs to figures, figures to a table.

use crate::scenario::Run;

/// What is said of one server in one scenario: medians of its runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct Figures {
    /// A second; 0 where nothing is counted.
    pub(crate) rate: f64,
    /// CPU seconds for a million.
    cpu: Option<f64>,
    /// In microseconds: half, 99 of 100 and 999 of 1000 take no longer.
    latencies: Option<[f64; 3]>,
    memory: Option<(f64, f64)>,
    runs: usize,
}

/// The middle one; of two the lower.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len().saturating_sub(1) / 2).copied()
}

/// The least value that so many of 1000 do not exceed, in microseconds.
fn per_mille(sorted: &[u64], mille: usize) -> f64 {
    let rank = (sorted.len() * mille).div_ceil(1000).max(1);
    sorted
        .get(rank - 1)
        .map_or(0.0, |nanoseconds| *nanoseconds as f64 / 1000.0)
}

impl Figures {
    pub(crate) fn of(runs: &mut [Run]) -> Self {
        for run in runs.iter_mut() {
            run.latencies.sort_unstable();
        }
        let rates = runs.iter().filter(|run| run.seconds > 0.0);
        let timed = || runs.iter().filter(|run| !run.latencies.is_empty());
        let latency = |mille| median(timed().map(|run| per_mille(&run.latencies, mille)));
        let memory = |pick: fn((f64, f64)) -> f64| median(runs.iter().filter_map(|run| run.memory).map(pick));
        Self {
            rate: median(rates.map(|run| run.done as f64 / run.seconds)).unwrap_or_default(),
            cpu: median(
                runs.iter()
                    .filter(|run| run.seconds > 0.0)
                    .filter_map(|run| Some(run.cpu? / (run.done as f64 / 1e6))),
            ),
            latencies: latency(500)
                .zip(latency(990))
                .zip(latency(999))
                .map(|((half, most), all)| [half, most, all]),
            memory: memory(|(rest, _)| rest).zip(memory(|(_, more)| more)),
            runs: runs.len(),
        }
    }

    fn row(&self, name: &str, relay: Option<&Self>) -> [String; 9] {
        let dash = || "–".to_owned();
        let counted = |value: f64| if value > 0.0 { thousands(value) } else { dash() };
        let ratio = relay.filter(|relay| relay.rate > 0.0 && self.rate > 0.0);
        let latency = |place: usize| self.latencies.map_or_else(dash, |all| format!("{:.0}", all[place]));
        [
            name.to_owned(),
            counted(self.rate),
            ratio.map_or_else(dash, |relay| format!("{:.2}", self.rate / relay.rate)),
            self.cpu.map_or_else(dash, |cpu| format!("{cpu:.2}")),
            latency(0),
            latency(1),
            latency(2),
            self.memory
                .map_or_else(dash, |(rest, more)| format!("{:.1} MB, {more:.1} KiB", rest / 1024.0)),
            self.runs.to_string(),
        ]
    }
}

fn thousands(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// What stands above the columns.
const HEADINGS: [&str; 9] = [
    "server",
    "a second",
    "× relay",
    "CPU s per million",
    "p50 µs",
    "p99 µs",
    "p999 µs",
    "at rest, each or peak",
    "runs",
];

/// Prints a Markdown table of what was measured in one scenario.
pub(crate) fn print(title: &str, rows: &[(String, Figures)]) {
    println!("\n{title}\n");
    println!("| {} |", HEADINGS.join(" | "));
    println!("|---|{}", "--:|".repeat(HEADINGS.len() - 1));
    let relay = rows
        .iter()
        .find(|(name, _)| name == "relay")
        .map(|(_, figures)| figures);
    for (name, figures) in rows {
        println!("| {} |", figures.row(name, relay).join(" | "));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_percentiles_are_of_the_sorted_values() {
        assert_eq!(median([3.0, 1.0, 2.0].into_iter()), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0].into_iter()), Some(2.0));
        assert_eq!(median(std::iter::empty()), None);
        let sorted: Vec<u64> = (1..=1000).map(|number| number * 1000).collect();
        assert_eq!(per_mille(&sorted, 500), 500.0);
        assert_eq!(per_mille(&sorted, 999), 999.0);
        assert_eq!(per_mille(&[7000], 990), 7.0);
    }

    #[test]
    fn large_numbers_are_grouped() {
        assert_eq!(thousands(1_234_567.4), "1,234,567");
        assert_eq!(thousands(999.0), "999");
    }
}
