//! WAMP over plain HTTP requests: `open`, and then `ID/send`, `ID/receive` and `ID/close`.

mod bodies;
mod delivery;
mod polling;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use serde::{Deserialize, Serialize};
use wamp_protocol::framing::Subprotocol;

use self::delivery::Delivery;
use self::polling::{LongPoll, Received, Sent};
use super::arrival::Arrival;
use super::http::{Answer, AnswerBody};
use crate::http_fallback::sentence;
use crate::limit::Limit;
use crate::member::TransportKind;
use crate::metrics::Counters;
use crate::random_ids;
use crate::router::Core;

/// The long-poll transports that are open, by their ids, which nobody can guess.
#[derive(Debug, Default)]
pub(crate) struct LongPolls {
    by_id: Mutex<HashMap<String, Arc<LongPoll>>>,
}

impl LongPolls {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<LongPoll>>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn find(&self, id: &str) -> Option<Arc<LongPoll>> {
        self.lock().get(id).map(Arc::clone)
    }
}

/// The body of `open`.
#[derive(Debug, Deserialize)]
struct Open {
    protocols: Vec<String>,
}

/// The answer to `open`.
#[derive(Debug, Serialize)]
struct Opened<'a> {
    protocol: &'a str,
    transport: &'a str,
}

/// Answers a request for `path`, which is what follows `/lp/`.
pub(super) async fn answer(core: &Arc<Core>, path: &str, request: Request<Incoming>, arrival: Arrival) -> Answer {
    if request.method() != Method::POST {
        let mut refusal = sentence(
            StatusCode::METHOD_NOT_ALLOWED,
            "Long-poll requests are POST requests.\n",
        );
        refusal
            .headers_mut()
            .insert(header::ALLOW, HeaderValue::from_static("POST"));
        return refusal;
    }
    let body = Limited::new(request.into_body(), core.limits.message_size)
        .collect()
        .await;
    let Ok(body) = body else {
        core.counters.hit(Limit::MessageSize);
        return sentence(
            StatusCode::PAYLOAD_TOO_LARGE,
            "The body is too large, or did not come wholly.\n",
        );
    };
    let body = body.to_bytes();
    if path == "open" {
        return open(core, &body, arrival);
    }
    let found = path
        .split_once('/')
        .and_then(|(id, verb)| Some((core.long_polls.find(id)?, id, verb)));
    let Some((transport, id, verb)) = found else {
        return sentence(StatusCode::NOT_FOUND, "There is no such long-poll transport.\n");
    };
    match verb {
        "send" => match transport.send(body).await {
            Sent::Taken => empty(StatusCode::ACCEPTED),
            Sent::Refused => sentence(StatusCode::BAD_REQUEST, "The body is not what the protocol says.\n"),
        },
        "receive" => match transport.receive().await {
            Received::Messages(taken) => {
                let content_type = transport.content_type();
                of_body(content_type, Delivery::new(transport, taken).boxed_unsync())
            }
            Received::Nothing => of_octets(transport.content_type(), Bytes::new()),
            Received::Replaced => sentence(StatusCode::NOT_FOUND, "Another request receives since.\n"),
            Received::Over => {
                core.long_polls.lock().remove(id);
                sentence(StatusCode::NOT_FOUND, "The session is over.\n")
            }
        },
        "close" => {
            core.long_polls.lock().remove(id);
            transport.close().await;
            empty(StatusCode::ACCEPTED)
        }
        _ => sentence(StatusCode::NOT_FOUND, "There are send, receive and close.\n"),
    }
}

fn open(core: &Arc<Core>, body: &[u8], arrival: Arrival) -> Answer {
    let Ok(Open { protocols }) = serde_json::from_slice(body) else {
        return sentence(
            StatusCode::BAD_REQUEST,
            "The body must be like {\"protocols\": [\"wamp.2.json\"]}.\n",
        );
    };
    let Some(chosen) = protocols.iter().find_map(|name| Subprotocol::from_name(name)) else {
        return sentence(
            StatusCode::BAD_REQUEST,
            "None of the protocols is one of this router.\n",
        );
    };
    let full = core.is_full() || core.long_polls.lock().len() >= core.limits.sessions;
    if full {
        Counters::add(&core.counters.connections_refused, 1);
        return sentence(StatusCode::SERVICE_UNAVAILABLE, "There are too many sessions.\n");
    }
    let id = random_ids::number().and_then(|high| Ok(format!("{high:016x}{:016x}", random_ids::number()?)));
    let Ok(id) = id else {
        return sentence(
            StatusCode::SERVICE_UNAVAILABLE,
            "The router cannot open sessions now.\n",
        );
    };
    let transport = Arc::new(LongPoll::new(
        Arc::clone(core),
        chosen,
        arrival.transport(TransportKind::LongPoll),
    ));
    core.long_polls.lock().insert(id.clone(), Arc::clone(&transport));
    tokio::spawn(
        core.closing
            .clone()
            .run_until_cancelled_owned(watch(Arc::clone(core), id.clone(), transport)),
    );
    let opened = serde_json::to_vec(&Opened {
        protocol: chosen.name(),
        transport: &id,
    })
    .unwrap_or_default();
    of_octets("application/json", opened.into())
}

/// Forgets the transport when its client has not been heard of for too long, or had time to answer
/// the router's GOODBYE.
async fn watch(core: Arc<Core>, id: String, transport: Arc<LongPoll>) {
    while let Some(look_again) = transport.next_look(&core).await {
        tokio::select! {
            () = tokio::time::sleep_until(look_again) => {}
            () = transport.hurried() => {}
        }
    }
    if core.long_polls.lock().remove(&id).is_some() {
        transport.close().await;
    }
}

fn empty(status: StatusCode) -> Answer {
    let mut response = of_octets("text/plain", Bytes::new());
    *response.status_mut() = status;
    response
}

fn of_octets(content_type: &'static str, octets: Bytes) -> Answer {
    of_body(content_type, Full::new(octets).map_err(Into::into).boxed_unsync())
}

fn of_body(content_type: &'static str, body: AnswerBody) -> Answer {
    let mut response = Response::new(body);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
