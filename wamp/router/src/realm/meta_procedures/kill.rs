//! `wamp.session.kill…`

use std::sync::Arc;

use wamp_protocol::{MatchPolicy, Payload, SessionId, Uri, UriRules, error_uri};

use super::arguments::Arguments;
use super::{no_such_session, value};
use crate::effects::Refusal;
use crate::member::Member;
use crate::meta_event::MetaEvent;
use crate::moment::Moment;
use crate::realm::{Realm, State};
use crate::uri_rules;

impl State {
    /// Ends other sessions than the caller's own. By authid the result is their ids, by authrole
    /// and of all it is their number.
    pub(super) fn kill(
        &mut self,
        caller: &Arc<Member>,
        procedure: &str,
        arguments: &Arguments,
        now: Moment,
        realm: &Realm,
    ) -> Result<Payload, Refusal> {
        let reason = arguments.keyword_text("reason")?.unwrap_or(error_uri::CLOSE_KILLED);
        if !uri_rules::is_well_formed(&Uri::from(reason), MatchPolicy::Exact, UriRules::Loose) {
            return Err(Refusal::new(
                error_uri::INVALID_URI,
                format!("reason must be a URI, and is {reason:?}"),
            ));
        }
        let sentence = arguments.keyword_text("message")?;
        let chosen: Vec<SessionId> = match procedure {
            "wamp.session.kill" => {
                let id = arguments.number(0, "session")?;
                let other = |id: &SessionId| *id != caller.id && self.sessions.contains_key(id);
                vec![SessionId::new(id).filter(other).ok_or_else(|| no_such_session(id))?]
            }
            "wamp.session.kill_by_authid" => {
                let authid = arguments.text(0, "authid")?;
                self.others(caller, |member| member.authid == authid)
            }
            "wamp.session.kill_by_authrole" => {
                let authrole = arguments.text(0, "authrole")?;
                self.others(caller, |member| member.authrole == authrole)
            }
            _ => self.others(caller, |_| true),
        };
        let all = procedure == "wamp.session.kill_all";
        if all {
            // Of everybody's end nothing is told: there would be nobody to hear it.
            self.testaments.forget(&chosen);
        }
        self.dismiss(&chosen, reason, sentence, now, &realm.counters);
        if all {
            let meta_events = &mut self.effects.meta_events;
            meta_events.retain(|event| !matches!(event, MetaEvent::Left(_)));
        }
        match procedure {
            "wamp.session.kill" => Ok(Payload::EMPTY),
            "wamp.session.kill_by_authid" => value(&chosen.iter().map(|id| id.get()).collect::<Vec<_>>()),
            _ => value(&chosen.len()),
        }
    }

    fn others(&self, caller: &Member, wanted: impl Fn(&Member) -> bool) -> Vec<SessionId> {
        let members = self.sessions.values().map(|attached| &attached.member);
        members
            .filter(|member| member.id != caller.id && wanted(member))
            .map(|member| member.id)
            .collect()
    }
}
