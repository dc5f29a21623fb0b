//! What each step copies from the Go bot, as statements of PostgreSQL.
//!
//! That bot let in what ours does not: empty columns, rows without their chat, two owners of one name, counters beside
//! lists of another length. What can be made right is made right here, and of two that exclude each other the newer one
//! is taken.

/// A table, and how its rows come about.
pub(super) struct Piece {
    /// The step that makes the table.
    pub(super) step: &'static str,
    pub(super) table: &'static str,
    /// Where the rows come from.
    pub(super) source: &'static str,
    /// Which of its rows must be there first.
    parents: &'static [Parent],
    /// The copying itself.
    pub(super) rows: &'static str,
}

#[derive(Clone, Copy)]
enum Parent {
    Chat,
    User,
}

impl Piece {
    /// Makes sure that everybody whom the rows name is there; whoever is missing is somebody nothing is known of.
    pub(super) fn parents(&self) -> impl Iterator<Item = String> {
        self.parents.iter().map(|parent| {
            let source = self.source;
            match parent {
                Parent::Chat => format!(
                    "INSERT INTO chats (chat_id, chat_name, language, is_inactive, last_activity, created_at, updated_at) \
                     SELECT DISTINCT chat_id, '', '', false, now(), now(), now() FROM {source} AS old \
                     WHERE chat_id IS NOT NULL ON CONFLICT DO NOTHING"
                ),
                Parent::User => format!(
                    "INSERT INTO users (user_id, username, name, language, last_activity, created_at, updated_at) \
                     SELECT DISTINCT user_id, NULL, '', '', now(), now(), now() FROM {source} AS old \
                     WHERE user_id IS NOT NULL ON CONFLICT DO NOTHING"
                ),
            }
        })
    }
}

