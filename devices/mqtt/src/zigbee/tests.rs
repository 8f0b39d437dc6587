use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp(1_777_793_400_000);
const ADDRESS: &str = "0x00158d0001a2b3c4";

fn say(zigbee: &mut Zigbee2Mqtt, what: &str, payload: &Value) -> Vec<News> {
    zigbee.hear(&format!("zigbee2mqtt/bridge/{what}"), payload.to_string().as_bytes())
}

fn running() -> Zigbee2Mqtt {
    let mut zigbee = Zigbee2Mqtt::default();
    say(&mut zigbee, "state", &json!({"state": "online"}));
    say(
        &mut zigbee,
        "info",
        &json!({"permit_join": false, "config": {"homeassistant": {"enabled": true}}}),
    );
    say(
        &mut zigbee,
        "devices",
        &json!([{"ieee_address": "0x00124b0000000000", "type": "Coordinator"},
            {"ieee_address": ADDRESS, "type": "EndDevice", "friendly_name": "Lamp", "supported": true,
             "interview_state": "SUCCESSFUL", "definition": {"vendor": "Maker", "model": "M1", "description": "Bulb"}}]),
    );
    zigbee
}

#[test]
fn a_joining_device_is_followed_through_its_interview() {
    let mut zigbee = running();
    let new = "0x00158d0009999999";
    let data = |more: Value| {
        let mut data = json!({"friendly_name": new, "ieee_address": new});
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        data
    };
    let mut reasons = Vec::new();
    for (kind, more) in [
        ("device_joined", json!({})),
        ("device_interview", json!({"status": "started"})),
        ("device_interview", json!({"status": "failed"})),
        (
            "device_interview",
            json!({"status": "successful", "supported": true, "definition": {"vendor": "Maker", "model": "M2"}}),
        ),
        ("device_leave", json!({})),
    ] {
        let news = say(&mut zigbee, "event", &json!({"type": kind, "data": data(more)}));
        reasons.push(match &news[..] {
            [News::Waiting { reason, .. }] => reason.split(' ').take(4).collect::<Vec<_>>().join(" "),
            [News::Ready { device, .. }] => format!("ready: {}", device.model.clone().unwrap()),
            [News::Left { address }] => format!("left: {address}"),
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(
        reasons,
        [
            "It is being asked",
            "It is being asked",
            "It did not answer",
            "ready: M2",
            &format!("left: {new}")
        ]
    );
}

#[test]
fn devices_may_join_while_the_house_searches() {
    let mut zigbee = running();
    let asked = zigbee.let_join(Duration::from_secs(60), NOW);
    let [Outgoing { topic, payload, .. }] = &asked[..] else {
        panic!("{asked:?}")
    };
    assert_eq!(topic, "zigbee2mqtt/bridge/request/permit_join");
    assert_eq!(payload, r#"{"time":60,"transaction":"domovoi-1"}"#);
    assert!(
        zigbee.let_join(Duration::from_secs(30), NOW).is_empty(),
        "they may already"
    );
    assert!(
        zigbee.let_join(Duration::from_secs(300), NOW)[0]
            .payload
            .contains("\"time\":254")
    );
    assert!(zigbee.end_joining(NOW)[0].payload.contains("\"time\":0"));
    assert!(zigbee.end_joining(NOW).is_empty());
    say(&mut zigbee, "state", &json!({"state": "offline"}));
    assert!(
        zigbee.let_join(Duration::from_secs(60), NOW).is_empty(),
        "nobody is there to ask"
    );
}

#[test]
fn wishes_that_are_refused_are_told_with_the_reason() {
    let mut zigbee = running();
    assert_eq!(zigbee.rename(ADDRESS, "Lamp"), None);
    let asked = zigbee.rename(ADDRESS, "Desk lamp").unwrap();
    assert_eq!(asked.topic, "zigbee2mqtt/bridge/request/device/rename");
    let answer = json!({"status": "error", "error": "name is in use", "transaction": "domovoi-1", "data": {}});
    let refused = News::Status {
        status: "running",
        detail: "Zigbee2MQTT could not rename Lamp to Desk lamp: name is in use.".into(),
    };
    assert_eq!(say(&mut zigbee, "response/device/rename", &answer), [refused]);
    assert!(
        say(&mut zigbee, "response/device/rename", &answer).is_empty(),
        "it was answered already"
    );
    let asked = zigbee.remove(ADDRESS).unwrap();
    assert!(asked.payload.contains(ADDRESS) && asked.topic.ends_with("device/remove"));
    assert_eq!(zigbee.remove("0x0000000000000000"), None);
}

#[test]
fn a_list_tells_who_has_left_and_who_cannot_be_used() {
    let mut zigbee = running();
    let without = say(&mut zigbee, "devices", &json!([]));
    assert_eq!(
        without,
        [News::Left {
            address: ADDRESS.into()
        }]
    );
    say(
        &mut zigbee,
        "info",
        &json!({"config": {"homeassistant": {"enabled": false}}}),
    );
    let list = json!([{"ieee_address": ADDRESS, "friendly_name": "Lamp", "supported": true}]);
    let unannounced = say(&mut zigbee, "devices", &list);
    assert!(
        matches!(&unannounced[..], [News::Waiting { reason, .. }] if reason.contains("Home Assistant integration"))
    );
}

#[test]
fn its_state_and_health_are_told_when_they_change() {
    let mut zigbee = Zigbee2Mqtt::default();
    let status = |news: Vec<News>| match &news[..] {
        [News::Status { status, .. }] => (*status).to_owned(),
        other => format!("{other:?}"),
    };
    assert_eq!(status(zigbee.hear("z/bridge/state", b"online")), "running");
    assert_eq!(status(zigbee.hear("z/bridge/state", b"{\"state\":\"online\"}")), "[]");
    assert_eq!(status(zigbee.hear("z/bridge/state", b"offline")), "waiting");
    let health = |queued: u32| json!({"mqtt": {"connected": true, "queued": queued}}).to_string();
    assert_eq!(status(zigbee.hear("z/bridge/health", health(0).as_bytes())), "[]");
    assert_eq!(
        status(zigbee.hear("z/bridge/health", health(5000).as_bytes())),
        "running"
    );
}

proptest! {
    #[test]
    fn no_message_panics(
        what in "(state|info|devices|event|health|response/x|logging)",
        payload in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..60),
            Just(br#"[{"ieee_address":5},{"ieee_address":"0xzz"},null]"#.to_vec()),
            Just(br#"{"type":"device_joined","data":[]}"#.to_vec()),
            Just(br#"{"transaction":"domovoi-1","status":1}"#.to_vec()),
        ],
    ) {
        let mut zigbee = running();
        zigbee.let_join(Duration::from_secs(5), NOW);
        zigbee.hear(&format!("z/bridge/{what}"), &payload);
    }
}
