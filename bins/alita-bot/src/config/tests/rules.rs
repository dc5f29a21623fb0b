//! The rules that join variables, and values with a grammar of their own.

use std::path::Path;

use alita_i18n::Language;
use alita_telegram::Url;
use secrecy::ExposeSecret;

use super::{TOKEN, config, problems};
use crate::config::{Config, Env, Origin, http_place};

#[test]
fn a_token_is_enough() {
    let config = config(&[]);
    assert_eq!(config.data_dir, Path::new("data"));
    assert_eq!(config.database_url.expose_secret(), "sqlite://data/alita.db");
    assert!(config.migrates && !config.migrates_softly);
    assert!(config.redis.is_none());
    assert_eq!(config.http.to_string(), "0.0.0.0:8080");
    assert_eq!(config.api_server.as_str(), "https://api.telegram.org/");
    assert_eq!((config.idle_connections, config.max_updates), (50, 200));
    assert!(matches!(config.origin, Origin::Polling));
    assert!(config.settings.owner.is_none() && config.message_dump.is_none());
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
}

#[test]
fn an_empty_value_is_no_value() {
    assert_eq!(config(&[("HTTP_PORT", " "), ("REDIS_ADDRESS", ""), ("OWNER_ID", "")]).http.port(), 8080);
    let missing = Config::read(&Env::of(&[("BOT_TOKEN", "")])).unwrap_err();
    assert_eq!(missing[0].to_string(), "BOT_TOKEN: required: the token that @BotFather gave you");
}

#[test]
fn all_problems_are_told_at_once() {
    let found = problems(&[
        ("BOT_TOKEN", "nonsense-token"),
        ("DATABASE_URL", "mysql://root:hunter2@db"),
        ("HTTP_PORT", "99999"),
        ("HTTP_BIND", "localhost"),
        ("DEBUG", "maybe"),
        ("API_SERVER", "ftp://x"),
        ("OWNER_ID", "-3"),
        ("MESSAGE_DUMP", "0"),
        ("USE_WEBHOOKS", "true"),
        ("WEBHOOK_DOMAIN", "http://plain.example"),
        ("REDIS_ADDRESS", "redis"),
        ("REDIS_DB", "16"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "alita=shouting"),
        ("TELEGRAM_LOCAL_FILES_DIR", "/nowhere/at/all"),
        ("NEWS_URL", "news"),
    ]);
    let mut named: Vec<&str> = found.iter().filter_map(|line| line.split(':').next()).collect();
    named.sort_unstable();
    assert_eq!(
        named,
        [
            "API_SERVER",
            "BOT_TOKEN",
            "DATABASE_URL",
            "DEBUG",
            "HTTP_BIND",
            "HTTP_PORT",
            "LOG_FORMAT",
            "LOG_LEVEL",
            "MESSAGE_DUMP",
            "NEWS_URL",
            "OWNER_ID",
            "REDIS_ADDRESS",
            "REDIS_DB",
            "TELEGRAM_LOCAL_FILES_DIR",
            "WEBHOOK_DOMAIN",
            "WEBHOOK_SECRET",
        ]
    );
    let text = found.join("\n");
    assert!(!text.contains("hunter2") && !text.contains("nonsense-token"), "{text}");
    assert!(
        text.contains("WEBHOOK_SECRET: required with USE_WEBHOOKS: what Telegram proves itself with"),
        "{text}"
    );
}

#[test]
fn a_token_has_a_shape_where_telegram_gives_it() {
    let api = "https://api.telegram.org";
    for (token, server, is_fine) in [
        (TOKEN, "", true),
        (TOKEN, api, true),
        ("x", "", false),
        ("x", api, false),
        ("x", "http://127.0.0.1:8081", true),
        ("12:short", "", false),
        ("abc:abcdefghijklmnopqrstuvwxyz_ABCDEFGH", "", false),
        (":abcdefghijklmnopqrstuvwxyz_ABCDEFGH", "", false),
        ("1:abcdefghijklmnopqrstuvwxyz ABCDEFGH", "", false),
    ] {
        let found = problems(&[("BOT_TOKEN", token), ("API_SERVER", server)]);
        assert_eq!(found.is_empty(), is_fine, "{token} at {server}: {found:?}");
    }
}

