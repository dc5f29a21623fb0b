//! What the bot tells of itself over HTTP: metrics, health, the pool, profiles.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::time::Duration;

use alita_monitoring::{Kind, METRICS};
use alita_testkit::process::{Program, get};
use alita_testkit::{Draft, FakeTelegram, Member, NewChat, NewUser, Speaker};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{LIMIT, whole};

/// Metrics that a polling bot without Redis, traces, troubles and secrets in its log has no reason to count.
const NOT_TODAY: &[&str] = &[
    "alita_activity_waiting",
    "alita_cache_errors_total",
    "alita_cache_invalidation_retries_total",
    "alita_cache_operation_seconds",
    "alita_db_pool_wait_seconds",
    "alita_handler_errors_total",
    "alita_job_delay_seconds",
    "alita_jobs_total",
    "alita_log_redactions_total",
    "alita_panics_total",
    "alita_pool_full_total",
    "alita_telegram_dropped_total",
    "alita_telegram_retry_after_seconds_total",
    "alita_telegram_suppressed_total",
    "alita_telegram_throttled_total",
    "alita_telegram_updates_given_up_total",
    "alita_telegram_updates_set_aside_total",
    "alita_trace_spans_total",
    "alita_updates_dropped_total",
    "alita_webhook_last_error_seconds",
    "alita_webhook_pending_updates",
    "alita_webhook_requests_total",
];

/// So seldom does a test ask that no route has enough of it.
const PAUSE: Duration = Duration::from_millis(150);

/// Asks for a page until it holds this.
async fn page_with(program: &Program, path: &str, wanted: &[&str]) -> String {
    let mut page = String::new();
    let asking = async {
        loop {
            if let Ok((200, body)) = get(program.port(), path).await {
                page = body;
                if wanted.iter().all(|wanted| page.contains(wanted)) {
                    return;
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    let came = tokio::time::timeout(LIMIT, asking).await.is_ok();
    assert!(came, "{wanted:?} did not all come in {page}");
    page
}

/// An admin moderates, and somebody posts what is locked.
fn a_day_in_a_group(telegram: &FakeTelegram) {
    let chat = telegram.add_chat(NewChat::supergroup("Rust Tea"));
    telegram.set_member(chat, telegram.bot_id(), Member::full_administrator());
    let person = |name: &str, role: Member| {
        let person = telegram.add_user(NewUser::named(name));
        telegram.set_member(chat, person, role);
        person
    };
    let (olga, mallory) = (person("Olga", Member::owner()), person("Mallory", Member::member()));
    telegram.say(chat, Speaker::User(olga), "/lock url");
    let spam = telegram.say(chat, Speaker::User(mallory), "buy my coins");
    telegram.say(chat, Speaker::User(olga), Draft::text("/warn spam").reply_to(spam));
    telegram.say(chat, Speaker::User(olga), Draft::text("/mute").reply_to(spam));
    telegram.say(chat, Speaker::User(olga), "/notes");
}

/// The label names of a line, without those of a histogram's buckets.
fn labels(line: &str) -> BTreeSet<&str> {
    let inner =
        line.split_once('{').and_then(|(_, rest)| rest.rsplit_once('}')).map_or("", |(inner, _)| inner);
    inner
        .split("\",")
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, _)| name)
        .filter(|name| *name != "le")
        .collect()
}

#[tokio::test]
async fn what_is_counted_has_the_names_and_labels_of_the_list() {
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, program) = whole(folder.path()).await;
    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    a_day_in_a_group(&telegram);
    let wanted = [
        "alita_moderation_actions_total{module=\"warns\",action=\"warn\",outcome=\"ok\"} 1",
        "alita_moderation_actions_total{module=\"mutes\",action=\"mute\",outcome=\"ok\"} 1",
        "alita_commands_total{command=\"notes\"} 1",
        "alita_updates_received_total{type=\"message\",source=\"polling\"}",
        "alita_scheduler_lag_seconds",
        "alita_memory_bytes{kind=\"allocated\"}",
        "alita_db_pool_connections{state=\"waiting\"} 0",
        "alita_dispatcher_permits 200",
    ];
    let page = page_with(&program, "/metrics", &wanted).await;

    let listed: BTreeMap<&str, BTreeSet<&str>> =
        METRICS.iter().map(|metric| (metric.name, metric.labels.iter().copied().collect())).collect();
    let histograms: BTreeSet<&str> =
        METRICS.iter().filter(|metric| metric.kind == Kind::Histogram).map(|metric| metric.name).collect();
    let mut seen = BTreeSet::new();
    for line in page.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let full = line.split(['{', ' ']).next().unwrap_or_default();
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|end| full.strip_suffix(end));
        let name = base.filter(|base| histograms.contains(base)).unwrap_or(full);
        let expected = listed.get(name).unwrap_or_else(|| panic!("{name} is not listed: {line}"));
        assert_eq!(labels(line), *expected, "{line}");
        seen.insert(name);
    }
    let missing: Vec<&str> =
        listed.keys().copied().filter(|name| !seen.contains(name) && !NOT_TODAY.contains(name)).collect();
    assert!(missing.is_empty(), "listed but not counted by a bot that has worked: {missing:?}");
    assert_eq!(running.terminate(LIMIT).await.expect("it leaves").code(), Some(0));
    assert!(program.stderr().contains("background statistics end"), "{}", program.stderr());
}

