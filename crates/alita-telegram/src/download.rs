//! Files that people sent.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use tokio::io::AsyncReadExt;

use crate::refusal::Envelope;
use crate::transport::Lane;
use crate::{Client, Error, WireError, WireKind};

/// Room for a refusal, whatever the limit for the file.
const REFUSAL_LENGTH: usize = 4096;
const LIMIT: Duration = Duration::from_secs(30);

impl Client {
    /// Downloads a file by the `file_path` of `getFile`, from the configured server only and without following
    /// redirects. Reads no further than `limit` bytes.
    ///
    /// Telegram: a local server (`--local`) answers with a path on its disk; such a path is read only when it lies
    /// in [`ClientConfig::local_files`](crate::ClientConfig::local_files).
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`] beyond the limit; otherwise as for every call.
    pub async fn download(&self, file_path: &str, limit: usize) -> Result<Bytes, Error> {
        if Path::new(file_path).is_absolute() {
            return self.read_local(file_path, limit).await;
        }
        if file_path.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
            return Err(Error::Config("a file's path may not leave its folder"));
        }
        let request = Request::get(self.inner.endpoint.file(file_path)?)
            .body(Full::default())
            .map_err(|_| Error::Config("the request is not well-formed"))?;
        let seat = self.inner.transport.seat(Lane::Calls).await;
        let answer = seat
            .exchange(request, LIMIT, limit.max(REFUSAL_LENGTH))
            .await
            .map_err(|broken| broken.into_error("download", limit))?;
        if answer.status == 200 {
            return if answer.body.len() > limit { Err(Error::TooLarge { limit }) } else { Ok(answer.body) };
        }
        match serde_json::from_slice::<Envelope>(&answer.body) {
            Ok(envelope) if !envelope.ok && answer.status < 500 => {
                let redact = |text: &str| self.inner.endpoint.redact(text);
                Err(Error::Refused(envelope.into_refusal("download", answer.status, redact)))
            }
            _ => {
                let kind = WireKind::Status(answer.status);
                Err(Error::Wire(WireError { method: "download".to_owned(), kind, source: None }))
            }
        }
    }

    async fn read_local(&self, path: &str, limit: usize) -> Result<Bytes, Error> {
        let Some(folder) = &self.inner.local_files else {
            return Err(Error::Config(
                "the server names files on its disk, but no folder of local files is set",
            ));
        };
        // Both sides without links and dots, or the comparison would prove nothing.
        let folder = tokio::fs::canonicalize(folder).await.map_err(Error::ReadFile)?;
        let path = tokio::fs::canonicalize(path).await.map_err(Error::ReadFile)?;
        if !path.starts_with(&folder) {
            return Err(Error::Config("the server names a file outside the folder of local files"));
        }
        let file = tokio::fs::File::open(path).await.map_err(Error::ReadFile)?;
        let mut bytes = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        file.take(most).read_to_end(&mut bytes).await.map_err(Error::ReadFile)?;
        if bytes.len() > limit { Err(Error::TooLarge { limit }) } else { Ok(bytes.into()) }
    }
}
