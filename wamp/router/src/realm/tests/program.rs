//! Random programs, and how they are run.

use std::fmt;

use super::world::World;
use crate::random_ids::RandomIds;

/// Sessions that are there at once, at most.
pub(super) const SLOTS: u64 = 5;

/// A program: each number is one step, which draws from it what it needs to know.
#[derive(Clone)]
pub(super) struct Program(Vec<u64>);

/// Small numbers out of a large one.
pub(super) struct Draw(u64);

impl Draw {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        let drawn = self.0 % limit;
        self.0 /= limit;
        drawn
    }

    pub(super) fn one_in(&mut self, limit: u64) -> bool {
        self.below(limit) == 0
    }

    pub(super) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

impl Program {
    pub(super) fn random(seed: u64, steps: usize) -> Self {
        let mut random = RandomIds::from_seed(seed);
        Self((0..steps).map(|_| random.number()).collect())
    }

    /// Runs it; how the realm differs from the model, if it does.
    pub(super) fn run(&self) -> Result<(), String> {
        let mut world = World::new();
        for (at, word) in self.0.iter().enumerate() {
            world
                .step(Draw(*word))
                .map_err(|difference| format!("step {at}: {difference}"))?;
        }
        for slot in 0..SLOTS {
            world.leave(slot)?;
        }
        world.nothing_is_left()
    }

    /// As few of its steps as still show a difference.
    pub(super) fn shortened(&self, difference: String) -> (Self, String) {
        let mut shortest = (self.clone(), difference);
        let mut size = self.0.len() / 2;
        while size > 0 {
            let mut at = 0;
            while at < shortest.0.0.len() {
                let mut steps = shortest.0.0.clone();
                steps.drain(at..(at + size).min(steps.len()));
                let shorter = Self(steps);
                match shorter.run() {
                    Err(difference) => shortest = (shorter, difference),
                    Ok(()) => at += size,
                }
            }
            size /= 2;
        }
        shortest
    }
}

impl fmt::Display for Program {
    /// What each step sends.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut world = World::new();
        for word in &self.0 {
            let outcome = world.step(Draw(*word));
            writeln!(f, "{}", world.said)?;
            if outcome.is_err() {
                break;
            }
        }
        Ok(())
    }
}
