//! The few things taken from the browser itself.

use leptos::prelude::window;

/// What local storage holds under `key`; none when there is no storage (private windows).
pub(crate) fn stored(key: &str) -> Option<String> {
    window().local_storage().ok()??.get_item(key).ok()?
}

/// Keeps `value`; a browser that has no storage forgets.
pub(crate) fn store(key: &str, value: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.set_item(key, value);
    }
}

/// Forgets what was kept.
pub(crate) fn unstore(key: &str) {
    if let Ok(Some(storage)) = window().local_storage() {
        let _ = storage.remove_item(key);
    }
}

/// `host:port` of this page.
pub(crate) fn host() -> String {
    window().location().host().unwrap_or_default()
}

/// Where WAMP is spoken: `/ws` on the host this page came from.
#[cfg(not(feature = "fixtures"))]
pub(crate) fn wamp_url() -> String {
    let is_tls = window()
        .location()
        .protocol()
        .is_ok_and(|protocol| protocol == "https:");
    format!("{}://{}/ws", if is_tls { "wss" } else { "ws" }, host())
}

/// The part after `#`, without it.
pub(crate) fn fragment() -> String {
    window()
        .location()
        .hash()
        .unwrap_or_default()
        .trim_start_matches('#')
        .to_owned()
}

/// Takes the part after `#` out of the address bar, so that it is not kept in the history.
pub(crate) fn drop_fragment() {
    let location = window().location();
    if let (Ok(history), Ok(path)) = (window().history(), location.pathname()) {
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&path));
    }
}

/// The value of `name` in `a=1&b=2`, with %XX decoded.
pub(crate) fn parameter(text: &str, name: &str) -> Option<String> {
    let (_, value) = text
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)?;
    Some(decoded(value))
}

/// `text` with every %XX made the byte it means; what is no %XX stays.
pub(crate) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = 0;
    while let Some(&byte) = bytes.get(index) {
        let hex = text.get(index + 1..index + 3).filter(|_| byte == b'%');
        if let Some(value) = hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            out.push(value);
            index += 3;
        } else {
            out.push(byte);
            index += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// `text` fit for one segment of a path, without a dot: the hub takes that for a file.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().fold(String::with_capacity(text.len()), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_and_decoded() {
        assert_eq!(parameter("token=ab%2Bc&x=1", "token").unwrap(), "ab+c");
        assert_eq!(parameter("token", "token"), None);
        assert_eq!(decoded("%zz%4"), "%zz%4");
        assert_eq!(decoded("100%é"), "100%é");
    }

    #[test]
    fn any_sensor_id_survives_the_address_bar() {
        for id in ["mqtt-0x00158d0001", "a.b", "a b/c%d?#", "küche"] {
            assert_eq!(decoded(&encoded(id)), id);
        }
    }
}
