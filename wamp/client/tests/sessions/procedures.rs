use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Deserialize;
use tokio::sync::Notify;
use wamp_client::{CallError, Error, RegistrationId, Reply, Session};
use wamp_protocol::message::{Interrupt, Invocation, InvocationDetails, Unregistered};
use wamp_protocol::{Message, Payload, RequestId, Serializer};

use crate::scripted_router::{Peer, ScriptedRouter, soon};

fn request(id: u64) -> RequestId {
    RequestId::new(id).unwrap()
}

async fn invoke(peer: &mut Peer, id: u64, payload: Payload) {
    let details = InvocationDetails {
        receive_progress: true,
        caller_authid: Some("anna".to_owned()),
        caller_authrole: Some("user".to_owned()),
        ..InvocationDetails::default()
    };
    peer.send(Invocation {
        request: request(id),
        registration: RegistrationId::new(1).unwrap(),
        details: details.into(),
        payload,
    })
    .await;
}

#[derive(Deserialize)]
struct Threshold {
    high: f64,
}

async fn registered() -> (ScriptedRouter, Session, Peer) {
    let (router, session, mut peer) = ScriptedRouter::joined().await;
    let handler = |invocation: wamp_client::Invocation| async move {
        let Threshold { high } = invocation.kwargs()?;
        if high > 50.0 {
            return Err(CallError::new("homeapp.error.too_hot", "Nobody wants that."));
        }
        let who = format!("{:?} {:?}", invocation.caller_authid(), invocation.caller_authrole());
        invocation.progress(Reply::value("half")?).await?;
        Ok(Reply::value(&who)?.with_kwargs(
            &[("high", high)]
                .into_iter()
                .collect::<std::collections::BTreeMap<_, _>>(),
        )?)
    };
    let (registration, register) = tokio::join!(
        session.register("config.thresholds.set").handler(handler),
        peer.registered(1)
    );
    assert_eq!(registration.unwrap().procedure(), "config.thresholds.set");
    assert_eq!(register.options.disclose_caller, Some(true));
    (router, session, peer)
}

fn high(value: impl serde::Serialize) -> Payload {
    let kwargs = std::collections::BTreeMap::from([("high", value)]);
    Payload::with_kwargs(Serializer::Json, &kwargs).unwrap()
}

#[tokio::test]
async fn a_handler_gives_progress_and_a_result() {
    let (_router, _session, mut peer) = registered().await;
    invoke(&mut peer, 1, high(26.0)).await;
    let Message::Yield(progress) = peer.receive().await else {
        panic!("no YIELD")
    };
    assert!(progress.options.progress);
    assert_eq!(progress.payload.args::<(String,)>().unwrap().0, "half");
    let Message::Yield(result) = peer.receive().await else {
        panic!("no YIELD")
    };
    assert!(!result.options.progress);
    assert_eq!(
        result.payload.args::<(String,)>().unwrap().0,
        r#"Some("anna") Some("user")"#
    );
}

#[tokio::test]
async fn a_handler_s_errors_and_wrong_arguments_become_error_messages() {
    let (_router, _session, mut peer) = registered().await;
    for (payload, uri, word) in [
        (high(99.0), "homeapp.error.too_hot", "Nobody"),
        (high("hot"), "wamp.error.invalid_argument", "high"),
        (Payload::EMPTY, "wamp.error.invalid_argument", "high"),
    ] {
        invoke(&mut peer, 1, payload).await;
        let Message::Error(error) = peer.receive().await else {
            panic!("no ERROR")
        };
        assert_eq!(error.error.as_str(), uri);
        let (sentence,): (String,) = error.payload.args().unwrap();
        assert!(sentence.contains(word), "{sentence}");
    }
}

/// Sets the flag when dropped.
struct Tell(Arc<AtomicBool>, Arc<Notify>);

impl Drop for Tell {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
        self.1.notify_one();
    }
}