#[test]
fn an_explicit_no_is_a_no_where_the_default_is_yes() {
    for (debug, word, expected) in [
        ("", "", true),
        ("", "false", false),
        ("", "off", false),
        ("yes", "", false),
        ("yes", "true", true),
        ("yes", "no", false),
    ] {
        let config = config(&[
            ("DEBUG", debug),
            ("ENABLE_PERFORMANCE_MONITORING", word),
            ("ENABLE_BACKGROUND_STATS", word),
        ]);
        assert_eq!(
            (config.watching.remediates, config.watching.collects),
            (expected, expected),
            "{debug} {word}"
        );
    }
    for (word, expected) in [("", true), ("false", false), ("0", false), ("yes", true)] {
        let config = config(&[
            ("ENABLE_AUTO_CLEANUP", word),
            ("CLEAR_CACHE_ON_STARTUP", word),
            ("REDIS_ADDRESS", "host:1"),
            ("AUTO_MIGRATE", word),
        ]);
        assert_eq!(config.activity.marks_inactive, expected);
        assert_eq!(config.redis.unwrap().is_cleared_at_start, expected);
        assert_eq!(config.migrates, expected);
    }
    assert!(
        !config(&[("DATABASE_URL", "postgres://a@b/c")]).migrates,
        "a server's tables are its operator's"
    );
}

#[test]
fn debug_logs_more_unless_told_otherwise() {
    assert_eq!(config(&[]).log_filter, "info");
    assert_eq!(config(&[("DEBUG", "1")]).log_filter, "debug");
    assert_eq!(config(&[("DEBUG", "1"), ("LOG_LEVEL", "warn")]).log_filter, "warn");
}

#[test]
fn the_server_of_the_bot_api_keeps_its_path_and_nothing_else() {
    let server = config(&[("API_SERVER", "http://u:p@h:81/sub/?q#f")]).api_server;
    assert_eq!(server.as_str(), "http://h:81/sub/");
}

#[test]
fn the_port_has_two_names() {
    let port = |pairs: &[(&str, &str)]| config(pairs).http.port();
    assert_eq!(port(&[("PORT", "9000")]), 9000);
    assert_eq!(port(&[("PORT", "9000"), ("HTTP_PORT", "9001")]), 9001);
    assert_eq!(port(&[("PORT", "nonsense"), ("HTTP_PORT", "9001")]), 9001, "nobody looks at it");
    assert_eq!(problems(&[("PORT", "0")]), ["PORT: found `0`, allowed is a whole number from 1 to 65535"]);
    assert_eq!(config(&[("RESOURCE_MAX_TASKS", "333")]).watching.max_tasks, 333);
    // The health check knows it although everything else is missing.
    let place = http_place(&Env::of(&[("PORT", "9000"), ("HTTP_BIND", "::1")])).unwrap();
    assert_eq!(place.to_string(), "[::1]:9000");
    assert!(http_place(&Env::of(&[("PORT", "no")])).is_err());
}

#[test]
fn a_webhook_needs_an_address_and_a_secret() {
    let domain = ("WEBHOOK_DOMAIN", "https://bot.example:8443/alita");
    let secret = ("WEBHOOK_SECRET", "0123456789abcdef");
    let config =
        config(&[("USE_WEBHOOKS", "yes"), domain, secret, ("WEBHOOK_SECRET_PREVIOUS", "fedcba9876543210")]);
    let Origin::Webhook(place) = config.origin else { panic!("polling") };
    assert_eq!(place.domain, Url::parse(domain.1).unwrap());
    assert_eq!(place.secret.expose_secret(), secret.1);
    assert_eq!(place.previous_secret.unwrap().expose_secret(), "fedcba9876543210");
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);

    for wrong in
        ["http://bot.example", "https://bot.example:444", "https://u@bot.example", "https://a/?q", "bot"]
    {
        assert_eq!(problems(&[("WEBHOOK_DOMAIN", wrong)]).len(), 1, "{wrong}");
    }
    let long = "a".repeat(257);
    for wrong in ["with space", "ü", &long] {
        assert_eq!(
            problems(&[("WEBHOOK_SECRET", wrong)]),
            ["WEBHOOK_SECRET: not 1 to 256 letters, digits, - or _"]
        );
    }
    assert!(problems(&[("WEBHOOK_SECRET", &"a".repeat(256))]).is_empty());
}

#[test]
fn redis_comes_directly_or_by_address() {
    let read = |pairs: &[(&str, &str)]| config(pairs).redis.unwrap();
    let direct = read(&[("REDIS_ADDRESS", "h:1"), ("REDIS_URL", "redis://x"), ("REDIS_PASSWORD", "p")]);
    assert_eq!((direct.address.as_str(), direct.password.as_deref()), ("h:1", Some("p")));
    assert_eq!(read(&[("REDIS_ADDRESS", "h:1")]).database, Some(1));
    assert_eq!(
        read(&[("REDIS_ADDRESS", "h:1"), ("REDIS_DB", "0")]).database,
        Some(0),
        "an explicit 0 is one"
    );
    assert_eq!(read(&[("REDIS_URL", "redis://x/3")]).database, None);
    assert_eq!(read(&[("REDIS_URL", "rediss://x/3"), ("REDIS_DB", "0")]).database, Some(0));
    assert!(problems(&[("REDIS_URL", "http://x")]).len() == 1);
    for wrong in ["host", "host:", ":6379", "host:0", "redis://host:6379", "host:70000"] {
        assert_eq!(problems(&[("REDIS_ADDRESS", wrong)]).len(), 1, "{wrong}");
    }
}

