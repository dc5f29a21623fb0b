//! The values, and the rules that join them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use alita_i18n::Language;
use alita_model::{ChatId, UserId};
use alita_modules::{Links, Settings};
use alita_monitoring::LogFormat;
use alita_telegram::{Limits, SecretString, Url};

use secrecy::ExposeSecret;

use super::env::Env;
use super::reader::{Problem, Reader, Shown};

/// The database that needs nothing but a folder.
pub(crate) fn embedded(data_dir: &Path) -> String {
    format!("sqlite://{}", data_dir.join("alita.db").display())
}

/// Where Redis is, if there is one.
#[derive(Debug, Clone)]
pub(crate) struct RedisPlace {
    pub(crate) address: String,
    pub(crate) password: Option<String>,
    pub(crate) database: Option<u8>,
    pub(crate) is_optional: bool,
    pub(crate) is_cleared_at_start: bool,
}

/// Where updates come from.
#[derive(Debug, Clone)]
pub(crate) enum Origin {
    /// We ask Telegram.
    Polling,
    /// Telegram calls us.
    Webhook(WebhookPlace),
}

/// Where Telegram finds us, and how it proves itself.
#[derive(Debug, Clone)]
pub(crate) struct WebhookPlace {
    /// The public address, `https` and a host.
    pub(crate) domain: Url,
    pub(crate) secret: SecretString,
    /// The secret before the last change, for the time that Telegram still uses it.
    pub(crate) previous_secret: Option<SecretString>,
}

/// How the pool of database connections is kept.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PoolPlace {
    pub(crate) max_open: u32,
    pub(crate) max_idle: u32,
    pub(crate) lifetime: Duration,
    pub(crate) idle_time: Duration,
    /// Whether its figures are logged every minute.
    pub(crate) is_watched: bool,
}

/// What is watched, and from where on something is done about it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Watching {
    /// Remediation by itself (`ENABLE_PERFORMANCE_MONITORING`).
    pub(crate) remediates: bool,
    /// Statistics in the background (`ENABLE_BACKGROUND_STATS`).
    pub(crate) collects: bool,
    pub(crate) max_tasks: u32,
    pub(crate) max_memory_mb: u32,
    pub(crate) memory_cleanup_mb: u32,
    /// Leave with code 70 in the last tier (`REMEDIATION_EXIT`).
    pub(crate) exits_when_critical: bool,
}

/// When a chat counts as inactive.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ActivityPlace {
    pub(crate) inactive_after_days: u32,
    pub(crate) interval: Duration,
    pub(crate) marks_inactive: bool,
}

/// Where spans go.
#[derive(Debug, Clone)]
pub(crate) struct TracesPlace {
    pub(crate) endpoint: Option<String>,
    pub(crate) is_insecure: bool,
    pub(crate) to_console: bool,
    pub(crate) service: String,
    /// From 0.0 (none) to 1.0 (all).
    pub(crate) sample_rate: f64,
}

/// Everything that an operator decides.
#[derive(Debug)]
#[allow(dead_code, reason = "each part takes its fields when it is joined")]
pub(crate) struct Config {
    pub(crate) token: SecretString,
    pub(crate) api_server: Url,
    pub(crate) limits: Limits,
    pub(crate) idle_connections: usize,
    pub(crate) origin: Origin,
    pub(crate) drops_pending_updates: bool,
    pub(crate) message_dump: Option<ChatId>,
    pub(crate) settings: Settings,
    pub(crate) database_url: SecretString,
    pub(crate) pool: PoolPlace,
    pub(crate) migrates: bool,
    pub(crate) migrates_softly: bool,
    pub(crate) redis: Option<RedisPlace>,
    pub(crate) data_dir: PathBuf,
    pub(crate) http: SocketAddr,
    pub(crate) metrics_token: Option<SecretString>,
    pub(crate) metrics_are_public: bool,
    pub(crate) profiles: bool,
    pub(crate) watching: Watching,
    pub(crate) activity: ActivityPlace,
    pub(crate) traces: TracesPlace,
    pub(crate) max_updates: usize,
    pub(crate) log_format: LogFormat,
    pub(crate) log_filter: String,
    pub(crate) is_debug: bool,
    pub(crate) shutdown_limit: Duration,
    pub(crate) shown: Vec<Shown>,
}