/// In the order in which they are copied.
pub(super) const PIECES: &[Piece] = &[
    Piece {
        step: "m0001_users",
        table: "users",
        source: "go_alita.users",
        parents: &[],
        rows: "
            INSERT INTO users (user_id, username, name, language, last_activity, created_at, updated_at)
            SELECT user_id,
                   CASE row_number() OVER (PARTITION BY lower(plain) ORDER BY last_activity DESC NULLS LAST, id DESC)
                       WHEN 1 THEN plain
                   END,
                   coalesce(name, ''), coalesce(language, ''), coalesce(last_activity, updated_at, now()),
                   coalesce(created_at, now()), coalesce(updated_at, now())
            FROM (SELECT *, nullif(ltrim(btrim(username), '@'), '') AS plain FROM go_alita.users) AS old",
    },
    Piece {
        step: "m0002_chats",
        table: "chats",
        source: "go_alita.chats",
        parents: &[],
        rows: "
            INSERT INTO chats (chat_id, chat_name, language, is_inactive, last_activity, created_at, updated_at)
            SELECT chat_id, coalesce(chat_name, ''), coalesce(language, ''), coalesce(is_inactive, false),
                   coalesce(last_activity, updated_at, now()), coalesce(created_at, now()), coalesce(updated_at, now())
            FROM go_alita.chats AS old",
    },
    Piece {
        step: "m0002_chats",
        table: "chat_members",
        source: "(
            SELECT DISTINCT chat_id, member::bigint AS user_id
            FROM go_alita.chats, jsonb_array_elements_text(
                CASE jsonb_typeof(users) WHEN 'array' THEN users ELSE '[]' END
            ) AS member
            WHERE member ~ '^[1-9][0-9]{0,17}$'
        )",
        parents: &[Parent::User],
        rows: "
            INSERT INTO chat_members (chat_id, user_id, first_seen, last_seen)
            SELECT DISTINCT chat_id, member::bigint, coalesce(created_at, now()),
                   coalesce(last_activity, updated_at, now())
            FROM go_alita.chats, jsonb_array_elements_text(
                CASE jsonb_typeof(users) WHEN 'array' THEN users ELSE '[]' END
            ) AS member
            WHERE member ~ '^[1-9][0-9]{0,17}$'",
    },
    Piece {
        step: "m0003_channels",
        table: "channels",
        source: "go_alita.channels",
        parents: &[],
        rows: "
            INSERT INTO channels (chat_id, channel_name, username, created_at, updated_at)
            SELECT chat_id, coalesce(channel_name, ''),
                   CASE row_number() OVER (PARTITION BY plain ORDER BY updated_at DESC NULLS LAST, id DESC)
                       WHEN 1 THEN plain
                   END,
                   coalesce(created_at, now()), coalesce(updated_at, now())
            FROM (
                SELECT *, nullif(lower(ltrim(btrim(username), '@')), '') AS plain FROM go_alita.channels
            ) AS old",
    },
    Piece {
        step: "m0004_admin",
        table: "admin",
        source: "go_alita.admin",
        parents: &[Parent::Chat],
        rows: "
            INSERT INTO admin (chat_id, anon_admin, created_at, updated_at)
            SELECT chat_id, coalesce(anon_admin, false), coalesce(created_at, now()), coalesce(updated_at, now())
            FROM go_alita.admin AS old WHERE chat_id IS NOT NULL",
    },
    Piece {
        step: "m0005_disabling",
        table: "disable",
        source: "go_alita.disable",
        parents: &[Parent::Chat],
        rows: "
            INSERT INTO disable (chat_id, command, disabled, created_at, updated_at)
            SELECT chat_id, lower(command), coalesce(disabled, true),
                   coalesce(created_at, now()), coalesce(updated_at, now())
            FROM go_alita.disable AS old
            WHERE chat_id IS NOT NULL AND length(command) BETWEEN 1 AND 100
            ORDER BY updated_at DESC NULLS LAST, id DESC
            ON CONFLICT DO NOTHING",
    },
    Piece {
        step: "m0005_disabling",
        table: "disable_chat_settings",
        source: "go_alita.disable_chat_settings",
        parents: &[Parent::Chat],
        rows: "
            INSERT INTO disable_chat_settings (chat_id, delete_commands, created_at, updated_at)
            SELECT chat_id, coalesce(delete_commands, false), coalesce(created_at, now()), coalesce(updated_at, now())
            FROM go_alita.disable_chat_settings AS old WHERE chat_id IS NOT NULL",
    },
    Piece {
        step: "m0006_connections",
        table: "connection",
        source: "go_alita.connection",
        parents: &[Parent::User, Parent::Chat],
        rows: "
            INSERT INTO connection (user_id, chat_id, connected, created_at, updated_at)
            SELECT user_id, chat_id, coalesce(connected, false),
                   coalesce(created_at, now()), coalesce(updated_at, now())
            FROM go_alita.connection AS old WHERE user_id IS NOT NULL AND chat_id IS NOT NULL",
    },
    Piece {
        step: "m0006_connections",
        table: "connection_settings",
        source: "go_alita.connection_settings",
        parents: &[Parent::Chat],
        rows: "
            INSERT INTO connection_settings (chat_id, allow_connect, created_at, updated_at)
            SELECT chat_id, coalesce(allow_connect, true), coalesce(created_at, now()), coalesce(updated_at, now())
            FROM go_alita.connection_settings AS old WHERE chat_id IS NOT NULL",
    },
    Piece {
        step: "m0007_warns",
        table: "warns_settings",
        source: "go_alita.warns_settings",
        parents: &[Parent::Chat],
        rows: "
            INSERT INTO warns_settings (chat_id, warn_limit, warn_mode, created_at, updated_at)
            SELECT chat_id, CASE WHEN warn_limit > 0 THEN warn_limit ELSE 3 END,
                   CASE WHEN warn_mode IN ('ban', 'kick', 'mute', 'tban', 'tmute') THEN warn_mode ELSE 'mute' END,
                   coalesce(created_at, now()), coalesce(updated_at, now())
            FROM go_alita.warns_settings AS old WHERE chat_id IS NOT NULL",
    },
    Piece {
        step: "m0007_warns",
        table: "warns_users",
        source: "go_alita.warns_users",
        parents: &[Parent::User, Parent::Chat],
        // One reason for each warning, an empty one where none is known.
        rows: "
            INSERT INTO warns_users (user_id, chat_id, num_warns, warns, created_at, updated_at)
            SELECT user_id, chat_id, number,
                   (
                       SELECT coalesce(jsonb_agg(left(coalesce(list ->> (i - 1), ''), 3000) ORDER BY i), '[]')
                       FROM generate_series(1, number) AS i
                   ),
                   coalesce(created_at, now()), coalesce(updated_at, now())
            FROM (
                SELECT *, least(greatest(coalesce(num_warns, 0), 0), 1000)::integer AS number,
                       CASE jsonb_typeof(warns) WHEN 'array' THEN warns ELSE '[]' END AS list
                FROM go_alita.warns_users
            ) AS old
            WHERE user_id IS NOT NULL AND chat_id IS NOT NULL",
    },
    Piece {
        step: "m0008_locks",
        table: "locks",
        source: "go_alita.locks",
        parents: &[Parent::Chat],
        rows: "
            INSERT INTO locks (chat_id, lock_type, locked, created_at, updated_at)
            SELECT chat_id, lower(lock_type), coalesce(locked, false),
                   coalesce(created_at, now()), coalesce(updated_at, now())
            FROM go_alita.locks AS old
            WHERE chat_id IS NOT NULL AND length(lock_type) BETWEEN 1 AND 100
            ORDER BY updated_at DESC NULLS LAST, id DESC
            ON CONFLICT DO NOTHING",
    },
    Piece {
        step: "m0009_notes",
        table: "notes",
        source: "go_alita.notes",
        parents: &[Parent::Chat],
        // A name was once all words of a command, and then nobody could ask for the note.
        rows: "
            INSERT INTO notes (chat_id, note_name, note_content, file_id, msg_type, buttons, admin_only, private_only,
                               group_only, web_preview, is_protected, no_notif, created_at, updated_at)
            SELECT chat_id, name, coalesce(note_content, ''), coalesce(file_id, ''),
                   CASE WHEN msg_type BETWEEN 1 AND 8 THEN msg_type ELSE 1 END,
                   (
                       SELECT coalesce(
                           jsonb_agg(
                               jsonb_build_object(
                                   'name', button ->> 'name', 'url', button ->> 'url',
                                   'btn_sameline', coalesce(button -> 'btn_sameline' = 'true', false)
                               )
                               ORDER BY i
                           ),
                           '[]'
                       )
                       FROM jsonb_array_elements(CASE jsonb_typeof(buttons) WHEN 'array' THEN buttons ELSE '[]' END)
                            WITH ORDINALITY AS of_note (button, i)
                       WHERE button ->> 'name' <> '' AND button ->> 'url' <> ''
                   ),
                   coalesce(admin_only, false), coalesce(private_only, false), coalesce(group_only, false),
                   coalesce(web_preview, true), coalesce(is_protected, false), coalesce(no_notif, false),
                   coalesce(created_at, now()), coalesce(updated_at, now())
            FROM (
                SELECT *, regexp_replace(lower(ltrim(btrim(note_name), '# ')), '\\s+', '_', 'g') AS name
                FROM go_alita.notes
            ) AS old
            WHERE chat_id IS NOT NULL AND length(name) BETWEEN 1 AND 64
            ORDER BY updated_at DESC NULLS LAST, id DESC
            ON CONFLICT DO NOTHING",
    },
    Piece {
        step: "m0009_notes",
        table: "notes_settings",
        source: "go_alita.notes_settings",
        parents: &[Parent::Chat],
        rows: "
            INSERT INTO notes_settings (chat_id, private, created_at, updated_at)
            SELECT chat_id, coalesce(private, false), coalesce(created_at, now()), coalesce(updated_at, now())
            FROM go_alita.notes_settings AS old WHERE chat_id IS NOT NULL",
    },
    Piece {
        step: "m0010_approvals",
        table: "approved_users",
        source: "go_alita.approved_users",
        parents: &[Parent::Chat],
        rows: "
            INSERT INTO approved_users (user_id, chat_id, reason, approved_by, created_at, updated_at)
            SELECT user_id, chat_id, coalesce(reason, ''), coalesce(approved_by, 0),
                   coalesce(created_at, now()), coalesce(updated_at, now())
            FROM go_alita.approved_users AS old WHERE user_id IS NOT NULL AND chat_id IS NOT NULL",
    },
    Piece {
        step: "m0011_rules",
        table: "rules",
        source: "go_alita.rules",
        parents: &[Parent::Chat],
        rows: "
            INSERT INTO rules (chat_id, rules, rules_btn, private, created_at, updated_at)
            SELECT chat_id, coalesce(rules, ''), coalesce(rules_btn, ''), coalesce(private, false),
                   coalesce(created_at, now()), coalesce(updated_at, now())
            FROM go_alita.rules AS old WHERE chat_id IS NOT NULL",
    },
    Piece {
        step: "m0012_devs",
        table: "devs",
        source: "go_alita.devs",
        parents: &[Parent::User],
        rows: "
            INSERT INTO devs (user_id, is_dev, sudo, created_at, updated_at)
            SELECT user_id, coalesce(is_dev, false), coalesce(sudo, false),
                   coalesce(created_at, now()), coalesce(updated_at, now())
            FROM go_alita.devs AS old WHERE user_id IS NOT NULL",
    },
];
