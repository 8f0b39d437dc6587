//! A connection that can be lost.

use std::sync::{Arc, Mutex};

use futures_util::StreamExt;
use tokio::task::AbortHandle;
use wamp_client::linked::{self, LinkedPeer};

use crate::realm::CAPACITY;

/// A cable that can be cut or pulled; the session behind it comes back by itself.
#[derive(Debug, Clone, Default)]
pub struct Cable(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    carrying: Option<AbortHandle>,
    is_pulled: bool,
}

impl Cable {
    /// The connection is lost; the next one is made.
    pub fn cut(&self) {
        self.0.lock().unwrap().carrying.take().expect("it was joined").abort();
    }

    /// The connection is lost, and none can be made.
    pub fn pull(&self) {
        self.0.lock().unwrap().is_pulled = true;
        self.cut();
    }

    /// A connection can be made again.
    pub fn plug(&self) {
        self.0.lock().unwrap().is_pulled = false;
    }

    /// The near end of a connection that `dial` makes.
    pub(crate) fn carry(&self, dial: impl Fn() -> LinkedPeer) -> LinkedPeer {
        let (client, near) = linked::pair(CAPACITY);
        let mut state = self.0.lock().unwrap();
        if state.is_pulled {
            // Its other end is gone: nobody answers.
            return client;
        }
        let end = dial();
        let (out, back) = (near.rx.map(Ok).forward(end.tx), end.rx.map(Ok).forward(near.tx));
        let carrying = tokio::spawn(async move { futures_util::future::join(out, back).await });
        state.carrying = Some(carrying.abort_handle());
        client
    }
}