impl Config {
    /// Reads all variables.
    ///
    /// # Errors
    ///
    /// Every problem that there is, so that the operator has to look only once.
    pub(crate) fn read(env: &Env) -> Result<Self, Vec<Problem>> {
        let mut reader = Reader::new(env);
        let config = Self::from_reader(&mut reader);
        if !reader.problems.is_empty() {
            return Err(reader.problems);
        }
        Ok(Self { shown: reader.shown, ..config })
    }

    /// The variable that decides where the database is, for complaints about it.
    pub(crate) fn database_variable(&self) -> &'static str {
        if self.database_url.expose_secret() == embedded(&self.data_dir) {
            "DATA_DIR"
        } else {
            "DATABASE_URL"
        }
    }

    fn from_reader(reader: &mut Reader<'_>) -> Self {
        let api_server =
            reader.parsed("API_SERVER", "an address that begins with http:// or https://", server);
        let is_public_server = api_server.is_none();
        let token = token(reader, is_public_server);
        let is_debug = reader.switch("DEBUG", false);
        let data_dir = PathBuf::from(reader.text_or("DATA_DIR", "data"));
        let database_url = database(reader, &data_dir);
        let is_embedded = database_url.starts_with("sqlite:");
        Self {
            token: token.into(),
            api_server: api_server.unwrap_or_else(public_server),
            limits: Limits {
                global_per_second: reader.number("TELEGRAM_GLOBAL_RPS", 30, 1..=10_000),
                group_per_minute: reader.number("TELEGRAM_GROUP_RPM", 20, 1..=100_000),
                chat_per_second: reader.number("TELEGRAM_CHAT_RPS", 1, 1..=10_000),
            },
            idle_connections: reader.number("HTTP_MAX_IDLE_CONNS_PER_HOST", 50, 5..=500),
            origin: origin(reader),
            drops_pending_updates: reader.switch("DROP_PENDING_UPDATES", false),
            message_dump: chat(reader),
            settings: settings(reader),
            database_url: database_url.into(),
            pool: pool(reader, is_embedded),
            migrates: reader.switch("AUTO_MIGRATE", is_embedded),
            migrates_softly: reader.switch("AUTO_MIGRATE_SILENT_FAIL", false),
            redis: redis(reader),
            data_dir,
            http: SocketAddr::from(([0, 0, 0, 0], port(reader))),
            metrics_token: reader.secret("METRICS_AUTH_TOKEN").map(Into::into),
            metrics_are_public: reader.switch("METRICS_PUBLIC", false),
            profiles: reader.switch("ENABLE_PPROF", false),
            watching: watching(reader, is_debug),
            activity: activity(reader),
            traces: traces(reader),
            max_updates: reader.number("DISPATCHER_MAX_ROUTINES", 200, 1..=1_000),
            log_format: log_format(reader),
            log_filter: reader.text_or("LOG_LEVEL", if is_debug { "debug" } else { "info" }),
            is_debug,
            shutdown_limit: Duration::from_secs(reader.number("SHUTDOWN_TIMEOUT_SECONDS", 60, 5..=600)),
            shown: Vec::new(),
        }
    }
}

fn origin(reader: &mut Reader<'_>) -> Origin {
    let is_webhook = reader.switch("USE_WEBHOOKS", false);
    let domain = reader.parsed("WEBHOOK_DOMAIN", "an address that begins with https://", webhook_domain);
    let secret = reader.secret("WEBHOOK_SECRET");
    let previous_secret = reader.secret("WEBHOOK_SECRET_PREVIOUS");
    let is_secret = |text: &String| {
        (1..=256).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    };
    let named = [("WEBHOOK_SECRET", &secret), ("WEBHOOK_SECRET_PREVIOUS", &previous_secret)];
    for (variable, _) in named.iter().filter(|(_, text)| text.as_ref().is_some_and(|text| !is_secret(text))) {
        reader.problem(variable, "1 to 256 letters, digits, - or _");
    }
    if !is_webhook {
        return Origin::Polling;
    }
    if domain.is_none() && !reader.is_set("WEBHOOK_DOMAIN") {
        reader.problem("WEBHOOK_DOMAIN", "required with USE_WEBHOOKS: where Telegram finds this bot");
    }
    if secret.is_none() {
        reader.problem("WEBHOOK_SECRET", "required with USE_WEBHOOKS: what Telegram proves itself with");
    }
    match (domain, secret) {
        (Some(domain), Some(secret)) => Origin::Webhook(WebhookPlace {
            domain,
            secret: secret.into(),
            previous_secret: previous_secret.map(Into::into),
        }),
        _ => Origin::Polling,
    }
}