#[test]
fn the_pool_fits_its_database() {
    let pool = |pairs: &[(&str, &str)]| config(pairs).pool;
    let server = ("DATABASE_URL", "postgresql://a@b/c");
    assert_eq!(pool(&[]).max_open, 8);
    assert_eq!(pool(&[server]).max_open, 50);
    assert_eq!(pool(&[]).lifetime.as_secs(), 240 * 60);
    assert_eq!(pool(&[("DB_CONN_MAX_IDLE_TIME_MIN", "1")]).idle_time.as_secs(), 60);
    let greedy = [server, ("DB_MAX_OPEN_CONNS", "10"), ("DB_MAX_IDLE_CONNS", "11")];
    assert_eq!(problems(&greedy), ["DB_MAX_IDLE_CONNS: allowed is not more than DB_MAX_OPEN_CONNS"]);
}

#[test]
fn there_is_one_host_to_keep_connections_to() {
    let kept = |of_a_host: &str, in_all: &str| {
        config(&[("HTTP_MAX_IDLE_CONNS_PER_HOST", of_a_host), ("HTTP_MAX_IDLE_CONNS", in_all)])
            .idle_connections
    };
    assert_eq!((kept("50", "20"), kept("5", "20"), kept("500", "")), (20, 5, 100));
}

#[test]
fn a_share_outside_is_moved_to_the_nearer_end() {
    for (text, share, warns) in [
        ("", 1.0, false),
        ("0", 0.0, false),
        ("0.25", 0.25, false),
        ("7", 1.0, true),
        ("-1", 0.0, true),
        ("inf", 1.0, true),
        ("NaN", 1.0, true),
        ("half", 1.0, true),
    ] {
        let config = config(&[("OTEL_TRACES_SAMPLE_RATE", text)]);
        let is_same = (config.traces.sample_rate - share).abs() < f64::EPSILON;
        assert!(is_same && config.warnings.len() == usize::from(warns), "{text}: {config:?}");
    }
}

#[test]
fn unknown_languages_are_left_out() {
    let config = config(&[("ENABLED_LOCALES", "en, xx ,ES,en")]);
    assert_eq!(config.settings.languages, [Language::EN, Language::ES]);
    assert_eq!(config.warnings.len(), 1);
}

#[test]
fn whatever_an_operator_should_know_is_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    for (name, value, says) in [
        ("SENTRY_DSN", "https://hunter2@sentry", "SENTRY_DSN is retired and has no effect"),
        ("ENABLE_SENTRY", "true", "ENABLE_SENTRY is retired"),
        ("CACHE_WORKERS", "4", "CACHE_WORKERS is retired"),
        ("HEALTH_PORT", "8081", "HEALTH_PORT is retired and has no effect: everything answers on HTTP_PORT"),
        ("MIGRATIONS_PATH", "migrations", "the steps of the schema are inside the program"),
        ("WEBHOOK_SECRET", "short", "WEBHOOK_SECRET: shorter than 16"),
        ("ENABLE_PPROF", "yes", "ENABLE_PPROF: has no effect without METRICS_AUTH_TOKEN"),
        ("METRICS_PUBLIC", "yes", "METRICS_PUBLIC: everybody"),
        ("AUTO_MIGRATE_SILENT_FAIL", "yes", "AUTO_MIGRATE_SILENT_FAIL: "),
        ("DB_MAX_IDLE_CONNS", "5", "DB_MAX_IDLE_CONNS: has no effect"),
        ("TELEGRAM_LOCAL_FILES_DIR", folder, "TELEGRAM_LOCAL_FILES_DIR: has no effect yet"),
    ] {
        let warnings = config(&[(name, value)]).warnings;
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].contains(says) && !warnings[0].contains("hunter2"), "{warnings:?}");
        assert!(config(&[(name, "")]).warnings.is_empty(), "what is unset is not there");
    }
    let insecure =
        [("OTEL_EXPORTER_OTLP_INSECURE", "yes"), ("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4318")];
    assert_eq!(config(&insecure).warnings, ["OTEL_EXPORTER_OTLP_INSECURE: traces travel in plain text"]);
    assert!(
        config(&[("SENTRYLESS", "1"), ("TZ", "Asia/Tokyo")]).warnings.is_empty(),
        "others are left alone"
    );
}

#[test]
fn a_local_server_may_lend_its_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap();
    let config = config(&[("API_SERVER", "http://127.0.0.1:8081"), ("TELEGRAM_LOCAL_FILES_DIR", path)]);
    assert_eq!(config.local_files.as_deref(), Some(folder.path()));
    assert_eq!(config.warnings.len(), 1, "{:?}", config.warnings);
}
