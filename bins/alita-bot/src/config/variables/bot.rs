//! Who the bot is and whom it obeys.

use crate::config::variable::{Theme, Variable, secret, switch, text, whole};

const A_LINK: &str = "an address such as https://t.me/your_channel";

theme! {
    BOT = "The bot", "A token is all that the bot needs.";

    BOT_TOKEN: secret(
        "a token, which is a number, a colon, and 30 or more letters, digits, - or _",
        "The token that @BotFather gave you. With an API_SERVER of your own any text may be one.",
    )
    .required("always"),

    OWNER_ID: text(
        "the id of a person, a number above 0",
        "Your own user id: /info calls you the owner of this bot. It gives you no rights in any chat.",
    ),

    MESSAGE_DUMP: text(
        "the id of a chat, such as -1001234567890",
        "The chat that gets a notice when the bot starts and stops, when its load is critical, and of internal errors: \
         each kind at most every ten minutes, with a count. Without it there are no notices.",
    ),

    ENABLED_LOCALES: text(
        "codes of languages with commas between them, such as en,es",
        "The languages that people can choose. One that this version does not have is left out with a warning, and \
         a chat whose language is not in the list keeps it.",
    )
    .preset("en"),

    DROP_PENDING_UPDATES: switch(
        "Forget what came while the bot was off. A moderator would not want to miss a report.",
    )
    .preset("false"),

    DATA_DIR: text(
        "the path of a folder",
        "The folder for what is neither in the database nor in Redis: which messages went out before a crash. The \
         embedded database stands there too. It is made when it is missing.",
    )
    .preset("data"),

    SHUTDOWN_TIMEOUT_SECONDS: whole(
        5,
        600,
        "How long the bot may take to finish what it has begun before it leaves.",
    )
    .preset("60"),
}

theme! {
    LINKS = "Links and translation", "A link that is not set has no button.";

    NEWS_URL: text(A_LINK, "The channel with news about this bot."),
    SUPPORT_URL: text(A_LINK, "The group in which people get help."),
    DONATION_URL: text(A_LINK, "Where people can give something for the bot."),
    TRANSLATION_URL: text(A_LINK, "Where people can help to translate."),
    SUPERGROUP_HELP_URL: text(A_LINK, "A page that says how to turn a basic group into a supergroup."),
    TRANSLATE_ENDPOINT: text(
        "an address that begins with http:// or https://",
        "Where /tr has texts translated. Without it the command says that it is switched off.",
    ),
}
