//! What time it is at the hub, second by second.

use std::time::Duration;

use house::Timestamp;
use leptos::prelude::*;

use crate::local_time::Offset;

/// Ticks every second; the hub's time, not this browser's, since that is what readings carry.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    now: RwSignal<Timestamp>,
    /// How far the hub's clock is ahead of this browser's, in milliseconds.
    ahead: StoredValue<i64>,
}

impl Clock {
    /// A clock that ticks as long as the page is there.
    pub(crate) fn start() -> Self {
        let clock = Self {
            now: RwSignal::new(browser_now()),
            ahead: StoredValue::new(0),
        };
        let tick = move || clock.tick();
        // Without it, ages stand still; nothing else breaks.
        let _ = set_interval_with_handle(tick, Duration::from_secs(1));
        clock
    }

    fn tick(self) {
        self.now.set(Timestamp(browser_now().0 + self.ahead.get_value()));
    }

    /// Sets this clock by the hub's.
    pub(crate) fn follow(self, hub: Timestamp) {
        let ahead = hub.0 - browser_now().0;
        // Less is the time the answer took to get here.
        self.ahead.set_value(if ahead.abs() < 2000 { 0 } else { ahead });
        self.tick();
    }

    /// The time; whoever reads it is run again every second.
    pub(crate) fn now(self) -> Timestamp {
        self.now.get()
    }

    pub(crate) fn now_untracked(self) -> Timestamp {
        Timestamp(browser_now().0 + self.ahead.get_value())
    }

    /// How far this browser's local time is ahead of UTC.
    pub(crate) fn offset(self) -> Offset {
        Offset {
            minutes: -(js_sys::Date::new_0().get_timezone_offset() as i64),
        }
    }
}

fn browser_now() -> Timestamp {
    Timestamp(js_sys::Date::now() as i64)
}

/// The clock of this page.
pub(crate) fn use_clock() -> Clock {
    expect_context()
}
