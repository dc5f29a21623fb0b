//! The last stage of `deploy/docker/Dockerfile`, built and run by hand, where there is no engine for images: a folder
//! with what the base image has and what the Dockerfile puts beside it, and the bot locked into it as the image's user.
#![cfg(target_os = "linux")]

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use alita_testkit::process::Program;
use tempfile::TempDir;

use crate::room::Room;
use crate::{BOT, LIMIT, whole};

const DOCKERFILE: &str = include_str!("../../../../deploy/docker/Dockerfile");

/// The base image of the last stage, and the libraries in it that a program may ask for (glibc and GCC's runtime).
const BASE: &str = "FROM gcr.io/distroless/cc-debian12:nonroot";
const LIBRARIES: &[&str] = &[
    "libc.so.6",
    "libm.so.6",
    "libdl.so.2",
    "libpthread.so.0",
    "librt.so.1",
    "libgcc_s.so.1",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
];

/// Whom the image runs as.
const NOBODY: &str = "65532";

/// What a Dockerfile says about the container.
struct Stage(&'static str);

impl Stage {
    fn last() -> Self {
        let from = DOCKERFILE.rfind("\nFROM ").expect("a stage");
        Self(DOCKERFILE.get(from + 1..).expect("the rest"))
    }

    fn value(&self, instruction: &str) -> &'static str {
        let value = self.0.lines().find_map(|line| line.strip_prefix(instruction)?.strip_prefix(' '));
        value.unwrap_or_else(|| panic!("the last stage has no {instruction}"))
    }

    fn words(&self, instruction: &str) -> Vec<String> {
        serde_json::from_str(self.value(instruction)).expect("a list of words")
    }
}

/// How a program is locked into a folder.
struct Lock {
    is_root: bool,
}

impl Lock {
    /// `None` where the system lets us do no such thing and the tests were asked to do without.
    #[expect(clippy::disallowed_methods, reason = "the test command speaks to tests through the environment")]
    fn find(folder: &Path) -> Option<Self> {
        let lock = Self { is_root: fs::metadata(folder).expect("it is there").uid() == 0 };
        let args = lock.args(Path::new("/"), "/");
        let tried =
            Command::new("unshare").args(args).arg("true").output().expect("unshare is on every Linux");
        if tried.status.success() {
            return Some(lock);
        }
        let why = String::from_utf8_lossy(&tried.stderr).trim().to_owned();
        assert!(
            std::env::var("ALITA_TEST_NO_SERVICES").as_deref() == Ok("1"),
            "the image by hand needs root, or namespaces for everybody ({why}): allow them, or set \
             ALITA_TEST_NO_SERVICES=1 to leave it out"
        );
        // Standard error itself: what a test prints is shown only when it fails.
        let line = format!("left out: the image by hand (ALITA_TEST_NO_SERVICES=1): {why}\n");
        std::io::stderr().write_all(line.as_bytes()).expect("it can be written");
        None
    }

    /// Root changes into the image's user; anybody else is that user in a namespace of his own.
    fn args(&self, root: &Path, folder: &str) -> Vec<String> {
        let who: &[&str] = if self.is_root {
            &["--setgid", NOBODY, "--setuid", NOBODY]
        } else {
            &["--map-user", NOBODY, "--map-group", NOBODY]
        };
        let place = ["--root".to_owned(), root.display().to_string(), "--wd".to_owned(), folder.to_owned()];
        place.into_iter().chain(who.iter().map(ToString::to_string)).chain(["--".to_owned()]).collect()
    }
}

/// The root of a container, and a bot in it.
struct Image {
    root: TempDir,
    lock: Lock,
}

impl Image {
    fn build() -> Option<Self> {
        let root = tempfile::tempdir().expect("a folder");
        let lock = Lock::find(root.path())?;
        for (name, path) in libraries() {
            assert!(LIBRARIES.contains(&name.as_str()), "the base image has no {name}");
            let to = root.path().join(path.strip_prefix("/").expect("an absolute path"));
            fs::create_dir_all(to.parent().expect("a folder")).expect("a folder");
            fs::copy(&path, to).expect("a copy");
        }
        // The lines of the build that put files where the last stage takes them from.
        let lines: Vec<&str> = DOCKERFILE
            .lines()
            .filter_map(|line| line.trim().strip_prefix("&& install "))
            .map(|line| line.trim_end_matches('\\').trim())
            .collect();
        assert_eq!(lines.len(), 2, "the binary and its folder");
        for line in lines {
            let mut line = line.replace("target/dist/alita-bot", BOT);
            if !lock.is_root {
                // In the namespace we are that user already.
                line = line.replace(&format!("-o {NOBODY} -g {NOBODY} "), "");
            }
            let line = line.replace("/out/", &format!("{}/", root.path().display()));
            let installed =
                Command::new("sh").args(["-c", &format!("install {line}")]).output().expect("a shell");
            assert!(installed.status.success(), "{line}: {}", String::from_utf8_lossy(&installed.stderr));
        }
        // Everybody may look, and nobody may write but where the volume is.
        fs::set_permissions(root.path(), fs::Permissions::from_mode(0o555)).expect("ours");
        Some(Self { root, lock })
    }

