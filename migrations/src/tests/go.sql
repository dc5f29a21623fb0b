-- What the Go bot has after all its own steps (version 2.21.3), with what people and faults left in it.

CREATE TABLE users (
    id bigserial PRIMARY KEY, user_id bigint NOT NULL UNIQUE, username text, name text, language text DEFAULT 'en',
    created_at timestamptz, updated_at timestamptz, last_activity timestamptz DEFAULT now()
);
CREATE INDEX idx_users_username ON users (username);
CREATE TABLE chats (
    id bigserial PRIMARY KEY, chat_id bigint NOT NULL UNIQUE, chat_name text, language text, users jsonb,
    is_inactive boolean DEFAULT false, created_at timestamptz, updated_at timestamptz,
    last_activity timestamptz DEFAULT now()
);
CREATE TABLE channels (
    id bigserial PRIMARY KEY, chat_id bigint NOT NULL UNIQUE, channel_id bigint, channel_name text, username text,
    created_at timestamptz, updated_at timestamptz
);
CREATE TABLE admin (
    id bigserial PRIMARY KEY, chat_id bigint UNIQUE, anon_admin boolean DEFAULT false,
    created_at timestamptz, updated_at timestamptz
);
CREATE TABLE antiflood_settings (
    id bigserial PRIMARY KEY, chat_id bigint UNIQUE, flood_limit bigint DEFAULT 5, action text DEFAULT 'mute',
    delete_antiflood_message boolean DEFAULT false, created_at timestamptz, updated_at timestamptz
);
CREATE TABLE antiraid_settings (
    id bigserial PRIMARY KEY, chat_id bigint UNIQUE, raid_time integer NOT NULL DEFAULT 21600,
    raid_action_time integer NOT NULL DEFAULT 3600, auto_antiraid_threshold integer NOT NULL DEFAULT 0,
    created_at timestamptz, updated_at timestamptz
);
CREATE TABLE approved_users (
    id bigserial PRIMARY KEY, user_id bigint, chat_id bigint, reason text DEFAULT '', approved_by bigint NOT NULL DEFAULT 0,
    created_at timestamptz, updated_at timestamptz, UNIQUE (user_id, chat_id)
);
CREATE TABLE blacklists (
    id bigserial PRIMARY KEY, chat_id bigint, word text, action text DEFAULT 'warn', reason text,
    created_at timestamptz, updated_at timestamptz, UNIQUE (chat_id, word)
);
CREATE TABLE captcha_settings (
    id serial PRIMARY KEY, chat_id bigint UNIQUE, enabled boolean DEFAULT false, captcha_mode varchar(10) DEFAULT 'math',
    timeout integer DEFAULT 2, failure_action varchar(10) DEFAULT 'kick', max_attempts integer DEFAULT 3,
    created_at timestamp, updated_at timestamp
);
CREATE TABLE captcha_attempts (
    id serial PRIMARY KEY, user_id bigint, chat_id bigint, answer varchar(255) NOT NULL, attempts integer DEFAULT 0,
    message_id bigint, refresh_count integer DEFAULT 0, expires_at timestamptz NOT NULL,
    created_at timestamptz, updated_at timestamptz, UNIQUE (user_id, chat_id)
);
CREATE FUNCTION update_captcha_updated_at() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN NEW.updated_at = now(); RETURN NEW; END';
CREATE TRIGGER captcha_attempts_updated_at BEFORE UPDATE ON captcha_attempts
    FOR EACH ROW EXECUTE FUNCTION update_captcha_updated_at();
