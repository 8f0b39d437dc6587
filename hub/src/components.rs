//! How each part of the hub fares: what `/healthz`, `/metrics` and `status.change` tell.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use component::now;
use house::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// How a component fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It is being started.
    Starting,
    /// It has joined and does its work.
    Running,
    /// It could not be started, or ended by itself; it will be started again.
    Failed,
    /// It was stopped because the hub stops.
    Stopped,
}

impl Status {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

/// One component, and since when it fares so.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Component {
    /// How it fares.
    pub status: Status,
    /// Why, for people; empty when all is well.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Since when.
    pub at: Timestamp,
    /// How often it had to be started again.
    pub restarts: u64,
    /// Whether its first start has come to an end, well or not.
    #[serde(skip)]
    pub tried: bool,
}

/// All components by name. A clone is the same list.
#[derive(Debug, Clone)]
pub struct Components {
    all: watch::Sender<BTreeMap<&'static str, Component>>,
    /// What services said of themselves, newest.
    said: Arc<Mutex<BTreeMap<&'static str, Said>>>,
}

/// What a service said of itself on `status.change`: that it waits for an adapter, say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Said {
    /// How it fares, in a word.
    pub status: String,
    /// Why, for people.
    #[serde(default)]
    pub detail: String,
    /// Since when.
    pub at: Timestamp,
}

/// How a component fares, by its own account where that is newer than ours.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shown {
    /// How it fares, in a word.
    pub status: String,
    /// Why, for people; empty when all is well.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// Since when.
    pub at: Timestamp,
    /// How often it had to be started again.
    pub restarts: u64,
}

impl Components {
    /// Components of these names, all to be started.
    pub fn new(names: impl IntoIterator<Item = &'static str>) -> Self {
        let starting = Component {
            status: Status::Starting,
            detail: String::new(),
            at: now(),
            restarts: 0,
            tried: false,
        };
        let all = names.into_iter().map(|name| (name, starting.clone())).collect();
        Self {
            all: watch::Sender::new(all),
            said: Arc::default(),
        }
    }

    /// `name` fares so from now on.
    pub fn set(&self, name: &'static str, status: Status, detail: impl Into<String>) {
        let detail = detail.into();
        self.all.send_if_modified(|all| {
            let Some(component) = all.get_mut(name) else {
                return false;
            };
            let again = component.tried && status == Status::Starting;
            component.restarts += u64::from(again);
            component.tried |= status != Status::Starting;
            let changed = (component.status, &component.detail) != (status, &detail);
            if changed {
                component.status = status;
                component.detail = detail;
                component.at = now();
            }
            changed
        });
    }

    /// The component `name` said this of itself.
    pub fn hear(&self, name: &str, said: Said) {
        let known = self.all.borrow().keys().find(|known| **known == name).copied();
        if let (Some(name), Ok(mut all)) = (known, self.said.lock()) {
            all.insert(name, said);
        }
    }

    /// How all fare now, for people: `get.status` and `/healthz` tell the same.
    pub fn shown(&self) -> BTreeMap<&'static str, Shown> {
        let said = self.said.lock().map(|all| all.clone()).unwrap_or_default();
        let show = |(name, component): (&'static str, Component)| {
            let own = said
                .get(name)
                .filter(|said| component.status == Status::Running && said.at > component.at);
            let shown = match own {
                Some(own) => Shown {
                    status: own.status.clone(),
                    detail: own.detail.clone(),
                    at: own.at,
                    restarts: component.restarts,
                },
                None => Shown {
                    status: component.status.name().to_owned(),
                    detail: component.detail,
                    at: component.at,
                    restarts: component.restarts,
                },
            };
            (name, shown)
        };
        self.snapshot().into_iter().map(show).collect()
    }

    /// Why `name` does not run, as far as is known.
    pub fn fault(&self, name: &str) -> String {
        let fault = self.all.borrow().get(name).map(|component| component.detail.clone());
        fault
            .filter(|fault| !fault.is_empty())
            .unwrap_or_else(|| "it has not started yet".to_owned())
    }

    /// How all fare now, as far as who starts them knows.
    pub fn snapshot(&self) -> BTreeMap<&'static str, Component> {
        self.all.borrow().clone()
    }

    /// Whether every one has joined and does its work.
    pub fn all_running(&self) -> bool {
        self.all
            .borrow()
            .values()
            .all(|component| component.status == Status::Running)
    }

    /// Waits until the first start of each has come to an end, well or not.
    pub async fn all_tried(&self) {
        self.wait_for(|all| all.values().all(|component| component.tried)).await;
    }

    /// Waits until the first start of each of `names` has come to an end, well or not. Names that
    /// are not among the components are waited for by nobody.
    pub async fn tried(&self, names: &[&str]) {
        self.wait_for(|all| {
            let mut named = names.iter().filter_map(|name| all.get(name));
            named.all(|component| component.tried)
        })
        .await;
    }

    async fn wait_for(&self, condition: impl FnMut(&BTreeMap<&'static str, Component>) -> bool) {
        // The sender is ours: it cannot be gone.
        let _ = self.all.subscribe().wait_for(condition).await;
    }

    /// Tells each change after this moment. Of several changes of one component between two
    /// looks, the last is told.
    pub fn changes(&self) -> watch::Receiver<BTreeMap<&'static str, Component>> {
        let mut changes = self.all.subscribe();
        changes.mark_unchanged();
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_first_start_is_over_when_each_has_joined_or_failed() {
        let components = Components::new(["logger", "mqtt"]);
        components.set("logger", Status::Running, "");
        assert!(!components.all_running());
        components.set("mqtt", Status::Failed, "the port is taken");
        components.all_tried().await;
        assert!(!components.all_running());
        components.set("mqtt", Status::Starting, "");
        components.set("mqtt", Status::Running, "");
        components.all_tried().await;
        assert!(components.all_running());
        let snapshot = components.snapshot();
        assert_eq!((snapshot["mqtt"].restarts, snapshot["logger"].restarts), (1, 0));
    }

    #[test]
    fn what_a_service_says_of_itself_is_shown_while_it_runs() {
        let components = Components::new(["ble"]);
        let said = |status: &str, milliseconds: i64| Said {
            status: status.to_owned(),
            detail: "there is no adapter".into(),
            at: Timestamp(now().millis() + milliseconds),
        };
        let status = || components.shown()["ble"].status.clone();
        components.hear("ble", said("waiting", 1000));
        assert_eq!(status(), "starting");
        components.set("ble", Status::Running, "");
        assert_eq!(status(), "waiting");
        components.hear("ble", said("waiting", -1000));
        assert_eq!(status(), "running");
        components.hear("nobody", said("waiting", 1000));
        assert_eq!(components.shown().len(), 1);
    }
}
