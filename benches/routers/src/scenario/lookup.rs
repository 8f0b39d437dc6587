//! What an event costs where there are many subscriptions that it has nothing to do with.

use anyhow::{Context as _, Result};

use super::publishing::{Pace, Publishing};
use super::{Place, Run, next_run};
use crate::connection::{Connection, Part};

pub(super) fn run(place: Place<'_>, others: usize) -> Result<Run> {
    let run = next_run();
    let topic = format!("bench.run{run}.house.upstairs.bedroom.temperature");
    let mut other = Connection::open(place.server.address, place.wire, run, Part::Talker)?;
    other.subscribe_all((0..others).map(|number| pattern(&topic, number)))?;
    let publishing = Publishing {
        publishers: 1,
        subscribers: 10,
        by_prefix: false,
        size: 100,
        pace: Pace::Saturation { per_write: 1 },
    };
    let measured = publishing.on(place, run, &topic)?;
    // Fails if an event came for it.
    other.close().context("the session with the other subscriptions")?;
    Ok(measured)
}

/// A match policy and a pattern that does not match the topic; each number gives another one. A
/// half is near, a half is far, a third of each is exact, a third prefixes, a third wildcards.
///
/// Near are topics and prefixes that agree with the topic up to its last octet or any before it,
/// and wildcards that agree with it in the number of components and in all but the last, wherever
/// else they have wildcards. Far ones differ in the first octets, or in the number of components.
fn pattern(topic: &str, number: usize) -> (&'static str, String) {
    let serial = number / 6;
    match number % 6 {
        0 => ("exact", format!("{}-{serial}", but_last(topic))),
        1 => {
            let shared = serial % topic.len();
            // No octet of a topic is a tilde.
            ("prefix", format!("{}~{serial}", &topic[..shared]))
        }
        2 => ("wildcard", near_wildcard(topic, serial)),
        3 => ("exact", format!("other.topic{serial}")),
        4 => ("prefix", format!("other{serial}.")),
        _ => ("wildcard", format!("bench..other{serial}")),
    }
}

fn but_last(topic: &str) -> &str {
    &topic[..topic.len() - 1]
}

/// The topic with wildcards in the places that `serial` says, and another last component.
fn near_wildcard(topic: &str, serial: usize) -> String {
    let components: Vec<&str> = topic.split('.').collect();
    let places = components.len() - 1;
    let mut pattern = String::new();
    for (place, component) in components.iter().take(places).enumerate() {
        if serial >> place & 1 == 0 {
            pattern.push_str(component);
        }
        pattern.push('.');
    }
    pattern + &format!("{}-{serial}", but_last(components[places]))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const TOPIC: &str = "bench.run7.house.upstairs.bedroom.temperature";

    fn matches(policy: &str, pattern: &str) -> bool {
        match policy {
            "exact" => pattern == TOPIC,
            "prefix" => TOPIC.starts_with(pattern),
            _ => {
                let (of_pattern, of_topic) = (pattern.split('.'), TOPIC.split('.'));
                of_pattern.clone().count() == of_topic.clone().count()
                    && of_pattern.zip(of_topic).all(|(p, t)| p.is_empty() || p == t)
            }
        }
    }

    #[test]
    fn the_other_patterns_differ_and_none_matches() {
        let patterns: Vec<_> = (0..6000).map(|number| pattern(TOPIC, number)).collect();
        assert!(patterns.iter().all(|(policy, pattern)| !matches(policy, pattern)));
        assert_eq!(patterns.iter().collect::<HashSet<_>>().len(), patterns.len());
    }

    #[test]
    fn near_patterns_are_as_near_as_can_be() {
        let of = |policy: &str| -> Vec<String> {
            let all = (0..6000)
                .filter(|number| number % 6 < 3)
                .map(|number| pattern(TOPIC, number));
            all.filter(|(of, _)| *of == policy)
                .map(|(_, pattern)| pattern)
                .collect()
        };
        assert!(of("exact").iter().all(|topic| topic.starts_with(but_last(TOPIC))));
        let prefixes = of("prefix");
        for shared in 0..TOPIC.len() {
            let near = prefixes.iter().any(|prefix| {
                let agree = prefix.bytes().zip(TOPIC.bytes()).take_while(|(p, t)| p == t).count();
                agree == shared
            });
            assert!(near, "no prefix agrees with the topic in {shared} octets");
        }
        // Every node of the tree that a search for the topic can come to is there.
        let wildcards = of("wildcard");
        let leading: HashSet<&str> = wildcards.iter().filter_map(|of| Some(of.rsplit_once('.')?.0)).collect();
        assert_eq!(leading.len(), 1 << 5);
        assert!(
            wildcards
                .iter()
                .all(|of| of.split('.').count() == TOPIC.split('.').count())
        );
    }
}