/// Telegram: a webhook is reached over TLS, on one of four ports.
fn webhook_domain(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok().filter(|url| url.scheme() == "https" && url.has_host())?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
    let is_reached = matches!(url.port_or_known_default(), Some(443 | 80 | 88 | 8443));
    (is_plain && is_reached && url.fragment().is_none()).then_some(url)
}

fn pool(reader: &mut Reader<'_>, is_embedded: bool) -> PoolPlace {
    let max_open = reader.number("DB_MAX_OPEN_CONNS", if is_embedded { 8 } else { 50 }, 1..=1_000);
    let max_idle = reader.number("DB_MAX_IDLE_CONNS", max_open.min(50), 1..=100);
    if max_idle > max_open {
        reader.problem("DB_MAX_IDLE_CONNS", "not more than DB_MAX_OPEN_CONNS");
    }
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    PoolPlace {
        max_open,
        max_idle,
        lifetime: minutes(reader.number("DB_CONN_MAX_LIFETIME_MIN", 240, 1..=1_440)),
        idle_time: minutes(reader.number("DB_CONN_MAX_IDLE_TIME_MIN", 60, 1..=60)),
        is_watched: reader.switch("ENABLE_DB_MONITORING", false),
    }
}

fn watching(reader: &mut Reader<'_>, is_debug: bool) -> Watching {
    Watching {
        remediates: reader.switch("ENABLE_PERFORMANCE_MONITORING", !is_debug),
        collects: reader.switch("ENABLE_BACKGROUND_STATS", !is_debug),
        max_tasks: reader.number("RESOURCE_MAX_GOROUTINES", 1_000, 100..=10_000),
        max_memory_mb: reader.number("RESOURCE_MAX_MEMORY_MB", 500, 100..=10_000),
        memory_cleanup_mb: reader.number("RESOURCE_GC_THRESHOLD_MB", 400, 100..=5_000),
        exits_when_critical: reader.switch("REMEDIATION_EXIT", false),
    }
}

fn activity(reader: &mut Reader<'_>) -> ActivityPlace {
    ActivityPlace {
        inactive_after_days: reader.number("INACTIVITY_THRESHOLD_DAYS", 30, 1..=365),
        interval: Duration::from_secs(reader.number("ACTIVITY_CHECK_INTERVAL", 1, 1..=24) * 3_600),
        marks_inactive: reader.switch("ENABLE_AUTO_CLEANUP", true),
    }
}

fn traces(reader: &mut Reader<'_>) -> TracesPlace {
    let rate = |text: &str| text.parse::<f64>().ok().filter(|rate| (0.0..=1.0).contains(rate));
    TracesPlace {
        endpoint: reader.text("OTEL_EXPORTER_OTLP_ENDPOINT"),
        is_insecure: reader.switch("OTEL_EXPORTER_OTLP_INSECURE", false),
        to_console: reader.switch("OTEL_EXPORTER_CONSOLE", false),
        service: reader.text_or("OTEL_SERVICE_NAME", "alita_robot"),
        sample_rate: reader
            .parsed("OTEL_TRACES_SAMPLE_RATE", "a number from 0.0 to 1.0", rate)
            .unwrap_or(1.0),
    }
}

/// The port of the HTTP server, also for the health check of a configuration that is otherwise broken.
pub(crate) fn port(reader: &mut Reader<'_>) -> u16 {
    let fallback = reader.number("PORT", 8080, 1..=u16::MAX);
    reader.number("HTTP_PORT", fallback, 1..=u16::MAX)
}

fn token(reader: &mut Reader<'_>, is_public_server: bool) -> String {
    let Some(token) = reader.secret("BOT_TOKEN") else {
        reader.problem("BOT_TOKEN", "required: the token that @BotFather gave you");
        return String::new();
    };
    if is_public_server && !has_token_shape(&token) {
        reader.problem(
            "BOT_TOKEN",
            "not a token: a token is a number, a colon, and 30 or more letters, digits, - or _",
        );
    }
    token
}

fn has_token_shape(token: &str) -> bool {
    let Some((id, key)) = token.split_once(':') else { return false };
    let is_key = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) && key.len() >= 30 && key.bytes().all(is_key)
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

