//! Finds the handler for a method and a path.

use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use alita_runtime::Clock;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};

use super::access::Access;
use super::rate::Rate;

/// What a handler answers.
pub type Reply = Response<Full<Bytes>>;

/// Who is at the other end of the connection; found in the extensions of each request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

type Handler = Arc<dyn Fn(Request<Incoming>) -> BoxFuture<'static, Reply> + Send + Sync>;

/// Routes by exact path; a `GET` route answers `HEAD` too. What lies under a prefix has one handler of its own.
#[derive(Clone, Default)]
pub struct Router {
    exact: Vec<Route>,
    prefixes: Vec<(String, Handler)>,
}

#[derive(Clone)]
struct Route {
    method: Method,
    path: String,
    handler: Handler,
    /// Who may come here; everybody where nothing is said.
    access: Option<Access>,
    rates: Option<Arc<Rates>>,
}

/// Refusals are counted apart, or a stranger could use up the answers of those who may come.
#[derive(Debug)]
struct Rates {
    answers: Rate,
    refusals: Rate,
}

impl Route {
    fn new<F, Fut>(method: Method, path: String, access: Option<Access>, handler: F) -> Self
    where
        F: Fn(Request<Incoming>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Reply> + Send + 'static,
    {
        let handler: Handler = Arc::new(move |request| Box::pin(handler(request)));
        Self { method, path, handler, access, rates: None }
    }

    async fn answer(&self, request: Request<Incoming>) -> Reply {
        let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
        let refusal = self.access.as_ref().and_then(|access| access.refusal(request.headers(), peer));
        let rate = self.rates.as_ref().map(|rates| match refusal {
            Some(_) => &rates.refusals,
            None => &rates.answers,
        });
        if rate.is_some_and(|rate| !rate.allows()) {
            return empty(StatusCode::TOO_MANY_REQUESTS);
        }
        match refusal {
            Some(refusal) => refusal,
            None => (self.handler)(request).await,
        }
    }
}

impl fmt::Debug for Router {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A path may be a secret (that of a webhook often is).
        f.debug_struct("Router").field("routes", &(self.exact.len() + self.prefixes.len())).finish()
    }
}

impl Router {
    /// No routes: everything is 404.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a handler; of two for the same method and path the first one answers.
    #[must_use]
    pub fn route<F, Fut>(mut self, method: Method, path: impl Into<String>, handler: F) -> Self
    where
        F: Fn(Request<Incoming>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Reply> + Send + 'static,
    {
        self.exact.push(Route::new(method, path.into(), None, handler));
        self
    }

    /// Adds a handler for every method and every path that begins so and that no route has; it judges both by itself.
    #[must_use]
    pub fn under<F, Fut>(mut self, prefix: impl Into<String>, handler: F) -> Self
    where
        F: Fn(Request<Incoming>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Reply> + Send + 'static,
    {
        self.prefixes.push((prefix.into(), Arc::new(move |request| Box::pin(handler(request)))));
        self
    }

    /// Adds a handler that only those reach who may read the metrics.
    #[must_use]
    pub fn protected<F, Fut>(
        mut self,
        method: Method,
        path: impl Into<String>,
        access: &Access,
        handler: F,
    ) -> Self
    where
        F: Fn(Request<Incoming>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Reply> + Send + 'static,
    {
        self.exact.push(Route::new(method, path.into(), Some(access.clone()), handler));
        self
    }

    /// Lets each route that was added so far answer this often a second; more gets 429. Whoever is refused counts
    /// apart.
    #[must_use]
    pub fn at_most_per_second(mut self, most: NonZeroU32, clock: &Clock) -> Self {
        for route in &mut self.exact {
            let rate = || Rate::per_second(most, clock);
            route.rates = Some(Arc::new(Rates { answers: rate(), refusals: rate() }));
        }
        self
    }

    /// Adds the routes of another router.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.exact.extend(other.exact);
        self.prefixes.extend(other.prefixes);
        self
    }

    /// Answers a request: 404 for an unknown path, 405 for a known path with another method, 429 for too many.
    pub async fn answer(&self, request: Request<Incoming>) -> Reply {
        let wanted = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        let path = request.uri().path();
        let at_path: Vec<&Route> = self.exact.iter().filter(|route| route.path == path).collect();
        match at_path.iter().find(|route| route.method == *wanted) {
            Some(route) => route.answer(request).await,
            None if at_path.is_empty() => {
                match self.prefixes.iter().find(|(prefix, _)| path.starts_with(prefix.as_str())) {
                    Some((_, handler)) => handler(request).await,
                    None => empty(StatusCode::NOT_FOUND),
                }
            }
            None => not_allowed(&at_path),
        }
    }
}

fn not_allowed(routes: &[&Route]) -> Reply {
    let mut methods: Vec<&str> = routes.iter().map(|route| route.method.as_str()).collect();
    if methods.contains(&"GET") {
        methods.push("HEAD");
    }
    let mut reply = empty(StatusCode::METHOD_NOT_ALLOWED);
    if let Ok(allow) = HeaderValue::from_str(&methods.join(", ")) {
        reply.headers_mut().insert(ALLOW, allow);
    }
    reply
}

/// An answer without a body.
#[must_use]
pub fn empty(status: StatusCode) -> Reply {
    let mut reply = Reply::default();
    *reply.status_mut() = status;
    reply
}

/// An answer in JSON that nobody stores.
#[must_use]
pub fn json(status: StatusCode, body: String) -> Reply {
    text(status, "application/json", body)
}

/// An answer of the given type that nobody stores.
#[must_use]
pub fn text(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Reply {
    let mut reply = Reply::new(Full::new(body.into()));
    *reply.status_mut() = status;
    reply.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    reply.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    reply
}
