//! REGISTER, REGISTERED, UNREGISTER, UNREGISTERED, CALL, CANCEL, RESULT, INVOCATION, INTERRUPT,
//! YIELD, ERROR.

use super::sparse::unsaid;
use super::{PassThru, Sparse, Unsaid};
use crate::{Dict, MatchPolicy, MessageType, Payload, RegistrationId, RequestId, SessionId, Uri};

/// `[REGISTER, Request|id, Options|dict, Procedure|uri]`
#[derive(Debug, Clone, PartialEq)]
pub struct Register {
    /// The request.
    pub request: RequestId,
    /// How.
    pub options: RegisterOptions,
    /// The procedure or pattern.
    pub procedure: Uri,
}

/// Which of several callees gets a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum InvocationPolicy {
    /// There is only one.
    #[default]
    Single,
    /// Each in turn.
    RoundRobin,
    /// Any.
    Random,
    /// The first that registered.
    First,
    /// The last that registered.
    Last,
}

impl InvocationPolicy {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::RoundRobin => "roundrobin",
            Self::Random => "random",
            Self::First => "first",
            Self::Last => "last",
        }
    }
}

/// REGISTER.Options
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RegisterOptions {
    /// `match`; `None` when absent.
    pub match_policy: Option<MatchPolicy>,
    /// `invoke`; `None` when absent.
    pub invoke: Option<InvocationPolicy>,
    /// `disclose_caller`: this callee wants to know who calls.
    pub disclose_caller: Option<bool>,
    /// `forward_timeout`: the callee keeps the time itself.
    pub forward_timeout: Option<bool>,
    /// `rkey` of sharded registration: the partition this callee takes.
    pub rkey: Option<String>,
    /// `force_reregister`, in no chapter of the specification: takes the procedure from callees
    /// that said this too, and lets later ones take it.
    pub force_reregister: Option<bool>,
}

/// `[REGISTERED, REGISTER.Request|id, Registration|id]`
#[derive(Debug, Clone, PartialEq)]
pub struct Registered {
    /// Whose answer.
    pub request: RequestId,
    /// The registration.
    pub registration: RegistrationId,
}

/// `[UNREGISTER, Request|id, REGISTERED.Registration|id]`
#[derive(Debug, Clone, PartialEq)]
pub struct Unregister {
    /// The request.
    pub request: RequestId,
    /// The registration.
    pub registration: RegistrationId,
}

/// `[UNREGISTERED, UNREGISTER.Request|id]`, or with request 0 and details when the router revoked it.
#[derive(Debug, Clone, PartialEq)]
pub struct Unregistered {
    /// Whose answer; `None` (0 on the wire) when revoked.
    pub request: Option<RequestId>,
    /// What was revoked, and why.
    pub details: Option<UnregisteredDetails>,
}

/// UNREGISTERED.Details of a revocation
#[derive(Debug, Clone, PartialEq)]
pub struct UnregisteredDetails {
    /// Which.
    pub registration: RegistrationId,
    /// Why.
    pub reason: Option<String>,
}

/// `[CALL, Request|id, Options|dict, Procedure|uri, Arguments|list, ArgumentsKw|dict]`
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The request.
    pub request: RequestId,
    /// How.
    pub options: Sparse<CallOptions>,
    /// The procedure.
    pub procedure: Uri,
    /// With what.
    pub payload: Payload,
}

/// CALL.Options
#[derive(Debug, Clone, PartialEq)]
pub struct CallOptions {
    /// `receive_progress`: the caller takes progressive results.
    pub receive_progress: bool,
    /// `progress`: more chunks of this call follow.
    pub progress: bool,
    /// `timeout` in milliseconds; 0 or absent for none.
    pub timeout: Option<u64>,
    /// `disclose_me`: tell the callee who calls.
    pub disclose_me: bool,
    /// `rkey` of sharded registration.
    pub rkey: Option<String>,
    /// `runmode` of sharded registration (`all`, `partition`).
    pub runmode: Option<String>,
    /// `ppt_…`
    pub ppt: Option<Box<PassThru>>,
}

impl CallOptions {
    /// Nothing is said.
    pub const UNSAID: Self = Self {
        receive_progress: false,
        progress: false,
        timeout: None,
        disclose_me: false,
        rkey: None,
        runmode: None,
        ppt: None,
    };
}

/// How a call is canceled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CancelMode {
    /// The caller is answered at once; the callee is not told.
    Skip,
    /// The callee is told; the caller is answered when the callee has answered.
    Kill,
    /// Both at once.
    #[default]
    KillNoWait,
}

impl CancelMode {
    /// The name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Kill => "kill",
            Self::KillNoWait => "killnowait",
        }
    }
}

