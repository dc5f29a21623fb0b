//! Spans, as a collector gets them.

mod collector;

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use alita_monitoring::traces::webhook_span;
use alita_monitoring::{LogConfig, Redactor, TraceConfig, Traces, logs};
use alita_runtime::{Clock, TaskSet};
use hyper::HeaderMap;
use tracing::Instrument;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

use collector::Collector;

/// How long anything may take on a machine that does much else.
const LIMIT: Duration = Duration::from_secs(60);
const SECRET: &str = "a-secret-that-nobody-shall-see";

fn config(endpoint: String, sample_rate: f64) -> TraceConfig {
    TraceConfig {
        service: "alita_test".into(),
        version: "1.2.3",
        endpoint: Some(endpoint),
        is_insecure: true,
        to_console: false,
        sample_rate,
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panicked").write(line)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'w> MakeWriter<'w> for Log {
    type Writer = Self;

    fn make_writer(&'w self) -> Self {
        self.clone()
    }
}

/// Traces of this thread, on which the runtime of the test runs too.
fn begin(endpoint: String, sample_rate: f64) -> (Traces, Log, DefaultGuard) {
    let redactor = Redactor::new();
    redactor.register(&SECRET.to_owned().into());
    let traces = Traces::open(&config(endpoint, sample_rate), &redactor).expect("a way out").expect("wanted");
    let log = Log::default();
    let subscriber = logs::with_traces(&LogConfig::new(Clock::system()), &redactor, log.clone(), &traces)
        .expect("a filter");
    (traces, log, tracing::subscriber::set_default(subscriber))
}

async fn work() {
    let root = tracing::debug_span!(target: "alita_test", "root", answer = 42);
    async {
        let url = format!("https://example.org/{SECRET}");
        let child = tracing::debug_span!(target: "alita_test", "child", otel.name = "child of ours", url);
        child.in_scope(|| {
            tracing::warn!(target: "alita_test", error = SECRET, "it went wrong");
            tracing::debug_span!(target: "alita_test", "grandchild");
        });
        tracing::debug_span!(target: "hyper", "of a library");
    }
    .instrument(root)
    .await;
}

#[tokio::test]
async fn spans_arrive_and_secrets_do_not() {
    let collector = Collector::start().await;
    let (traces, log, guard) = begin(collector.endpoint(), 1.0);
    work().await;
    traces.close(LIMIT).await.expect("all is delivered");
    drop(guard);

    let spans = collector.spans();
    let span =
        |name: &str| spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{spans:?}"));
    assert_eq!(spans.len(), 3, "{spans:?}");
    let (root, child, grandchild) = (span("root"), span("child of ours"), span("grandchild"));
    assert_eq!((root.parent.as_str(), &child.parent, &grandchild.parent), ("", &root.id, &child.id));
    assert!(spans.iter().all(|span| span.trace == root.trace));
    assert_eq!(root.attributes["answer"], "42");
    assert_eq!(child.attributes["url"], "https://example.org/[redacted]");
    assert!(!collector.text().contains(SECRET));

    let resource = collector.resource();
    assert_eq!(
        (resource["service.name"].as_str(), resource["service.version"].as_str()),
        ("alita_test", "1.2.3")
    );
    assert_eq!(resource["service.instance.id"].len(), 16);

    let log = String::from_utf8(log.0.lock().expect("nobody panicked").clone()).expect("text");
    let line: serde_json::Value = serde_json::from_str(log.lines().next().expect("a line")).expect("JSON");
    assert_eq!(line["trace_id"], root.trace.as_str(), "the log leads to the trace");
    assert_eq!(line["error"], "[redacted]");
}

#[tokio::test]
async fn nothing_is_sent_of_traces_that_are_not_sampled() {
    let collector = Collector::start().await;
    let (traces, log, guard) = begin(collector.endpoint(), 0.0);
    work().await;
    traces.close(LIMIT).await.expect("there is nothing to deliver");
    drop(guard);
    assert!(collector.spans().is_empty(), "{:?}", collector.spans());
    assert!(!String::from_utf8_lossy(&log.0.lock().expect("nobody panicked")).contains("trace_id"));
}

#[tokio::test]
async fn a_request_goes_on_with_the_trace_that_it_names() {
    let collector = Collector::start().await;
    let (traces, _log, guard) = begin(collector.endpoint(), 1.0);
    let (trace, parent) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let mut headers = HeaderMap::new();
    headers.insert("traceparent", format!("00-{trace}-{parent}-01").parse().expect("a header"));
    let span = webhook_span(&headers, "/webhook/{secret}");
    span.in_scope(|| tracing::debug_span!(target: "alita_test", "handling"));
    drop(span);
    drop(webhook_span(&HeaderMap::new(), "/webhook/{secret}"));
    traces.close(LIMIT).await.expect("all is delivered");
    drop(guard);

    let spans = collector.spans();
    let (inside, outside): (Vec<_>, Vec<_>) = spans.iter().partition(|span| span.trace == trace);
    let request = inside.iter().find(|span| span.name == "webhook.request").expect("the request");
    let handling = inside.iter().find(|span| span.name == "handling").expect("the handling");
    assert_eq!((request.parent.as_str(), &handling.parent), (parent, &request.id));
    assert_eq!((outside.len(), outside[0].parent.as_str()), (1, ""), "a request without one begins its own");
}

#[tokio::test]
async fn what_outlives_its_cause_links_to_it() {
    let collector = Collector::start().await;
    let (traces, _log, guard) = begin(collector.endpoint(), 1.0);
    let tasks = TaskSet::new();
    let cause = tracing::debug_span!(target: "alita_test", "cause");
    cause.in_scope(|| {
        tasks.spawn("clean up", async { drop(tracing::debug_span!(target: "alita_test", "step")) });
    });
    drop(cause);
    tasks.idle().await;
    // The task's end is noticed before its span is put away.
    tokio::task::yield_now().await;
    traces.close(LIMIT).await.expect("all is delivered");
    drop(guard);

    let spans = collector.spans();
    let span =
        |name: &str| spans.iter().find(|span| span.name == name).unwrap_or_else(|| panic!("{spans:?}"));
    let (cause, task, step) = (span("cause"), span("task clean up"), span("step"));
    assert_ne!(task.trace, cause.trace);
    assert_eq!((&task.links[..], &step.parent), (&[cause.trace.clone()][..], &task.id));
}

/// Both a collector that refuses connections and one that takes them and says nothing.
#[tokio::test]
async fn a_dead_collector_costs_no_more_than_its_limit() {
    let (hanging, listener) = Collector::hanging().await;
    let (gone, closed) = Collector::hanging().await;
    drop(closed);
    for address in [gone, hanging] {
        let (traces, _log, guard) = begin(format!("http://{address}"), 1.0);
        work().await;
        let closing = tokio::time::timeout(LIMIT, traces.close(Duration::from_millis(300)));
        let outcome = closing.await.expect("it does not wait for ever");
        assert!(outcome.is_err() || address == gone, "{outcome:?}");
        drop(guard);
    }
    drop(listener);
}

/// The fields of a span are not even worked out where nobody wants it.
#[test]
fn without_traces_a_log_from_info_makes_no_span() {
    let subscriber = logs::subscriber(&LogConfig::new(Clock::system()), &Redactor::new(), Log::default())
        .expect("a filter");
    tracing::subscriber::with_default(subscriber, || {
        let work = || -> String { panic!("nobody asked for it") };
        assert!(tracing::debug_span!(target: "alita_test", "call", otel.name = work()).is_disabled());
    });
}
