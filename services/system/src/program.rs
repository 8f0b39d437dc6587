//! Programs of the machine that change its clock and its network.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

/// How long such a program may take.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why the machine did not do what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ProgramFault {
    /// There is no such program.
    #[error("this machine has no {program}")]
    Absent {
        /// Its name.
        program: String,
    },
    /// It said no.
    #[error("{program} says: {answer}")]
    Refused {
        /// Its name.
        program: String,
        /// What it wrote.
        answer: String,
    },
}

/// Runs `program` and gives what it wrote. Arguments are passed as they are: there is no shell.
pub(crate) async fn run(program: &Path, arguments: &[&str]) -> Result<String, ProgramFault> {
    let name = || program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let running = Command::new(program)
        .args(arguments)
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let refused = |answer: String| ProgramFault::Refused {
        program: name(),
        answer,
    };
    let output = match tokio::time::timeout(TIMEOUT, running).await {
        Err(_) => return Err(refused("nothing, for half a minute".into())),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(ProgramFault::Absent { program: name() });
        }
        Ok(Err(error)) => return Err(refused(error.to_string())),
        Ok(Ok(output)) => output,
    };
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).trim().to_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    let said = [text(&output.stderr), text(&output.stdout)];
    let line = said
        .iter()
        .flat_map(|text| text.lines())
        .find(|line| !line.trim().is_empty());
    Err(refused(line.map_or_else(
        || output.status.to_string(),
        |line| line.trim().to_owned(),
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_answers_refuses_or_is_not_there() {
        assert_eq!(run(Path::new("echo"), &["a b", "$HOME"]).await.unwrap(), "a b $HOME");
        let refused = run(Path::new("ls"), &["/no/such/place"]).await.unwrap_err();
        assert!(refused.to_string().starts_with("ls says: ls: "), "{refused}");
        let absent = run(Path::new("/no/such/program"), &[]).await.unwrap_err();
        assert_eq!(absent.to_string(), "this machine has no program");
    }
}