#[tokio::test]
async fn health_life_and_the_pool() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    let health = page_with(&program, "/health", &["\"status\":\"healthy\"", "\"telegram\":"]).await;
    let health: serde_json::Value = serde_json::from_str(&health).expect("JSON");
    assert_eq!(health["checks"], serde_json::json!({ "database": true, "telegram": true }));
    assert_eq!(health["mode"], "polling");
    assert_eq!(health["migrations"], "ok");
    assert!(health["telegram"].is_u64() && health["remediation"].is_null(), "{health}");
    let pool = page_with(&program, "/db_metrics", &["\"max_open\":8"]).await;
    let pool: serde_json::Value = serde_json::from_str(&pool).expect("JSON");
    assert!(pool["open_connections"].as_u64() >= Some(1), "{pool}");
    assert!(pool["wait_duration"].is_u64() && pool["in_use"].is_u64(), "{pool}");
    page_with(&program, "/livez", &["{\"alive\":true,\"checks\":{\"database\":true,\"telegram\":true}}"])
        .await;
    assert_eq!(get(program.port(), "/debug/pprof/heap").await.expect("an answer").0, 404, "off by default");
    let log = program.stderr();
    assert_eq!(log.matches("METRICS_AUTH_TOKEN is not set").count(), 1, "{log}");
}

/// Asks with a token: the status line and headers, and the body.
async fn ask(port: u16, path: &str, token: &str) -> io::Result<(String, Vec<u8>)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    let head = format!(
        "GET {path} HTTP/1.1\r\nHost: bot\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let split =
        answer.windows(4).position(|window| window == b"\r\n\r\n").ok_or(io::ErrorKind::InvalidData)?;
    let body = answer.split_off(split + 4);
    Ok((String::from_utf8_lossy(&answer).into_owned(), body))
}

#[tokio::test]
#[cfg(target_os = "linux")]
async fn profiles_are_for_the_token_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let program = program.env("ENABLE_PPROF", "true").env("METRICS_AUTH_TOKEN", "correct-horse-battery");
    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    assert!(program.stderr().contains("ENABLE_PPROF is set: profiles can be read"), "{}", program.stderr());
    let port = program.port();
    let flame = "/debug/pprof/profile?seconds=1&format=flamegraph";
    for (path, token) in [(flame, "wrong"), ("/debug/pprof/heap", "wrong"), ("/metrics", "")] {
        let (head, body) = ask(port, path, token).await.expect("an answer");
        assert!(head.starts_with("HTTP/1.1 401") && body.is_empty(), "{path}: {head}");
    }
    let token = "correct-horse-battery";
    let (one, other) = tokio::join!(ask(port, flame, token), ask(port, flame, token));
    let mut answers = [one.expect("an answer"), other.expect("an answer")];
    answers.sort_by(|(one, _), (other, _)| one.cmp(other));
    let [(made, svg), (busy, _)] = &answers;
    assert!(made.starts_with("HTTP/1.1 200") && busy.starts_with("HTTP/1.1 409"), "{made}\n{busy}");
    assert!(String::from_utf8_lossy(svg).contains("<svg"));
    let (head, proto) = ask(port, "/debug/pprof/profile?seconds=1", token).await.expect("an answer");
    assert!(head.starts_with("HTTP/1.1 200") && !proto.is_empty(), "{head}");
    let (head, heap) = ask(port, "/debug/pprof/heap", token).await.expect("an answer");
    assert!(head.starts_with("HTTP/1.1 200") && heap.starts_with(&[0x1f, 0x8b]), "{head}");
}

#[tokio::test]
async fn without_a_token_there_are_no_profiles() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_telegram, program) = whole(folder.path()).await;
    let program = program.env("ENABLE_PPROF", "true");
    let mut running = program.start().expect("it starts");
    running.is_up(LIMIT).await.expect("it comes up");
    assert_eq!(get(program.port(), "/debug/pprof/heap").await.expect("an answer").0, 404);
    assert!(program.stderr().contains("without a token there are no profiles"), "{}", program.stderr());
}
