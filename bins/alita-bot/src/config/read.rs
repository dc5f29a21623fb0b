//! The rules: how variables become values, and what each demands of the others.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use alita_dispatch::AskLimits;
use alita_i18n::Language;
use alita_model::{ChatId, UserId};
use alita_modules::{Links, Settings};
use alita_monitoring::{LogFormat, logs};
use alita_telegram::{Limits, SecretString, Url};

use super::reader::Reader;
use super::supervisor::Supervisor;
use super::values::{
    ActivityPlace, Config, Origin, PoolPlace, RedisPlace, TracesPlace, Watching, WebhookPlace, embedded,
};
use super::variable::Variable;
use super::variables as v;

/// The Bot API that everybody uses; only there a token has a shape.
const PUBLIC_HOST: &str = "api.telegram.org";

/// A shorter secret of the webhook could be guessed.
const SHORT_SECRET: usize = 16;

impl Config {
    /// Everything, in the order of the themes; what is wrong stands in the reader afterwards.
    pub(super) fn from_reader(reader: &mut Reader<'_>) -> Self {
        let api_server = reader.parsed(&v::API_SERVER, server).unwrap_or_else(public_server);
        let is_public = api_server.host_str() == Some(PUBLIC_HOST);
        let is_debug = reader.switch(&v::DEBUG);
        let data_dir = PathBuf::from(reader.word(&v::DATA_DIR));
        let database_url = database(reader, &data_dir);
        let is_embedded = database_url.starts_with("sqlite:");
        let metrics_token = reader.secret(&v::METRICS_AUTH_TOKEN, |_| true);
        Self {
            token: token(reader, is_public).into(),
            api_server,
            limits: Limits {
                global_per_second: reader.number(&v::TELEGRAM_GLOBAL_RPS),
                group_per_minute: reader.number(&v::TELEGRAM_GROUP_RPM),
                chat_per_second: reader.number(&v::TELEGRAM_CHAT_RPS),
            },
            idle_connections: {
                let of_a_host: usize = reader.number(&v::HTTP_MAX_IDLE_CONNS_PER_HOST);
                of_a_host.min(reader.number(&v::HTTP_MAX_IDLE_CONNS))
            },
            local_files: local_files(reader),
            origin: origin(reader),
            drops_pending_updates: reader.switch(&v::DROP_PENDING_UPDATES),
            message_dump: reader
                .parsed(&v::MESSAGE_DUMP, |text| text.parse().ok().filter(|id| *id != 0).map(ChatId::new)),
            settings: settings(reader),
            database_url: database_url.into(),
            pool: pool(reader, is_embedded),
            migrates: reader.switch_or(&v::AUTO_MIGRATE, is_embedded),
            migrates_softly: migrates_softly(reader),
            redis: redis(reader),
            data_dir,
            http: http(reader),
            metrics_are_public: metrics_are_public(reader, metrics_token.is_some()),
            profiles: profiles(reader, metrics_token.is_some()),
            metrics_token: metrics_token.map(Into::into),
            watching: watching(reader, is_debug),
            activity: activity(reader),
            traces: traces(reader),
            max_updates: reader.number(&v::DISPATCHER_MAX_ROUTINES),
            asks: AskLimits {
                commands_per_user: reader.number(&v::COMMANDS_USER_RPM),
                commands_per_chat: reader.number(&v::COMMANDS_GROUP_RPM),
                ..AskLimits::default()
            },
            log_format: log_format(reader),
            log_filter: log_filter(reader, is_debug),
            is_debug,
            shutdown_limit: Duration::from_secs(reader.number(&v::SHUTDOWN_TIMEOUT_SECONDS)),
            supervisor: Supervisor::default(),
            shown: Vec::new(),
            warnings: Vec::new(),
            secrets: Vec::new(),
        }
    }
}

/// Where the HTTP server listens, also for the health check of a configuration that is otherwise broken.
pub(super) fn http(reader: &mut Reader<'_>) -> SocketAddr {
    let address = reader.parsed(&v::HTTP_BIND, |text| text.parse().ok());
    SocketAddr::new(address.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), reader.number(&v::HTTP_PORT))
}

fn token(reader: &mut Reader<'_>, is_public: bool) -> String {
    let token = reader.secret(&v::BOT_TOKEN, |token| !is_public || has_token_shape(token));
    if token.is_none() {
        reader.miss(&v::BOT_TOKEN);
    }
    token.unwrap_or_default()
}

fn has_token_shape(token: &str) -> bool {
    let Some((id, key)) = token.split_once(':') else { return false };
    !id.is_empty()
        && id.bytes().all(|b| b.is_ascii_digit())
        && key.len() >= 30
        && key.bytes().all(is_key_letter)
}

const fn is_key_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

/// User names, queries and fragments have no meaning in the address of a Bot API server.
fn server(text: &str) -> Option<Url> {
    let mut url =
        Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())?;
    url.set_query(None);
    url.set_fragment(None);
    url.set_username("").ok()?;
    url.set_password(None).ok()?;
    Some(url)
}

#[expect(clippy::expect_used, reason = "a constant that a test parses")]
fn public_server() -> Url {
    Url::parse("https://api.telegram.org").expect("a well-formed address")
}

