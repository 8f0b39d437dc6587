//! How a command ends when it does not end well.

use std::fmt;
use std::process::ExitCode;

/// Why a command ended without doing what it was asked; the text is one sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// It was asked wrongly, on the command line or in the configuration: exit code 64.
    Usage(String),
    /// It was asked rightly and could not: exit code 1.
    Failed(String),
}

impl Failure {
    /// The exit code, `EX_USAGE` of sysexits.h for what was asked wrongly.
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) => ExitCode::from(64),
            Self::Failed(_) => ExitCode::FAILURE,
        }
    }

    /// A failure to do `what`, because of `error` and what caused it.
    pub fn of(what: impl fmt::Display, error: &(dyn std::error::Error + 'static)) -> Self {
        Self::Failed(format!("{what}: {}", chain(error)))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(sentence) | Self::Failed(sentence) => f.write_str(sentence),
        }
    }
}

impl std::error::Error for Failure {}

/// An error and what caused it, in one sentence that says nothing twice.
pub fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut sentence = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !sentence.ends_with(&cause_text) {
            sentence.push_str(": ");
            sentence.push_str(&cause_text);
        }
        source = cause.source();
    }
    sentence
}
