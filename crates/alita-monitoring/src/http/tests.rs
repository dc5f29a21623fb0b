//! The server as a client sees it, over loopback.

use std::sync::Arc;
use std::time::Duration;

use alita_runtime::{Clock, TaskSet};
use hyper::{Method, StatusCode};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Notify;

use super::router::{Router, empty, json};
use super::{Access, DbMetrics, Running, Server, db_metrics, standard_routes};
use crate::{Error, Health, Metrics};

async fn serving(router: Router) -> Running {
    serving_in(&TaskSet::new(), router).await
}

async fn serving_in(tasks: &TaskSet, router: Router) -> Running {
    let server = Server::bind(([127, 0, 0, 1], 0).into()).await.expect("a free port");
    server.serve(router, tasks)
}

/// Sends a request head and reads the whole answer.
async fn ask(server: &Running, head: &str) -> String {
    let mut stream = TcpStream::connect(server.address()).await.expect("the server listens");
    let request = format!("{head}\r\nHost: bot\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the server answers");
    answer.to_lowercase()
}

fn well() -> Router {
    Router::new()
        .route(Method::GET, "/well", |_| async { json(StatusCode::OK, r#"{"well":true}"#.to_owned()) })
        .route(Method::POST, "/hook", |_| async { empty(StatusCode::OK) })
        .route(Method::GET, "/broken", |_| async {
            [empty(StatusCode::OK)].into_iter().nth(1).expect("no answer")
        })
}

#[tokio::test]
async fn routes_are_found_by_method_and_path() {
    let server = serving(well()).await;
    let found = ask(&server, "GET /well?a=b HTTP/1.1").await;
    assert!(found.starts_with("http/1.1 200") && found.ends_with(r#"{"well":true}"#), "{found}");
    assert!(found.contains("content-type: application/json") && found.contains("cache-control: no-store"));

    let head = ask(&server, "HEAD /well HTTP/1.1").await;
    assert!(head.starts_with("http/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");

    let unknown = ask(&server, "GET /well/ HTTP/1.1").await;
    assert!(unknown.starts_with("http/1.1 404") && unknown.ends_with("\r\n\r\n"), "{unknown}");

    let other = ask(&server, "DELETE /well HTTP/1.1").await;
    assert!(other.starts_with("http/1.1 405") && other.contains("allow: get, head"), "{other}");
    assert!(ask(&server, "GET /hook HTTP/1.1").await.contains("allow: post\r\n"));
}

#[tokio::test]
async fn what_lies_under_a_prefix_has_one_handler() {
    let router = well().under("/hooks/", |request| async move {
        json(StatusCode::OK, format!("{} {}", request.method(), request.uri().path()))
    });
    let server = serving(router).await;
    for request in ["GET /hooks/a", "DELETE /hooks/a/b"] {
        let answer = ask(&server, &format!("{request} HTTP/1.1")).await;
        assert!(answer.ends_with(&request.to_lowercase()), "{answer}");
    }
    assert!(ask(&server, "POST /hooks HTTP/1.1").await.starts_with("http/1.1 404"));
    assert!(ask(&server, "GET /well HTTP/1.1").await.ends_with(r#"{"well":true}"#));
}

#[tokio::test]
async fn a_panicking_handler_costs_one_answer() {
    let server = serving(well()).await;
    assert!(ask(&server, "GET /broken HTTP/1.1").await.starts_with("http/1.1 500"));
    assert!(ask(&server, "GET /well HTTP/1.1").await.starts_with("http/1.1 200"));
}

#[tokio::test]
async fn too_large_a_head_is_refused() {
    let server = serving(well()).await;
    let head = format!("GET /well HTTP/1.1\r\nX-Long: {}", "a".repeat(super::server::HEADER_BYTES));
    assert!(ask(&server, &head).await.starts_with("http/1.1 431"));
}

#[tokio::test]
async fn a_taken_port_is_an_error() {
    let server = serving(well()).await;
    let error = Server::bind(server.address()).await.expect_err("the port is taken");
    assert!(matches!(error, Error::Bind { address, .. } if address == server.address()));
}

#[tokio::test]
async fn a_stop_waits_for_the_request_that_has_begun() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (tell, wait) = (Arc::clone(&begun), Arc::clone(&go_on));
    let slow = Router::new().route(Method::GET, "/slow", move |_| {
        let (tell, wait) = (Arc::clone(&tell), Arc::clone(&wait));
        async move {
            tell.notify_one();
            wait.notified().await;
            empty(StatusCode::OK)
        }
    });
    let tasks = TaskSet::new();
    let server = serving_in(&tasks, slow).await;
    let address = server.address();
    let mut idle = TcpStream::connect(address).await.expect("the server listens");
    let mut stream = TcpStream::connect(address).await.expect("the server listens");
    stream.write_all(b"GET /slow HTTP/1.1\r\nHost: bot\r\n\r\n").await.expect("the server reads");
    begun.notified().await;

    let mut stop = std::pin::pin!(server.stop(Duration::from_secs(60)));
    assert!(futures_util::poll!(stop.as_mut()).is_pending());
    let mut nothing = Vec::new();
    idle.read_to_end(&mut nothing).await.expect("an idle connection is closed at once");
    assert!(futures_util::poll!(stop.as_mut()).is_pending());

    go_on.notify_one();
    stop.await.expect("everything was answered");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("the answer came");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // The listener lived in one of these tasks. The port is not asked: it may be somebody else's by now.
    let ended = tokio::time::timeout(Duration::from_secs(60), tasks.idle()).await;
    ended.expect("nobody listens any more, and every connection is closed");
}

#[tokio::test]
async fn a_stop_does_not_wait_for_ever() {
    let begun = Arc::new(Notify::new());
    let tell = Arc::clone(&begun);
    let stuck = Router::new().route(Method::GET, "/stuck", move |_| {
        tell.notify_one();
        std::future::pending()
    });
    let server = serving(stuck).await;
    let mut stream = TcpStream::connect(server.address()).await.expect("the server listens");
    stream.write_all(b"GET /stuck HTTP/1.1\r\nHost: bot\r\n\r\n").await.expect("the server reads");
    begun.notified().await;
    assert!(matches!(server.stop(Duration::from_millis(10)).await, Err(Error::NotDrained)));
}

/// The recorder belongs to the whole process, so all that needs it stands in this one test.
#[tokio::test]
async fn the_standard_routes() {
    let clock = Clock::manual(chrono::DateTime::from_timestamp(1_767_614_400, 0).expect("a time"));
    let metrics = Metrics::install(clock.clone()).expect("nothing else collects");
    metrics.build_info("1.2.3", "polling");
    metrics.observe(|| metrics::gauge!("alita_tasks").set(7));
    metrics.observe(|| assert_eq!(1 + 1, 3, "arithmetic"));
    assert!(matches!(Metrics::install(clock.clone()), Err(Error::Recorder(_))));

    let health = Health::new(clock.clone(), "1.2.3");
    health.check("database", || async { true });
    let access = Access::Token("correct-horse".to_owned().into());
    let server = serving(standard_routes(&health, &metrics, &access)).await;

    let starting = ask(&server, "GET /health HTTP/1.1").await;
    assert!(starting.starts_with("http/1.1 503"), "{starting}");
    let told = r#"{"status":"unhealthy","checks":{"database":true},"version":"1.2.3","uptime":"0s","mode":"","starting":true,"stopping":false,"migrations":"pending","telegram":null,"remediation":null}"#;
    assert!(starting.contains(told), "{starting}");
    assert!(
        starting.contains("content-type: application/json") && starting.contains("cache-control: no-store")
    );
    let alive = ask(&server, "GET /livez HTTP/1.1").await;
    assert!(
        alive.starts_with("http/1.1 200") && alive.contains(r#"{"alive":true,"checks":{"database":true}}"#)
    );
    assert!(ask(&server, "GET /readyz HTTP/1.1").await.starts_with("http/1.1 503"));
    health.started();
    assert!(ask(&server, "GET /health HTTP/1.1").await.contains(r#""status":"healthy""#));
    assert!(ask(&server, "GET /readyz HTTP/1.1").await.starts_with("http/1.1 200"));
    for probe in ["/health", "/readyz", "/livez"] {
        for _ in 0..30 {
            let answer = ask(&server, &format!("GET {probe} HTTP/1.1")).await;
            assert!(answer.starts_with("http/1.1 200"), "a flood makes nobody look ill: {answer}");
        }
    }
    health.check_beside("redis", || async { false });
    clock.advance(Duration::from_secs(1));
    assert!(ask(&server, "GET /health HTTP/1.1").await.starts_with("http/1.1 503"));
    let ready = ask(&server, "GET /readyz HTTP/1.1").await;
    assert!(ready.starts_with("http/1.1 200") && ready.contains(r#""redis":false"#), "{ready}");
    health.stopping();
    assert!(ask(&server, "GET /readyz HTTP/1.1").await.starts_with("http/1.1 503"));
    let stopping = ask(&server, "GET /health HTTP/1.1").await;
    assert!(stopping.starts_with("http/1.1 503") && stopping.contains(r#""stopping":true"#));

    for header in ["", "\r\nAuthorization: Bearer wrong", "\r\nAuthorization: Basic correct-horse"] {
        let refused = ask(&server, &format!("GET /metrics HTTP/1.1{header}")).await;
        assert!(
            refused.starts_with("http/1.1 401") && refused.contains("www-authenticate: bearer"),
            "{refused}"
        );
        assert!(refused.ends_with("\r\n\r\n"), "no detail: {refused}");
    }

    metrics::histogram!("alita_db_query_seconds", "domain" => "warns", "op" => "get").record(0.002);
    metrics::counter!("alita_commands_total", "command" => "warn").increment(1);
    clock.advance(Duration::from_secs(89));
    let scraped = ask(&server, "GET /metrics HTTP/1.1\r\nAuthorization: bearer correct-horse").await;
    assert!(scraped.contains("content-type: text/plain; version=0.0.4"), "{scraped}");
    for line in [
        "# help alita_commands_total commands that were run",
        "alita_commands_total{command=\"warn\"} 1",
        "alita_db_query_seconds_bucket{domain=\"warns\",op=\"get\",le=\"0.001\"} 0",
        "alita_db_query_seconds_bucket{domain=\"warns\",op=\"get\",le=\"0.0025\"} 1",
        "alita_build_info{version=\"1.2.3\",commit=\"unknown\",mode=\"polling\"} 1",
        "alita_uptime_seconds 90\n",
        "alita_tasks 7",
        "alita_remediation_actions_total{action=\"critical\"} 0",
        "alita_panics_total{where=\"observer\"} 1",
    ] {
        assert!(scraped.contains(line), "{line} is missing in {scraped}");
    }
}

#[tokio::test]
async fn the_pool_is_told_to_whoever_may_know() {
    let clock = Clock::manual(chrono::DateTime::UNIX_EPOCH);
    let access = Access::Token("correct-horse".to_owned().into());
    let (figures, none) = (DbMetrics { open_connections: 2, idle: 2, ..DbMetrics::default() }, None);
    let server = serving(db_metrics(&access, &clock, move || Some(figures))).await;
    assert!(ask(&server, "GET /db_metrics HTTP/1.1").await.starts_with("http/1.1 401"));
    let told = ask(&server, "GET /db_metrics HTTP/1.1\r\nAuthorization: Bearer correct-horse").await;
    let fields = r#"{"open_connections":2,"in_use":0,"idle":2,"wait_count":0,"wait_duration":0,"max_idle_closed":0,"max_lifetime_closed":0,"max_open":0,"waiting":0}"#;
    assert!(told.starts_with("http/1.1 200") && told.ends_with(fields), "{told}");
    let server = serving(db_metrics(&Access::Public, &clock, move || none)).await;
    assert!(ask(&server, "GET /db_metrics HTTP/1.1").await.starts_with("http/1.1 503"));
}

#[tokio::test]
async fn the_eleventh_request_of_a_second_is_refused() {
    let clock = Clock::manual(chrono::DateTime::UNIX_EPOCH);
    let server = serving(db_metrics(&Access::Public, &clock, || Some(DbMetrics::default()))).await;
    for _ in 0..10 {
        assert!(ask(&server, "GET /db_metrics HTTP/1.1").await.starts_with("http/1.1 200"));
    }
    let refused = ask(&server, "GET /db_metrics HTTP/1.1").await;
    assert!(refused.starts_with("http/1.1 429") && refused.ends_with("\r\n\r\n"), "{refused}");
    clock.advance(Duration::from_millis(100));
    assert!(ask(&server, "GET /db_metrics HTTP/1.1").await.starts_with("http/1.1 200"));
}

#[tokio::test]
async fn whoever_is_refused_takes_no_answer_from_others() {
    let clock = Clock::manual(chrono::DateTime::UNIX_EPOCH);
    let access = Access::Token("correct-horse".to_owned().into());
    let server = serving(db_metrics(&access, &clock, || Some(DbMetrics::default()))).await;
    for n in 0..12 {
        let status = if n < 10 { "401" } else { "429" };
        let refused = ask(&server, "GET /db_metrics HTTP/1.1").await;
        assert!(refused.starts_with(&format!("http/1.1 {status}")), "{n}: {refused}");
    }
    let told = ask(&server, "GET /db_metrics HTTP/1.1\r\nAuthorization: Bearer correct-horse").await;
    assert!(told.starts_with("http/1.1 200"), "{told}");
}

/// Time runs here as fast as nobody has anything to do.
#[tokio::test(start_paused = true)]
async fn who_does_not_come_to_the_point_is_cut_off_and_who_rests_is_not() {
    let server = serving(well()).await;
    let began = tokio::time::Instant::now();
    let mut silent = TcpStream::connect(server.address()).await.expect("the server listens");
    let mut nothing = Vec::new();
    // How the system says it, with an end or with a reset, is the same to us.
    let _ended = silent.read_to_end(&mut nothing).await;
    assert!((5..10).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());

    let mut patient = TcpStream::connect(server.address()).await.expect("the server listens");
    for _ in 0..2 {
        patient.write_all(b"GET /well HTTP/1.1\r\nHost: bot\r\n\r\n").await.expect("the server reads");
        let mut answer = [0; 12];
        patient.read_exact(&mut answer).await.expect("the server answers");
        assert_eq!(&answer, b"HTTP/1.1 200");
        let mut rest = [0; 512];
        while !rest.ends_with(b"}") {
            let read = patient.read(&mut rest).await.expect("the server answers");
            assert!(read > 0, "the answer is whole");
            if rest[..read].ends_with(b"}") {
                break;
            }
        }
        tokio::time::sleep(Duration::from_secs(30)).await;
    }
}
