//! How each part of the hub fares: what `/healthz`, `/metrics` and `status.change` tell.

use std::collections::BTreeMap;

use component::now;
use house::Timestamp;
use serde::Serialize;
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

    /// How all fare now.
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
}
