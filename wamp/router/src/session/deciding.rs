//! A session that waits for an authorizer's decision. Its messages wait with it, in their order;
//! its connection goes on writing, and no other session waits.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::watch;
use wamp_protocol::{Dict, Message};

use super::{Seat, Session};
use crate::authorization::{DynamicAuthorizer, Key, Outcome, decision, question};
use crate::inside::Failure;
use crate::member::Member;
use crate::realm::Realm;
use crate::router::Core;

/// A question to an authorizer, asked.
#[derive(Debug)]
pub(super) struct Deciding {
    /// The message in question, and what came after it.
    pub(super) waiting: VecDeque<Message>,
    /// What the question is about.
    pub(super) key: Key,
    outcome: watch::Receiver<Option<Outcome>>,
}

/// Ends when a question has been answered.
#[derive(Debug, Clone)]
pub(crate) struct Decided(watch::Receiver<Option<Outcome>>);

impl Decided {
    /// Waits for that.
    pub(crate) async fn wait(mut self) {
        // Without somebody who could tell there is nothing to wait for.
        let _ = self.0.wait_for(Option::is_some).await;
    }
}

impl Deciding {
    /// Asks about the first message.
    pub(super) fn begin(session: &Session, seat: &Seat, question: Question, waiting: VecDeque<Message>) -> Self {
        let (tell, outcome) = watch::channel(None);
        let key = question.key.clone();
        let (core, outbox) = (Arc::clone(&session.core), Arc::clone(&session.outbox));
        let seat = (Arc::clone(&seat.realm), Arc::clone(&seat.member));
        tokio::spawn(async move {
            let outcome = question.ask(&core, seat).await;
            // The session may be gone.
            let _ = tell.send(Some(outcome));
            outbox.wake();
        });
        Self { waiting, key, outcome }
    }

    /// What came of it, once it is known.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        if let Some(outcome) = &*self.outcome.borrow() {
            return Some(outcome.clone());
        }
        let lost = || Err("whoever asked was interrupted".to_owned());
        self.outcome.has_changed().is_err().then(lost)
    }

    pub(super) fn decided(&self) -> Decided {
        Decided(self.outcome.clone())
    }
}

/// What an authorizer is to be asked.
#[derive(Debug)]
pub(super) struct Question {
    pub(super) authorizer: Arc<DynamicAuthorizer>,
    pub(super) key: Key,
    pub(super) options: Dict,
}

impl Question {
    async fn ask(self, core: &Core, (realm, member): (Arc<Realm>, Arc<Member>)) -> Outcome {
        let Self {
            authorizer,
            key,
            options,
        } = self;
        let args = question(&realm.config.name, &member, &key, options);
        let home = authorizer.realm.as_ref().unwrap_or(&realm.config.name);
        let answer = match core.inside(home) {
            Some(inside) => inside.ask(&authorizer.procedure, args, authorizer.timeout).await,
            None => Err(Failure::Unavailable(format!("there is no realm {home:?}"))),
        };
        let answer = answer.map_err(|failure| failure.to_string()).and_then(|answer| {
            decision(&answer).ok_or_else(|| "the answer is neither a truth value nor {allow: …}".to_owned())
        });
        match answer {
            Ok((decision, keep)) => {
                realm.keep_decision(&member, key, (decision, keep), &authorizer);
                Ok(decision)
            }
            Err(sentence) => {
                tracing::warn!(procedure = authorizer.procedure, authid = member.authid, uri = ?key.uri, "an authorizer did not decide: {sentence}");
                Err(sentence)
            }
        }
    }
}