CREATE TABLE stored_messages (
    id bigserial PRIMARY KEY, user_id bigint NOT NULL, chat_id bigint NOT NULL, message_type integer NOT NULL DEFAULT 1,
    content text, file_id text, caption text, created_at timestamptz,
    attempt_id bigint NOT NULL REFERENCES captcha_attempts (id) ON DELETE CASCADE
);
CREATE TABLE captcha_muted_users (
    id bigserial PRIMARY KEY, user_id bigint, chat_id bigint, unmute_at timestamptz NOT NULL, created_at timestamptz,
    UNIQUE (user_id, chat_id)
);
CREATE TABLE connection (
    id bigserial PRIMARY KEY, user_id bigint NOT NULL UNIQUE, chat_id bigint NOT NULL, connected boolean DEFAULT false,
    created_at timestamptz, updated_at timestamptz
);
CREATE TABLE connection_settings (
    id bigserial PRIMARY KEY, chat_id bigint UNIQUE, allow_connect boolean DEFAULT true,
    created_at timestamptz, updated_at timestamptz
);
CREATE TABLE devs (
    id bigserial PRIMARY KEY, user_id bigint UNIQUE, is_dev boolean DEFAULT false, sudo boolean DEFAULT false,
    created_at timestamptz, updated_at timestamptz
);
CREATE TABLE disable (
    id bigserial PRIMARY KEY, chat_id bigint, command text, disabled boolean DEFAULT true,
    created_at timestamptz, updated_at timestamptz, UNIQUE (chat_id, command)
);
CREATE TABLE disable_chat_settings (
    id bigserial PRIMARY KEY, chat_id bigint UNIQUE, delete_commands boolean NOT NULL DEFAULT false,
    created_at timestamptz, updated_at timestamptz
);
CREATE TABLE filters (
    id bigserial PRIMARY KEY, chat_id bigint, keyword text, filter_reply text, msgtype bigint, fileid text,
    nonotif boolean DEFAULT false, filter_buttons jsonb, created_at timestamptz, updated_at timestamptz,
    UNIQUE (chat_id, keyword)
);
CREATE TABLE greetings (
    id bigserial PRIMARY KEY, chat_id bigint UNIQUE, clean_service_settings boolean DEFAULT false,
    auto_approve boolean DEFAULT false, welcome_clean_old boolean DEFAULT false, welcome_last_msg_id bigint,
    welcome_enabled boolean DEFAULT true, welcome_text text, welcome_file_id text, welcome_type bigint,
    welcome_btns jsonb, goodbye_clean_old boolean DEFAULT false, goodbye_last_msg_id bigint,
    goodbye_enabled boolean DEFAULT true, goodbye_text text, goodbye_file_id text, goodbye_type bigint,
    goodbye_btns jsonb, created_at timestamptz, updated_at timestamptz
);
CREATE TABLE locks (
    id bigserial PRIMARY KEY, chat_id bigint, lock_type text, locked boolean DEFAULT false,
    created_at timestamptz, updated_at timestamptz, UNIQUE (chat_id, lock_type)
);
CREATE TABLE notes (
    id bigserial PRIMARY KEY, chat_id bigint, note_name text, note_content text, file_id text, msg_type bigint,
    buttons jsonb, admin_only boolean DEFAULT false, private_only boolean DEFAULT false, group_only boolean DEFAULT false,
    web_preview boolean DEFAULT true, is_protected boolean DEFAULT false, no_notif boolean DEFAULT false,
    created_at timestamptz, updated_at timestamptz, UNIQUE (chat_id, note_name)
);
CREATE TABLE notes_settings (
    id bigserial PRIMARY KEY, chat_id bigint UNIQUE, private boolean DEFAULT false,
    created_at timestamptz, updated_at timestamptz
);
CREATE TABLE pins (
    id bigserial PRIMARY KEY, chat_id bigint UNIQUE, msg_id bigint, clean_linked boolean DEFAULT false,
    anti_channel_pin boolean DEFAULT false, created_at timestamptz, updated_at timestamptz
);
CREATE TABLE reactions (
    id bigserial PRIMARY KEY, chat_id bigint, keyword text, emoji text NOT NULL,
    created_at timestamptz, updated_at timestamptz, UNIQUE (chat_id, keyword)
);
CREATE TABLE report_chat_settings (
    id bigserial PRIMARY KEY, chat_id bigint UNIQUE, enabled boolean DEFAULT true, status boolean DEFAULT true,
    blocked_list jsonb, created_at timestamptz, updated_at timestamptz
);
CREATE TABLE report_user_settings (
    id bigserial PRIMARY KEY, user_id bigint UNIQUE, enabled boolean DEFAULT true, status boolean DEFAULT true,
    created_at timestamptz, updated_at timestamptz
);
CREATE TABLE rules (
    id bigserial PRIMARY KEY, chat_id bigint UNIQUE, rules text, rules_btn text, private boolean DEFAULT false,
    created_at timestamptz, updated_at timestamptz
);
CREATE TABLE warns_settings (
    id bigserial PRIMARY KEY, chat_id bigint UNIQUE, warn_limit bigint DEFAULT 3, warn_mode text,
    created_at timestamptz, updated_at timestamptz
);
CREATE TABLE warns_users (
    id bigserial PRIMARY KEY, user_id bigint, chat_id bigint, num_warns bigint DEFAULT 0, warns jsonb,
    created_at timestamptz, updated_at timestamptz, UNIQUE (user_id, chat_id)
);
CREATE TABLE schema_migrations (
    version varchar(255) PRIMARY KEY, executed_at timestamp DEFAULT now(), checksum varchar(64)
);

