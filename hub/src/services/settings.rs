//! Each service's settings, out of the configuration.

use std::time::Duration;

use mqtt_bridge::ServerSettings;

use crate::components::Components;
use crate::config;

pub(super) fn logger(configured: &config::Logger) -> logger::Settings {
    let days = |days: u32| Duration::from_secs(86_400 * u64::from(days));
    logger::Settings {
        commit_interval: Duration::from_secs(configured.commit_seconds),
        keep_readings: days(configured.readings_days),
        keep_five_minutes: days(configured.five_minute_days),
        keep_events: days(configured.events_days),
        ..logger::Settings::default()
    }
}

pub(super) fn notifier(configured: &config::Notifier) -> notifier::Settings {
    notifier::Settings {
        ntfy: configured.url.clone().map(|url| notifier::Ntfy {
            url,
            token: configured.token.clone(),
            click: configured.click.clone(),
        }),
        repeat_every: configured
            .repeat_minutes
            .map(|minutes| Duration::from_secs(60 * u64::from(minutes.get()))),
        tell_cleared: configured.tell_cleared,
        ..notifier::Settings::default()
    }
}

pub(super) fn system(components: Option<Components>) -> system::Settings {
    let list = components.map(|components| {
        system::Components::new(move || {
            let all = components.shown().into_iter();
            all.map(|(name, component)| system::Component {
                component: name.to_owned(),
                status: component.status,
                detail: component.detail,
                at: component.at,
            })
            .collect()
        })
    });
    system::Settings {
        components: list,
        ..system::Settings::default()
    }
}

/// `None` when the URL is none, which reading the configuration has ruled out.
pub(super) fn mqtt(configured: &config::Mqtt) -> Option<mqtt_bridge::Settings> {
    let server = match &configured.url {
        Some(url) => ServerSettings::Outside {
            url: url.parse().ok()?,
            authorities: configured.authorities.clone(),
            client_id: configured.client_id.clone(),
        },
        None => ServerSettings::Embedded {
            listen: configured.listen,
            users: configured
                .users
                .iter()
                .map(|user| (user.name.clone(), user.password.clone()))
                .collect(),
        },
    };
    Some(mqtt_bridge::Settings {
        server,
        discovery_prefix: configured.discovery_prefix.clone(),
    })
}

pub(super) fn ble(configured: &config::Ble) -> ble_bridge::Settings {
    ble_bridge::Settings {
        adapter: configured.adapter.clone(),
        keys: configured.parsed_keys(),
        restart_after: Duration::from_secs(configured.restart_after_seconds.get().into()),
        ..ble_bridge::Settings::default()
    }
}
