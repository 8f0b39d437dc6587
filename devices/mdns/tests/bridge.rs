//! The bridge in a real realm, hearing a real responder on this machine's own network.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::net::UdpSocket;

use house::uri::topic;
use house::{Availability, Bridge, Device};
use mdns_bridge::{Networks, Settings};
use mdns_sd::{IfKind, ServiceDaemon, ServiceInfo};
use test_realm::{Realm, heard};

/// A port that nobody else speaks mDNS on.
fn own_port() -> u16 {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.local_addr().unwrap().port()
}

#[tokio::test]
async fn what_a_real_responder_announces_is_seen_and_gone_when_it_says_goodbye() {
    let port = own_port();
    let responder = ServiceDaemon::new_with_port(port).unwrap();
    responder.disable_interface(IfKind::All).unwrap();
    responder.enable_interface(IfKind::LoopbackV4).unwrap();
    let txt = [("friendly_name", "Porch light"), ("mac", "5448e68f80a5")];
    let service = ServiceInfo::new(
        "_esphomelib._tcp.local.",
        "porch",
        "porch.local.",
        "127.0.0.1",
        6053,
        &txt[..],
    );
    let service = service.unwrap();
    let fullname = service.get_fullname().to_owned();
    let unknown = ServiceInfo::new(
        "_frob._tcp.local.",
        "A frob",
        "frob.local.",
        "127.0.0.1",
        1,
        &[("a", "b")][..],
    );

    let realm = Realm::new();
    let discovery = realm.join("discovery", "service").await;
    let mut seen = discovery.subscribe(topic::DEVICE_SEEN).open().await.unwrap();
    let settings = Settings {
        networks: Networks::Loopback,
        port,
    };
    let bridge = mdns_bridge::start(realm.join("mdns", "service").await, settings)
        .await
        .unwrap();
    responder.register(service).unwrap();
    responder.register(unknown.unwrap()).unwrap();

    let device: Device = heard(&mut seen, |device: &Device| device.id == "mdns-porch").await;
    assert_eq!((device.name.as_str(), device.bridge), ("Porch light", Bridge::Mdns));
    assert_eq!(device.addresses, ["5448e68f80a5"]);
    assert_eq!(device.availability, Availability::Online);
    let frob: Device = heard(&mut seen, |device: &Device| device.id == "mdns-frob").await;
    assert_eq!(frob.name, "A frob", "a type nobody told of is asked for as well");

    responder.unregister(&fullname).unwrap();
    let gone: Device = heard(&mut seen, |device: &Device| {
        device.id == "mdns-porch" && device.availability == Availability::Offline
    })
    .await;
    assert_eq!(gone.name, "Porch light");
    bridge.stop().await;
    responder.shutdown().unwrap();
}
