//! Messages that carry a file: one that Telegram keeps, or a long text.

use alita_markup::{Html, MAX_CAPTION, visible_len_utf16};
use alita_model::ContentKind;
use alita_telegram::methods::SendMessageParams;
use alita_telegram::types::Message;
use alita_telegram::{AsyncTelegramApi, Client, Error, MethodResponse, Part, Refusal, RefusalKind};
use serde_json::{Map, Value};

/// The parameter and the name of a text that travels as a file.
const TEXT_FIELD: &str = "document";
const TEXT_FILE: &str = "message.txt";

/// A file that Telegram keeps, to be sent again, or a text that becomes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Media {
    method: &'static str,
    field: &'static str,
    has_caption: bool,
    source: Source,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    /// Where Telegram keeps it.
    FileId(String),
    /// What it will hold.
    Text(String),
}

impl Media {
    /// `None` for what has no file.
    pub(crate) fn new(kind: ContentKind, file_id: &str) -> Option<Self> {
        let (method, field) = match kind {
            ContentKind::Sticker => ("sendSticker", "sticker"),
            ContentKind::Document => ("sendDocument", "document"),
            ContentKind::Photo => ("sendPhoto", "photo"),
            ContentKind::Audio => ("sendAudio", "audio"),
            ContentKind::Voice => ("sendVoice", "voice"),
            ContentKind::Video => ("sendVideo", "video"),
            ContentKind::VideoNote => ("sendVideoNote", "video_note"),
            _ => return None,
        };
        let has_caption = kind.has_caption();
        let source = Source::FileId(file_id.to_owned());
        (!file_id.is_empty()).then_some(Self { method, field, has_caption, source })
    }

    /// A document that holds this text.
    pub(crate) const fn of_text(text: String) -> Self {
        Self { method: "sendDocument", field: TEXT_FIELD, has_caption: true, source: Source::Text(text) }
    }

    /// The method that sends it, which tells its kind.
    pub(crate) const fn method(&self) -> &'static str {
        self.method
    }

    /// What stands for Telegram's answer where the chat refused such a file a while ago.
    pub(crate) fn not_tried(&self) -> Error {
        let mut refusal = Refusal::new(self.method, 400, "not tried again, the chat refused it a while ago");
        refusal.kind = RefusalKind::CannotWrite;
        Error::Refused(refusal)
    }

    /// Whether Telegram shows this text under the file.
    pub(crate) fn takes_caption(&self, text: &Html) -> bool {
        self.has_caption && visible_len_utf16(text) <= MAX_CAPTION
    }

    /// Sends the file as the text message would have been sent, with its text as the caption.
    pub(crate) async fn send(&self, client: &Client, params: &SendMessageParams) -> Result<Message, Error> {
        let fields = self
            .fields(params)
            .map_err(|source| Error::Unwritable { method: self.method.to_owned(), source })?;
        if let Source::Text(text) = &self.source {
            let file = Part::new(self.field, TEXT_FILE, text.clone());
            return client.upload(self.method, &fields, vec![file]).await;
        }
        let response: MethodResponse<Message> = client.request(self.method, Some(fields)).await?;
        Ok(response.result)
    }

    /// All send methods share their fields but for the text.
    fn fields(&self, params: &SendMessageParams) -> Result<Map<String, Value>, serde_json::Error> {
        let mut fields: Map<String, Value> = serde_json::from_value(serde_json::to_value(params)?)?;
        fields.remove("link_preview_options");
        match fields.remove("text").filter(|_| !params.text.is_empty()) {
            Some(text) => {
                fields.insert("caption".to_owned(), text);
            }
            None => {
                fields.remove("parse_mode");
            }
        }
        if let Source::FileId(id) = &self.source {
            fields.insert(self.field.to_owned(), Value::String(id.clone()));
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(kind: ContentKind, text: &str) -> Value {
        let params = SendMessageParams::builder().chat_id(-1001_i64).message_thread_id(7).text(text).build();
        Value::Object(Media::new(kind, "file-1").unwrap().fields(&params).unwrap())
    }

    #[test]
    fn the_text_becomes_the_caption() {
        let photo =
            serde_json::json!({"chat_id": -1001, "message_thread_id": 7, "photo": "file-1", "caption": "hi"});
        assert_eq!(fields(ContentKind::Photo, "hi"), photo);
        let sticker = serde_json::json!({"chat_id": -1001, "message_thread_id": 7, "sticker": "file-1"});
        assert_eq!(fields(ContentKind::Sticker, ""), sticker);
    }

    #[test]
    fn what_has_no_file_is_no_media() {
        assert_eq!(Media::new(ContentKind::Text, "file-1"), None);
        assert_eq!(Media::new(ContentKind::Photo, ""), None);
        let sticker = Media::new(ContentKind::Sticker, "file-1").unwrap();
        assert!(!sticker.takes_caption(&Html::escaped("hi")));
        let photo = Media::new(ContentKind::Photo, "file-1").unwrap();
        assert!(photo.takes_caption(&Html::escaped(&"x".repeat(MAX_CAPTION))));
        assert!(!photo.takes_caption(&Html::escaped(&"x".repeat(MAX_CAPTION + 1))));
    }
}