fn local_files(reader: &mut Reader<'_>) -> Option<PathBuf> {
    let folder = reader.parsed(&v::TELEGRAM_LOCAL_FILES_DIR, |text| {
        Some(PathBuf::from(text)).filter(|folder| folder.is_dir())
    });
    if folder.is_some() {
        reader
            .warn(&v::TELEGRAM_LOCAL_FILES_DIR, "has no effect yet; nothing in this version downloads files");
    }
    folder
}

fn origin(reader: &mut Reader<'_>) -> Origin {
    let is_webhook = reader.switch(&v::USE_WEBHOOKS);
    let domain = reader.parsed(&v::WEBHOOK_DOMAIN, webhook_domain);
    let secret = webhook_secret(reader, &v::WEBHOOK_SECRET);
    let previous_secret = webhook_secret(reader, &v::WEBHOOK_SECRET_PREVIOUS);
    if !is_webhook {
        return Origin::Polling;
    }
    if let (Some(domain), Some(secret)) = (domain, secret) {
        return Origin::Webhook(WebhookPlace { domain, secret, previous_secret });
    }
    reader.miss(&v::WEBHOOK_DOMAIN);
    reader.miss(&v::WEBHOOK_SECRET);
    // Nobody sees it, for a problem ends the start.
    Origin::Polling
}

/// Telegram: a webhook is reached over TLS, on one of four ports.
fn webhook_domain(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "https" && url.has_host())?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    let is_reached = matches!(url.port_or_known_default(), Some(443 | 80 | 88 | 8443));
    (is_plain && is_reached && url.fragment().is_none()).then_some(url)
}

fn webhook_secret(reader: &mut Reader<'_>, variable: &'static Variable) -> Option<SecretString> {
    let is_right = |text: &str| (1..=256).contains(&text.len()) && text.bytes().all(is_key_letter);
    let secret = reader.secret(variable, is_right)?;
    if secret.len() < SHORT_SECRET {
        reader.warn(variable, format_args!("shorter than {SHORT_SECRET} letters, which can be guessed"));
    }
    Some(secret.into())
}

