//! What the documents say of the code must be so.

use std::path::Path;

fn read(name: &str) -> String {
    std::fs::read_to_string(domovoi_tests::root().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Texts between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn paths_named_in_architecture_exist() {
    let root = domovoi_tests::root();
    for path in quoted(&read("ARCHITECTURE.md")) {
        let looks_like_path = path.contains('/') && !path.contains([' ', '*', '<', '{', ':']) && !path.starts_with('/');
        if looks_like_path {
            assert!(
                root.join(path).exists(),
                "ARCHITECTURE.md names {path}, which is not there"
            );
        }
    }
}

#[test]
fn tests_named_in_architecture_exist() {
    let sources: Vec<String> = super::tracked("rs")
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("a source file"))
        .collect();
    let mut seen = 0;
    for line in read("ARCHITECTURE.md").lines() {
        let Some((_, named)) = line.split_once("Held by:") else {
            continue;
        };
        for name in quoted(named) {
            let name = name.rsplit("::").next().unwrap_or(name);
            let declaration = format!("fn {name}(");
            assert!(
                sources.iter().any(|source| source.contains(&declaration)),
                "ARCHITECTURE.md names the test {name}, which is not there"
            );
            seen += 1;
        }
    }
    assert!(seen > 0, "ARCHITECTURE.md names no test that holds its invariants");
}

#[test]
fn tests_named_in_the_pages_on_wamp_exist() {
    let sources: Vec<String> = super::tracked("rs")
        .iter()
        .map(|path| std::fs::read_to_string(path).expect("a source file"))
        .collect();
    let page = read("docs/wamp.md");
    let mut missing = Vec::new();
    let mut seen = 0;
    for name in quoted(&page) {
        // Names of tests are sentences; those of flags, options and metrics are not.
        let is_sentence = name.matches('_').count() >= 4 && !name.starts_with("wamp_");
        let is_word = name.chars().all(|c| matches!(c, 'a'..='z' | '0'..='9' | '_'));
        if name.starts_with("trap_") || name.starts_with("feature_") || is_sentence && is_word {
            seen += 1;
            let declaration = format!("fn {name}(");
            if !sources.iter().any(|source| source.contains(&declaration)) {
                missing.push(name);
            }
        }
    }
    assert!(seen > 100, "docs/wamp.md names {seen} tests");
    assert!(
        missing.is_empty(),
        "docs/wamp.md names tests that are not there: {missing:?}"
    );
    for trap in 1..=28 {
        assert!(page.contains(&format!("`trap_{trap:02}_")), "no test for trap {trap}");
    }
}

#[test]
fn every_folder_of_code_is_on_the_map() {
    let map = read("ARCHITECTURE.md");
    for manifest in super::tracked("toml")
        .into_iter()
        .filter(|path| path.ends_with("Cargo.toml"))
    {
        let Some(folder) = manifest.parent().map(super::relative) else {
            continue;
        };
        let is_fuzz = Path::new(&folder).ends_with("fuzz");
        assert!(
            folder.is_empty() || is_fuzz || map.contains(&format!("`{folder}")),
            "ARCHITECTURE.md does not mention {folder}"
        );
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let root = domovoi_tests::root();
    for document in super::tracked("md") {
        let text = std::fs::read_to_string(&document).expect("a document");
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = target.split('#').next().unwrap_or_default();
            if path.is_empty() || path.contains("://") || path.starts_with("mailto:") {
                continue;
            }
            let from = document.parent().unwrap_or(&root);
            assert!(
                from.join(path).exists(),
                "{} links to {target}, which is not there",
                super::relative(&document)
            );
        }
    }
}
