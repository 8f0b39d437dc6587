//! What is wrong with a configuration, as a sentence that names the line, the key and the likely
//! intention.

/// The sentence for `error`, found in `text`.
pub(super) fn sentence(text: &str, error: &toml::de::Error) -> String {
    let at = error.span().map_or(0, |span| span.start);
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let message = error.message().trim().replace('\n', " ");
    if let Some((unknown, known)) = unknown_key(&message) {
        return match nearest(unknown, &known) {
            Some(near) => format!("line {line}: there is no key {unknown:?}; did you mean {near:?}?"),
            None => format!(
                "line {line}: there is no key {unknown:?}; the keys here are {}",
                known.join(", ")
            ),
        };
    }
    match key_on(text.lines().nth(line - 1).unwrap_or_default()) {
        Some(key) => format!("line {line}, key {key:?}: {message}"),
        None => format!("line {line}: {message}"),
    }
}

/// The unknown key and the ones that would be right, out of serde's message for
/// `deny_unknown_fields`: ``unknown field `a`, expected one of `b`, `c` ``.
pub(super) fn unknown_key(message: &str) -> Option<(&str, Vec<&str>)> {
    let rest = message.strip_prefix("unknown field ")?;
    let mut names = rest.split('`').skip(1).step_by(2);
    Some((names.next()?, names.collect()))
}

fn nearest<'a>(unknown: &str, known: &[&'a str]) -> Option<&'a str> {
    let normal = |key: &str| key.to_lowercase().replace('-', "_");
    let unknown = normal(unknown);
    known
        .iter()
        .map(|key| (distance(&unknown, &normal(key)), *key))
        .filter(|(distance, key)| *distance <= 1 + key.len() / 4)
        .min()
        .map(|(_, key)| key)
}

/// How many letters have to be added, taken away or changed.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (to, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let changed = diagonal + usize::from(from != *to);
            diagonal = *cell;
            left = changed.min(left + 1).min(diagonal + 1);
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

fn key_on(line: &str) -> Option<&str> {
    let key = line.split_once('=')?.0.trim();
    let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || "_-.\"".contains(c));
    plain.then_some(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_off_are_counted() {
        for (a, b, expected) in [
            ("", "", 0),
            ("listen", "listen", 0),
            ("lisen", "listen", 1),
            ("ab", "ba", 2),
            ("", "abc", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_key_is_suggested() {
        let known = ["listen", "url", "discovery_prefix"];
        assert_eq!(nearest("lisen", &known), Some("listen"));
        assert_eq!(nearest("discovery-prefix", &known), Some("discovery_prefix"));
        assert_eq!(nearest("colour", &known), None);
    }
}
