//! Profiles over HTTP: where processor time goes, and who holds memory.
//!
//! They are there only with `ENABLE_PPROF` and a `METRICS_AUTH_TOKEN`, because whoever reads one learns much, and
//! because the first profile of a process takes some hundred megabytes of which most are kept until its end.

#[cfg(all(target_os = "linux", feature = "profiling"))]
mod flame;

use alita_monitoring::Access;
use alita_monitoring::http::Router;
use alita_runtime::{CancellationToken, Clock};

use crate::config::Config;

/// The routes of the profiles, if they are wished for; says loudly that they are there, or why they are not.
pub(crate) fn routes(config: &Config, access: &Access, clock: &Clock, stop: &CancellationToken) -> Router {
    if !config.profiles {
        return Router::new();
    }
    if !matches!(access, Access::Token(_)) {
        tracing::warn!(
            "ENABLE_PPROF is set but METRICS_AUTH_TOKEN is not: without a token there are no profiles"
        );
        return Router::new();
    }
    available::routes(access, clock, stop)
}

#[cfg(not(all(target_os = "linux", feature = "profiling")))]
mod available {
    use super::{Access, CancellationToken, Clock, Router};

    pub(super) fn routes(_: &Access, _: &Clock, _: &CancellationToken) -> Router {
        tracing::warn!("ENABLE_PPROF is set, but this program was built without profiles");
        Router::new()
    }
}

#[cfg(all(target_os = "linux", feature = "profiling"))]
mod available {
    use std::sync::Arc;
    use std::time::Duration;

    use alita_monitoring::http::{RATE, Reply, empty, text};
    use hyper::{Method, StatusCode, Uri};
    use pprof::ProfilerGuardBuilder;
    use pprof::protos::Message;
    use tokio::sync::Mutex;
    use tokio::task::spawn_blocking;

    use super::flame::Flame;
    use super::{Access, CancellationToken, Clock, Router};

    /// Not a divisor of anything that works in a rhythm.
    const SAMPLES_PER_SECOND: i32 = 99;
    const SECONDS: u64 = 10;
    const MOST_SECONDS: u64 = 120;

    pub(super) fn routes(access: &Access, clock: &Clock, stop: &CancellationToken) -> Router {
        tracing::warn!(
            "ENABLE_PPROF is set: profiles can be read with the metrics token; the first one costs memory for good"
        );
        let only_one = Arc::new(Mutex::new(()));
        let (time, stop, one_heap) = (clock.clone(), stop.clone(), Arc::clone(&only_one));
        Router::new()
            .protected(Method::GET, "/debug/pprof/profile", access, move |request| {
                let (clock, stop, only_one) = (time.clone(), stop.clone(), Arc::clone(&only_one));
                let wanted = Wanted::of(request.uri());
                async move {
                    let (Some(wanted), Ok(_turn)) = (wanted, only_one.try_lock()) else {
                        let status =
                            if wanted.is_none() { StatusCode::BAD_REQUEST } else { StatusCode::CONFLICT };
                        return empty(status);
                    };
                    answer(profile(wanted, &clock, &stop).await, wanted.content_type())
                }
            })
            .protected(Method::GET, "/debug/pprof/heap", access, move |_| {
                let only_one = Arc::clone(&one_heap);
                async move {
                    let Ok(_turn) = only_one.try_lock() else { return empty(StatusCode::CONFLICT) };
                    answer(heap().await, "application/octet-stream")
                }
            })
            .at_most_per_second(RATE, clock)
    }

