//! The router goes away and comes back.

use wamp_client::{ConnectionState, Error, Invocation, Reply, Serializer, Session};

use crate::house::{Door, House, soon};

pub(crate) async fn rejoined(session: &Session, old: wamp_client::SessionId) {
    let mut states = session.watch();
    soon("the session to come back", async {
        while session.info().is_none_or(|info| info.session == old) {
            states.next().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_session_comes_back_with_all_it_had() {
    for door in [
        Door::WebSocket(Serializer::Json),
        Door::WebSocket(Serializer::MsgPack),
        Door::RawSocket(Serializer::Cbor),
    ] {
        let house = House::new().await;
        let session = house.join(door, "anna").await;
        let id = session.info().unwrap().session;
        let mut events = session.subscribe("t").open().await.unwrap();
        let handler = |invocation: Invocation| async move { Ok(Reply::payload(invocation.payload().clone())) };
        session.register("echo").handler(handler).await.unwrap();

        let address = house.close().await;
        let mut states = session.watch();
        soon("the loss", async {
            while !matches!(states.next().await, Some(ConnectionState::Reconnecting { .. })) {}
        })
        .await;
        assert!(matches!(session.call("echo").send().await, Err(Error::NotConnected)));

        let house = House::at(&address).await;
        rejoined(&session, id).await;
        let other = house.join(Door::Linked, "ben").await;
        let result = soon("an answer", async {
            loop {
                // The registration follows the join.
                match other.call("echo").args(&(5,)).send().await {
                    Err(Error::Rejected(error)) if error.uri() == "wamp.error.no_such_procedure" => {
                        tokio::task::yield_now().await;
                    }
                    result => return result.unwrap(),
                }
            }
        })
        .await;
        assert_eq!(result.value::<u64>().unwrap(), 5);
        // Registrations come before subscriptions; a call of our own comes after both.
        session.call("echo").send().await.unwrap();
        other.publish("t").args(&(6,)).send().await.unwrap();
        assert_eq!(
            soon("an event", events.next()).await.unwrap().args::<(u64,)>().unwrap(),
            (6,)
        );
        session.leave().await;
        house.close().await;
    }
}

#[tokio::test]
async fn a_session_told_to_keep_trying_waits_for_the_router() {
    let house = House::new().await;
    let connector = house
        .connector(Door::WebSocket(Serializer::MsgPack), "anna")
        .keep_trying();
    let address = house.close().await;
    let connecting = tokio::spawn(connector.connect());
    let house = House::at(&address).await;
    let session = soon("the session", connecting).await.unwrap().unwrap();
    assert!(session.info().is_some());
    house.close().await;
}
