//! RawSocket on a Unix socket.

use std::future::Future;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::net::UnixListener;

use super::rawsocket;
use crate::connection::at_once;
use crate::member::{Transport, TransportKind};
use crate::router::Core;

/// Takes connections until `shutdown`.
pub(crate) async fn serve(core: &Arc<Core>, listener: UnixListener, shutdown: impl Future<Output = ()>) {
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut shutdown => return,
        };
        match accepted {
            Ok((stream, _)) => {
                let shared = Arc::clone(core);
                core.tasks.spawn(async move {
                    let transport = Transport::plain(TransportKind::Unix, None);
                    rawsocket::run(&shared, stream, Some(at_once), BytesMut::new(), transport).await;
                });
            }
            Err(error) => super::port::pause_after(&error).await,
        }
    }
}
