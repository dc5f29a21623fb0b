//! How much the bot does at once, and what it tells about itself.

use crate::config::variable::{Theme, Variable, choice, share, switch, text, whole};

theme! {
    LIMITS = "Limits and self-help",
        "What the bot does by itself when it runs short of memory, and from where on.";

    DISPATCHER_MAX_ROUTINES: whole(
        1,
        1_000,
        "Updates that are handled at once. 50 to 100 on a small machine, 300 to 500 on a busy one.",
    )
    .preset("200"),

    COMMANDS_USER_RPM: whole(
        0,
        100_000,
        "Commands a minute that a person is heard with. More of them are ignored; 0 is no limit. Admins of the group are always heard.",
    )
    .preset("20"),

    COMMANDS_GROUP_RPM: whole(0, 100_000, "The same for all members of a group together.").preset("60"),

    ENABLE_PERFORMANCE_MONITORING: switch("Let the bot help itself when it runs short.")
        .follows("true, unless DEBUG"),

    ENABLE_BACKGROUND_STATS: switch("Take statistics in the background.").follows("true, unless DEBUG"),

    RESOURCE_MAX_GOROUTINES: whole(100, 10_000, "Tasks that are alive at once before the bot counts as overloaded.")
        .or_else(&["RESOURCE_MAX_TASKS"])
        .preset("1000"),

    RESOURCE_MAX_MEMORY_MB: whole(100, 10_000, "Memory that the bot should stay below.").preset("500"),

    RESOURCE_GC_THRESHOLD_MB: whole(
        100,
        5_000,
        "Memory from which on the bot gives back what it can spare. About 80 % of RESOURCE_MAX_MEMORY_MB.",
    )
    .preset("400"),

    REMEDIATION_EXIT: switch(
        "Leave with code 70 when nothing else helps, so that a supervisor starts the bot anew.",
    )
    .preset("false"),
}

theme! {
    LOGS = "Logs", "One line an event on standard error; secrets are hidden. All times are UTC, whatever TZ says.";

    LOG_FORMAT: choice(&["json", "text"], "For programs, or for people.").preset("json"),

    LOG_LEVEL: text(
        "levels such as info or info,alita_telegram=debug",
        "What is logged, for everything or for single parts.",
    )
    .follows("info, or debug with DEBUG"),

    DEBUG: switch("Log more, with the place in the code, and switch off what runs in the background.")
        .preset("false"),
}

theme! {
    ACTIVITY = "Activity", "Which chats are in use.";

    INACTIVITY_THRESHOLD_DAYS: whole(1, 365, "Days without a message after which a chat counts as inactive.")
        .preset("30"),

    ACTIVITY_CHECK_INTERVAL: whole(1, 24, "Hours between two looks.").preset("1"),

    ENABLE_AUTO_CLEANUP: switch("Mark such chats as inactive; the next message takes the mark away.").preset("true"),
}

theme! {
    TRACES = "Traces", "Without an endpoint and without the console there are none.";

    OTEL_EXPORTER_OTLP_ENDPOINT: text(
        "host:port or an address of a collector, such as localhost:4318",
        "The collector that gets traces.",
    ),

    OTEL_EXPORTER_OTLP_INSECURE: switch("Speak to the collector without TLS.").preset("false"),

    OTEL_EXPORTER_CONSOLE: switch("Print traces on standard error when there is no collector.").preset("false"),

    OTEL_SERVICE_NAME: text("any text", "The name under which traces are filed.").preset("alita_robot"),

    OTEL_TRACES_SAMPLE_RATE: share(
        "The share of updates that are traced. A number outside is moved to the nearer end, and what is no number \
         counts as 1.0, both with a warning.",
    )
    .preset("1.0"),
}
