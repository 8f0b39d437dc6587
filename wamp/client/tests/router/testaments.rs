//! What is published for those who are gone.

use wamp_client::{Serializer, Session};

use crate::house::{Door, House, soon};

async fn leave_a_will(session: &Session) {
    let kwargs = std::collections::BTreeMap::from([("status", "gone")]);
    session
        .testament("status.change")
        .args(&("fan", 1))
        .kwargs(&kwargs)
        .add()
        .await
        .unwrap();
}

async fn told(events: &mut wamp_client::Subscription) {
    let event = soon("the testament", events.next()).await.unwrap();
    assert_eq!(event.args::<(String, u64)>().unwrap(), ("fan".to_owned(), 1));
    let kwargs = event.kwargs::<std::collections::BTreeMap<String, String>>().unwrap();
    assert_eq!(kwargs["status"], "gone");
}

#[tokio::test]
async fn a_testament_is_published_when_its_session_is_gone_at_every_door() {
    let house = House::new().await;
    let watcher = house.join(Door::Linked, "anna").await;
    let mut events = watcher.subscribe("status.change").open().await.unwrap();
    for door in Door::ALL {
        let session = house.join(door, "ben").await;
        leave_a_will(&session).await;
        drop(session);
        told(&mut events).await;
    }
}

#[tokio::test]
async fn a_testament_taken_back_is_not_published() {
    let house = House::new().await;
    let watcher = house.join(Door::Linked, "anna").await;
    let mut events = watcher.subscribe("status.change").open().await.unwrap();
    let session = house.join(Door::Linked, "ben").await;
    leave_a_will(&session).await;
    session.flush_testaments().await.unwrap();
    session.leave().await;
    watcher
        .publish("status.change")
        .args(&("alone",))
        .exclude_me(false)
        .send()
        .await
        .unwrap();
    let event = soon("an event", events.next()).await.unwrap();
    assert_eq!(event.args::<(String,)>().unwrap().0, "alone");
}

#[tokio::test]
async fn a_testament_comes_back_with_the_connection() {
    let house = House::new().await;
    let session = house.join(Door::WebSocket(Serializer::MsgPack), "ben").await;
    leave_a_will(&session).await;
    let old = session.info().unwrap().session;
    let house = House::at(&house.close().await).await;
    crate::restart::rejoined(&session, old).await;
    let watcher = house.join(Door::Linked, "anna").await;
    let mut events = watcher.subscribe("status.change").open().await.unwrap();
    session.leave().await;
    told(&mut events).await;
}
