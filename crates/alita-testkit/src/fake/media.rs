//! What a message can carry beside words.

use serde_json::{Value, json};

/// The kinds of media; `word` is the field of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "each is the Bot API's own word")]
#[non_exhaustive]
pub enum MediaKind {
    Photo,
    Sticker,
    Document,
    Audio,
    Voice,
    Video,
    VideoNote,
    Animation,
    Contact,
    Location,
    Venue,
    Game,
    Poll,
    Dice,
    Story,
}

const KINDS: [MediaKind; 15] = [
    MediaKind::Photo,
    MediaKind::Sticker,
    MediaKind::Document,
    MediaKind::Audio,
    MediaKind::Voice,
    MediaKind::Video,
    MediaKind::VideoNote,
    MediaKind::Animation,
    MediaKind::Contact,
    MediaKind::Location,
    MediaKind::Venue,
    MediaKind::Game,
    MediaKind::Poll,
    MediaKind::Dice,
    MediaKind::Story,
];

impl MediaKind {
    /// The field of the message.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Photo => "photo",
            Self::Sticker => "sticker",
            Self::Document => "document",
            Self::Audio => "audio",
            Self::Voice => "voice",
            Self::Video => "video",
            Self::VideoNote => "video_note",
            Self::Animation => "animation",
            Self::Contact => "contact",
            Self::Location => "location",
            Self::Venue => "venue",
            Self::Game => "game",
            Self::Poll => "poll",
            Self::Dice => "dice",
            Self::Story => "story",
        }
    }

    /// The kind of this name; `gif` and `videonote` are understood too.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "gif" => Some(Self::Animation),
            "videonote" => Some(Self::VideoNote),
            name => KINDS.into_iter().find(|kind| kind.word() == name),
        }
    }

    /// Is it a file with an id?
    #[must_use]
    pub fn is_file(self) -> bool {
        self <= Self::Animation
    }

    /// Telegram: stickers and video notes have no caption, and what is no file has none either.
    pub(crate) fn has_caption(self) -> bool {
        self.is_file() && !matches!(self, Self::Sticker | Self::VideoNote)
    }

    /// The permission that a member needs to send it.
    pub(crate) fn permission(self) -> &'static str {
        match self {
            Self::Photo => "can_send_photos",
            Self::Document => "can_send_documents",
            Self::Audio => "can_send_audios",
            Self::Voice => "can_send_voice_notes",
            Self::Video => "can_send_videos",
            Self::VideoNote => "can_send_video_notes",
            Self::Poll => "can_send_polls",
            Self::Contact | Self::Location | Self::Venue => "can_send_messages",
            Self::Sticker | Self::Animation | Self::Game | Self::Dice | Self::Story => {
                "can_send_other_messages"
            }
        }
    }

    /// What Telegram calls it in the refusal.
    pub(crate) fn plural(self) -> &'static str {
        match self {
            Self::Photo => "photos",
            Self::Sticker => "stickers",
            Self::Document => "documents",
            Self::Audio => "music",
            Self::Voice => "voice notes",
            Self::Video => "videos",
            Self::VideoNote => "video notes",
            Self::Animation => "animations",
            Self::Contact => "contacts",
            Self::Location => "locations",
            Self::Venue => "venues",
            Self::Game => "games",
            Self::Poll => "polls",
            Self::Dice => "dice",
            Self::Story => "stories",
        }
    }
}

/// A medium that a person sends.
#[derive(Debug, Clone, PartialEq)]
pub struct Media {
    pub(crate) kind: MediaKind,
    pub(crate) file_id: Option<String>,
}

impl Media {
    /// A medium of this kind; a file gets the next free id (`photo-1`).
    #[must_use]
    pub fn new(kind: MediaKind) -> Self {
        Self { kind, file_id: None }
    }

    /// A photo.
    #[must_use]
    pub fn photo() -> Self {
        Self::new(MediaKind::Photo)
    }

    /// A sticker.
    #[must_use]
    pub fn sticker() -> Self {
        Self::new(MediaKind::Sticker)
    }

    /// A file of any kind.
    #[must_use]
    pub fn document() -> Self {
        Self::new(MediaKind::Document)
    }

    /// With this file id.
    #[must_use]
    pub fn file(self, id: impl Into<String>) -> Self {
        Self { file_id: Some(id.into()), ..self }
    }
}

/// The fields of a message that carries this medium. Files have `file_id`; the rest is made up but well-formed.
pub(crate) fn to_wire(
    kind: MediaKind,
    file_id: &str,
    size: usize,
    chat: &Value,
) -> Vec<(&'static str, Value)> {
    let unique = format!("u-{file_id}");
    let mut file = json!({"file_id": file_id, "file_unique_id": unique, "file_size": size});
    let mut with = |more: Value| {
        if let (Some(file), Value::Object(more)) = (file.as_object_mut(), more) {
            file.extend(more);
        }
        file.clone()
    };
    let user = json!({"longitude": 13.4, "latitude": 52.5});
    let value = match kind {
        MediaKind::Photo => {
            let large = with(json!({"width": 1280, "height": 960}));
            let small = format!("{file_id}-small");
            json!([
                {"file_id": small, "file_unique_id": format!("u-{small}"), "width": 90, "height": 67},
                large
            ])
        }
        MediaKind::Sticker => with(json!({
            "type": "regular", "width": 512, "height": 512, "is_animated": false, "is_video": false,
            "emoji": "🫖", "set_name": "tea_by_alita"
        })),
        MediaKind::Document => with(json!({"file_name": "file.txt", "mime_type": "text/plain"})),
        MediaKind::Audio => with(json!({"duration": 180, "title": "Song", "mime_type": "audio/mpeg"})),
        MediaKind::Voice => with(json!({"duration": 5, "mime_type": "audio/ogg"})),
        MediaKind::Video => {
            with(json!({"width": 1280, "height": 720, "duration": 10, "mime_type": "video/mp4"}))
        }
        MediaKind::VideoNote => with(json!({"length": 240, "duration": 10})),
        MediaKind::Animation => {
            let gif = with(json!({
                "width": 320, "height": 240, "duration": 3, "file_name": "a.gif.mp4", "mime_type": "video/mp4"
            }));
            let document = json!({
                "file_id": file_id, "file_unique_id": gif["file_unique_id"], "file_size": size,
                "file_name": "a.gif.mp4", "mime_type": "video/mp4"
            });
            // Telegram: an animation carries a document as well, for old bots.
            return vec![("animation", gif), ("document", document)];
        }
        MediaKind::Contact => json!({"phone_number": "+4930123456", "first_name": "Tom"}),
        MediaKind::Location => user,
        MediaKind::Venue => {
            // Telegram: a venue carries its location as well.
            let venue = json!({"location": user, "title": "Tea house", "address": "Leaf Street 1"});
            return vec![("venue", venue), ("location", user)];
        }
        MediaKind::Game => json!({"title": "Tea race", "description": "Brew fast", "photo": []}),
        MediaKind::Poll => json!({
            "id": "5001", "question": "Tea?", "total_voter_count": 0, "is_closed": false, "is_anonymous": true,
            "type": "regular", "allows_multiple_answers": false,
            "options": [{"text": "Yes", "voter_count": 0}, {"text": "Of course", "voter_count": 0}]
        }),
        MediaKind::Dice => json!({"emoji": "🎲", "value": 4}),
        MediaKind::Story => json!({"chat": chat, "id": 1}),
    };
    vec![(kind.word(), value)]
}
