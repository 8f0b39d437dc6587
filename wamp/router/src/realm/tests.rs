//! A realm against a naive model: random programs of several sessions on a simulated clock. What
//! each session gets is what the model says, message for message; and when all have left, nothing
//! is left of them.

mod calls;
mod events;
mod model;
mod newest;
mod program;
mod registrations;
mod seen;
mod shards;
mod steps;
mod world;

use self::program::Program;

/// Steps of one program.
const STEPS: usize = 150;
/// Programs; a million steps in all, and some.
const PROGRAMS: u64 = 7000;

#[test]
fn a_million_random_steps_go_as_the_model_says() {
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let run = |first: u64| {
        let mut steps = 0;
        for seed in (first..PROGRAMS).step_by(threads as usize) {
            let program = Program::random(seed, STEPS);
            if let Err(difference) = program.run() {
                let (shortest, difference) = program.shortened(difference);
                panic!("program {seed}, shortened:\n{shortest}\n{difference}");
            }
            steps += STEPS;
        }
        steps
    };
    let steps: usize = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|first| scope.spawn(move || run(first))).collect();
        running.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert!(steps >= 1_000_000, "{steps} steps");
}
