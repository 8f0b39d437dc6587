//! Calls that the router itself makes: to procedures that decide for it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;
use wamp_protocol::message::{Call, CallOptions, ClientRoles, Features, Hello, HelloDetails};
use wamp_protocol::{ArgumentError, Message, Payload, RequestId, Serializer, Uri, Value, error_uri};

use crate::authentication::Principal;
use crate::handshake;
use crate::member::{Member, Transport, TransportKind};
use crate::outbox::Outbox;
use crate::random_ids;
use crate::realm::Realm;

/// The authid and the role of the session that asks.
const ROUTER: &str = "router";
/// Answers that may wait; the session reads them at once.
const ANSWERS: usize = 16_384;
/// Octets taken from the outbox at once.
const TAKE: usize = 64 * 1024;

/// A session of the router's own in a realm, by which it asks procedures there. It joins with the
/// first question, and again should somebody end it.
#[derive(Debug)]
pub(crate) struct Inside {
    realm: Arc<Realm>,
    closing: CancellationToken,
    session: Mutex<Option<Arc<Asking>>>,
}

/// The session as long as it lives.
#[derive(Debug)]
struct Asking {
    member: Arc<Member>,
    outbox: Arc<Outbox>,
    questions: Mutex<Questions>,
}

#[derive(Debug, Default)]
struct Questions {
    last: u64,
    /// Who waits for the answer to which request.
    open: HashMap<RequestId, oneshot::Sender<Result<Payload, Failure>>>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The procedure answered with an error of its own.
    Refused { uri: String, sentence: String },
    /// There was nobody to answer, or not in time; a sentence.
    Unavailable(String),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Refused { uri, sentence } => write!(f, "{uri}: {sentence}"),
            Self::Unavailable(sentence) => f.write_str(sentence),
        }
    }
}

impl Inside {
    pub(crate) const fn new(realm: Arc<Realm>, closing: CancellationToken) -> Self {
        Self {
            realm,
            closing,
            session: Mutex::new(None),
        }
    }

    /// Calls `procedure` with `args`; the first positional result, or the keyword results, or null.
    pub(crate) async fn ask(&self, procedure: &str, args: Vec<Value>, timeout: Duration) -> Result<Value, Failure> {
        let payload = Payload::with_args(Serializer::MsgPack, &args)
            .map_err(|error| Failure::Unavailable(format!("{procedure} cannot be asked: {error}")))?;
        let answer = self.session()?.call(&self.realm, procedure, payload, timeout);
        // The dealer keeps the time; this is for a callee that keeps it itself, and does not.
        let patience = timeout + Duration::from_secs(1);
        let late = || Failure::Unavailable(format!("{procedure} did not answer in time"));
        let gone = || Failure::Unavailable("the router's own session was ended".to_owned());
        let payload = tokio::time::timeout(patience, answer)
            .await
            .map_err(|_| late())?
            .map_err(|_| gone())??;
        value(&payload).map_err(|error| Failure::Unavailable(format!("{procedure} answers nonsense: {error}")))
    }

    fn session(&self) -> Result<Arc<Asking>, Failure> {
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(asking) = session.as_ref().filter(|asking| asking.outbox.ended().is_none()) {
            return Ok(Arc::clone(asking));
        }
        let asking = Arc::new(Asking::join(&self.realm)?);
        let reading = Arc::clone(&asking);
        tokio::spawn(self.closing.clone().run_until_cancelled_owned(reading.read()));
        *session = Some(Arc::clone(&asking));
        Ok(asking)
    }
}

fn value(payload: &Payload) -> Result<Value, ArgumentError> {
    let mut args = payload.args_value()?;
    if !args.is_empty() {
        return Ok(args.swap_remove(0));
    }
    let kwargs = payload.kwargs_value()?;
    Ok(if kwargs.is_empty() {
        Value::Null
    } else {
        Value::Dict(kwargs)
    })
}