/// `[CANCEL, CALL.Request|id, Options|dict]`
#[derive(Debug, Clone, PartialEq)]
pub struct Cancel {
    /// The call.
    pub request: RequestId,
    /// `mode`; `None` when absent, `Some(Err(text))` when it is none we know.
    pub mode: Option<Result<CancelMode, String>>,
}

/// `[RESULT, CALL.Request|id, Details|dict, YIELD.Arguments|list, YIELD.ArgumentsKw|dict]`
#[derive(Debug, Clone, PartialEq)]
pub struct ResultMessage {
    /// Whose answer.
    pub request: RequestId,
    /// About it.
    pub details: Sparse<ResultDetails>,
    /// The result.
    pub payload: Payload,
}

/// RESULT.Details
#[derive(Debug, Clone, PartialEq)]
pub struct ResultDetails {
    /// `progress`: more will follow.
    pub progress: bool,
    /// `callee`, when disclosed.
    pub callee: Option<SessionId>,
    /// `callee_authid`, when disclosed.
    pub callee_authid: Option<String>,
    /// `callee_authrole`, when disclosed.
    pub callee_authrole: Option<String>,
    /// `ppt_…`
    pub ppt: Option<Box<PassThru>>,
}

impl ResultDetails {
    /// Nothing is said.
    pub const UNSAID: Self = Self {
        progress: false,
        callee: None,
        callee_authid: None,
        callee_authrole: None,
        ppt: None,
    };
}

/// `[INVOCATION, Request|id, REGISTERED.Registration|id, Details|dict, CALL.Arguments|list, CALL.ArgumentsKw|dict]`
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// The invocation, in the callee's session scope.
    pub request: RequestId,
    /// Of which registration.
    pub registration: RegistrationId,
    /// About it.
    pub details: Sparse<InvocationDetails>,
    /// With what.
    pub payload: Payload,
}

/// INVOCATION.Details
#[derive(Debug, Clone, PartialEq)]
pub struct InvocationDetails {
    /// `procedure`; set for pattern registrations.
    pub procedure: Option<Uri>,
    /// `receive_progress`: the caller takes progressive results.
    pub receive_progress: bool,
    /// `progress`: more chunks of this call follow.
    pub progress: bool,
    /// `timeout` in milliseconds, when the callee keeps it.
    pub timeout: Option<u64>,
    /// `caller`, when disclosed.
    pub caller: Option<SessionId>,
    /// `caller_authid`, when disclosed.
    pub caller_authid: Option<String>,
    /// `caller_authrole`, when disclosed.
    pub caller_authrole: Option<String>,
    /// `trustlevel`
    pub trustlevel: Option<u64>,
    /// `rkey` of sharded registration.
    pub rkey: Option<String>,
    /// `ppt_…`
    pub ppt: Option<Box<PassThru>>,
}

impl InvocationDetails {
    /// Nothing is said.
    pub const UNSAID: Self = Self {
        procedure: None,
        receive_progress: false,
        progress: false,
        timeout: None,
        caller: None,
        caller_authid: None,
        caller_authrole: None,
        trustlevel: None,
        rkey: None,
        ppt: None,
    };
}

/// `[INTERRUPT, INVOCATION.Request|id, Options|dict]`
#[derive(Debug, Clone, PartialEq)]
pub struct Interrupt {
    /// The invocation.
    pub request: RequestId,
    /// `mode`
    pub mode: Option<CancelMode>,
    /// `reason`: `wamp.error.timeout`, `wamp.error.canceled`, …
    pub reason: Option<String>,
}

/// `[YIELD, INVOCATION.Request|id, Options|dict, Arguments|list, ArgumentsKw|dict]`
#[derive(Debug, Clone, PartialEq)]
pub struct Yield {
    /// The invocation.
    pub request: RequestId,
    /// How.
    pub options: Sparse<YieldOptions>,
    /// The result.
    pub payload: Payload,
}

/// YIELD.Options
#[derive(Debug, Clone, PartialEq)]
pub struct YieldOptions {
    /// `progress`: more will follow.
    pub progress: bool,
    /// `ppt_…`
    pub ppt: Option<Box<PassThru>>,
}

impl YieldOptions {
    /// Nothing is said.
    pub const UNSAID: Self = Self {
        progress: false,
        ppt: None,
    };
}

/// `[ERROR, REQUEST.Type|int, REQUEST.Request|id, Details|dict, Error|uri, Arguments|list, ArgumentsKw|dict]`
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    /// What kind of request failed.
    pub request_type: MessageType,
    /// Which request.
    pub request: RequestId,
    /// About it; the router passes a callee's on.
    pub details: Sparse<Dict>,
    /// What went wrong.
    pub error: Uri,
    /// More about it.
    pub payload: Payload,
}

unsaid! { CallOptions ResultDetails InvocationDetails YieldOptions }
