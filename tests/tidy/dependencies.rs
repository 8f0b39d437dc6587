//! Who may depend on whom.

use std::collections::{BTreeMap, BTreeSet};

/// Package → the workspace packages it depends on when built, tests aside.
fn own_dependencies() -> BTreeMap<String, BTreeSet<String>> {
    all_dependencies()
        .into_iter()
        .map(|(package, dependencies)| {
            let own: BTreeSet<_> = dependencies.into_iter().filter(|name| is_own(name)).collect();
            (package, own)
        })
        .collect()
}

fn all_dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let mut by_package = BTreeMap::new();
    for manifest in super::tracked("toml")
        .into_iter()
        .filter(|path| path.ends_with("Cargo.toml"))
    {
        let text = std::fs::read_to_string(&manifest).expect("a manifest");
        let manifest: toml::Table = text.parse().expect("a manifest is TOML");
        let Some(name) = manifest
            .get("package")
            .and_then(|package| package.get("name"))
            .and_then(|name| name.as_str())
        else {
            continue;
        };
        let mut dependencies = BTreeSet::new();
        let mut tables = vec![manifest.get("dependencies")];
        if let Some(targets) = manifest.get("target").and_then(|target| target.as_table()) {
            tables.extend(targets.values().map(|target| target.get("dependencies")));
        }
        for table in tables.into_iter().flatten().filter_map(|table| table.as_table()) {
            dependencies.extend(table.keys().cloned());
        }
        by_package.insert(name.to_owned(), dependencies);
    }
    by_package
}

const SERVICES: &[&str] = &[
    "thermostat",
    "humidity-fan",
    "thresholds",
    "device-control",
    "logger",
    "discovery",
    "notifier",
    "system",
];
/// The services that are controllers: they share the crate `controller`.
const CONTROLLERS: &[&str] = &["thermostat", "humidity-fan"];
const BRIDGES: &[&str] = &["mqtt-bridge", "ble-bridge", "mdns-bridge", "simulated"];

fn is_own(name: &str) -> bool {
    SERVICES.contains(&name)
        || BRIDGES.contains(&name)
        || [
            "wamp-protocol",
            "wamp-router",
            "wamp-client",
            "house",
            "database",
            "component",
            "controller",
            "decoders",
            "test-realm",
            "hub",
            "ui",
        ]
        .contains(&name)
}

/// What each package may use of the project's own.
fn allowed(package: &str) -> Option<&'static [&'static str]> {
    Some(match package {
        "house" | "wamp-protocol" | "database" => &[],
        "decoders" => &["house"],
        "wamp-client" | "wamp-router" => &["wamp-protocol"],
        "component" => &["wamp-client", "house"],
        "controller" => &["component", "wamp-client", "house"],
        name if CONTROLLERS.contains(&name) => &["controller", "component", "wamp-client", "house"],
        name if SERVICES.contains(&name) => &["component", "wamp-client", "house", "database"],
        name if BRIDGES.contains(&name) => &["component", "wamp-client", "house", "database", "decoders"],
        "ui" => &["wamp-client", "wamp-protocol", "house"],
        _ => return None,
    })
}

#[test]
fn packages_use_only_what_their_place_allows() {
    for (package, dependencies) in own_dependencies() {
        assert!(!dependencies.contains("hub"), "{package} depends on hub: nobody may");
        assert!(
            !dependencies.contains("test-realm"),
            "{package} depends on what is for tests only"
        );
        let Some(allowed) = allowed(&package) else { continue };
        for dependency in dependencies {
            assert!(
                allowed.contains(&dependency.as_str()),
                "{package} must not depend on {dependency}; it may use {allowed:?}"
            );
        }
    }
}

#[test]
fn the_protocol_and_the_vocabulary_do_no_io() {
    let all = all_dependencies();
    for package in ["wamp-protocol", "house", "decoders"] {
        let dependencies = &all[package];
        for banned in [
            "tokio",
            "futures-util",
            "reqwest",
            "sqlx",
            "getrandom",
            "rand",
            "tracing",
        ] {
            assert!(!dependencies.contains(banned), "{package} must not depend on {banned}");
        }
    }
    assert_eq!(
        all["house"],
        BTreeSet::from(["serde".to_owned()]),
        "house depends on serde alone"
    );
}

#[test]
fn pure_modules_read_no_clock() {
    let pure_crates = ["wamp/protocol/src", "house/src", "devices/decoders/src"];
    let pure_files = [
        "control.rs",
        "evaluate.rs",
        "baseline.rs",
        "physics.rs",
        "controller/src/rule.rs",
        "controller/src/decide.rs",
        "controller/src/plan.rs",
    ];
    let mut seen = 0;
    for path in super::tracked("rs") {
        let name = super::relative(&path);
        let is_pure = pure_crates.iter().any(|folder| name.starts_with(folder))
            || pure_files.iter().any(|file| name.ends_with(&format!("/{file}")));
        if !is_pure {
            continue;
        }
        seen += 1;
        let text = std::fs::read_to_string(&path).expect("a source file");
        for banned in ["Instant::now", "SystemTime::now", "std::net", "std::fs", "tokio::"] {
            assert!(
                !text.contains(banned),
                "{name} uses {banned}: pure code takes time and bytes as arguments"
            );
        }
    }
    assert!(seen > 20, "the rule found only {seen} files to check");
}