fn settings(reader: &mut Reader<'_>) -> Settings {
    let link = |text: &str| Url::parse(text).ok().filter(Url::has_host).map(|url| url.to_string());
    Settings {
        owner: reader.parsed(&v::OWNER_ID, |text| text.parse().ok().filter(|id| *id > 0).map(UserId::new)),
        languages: languages(reader),
        links: Links {
            news: reader.parsed(&v::NEWS_URL, link),
            support: reader.parsed(&v::SUPPORT_URL, link),
            donation: reader.parsed(&v::DONATION_URL, link),
            translation: reader.parsed(&v::TRANSLATION_URL, link),
            supergroup_help: reader.parsed(&v::SUPERGROUP_HELP_URL, link),
        },
        translation_endpoint: reader.parsed(&v::TRANSLATE_ENDPOINT, |text| {
            link(text).filter(|link| link.starts_with("http://") || link.starts_with("https://"))
        }),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// A language that this build does not have is left out with a warning; the bot still starts.
fn languages(reader: &mut Reader<'_>) -> Vec<Language> {
    let text = reader.word(&v::ENABLED_LOCALES);
    let mut languages = Vec::new();
    for code in text.split(',').map(str::trim).filter(|code| !code.is_empty()) {
        match Language::from_code(&code.to_lowercase()) {
            Some(language) if !languages.contains(&language) => languages.push(language),
            Some(_) => {}
            None => reader.warn(
                &v::ENABLED_LOCALES,
                format_args!("there is no language `{code}` in this version, so it is not offered"),
            ),
        }
    }
    languages
}

fn database(reader: &mut Reader<'_>, data_dir: &std::path::Path) -> String {
    let is_right =
        |url: &str| ["sqlite:", "postgres://", "postgresql://"].iter().any(|it| url.starts_with(it));
    reader.secret_or(&v::DATABASE_URL, &embedded(data_dir), is_right)
}

fn pool(reader: &mut Reader<'_>, is_embedded: bool) -> PoolPlace {
    let max_open = reader.number_or(&v::DB_MAX_OPEN_CONNS, if is_embedded { 8 } else { 50 });
    let max_idle = reader.number_or(&v::DB_MAX_IDLE_CONNS, max_open.clamp(1, 50));
    if reader.is_set(&v::DB_MAX_IDLE_CONNS) {
        if max_idle > max_open {
            reader.problem(&v::DB_MAX_IDLE_CONNS, "allowed is not more than DB_MAX_OPEN_CONNS");
        }
        reader.warn(
            &v::DB_MAX_IDLE_CONNS,
            "has no effect; DB_CONN_MAX_IDLE_TIME_MIN says how long a connection idles",
        );
    }
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    PoolPlace {
        max_open,
        lifetime: minutes(reader.number(&v::DB_CONN_MAX_LIFETIME_MIN)),
        idle_time: minutes(reader.number(&v::DB_CONN_MAX_IDLE_TIME_MIN)),
        is_watched: reader.switch(&v::ENABLE_DB_MONITORING),
    }
}

fn migrates_softly(reader: &mut Reader<'_>) -> bool {
    let is_soft = reader.switch(&v::AUTO_MIGRATE_SILENT_FAIL);
    if is_soft {
        reader.warn(
            &v::AUTO_MIGRATE_SILENT_FAIL,
            "the bot may run on tables that are too old; for development only",
        );
    }
    is_soft
}

fn redis(reader: &mut Reader<'_>) -> Option<RedisPlace> {
    let direct = reader.parsed(&v::REDIS_ADDRESS, |text| is_host_and_port(text).then(|| text.to_owned()));
    let is_direct = reader.is_set(&v::REDIS_ADDRESS);
    let url = reader.secret(&v::REDIS_URL, |url| {
        is_direct || ["redis://", "rediss://"].iter().any(|it| url.starts_with(it))
    });
    if is_direct && url.is_some() {
        reader.warn(&v::REDIS_URL, "has no effect, for REDIS_ADDRESS is set too");
    }
    let password = reader.secret(&v::REDIS_PASSWORD, |_| true);
    // An address names its own database, unless the operator insists on another.
    let database = if is_direct {
        Some(reader.number_or(&v::REDIS_DB, 1))
    } else if reader.is_set(&v::REDIS_DB) {
        Some(reader.number(&v::REDIS_DB))
    } else {
        reader.text(&v::REDIS_DB);
        None
    };
    let is_optional = reader.switch(&v::REDIS_OPTIONAL);
    let is_cleared_at_start = reader.switch(&v::CLEAR_CACHE_ON_STARTUP);
    let address = direct.or(url)?;
    Some(RedisPlace { address, password, database, is_optional, is_cleared_at_start })
}

fn is_host_and_port(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    !host.is_empty() && !host.contains(['/', '@']) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

fn metrics_are_public(reader: &mut Reader<'_>, has_token: bool) -> bool {
    let are_public = reader.switch(&v::METRICS_PUBLIC);
    if are_public && !has_token {
        reader.warn(&v::METRICS_PUBLIC, "everybody who reaches the port may read the metrics");
    }
    are_public
}

fn profiles(reader: &mut Reader<'_>, has_token: bool) -> bool {
    let are_on = reader.switch(&v::ENABLE_PPROF);
    if are_on {
        let what = if has_token {
            "whoever has METRICS_AUTH_TOKEN can slow the bot down and look into its memory"
        } else {
            "has no effect without METRICS_AUTH_TOKEN"
        };
        reader.warn(&v::ENABLE_PPROF, what);
    }
    are_on
}

fn watching(reader: &mut Reader<'_>, is_debug: bool) -> Watching {
    Watching {
        remediates: reader.switch_or(&v::ENABLE_PERFORMANCE_MONITORING, !is_debug),
        collects: reader.switch_or(&v::ENABLE_BACKGROUND_STATS, !is_debug),
        max_tasks: reader.number(&v::RESOURCE_MAX_GOROUTINES),
        max_memory_mb: reader.number(&v::RESOURCE_MAX_MEMORY_MB),
        memory_cleanup_mb: reader.number(&v::RESOURCE_GC_THRESHOLD_MB),
        exits_when_critical: reader.switch(&v::REMEDIATION_EXIT),
    }
}

fn activity(reader: &mut Reader<'_>) -> ActivityPlace {
    let hours: u64 = reader.number(&v::ACTIVITY_CHECK_INTERVAL);
    ActivityPlace {
        inactive_after_days: reader.number(&v::INACTIVITY_THRESHOLD_DAYS),
        interval: Duration::from_secs(hours * 3_600),
        marks_inactive: reader.switch(&v::ENABLE_AUTO_CLEANUP),
    }
}

fn traces(reader: &mut Reader<'_>) -> TracesPlace {
    let endpoint = reader.text(&v::OTEL_EXPORTER_OTLP_ENDPOINT);
    let is_insecure = reader.switch(&v::OTEL_EXPORTER_OTLP_INSECURE);
    if is_insecure && endpoint.is_some() {
        reader.warn(&v::OTEL_EXPORTER_OTLP_INSECURE, "traces travel in plain text");
    }
    TracesPlace {
        endpoint,
        is_insecure,
        to_console: reader.switch(&v::OTEL_EXPORTER_CONSOLE),
        service: reader.word(&v::OTEL_SERVICE_NAME),
        sample_rate: reader.share(&v::OTEL_TRACES_SAMPLE_RATE),
    }
}

fn log_format(reader: &mut Reader<'_>) -> LogFormat {
    let format = reader.parsed(&v::LOG_FORMAT, |text| match text {
        "json" => Some(LogFormat::Json),
        "text" => Some(LogFormat::Text),
        _ => None,
    });
    format.unwrap_or_default()
}

fn log_filter(reader: &mut Reader<'_>, is_debug: bool) -> String {
    let filter = reader.text_or(&v::LOG_LEVEL, if is_debug { "debug" } else { "info" });
    if !logs::is_filter(&filter) {
        reader.refuse_text(&v::LOG_LEVEL, &filter);
    }
    filter
}
