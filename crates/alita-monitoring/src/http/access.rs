//! Who may read the metrics.

use std::net::IpAddr;

use hyper::StatusCode;
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderValue, WWW_AUTHENTICATE};
use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

use super::router::{Reply, empty};

/// Who may read `/metrics`.
#[derive(Clone, Debug)]
pub enum Access {
    /// Whoever sends `Authorization: Bearer` with this token.
    Token(SecretString),
    /// Whoever comes from this machine or from a private network, and not through a proxy.
    Private,
    /// Everybody.
    Public,
}

impl Access {
    /// What to answer whoever may not read them; nothing when they may.
    pub(super) fn refusal(&self, headers: &HeaderMap, peer: Option<IpAddr>) -> Option<Reply> {
        match self {
            Self::Public => None,
            Self::Private if peer.is_some_and(is_private) && !is_forwarded(headers) => None,
            Self::Private => Some(empty(StatusCode::FORBIDDEN)),
            Self::Token(token) if bearer(headers).is_some_and(|given| is_same(given, token)) => None,
            Self::Token(_) => {
                let mut reply = empty(StatusCode::UNAUTHORIZED);
                reply.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
                Some(reply)
            }
        }
    }
}

/// A proxy is a neighbour whoever stands before it, and it tells for whom it asks in one of these.
fn is_forwarded(headers: &HeaderMap) -> bool {
    ["forwarded", "x-forwarded-for", "x-real-ip"].into_iter().any(|name| headers.contains_key(name))
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

/// Takes equally long wherever the two differ, so that the token cannot be guessed letter by letter.
fn is_same(given: &str, token: &SecretString) -> bool {
    given.as_bytes().ct_eq(token.expose_secret().as_bytes()).into()
}

fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderName;

    use super::*;

    #[test]
    fn private_addresses() {
        for ip in ["127.0.0.1", "10.1.2.3", "192.168.0.9", "172.16.0.1", "::1", "fd00::1", "::ffff:10.0.0.1"]
        {
            assert!(is_private(ip.parse().expect("an address")), "{ip}");
        }
        for ip in ["8.8.8.8", "172.32.0.1", "2001:db8::1", "::ffff:8.8.8.8"] {
            assert!(!is_private(ip.parse().expect("an address")), "{ip}");
        }
    }

    #[test]
    fn strangers_do_not_read_private_metrics() {
        let headers = HeaderMap::new();
        let stranger = "8.8.8.8".parse().ok();
        let refusal = Access::Private.refusal(&headers, stranger).expect("a stranger");
        assert_eq!(refusal.status(), StatusCode::FORBIDDEN);
        assert!(Access::Private.refusal(&headers, None).is_some());
        assert!(Access::Public.refusal(&headers, stranger).is_none());
    }

    #[test]
    fn a_proxy_in_the_neighbourhood_speaks_for_strangers() {
        let neighbour = "10.1.2.3".parse().ok();
        assert!(Access::Private.refusal(&HeaderMap::new(), neighbour).is_none());
        for name in ["Forwarded", "X-Forwarded-For", "X-Real-IP"] {
            let mut headers = HeaderMap::new();
            let name = name.parse::<HeaderName>().expect("a name");
            headers.insert(&name, HeaderValue::from_static("10.1.2.4"));
            let refusal = Access::Private.refusal(&headers, neighbour).expect("whoever it may be");
            assert_eq!(refusal.status(), StatusCode::FORBIDDEN, "{name}");
            assert!(Access::Public.refusal(&headers, neighbour).is_none(), "{name}");
        }
    }
}
