//! Files and their ids.

use std::collections::HashMap;

use bytes::Bytes;
use serde_json::{Value, json};

use super::media::MediaKind;
use super::params::Params;
use super::refusal::{Answer, Refusal};
use super::world::World;

#[derive(Debug, Default)]
pub(crate) struct Files {
    known: HashMap<String, Stored>,
    made: HashMap<MediaKind, u32>,
}

#[derive(Debug, Clone)]
struct Stored {
    kind: MediaKind,
    bytes: Bytes,
}

impl Files {
    /// Remembers a file; without an id it gets the next one of its kind.
    pub(crate) fn add(&mut self, kind: MediaKind, id: Option<&str>, bytes: Option<Bytes>) -> String {
        let id = id.map_or_else(|| self.free_id(kind), str::to_owned);
        let stored = self.known.entry(id.clone()).or_insert(Stored { kind, bytes: Bytes::new() });
        if let Some(bytes) = bytes {
            *stored = Stored { kind, bytes };
        }
        if kind == MediaKind::Photo && !id.ends_with("-small") {
            self.add(kind, Some(&format!("{id}-small")), None);
        }
        id
    }

    fn free_id(&mut self, kind: MediaKind) -> String {
        loop {
            let made = self.made.entry(kind).or_default();
            *made += 1;
            let id = format!("{}-{made}", kind.word());
            if !self.known.contains_key(&id) {
                return id;
            }
        }
    }

    pub(crate) fn bytes(&self, id: &str) -> Option<Bytes> {
        self.known.get(id).map(|stored| stored.bytes.clone())
    }

    /// The kind of a file: remembered, or told by an id like `photo-1`.
    fn kind(&self, id: &str) -> Option<MediaKind> {
        self.known
            .get(id)
            .map(|stored| stored.kind)
            .or_else(|| MediaKind::named(id.split_once('-')?.0).filter(|kind| kind.is_file()))
    }
}

impl World {
    /// The file that a `send*` call names: an id, a URL, or an upload.
    pub(crate) fn sent_file(&mut self, params: &Params, kind: MediaKind) -> Result<String, Refusal> {
        let field = kind.word();
        let wrong = || Refusal::bad("wrong file identifier/HTTP URL specified");
        let named = match params.text(field) {
            Some(named) => named,
            None if params.files.contains_key(field) => field,
            None => {
                return Err(Refusal::bad(format!("there is no {} in the request", field.replace('_', " "))));
            }
        };
        let part = named.strip_prefix("attach://").unwrap_or(named);
        if let Some(bytes) = params.files.get(part) {
            if bytes.is_empty() {
                return Err(Refusal::bad("file must be non-empty"));
            }
            return Ok(self.files.add(kind, None, Some(bytes.clone())));
        }
        if named.starts_with("http://") || named.starts_with("https://") {
            return Ok(self.files.add(kind, None, None));
        }
        let real = self.files.kind(named).ok_or_else(wrong)?;
        if real != kind {
            let name = |kind: MediaKind| {
                let mut name = kind.word().replace('_', "");
                name.get_mut(..1).map(str::make_ascii_uppercase);
                name
            };
            return Err(Refusal::bad(format!("can't use file of type {} as {}", name(real), name(kind))));
        }
        Ok(self.files.add(kind, Some(named), None))
    }

    pub(crate) fn get_file(&mut self, params: &Params) -> Answer {
        let id = params.text("file_id").unwrap_or_default();
        if id.is_empty() {
            return Err(Refusal::bad("file_id not specified"));
        }
        let kind = self.files.kind(id).ok_or_else(|| Refusal::bad("invalid file_id"))?;
        let id = self.files.add(kind, Some(id), None);
        Ok(self.file_wire(&id))
    }

    fn file_wire(&self, id: &str) -> Value {
        let size = self.files.bytes(id).map_or(0, |bytes| bytes.len());
        json!({
            "file_id": id, "file_unique_id": format!("u-{id}"), "file_size": size,
            "file_path": format!("files/{id}"),
        })
    }
}
