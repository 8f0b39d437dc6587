//! The connection to the house: who is signed in, whether the hub is heard, and what it says.
//!
//! This file and those below it are the only ones that know WAMP; pages see a [`HouseView`] that
//! keeps itself up to date, and commands as async functions that give a sentence when refused.

mod commands;
mod fault;
mod live;
mod remembered;
#[cfg_attr(feature = "fixtures", path = "connection/fixture_wire.rs")]
mod wire;

use gloo_timers::future::TimeoutFuture;
use house::Timestamp;
use leptos::prelude::*;
use leptos::task::spawn_local;

pub(crate) use commands::SetupRequest;
pub(crate) use fault::Fault;

use crate::clock::Clock;
use crate::components::toast::Toasts;
use crate::house_view::{Change, HouseView};
use remembered::Remembered;
use wire::Wire;

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Viewer,
    User,
    Admin,
}

impl Role {
    fn from_wamp(role: &str) -> Self {
        match role {
            "admin" => Self::Admin,
            "user" => Self::User,
            _ => Self::Viewer,
        }
    }

    /// The name for people.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::User => "user",
            Self::Admin => "admin",
        }
    }
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) role: Role,
}

/// What is heard within so long is shown together.
const SHOW_AFTER_MS: u32 = 80;

/// How to sign in.
#[derive(Clone)]
pub(crate) enum SignIn {
    Password {
        name: String,
        password: String,
    },
    /// A ticket from `account.remember`.
    Ticket {
        name: String,
        token: String,
    },
    /// The one-time ticket of the set-up link.
    Setup {
        token: String,
    },
}

/// Where the connection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Signing in with what this browser remembers.
    Starting,
    /// Nobody is signed in; the reason says why, when it was not their own wish.
    SignedOut { reason: Option<String> },
    /// Signed in and heard.
    Live,
    /// Signed in, and the hub does not answer.
    Reconnecting { attempt: u32, cause: String },
}

/// How the hub reports a change of the connection's state.
#[derive(Debug, Clone, PartialEq, Eq)]
enum LinkState {
    /// Joined; another session's id than before means the connection was away meanwhile.
    Joined {
        session: String,
        user: User,
    },
    Reconnecting {
        attempt: u32,
        cause: String,
    },
    Closed(String),
}

/// The handle that pages take from context.
#[derive(Clone, Copy)]
pub(crate) struct Connection {
    house: RwSignal<HouseView>,
    phase: RwSignal<Phase>,
    user: RwSignal<Option<User>>,
    /// What was heard is about to be shown.
    is_notifying: StoredValue<bool>,
    /// The lists were taken at least once.
    is_loaded: RwSignal<bool>,
    wire: StoredValue<Option<Wire>, LocalStorage>,
    clock: Clock,
    toasts: Toasts,
}

impl Connection {
    pub(crate) fn new(clock: Clock, toasts: Toasts) -> Self {
        Self {
            house: RwSignal::new(HouseView::default()),
            is_notifying: StoredValue::new(false),
            phase: RwSignal::new(Phase::Starting),
            user: RwSignal::new(None),
            is_loaded: RwSignal::new(false),
            wire: StoredValue::new_local(None),
            clock,
            toasts,
        }
    }

    /// The house, kept up to date.
    pub(crate) fn house(self) -> RwSignal<HouseView> {
        self.house
    }

    /// Takes what was heard of the house. It is shown a moment later, with all that is heard until
    /// then: a house of thousands of devices has more to say than a page can be drawn anew for.
    fn hear(self, change: Change) {
        self.house.try_update_untracked(|house| house.apply(change));
        let was_notifying = self.is_notifying.try_update_value(|is| std::mem::replace(is, true));
        if was_notifying == Some(false) {
            spawn_local(async move {
                TimeoutFuture::new(SHOW_AFTER_MS).await;
                self.is_notifying.try_update_value(|is| *is = false);
                self.house.notify();
            });
        }
    }

    pub(crate) fn phase(self) -> Phase {
        self.phase.get()
    }

    /// Whether somebody is signed in, heard or not.
    pub(crate) fn is_signed_in(self) -> bool {
        self.phase
            .with(|phase| matches!(phase, Phase::Live | Phase::Reconnecting { .. }))
    }

