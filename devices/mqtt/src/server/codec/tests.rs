use bytes::{BufMut as _, Bytes, BytesMut};
use proptest::prelude::*;

use super::*;

fn packet(version: Version, bytes: &[u8]) -> Result<Option<Packet>, CodecFault> {
    let mut buffer = BytesMut::from(bytes);
    split_frame(&mut buffer, 1000)?
        .map(|(first, body)| decode(version, first, body))
        .transpose()
}

fn with_header(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first, u8::try_from(body.len()).unwrap()];
    bytes.extend_from_slice(body);
    bytes
}

#[test]
fn connect_is_read_in_every_version() {
    let old = b"\x00\x06MQIsdp\x03\xc2\x00\x3c\x00\x03abc\x00\x04user\x00\x02pw";
    let current = b"\x00\x04MQTT\x04\xc2\x00\x3c\x00\x03abc\x00\x04user\x00\x02pw";
    let five = b"\x00\x04MQTT\x05\xc2\x00\x3c\x05\x11\x00\x00\x00\x0a\x00\x03abc\x00\x04user\x00\x02pw";
    for (body, version, expiry) in [
        (&old[..], Version::V3, 0),
        (&current[..], Version::V3, 0),
        (&five[..], Version::V5, 10),
    ] {
        let Ok(Some(Packet::Connect(connect))) = packet(Version::V3, &with_header(0x10, body)) else {
            panic!("not read: {body:?}");
        };
        assert_eq!(
            (connect.version, connect.client_id.as_str(), connect.clean),
            (version, "abc", true)
        );
        assert_eq!(
            (connect.user.as_deref(), connect.password.as_deref()),
            (Some("user"), Some(&b"pw"[..]))
        );
        assert_eq!((connect.keep_alive, connect.session_expiry), (60, expiry));
    }
}

#[test]
fn what_is_not_mqtt_is_refused() {
    for (bytes, fault) in [
        (
            with_header(0x10, b"\x00\x04HTTP\x04\x02\x00\x3c\x00\x00"),
            CodecFault::NotMqtt,
        ),
        (
            with_header(0x10, b"\x00\x04MQTT\x09\x02\x00\x3c\x00\x00"),
            CodecFault::UnknownLevel(9),
        ),
        (with_header(0x30, b"\x00\x03a/#x"), CodecFault::BadTopic),
        (with_header(0x36, b"\x00\x01ax"), CodecFault::BadQos),
        (with_header(0x32, b"\x00\x01a\x00\x00x"), CodecFault::BadIdentifier),
        (with_header(0x82, b"\x00\x01\x00\x03a#b\x00"), CodecFault::BadFilter),
        (with_header(0x30, b"\x00\x09a"), CodecFault::TooShort),
        (with_header(0x30, b"\x00\x01\xff"), CodecFault::BadText),
        (with_header(0x20, b"\x00\x00"), CodecFault::UnknownPacket(2)),
        (vec![0x30, 0xff, 0xff, 0x01], CodecFault::TooLong { length: 32_767 }),
        (vec![0x30, 0xff, 0xff, 0xff, 0xff, 0x01], CodecFault::BadLength),
    ] {
        assert_eq!(packet(Version::V3, &bytes), Err(fault), "{bytes:?}");
    }
}

#[test]
fn a_packet_in_pieces_waits_for_the_rest() {
    let whole = with_header(0x30, b"\x00\x01ax");
    for length in 0..whole.len() {
        assert_eq!(packet(Version::V3, &whole[..length]), Ok(None));
    }
}

#[test]
fn answers_are_written_as_each_version_wants_them() {
    let written = |version, write: fn(&mut Writer<'_>)| {
        let mut out = BytesMut::new();
        write(&mut Writer { version, out: &mut out });
        out.to_vec()
    };
    let suback: fn(&mut Writer<'_>) = |writer| writer.suback(7, &[1]);
    let unsuback: fn(&mut Writer<'_>) = |writer| writer.unsuback(7, 1);
    let connack: fn(&mut Writer<'_>) = |writer| writer.connack(true, 0, Some("x"), 9);
    assert_eq!(written(Version::V3, suback), [0x90, 3, 0, 7, 1]);
    assert_eq!(written(Version::V5, suback), [0x90, 4, 0, 7, 0, 1]);
    assert_eq!(written(Version::V3, unsuback), [0xb0, 2, 0, 7]);
    assert_eq!(written(Version::V5, unsuback), [0xb0, 4, 0, 7, 0, 0]);
    assert_eq!(written(Version::V3, connack), [0x20, 2, 1, 0]);
    assert_eq!(
        written(Version::V5, connack),
        [0x20, 16, 1, 0, 13, 0x27, 0, 0, 0, 9, 0x29, 0, 0x2a, 0, 0x12, 0, 1, b'x']
    );
}

proptest! {
    #[test]
    fn a_message_survives_the_wire(
        topic in "[a-z/]{1,20}", payload in proptest::collection::vec(any::<u8>(), 0..300), qos in 0u8..3,
        retain: bool, five: bool,
    ) {
        let version = if five { Version::V5 } else { Version::V3 };
        let message = Publish {
            topic, payload: Bytes::from(payload), qos, retain, id: u16::from(qos > 0) * 5, properties: Bytes::new(),
        };
        let mut out = BytesMut::new();
        Writer { version, out: &mut out }.publish(&message, qos, retain, false, 5);
        prop_assert_eq!(packet(version, &out), Ok(Some(Packet::Publish(message))));
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80), first in any::<u8>(), five: bool) {
        let version = if five { Version::V5 } else { Version::V3 };
        let _ = packet(version, &bytes);
        let mut framed = BytesMut::from(&[first, u8::try_from(bytes.len()).unwrap()][..]);
        framed.put_slice(&bytes);
        let _ = packet(version, &framed);
        let _ = decode(version, 0x10, Bytes::from([&b"\x00\x04MQTT\x05"[..], &bytes].concat()));
    }
}
