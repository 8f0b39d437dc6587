//! The web pages: `ui/dist`, embedded, sent compressed and with a strict content policy.

use axum::body::Body;
use axum::http::header::{
    ACCEPT_ENCODING, ALLOW, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../ui/dist"]
struct Dist;

/// What a browser may do on our pages: load from here, run our wasm, speak WAMP with us. Styles
/// may stand in the page, because the chart's shapes carry theirs.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Domovoi</title>\
    <h1>Domovoi runs</h1><p>This build of the hub has no web pages in it: the UI was not built. \
    Run <code>cargo xtask run</code>, which builds both.</p></html>";

/// Answers a request for a page or what belongs to it.
///
/// `/assets/…` have a hash of their content in their names and may be kept for ever; everything
/// else is asked for again each time, by its hash. A path without an extension is a page of the
/// UI, whose address the UI reads itself.
pub fn answer(method: &Method, path: &str, headers: &HeaderMap) -> Response<Body> {
    if !matches!(*method, Method::GET | Method::HEAD) {
        let mut refusal = plain(StatusCode::METHOD_NOT_ALLOWED, "pages are read with GET\n");
        refusal
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refusal;
    }
    let asked = path.trim_start_matches('/');
    let is_page = !asked.rsplit('/').next().unwrap_or_default().contains('.');
    let name = if is_page { "index.html" } else { asked };
    let Some((file, encoding)) = find(name, headers) else {
        return if is_page {
            page(NOT_BUILT)
        } else {
            plain(StatusCode::NOT_FOUND, "there is no such file\n")
        };
    };
    let tag = tag(&file);
    let unchanged = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|tags| tags.split(','))
        .any(|held| held.trim().trim_start_matches("W/") == tag);
    let mut response = if unchanged {
        empty(StatusCode::NOT_MODIFIED)
    } else if *method == Method::HEAD {
        empty(StatusCode::OK)
    } else {
        Response::new(Body::from(file.data.into_owned()))
    };
    let keep = if name.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type(name)));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static(keep));
    headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    guarded(response)
}

/// The file, in the best encoding that the browser takes.
fn find(name: &str, headers: &HeaderMap) -> Option<(EmbeddedFile, Option<&'static str>)> {
    let accepted: Vec<String> = headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter(|encoding| !encoding.replace(' ', "").ends_with(";q=0"))
        .filter_map(|encoding| encoding.split(';').next())
        .map(|encoding| encoding.trim().to_lowercase())
        .collect();
    [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .filter(|(encoding, _)| accepted.iter().any(|one| one == encoding))
        .find_map(|(encoding, suffix)| Some((Dist::get(&format!("{name}{suffix}"))?, Some(encoding))))
        .or_else(|| Some((Dist::get(name)?, None)))
}

fn tag(file: &EmbeddedFile) -> String {
    let hash = file.metadata.sha256_hash();
    format!("\"{}\"", hex::encode(hash.get(..16).unwrap_or(&hash)))
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "webp" => "image/webp",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn page(html: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(html));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type("html")));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    guarded(response)
}

/// A line of text with a status.
pub fn plain(status: StatusCode, text: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static(content_type("txt")));
    guarded(response)
}

/// Adds the headers by which a browser protects the house from other pages.
fn guarded(mut response: Response<Body>) -> Response<Body> {
    let opener = HeaderName::from_static("cross-origin-opener-policy");
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        // The set-up link and device names are nobody else's business.
        (REFERRER_POLICY, "no-referrer"),
        (opener, "same-origin"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(path: &str) -> Response<Body> {
        answer(&Method::GET, path, &HeaderMap::new())
    }

    #[test]
    fn every_address_of_the_ui_is_its_page() {
        for path in ["/", "/setup", "/devices", "/areas/living_room"] {
            let response = get(path);
            assert_eq!(response.status(), StatusCode::OK, "{path}");
            assert_eq!(response.headers()[CONTENT_TYPE], "text/html; charset=utf-8");
            assert_eq!(response.headers()[CACHE_CONTROL], "no-cache");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_not_the_page() {
        for path in [
            "/assets/no-such-file.js",
            "/favicon.xyz",
            "/../../Cargo.toml",
            "/assets/../../Cargo.toml",
        ] {
            assert_eq!(get(path).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn pages_are_read_only_and_guarded() {
        let refused = answer(&Method::POST, "/", &HeaderMap::new());
        assert_eq!(refused.status(), StatusCode::METHOD_NOT_ALLOWED);
        let policy = get("/").headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
        assert!(policy.contains("wasm-unsafe-eval") && policy.contains("default-src 'self'"));
        assert!(!policy.contains("http"));
    }

    #[test]
    fn a_browser_that_has_the_page_is_not_sent_it_again() {
        let Some(tag) = get("/").headers().get(ETAG).cloned() else {
            // The UI is not built: its stand-in has no tag.
            return;
        };
        let held = HeaderMap::from_iter([(IF_NONE_MATCH, tag)]);
        assert_eq!(answer(&Method::GET, "/", &held).status(), StatusCode::NOT_MODIFIED);
    }
}
