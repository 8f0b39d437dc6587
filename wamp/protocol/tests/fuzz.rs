//! The bodies of the fuzz targets under a random driver, on the compiler that everybody has: real
//! messages, mutated. `cargo xtask fuzz` gives them more time.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../fuzz/fuzz_targets/decoder/mod.rs"]
mod decoder;
#[path = "../fuzz/fuzz_targets/sign_in/mod.rs"]
mod sign_in;
#[path = "../fuzz/fuzz_targets/transport/mod.rs"]
mod transport;

use std::time::{Duration, Instant};

use wamp_protocol::{Serializer, Value};

/// Executions of each target, unless it is told how many seconds to take.
const EXECUTIONS: u64 = 30_000;
/// The variable that tells it.
const SECONDS: &str = "DOMOVOI_FUZZ_SECONDS";

/// What is mutated: one of each kind of message, as JSON.
const MESSAGES: &[&str] = &[
    r#"[1,"realm1",{"roles":{"caller":{"features":{"call_canceling":true}},"subscriber":{}},"authmethods":["scram"],"authid":"ann","authextra":{"nonce":"abcd","channel_binding":null,"pubkey":"00ff"}}]"#,
    r#"[2,9007199254740992,{"roles":{"broker":{"features":{"event_history":true},"reflection":true},"dealer":{}}}]"#,
    r#"[3,{"message":"no"},"wamp.error.no_such_realm",[1],{"k":2}]"#,
    r#"[4,"wampcra",{"challenge":"{\"nonce\":1}","salt":"c2FsdA==","iterations":1000,"keylen":32}]"#,
    r#"[4,"scram",{"nonce":"abcdef","salt":"c2FsdHNhbHQ=","kdf":"pbkdf2","iterations":4096,"memory":null}]"#,
    r#"[4,"cryptosign",{"challenge":"0000000000000000000000000000000000000000000000000000000000000000"}]"#,
    r#"[5,"c2lnbmF0dXJl",{"nonce":"clientBQUFBQUFBQUFBQUFBQUFBQ==","channel_binding":null,"cbind_data":null}]"#,
    r#"[6,{},"wamp.close.close_realm"]"#,
    r#"[8,48,1,{"ppt_scheme":"x_mine"},"com.error",["a"],{"b":null}]"#,
    r#"[16,2,{"acknowledge":true,"exclude":[1,2],"eligible_authrole":["x"],"retain":true,"_retain_for":5,"rkey":"r"},"com.topic",[1,-2,2.5,"größer",[[]]],{"k":{"d":[true]}}]"#,
    r#"[16,2,{"enc_algo":"x_mine"},"com.topic","\u0000EOP/kQ=="]"#,
    r#"[17,1,2]"#,
    r#"[32,1,{"match":"wildcard","get_retained":true,"nkey":"n","_keep_newest":9},"com..topic"]"#,
    r#"[35,0,{"subscription":5,"reason":"com.reason"}]"#,
    r#"[36,1,2,{"topic":"com.topic","publisher":7,"trustlevel":1,"_dropped":3,"forward_for":[{"session":1,"authid":"a","authrole":"b"}]},["\u0000EOP/"]]"#,
    r#"[48,3,{"progress":true,"receive_progress":true,"timeout":5000,"runmode":"partition","rkey":"k"},"com.procedure",[],{"a":1}]"#,
    r#"[49,3,{"mode":"killnowait"}]"#,
    r#"[50,3,{"progress":true,"callee":1},[1]]"#,
    r#"[64,4,{"invoke":"roundrobin","match":"prefix","disclose_caller":true,"forward_timeout":true},"com.procedure"]"#,
    r#"[68,5,6,{"procedure":"com.x","caller":1,"caller_authid":"a"},[1]]"#,
    r#"[69,5,{"mode":"kill","reason":"wamp.error.canceled"}]"#,
    r#"[70,5,{"progress":false},[1],{"k":[1]}]"#,
    r#"[337,5512315355]"#,
];

/// Octets that mean something to one decoder or another.
const TELLING: &[u8] =
    b"\x00\x01\x18\x1e\x7f\x80\x90\x9f\xa0\xbf\xc0\xc1\xc4\xca\xcb\xcf\xd9\xdb\xdd\xdf\xf6\xf9\xfb\xff[]{}\",:\\eE-.0";

/// SplitMix64.
struct Random(u64);

impl Random {
    const fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    const fn below(&mut self, limit: usize) -> usize {
        (self.number() % if limit == 0 { 1 } else { limit as u64 }) as usize
    }
}

fn mutate(random: &mut Random, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut octets = corpus[random.below(corpus.len())].clone();
    for _ in 0..random.below(6) {
        let at = random.below(octets.len() + 1);
        let end = (at + random.below(12)).min(octets.len());
        match random.below(7) {
            0 => octets.truncate(at),
            1 => octets.insert(at, TELLING[random.below(TELLING.len())]),
            2 => octets.insert(at, random.number() as u8),
            3 if at < octets.len() => octets[at] ^= 1 << random.below(8),
            4 if at < octets.len() => octets[at] = TELLING[random.below(TELLING.len())],
            5 => {
                let piece = octets[at..end].to_vec();
                let to = random.below(octets.len() + 1);
                octets.splice(to..to, piece);
            }
            6 => {
                let other = &corpus[random.below(corpus.len())];
                let from = random.below(other.len() + 1);
                octets.truncate(at);
                octets.extend_from_slice(&other[from..]);
            }
            _ => drop(octets.drain(at..end)),
        }
    }
    octets
}

fn corpus(serializers: &[Serializer]) -> Vec<Vec<u8>> {
    let messages = MESSAGES
        .iter()
        .map(|text| Value::decode(Serializer::Json, text.as_bytes()).unwrap());
    messages
        .flat_map(|value| {
            serializers
                .iter()
                .map(move |serializer| value.encode(*serializer).to_vec())
        })
        .collect()
}

fn run(name: &str, corpus: &[Vec<u8>], target: impl Fn(&[u8])) {
    let time = std::env::var(SECONDS).ok().and_then(|seconds| seconds.parse().ok());
    let time: Option<Duration> = time.map(Duration::from_secs);
    let began = Instant::now();
    // With time to spend, each run goes another way.
    let seed = time.map_or(1, |_| {
        std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64
    });
    let mut random = Random(seed);
    let mut executions = 0;
    while time.map_or(executions < EXECUTIONS, |time| began.elapsed() < time) {
        for _ in 0..1000 {
            let octets = mutate(&mut random, corpus);
            let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| target(&octets)));
            assert!(outcome.is_ok(), "{name} fails on {}", octets.escape_ascii());
        }
        executions += 1000;
    }
    println!("{name}: {executions} executions in {} s", began.elapsed().as_secs());
}

#[test]
fn any_octets_are_a_message_or_refused() {
    for serializer in Serializer::ALL {
        run(serializer.name(), &corpus(&[serializer]), |octets| {
            decoder::decode(serializer, octets)
        });
    }
}

#[test]
fn any_octets_are_a_frame_or_refused() {
    let mut octets = corpus(&Serializer::ALL);
    octets.extend([
        vec![0x7F, 0xF1, 0, 0],
        vec![0, 0, 0, 3, b'[', b'1', b']'],
        b"wamp.2.json, wamp.2.msgpack.batched".to_vec(),
        b"[1]\x1e[2]\x18".to_vec(),
    ]);
    run("framing", &octets, transport::read);
}

#[test]
fn any_handshake_is_answered_or_refused() {
    run("handshake", &corpus(&Serializer::ALL), sign_in::answer);
}
