//! Which addresses Telegram takes for links.

/// The address as Telegram keeps it, or `None` if it leads nowhere.
pub(crate) fn normalised(url: &str) -> Option<String> {
    let url = url.trim();
    if url.is_empty() || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) => (scheme.to_ascii_lowercase(), rest),
        None => match url.split_once(':') {
            Some((scheme @ ("tg" | "ton" | "tonsite" | "mailto" | "tel"), rest)) => (scheme.to_owned(), rest),
            _ => ("http".to_owned(), url),
        },
    };
    match scheme.as_str() {
        "http" | "https" => {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let (host, path) = (host, rest.get(host.len()..).unwrap_or_default());
            let path = if path.is_empty() { "/" } else { path };
            is_host(host).then(|| format!("{scheme}://{}{path}", host.to_ascii_lowercase()))
        }
        "tg" | "ton" | "tonsite" if !rest.is_empty() => {
            Some(format!("{scheme}://{}", rest.trim_start_matches('/')))
        }
        "mailto" | "tel" if !rest.is_empty() => Some(format!("{scheme}:{rest}")),
        _ => None,
    }
}

/// `example.org`, `user@example.org:8080`, `127.0.0.1`
fn is_host(host: &str) -> bool {
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let (name, port) = host.split_once(':').unwrap_or((host, ""));
    let port_is_fine =
        port.is_empty() && !host.ends_with(':') || port.parse::<u16>().is_ok_and(|port| port > 0);
    let labels: Vec<&str> = name.split('.').collect();
    let is_label = |label: &&str| {
        !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
    };
    port_is_fine && labels.len() >= 2 && labels.iter().all(is_label)
}
