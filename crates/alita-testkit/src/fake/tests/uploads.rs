//! Forms, multipart, and files.

use serde_json::{Value, json};

use super::Stage;
use crate::fake::{FakeTelegram, Fault, MediaKind};

#[tokio::test]
async fn a_form_is_read_like_json() {
    let stage = Stage::new().await;
    let form = format!(
        "chat_id={}&text=a+%26+%3Cb%3E&disable_notification=true&reply_markup=%7B%22inline_keyboard%22%3A%5B%5D%7D",
        stage.group
    );
    let body = stage.post("sendMessage", "application/x-www-form-urlencoded", form).await.expect("an answer");
    let answer: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(answer["result"]["text"], "a & <b>");
    let call = stage.telegram.calls().pop().expect("a call");
    assert_eq!(call.params["chat_id"], stage.group.get());
    assert_eq!(call.params["disable_notification"], true);
}

#[tokio::test]
async fn an_upload_can_be_downloaded_again() {
    let stage = Stage::new().await;
    let body = format!(
        "--X\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n{}\r\n--X\r\n\
         Content-Disposition: form-data; name=\"document\"\r\n\r\nattach://backup\r\n--X\r\n\
         Content-Disposition: form-data; name=\"caption\"\r\n\r\n42\r\n--X\r\n\
         Content-Disposition: form-data; name=\"backup\"; filename=\"b.json\"\r\n\
         Content-Type: application/json\r\n\r\n{{\"a\":\r\n1}}\r\n--X--\r\n",
        stage.group
    );
    let body = stage.post("sendDocument", "multipart/form-data; boundary=X", body).await.expect("an answer");
    let answer: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(answer["result"]["caption"], "42");
    let id = answer["result"]["document"]["file_id"].as_str().expect("an id").to_owned();
    let file = stage.call("getFile", json!({"file_id": id})).await.expect("a file");
    let path = file["file_path"].as_str().expect("a path");
    let url = format!("{}/file/bot{}/{path}", stage.telegram.base_url(), FakeTelegram::TOKEN);
    let download = async || stage.post_to(&url, "text/plain", "").await;
    assert_eq!(download().await.expect("bytes"), "{\"a\":\r\n1}");
    stage.telegram.fail("download", Fault::Cut, 1);
    assert!(download().await.is_err());
    assert_eq!(stage.telegram.file(&id).expect("bytes").len(), 9);
}

#[tokio::test]
async fn a_part_of_the_fields_own_name_is_meant() {
    let stage = Stage::new().await;
    let body = format!(
        "--X\r\nContent-Disposition: form-data; name=\"chat_id\"\r\n\r\n{}\r\n--X\r\n\
         Content-Disposition: form-data; name=\"photo\"; filename=\"p.png\"\r\n\r\nPNG\r\n--X--",
        stage.group
    );
    let body = stage.post("sendPhoto", "multipart/form-data; boundary=\"X\"", body).await.expect("an answer");
    let answer: Value = serde_json::from_slice(&body).expect("JSON");
    let id = answer["result"]["photo"][1]["file_id"].as_str().expect("an id").to_owned();
    assert_eq!(stage.telegram.file(&id).expect("bytes"), "PNG");
    let own = stage.telegram.add_file(MediaKind::Photo, None, "more");
    assert_ne!(own, id);
}
