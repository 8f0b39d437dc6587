//! The model's registrations.

use wamp_protocol::MatchPolicy;
use wamp_protocol::message::InvocationPolicy;

use super::model::{Model, matches};
use super::seen::Seen;

#[derive(Debug)]
pub(super) struct Registration {
    pub(super) id: u64,
    pub(super) policy: MatchPolicy,
    pub(super) uri: &'static str,
    pub(super) invoke: InvocationPolicy,
    /// In the order of registration.
    pub(super) callees: Vec<Callee>,
    /// (partition, the number of the callee that was asked last)
    pub(super) asked: Vec<(Option<&'static str>, u64)>,
}

#[derive(Debug, Clone)]
pub(super) struct Callee {
    pub(super) session: u64,
    pub(super) number: u64,
    pub(super) options: Registering,
}

/// What REGISTER says beside the procedure.
#[derive(Debug, Clone, Copy)]
pub(super) struct Registering {
    pub(super) invoke: InvocationPolicy,
    pub(super) rkey: Option<&'static str>,
    pub(super) disclose_caller: bool,
    pub(super) forward_timeout: bool,
    /// Takes the procedure from others, who may take it too.
    pub(super) force: bool,
}

impl Model {
    pub(super) fn register(
        &mut self,
        by: u64,
        request: u64,
        (policy, uri): (MatchPolicy, &'static str),
        options: Registering,
    ) {
        if options.force {
            self.take_by_force(policy, uri);
        }
        let known = self
            .registrations
            .iter_mut()
            .find(|r| r.policy == policy && r.uri == uri);
        self.last_turn += 1;
        let callee = Callee {
            session: by,
            number: self.last_turn,
            options,
        };
        if let Some(registration) = known {
            let own = registration.callees.iter().any(|callee| callee.session == by);
            let single = registration.invoke == InvocationPolicy::Single;
            if own || single || registration.invoke != options.invoke {
                return self.error(by, "REGISTER", request, "wamp.error.procedure_already_exists");
            }
            registration.callees.push(callee);
            let id = registration.id;
            self.send(by, Seen::Registered(request, id));
            return self.tell("wamp.registration.on_register", &[by, id]);
        }
        self.last_registration += 1;
        let id = self.last_registration;
        self.registrations.push(Registration {
            id,
            policy,
            uri,
            invoke: options.invoke,
            callees: vec![callee],
            asked: Vec::new(),
        });
        self.send(by, Seen::Registered(request, id));
        self.tell("wamp.registration.on_create", &[by, id]);
        self.tell("wamp.registration.on_register", &[by, id]);
    }

    /// Ends the registration if everybody who shares it registered with force.
    fn take_by_force(&mut self, policy: MatchPolicy, uri: &'static str) {
        let known = self.registrations.iter().find(|r| r.policy == policy && r.uri == uri);
        let Some(registration) = known.filter(|r| r.callees.iter().all(|callee| callee.options.force)) else {
            return;
        };
        let id = registration.id;
        let callees: Vec<u64> = registration.callees.iter().map(|callee| callee.session).collect();
        for callee in callees {
            self.end_registration(callee, id);
            if self.able(callee) {
                self.send(callee, Seen::Revoked(id, "reregistered".to_owned()));
            }
        }
    }

    pub(super) fn unregister(&mut self, by: u64, request: u64, id: u64) {
        let found = self.registrations.iter().find(|r| r.id == id);
        if !found.is_some_and(|r| r.callees.iter().any(|callee| callee.session == by)) {
            return self.error(by, "UNREGISTER", request, "wamp.error.no_such_registration");
        }
        self.end_registration(by, id);
        self.send(by, Seen::Unregistered(request));
    }

    fn end_registration(&mut self, session: u64, id: u64) {
        let registration = self.registrations.iter_mut().find(|r| r.id == id).unwrap();
        registration.callees.retain(|callee| callee.session != session);
        let Registration { callees, asked, .. } = registration;
        asked.retain(|(rkey, _)| rkey.is_none() || callees.iter().any(|callee| callee.options.rkey == *rkey));
        let empty = registration.callees.is_empty();
        self.tell("wamp.registration.on_unregister", &[session, id]);
        if empty {
            self.registrations.retain(|r| r.id != id);
            self.tell("wamp.registration.on_delete", &[session, id]);
        }
    }

    pub(super) fn end_registrations(&mut self, session: u64) {
        let own = self.registrations.iter();
        let own: Vec<u64> = own
            .filter(|r| r.callees.iter().any(|callee| callee.session == session))
            .map(|r| r.id)
            .collect();
        for id in own {
            self.end_registration(session, id);
        }
    }

    /// The registration that a call goes to.
    pub(super) fn best(&self, procedure: &str) -> Option<u64> {
        let rank = |registration: &Registration| {
            let components = registration.uri.split('.');
            match registration.policy {
                MatchPolicy::Exact => (2, Vec::new()),
                MatchPolicy::Prefix => (1, vec![registration.uri.len()]),
                MatchPolicy::Wildcard => {
                    let mut runs = vec![0];
                    for component in components {
                        if component.is_empty() {
                            runs.push(0);
                        } else {
                            *runs.last_mut().unwrap() += 1;
                        }
                    }
                    (0, runs)
                }
            }
        };
        let all = self
            .registrations
            .iter()
            .filter(|r| matches(r.policy, r.uri, procedure));
        all.max_by_key(|registration| rank(registration)).map(|r| r.id)
    }
}
