//! WAMP-Cryptosign: the client proves that it has the private key to a public one (Ed25519), and the
//! router too, if the client asks it to.

use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};

use super::{ChallengeError, text};
use crate::message::{Authenticate, Challenge};
use crate::{Dict, Value};

/// A key, a challenge or the identifier of a channel.
pub type Octets = [u8; 32];

/// The one kind of channel binding that TLS 1.3 has (RFC 9266).
pub const TLS_EXPORTER: &str = "tls-exporter";

/// The public key to a private one.
pub fn public_key(private_key: &Octets) -> Octets {
    SigningKey::from_bytes(private_key).verifying_key().to_bytes()
}

/// What HELLO says as `authextra`. `channel_binding` is the kind, such as [`TLS_EXPORTER`].
pub fn authextra(public_key: &Octets, channel_binding: Option<&str>) -> Dict {
    let mut extra = Dict::default();
    extra.insert("pubkey", hex::encode(public_key));
    if let Some(kind) = channel_binding {
        extra.insert("channel_binding", kind);
    }
    extra
}

/// At the router: the public key in HELLO's `authextra`.
pub fn claimed_key(authextra: &Dict) -> Option<Octets> {
    octets(authextra, "pubkey").ok()
}

/// At the router: the kind of channel binding that HELLO's `authextra` asks for.
pub fn wants_binding(authextra: &Dict) -> Option<&str> {
    match authextra.get("channel_binding") {
        Some(Value::String(kind)) => Some(kind),
        _ => None,
    }
}

/// The CHALLENGE. `challenge` is random, new for each sign-in; `channel_binding` is the kind that
/// will be used.
pub fn challenge(challenge: &Octets, channel_binding: Option<&str>) -> Challenge {
    let mut extra = Dict::default();
    extra.insert("challenge", hex::encode(challenge));
    extra.insert("channel_binding", channel_binding.map_or(Value::Null, Value::from));
    Challenge {
        authmethod: super::CRYPTOSIGN.to_owned(),
        extra,
    }
}

/// At the client: whether the router will bind the sign-in by [`TLS_EXPORTER`].
pub fn is_bound(challenge: &Challenge) -> bool {
    wants_binding(&challenge.extra) == Some(TLS_EXPORTER)
}

fn octets(extra: &Dict, key: &'static str) -> Result<Octets, ChallengeError> {
    let mut octets = Octets::default();
    hex::decode_to_slice(text(extra, key)?, &mut octets).map_err(|_| ChallengeError::Unusable(key))?;
    Ok(octets)
}

/// What is signed: the challenge, mixed with the channel if the sign-in is bound to one.
fn signed(challenge: &Octets, channel: Option<&Octets>) -> Octets {
    match channel {
        None => *challenge,
        Some(channel) => std::array::from_fn(|at| challenge[at] ^ channel[at]),
    }
}

/// The client's answer. `channel` identifies the connection, if the sign-in is bound to it.
///
/// # Errors
/// If the challenge is not one.
pub fn answer(
    private_key: &Octets,
    challenge: &Challenge,
    channel: Option<&Octets>,
) -> Result<Authenticate, ChallengeError> {
    let challenge = octets(&challenge.extra, "challenge")?;
    Ok(Authenticate {
        signature: sign(private_key, &challenge, channel),
        extra: Dict::default(),
    })
}

/// The signature and what was signed, in hex.
fn sign(private_key: &Octets, challenge: &Octets, channel: Option<&Octets>) -> String {
    let message = signed(challenge, channel);
    let signature = SigningKey::from_bytes(private_key).sign(&message).to_bytes();
    hex::encode(signature) + &hex::encode(message)
}

/// Whether the answer proves that the client has the private key to `public_key`.
///
/// `challenge` is what was sent; `channel` identifies the connection, if the sign-in is bound to
/// it.
pub fn verify(public_key: &Octets, challenge: &Octets, channel: Option<&Octets>, answer: &Authenticate) -> bool {
    proves(public_key, challenge, channel, &answer.signature)
}

/// Whether `signature` is what [`sign`] makes with the private key to `public_key`.
fn proves(public_key: &Octets, challenge: &Octets, channel: Option<&Octets>, signature: &str) -> bool {
    let Ok(answered) = hex::decode(signature) else {
        return false;
    };
    let Some((signature, message)) = answered.split_first_chunk::<64>() else {
        return false;
    };
    let expected = signed(challenge, channel);
    // Some clients leave the message out: it is known anyway.
    if !message.is_empty() && message != expected {
        return false;
    }
    let Ok(key) = VerifyingKey::from_bytes(public_key) else {
        return false;
    };
    key.verify_strict(&expected, &Signature::from_bytes(signature)).is_ok()
}

