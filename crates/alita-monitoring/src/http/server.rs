//! Accepts connections, answers requests, and stops without cutting anybody off.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use alita_runtime::{CancellationToken, TaskSet, guarded};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::router::{Peer, Reply, Router, empty};
use super::timed::{Busy, Timed};
use crate::Error;

/// A connection that rests for so long between two requests is closed. How long a head may take: [`super::timed`].
const IDLE_LIMIT: Duration = Duration::from_secs(60);

/// The largest head of a request.
pub(super) const HEADER_BYTES: usize = 16 * 1024;

/// Further connections wait in the system's queue.
const MOST_CONNECTIONS: usize = 1_000;

/// After a failed accept (no file descriptors left, say), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A bound port that does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes the port; port 0 takes a free one.
    ///
    /// # Errors
    ///
    /// [`Error::Bind`] when the port is taken or may not be used.
    pub async fn bind(address: SocketAddr) -> Result<Self, Error> {
        let bound = |source| Error::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(bound)?;
        let address = listener.local_addr().map_err(bound)?;
        Ok(Self { listener, address })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Begins to answer; ends by [`Running::stop`], or when the task set closes.
    #[must_use]
    pub fn serve(self, router: Router, tasks: &TaskSet) -> Running {
        let stop = tasks.cancelled().child_token();
        let (stopped, drained) = oneshot::channel();
        let running = Running { address: self.address, stop: stop.clone(), drained };
        let router = Arc::new(router);
        let set = tasks.clone();
        tasks.spawn("http", async move {
            let open = GracefulShutdown::new();
            accept_until(&stop, &self.listener, &router, &set, &open).await;
            // From here on a new connection is refused, not left waiting.
            drop(self.listener);
            open.shutdown().await;
            // Whoever called for the stop may have given up waiting.
            let _ = stopped.send(());
        });
        running
    }
}

/// A server that answers.
#[derive(Debug)]
pub struct Running {
    address: SocketAddr,
    stop: CancellationToken,
    drained: oneshot::Receiver<()>,
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections and waits until the requests that have begun are answered.
    ///
    /// # Errors
    ///
    /// [`Error::NotDrained`] when some were not answered within `limit`.
    pub async fn stop(self, limit: Duration) -> Result<(), Error> {
        self.stop.cancel();
        match tokio::time::timeout(limit, self.drained).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Error::NotDrained),
        }
    }
}

async fn accept_until(
    stop: &CancellationToken,
    listener: &TcpListener,
    router: &Arc<Router>,
    tasks: &TaskSet,
    open: &GracefulShutdown,
) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let next = async || {
        // The semaphore is never closed.
        let place = Arc::clone(&places).acquire_owned().await.ok()?;
        match listener.accept().await {
            Ok((stream, peer)) => Some((place, stream, peer)),
            Err(error) => {
                tracing::warn!(%error, "an HTTP connection could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                None
            }
        }
    };
    while let Some(accepted) = stop.run_until_cancelled(next()).await {
        if let Some((place, stream, peer)) = accepted {
            connect(place, stream, peer, Arc::clone(router), tasks, open);
        }
    }
}

fn connect(
    place: OwnedSemaphorePermit,
    stream: TcpStream,
    peer: SocketAddr,
    router: Arc<Router>,
    tasks: &TaskSet,
    open: &GracefulShutdown,
) {
    let busy = Busy::default();
    let stream = Timed::new(stream, busy.clone());
    let service = service_fn(move |mut request: Request<Incoming>| {
        let (router, busy) = (Arc::clone(&router), busy.clone());
        request.extensions_mut().insert(Peer(peer));
        busy.set(true);
        async move {
            let reply = answer(&router, request).await;
            busy.set(false);
            Ok::<Reply, Infallible>(reply)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(IDLE_LIMIT)
        .max_buf_size(HEADER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let connection = open.watch(connection);
    tasks.spawn("http connection", async move {
        let _place = place;
        if let Err(error) = connection.await {
            tracing::debug!(%error, "an HTTP connection broke");
        }
    });
}

async fn answer(router: &Router, request: Request<Incoming>) -> Reply {
    let answered = guarded("http", router.answer(request)).await;
    answered.unwrap_or_else(|_panicked| empty(StatusCode::INTERNAL_SERVER_ERROR))
}
