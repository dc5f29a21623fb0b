//! What Telegram, or whoever it is, is told.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};

/// How a request ended; a closed set, for it is a label of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Handled,
    Duplicate,
    UnknownKind,
    // Come back:
    InWork,
    NotHandled,
    Stopping,
    // Flaws of the request:
    Path,
    Method,
    Secret,
    TooLarge,
    ContentType,
    Slow,
    Unreadable,
    Flood,
}

impl Answer {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Handled => "handled",
            Self::Duplicate => "duplicate",
            Self::UnknownKind => "unknown_kind",
            Self::InWork => "in_work",
            Self::NotHandled => "not_handled",
            Self::Stopping => "stopping",
            Self::Path => "path",
            Self::Method => "method",
            Self::Secret => "secret",
            Self::TooLarge => "too_large",
            Self::ContentType => "content_type",
            Self::Slow => "slow",
            Self::Unreadable => "unreadable",
            Self::Flood => "flood",
        }
    }

    fn status(self) -> StatusCode {
        match self {
            Self::Handled | Self::Duplicate | Self::UnknownKind => StatusCode::OK,
            Self::InWork | Self::NotHandled | Self::Stopping => StatusCode::SERVICE_UNAVAILABLE,
            Self::Path => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Secret => StatusCode::UNAUTHORIZED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Slow => StatusCode::REQUEST_TIMEOUT,
            Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::Flood => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// Was something wrong with the request itself?
    pub(super) fn is_flaw(self) -> bool {
        self.status().is_client_error()
    }

    /// Did it come with the secret nevertheless?
    pub(super) fn is_proven(self) -> bool {
        matches!(self, Self::TooLarge | Self::ContentType | Self::Slow | Self::Unreadable)
    }

    /// Empty, for nobody reads it.
    pub(super) fn response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::default());
        *response.status_mut() = self.status();
        match self {
            // Telegram: it waits so long before it sends the update again.
            Self::InWork | Self::NotHandled | Self::Stopping => {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
            }
            Self::Flood => {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("60"));
            }
            Self::Method => {
                response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            }
            _ => {}
        }
        response
    }
}
