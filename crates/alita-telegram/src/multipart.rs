//! Bodies that carry files.

use bytes::Bytes;
use serde_json::{Map, Value};

/// Bytes that travel with a call as a file.
///
/// A parameter names it as `attach://<name>`, for example
/// `FileUpload::String("attach://image".to_owned())`.
#[derive(Clone)]
pub struct Part {
    /// The name after `attach://`, or the parameter's own name.
    pub name: String,
    /// The file's name as people will see it.
    pub file_name: String,
    /// The content.
    pub bytes: Bytes,
}

impl Part {
    /// A file made of bytes.
    pub fn new(name: impl Into<String>, file_name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self { name: name.into(), file_name: file_name.into(), bytes: bytes.into() }
    }
}

impl std::fmt::Debug for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Part")
            .field("name", &self.name)
            .field("len", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// Writes the body; returns it with its content type.
pub(crate) fn body(params: &Map<String, Value>, parts: &[Part]) -> (Bytes, String) {
    let boundary: String = std::iter::repeat_with(fastrand::alphanumeric).take(40).collect();
    let mut out = Vec::with_capacity(1024 + parts.iter().map(|part| part.bytes.len() + 256).sum::<usize>());
    for (name, value) in params {
        // The parameter that a part replaces holds only the path of the file on our side.
        if parts.iter().any(|part| part.name == *name) {
            continue;
        }
        let value = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        push(&mut out, &boundary, &format!("name=\"{}\"", quoted(name)), None, value.as_bytes());
    }
    for part in parts {
        let names = format!("name=\"{}\"; filename=\"{}\"", quoted(&part.name), quoted(&part.file_name));
        push(&mut out, &boundary, &names, Some("application/octet-stream"), &part.bytes);
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    (Bytes::from(out), format!("multipart/form-data; boundary={boundary}"))
}

fn push(out: &mut Vec<u8>, boundary: &str, names: &str, kind: Option<&str>, content: &[u8]) {
    out.extend_from_slice(format!("--{boundary}\r\nContent-Disposition: form-data; {names}\r\n").as_bytes());
    if let Some(kind) = kind {
        out.extend_from_slice(format!("Content-Type: {kind}\r\n").as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(content);
    out.extend_from_slice(b"\r\n");
}

/// As browsers do it: what would end the name or the line is written as a percent sign and its number.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_then_files() {
        let params = serde_json::json!({
            "chat_id": -5, "caption": "ж", "photo": {"path": "/tmp/x"}, "none": null,
            "reply_parameters": {"message_id": 1},
        });
        let parts = [Part::new("photo", "a\"\r\n.png", vec![0_u8, 1])];
        let (body, kind) = super::body(params.as_object().unwrap(), &parts);
        let boundary = kind.strip_prefix("multipart/form-data; boundary=").unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap().replace(boundary, "B");
        for expected in [
            "--B\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n-5\r\n",
            "--B\r\nContent-Disposition: form-data; name=\"caption\"\r\n\r\nж\r\n",
            "name=\"reply_parameters\"\r\n\r\n{\"message_id\":1}\r\n",
            "name=\"photo\"; filename=\"a%22%0D%0A.png\"\r\nContent-Type: application/octet-stream\r\n\r\n\0\u{1}\r\n--B--\r\n",
        ] {
            assert!(text.contains(expected), "{expected:?} in {text:?}");
        }
        assert!(!text.contains("/tmp/x") && !text.contains("none"));
    }
}