-- Two owners of one name, names with and without @, nothing at all.
INSERT INTO users (user_id, username, name, language, created_at, updated_at, last_activity) VALUES
    (1, '@Ada', 'Ada <3', 'es', '2025-09-01', '2026-01-01', '2026-01-02'),
    (2, 'ADA', 'Ada the Former', 'en', '2025-08-01', '2025-08-02', '2025-08-02'),
    (3, ' ', NULL, NULL, NULL, NULL, NULL);
-- Members that nobody saw, that are no number, that are a channel; and lists that are none.
INSERT INTO chats (chat_id, chat_name, language, users, is_inactive, created_at, updated_at, last_activity) VALUES
    (-1001, 'Rust Tea', 'es', '[1, 2, 77, 1, "3", "x", -1005, null, 99999999999999999999]', false, '2025-08-05', '2026-01-01', '2026-01-03'),
    (-1002, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (-1003, 'Odd', '', '{"a": 1}', true, NULL, NULL, NULL);
INSERT INTO channels (chat_id, channel_id, channel_name, username, updated_at) VALUES
    (-1005, -1005, 'News', 'News', '2026-01-01'), (-1006, -1006, NULL, '@news', '2025-01-01'), (-1007, NULL, 'Mute', '', NULL);
-- -1999 is a chat without a row.
INSERT INTO admin (chat_id, anon_admin) VALUES (-1001, true), (-1002, NULL), (NULL, true);
INSERT INTO disable (chat_id, command, disabled, updated_at) VALUES
    (-1001, 'Ban', true, '2026-01-01'), (-1001, 'ban', false, '2025-01-01'), (-1001, '', true, NULL), (-1999, 'id', NULL, NULL);
INSERT INTO disable_chat_settings (chat_id, delete_commands) VALUES (-1001, true);
INSERT INTO connection (user_id, chat_id, connected) VALUES (1, -1001, true), (88, -1999, NULL);
INSERT INTO connection_settings (chat_id, allow_connect) VALUES (-1001, NULL), (-1002, false);
INSERT INTO warns_settings (chat_id, warn_limit, warn_mode) VALUES
    (-1001, 5, 'ban'), (-1002, NULL, ''), (-1003, 0, NULL);
INSERT INTO warns_users (user_id, chat_id, num_warns, warns) VALUES
    (1, -1001, 2, '["spam", "more <b>spam</b>", "one too many"]'), (2, -1001, 3, '["only one"]'), (3, -1001, NULL, NULL),
    (99, -1001, 1, '[{"reason": "odd"}]'), (1, -1002, 2, '"no list"');
INSERT INTO locks (chat_id, lock_type, locked, updated_at) VALUES
    (-1001, 'url', true, '2026-01-01'), (-1001, 'URL', false, '2025-01-01'), (-1001, 'sticker', NULL, NULL);
INSERT INTO notes (chat_id, note_name, note_content, file_id, msg_type, buttons, web_preview, admin_only, updated_at) VALUES
    (-1001, 'intro', 'Hello <b>you</b>', NULL, 1,
     '[{"name": "Docs", "url": "https://docs.example", "btn_sameline": false}, {"name": "B", "url": "https://b.example", "btn_sameline": true}, {"name": "no url"}, 5]',
     false, true, '2026-01-01'),
    (-1001, 'Intro', 'the older one', NULL, 1, NULL, NULL, NULL, '2025-01-01'),
    (-1001, 'how to  ask', NULL, 'file', 4, '{}', NULL, NULL, NULL),
    (-1001, '#', 'no name', NULL, 1, '[]', NULL, NULL, NULL),
    (-1001, repeat('n', 5000), 'a long name', NULL, NULL, '[]', NULL, NULL, NULL),
    (-1999, 'stray', 'x', NULL, 42, 'null', NULL, NULL, NULL);
INSERT INTO notes_settings (chat_id, private) VALUES (-1001, true), (-1002, NULL);
INSERT INTO approved_users (user_id, chat_id, reason, approved_by) VALUES (5, -1001, NULL, 1);
INSERT INTO rules (chat_id, rules, rules_btn, private) VALUES (-1001, 'Be <i>kind</i>', NULL, NULL);
INSERT INTO devs (user_id, is_dev, sudo) VALUES (1, true, NULL), (66, NULL, true);
-- For modules that are still to come.
INSERT INTO filters (chat_id, keyword, filter_reply) VALUES (-1001, repeat('k', 2000), 'a long keyword');
INSERT INTO schema_migrations (version) SELECT 'step_' || i || '.sql' FROM generate_series(1, 36) AS i;
