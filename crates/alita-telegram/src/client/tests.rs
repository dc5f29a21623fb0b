//! What is repeated, and what a refusal leaves behind.

use super::*;

#[test]
fn only_what_did_not_leave_or_may_come_twice_is_repeated() {
    for (kind, message, deletion) in [
        (WireKind::NotConnected, true, true),
        (WireKind::Cut, false, true),
        (WireKind::TimedOut(Duration::ZERO), false, true),
        (WireKind::Status(502), false, true),
        (WireKind::Status(404), false, false),
        (WireKind::Unreadable(String::new()), false, false),
    ] {
        assert_eq!(may_repeat("sendMessage", &wire("", kind.clone())), message, "{kind}");
        assert_eq!(may_repeat("deleteMessage", &wire("", kind.clone())), deletion, "{kind}");
    }
    assert!(!may_repeat("getMe", &Error::AlreadySent { method: String::new() }));
}

/// A refusal as Telegram writes it.
fn refused(client: &Client, answer: &str) -> Error {
    let envelope: Envelope = serde_json::from_str(answer).unwrap();
    Error::Refused(envelope.into_refusal("sendMessage", 429, |text| client.inner.endpoint.redact(text)))
}

#[tokio::test(start_paused = true)]
async fn after_429_the_chat_rests_for_as_long_as_telegram_says() {
    let client = Client::new(ClientConfig::new("1:x").with_limits(crate::Limits::none())).unwrap();
    let call = Call {
        method: "sendMessage",
        chat: Some(7),
        content_type: String::new(),
        body: Bytes::new(),
        limit: Duration::from_secs(1),
    };
    let error = refused(
        &client,
        r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 9","parameters":{"retry_after":9}}"#,
    );
    assert_eq!(client.obey(&call, Traffic::Messages, &error), Duration::from_secs(9));

    let start = Instant::now();
    let pass = |traffic, chat| client.inner.throttle.acquire(traffic, Some(chat), Priority::Urgent);
    pass(Traffic::Messages, 8).await;
    pass(Traffic::Other, 7).await;
    assert_eq!(start.elapsed(), Duration::ZERO, "nobody else waits");
    pass(Traffic::Messages, 7).await;
    assert!(start.elapsed() >= Duration::from_secs(9), "the next message waits: {:?}", start.elapsed());

    let silent = refused(&client, r#"{"ok":false,"error_code":429,"description":"Too Many Requests"}"#);
    assert_eq!(
        client.obey(&call, Traffic::Messages, &silent),
        Duration::from_secs(1),
        "a second if it does not say"
    );
}
