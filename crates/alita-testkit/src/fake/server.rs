//! The HTTP side: connections, addresses, answers.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::faults::Fault;
use super::refusal::{Answer, Refusal};
use super::{Counted, FakeTelegram, Shared, body, methods, poll};

/// The largest request that is read; Telegram takes uploads of 50 MB.
const MAX_BODY: usize = 60 * 1024 * 1024;

/// What happens to a request.
pub(crate) enum Reply {
    Json(StatusCode, Bytes),
    Page(StatusCode, Bytes),
    Cut,
    Hang,
}

impl Reply {
    pub(crate) fn answer(answer: &Answer) -> Self {
        match answer {
            Ok(result) => Self::result(&result.to_string()),
            Err(refusal) => {
                let code = u16::try_from(refusal.code).ok().and_then(|code| StatusCode::from_u16(code).ok());
                Self::Json(code.unwrap_or(StatusCode::BAD_REQUEST), refusal.to_wire().to_string().into())
            }
        }
    }

    /// A result that is JSON already.
    pub(crate) fn result(json: &str) -> Self {
        Self::Json(StatusCode::OK, format!("{{\"ok\":true,\"result\":{json}}}").into())
    }

    pub(crate) fn fault(fault: &Fault) -> Self {
        match fault {
            Fault::Refuse { .. } => Self::answer(&Err(fault.as_refusal())),
            Fault::Status(status) => {
                let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::BAD_GATEWAY);
                Self::Page(status, Bytes::from(format!("<html><body>{status}</body></html>")))
            }
            Fault::Cut => Self::Cut,
            Fault::Hang => Self::Hang,
            Fault::Garbage => Self::Page(StatusCode::OK, Bytes::from_static(b"{\"ok\":tru")),
            Fault::AfterEffect(fault) => Self::fault(fault),
        }
    }
}

/// Takes connections until the last [`FakeTelegram`] is gone.
pub(crate) async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let stop = shared.stop.clone();
    while let Some(accepted) = stop.run_until_cancelled(listener.accept()).await {
        let Ok((stream, _)) = accepted else { continue };
        shared.accepted.fetch_add(1, Ordering::Relaxed);
        let connection = Arc::clone(&shared);
        shared.tasks.spawn("a connection to the fake Telegram", async move {
            let stop = connection.stop.clone();
            stop.run_until_cancelled(serve(stream, connection)).await;
        });
    }
}

async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let _open = Counted::new(&shared.connections);
    // A socket without this option is only slower.
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let shared = Arc::clone(&shared);
        async move { respond(&shared, request).await }
    });
    // The client went away, or a fault cut the connection: both are as they should be.
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

/// The one error is a connection that is cut on purpose.
async fn respond(
    shared: &Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, std::io::Error> {
    let reply = match handle(shared, request).await {
        Ok(reply) => reply,
        Err(refusal) => Reply::answer(&Err(refusal)),
    };
    let (status, kind, body) = match reply {
        Reply::Json(status, body) => (status, "application/json", body),
        Reply::Page(status, body) => (status, "text/html", body),
        Reply::Cut => return Err(std::io::ErrorKind::ConnectionAborted.into()),
        Reply::Hang => {
            let never: Infallible = std::future::pending().await;
            match never {}
        }
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    Ok(response)
}

async fn handle(shared: &Arc<Shared>, request: Request<Incoming>) -> Result<Reply, Refusal> {
    let path = request.uri().path().to_owned();
    if let Some(path) = path.strip_prefix("/file/bot") {
        return download(shared, path);
    }
    let (token, method) = path
        .strip_prefix("/bot")
        .and_then(|path| path.split_once('/'))
        .ok_or_else(|| Refusal::new(404, "Not Found"))?;
    if token != FakeTelegram::TOKEN {
        return Err(Refusal::unauthorized());
    }
    let query = request.uri().query().map(str::to_owned);
    let content_type =
        request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let content_type = content_type.to_owned();
    let is_poll = method.eq_ignore_ascii_case("getUpdates");
    // A poll that only waits is no call that is still running.
    let _running = (!is_poll).then(|| shared.running());
    let body = Limited::new(request.into_body(), MAX_BODY).collect().await;
    let body = body.map_err(|_| Refusal::new(413, "Request Entity Too Large"))?.to_bytes();
    let params = body::params(&content_type, query.as_deref(), &body)?;
    if is_poll {
        return Ok(poll::get_updates(shared, &params).await);
    }
    let method = methods::find(method).ok_or_else(|| Refusal::new(404, "Not Found: method not found"))?;
    at_the_gate(shared, method.name).await;
    let reply = {
        let mut world = shared.world();
        let updates = world.queue.last_id();
        let reply = match world.faults.take(method.name) {
            Some(Fault::AfterEffect(fault)) => {
                let outcome = (method.call)(&mut world, &params);
                world.log.write(method.name, &params.values, || outcome.clone(), false);
                Reply::fault(&fault)
            }
            Some(fault) => {
                world.log.write(method.name, &params.values, || Err(fault.as_refusal()), true);
                Reply::fault(&fault)
            }
            None => {
                let outcome = (method.call)(&mut world, &params);
                let reply = Reply::answer(&outcome);
                world.log.write(method.name, &params.values, || outcome, true);
                reply
            }
        };
        if world.queue.last_id() != updates || method.name == "setWebhook" {
            shared.updates.notify_waiters();
        }
        reply
    };
    if matches!(reply, Reply::Hang) {
        // It hangs inside of the count of running calls, until the client gives up.
        let never: Infallible = std::future::pending().await;
        match never {}
    }
    Ok(reply)
}

/// Waits while the method's gate is closed.
async fn at_the_gate(shared: &Shared, method: &str) {
    loop {
        let mut changed = std::pin::pin!(shared.changed.notified());
        changed.as_mut().enable();
        if shared.world().passes_gate(method) {
            return;
        }
        changed.await;
    }
}

/// `/file/bot<token>/<file_path>`
fn download(shared: &Shared, path: &str) -> Result<Reply, Refusal> {
    let (token, path) = path.split_once('/').unwrap_or((path, ""));
    if token != FakeTelegram::TOKEN {
        return Err(Refusal::unauthorized());
    }
    let mut world = shared.world();
    // A download fails like a call: its name here is `download`.
    if let Some(fault) = world.faults.take("download") {
        return Ok(Reply::fault(&fault));
    }
    let bytes = path.strip_prefix("files/").and_then(|id| world.files.bytes(id));
    bytes.map(|bytes| Reply::Page(StatusCode::OK, bytes)).ok_or_else(|| Refusal::new(404, "Not Found"))
}
