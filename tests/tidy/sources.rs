//! What source files must look like.

/// Lines a file may have before its tests.
const CEILING: usize = 400;

#[test]
fn files_stay_small() {
    let mut large = Vec::new();
    for path in super::tracked("rs") {
        let text = std::fs::read_to_string(&path).expect("a source file");
        let before_tests = text
            .lines()
            .take_while(|line| !line.starts_with("#[cfg(test)]"))
            .count();
        let name = super::relative(&path);
        let is_test = name.starts_with("tests/") || name.contains("/tests/");
        if before_tests > CEILING && !is_test {
            large.push(format!("{name}: {before_tests} lines"));
        }
    }
    assert!(
        large.is_empty(),
        "split these files (ceiling {CEILING} lines before tests):\n{}",
        large.join("\n")
    );
}

#[test]
fn no_file_names_a_machine_or_is_unfinished() {
    let marks = [
        concat!("/", "root", "/"),
        concat!("/", "work", "/"),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("X", "XX"),
    ];
    let mut found = Vec::new();
    for extension in ["rs", "md", "toml", "css", "html", "sql", "py", "sh"] {
        for path in super::tracked(extension) {
            let Ok(text) = std::fs::read_to_string(&path) else {
                continue;
            };
            for (number, line) in text.lines().enumerate() {
                if let Some(mark) = marks.iter().find(|mark| line.contains(**mark)) {
                    found.push(format!("{}:{}: {mark}", super::relative(&path), number + 1));
                }
            }
        }
    }
    assert!(found.is_empty(), "these lines must go:\n{}", found.join("\n"));
}

#[test]
fn uris_of_the_house_are_written_in_one_place() {
    let mut found = Vec::new();
    for path in super::tracked("rs") {
        let name = super::relative(&path);
        let is_product = ["services/", "devices/", "ui/src"]
            .iter()
            .any(|folder| name.starts_with(folder));
        let is_test = name.ends_with("/tests.rs") || name.contains("/fixture_");
        if !is_product || is_test || name.contains("/tests/") || name.contains("/examples/") {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a source file");
        let code = text
            .lines()
            .take_while(|line| !line.starts_with("#[cfg(test)]"))
            .enumerate();
        for (number, line) in code.filter(|(_, line)| !line.trim_start().starts_with("//")) {
            for uri in [
                "\"sensor.events\"",
                "\"alert.raised\"",
                "\"device.list\"",
                "\"config.thresholds",
                "\"dcs.",
                "\"actuator.events\"",
            ] {
                if line.contains(uri) {
                    found.push(format!("{name}:{}: {uri}", number + 1));
                }
            }
        }
    }
    assert!(found.is_empty(), "use house::uri for these:\n{}", found.join("\n"));
}
