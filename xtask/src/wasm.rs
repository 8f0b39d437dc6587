//! A Rust toolchain that builds for the browser.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{exists, output, say};
use crate::setup::{Package, install_packages};

const TARGET: &str = "wasm32-unknown-unknown";

const DEBIANS_OWN: &[Package] = &[
    Package {
        name: "rustc-web",
        reason: "a compiler whose library source Debian ships",
    },
    Package {
        name: "cargo-web",
        reason: "its cargo",
    },
    Package {
        name: "rust-web-src",
        reason: "the standard library's source, built for the browser",
    },
    Package {
        name: "lld",
        reason: "links for the browser",
    },
];

/// Which compiler builds the UI.
pub(crate) enum Toolchain {
    /// The one in use, with the wasm target installed.
    Rustup,
    /// Debian's, which builds the standard library from source: for machines that cannot download
    /// a target.
    Debian,
}

impl Toolchain {
    /// The plain way where it works, Debian's packages where it does not.
    pub(crate) fn find_or_install() -> Result<Self> {
        if target_is_installed() {
            return Ok(Self::Rustup);
        }
        if !debians_is_there() {
            say("the UI needs the wasm32 target; asking rustup for it");
            let added = exists("rustup")
                && Command::new("rustup")
                    .args(["target", "add", TARGET])
                    .status()
                    .is_ok_and(|status| status.success());
            if added && target_is_installed() {
                return Ok(Self::Rustup);
            }
            say("rustup cannot get it; taking Debian's compiler and library source");
            install_packages(DEBIANS_OWN)?;
        }
        if !debians_is_there() {
            bail!(
                "no compiler for the browser: neither `rustup target add {TARGET}` nor Debian's rustc-web, cargo-web, rust-web-src and lld could be had"
            );
        }
        Ok(Self::Debian)
    }

    /// A `cargo build` for the browser, ready for `--package`.
    pub(crate) fn cargo_build(&self) -> Result<Command> {
        let mut command = match self {
            Self::Rustup => crate::command::cargo()?,
            Self::Debian => {
                let mut command = Command::new("/usr/bin/cargo");
                command.current_dir(crate::root()?);
                let path = std::env::var_os("PATH").unwrap_or_default();
                let path = std::env::join_paths(
                    std::iter::once(PathBuf::from("/usr/bin")).chain(std::env::split_paths(&path)),
                )
                .context("PATH cannot be extended")?;
                command.env("PATH", path);
                // Left over from the cargo that runs this: they would bring rustup's compiler back.
                for variable in ["CARGO", "RUSTC", "RUSTUP_TOOLCHAIN", "RUSTC_WRAPPER", "RUSTFLAGS"] {
                    command.env_remove(variable);
                }
                command.env("RUSTC_BOOTSTRAP", "1");
                command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld");
                command
            }
        };
        command.args(["build", "--target", TARGET]);
        if matches!(self, Self::Debian) {
            command.arg("-Zbuild-std=std,panic_abort");
        }
        // Its own folder: a UI build and a hub build may run side by side, and never clear each other.
        command.env("CARGO_TARGET_DIR", crate::target_dir()?.join("wasm"));
        Ok(command)
    }

    /// Where that build leaves `program`.wasm.
    pub(crate) fn artifact(profile: &str, program: &str) -> Result<PathBuf> {
        Ok(crate::target_dir()?
            .join("wasm")
            .join(TARGET)
            .join(profile)
            .join(format!("{program}.wasm")))
    }
}

fn target_is_installed() -> bool {
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]));
    sysroot.is_some_and(|root| {
        PathBuf::from(root.trim())
            .join("lib/rustlib")
            .join(TARGET)
            .join("lib")
            .is_dir()
    })
}

fn debians_is_there() -> bool {
    let has_source = output(Command::new("/usr/bin/rustc").args(["--print", "sysroot"])).is_some_and(|root| {
        PathBuf::from(root.trim())
            .join("lib/rustlib/src/rust/library/std")
            .is_dir()
    });
    has_source && exists("wasm-ld") && PathBuf::from("/usr/bin/cargo").is_file()
}
