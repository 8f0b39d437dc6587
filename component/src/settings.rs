//! The one setting that many components have.

use house::Pace;

/// How a component works that has to know one thing only.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many times faster than real time the house runs; 1 in a real house.
    pub speed: f64,
}

impl Settings {
    /// The speed as durations are divided by it.
    pub fn pace(&self) -> Pace {
        Pace::new(self.speed)
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self { speed: 1.0 }
    }
}