    /// The program that runs these words in the container, with the environment of the image.
    fn runs(&self, program: &Program, words: &[String]) -> Program {
        let stage = Stage::last();
        let (name, value) = stage.value("ENV").split_once('=').expect("a variable");
        let mut program = program.clone().without("PATH").env(name, value);
        for arg in self.lock.args(self.root.path(), stage.value("WORKDIR")).iter().chain(words) {
            program = program.arg(arg);
        }
        program
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        // Otherwise the folder could not be emptied.
        let _ = fs::set_permissions(self.root.path(), fs::Permissions::from_mode(0o755));
    }
}

/// What the loader would load for the bot, by name and place.
fn libraries() -> Vec<(String, PathBuf)> {
    let listed = Command::new("ldd").arg(BOT).output().expect("ldd is a part of glibc");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let text = String::from_utf8(listed.stdout).expect("text");
    let paths = text.lines().filter_map(|line| line.split_whitespace().find(|word| word.starts_with('/')));
    let paths: Vec<PathBuf> = paths.map(PathBuf::from).collect();
    assert!(paths.len() > 1 && !text.contains("not found"), "{text}");
    let name = |path: &PathBuf| path.file_name().expect("a name").to_string_lossy().into_owned();
    paths.into_iter().map(|path| (name(&path), path)).collect()
}

fn said(output: &Output) -> (Option<i32>, String) {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

#[tokio::test]
async fn the_image_has_all_that_the_bot_needs() {
    let stage = Stage::last();
    assert!(stage.0.starts_with(BASE), "look what the new base image has, and say it in LIBRARIES");
    assert_eq!(stage.value("USER"), format!("{NOBODY}:{NOBODY}"));
    let Some(image) = Image::build() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let (telegram, _) = whole(folder.path()).await;
    let entry = stage.words("ENTRYPOINT");
    let role = |word: &str| [entry.clone(), vec![word.to_owned()]].concat();

    // Outside there is nothing but what a container is given; the database is the embedded one, in the volume.
    let outside = Program::bot("/usr/bin/unshare", folder.path(), &telegram).without("DATABASE_URL");
    let run = |words: &[String]| image.runs(&outside, words);
    let version = said(&run(&role("version")).run(LIMIT).await.expect("it ends by itself"));
    assert_eq!(version, (Some(0), format!("v{}\n", env!("CARGO_PKG_VERSION"))));
    let (code, shown) = said(&run(&role("check-config")).run(LIMIT).await.expect("it ends by itself"));
    assert!(code == Some(0) && shown.contains("sqlite:///var/lib/alita/alita.db"), "{shown}");

    // A bot that works, asked by the health check of the image.
    let health_check =
        stage.0.lines().find_map(|line| line.trim_start().strip_prefix("CMD ")).expect("a check");
    let health_check: Vec<String> = serde_json::from_str(health_check).expect("a list of words");
    let health = run(&health_check);
    assert_eq!(said(&health.run(LIMIT).await.expect("it ends by itself")).0, Some(1), "nobody is there yet");
    let room = Room::new(telegram, run(&[entry, stage.words("CMD")].concat()));
    let running = room.start().await;
    let asked = said(&health.run(LIMIT).await.expect("it ends by itself"));
    assert_eq!(asked, (Some(0), String::new()));
    room.is_told(room.ada, "/setwarnlimit 5").await;
    room.handled().await;
    room.ends_well(running).await;

    let data = image.root.path().join("var/lib/alita");
    let owner = fs::metadata(data.join("alita.db")).expect("the database is in the volume").uid();
    let expected = if image.lock.is_root { 65_532 } else { fs::metadata(&data).expect("ours").uid() };
    assert_eq!(owner, expected);
    let places: Vec<String> = fs::read_dir(image.root.path())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| !["lib", "lib64", "usr", "var"].contains(&name.as_str()))
        .collect();
    assert!(places.is_empty(), "the bot wrote elsewhere: {places:?}");
}
