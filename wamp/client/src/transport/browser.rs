//! The browser's own WebSocket.

use std::task::{Context, Poll};

use bytes::Bytes;
use futures_channel::mpsc;
use futures_util::StreamExt;
use js_sys::{ArrayBuffer, Uint8Array};
use wamp_protocol::framing::Subprotocol;
use wamp_protocol::{Message, Serializer};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket};

use super::{Link, SendError, TransportError};

/// What the browser tells of the socket.
enum Happened {
    Opened,
    Binary(Bytes),
    Text(String),
    Closed(String),
}

/// A browser's WebSocket that carries WAMP.
pub(super) struct BrowserLink {
    socket: WebSocket,
    serializer: Serializer,
    happened: mpsc::UnboundedReceiver<Happened>,
    /// Called by the browser for as long as the socket is there.
    _listeners: Listeners,
}

struct Listeners {
    _open: Closure<dyn FnMut(Event)>,
    _message: Closure<dyn FnMut(MessageEvent)>,
    _close: Closure<dyn FnMut(CloseEvent)>,
}

/// Opens a WebSocket at `url`; one that begins with `/` is on the page's own host.
pub(super) async fn dial(url: &str, serializer: Serializer) -> Result<BrowserLink, TransportError> {
    let address = |why: String| TransportError::Address {
        url: url.to_owned(),
        why,
    };
    let absolute = absolute(url).ok_or_else(|| address("the page it belongs to has no address".to_owned()))?;
    let socket = WebSocket::new_with_str(
        &absolute,
        Subprotocol {
            serializer,
            batched: false,
        }
        .name(),
    )
    .map_err(|error| address(format!("{error:?}")))?;
    socket.set_binary_type(BinaryType::Arraybuffer);
    let (listeners, happened) = listen(&socket);
    let mut link = BrowserLink {
        socket,
        serializer,
        happened,
        _listeners: listeners,
    };
    match link.happened.next().await {
        Some(Happened::Opened) => Ok(link),
        Some(Happened::Closed(why)) => Err(TransportError::Handshake(why)),
        Some(Happened::Binary(_) | Happened::Text(_)) | None => Err(TransportError::Closed),
    }
}

fn absolute(url: &str) -> Option<String> {
    if !url.starts_with('/') {
        return Some(url.to_owned());
    }
    let location = web_sys::window()?.location();
    let scheme = if location.protocol().ok()? == "https:" {
        "wss"
    } else {
        "ws"
    };
    Some(format!("{scheme}://{}{url}", location.host().ok()?))
}

fn listen(socket: &WebSocket) -> (Listeners, mpsc::UnboundedReceiver<Happened>) {
    let (sender, happened) = mpsc::unbounded();
    // The link may be gone when the browser calls; then nobody wants to know.
    let tell = move |what| drop(sender.unbounded_send(what));
    let open = Closure::<dyn FnMut(Event)>::new({
        let tell = tell.clone();
        move |_| tell(Happened::Opened)
    });
    let message = Closure::<dyn FnMut(MessageEvent)>::new({
        let tell = tell.clone();
        move |event: MessageEvent| {
            let data = event.data();
            if let Some(text) = data.as_string() {
                tell(Happened::Text(text));
            } else if let Ok(buffer) = data.dyn_into::<ArrayBuffer>() {
                tell(Happened::Binary(Uint8Array::new(&buffer).to_vec().into()));
            }
        }
    });
    // An error event says nothing, and a close event follows it.
    let close = Closure::<dyn FnMut(CloseEvent)>::new(move |event: CloseEvent| {
        let reason = event.reason();
        tell(Happened::Closed(if reason.is_empty() {
            format!("code {}", event.code())
        } else {
            reason
        }));
    });
    socket.set_onopen(Some(open.as_ref().unchecked_ref()));
    socket.set_onmessage(Some(message.as_ref().unchecked_ref()));
    socket.set_onclose(Some(close.as_ref().unchecked_ref()));
    (
        Listeners {
            _open: open,
            _message: message,
            _close: close,
        },
        happened,
    )
}

impl Link for BrowserLink {
    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        Poll::Ready(Ok(()))
    }

    fn send(&mut self, message: Message) -> Result<(), SendError> {
        let bytes = match self.serializer.encode(&message) {
            Ok(bytes) => bytes,
            Err(error) => {
                let error = TransportError::Unencodable(error.to_string());
                return Err(SendError::Unsendable(Box::new(message), error));
            }
        };
        let sent = if self.serializer.is_binary() {
            self.socket.send_with_u8_array(&bytes)
        } else {
            self.socket.send_with_str(&String::from_utf8_lossy(&bytes))
        };
        sent.map_err(|error| SendError::Broken(TransportError::Broken(format!("{error:?}"))))
    }

    fn poll_flush(&mut self, _: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        // The browser sends on its own.
        Poll::Ready(Ok(()))
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Message, TransportError>>> {
        loop {
            let Poll::Ready(happened) = self.happened.poll_next_unpin(cx) else {
                return Poll::Pending;
            };
            let (bytes, binary) = match happened {
                Some(Happened::Opened) => continue,
                Some(Happened::Closed(why)) => {
                    return Poll::Ready(Some(Err(TransportError::Broken(format!("closed, {why}")))));
                }
                None => return Poll::Ready(None),
                Some(Happened::Binary(bytes)) => (bytes, true),
                Some(Happened::Text(text)) => (Bytes::from(text), false),
            };
            if binary != self.serializer.is_binary() {
                let sentence = format!("{} in the wrong kind of frame", self.serializer);
                return Poll::Ready(Some(Err(TransportError::Undecodable(sentence))));
            }
            let decoded = self.serializer.decode(bytes);
            return Poll::Ready(Some(
                decoded.map_err(|error| TransportError::Undecodable(error.to_string())),
            ));
        }
    }

    fn poll_close(&mut self, _: &mut Context<'_>) -> Poll<()> {
        // An error means that it is closed already.
        let _ = self.socket.close();
        Poll::Ready(())
    }
}

impl Drop for BrowserLink {
    fn drop(&mut self) {
        self.socket.set_onopen(None);
        self.socket.set_onmessage(None);
        self.socket.set_onclose(None);
        // An error means that it is closed already.
        let _ = self.socket.close();
    }
}
