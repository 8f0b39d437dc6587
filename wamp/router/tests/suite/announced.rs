//! What WELCOME announces.

use serde_json::json;
use wamp_protocol::feature;

use crate::site::Site;

on_every_wire!(
    every_feature_of_the_specification_is_announced_where_it_belongs,
    history_is_announced_only_where_it_is_kept
);

/// The flags of the specification, by the role of the router that announces them.
const BROKER: [&str; 12] = [
    feature::SUBSCRIBER_BLACKWHITE_LISTING,
    feature::PUBLISHER_EXCLUSION,
    feature::PUBLISHER_IDENTIFICATION,
    feature::PUBLICATION_TRUSTLEVELS,
    feature::PATTERN_BASED_SUBSCRIPTION,
    feature::SHARDED_SUBSCRIPTION,
    feature::EVENT_HISTORY,
    feature::EVENT_RETENTION,
    feature::SUBSCRIPTION_REVOCATION,
    feature::SUBSCRIPTION_META_API,
    feature::SESSION_META_API,
    feature::PAYLOAD_PASSTHRU_MODE,
];
const DEALER: [&str; 15] = [
    feature::PROGRESSIVE_CALL_RESULTS,
    feature::PROGRESSIVE_CALL_INVOCATIONS,
    feature::CALL_TIMEOUT,
    feature::CALL_CANCELING,
    feature::CALL_REROUTE,
    feature::CALLER_IDENTIFICATION,
    feature::CALL_TRUSTLEVELS,
    feature::PATTERN_BASED_REGISTRATION,
    feature::SHARED_REGISTRATION,
    feature::SHARDED_REGISTRATION,
    feature::REGISTRATION_REVOCATION,
    feature::REGISTRATION_META_API,
    feature::SESSION_META_API,
    feature::TESTAMENT_META_API,
    feature::PAYLOAD_PASSTHRU_MODE,
];

async fn every_feature_of_the_specification_is_announced_where_it_belongs(site: Site) {
    let mut client = site.connect().await;
    let roles = client.join("realm1").await[2]["roles"].clone();
    for (role, features) in [("broker", &BROKER[..]), ("dealer", &DEALER[..])] {
        for feature in features {
            assert_eq!(roles[role]["features"][feature], true, "{role} {feature}");
        }
        assert_eq!(roles[role]["reflection"], true, "{role}");
        for announced in roles[role]["features"].as_object().unwrap().keys() {
            let known = features.contains(&announced.as_str()) || announced == "sharded_subscription";
            assert!(known, "{role} {announced}");
        }
    }
    assert_eq!(
        roles.as_object().unwrap().len(),
        2,
        "clients in the field take no other role than broker and dealer"
    );
}

async fn history_is_announced_only_where_it_is_kept(site: Site) {
    let site = site.in_realm(|realm| realm.history = 0).await;
    let mut client = site.connect().await;
    let welcome = client.join("realm1").await;
    assert_eq!(welcome[2]["roles"]["broker"]["features"]["event_history"], json!(null));
}
