//! What holds over every transport and serializer.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use wamp_client::{CallError, Credentials, Error, Invocation, MatchPolicy, Reply, Serializer};

use crate::house::{Door, House, soon};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Reading {
    #[serde(rename = "sensorId")]
    sensor_id: u64,
    temp: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

fn reading() -> Reading {
    Reading {
        sensor_id: 25,
        temp: 27.25,
        note: Some("süß \u{1F321}".to_owned()),
    }
}

#[tokio::test]
async fn a_session_joins_as_who_it_is() {
    let house = House::new().await;
    for door in Door::ALL {
        let info = house.join(door, "anna").await.info().unwrap();
        assert_eq!(
            (info.authid.as_deref(), info.authrole.as_deref()),
            (Some("anna"), Some("user")),
            "{door:?}"
        );
    }
}

#[tokio::test]
async fn a_ticket_signs_in_and_a_wrong_secret_does_not() {
    let house = House::new().await;
    let door = Door::WebSocket(Serializer::MsgPack);
    let ticket = |ticket: &str| Credentials::Ticket {
        authid: "ben".to_owned(),
        ticket: ticket.to_owned(),
    };
    let session = house
        .connector(door, "ben")
        .credentials(ticket("secret"))
        .connect()
        .await
        .unwrap();
    assert_eq!(session.info().unwrap().authmethod.as_deref(), Some("ticket"));
    let refused = house
        .connector(door, "ben")
        .credentials(ticket("wrong"))
        .connect()
        .await;
    assert!(matches!(refused, Err(Error::Refused { .. })), "{refused:?}");
    let nobody = house
        .connector(door, "ben")
        .credentials(Credentials::default())
        .connect()
        .await;
    assert!(matches!(nobody, Err(Error::Refused { .. })), "{nobody:?}");
}

#[tokio::test]
async fn events_reach_exact_and_pattern_subscribers_from_any_door_to_any_door() {
    let house = House::new().await;
    for door in Door::ALL {
        let hearing = house.join(door, "anna").await;
        let mut exact = hearing.subscribe("sensor.events").open().await.unwrap();
        let mut prefix = hearing
            .subscribe("sensor.")
            .match_policy(MatchPolicy::Prefix)
            .open()
            .await
            .unwrap();
        let mut wildcard = hearing
            .subscribe("sensor..")
            .match_policy(MatchPolicy::Wildcard)
            .open()
            .await
            .unwrap();
        for from in Door::ALL {
            let speaking = house.join(from, "ben").await;
            let publish = speaking.publish("sensor.events").args(&(1, "a")).kwargs(&reading());
            let id = publish.acknowledge().disclose_me().send().await.unwrap().unwrap();
            for events in [&mut exact, &mut prefix] {
                let event = soon("an event", events.next()).await.unwrap();
                assert_eq!(
                    (event.publication(), event.topic()),
                    (id, "sensor.events"),
                    "{from:?} → {door:?}"
                );
                assert_eq!(event.kwargs::<Reading>().unwrap(), reading(), "{from:?} → {door:?}");
                assert_eq!(event.args::<(u64, String)>().unwrap(), (1, "a".to_owned()));
                assert_eq!(event.publisher_authid(), Some("ben"));
            }
        }
        hearing.publish("sensor.a.b").exclude_me(false).send().await.unwrap();
        assert_eq!(soon("an event", wildcard.next()).await.unwrap().topic(), "sensor.a.b");
    }
}

#[tokio::test]
async fn a_publisher_does_not_hear_itself_unless_it_asks() {
    let house = House::new().await;
    let session = house.join(Door::Linked, "anna").await;
    let mut events = session.subscribe("t").open().await.unwrap();
    session.publish("t").args(&[1]).send().await.unwrap();
    session.publish("t").args(&[2]).exclude_me(false).send().await.unwrap();
    assert_eq!(
        soon("an event", events.next())
            .await
            .unwrap()
            .args::<[u8; 1]>()
            .unwrap(),
        [2]
    );
}

#[tokio::test]
async fn consumers_of_one_topic_come_and_go_on_their_own() {
    let house = House::new().await;
    let session = house.join(Door::WebSocket(Serializer::MsgPack), "anna").await;
    let mut one = session.subscribe("t").open().await.unwrap();
    let two = session.subscribe("t").open().await.unwrap();
    two.unsubscribe().await.unwrap();
    session.publish("t").exclude_me(false).send().await.unwrap();
    assert!(soon("an event", one.next()).await.is_some());
    drop(one);
    let mut three = session.subscribe("t").open().await.unwrap();
    session.publish("t").exclude_me(false).send().await.unwrap();
    assert!(soon("an event", three.next()).await.is_some());
}

/// `[on]` → who called, after saying it as progress; an error for what is not on.
async fn control(invocation: Invocation) -> Result<Reply, CallError> {
    let (on,): (bool,) = invocation.args()?;
    if !on {
        return Err(CallError::new("homeapp.error.hardware_not_found", "There is no fan."));
    }
    for step in 1..=3 {
        invocation.progress(Reply::value(&step)?).await?;
    }
    let caller = format!(
        "{}/{}",
        invocation.caller_authid().unwrap_or("-"),
        invocation.caller_authrole().unwrap_or("-")
    );
    Ok(Reply::value(&caller)?.with_kwargs(&reading())?)
}

#[tokio::test]
async fn calls_give_results_errors_and_progress_from_any_door_to_any_door() {
    let house = House::new().await;
    for door in Door::ALL {
        let callee = house.join(door, "anna").await;
        let registration = callee.register("dcs.fan.control").handler(control).await.unwrap();
        for from in Door::ALL {
            let way = format!("{from:?} → {door:?}");
            let caller = house.join(from, "ben").await;
            let call = || caller.call("dcs.fan.control");
            let result = call().args(&(true,)).disclose_me().send().await.unwrap();
            assert_eq!(result.value::<String>().unwrap(), "ben/user", "{way}");
            assert_eq!(result.kwargs::<Reading>().unwrap(), reading(), "{way}");

            let Err(Error::Rejected(error)) = call().args(&(false,)).send().await else {
                panic!("{way}")
            };
            assert_eq!(error.uri(), "homeapp.error.hardware_not_found", "{way}");
            assert_eq!(error.message().as_deref(), Some("There is no fan."), "{way}");

            let wrong = call().args(&("yes",)).send().await.unwrap_err();
            assert_eq!(wrong.uri(), Some("wamp.error.invalid_argument"), "{way}");

            let mut results = call().args(&(true,)).progressive().await.unwrap();
            for step in 1..=3 {
                let result = soon("progress", results.next()).await.unwrap().unwrap();
                assert_eq!((result.value::<u64>().unwrap(), result.progress), (step, true), "{way}");
            }
            assert!(
                !soon("the result", results.next()).await.unwrap().unwrap().progress,
                "{way}"
            );
            assert!(results.next().await.is_none(), "{way}");
        }
        registration.unregister().await.unwrap();
        let gone = callee.call("dcs.fan.control").args(&(true,)).send().await.unwrap_err();
        assert_eq!(gone.uri(), Some("wamp.error.no_such_procedure"));
    }
}

#[tokio::test]
async fn hanging_up_ends_the_handler() {
    let house = House::new().await;
    for door in [
        Door::WebSocket(Serializer::MsgPack),
        Door::RawSocket(Serializer::Cbor),
        Door::Linked,
    ] {
        let session = house.join(door, "anna").await;
        let (began, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let handler = {
            let (began, ended) = (began.clone(), ended.clone());
            move |invocation: Invocation| {
                let (began, ended) = (began.clone(), ended.clone());
                async move {
                    began.notify_one();
                    invocation.canceled().await;
                    ended.notify_one();
                    Ok(Reply::empty())
                }
            }
        };
        session.register("wait").handler(handler).await.unwrap();
        let caller = house.join(door, "ben").await;
        let call = tokio::spawn(async move { caller.call("wait").send().await });
        soon("the call", began.notified()).await;
        call.abort();
        soon("the interrupt", ended.notified()).await;
    }
}

#[tokio::test]
async fn a_call_in_pieces_reaches_its_handler_in_order() {
    let house = House::new().await;
    let callee = house.join(Door::Linked, "anna").await;
    let handler = |mut invocation: Invocation| async move {
        let mut all = vec![invocation.args::<(u64,)>()?.0];
        while let Some(chunk) = invocation.next_chunk().await? {
            all.push(chunk.value()?);
        }
        Ok(Reply::value(&all)?)
    };
    callee.register("collect").handler(handler).await.unwrap();
    for door in Door::ALL {
        let caller = house.join(door, "ben").await;
        let call = caller.call("collect").args(&(0,)).chunked().await;
        let (mut input, mut results) = call.unwrap();
        for number in 1..10 {
            input.chunk().args(&(number,)).send().await.unwrap();
        }
        input.chunk().args(&(10,)).finish().await.unwrap();
        let all = soon("the result", results.next()).await.unwrap().unwrap();
        assert_eq!(
            all.value::<Vec<u64>>().unwrap(),
            (0..=10).collect::<Vec<_>>(),
            "{door:?}"
        );
    }
}

#[tokio::test]
async fn long_messages_travel_whole() {
    let house = House::new().await;
    let long = "x".repeat(900_000);
    for door in Door::ALL {
        let session = house.join(door, "anna").await;
        let handler = |invocation: Invocation| async move { Ok(Reply::payload(invocation.payload().clone())) };
        let registration = session.register("echo").handler(handler).await.unwrap();
        let result = soon("the echo", session.call("echo").args(&(&long,)).send())
            .await
            .unwrap();
        assert!(result.value::<String>().unwrap() == long, "{door:?}");
        registration.unregister().await.unwrap();
    }
}

#[tokio::test]
async fn leaving_is_answered_at_every_door() {
    let house = House::new().await;
    for door in Door::ALL {
        let session = house.join(door, "anna").await;
        soon("the goodbye", session.leave()).await;
        assert!(matches!(session.call("p").send().await, Err(Error::Closed)));
    }
}

#[tokio::test]
async fn many_tasks_share_one_session() {
    let house = House::new().await;
    for door in [
        Door::WebSocket(Serializer::MsgPack),
        Door::Batched(Serializer::Json),
        Door::Linked,
    ] {
        let session = house.join(door, "anna").await;
        let handler = |invocation: Invocation| async move { Ok(Reply::payload(invocation.payload().clone())) };
        session.register("echo").handler(handler).await.unwrap();
        let calls = (0..2000_u64).map(|number| {
            let session = session.clone();
            tokio::spawn(async move {
                let result = session.call("echo").args(&(number,)).send().await.unwrap();
                assert_eq!(result.value::<u64>().unwrap(), number);
            })
        });
        for call in calls.collect::<Vec<_>>() {
            soon("a call", call).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_session_over_which_nothing_goes_stays_at_every_door() {
    let interval = Duration::from_millis(500);
    let house = House::minding_silence(interval).await;
    let mut sessions = Vec::new();
    for door in Door::ALL {
        sessions.push((door, house.join(door, "anna").await));
    }
    let ids = |sessions: &[(Door, wamp_client::Session)]| -> Vec<_> {
        let id = |(_, session): &(Door, wamp_client::Session)| session.info().map(|info| info.session);
        sessions.iter().map(id).collect()
    };
    let before = ids(&sessions);
    tokio::time::sleep(interval * 5).await;
    assert_eq!(ids(&sessions), before);
    for (door, session) in &sessions {
        let count = soon("the answer", session.call("wamp.session.count").send()).await;
        assert!(count.unwrap().value::<u64>().unwrap() >= 14, "{door:?}");
    }
    assert_eq!(ids(&sessions), before);
}
