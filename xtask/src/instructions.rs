//! `cargo xtask instructions`: instructions for each routed message, which a busy machine does not
//! change, against the numbers that the repository keeps.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::command::{cargo, output, run, say};
use crate::setup::{VALGRIND, install_packages};

/// Where the numbers are.
const KEPT: &str = "benches/instructions.toml";
/// How many are routed in the two runs whose difference counts.
const FEW: u64 = 500;
const MANY: u64 = 2500;
/// How much a number may grow.
const TOLERANCE: f64 = 0.05;

/// The file's content.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// The compiler that they were counted with: another one may give other numbers.
    compiler: String,
    /// Instructions for each message.
    instructions: BTreeMap<String, u64>,
}

/// Counts, and fails where a number has grown too much; or writes the numbers down.
pub(crate) fn instructions(record: bool) -> Result<()> {
    install_packages(&[VALGRIND])?;
    let program = build()?;
    let mut counted = BTreeMap::new();
    let listed = output(&mut Command::new(&program)).context("the program does not say what it can route")?;
    for message in listed.lines() {
        say(&format!("counting the instructions of {message}"));
        let few = count(&program, message, FEW)?;
        let many = count(&program, message, MANY)?;
        counted.insert(message.to_owned(), many.saturating_sub(few) / (MANY - FEW));
    }
    let compiler = output(Command::new("rustc").arg("--version")).unwrap_or_default();
    let counted = Kept {
        compiler: compiler.trim().to_owned(),
        instructions: counted,
    };
    let path = crate::root()?.join(KEPT);
    if record {
        return write(&path, &counted);
    }
    let kept = fs::read_to_string(&path).with_context(|| format!("{KEPT} cannot be read"))?;
    let kept: Kept = toml::from_str(&kept).with_context(|| format!("{KEPT} is not what it should be"))?;
    for (message, now) in &counted.instructions {
        let before = kept.instructions.get(message).copied().unwrap_or_default();
        println!("{message}: {now} instructions a message, {before} kept");
    }
    let grown = grown(&kept.instructions, &counted.instructions);
    if grown.is_empty() {
        return Ok(());
    }
    if kept.compiler != counted.compiler {
        say(&format!(
            "the kept numbers are of {}, these of {}",
            kept.compiler, counted.compiler
        ));
    }
    bail!(
        "more instructions than {KEPT} allows for {}, or no longer the same messages; make it less, or record the new numbers with `cargo xtask instructions --record` and say why",
        grown.join(", ")
    )
}

/// The messages that take too many instructions more than kept, or are not kept at all; and those
/// that are kept and no longer counted.
fn grown<'a>(kept: &'a BTreeMap<String, u64>, counted: &'a BTreeMap<String, u64>) -> Vec<&'a str> {
    let too_many = |(message, now): &(&'a String, &u64)| {
        let allowed = kept.get(*message).map(|before| *before as f64 * (1.0 + TOLERANCE));
        allowed.is_none_or(|allowed| **now as f64 > allowed)
    };
    let gone = kept.keys().filter(|message| !counted.contains_key(*message));
    let grown = counted.iter().filter(too_many).map(|(message, _)| message);
    grown.chain(gone).map(String::as_str).collect()
}

fn build() -> Result<PathBuf> {
    let mut command = cargo()?;
    command.args([
        "bench",
        "--no-run",
        "--package",
        "wamp-router",
        "--bench",
        "instructions",
    ]);
    run("building what is counted", &mut command)?;
    // The same once more says where it is.
    let built = command
        .arg("--message-format=json")
        .stderr(Stdio::null())
        .output()
        .context("cargo cannot be started")?;
    let executable = String::from_utf8_lossy(&built.stdout).lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_it = message.get("target")?.get("name")?.as_str()? == "instructions";
        is_it.then(|| Some(PathBuf::from(message.get("executable")?.as_str()?)))?
    });
    executable.context("cargo does not say where the program is")
}

/// Instructions of the program that routes so many messages.
fn count(program: &Path, message: &str, messages: u64) -> Result<u64> {
    let counted = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args([message, &messages.to_string()])
        .stdin(Stdio::null())
        .output()
        .context("valgrind cannot be started")?;
    let said = String::from_utf8_lossy(&counted.stderr);
    let collected = said
        .lines()
        .find_map(|line| line.split_once("Collected :")?.1.trim().parse().ok());
    match collected {
        Some(collected) if counted.status.success() => Ok(collected),
        _ => bail!("valgrind counts nothing:\n{said}"),
    }
}

fn write(path: &Path, counted: &Kept) -> Result<()> {
    let text = format!(
        "# Instructions for each routed message: a publication of 100 octets to ten subscribers, a call of\n\
         # 100 octets and its result; over WebSocket where RawSocket is not named, in JSON where nothing\n\
         # else is; `rules`: in a role with eight permission rules. `cargo xtask instructions` fails when\n\
         # one grows by more than 5 %; `cargo xtask instructions --record` writes this file.\n{}",
        toml::to_string(counted)?
    );
    fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_percent_more_pass_and_six_do_not_nor_does_what_is_new_or_gone() {
        let of = |numbers: &[(&str, u64)]| -> BTreeMap<String, u64> {
            numbers
                .iter()
                .map(|(name, number)| ((*name).to_owned(), *number))
                .collect()
        };
        let kept = of(&[("a", 1000), ("b", 1000), ("c", 1000), ("gone", 1)]);
        let counted = of(&[("a", 1050), ("b", 1060), ("c", 10), ("new", 1)]);
        assert_eq!(grown(&kept, &counted), ["b", "new", "gone"]);
    }
}
