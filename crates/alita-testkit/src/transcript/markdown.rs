//! Conversations as fenced blocks of Markdown files.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::error::PlayError;

/// One fenced `chat` block.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Conversation {
    /// The file's name and the block's number in it, `warns-07`, and what stands behind ```` ```chat ````.
    pub name: String,
    /// The lines between the fences.
    pub text: String,
    /// Where it stands.
    pub file: PathBuf,
    /// The line of its opening fence, counted from 1.
    pub line: usize,
}

/// All conversations of a Markdown file, or of all Markdown files of a folder and its folders.
///
/// # Errors
///
/// [`PlayError::File`] when something cannot be read.
pub fn conversations(path: &Path) -> Result<Vec<Conversation>, PlayError> {
    let mut files = Vec::new();
    markdown_files(path, &mut files).map_err(|source| file_error(path, source))?;
    files.sort();
    let mut all = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(&file).map_err(|source| file_error(&file, source))?;
        all.extend(blocks(&file, &text));
    }
    Ok(all)
}

/// Puts what really happened in the place of a conversation's text.
///
/// # Errors
///
/// [`PlayError::File`], or [`PlayError::Moved`] when the file has changed since it was read.
pub fn rewrite(conversation: &Conversation, actual: &str) -> Result<(), PlayError> {
    // Tests run side by side, and several blocks share a file.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);

    let path = &conversation.file;
    let text = std::fs::read_to_string(path).map_err(|source| file_error(path, source))?;
    let moved = || PlayError::Moved { path: path.clone(), name: conversation.name.clone() };
    // The name holds the number, so two blocks with one text are told apart; earlier rewrites may have moved lines.
    let now = blocks(path, &text).into_iter().find(|now| now.name == conversation.name).ok_or_else(moved)?;
    if now.text != conversation.text {
        return Err(moved());
    }
    let mut lines: Vec<&str> = text.lines().collect();
    let length = now.text.lines().count();
    lines.splice(now.line..now.line + length, actual.lines());
    std::fs::write(path, lines.join("\n") + "\n").map_err(|source| file_error(path, source))
}

fn blocks(file: &Path, text: &str) -> Vec<Conversation> {
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let mut blocks = Vec::new();
    let mut open: Option<(usize, Option<String>, Vec<&str>)> = None;
    for (at, line) in text.lines().enumerate() {
        match &mut open {
            None => {
                if let Some(info) = line.strip_prefix("```") {
                    let (language, title) = info.split_once(' ').unwrap_or((info, ""));
                    open = Some((at + 1, (language == "chat").then(|| title.trim().to_owned()), Vec::new()));
                }
            }
            Some((line_number, title, lines)) if line.trim_end() == "```" => {
                if let Some(title) = title {
                    let name = format!("{stem}-{:02} {title}", blocks.len() + 1).trim_end().to_owned();
                    let text = lines.iter().map(|line| format!("{line}\n")).collect();
                    blocks.push(Conversation { name, text, file: file.to_owned(), line: *line_number });
                }
                open = None;
            }
            Some((_, _, lines)) => lines.push(line),
        }
    }
    blocks
}

fn markdown_files(path: &Path, found: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        std::fs::metadata(path)?;
        found.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        let path = entry?.path();
        if path.is_dir() || path.extension().is_some_and(|extension| extension == "md") {
            markdown_files(&path, found)?;
        }
    }
    Ok(())
}

fn file_error(path: &Path, source: std::io::Error) -> PlayError {
    PlayError::File { path: path.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Warns\n\n```chat A warning counts\nAda: /warn\n```\n\n```text\nno chat\n```\n\n```chat\nAda: hi\n  Alita: ho\n```\nend\n";

    #[test]
    fn blocks_are_numbered_and_rewritten_in_place() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let file = folder.path().join("warns.md");
        std::fs::write(&file, PAGE).expect("the folder can be written");
        let found = conversations(folder.path()).expect("the folder can be read");
        let names: Vec<&str> = found.iter().map(|found| found.name.as_str()).collect();
        assert_eq!(names, ["warns-01 A warning counts", "warns-02"]);
        assert_eq!((found[1].text.as_str(), found[1].line), ("Ada: hi\n  Alita: ho\n", 11));

        rewrite(&found[0], "Ada: /warn\n  Alita: Warned\n").expect("the first is there");
        rewrite(&found[1], "Ada: hi\n").expect("the second has moved, but is there");
        let page = std::fs::read_to_string(&file).expect("the file can be read");
        assert_eq!(
            page,
            PAGE.replace("/warn\n", "/warn\n  Alita: Warned\n").replace("Ada: hi\n  Alita: ho", "Ada: hi")
        );
        rewrite(&found[1], "").expect_err("its text is not there any more");
    }
}