fn database(reader: &mut Reader<'_>, data_dir: &Path) -> String {
    let Some(url) = reader.secret("DATABASE_URL") else { return embedded(data_dir) };
    let schemes = ["sqlite:", "postgres://", "postgresql://"];
    if !schemes.iter().any(|scheme| url.starts_with(scheme)) {
        reader.problem("DATABASE_URL", "begins with sqlite://, postgres:// or postgresql://");
    }
    url
}

fn chat(reader: &mut Reader<'_>) -> Option<ChatId> {
    reader.parsed("MESSAGE_DUMP", "the id of a chat, such as -1001234567890", |text| {
        text.parse().ok().filter(|id| *id != 0).map(ChatId::new)
    })
}

fn settings(reader: &mut Reader<'_>) -> Settings {
    let link = |text: &str| Url::parse(text).ok().filter(Url::has_host).map(|url| url.to_string());
    let a_link = "an address that begins with https://";
    Settings {
        owner: reader.parsed("OWNER_ID", "the id of a person, a number above 0", |text| {
            text.parse().ok().filter(|id| *id > 0).map(UserId::new)
        }),
        languages: languages(reader),
        links: Links {
            news: reader.parsed("NEWS_URL", a_link, link),
            support: reader.parsed("SUPPORT_URL", a_link, link),
            donation: reader.parsed("DONATION_URL", a_link, link),
            translation: reader.parsed("TRANSLATION_URL", a_link, link),
            supergroup_help: reader.parsed("SUPERGROUP_HELP_URL", a_link, link),
        },
        translation_endpoint: reader.parsed("TRANSLATE_ENDPOINT", a_link, link),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// A language that this build does not have is left out with a warning; the bot still starts.
fn languages(reader: &mut Reader<'_>) -> Vec<Language> {
    let text = reader.text_or("ENABLED_LOCALES", "en");
    let mut languages = Vec::new();
    for code in text.split(',').map(str::trim).filter(|code| !code.is_empty()) {
        match Language::from_code(&code.to_lowercase()) {
            Some(language) if !languages.contains(&language) => languages.push(language),
            Some(_) => {}
            None => eprintln!(
                "ENABLED_LOCALES: there is no language `{code}` in this build, so it is not offered."
            ),
        }
    }
    languages
}

fn redis(reader: &mut Reader<'_>) -> Option<RedisPlace> {
    let direct = reader.text("REDIS_ADDRESS");
    let url = reader.secret("REDIS_URL");
    let password = reader.secret("REDIS_PASSWORD");
    let is_direct = direct.is_some();
    // The original's default for a direct address is 1; an address with a path names its own.
    let database = reader.number("REDIS_DB", u8::from(is_direct), 0..=15);
    let database = (is_direct || reader.is_set("REDIS_DB")).then_some(database);
    let is_optional = reader.switch("REDIS_OPTIONAL", false);
    let is_cleared_at_start = reader.switch("CLEAR_CACHE_ON_STARTUP", true);
    if !is_direct
        && url.as_deref().is_some_and(|url| !url.starts_with("redis://") && !url.starts_with("rediss://"))
    {
        reader.problem("REDIS_URL", "begins with redis:// or rediss://");
    }
    let address = direct.or(url)?;
    Some(RedisPlace { address, password, database, is_optional, is_cleared_at_start })
}

fn log_format(reader: &mut Reader<'_>) -> LogFormat {
    reader
        .parsed("LOG_FORMAT", "json or text", |text| match text {
            "json" => Some(LogFormat::Json),
            "text" => Some(LogFormat::Text),
            _ => None,
        })
        .unwrap_or(LogFormat::Json)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "123456789:abcdefghijklmnopqrstuvwxyz_ABCDEFGH";

    fn problems(pairs: &[(&str, &str)]) -> Vec<String> {
        Config::read(&Env::of(pairs))
            .map_or_else(|problems| problems.iter().map(ToString::to_string).collect(), |_| Vec::new())
    }

    #[test]
    fn a_token_is_enough() {
        let config = Config::read(&Env::of(&[("BOT_TOKEN", TOKEN)])).unwrap();
        assert_eq!(config.data_dir, Path::new("data"));
        assert_eq!(config.database_url.expose_secret(), "sqlite://data/alita.db");
        assert!(config.migrates);
        assert!(config.redis.is_none());
        assert_eq!(config.http.port(), 8080);
        assert_eq!(config.api_server.as_str(), "https://api.telegram.org/");
    }

    #[test]
    fn the_embedded_database_lies_in_the_folder_of_the_data() {
        let read = |pairs: &[(&str, &str)]| {
            let mut all = vec![("BOT_TOKEN", TOKEN), ("DATA_DIR", "/srv/alita")];
            all.extend_from_slice(pairs);
            Config::read(&Env::of(&all)).unwrap().database_url.expose_secret().to_owned()
        };
        assert_eq!(read(&[]), "sqlite:///srv/alita/alita.db");
        assert_eq!(read(&[("DATABASE_URL", "sqlite://x.db")]), "sqlite://x.db");
    }

    #[test]
    fn all_problems_are_told_at_once_and_secrets_are_not() {
        let found = problems(&[
            ("BOT_TOKEN", "nonsense-token"),
            ("DATABASE_URL", "mysql://root:hunter2@db"),
            ("HTTP_PORT", "99999"),
            ("DEBUG", "maybe"),
            ("API_SERVER", "ftp://x"),
            ("OWNER_ID", "-3"),
            ("USE_WEBHOOKS", "true"),
            ("WEBHOOK_DOMAIN", "http://plain.example"),
        ]);
        let text = found.join("\n");
        for variable in [
            "DATABASE_URL",
            "HTTP_PORT",
            "DEBUG",
            "API_SERVER",
            "OWNER_ID",
            "WEBHOOK_DOMAIN",
            "WEBHOOK_SECRET",
        ] {
            assert!(text.contains(variable), "{variable} is missing in {text}");
        }
        assert!(!text.contains("hunter2") && !text.contains("nonsense-token"), "{text}");
        assert!(text.contains("HTTP_PORT: found `99999`, allowed is a whole number from 1 to 65535"));
    }

    #[test]
    fn an_explicit_no_is_a_no() {
        let config = Config::read(&Env::of(&[("BOT_TOKEN", TOKEN), ("AUTO_MIGRATE", "off")])).unwrap();
        assert!(!config.migrates);
        let server = [
            ("BOT_TOKEN", "x"),
            ("DATABASE_URL", "postgres://a@b/c"),
            ("API_SERVER", "http://u:p@h:81/sub/?q#f"),
        ];
        let config = Config::read(&Env::of(&server)).unwrap();
        assert!(!config.migrates);
        assert_eq!(config.api_server.as_str(), "http://h:81/sub/");
    }

    #[test]
    fn redis_comes_directly_or_by_address() {
        let read = |pairs: &[(&str, &str)]| {
            let mut all = vec![("BOT_TOKEN", TOKEN)];
            all.extend_from_slice(pairs);
            Config::read(&Env::of(&all)).unwrap().redis.unwrap()
        };
        assert_eq!(read(&[("REDIS_ADDRESS", "h:1"), ("REDIS_URL", "redis://x")]).address, "h:1");
        assert_eq!(read(&[("REDIS_ADDRESS", "h:1")]).database, Some(1));
        assert_eq!(read(&[("REDIS_ADDRESS", "h:1"), ("REDIS_DB", "0")]).database, Some(0));
        assert_eq!(read(&[("REDIS_URL", "redis://x/3")]).database, None);
        assert_eq!(read(&[("REDIS_URL", "redis://x/3"), ("REDIS_DB", "0")]).database, Some(0));
    }

    #[test]
    fn the_example_file_names_exactly_what_is_read() {
        let example = include_str!("../../../../deploy/alita.env.example");
        let lines = example.lines().map(|line| line.trim_start_matches('#'));
        let mut named: Vec<&str> = lines
            .filter_map(|line| line.split_once('='))
            .map(|(name, _)| name)
            .filter(|name| name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
            .collect();
        let config = Config::read(&Env::of(&[("BOT_TOKEN", TOKEN)])).unwrap();
        let mut read: Vec<&str> = config.shown.iter().map(|shown| shown.variable).collect();
        named.sort_unstable();
        read.sort_unstable();
        assert_eq!(named, read);
    }

    #[test]
    fn unknown_languages_are_left_out() {
        let env = Env::of(&[("BOT_TOKEN", TOKEN), ("ENABLED_LOCALES", "en, xx ,es,en")]);
        assert_eq!(Config::read(&env).unwrap().settings.languages, [Language::EN, Language::ES]);
    }
}
