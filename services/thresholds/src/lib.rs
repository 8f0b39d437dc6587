//! Keeps the thresholds that people set, and raises and clears alerts when readings cross them.

pub mod evaluate;
