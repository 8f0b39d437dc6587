//! `cargo xtask fuzz`: the decoders, the framing and the handshake under octets that nobody meant.

use std::process::Command;

use anyhow::Result;

use crate::command::{cargo, output, run, say};

/// The targets of `wamp/protocol/fuzz`.
const TARGETS: [&str; 5] = ["json", "msgpack", "cbor", "framing", "handshake"];

/// Runs every target for so many seconds: by cargo-fuzz where it and a nightly compiler are there,
/// else by a random driver on the compiler at hand.
pub(crate) fn fuzz(seconds: u32) -> Result<()> {
    let has_cargo_fuzz = output(Command::new("cargo").args(["+nightly", "fuzz", "--version"])).is_some();
    if !has_cargo_fuzz {
        say("no nightly compiler with cargo-fuzz: the targets run under a random driver");
        let mut command = cargo()?;
        command.args([
            "test",
            "-p",
            "wamp-protocol",
            "--test",
            "fuzz",
            "--",
            "--nocapture",
            "--test-threads=1",
        ]);
        // Optimised, it tries twenty times as much.
        command.env("CARGO_PROFILE_TEST_OPT_LEVEL", "2");
        command.env("CARGO_PROFILE_DEV_OPT_LEVEL", "2");
        command.env("CARGO_TARGET_DIR", crate::target_dir()?.join("fuzz"));
        command.env("DOMOVOI_FUZZ_SECONDS", seconds.to_string());
        return run("fuzzing", &mut command);
    }
    for target in TARGETS {
        let mut command = Command::new("cargo");
        command
            .current_dir(crate::root()?.join("wamp/protocol"))
            .args(["+nightly", "fuzz", "run", target, "--"])
            .arg(format!("-max_total_time={seconds}"));
        run(&format!("fuzzing {target}"), &mut command)?;
    }
    Ok(())
}
