//! The last message of a session that the router ends.

use wamp_protocol::message::Goodbye;
use wamp_protocol::{Dict, Message, Uri, error_uri};

use super::octets::Octets;
use crate::framing::Frames;

/// GOODBYE, as full as the receiver takes it: without the sentence if that makes it too long, and
/// with `wamp.close.killed` in the place of a reason that does.
pub(super) fn goodbye(frames: Option<&Frames>, reason: &str, sentence: Option<&str>) -> Message {
    let fits = |message: &Message| frames.is_none_or(|frames| Octets::default().encode(*frames, message).is_ok());
    [saying(reason, sentence), saying(reason, None)]
        .into_iter()
        .find(fits)
        .unwrap_or_else(|| saying(error_uri::CLOSE_KILLED, None))
}

fn saying(reason: &str, sentence: Option<&str>) -> Message {
    let mut details = Dict::default();
    if let Some(sentence) = sentence {
        details.insert("message", sentence);
    }
    let reason = Uri::from(reason);
    Goodbye { details, reason }.into()
}

#[cfg(test)]
mod tests {
    use wamp_protocol::Serializer;
    use wamp_protocol::framing::rawsocket::MaxLength;

    use super::*;

    #[test]
    fn a_goodbye_is_as_full_as_the_receiver_takes_it() {
        let long = "x".repeat(600);
        for serializer in Serializer::ALL {
            for (frames, reason, sentence, expected) in [
                (512, "com.enough", Some("go"), saying("com.enough", Some("go"))),
                (512, "com.enough", Some(&*long), saying("com.enough", None)),
                (512, &*long, None, saying(error_uri::CLOSE_KILLED, None)),
                (512, &*long, Some("go"), saying(error_uri::CLOSE_KILLED, None)),
                (1024, &*long, Some("go"), saying(&long, Some("go"))),
            ] {
                let frames = Frames::RawSocket(serializer, MaxLength::at_most(frames));
                assert_eq!(goodbye(Some(&frames), reason, sentence), expected);
            }
            let frames = Frames::WebSocket(serializer);
            assert_eq!(goodbye(Some(&frames), &long, Some(&long)), saying(&long, Some(&long)));
        }
        assert_eq!(goodbye(None, &long, Some(&long)), saying(&long, Some(&long)));
    }
}
