//! The file in a message, as far as it can be kept.

use alita_model::{ContentKind, SavedButton};
use alita_telegram::types::{Message, PhotoSize};

/// What kind of file a message carries, and under which id Telegram keeps it.
///
/// Telegram: an animation comes as a document, too, and is kept as one.
pub(super) fn of(message: &Message) -> Option<(ContentKind, &str)> {
    let sticker = || message.sticker.as_deref().map(|it| (ContentKind::Sticker, &it.file_id));
    let document = || message.document.as_deref().map(|it| (ContentKind::Document, &it.file_id));
    let photo = || largest(message.photo.as_deref()?).map(|it| (ContentKind::Photo, &it.file_id));
    let audio = || message.audio.as_deref().map(|it| (ContentKind::Audio, &it.file_id));
    let voice = || message.voice.as_deref().map(|it| (ContentKind::Voice, &it.file_id));
    let video = || message.video.as_deref().map(|it| (ContentKind::Video, &it.file_id));
    let animation = || message.animation.as_deref().map(|it| (ContentKind::Document, &it.file_id));
    let video_note = || message.video_note.as_deref().map(|it| (ContentKind::VideoNote, &it.file_id));
    sticker()
        .or_else(document)
        .or_else(photo)
        .or_else(audio)
        .or_else(voice)
        .or_else(video)
        .or_else(animation)
        .or_else(video_note)
        .map(|(kind, file_id)| (kind, file_id.as_str()))
}

fn largest(sizes: &[PhotoSize]) -> Option<&PhotoSize> {
    sizes.iter().max_by_key(|size| u64::from(size.width) * u64::from(size.height))
}

/// The links among the buttons under a message.
pub(super) fn links_under(message: &Message) -> Vec<SavedButton> {
    let Some(markup) = message.reply_markup.as_deref() else { return Vec::new() };
    alita_markup::copied_buttons(
        markup
            .inline_keyboard
            .iter()
            .map(|row| row.iter().map(|button| (button.text.clone(), button.url.clone()))),
    )
}
