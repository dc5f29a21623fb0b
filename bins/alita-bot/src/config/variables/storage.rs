//! Where things are kept.

use crate::config::variable::{Theme, Variable, secret, secret_address, switch, text, whole};

theme! {
    DATABASE = "Database",
        "Without an address the bot keeps its data in a file, which is enough for hundreds of groups. Several \
         processes need PostgreSQL.";

    DATABASE_URL: secret_address(
        "an address that begins with sqlite:, postgres:// or postgresql://",
        "Where the database is. A relative path of SQLite begins in the working directory.",
    )
    .follows("sqlite://<DATA_DIR>/alita.db"),

    DB_MAX_OPEN_CONNS: whole(
        1,
        1_000,
        "Connections that are open at once, in each process. At the start the bot warns when they are more than 80 % \
         of what the server allows (max_connections, 100 in a fresh PostgreSQL).",
    )
    .follows("8 with SQLite, 50 with PostgreSQL"),

    DB_MAX_IDLE_CONNS: whole(
        1,
        100,
        "Not more than DB_MAX_OPEN_CONNS. It is read for the sake of old settings and has no effect: our pool bounds \
         how long a connection idles (DB_CONN_MAX_IDLE_TIME_MIN), not how many do.",
    )
    .follows("50, or DB_MAX_OPEN_CONNS if that is less"),

    DB_CONN_MAX_IDLE_TIME_MIN: whole(1, 60, "Minutes after which an idle connection is closed.").preset("60"),

    DB_CONN_MAX_LIFETIME_MIN: whole(1, 1_440, "Minutes after which a connection is replaced by a new one.")
        .preset("240"),

    ENABLE_DB_MONITORING: switch(
        "Log the figures of the connections every minute, as info. Where it is off they are debug lines, with \
         ENABLE_BACKGROUND_STATS alone.",
    )
    .preset("false"),

    AUTO_MIGRATE: switch(
        "Bring the tables up to date at the start. Where it is off, `alita-bot migrate` does it.",
    )
    .follows("true with SQLite, false with PostgreSQL"),

    AUTO_MIGRATE_SILENT_FAIL: switch(
        "Go on with the old tables when AUTO_MIGRATE fails; /health says so under `migrations`. For development only.",
    )
    .preset("false"),
}

theme! {
    REDIS = "Redis",
        "Without a Redis the bot remembers in its own memory. Several processes need one, to see each other's \
         changes.";

    REDIS_ADDRESS: text(
        "host:port, such as localhost:6379",
        "A Redis, reached without TLS. It wins over REDIS_URL, of which then nothing is used.",
    ),

    REDIS_URL: secret_address(
        "an address that begins with redis://, or with rediss:// for TLS",
        "A Redis by its address, with user, password and number of the database. Hosting platforms set it.",
    ),

    REDIS_PASSWORD: secret("any text", "The password. It wins over the one in REDIS_URL."),

    REDIS_DB: whole(0, 15, "The number of the database. It wins over the one in REDIS_URL.")
        .follows("1 with REDIS_ADDRESS, else what REDIS_URL says"),

    REDIS_OPTIONAL: switch("Start although Redis cannot be reached.").preset("false"),

    CLEAR_CACHE_ON_STARTUP: switch(
        "Forget at the start what can be read again from the database. Proofs and counts are kept.",
    )
    .preset("true"),
}
