//! Takes a request's parameters out of JSON, a form, or multipart.

use bytes::Bytes;
use serde_json::{Map, Value};

use super::params::Params;
use super::refusal::Refusal;

/// Reads the parameters; `query` is what stands behind `?` in the address.
pub(crate) fn params(content_type: &str, query: Option<&str>, body: &Bytes) -> Result<Params, Refusal> {
    let mut values = Map::new();
    let mut params = Params::default();
    if let Some(query) = query {
        form(query.as_bytes(), &mut values);
    }
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    if kind.eq_ignore_ascii_case("multipart/form-data") {
        let boundary = content_type.split_once("boundary=").map(|(_, boundary)| boundary.trim_matches('"'));
        let boundary = boundary.ok_or_else(|| Refusal::bad("can't find boundary in Content-Type"))?;
        multipart(body, boundary, &mut values, &mut params)?;
    } else if kind.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        form(body, &mut values);
    } else if !body.is_empty() {
        match serde_json::from_slice(body) {
            Ok(Value::Object(fields)) => values.extend(fields),
            Ok(_) => return Err(Refusal::bad("object expected")),
            Err(error) => return Err(Refusal::bad(format!("can't parse JSON object: {error}"))),
        }
    }
    params.values = Value::Object(values);
    Ok(params)
}

fn form(text: &[u8], values: &mut Map<String, Value>) {
    for pair in text.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let mut halves = pair.splitn(2, |byte| *byte == b'=');
        let (name, value) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
        put(values, &unescaped(name), unescaped(value));
    }
}

fn unescaped(text: &[u8]) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter().copied();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit =
                    || rest.next().and_then(|byte| char::from(byte).to_digit(16)).unwrap_or_default();
                let value = digit() * 16 + digit();
                u8::try_from(value).unwrap_or_default()
            }
            byte => byte,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn multipart(
    body: &Bytes,
    boundary: &str,
    values: &mut Map<String, Value>,
    params: &mut Params,
) -> Result<(), Refusal> {
    let broken = || Refusal::bad("can't parse multipart/form-data");
    let border = format!("--{boundary}");
    let mut at = find(body, border.as_bytes(), 0).ok_or_else(broken)? + border.len();
    let border = format!("\r\n--{boundary}");
    while !body.get(at..).unwrap_or_default().starts_with(b"--") {
        let head_end = find(body, b"\r\n\r\n", at).ok_or_else(broken)?;
        let head = String::from_utf8_lossy(body.get(at..head_end).unwrap_or_default()).into_owned();
        let end = find(body, border.as_bytes(), head_end + 2).ok_or_else(broken)?;
        let start = (head_end + 4).min(end);
        let name = quoted(&head, " name=").ok_or_else(broken)?;
        let content = body.slice(start..end);
        if head.contains("filename") {
            // A part of the field's own name is what the field means.
            values.entry(name.clone()).or_insert_with(|| format!("attach://{name}").into());
            params.files.insert(name, content);
        } else {
            put(values, &name, String::from_utf8_lossy(&content).into_owned());
        }
        at = end + border.len();
    }
    Ok(())
}

fn find(body: &[u8], what: &[u8], from: usize) -> Option<usize> {
    let body = body.get(from..)?;
    body.windows(what.len()).position(|window| window == what).map(|at| at + from)
}

fn quoted(head: &str, name: &str) -> Option<String> {
    let (_, rest) = head.split_once(name)?;
    match rest.strip_prefix('"') {
        Some(rest) => rest.split_once('"').map(|(value, _)| value.to_owned()),
        None => rest.split([';', '\r']).next().map(str::to_owned),
    }
}

/// Fields that are text even where they look like something else.
const TEXTS: [&str; 8] =
    ["text", "caption", "callback_query_id", "custom_title", "title", "file_id", "url", "secret_token"];

/// A form knows only text, so what is a number, a yes or JSON is written down as that.
fn put(values: &mut Map<String, Value>, name: &str, text: String) {
    let value = if TEXTS.contains(&name) {
        None
    } else {
        serde_json::from_str(&text).ok().filter(|value: &Value| !value.is_string())
    };
    values.insert(name.to_owned(), value.unwrap_or(Value::String(text)));
}