    /// What the question asks for.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    struct Wanted {
        length: Duration,
        is_flamegraph: bool,
    }

    impl Wanted {
        /// `?seconds=1..=120&format=proto|flamegraph`
        fn of(uri: &Uri) -> Option<Self> {
            let mut wanted = Self { length: Duration::from_secs(SECONDS), is_flamegraph: false };
            for pair in uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
                match pair.split_once('=')? {
                    ("seconds", seconds) => {
                        let seconds: u64 = seconds.parse().ok()?;
                        wanted.length = Duration::from_secs(seconds);
                        if !(1..=MOST_SECONDS).contains(&seconds) {
                            return None;
                        }
                    }
                    ("format", "proto") => wanted.is_flamegraph = false,
                    ("format", "flamegraph") => wanted.is_flamegraph = true,
                    _ => return None,
                }
            }
            Some(wanted)
        }

        const fn content_type(self) -> &'static str {
            if self.is_flamegraph { "image/svg+xml" } else { "application/octet-stream" }
        }
    }

    /// Samples for as long as was asked for, or until the bot leaves.
    async fn profile(wanted: Wanted, clock: &Clock, stop: &CancellationToken) -> anyhow::Result<Vec<u8>> {
        let guard = ProfilerGuardBuilder::default()
            .frequency(SAMPLES_PER_SECOND)
            .blocklist(&["libc", "libgcc", "pthread", "vdso"])
            .build()?;
        // A profile that is cut short is still one.
        let _ = stop.run_until_cancelled(clock.sleep(wanted.length)).await;
        spawn_blocking(move || {
            let report = guard.report().build()?;
            if !wanted.is_flamegraph {
                return Ok(report.pprof()?.write_to_bytes()?);
            }
            let mut flame = Flame::default();
            for (stack, samples) in &report.data {
                // From the innermost to the outermost; what was inlined stands together.
                let functions = stack.frames.iter().rev().flat_map(|frame| frame.iter().rev());
                flame.add(functions.map(|function| function.name()), u32::try_from(*samples).unwrap_or(0));
            }
            Ok(flame.svg().into_bytes())
        })
        .await?
    }

    /// Who holds memory that was taken since sampling began; the first question begins it.
    async fn heap() -> anyhow::Result<Vec<u8>> {
        let control = jemalloc_pprof::PROF_CTL
            .as_ref()
            .ok_or_else(|| anyhow::anyhow!("the allocator was built without profiles"))?;
        let mut control = control.lock().await;
        if !control.activated() {
            control.activate()?;
            tracing::warn!("the heap is being sampled from now on");
        }
        control.dump_pprof()
    }

    fn answer(profile: anyhow::Result<Vec<u8>>, content_type: &'static str) -> Reply {
        match profile {
            Ok(bytes) => text(StatusCode::OK, content_type, bytes),
            Err(error) => {
                tracing::warn!(error = format!("{error:#}"), "a profile could not be made");
                empty(StatusCode::INTERNAL_SERVER_ERROR)
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use alita_monitoring::http::{Running, Server};
        use alita_runtime::TaskSet;
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        use tokio::net::TcpStream;

        use super::*;

        /// Asks for a profile that does not exist, and reads the status.
        async fn ask(server: &Running, token: &str) -> String {
            let mut stream = TcpStream::connect(server.address()).await.expect("the server listens");
            let head = format!(
                "GET /debug/pprof/profile?seconds=0 HTTP/1.1\r\nHost: bot\r\nAuthorization: Bearer {token}\r\n\
                 Connection: close\r\n\r\n"
            );
            stream.write_all(head.as_bytes()).await.expect("the server reads");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.expect("the server answers");
            answer.split(' ').nth(1).expect("a status").to_owned()
        }

        #[tokio::test]
        async fn the_eleventh_question_of_a_second_is_refused() {
            const TOKEN: &str = "correct-horse-battery";
            let clock = Clock::manual(chrono::DateTime::UNIX_EPOCH);
            let access = Access::Token(TOKEN.to_owned().into());
            let routes = routes(&access, &clock, &CancellationToken::new());
            let server = Server::bind(([127, 0, 0, 1], 0).into()).await.expect("a free port");
            let server = server.serve(routes, &TaskSet::new());
            for (token, status) in [("wrong", "401"), (TOKEN, "400")] {
                for _ in 0..10 {
                    assert_eq!(ask(&server, token).await, status);
                }
                assert_eq!(ask(&server, token).await, "429", "whoever is refused counts apart");
            }
            clock.advance(Duration::from_millis(100));
            assert_eq!(ask(&server, TOKEN).await, "400");
        }

        #[test]
        fn the_question_is_read_strictly() {
            let of = |query: &str| Wanted::of(&format!("/debug/pprof/profile{query}").parse().unwrap());
            let wanted =
                |seconds, is_flamegraph| Some(Wanted { length: Duration::from_secs(seconds), is_flamegraph });
            assert_eq!(of(""), wanted(10, false));
            assert_eq!(of("?seconds=3&format=flamegraph"), wanted(3, true));
            assert_eq!(of("?format=proto"), wanted(10, false));
            for query in ["?seconds=0", "?seconds=121", "?seconds=x", "?format=png", "?seconds", "?x=1"] {
                assert_eq!(of(query), None, "{query}");
            }
        }
    }
}