    /// Whether what the house holds is known; until then nothing is "not there".
    pub(crate) fn is_loaded(self) -> bool {
        self.is_loaded.get()
    }

    pub(crate) fn user(self) -> Option<User> {
        self.user.get()
    }

    /// May switch things and acknowledge alerts.
    pub(crate) fn may_command(self) -> bool {
        self.user
            .with(|user| user.as_ref().is_some_and(|user| user.role >= Role::User))
    }

    /// May change thresholds and devices.
    pub(crate) fn may_configure(self) -> bool {
        self.user
            .with(|user| user.as_ref().is_some_and(|user| user.role == Role::Admin))
    }

    /// Signs in with what this browser remembers, or shows the sign-in page.
    pub(crate) fn start(self) {
        let Some(Remembered { authid, token }) = remembered::read() else {
            self.phase.set(Phase::SignedOut { reason: None });
            return;
        };
        spawn_local(async move {
            let sign_in = SignIn::Ticket { name: authid, token };
            if let Err(fault) = self.sign_in(sign_in, true).await {
                if fault.uri().is_some() {
                    remembered::clear();
                }
                self.phase.set(Phase::SignedOut {
                    reason: Some(fault.sentence().to_owned()),
                });
            }
        });
    }

    /// Signs in; `keep_trying` when the hub cannot be reached at first.
    ///
    /// # Errors
    /// The hub refuses, or cannot be reached.
    pub(crate) async fn sign_in(self, sign_in: SignIn, keep_trying: bool) -> Result<(), Fault> {
        let (wire, user) = Wire::join(sign_in, keep_trying).await?;
        self.wire.set_value(Some(wire.clone()));
        self.user.set(Some(user));
        self.phase.set(Phase::Live);
        live::listen(self, &wire).await;
        self.watch(wire);
        Ok(())
    }

    /// Stays signed in on this browser from now on.
    pub(crate) async fn remember(self) {
        match self.remember_ticket().await {
            Ok(remembered) => remembered::write(&remembered),
            Err(fault) => self
                .toasts
                .trouble(&format!("You are signed in, but not beyond this visit: {fault}")),
        }
    }

    /// Signs out and forgets this browser.
    pub(crate) fn sign_out(self) {
        spawn_local(async move {
            if let Some(Remembered { token, .. }) = remembered::read() {
                remembered::clear();
                // The ticket is gone from here either way; the hub drops it too when it hears.
                let _ = self.forget_ticket(&token).await;
            }
            let wire = self.wire.try_update_value(Option::take).flatten();
            self.user.set(None);
            self.is_loaded.set(false);
            self.phase.set(Phase::SignedOut { reason: None });
            self.house.set(HouseView::default());
            if let Some(wire) = wire {
                wire.leave().await;
            }
        });
    }

    /// Follows the connection's ups and downs until it ends.
    fn watch(self, wire: Wire) {
        spawn_local(async move {
            let mut states = wire.states();
            let mut known_session: Option<String> = None;
            while let Some(state) = states.next().await {
                if !self.wire.with_value(Option::is_some) {
                    return;
                }
                match state {
                    LinkState::Joined { session, user } => {
                        let was_away = known_session.as_ref().is_some_and(|known| *known != session);
                        known_session = Some(session);
                        self.user.set(Some(user));
                        self.phase.set(Phase::Live);
                        if was_away {
                            spawn_local(live::load(self));
                        }
                    }
                    LinkState::Reconnecting { attempt, cause } => {
                        self.phase.set(Phase::Reconnecting { attempt, cause });
                    }
                    LinkState::Closed(reason) => {
                        self.wire.set_value(None);
                        self.user.set(None);
                        self.is_loaded.set(false);
                        self.phase.set(Phase::SignedOut { reason: Some(reason) });
                        return;
                    }
                }
            }
        });
    }

    fn now(self) -> Timestamp {
        self.clock.now_untracked()
    }

    fn wire(self) -> Result<Wire, Fault> {
        self.wire
            .try_with_value(Clone::clone)
            .flatten()
            .ok_or_else(Fault::not_connected)
    }
}

/// The connection of this page.
pub(crate) fn use_connection() -> Connection {
    expect_context()
}
