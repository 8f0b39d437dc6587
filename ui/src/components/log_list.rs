//! Logbook lines under their days.

use leptos::prelude::*;

use super::icon::{Icon, icon};
use crate::clock::use_clock;
use crate::logbook::LogEntry;

/// The lines, newest first, with a heading for each day.
pub(crate) fn log_list(entries: &[LogEntry]) -> AnyView {
    let clock = use_clock();
    let (offset, now) = (clock.offset(), clock.now_untracked());
    let days: Vec<AnyView> = entries
        .chunk_by(|a, b| offset.day_name(a.at, now) == offset.day_name(b.at, now))
        .map(|lines| {
            let day = lines.first().map(|line| offset.day_name(line.at, now)).unwrap_or_default();
            let lines: Vec<AnyView> = lines
                .iter()
                .map(|line| {
                    let time = offset.clock_with_seconds(line.at);
                    view! {
                        <li class="log-line" data-testid="log-line" data-kind=line.kind.clone() data-on=line.on.map(|on| on.to_string())>
                            <span class="log-icon">{icon(Icon::of_log(&line.kind))}</span>
                            <span class="log-text">{line.text.clone()}</span>
                            <time class="log-time" datetime=line.at.to_string()>{time}</time>
                        </li>
                    }
                    .into_any()
                })
                .collect();
            view! { <section><h3 class="log-day">{day}</h3><ol class="log">{lines}</ol></section> }.into_any()
        })
        .collect();
    days.into_any()
}
