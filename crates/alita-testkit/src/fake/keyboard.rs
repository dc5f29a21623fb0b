//! `reply_markup`, checked.

use serde_json::Value;

use super::params::Params;
use super::refusal::Refusal;
use super::urls;
use super::world::World;

/// What Telegram takes in all.
const MAX_BUTTONS: usize = 100;
/// What clients show beside each other.
const MAX_IN_A_ROW: usize = 8;

impl World {
    /// The inline keyboard of a call as it will stand under the message, if there is one.
    pub(crate) fn read_keyboard(&mut self, params: &Params) -> Result<Option<Value>, Refusal> {
        let Some(markup) = params.nested("reply_markup")? else { return Ok(None) };
        let Some(fields) = markup.as_object() else {
            return Err(Refusal::bad("object expected as reply markup"));
        };
        let Some(rows) = fields.get("inline_keyboard") else { return Ok(None) };
        let not_array = || Refusal::bad("field \"inline_keyboard\" must be an Array");
        let rows = rows.as_array().ok_or_else(not_array)?;
        let (mut count, mut kept) = (0, Vec::new());
        for row in rows {
            let row = row.as_array().ok_or_else(|| {
                Refusal::bad(
                    "field \"inline_keyboard\" of the InlineKeyboardMarkup should be an Array of Arrays",
                )
            })?;
            for button in row {
                self.check_button(button)?;
            }
            count += row.len();
            if row.len() > MAX_IN_A_ROW {
                self.sin(format!("a row of {} buttons: clients show at most {MAX_IN_A_ROW}", row.len()));
            }
            // Telegram: empty rows vanish.
            if !row.is_empty() {
                kept.push(Value::Array(row.clone()));
            }
        }
        if count > MAX_BUTTONS {
            return Err(Refusal::bad("REPLY_MARKUP_TOO_LONG"));
        }
        if kept.is_empty() {
            return Ok(None);
        }
        Ok(Some(serde_json::json!({"inline_keyboard": kept})))
    }

    fn check_button(&mut self, button: &Value) -> Result<(), Refusal> {
        let wrong = |why: &str| Refusal::bad(format!("can't parse inline keyboard button: {why}"));
        let text = button["text"].as_str().ok_or_else(|| wrong("Field \"text\" must be of type String"))?;
        if text.trim().is_empty() {
            return Err(Refusal::bad("BUTTON_TEXT_INVALID"));
        }
        if let Some(url) = button["url"].as_str() {
            return match urls::normalised(url) {
                Some(_) => Ok(()),
                None => Err(Refusal::bad("BUTTON_URL_INVALID")),
            };
        }
        if let Some(data) = button["callback_data"].as_str() {
            if data.is_empty() {
                return Err(Refusal::bad("BUTTON_DATA_INVALID"));
            }
            if data.len() > 64 {
                self.sin(format!("callback data of {} bytes: {data:?}", data.len()));
                return Err(Refusal::bad("BUTTON_DATA_INVALID"));
            }
            return Ok(());
        }
        let other = [
            "web_app",
            "login_url",
            "switch_inline_query",
            "switch_inline_query_current_chat",
            "switch_inline_query_chosen_chat",
            "copy_text",
            "callback_game",
            "pay",
            "disabled",
        ];
        if other.iter().any(|field| !button[*field].is_null()) {
            return Ok(());
        }
        Err(wrong("Text buttons are unallowed in the inline keyboard"))
    }
}
