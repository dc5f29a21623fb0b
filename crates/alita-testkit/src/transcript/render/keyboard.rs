//! Writes keyboards.

use serde_json::Value;

use super::params::flag;

/// One line for each row of the markup's buttons.
pub(super) fn lines(markup: &Value, show_data: bool) -> Vec<String> {
    if flag(markup, "remove_keyboard") {
        return vec!["    [keyboard removed]".to_owned()];
    }
    if flag(markup, "force_reply") {
        return vec!["    [reply wanted]".to_owned()];
    }
    let inline = rows(&markup["inline_keyboard"], |button| inline_button(button, show_data));
    let plain = rows(&markup["keyboard"], |button| {
        format!("[keyboard: {}]", button["text"].as_str().or_else(|| button.as_str()).unwrap_or_default())
    });
    inline.into_iter().chain(plain).collect()
}

fn rows(rows: &Value, written: impl Fn(&Value) -> String) -> Vec<String> {
    rows.as_array()
        .into_iter()
        .flatten()
        .map(|row| {
            let buttons: Vec<String> = row.as_array().into_iter().flatten().map(&written).collect();
            format!("    {}", buttons.join(" "))
        })
        .collect()
}

fn inline_button(button: &Value, show_data: bool) -> String {
    let label = button["text"].as_str().unwrap_or_default();
    if let Some(url) = button["url"].as_str() {
        return format!("[{label}]({url})");
    }
    match button["callback_data"].as_str() {
        Some(data) if show_data => format!("[{label}](data {data})"),
        Some(_) => format!("[{label}]"),
        None => {
            let kind = button.as_object().and_then(|button| button.keys().find(|key| *key != "text"));
            format!("[{label}]({})", kind.map_or("nothing", String::as_str))
        }
    }
}