impl Asking {
    fn join(realm: &Realm) -> Result<Self, Failure> {
        let unavailable = |why: &str| Failure::Unavailable(format!("the router cannot ask: {why}"));
        let session = random_ids::session().map_err(|error| unavailable(&error.to_string()))?;
        let hello = Hello {
            realm: Uri::from(realm.config.name.as_str()),
            details: HelloDetails {
                roles: ClientRoles {
                    caller: Some(Features::default()),
                    ..ClientRoles::default()
                },
                ..HelloDetails::default()
            },
        };
        let principal = Principal {
            authid: ROUTER.to_owned(),
            authrole: ROUTER.to_owned(),
            authprovider: ROUTER.to_owned(),
        };
        let transport = Transport::plain(TransportKind::Linked, None);
        let (member, welcome) = handshake::accept_linked(realm, &hello, principal, session, &transport, ROUTER)
            .map_err(|refusal| unavailable(&refusal.sentence))?;
        let outbox = Arc::new(Outbox::new(ANSWERS, usize::MAX));
        realm
            .join(&member, &outbox, welcome)
            .map_err(|_| unavailable("the realm is closing"))?;
        Ok(Self {
            member,
            outbox,
            questions: Mutex::default(),
        })
    }

    fn questions(&self) -> MutexGuard<'_, Questions> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn call(
        &self,
        realm: &Realm,
        procedure: &str,
        payload: Payload,
        timeout: Duration,
    ) -> oneshot::Receiver<Result<Payload, Failure>> {
        let (tell, answer) = oneshot::channel();
        // Held until the call is routed: request ids must come in their order.
        let mut questions = self.questions();
        questions.last = questions.last % RequestId::MAX.get() + 1;
        let request = RequestId::new(questions.last).unwrap_or(RequestId::MAX);
        questions.open.insert(request, tell);
        let call = Call {
            request,
            options: CallOptions {
                timeout: Some(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
                ..CallOptions::default()
            }
            .into(),
            procedure: Uri::from(procedure),
            payload,
        };
        if let Err(violation) = realm.routing().handle(&self.member, call.into(), None) {
            tracing::error!(%violation, procedure, "the router's own call broke the protocol");
            questions.open.remove(&request);
        }
        answer
    }

    /// Hands out the answers, until the session ends.
    async fn read(self: Arc<Self>) {
        let mut taken = Vec::new();
        while self.outbox.ended().is_none() {
            self.outbox.filled().await;
            while !self.outbox.is_empty() {
                self.outbox.take(&mut taken, TAKE);
                for outgoing in taken.drain(..) {
                    if let Ok(message) = outgoing.into_linked() {
                        self.hand_out(message);
                    }
                }
            }
        }
        // Nobody who still waits is told anything but that.
        self.questions().open.clear();
    }

    fn hand_out(&self, message: Message) {
        let (request, answer) = match message {
            Message::Result(result) => (result.request, Ok(result.payload)),
            Message::Error(error) => (error.request, Err(failure(error.error.as_str(), &error.payload))),
            _ => return,
        };
        if let Some(waiting) = self.questions().open.remove(&request) {
            // Whoever asked may be gone.
            let _ = waiting.send(answer);
        }
    }
}

/// Errors of the router, and of a callee that broke, are no answers.
fn failure(uri: &str, payload: &Payload) -> Failure {
    let sentence = match payload.args_value().ok().and_then(|args| args.into_iter().next()) {
        Some(Value::String(sentence)) => sentence,
        _ => String::new(),
    };
    let no_answers = [
        error_uri::NO_SUCH_PROCEDURE,
        error_uri::TIMEOUT,
        error_uri::CANCELED,
        error_uri::UNAVAILABLE,
        error_uri::NO_AVAILABLE_CALLEE,
        error_uri::NETWORK_FAILURE,
        error_uri::PAYLOAD_SIZE_EXCEEDED,
        error_uri::INVALID_ARGUMENT,
        error_uri::INVALID_URI,
        error_uri::RUNTIME_ERROR,
    ];
    if no_answers.contains(&uri) {
        Failure::Unavailable(format!("{uri}: {sentence}"))
    } else {
        Failure::Refused {
            uri: uri.to_owned(),
            sentence,
        }
    }
}
