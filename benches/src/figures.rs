//! Figures out of many measurements.

/// The value that half of the measurements do not exceed.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    percentile(values, 50.0)
}

/// The value that `percent` of the measurements do not exceed.
pub(crate) fn percentile(values: &mut [f64], percent: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (percent / 100.0 * values.len() as f64).ceil() as usize;
    values[rank.clamp(1, values.len()) - 1]
}

/// One row of the table.
pub(crate) fn row(figure: &str, value: &str) {
    println!("| {figure} | {value} |");
}
