//! Options and details: what is absent or the default is left out.

use crate::message::{ForwardedFor, PassThru};
use crate::serializer::write::{Open, Writer};
use crate::{Dict, MatchPolicy, SessionId};

/// A dict of options that is being written.
pub(super) struct Options<'w, W> {
    writer: &'w mut W,
    dict: Open,
}

impl<'w, W: Writer> Options<'w, W> {
    pub(super) fn open(writer: &'w mut W) -> Self {
        let dict = writer.open_dict(None);
        Self { writer, dict }
    }

    pub(super) fn close(self) {
        self.writer.close_dict(self.dict);
    }

    pub(super) fn key(&mut self, key: &str) -> &mut W {
        self.writer.key(&mut self.dict, key);
        self.writer
    }

    pub(super) fn flag(&mut self, key: &str, value: bool) {
        if value {
            self.key(key).boolean(true);
        }
    }

    pub(super) fn optional_flag(&mut self, key: &str, value: Option<bool>) {
        if let Some(value) = value {
            self.key(key).boolean(value);
        }
    }

    pub(super) fn optional_number(&mut self, key: &str, value: Option<u64>) {
        if let Some(value) = value {
            self.key(key).unsigned(value);
        }
    }

    pub(super) fn session(&mut self, key: &str, value: Option<SessionId>) {
        self.optional_number(key, value.map(SessionId::get));
    }

    pub(super) fn optional_text(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.key(key).text(value);
        }
    }

    pub(super) fn texts<T: AsRef<str>>(&mut self, key: &str, texts: Option<&[T]>) {
        if let Some(texts) = texts {
            self.list(key, texts, |writer, text| writer.text(text.as_ref()));
        }
    }

    pub(super) fn sessions(&mut self, key: &str, sessions: Option<&[SessionId]>) {
        if let Some(sessions) = sessions {
            self.list(key, sessions, |writer, session| writer.unsigned(session.get()));
        }
    }

    fn list<T>(&mut self, key: &str, items: &[T], write: impl Fn(&mut W, &T)) {
        let writer = self.key(key);
        let mut list = writer.open_list(Some(items.len() as u64));
        for item in items {
            writer.item(&mut list);
            write(writer, item);
        }
        writer.close_list(list);
    }

    /// A dict that is left out when it is empty.
    pub(super) fn dict(&mut self, key: &str, dict: &Dict) {
        if !dict.is_empty() {
            self.key(key).dict(dict);
        }
    }

    /// Keys that are kept as they are.
    pub(super) fn all(&mut self, dict: &Dict) {
        for (key, value) in &dict.0 {
            self.key(key).value(value);
        }
    }

    pub(super) fn match_policy(&mut self, policy: Option<MatchPolicy>) {
        self.optional_text("match", policy.map(MatchPolicy::name));
    }

    pub(super) fn pass_thru(&mut self, ppt: Option<&PassThru>) {
        let Some(ppt) = ppt else { return };
        for (name, text) in ppt.entries() {
            self.optional_text(name, Some(text));
        }
    }

    pub(super) fn forward_for(&mut self, routers: &[ForwardedFor]) {
        if routers.is_empty() {
            return;
        }
        self.list("forward_for", routers, |writer, router| {
            let mut options = Options::open(writer);
            options.session("session", Some(router.session));
            options.optional_text("authid", router.authid.as_deref());
            options.optional_text("authrole", router.authrole.as_deref());
            options.close();
        });
    }
}