/// At the client: asks the router, in HELLO's `authextra`, to prove itself. `challenge` is random, new for
/// each sign-in.
pub fn ask_router(authextra: &mut Dict, challenge: &Octets) {
    authextra.insert("challenge", hex::encode(challenge));
}

/// At the router: what HELLO's `authextra` asks it to sign; `None` if it asks for no proof.
///
/// # Errors
/// If it is not 32 octets in hex.
pub fn asked_of_router(authextra: &Dict) -> Result<Option<Octets>, ChallengeError> {
    match authextra.get("challenge") {
        None | Some(Value::Null) => Ok(None),
        Some(_) => octets(authextra, "challenge").map(Some),
    }
}

/// At the router: adds to CHALLENGE that it has the private key. `asked` is what the client wants signed;
/// `channel` identifies the connection, if the sign-in is bound to it.
pub fn prove_router(challenge: &mut Challenge, private_key: &Octets, asked: &Octets, channel: Option<&Octets>) {
    let extra = &mut challenge.extra;
    extra.insert("pubkey", hex::encode(public_key(private_key)));
    extra.insert("signature", sign(private_key, asked, channel));
}

/// At the client: whether CHALLENGE proves that the router has the private key to `router_key`.
///
/// `asked` is what it was asked to sign; `channel` identifies the connection, if the sign-in is bound
/// to it.
pub fn is_router(router_key: &Octets, asked: &Octets, channel: Option<&Octets>, challenge: &Challenge) -> bool {
    octets(&challenge.extra, "pubkey").is_ok_and(|claimed| claimed == *router_key)
        && text(&challenge.extra, "signature").is_ok_and(|signature| proves(router_key, asked, channel, signature))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from_hex(text: &str) -> Octets {
        hex::decode(text).unwrap().try_into().unwrap()
    }

    const CHANNEL: &str = "62e935ae755f3d48f80d4d59f6121358c435722a67e859cc0caa8b539027f2ff";

    #[test]
    fn the_specification_s_vectors_come_out() {
        // private key, challenge, signature without and with the channel
        for (private_key, challenge_text, plain, bound) in [
            (
                "4d57d97a68f555696620a6d849c0ce582568518d729eb753dc7c732de2804510",
                "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                "b32675b221f08593213737bef8240e7c15228b07028e19595294678c90d11c0cae80a357331bfc5cc9fb71081464e6e75013517c2cf067ad566a6b7b728e5d03ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
                "9b6f41540c9b95b4b7b281c3042fa9c54cef43c842d62ea3fd6030fcb66e70b3e80d49d44c29d1635da9348d02ec93f3ed1ef227dfb59a07b580095c2b82f80f9d16ca518aa0c2b707f2b2a609edeca73bca8dd59817a633f35574ac6fd80d00",
            ),
            (
                "d511fe78e23934b3dadb52fcd022974b80bd92bccc7c5cf404e46cc0a8a2f5cd",
                "b26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d",
                "d4209ad10d5aff6bfbc009d7e924795de138a63515efc7afc6b01b7fe5201372190374886a70207b042294af5bd64ce725cd8dceb344e6d11c09d1aaaf4d660fb26c1f87c13fc1da14997f1b5a71995dff8fbe0a62fae8473c7bdbd05bfb607d",
                "305aaa3ac25e98f651427688b3fc43fe7d8a68a7ec1d7d61c61517c519bd4a427c3015599d83ca28b4c652333920223844ef0725eb5dc2febfd6af7677b73f01d0852a29b460fc92ec943242ac638a053bbacc200512b18b30d15083cbdc9282",
            ),
            (
                "6e1fde9cf9e2359a87420b65a87dc0c66136e66945196ba2475990d8a0c3a25b",
                "b05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2",
                "7beb282184baadd08f166f16dd683b39cab53816ed81e6955def951cb2ddad1ec184e206746fd82bda075af03711d3d5658fc84a76196b0fa8d1ebc92ef9f30bb05e6b8ad4d69abf74aa3be3c0ee40ae07d66e1895b9ab09285a2f1192d562d2",
                "ee3c7644fd8070532bc1fde3d70d742267da545d8c8f03e63bda63f1ad4214f4d2c4bfdb4eb9526def42deeb7e31602a6ff99eba893e0a4ad4d45892ca75e608d2b75e24a189a7f78ca776ba36fc53f6c3e31c32f251f2c524f0a44202f2902d",
            ),
        ] {
            let (private_key, octets) = (from_hex(private_key), from_hex(challenge_text));
            let channel = from_hex(CHANNEL);
            for (channel, signature) in [(None, plain), (Some(&channel), bound)] {
                let answer = answer(&private_key, &challenge(&octets, None), channel).unwrap();
                assert_eq!(answer.signature, signature);
                assert!(verify(&public_key(&private_key), &octets, channel, &answer));
            }
        }
    }

    #[test]
    fn another_key_challenge_or_channel_proves_nothing() {
        let (key, other, octets, channel) = ([1; 32], [2; 32], [3; 32], from_hex(CHANNEL));
        let good = answer(&key, &challenge(&octets, Some(TLS_EXPORTER)), Some(&channel)).unwrap();
        let public = public_key(&key);
        assert!(verify(&public, &octets, Some(&channel), &good));
        assert!(!verify(&public_key(&other), &octets, Some(&channel), &good));
        assert!(!verify(&public, &other, Some(&channel), &good));
        assert!(!verify(&public, &octets, None, &good));
        assert!(!verify(&public, &octets, Some(&other), &good));
        for nonsense in ["", "zz", "00", &"00".repeat(64), &"00".repeat(96), &good.signature[2..]] {
            let answer = Authenticate {
                signature: nonsense.to_owned(),
                extra: Dict::default(),
            };
            assert!(!verify(&public, &octets, Some(&channel), &answer), "{nonsense}");
        }
        let without_message = Authenticate {
            signature: good.signature[..128].to_owned(),
            extra: Dict::default(),
        };
        assert!(verify(&public, &octets, Some(&channel), &without_message));
    }

    #[test]
    fn hello_says_which_key_and_which_binding() {
        let extra = authextra(&[7; 32], Some(TLS_EXPORTER));
        assert_eq!(
            (claimed_key(&extra), wants_binding(&extra)),
            (Some([7; 32]), Some(TLS_EXPORTER))
        );
        let extra = authextra(&[7; 32], None);
        assert_eq!(wants_binding(&extra), None);
        assert_eq!(claimed_key(&Dict::default()), None);
    }

    #[test]
    fn a_router_proves_itself_as_in_the_specification_s_examples() {
        let router = from_hex("4a3838f6fe75251e613329d53fc69b262d5eac97fb1d73bebbaed4015b53c862");
        let examples = [
            (
                "bbae60ea44cdd7b20dc7010a618b0f0803fab25a817520b4b7f057299b524deb",
                false,
                "fd5128d2d207ba58a9d1d6f41b72c747964ad9d1294077b3b1eee6130b05843ab12c53c7f2519f73d4feb82db19d8ca0fc26b62bde6518e79a882f5795bc9f00bbae60ea44cdd7b20dc7010a618b0f0803fab25a817520b4b7f057299b524deb",
            ),
            (
                "2763e7fdb1c34a74e8497daf6c913744d11161a94cec3b16aeec60a788612e17",
                true,
                "ce456092998d796533d7ef2bab543300409d161066c9520c9284df6bbfb82947b37fb78d69fd56e5118afec62e35e015c60569af2e18ed92fedc738552242d039a38790e9c94064d89335393d39973c14074cd1008d7266de74c641103e30609",
            ),
        ];
        for (asked, bound, signature) in examples {
            let asked = from_hex(asked);
            // What the connection was, the example does not say; what was signed tells.
            let message = from_hex(&signature[128..]);
            let channel: Octets = std::array::from_fn(|at| asked[at] ^ message[at]);
            let mut extra = Dict::default();
            extra.insert("pubkey", hex::encode(router));
            extra.insert("signature", signature);
            let challenge = Challenge {
                authmethod: crate::auth::CRYPTOSIGN.to_owned(),
                extra,
            };
            let channel = Some(&channel).filter(|_| bound);
            assert!(is_router(&router, &asked, channel, &challenge));
            assert!(!is_router(&[4; 32], &asked, channel, &challenge));
            assert!(!is_router(&router, &[4; 32], channel, &challenge));
            assert!(!is_router(&router, &asked, Some(&[4; 32]), &challenge));
        }
    }

    #[test]
    fn a_router_signs_what_it_was_asked_to() {
        let (key, asked, channel) = ([1; 32], [2; 32], from_hex(CHANNEL));
        let mut extra = authextra(&[7; 32], None);
        assert_eq!(asked_of_router(&extra), Ok(None));
        ask_router(&mut extra, &asked);
        assert_eq!(asked_of_router(&extra), Ok(Some(asked)));
        for channel in [None, Some(&channel)] {
            let mut challenge = challenge(&[3; 32], None);
            assert!(!is_router(&public_key(&key), &asked, channel, &challenge));
            prove_router(&mut challenge, &key, &asked, channel);
            assert!(is_router(&public_key(&key), &asked, channel, &challenge));
        }
        extra.insert("challenge", "abcd");
        assert_eq!(asked_of_router(&extra), Err(ChallengeError::Unusable("challenge")));
    }
}
