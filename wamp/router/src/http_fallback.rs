//! HTTP requests on the router's port that are not WAMP's.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Incoming};
use hyper::{Request, Response, StatusCode, header};

type BodyError = Box<dyn Error + Send + Sync>;
type Answer = Response<UnsyncBoxBody<Bytes, BodyError>>;
type Answering = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Who answers them.
#[derive(Clone)]
pub struct HttpFallback(Arc<dyn Fn(Request<Incoming>) -> Answering + Send + Sync>);

impl HttpFallback {
    /// A hyper service, such as `hyper_util::service::TowerToHyperService` makes of an
    /// `axum::Router`.
    pub fn new<S, B>(service: S) -> Self
    where
        S: hyper::service::Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
        S: Send + Sync + 'static,
        S::Future: Send + 'static,
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BodyError>,
    {
        Self(Arc::new(move |request| {
            let answer = service.call(request);
            Box::pin(async move {
                match answer.await {
                    Ok(response) => response.map(|body| body.map_err(Into::into).boxed_unsync()),
                    Err(never) => match never {},
                }
            })
        }))
    }

    /// Nobody: 404 for everything.
    pub fn none() -> Self {
        Self(Arc::new(|_| {
            Box::pin(std::future::ready(sentence(
                StatusCode::NOT_FOUND,
                "There is only WAMP here, at /ws.\n",
            )))
        }))
    }

    pub(crate) fn answer(&self, request: Request<Incoming>) -> Answering {
        (self.0)(request)
    }
}

impl fmt::Debug for HttpFallback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpFallback").finish_non_exhaustive()
    }
}

/// A response of one sentence.
pub(crate) fn sentence(status: StatusCode, text: &'static str) -> Answer {
    let mut response = Response::new(
        Full::new(Bytes::from_static(text.as_bytes()))
            .map_err(Into::into)
            .boxed_unsync(),
    );
    *response.status_mut() = status;
    let content_type = header::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, content_type);
    response
}
