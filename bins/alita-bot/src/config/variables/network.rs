//! How Telegram and others reach the bot, and how the bot reaches Telegram.

use crate::config::variable::{Theme, Variable, secret, switch, text, whole};

const A_WEBHOOK_SECRET: &str = "1 to 256 letters, digits, - or _";

theme! {
    WEBHOOK = "Webhook", "Without a webhook the bot asks Telegram for updates, which works everywhere.";

    USE_WEBHOOKS: switch("Be called by Telegram instead of asking it.").preset("false"),

    WEBHOOK_DOMAIN: text(
        "an address that begins with https://, on port 443, 80, 88 or 8443",
        "Where Telegram finds this bot. TLS ends in front of the bot, which answers on HTTP_PORT.",
    )
    .required("with USE_WEBHOOKS"),

    WEBHOOK_SECRET: secret(
        A_WEBHOOK_SECRET,
        "What Telegram proves itself with. Take a long random text, such as `openssl rand -hex 32` prints.",
    )
    .required("with USE_WEBHOOKS"),

    WEBHOOK_SECRET_PREVIOUS: secret(
        A_WEBHOOK_SECRET,
        "The secret before the last change. It is accepted for ten minutes after the start.",
    ),
}

theme! {
    HTTP = "HTTP", "One port for /health, /metrics, profiles and the webhook.";

    HTTP_BIND: text(
        "an IP address, such as 0.0.0.0, 127.0.0.1 or ::",
        "The address of this machine at which the bot listens.",
    )
    .preset("0.0.0.0"),

    HTTP_PORT: whole(1, 65_535, "The port at which it listens. Hosting platforms say it as PORT.")
        .or_else(&["PORT"])
        .preset("8080"),

    METRICS_AUTH_TOKEN: secret(
        "any text",
        "Whoever reads /metrics or /db_metrics sends it as a bearer token. Without one only this machine and private \
         networks may read them, and nobody through a proxy.",
    ),

    METRICS_PUBLIC: switch("Let everybody read them where there is no token.").preset("false"),

    ENABLE_PPROF: switch("Let whoever has the token take profiles under /debug/pprof/.").preset("false"),
}

theme! {
    TELEGRAM = "Bot API", "The limits are Telegram's own; press harder only against a server of your own.";

    API_SERVER: text(
        "an address that begins with http:// or https://",
        "A Bot API server of your own. A path is kept; a user, a query and a fragment have no meaning.",
    )
    .preset("https://api.telegram.org"),

    TELEGRAM_LOCAL_FILES_DIR: text(
        "the path of a folder that is there",
        "The folder of a server of your own that runs with --local. It has no effect yet: nothing in this version \
         downloads files.",
    ),

    HTTP_MAX_IDLE_CONNS_PER_HOST: whole(
        5,
        500,
        "Idle connections to the Bot API that are kept. 20 more may be open at once.",
    )
    .preset("50"),

    HTTP_MAX_IDLE_CONNS: whole(
        10,
        1_000,
        "Idle connections in all. The bot speaks to one host, so the smaller of the two numbers counts.",
    )
    .preset("100"),

    TELEGRAM_GLOBAL_RPS: whole(1, 10_000, "Messages a second, over all chats.").preset("30"),

    TELEGRAM_GROUP_RPM: whole(1, 100_000, "Messages a minute in one group.").preset("20"),

    TELEGRAM_CHAT_RPS: whole(1, 10_000, "Messages a second in one chat.").preset("1"),
}
