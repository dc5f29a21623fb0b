//! The only place that writes keys.

/// Whose name ends up in a key: `warns:-1001` of the kind `warns`.
pub(crate) fn name(kind: &str, key: &str) -> String {
    format!("{kind}:{key}")
}

/// Takes a [`name`] apart; kinds have no colon in their names.
pub(crate) fn split(name: &str) -> Option<(&str, &str)> {
    name.split_once(':')
}

/// A cached value that can be loaded again.
pub(crate) fn cached(name: &str) -> String {
    format!("alita:c:{name}")
}

/// All that [`cached`] can write.
pub(crate) const ALL_CACHED: &str = "alita:c:*";

/// The mark that the latest `forget` left.
pub(crate) fn mark(name: &str) -> String {
    format!("alita:v:{name}")
}

/// Live state.
pub(crate) fn state(kind: &str, key: &str) -> String {
    format!("alita:s:{kind}:{key}")
}

/// A claim.
pub(crate) fn claim(kind: &str, key: &str) -> String {
    format!("alita:l:{kind}:{key}")
}

/// A count; no claim has this name, for kinds have no colon in theirs.
pub(crate) fn count(kind: &str, key: &str) -> String {
    format!("alita:l:count:{kind}:{key}")
}

/// The channel on which instances tell each other what to drop; channels do not know databases, so it names its own.
pub(crate) fn channel(database: u8) -> String {
    format!("alita:forget:{database}")
}
