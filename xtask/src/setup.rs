//! Installs what the machine lacks: Debian packages, by name, each with its reason.

use std::process::Command;

use anyhow::{Result, bail};

use crate::command::{exists, output, run, say};

/// What the machine is to be made ready for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Building and running the hub.
    Run,
    /// Running every test.
    Test,
}

/// A Debian package and why it is wanted.
pub(crate) struct Package {
    pub(crate) name: &'static str,
    pub(crate) reason: &'static str,
}

const TO_BUILD: &[Package] = &[
    Package {
        name: "gcc",
        reason: "links programs, compiles SQLite and D-Bus",
    },
    Package {
        name: "libc6-dev",
        reason: "links programs",
    },
];

const TO_TEST: &[Package] = &[
    Package {
        name: "dbus",
        reason: "a private bus for the fake Bluetooth adapter",
    },
    Package {
        name: "mosquitto",
        reason: "an MQTT server nobody here wrote",
    },
    Package {
        name: "mosquitto-clients",
        reason: "MQTT devices nobody here wrote",
    },
    Package {
        name: "chromium",
        reason: "the browser tests",
    },
    Package {
        name: "chromium-driver",
        reason: "drives the browser",
    },
    Package {
        name: "fonts-dejavu-core",
        reason: "text in screenshots",
    },
    Package {
        name: "python3",
        reason: "the interoperability tests",
    },
    Package {
        name: "python3-venv",
        reason: "a place for Autobahn",
    },
    VALGRIND,
];

/// Counts instructions, for `cargo xtask instructions`.
pub(crate) const VALGRIND: Package = Package {
    name: "valgrind",
    reason: "counts instructions, so that a slower router shows on a busy machine",
};

/// What `cargo xtask bench` measures the router beside.
pub(crate) const PEERS: &[Package] = &[
    Package {
        name: "mosquitto",
        reason: "an MQTT server to be measured beside",
    },
    Package {
        name: "nats-server",
        reason: "a NATS server to be measured beside",
    },
];

/// Installs what `purpose` needs and is not there.
///
/// # Errors
/// A sentence that names what cannot be had.
pub(crate) fn install(purpose: Purpose) -> Result<()> {
    install_packages(TO_BUILD)?;
    if purpose == Purpose::Test {
        install_packages(TO_TEST)?;
        crate::python::prepare()?;
    }
    crate::wasm::Toolchain::find_or_install()?;
    Ok(())
}

/// Installs those of `packages` that are not there.
pub(crate) fn install_packages(packages: &[Package]) -> Result<()> {
    if !exists("dpkg-query") {
        let names: Vec<_> = packages.iter().map(|package| package.name).collect();
        say(&format!(
            "this is no Debian: make sure that what Debian calls {} is installed (see docs/building.md)",
            names.join(", ")
        ));
        return Ok(());
    }
    let missing: Vec<_> = packages.iter().filter(|package| !is_installed(package.name)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    for package in &missing {
        say(&format!("needs Debian package {}: {}", package.name, package.reason));
    }
    let names: Vec<_> = missing.iter().map(|package| package.name).collect();
    run("refreshing Debian's package lists", apt()?.args(["update", "-qq"]))?;
    run(
        &format!("installing {}", names.join(" ")),
        apt()?
            .args(["install", "-y", "-qq", "--no-install-recommends"])
            .args(&names),
    )
}

fn is_installed(package: &str) -> bool {
    let status = output(Command::new("dpkg-query").args(["-W", "-f=${db:Status-Abbrev}", package]));
    status.is_some_and(|status| status.starts_with("ii"))
}

/// `apt-get`, through sudo where we are not root.
fn apt() -> Result<Command> {
    let is_root = output(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    let mut command = if is_root {
        Command::new("apt-get")
    } else if exists("sudo") {
        let mut command = Command::new("sudo");
        command.arg("apt-get");
        command
    } else {
        bail!(
            "packages are missing and you are neither root nor have sudo: install the ones named above and call again"
        );
    };
    command.env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}
