//! The program's log: on stderr, so that stdout carries only what was asked for.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tracing_subscriber::filter::EnvFilter;

use crate::failure::Failure;

/// How log lines, and what the program announces on stdout, are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// Every level, the fewest lines first.
const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
/// What holds for the parts of the program that are not named.
const DEFAULT_LEVEL: &str = "info";

/// What is logged, for the filter: `level` is a level (`info`), or levels by part of the program
/// (`info,wamp_router=debug`). The filter itself takes a word it does not know for a part, and
/// logs nothing else.
///
/// # Errors
/// A sentence that names the levels.
pub fn directives(level: &str) -> Result<String, String> {
    let mut directives = Vec::new();
    let mut has_default = false;
    for item in level.split(',').map(str::trim) {
        let known = match item.split_once('=') {
            Some((part, level)) if is_part(part.trim()) => {
                known_level(level).map(|level| format!("{}={level}", part.trim()))
            }
            Some(_) => None,
            None => {
                has_default = true;
                known_level(item).map(str::to_owned)
            }
        };
        directives.push(known.ok_or_else(|| {
            format!(
                "{level:?} is not a log level: say {}, or levels by part such as info,wamp_router=debug",
                LEVELS.join(", ")
            )
        })?);
    }
    if !has_default {
        directives.push(DEFAULT_LEVEL.to_owned());
    }
    Ok(directives.join(","))
}

fn known_level(text: &str) -> Option<&'static str> {
    LEVELS.into_iter().find(|level| level.eq_ignore_ascii_case(text.trim()))
}

/// Whether this can be the name of a crate or a module.
fn is_part(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_:".contains(c))
}

/// Starts logging at `level`, as [`directives`] takes it.
pub fn start(format: Format, level: &str) -> Result<(), Failure> {
    let directives = directives(level).map_err(Failure::Usage)?;
    let filter = EnvFilter::builder()
        .parse(directives)
        .map_err(|error| Failure::Usage(format!("{level:?} is not a log level: {error}")))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = match format {
        Format::Text => {
            let colours = std::io::IsTerminal::is_terminal(&std::io::stderr());
            builder.with_ansi(colours).with_target(false).try_init()
        }
        Format::Json => builder.json().flatten_event(true).try_init(),
    };
    started.map_err(|error| Failure::Failed(format!("cannot start logging: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_one_of_those_there_are() {
        for (level, expected) in [
            ("info", "info"),
            ("WARN", "warn"),
            ("off", "off"),
            ("info,wamp_router=debug", "info,wamp_router=debug"),
            ("wamp_router::broker = trace", "wamp_router::broker=trace,info"),
        ] {
            assert_eq!(directives(level).as_deref(), Ok(expected), "{level}");
            EnvFilter::builder().parse(expected).unwrap();
        }
        for wrong in [
            "",
            "loud",
            "wran",
            "wamp_router",
            "info,loud",
            "wamp_router=loud",
            "=info",
            "[x]=info",
            "info,",
            "3",
        ] {
            let fault = directives(wrong).unwrap_err();
            assert!(
                fault.starts_with(&format!("{wrong:?} is not a log level: say off, error, warn, ")),
                "{fault}"
            );
        }
    }
}
