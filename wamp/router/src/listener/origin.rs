//! Which web pages may speak with the router: a browser says on whose behalf it asks (`Origin`,
//! RFC 6454), other programs say nothing.

use http_body_util::BodyExt as _;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};

use super::http::Answer;
use crate::http_fallback::sentence;
use crate::metrics::Counters;
use crate::router::Core;

/// The pages that are let in beside those of the router's own host.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origins {
    allowed: Vec<String>,
}

impl Origins {
    /// `allowed` are origins such as `https://example.org`, or `*` for all.
    pub(crate) const fn new(allowed: Vec<String>) -> Self {
        Self { allowed }
    }

    /// Whether a request with these headers may be answered; the origin that may not.
    fn check<'a>(&self, headers: &'a HeaderMap, uri: &Uri) -> Result<(), &'a HeaderValue> {
        let Some(value) = headers.get(header::ORIGIN) else {
            return Ok(());
        };
        let origin = value.to_str().map_err(|_| value)?;
        let host = headers
            .get(header::HOST)
            .and_then(|host| host.to_str().ok())
            .or_else(|| uri.authority().map(|authority| authority.as_str()));
        let is_allowed = self
            .allowed
            .iter()
            .any(|allowed| allowed == "*" || allowed.eq_ignore_ascii_case(origin));
        if is_allowed || host.is_some_and(|host| is_own(origin, host)) {
            Ok(())
        } else {
            Err(value)
        }
    }
}

/// Whether a page of `origin` comes from the host and port that it speaks with.
fn is_own(origin: &str, host: &str) -> bool {
    let (authority, default_port) = if let Some(authority) = origin.strip_prefix("http://") {
        (authority, ":80")
    } else if let Some(authority) = origin.strip_prefix("https://") {
        (authority, ":443")
    } else {
        return false;
    };
    let plain = |authority: &str| {
        authority
            .strip_suffix(default_port)
            .unwrap_or(authority)
            .to_ascii_lowercase()
    };
    plain(authority) == plain(host)
}

/// Whether nothing speaks against a request.
pub(super) fn admits<B>(core: &Core, request: &Request<B>) -> bool {
    core.origins.check(request.headers(), request.uri()).is_ok()
}

/// The refusal of a request on behalf of a page that may not ask, if it is one.
pub(super) fn refusal<B>(core: &Core, request: &Request<B>, peer: std::net::SocketAddr) -> Option<Answer> {
    let origin = core.origins.check(request.headers(), request.uri()).err()?;
    Counters::add(&core.counters.connections_refused, 1);
    tracing::warn!(
        %peer,
        "a page of {origin:?} is not let in: it is neither of this host nor among the allowed origins"
    );
    Some(sentence(
        StatusCode::FORBIDDEN,
        "Pages of this origin are not let in here.\n",
    ))
}

/// A browser asks whether a page of another origin may send a long-poll request; the origin has
/// been looked at already.
pub(super) fn preflight<B>(request: &Request<B>) -> Option<Answer> {
    let is_one = request.method() == Method::OPTIONS && request.headers().contains_key(header::ORIGIN);
    is_one.then(|| {
        let body = http_body_util::Empty::new()
            .map_err(|never| match never {})
            .boxed_unsync();
        let mut answer = Answer::new(body);
        *answer.status_mut() = StatusCode::NO_CONTENT;
        let headers = answer.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, HeaderValue::from_static("POST"));
        headers.insert(
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            HeaderValue::from_static("content-type"),
        );
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        answer
    })
}

/// Lets the page of this origin read the answer.
pub(super) fn share(answer: &mut Answer, origin: Option<HeaderValue>) {
    if let Some(origin) = origin {
        let headers = answer.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::VARY, HeaderValue::from_static("origin"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admits(allowed: &[&str], origin: Option<&str>, host: &str) -> bool {
        let origins = Origins::new(allowed.iter().map(|&origin| origin.to_owned()).collect());
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        origins.check(&headers, &Uri::from_static("/ws")).is_ok()
    }

    #[test]
    fn pages_of_the_same_host_and_programs_are_let_in() {
        for (origin, host) in [
            (None, "hub.local:8080"),
            (Some("http://hub.local:8080"), "hub.local:8080"),
            (Some("http://HUB.local:8080"), "hub.local:8080"),
            (Some("https://hub.local"), "hub.local"),
            (Some("https://hub.local"), "hub.local:443"),
            (Some("http://hub.local"), "hub.local:80"),
            (Some("http://[::1]:8080"), "[::1]:8080"),
        ] {
            assert!(admits(&[], origin, host), "{origin:?} {host}");
        }
    }

    #[test]
    fn pages_of_other_hosts_are_let_in_only_where_they_are_named() {
        for origin in [
            "http://evil.example",
            "http://hub.local:9090",
            "http://hub.local:8080.evil.example",
            "http://evil.example/hub.local:8080",
            "null",
            "file://",
            "hub.local:8080",
        ] {
            assert!(!admits(&[], Some(origin), "hub.local:8080"), "{origin}");
            assert!(
                !admits(&["https://example.org"], Some(origin), "hub.local:8080"),
                "{origin}"
            );
            assert!(admits(&["*"], Some(origin), "hub.local:8080"), "{origin}");
            assert!(admits(&[origin], Some(origin), "hub.local:8080"), "{origin}");
        }
    }
}