#[tokio::test]
async fn an_interrupt_drops_a_handler_that_did_not_ask_for_it() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let (dropped, told) = (Arc::new(AtomicBool::new(false)), Arc::new(Notify::new()));
    let handler = {
        let (dropped, told) = (dropped.clone(), told.clone());
        move |invocation: wamp_client::Invocation| {
            let tell = Tell(dropped.clone(), told.clone());
            async move {
                invocation.progress(Reply::empty()).await?;
                std::future::pending::<()>().await;
                drop(tell);
                Ok(Reply::empty())
            }
        }
    };
    let (registration, _) = tokio::join!(session.register("p").handler(handler), peer.registered(1));
    let _registration = registration.unwrap();
    invoke(&mut peer, 1, Payload::EMPTY).await;
    assert!(matches!(peer.receive().await, Message::Yield(_)));
    peer.send(Interrupt {
        request: request(1),
        mode: None,
        reason: None,
    })
    .await;
    let Message::Error(error) = peer.receive().await else {
        panic!("no ERROR")
    };
    assert_eq!(error.error.as_str(), "wamp.error.canceled");
    soon("the handler's end", told.notified()).await;
    assert!(dropped.load(Ordering::SeqCst));
}

#[tokio::test]
async fn a_handler_that_asks_for_the_interrupt_may_clean_up() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let handler = |invocation: wamp_client::Invocation| async move {
        invocation.progress(Reply::empty()).await?;
        invocation.canceled().await;
        tokio::task::yield_now().await;
        assert!(invocation.is_canceled());
        Ok(Reply::value("cleaned up")?)
    };
    let (registration, _) = tokio::join!(session.register("p").handler(handler), peer.registered(1));
    let _registration = registration.unwrap();
    invoke(&mut peer, 1, Payload::EMPTY).await;
    assert!(matches!(peer.receive().await, Message::Yield(_)));
    peer.send(Interrupt {
        request: request(1),
        mode: None,
        reason: None,
    })
    .await;
    let Message::Yield(result) = peer.receive().await else {
        panic!("no YIELD")
    };
    assert_eq!(result.payload.args::<(String,)>().unwrap().0, "cleaned up");
}

#[tokio::test]
async fn a_slow_handler_holds_up_no_other_call() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let handler = |invocation: wamp_client::Invocation| async move {
        let (wait,): (bool,) = invocation.args()?;
        if wait {
            std::future::pending::<()>().await;
        }
        Ok(Reply::empty())
    };
    let (registration, _) = tokio::join!(session.register("p").handler(handler), peer.registered(1));
    let _registration = registration.unwrap();
    invoke(&mut peer, 1, Payload::with_args(Serializer::Json, &(true,)).unwrap()).await;
    invoke(&mut peer, 2, Payload::with_args(Serializer::Json, &(false,)).unwrap()).await;
    let Message::Yield(result) = peer.receive().await else {
        panic!("no YIELD")
    };
    assert_eq!(result.request, request(2));
}

#[tokio::test]
async fn a_handler_that_panics_leaves_the_session_whole_and_the_caller_answered() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let handler = |invocation: wamp_client::Invocation| async move {
        assert!(invocation.args::<(bool,)>().is_ok(), "a bug in the handler");
        Ok(Reply::empty())
    };
    let (registration, _) = tokio::join!(session.register("p").handler(handler), peer.registered(1));
    let _registration = registration.unwrap();
    invoke(&mut peer, 1, Payload::EMPTY).await;
    let Message::Error(error) = peer.receive().await else {
        panic!("no ERROR")
    };
    assert_eq!(error.error.as_str(), "wamp.error.runtime_error");
}

#[tokio::test]
async fn unregistering_waits_for_the_router() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let handler = |_| async { Ok(Reply::empty()) };
    let (registration, _) = tokio::join!(session.register("p").handler(handler), peer.registered(1));
    let script = async {
        let Message::Unregister(unregister) = peer.receive().await else {
            panic!("no UNREGISTER")
        };
        peer.send(Unregistered {
            request: Some(unregister.request),
            details: None,
        })
        .await;
    };
    let (done, ()) = tokio::join!(registration.unwrap().unregister(), script);
    done.unwrap();
}

#[tokio::test]
async fn a_registration_refused_is_told() {
    let (_router, session, mut peer) = ScriptedRouter::joined().await;
    let script = async {
        let Message::Register(register) = peer.receive().await else {
            panic!("no REGISTER")
        };
        let error = "wamp.error.procedure_already_exists".into();
        peer.send(wamp_protocol::message::Error {
            request_type: wamp_protocol::MessageType::Register,
            request: register.request,
            details: wamp_protocol::Dict::default().into(),
            error,
            payload: Payload::EMPTY,
        })
        .await;
    };
    let handler = |_| async { Ok(Reply::empty()) };
    let (refused, ()) = tokio::join!(session.register("p").handler(handler), script);
    assert!(matches!(refused, Err(Error::Rejected(error)) if error.uri() == "wamp.error.procedure_already_exists"));
}
