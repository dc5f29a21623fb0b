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

/// Of how many parts the name of a cached value is made in Redis: `alita:c:warns:-1001` of four.
pub(crate) fn segments(key: &str) -> usize {
    3 + key.split(':').count()
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

/// Live state that somebody took and may have to take again; no state has this name, for no kind is called so.
pub(crate) fn taken(kind: &str, key: &str, taker: i64) -> String {
    format!("alita:s:taken:{taker}:{kind}:{key}")
}

/// A claim.
pub(crate) fn claim(kind: &str, key: &str) -> String {
    format!("alita:l:{kind}:{key}")
}

/// A count. It has a letter of its own, for keys may have colons, and a claim could have any name below its own.
pub(crate) fn count(kind: &str, key: &str) -> String {
    format!("alita:n:{kind}:{key}")
}

/// The channel on which instances tell each other what to drop; channels do not know databases, so it names its own.
pub(crate) fn channel(database: u8) -> String {
    format!("alita:forget:{database}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_things_have_the_same_key() {
        let keys = [cached("a:b:c"), mark("a:b:c"), state("a", "b:c"), claim("a", "b:c"), count("a", "b:c")];
        let different: std::collections::BTreeSet<_> = keys.iter().collect();
        assert_eq!(different.len(), keys.len(), "{keys:?}");
        assert_ne!(claim("count", "a:b"), count("a", "b"));
    }

    #[test]
    fn segments_are_those_of_the_whole_name() {
        for key in ["-1001", "-1001:7"] {
            assert_eq!(segments(key), cached(&name("warns", key)).split(':').count());
        }
    }
}
