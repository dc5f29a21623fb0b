//! Updates that take long are kept in the database.

use alita_db::Db;
use alita_telegram::{Backlog, BacklogError, Kept};
use async_trait::async_trait;

/// The table `backlog`.
#[derive(Debug)]
pub(crate) struct InDatabase(pub(crate) Db);

#[async_trait]
impl Backlog for InDatabase {
    async fn keep(&self, updates: Vec<Kept>) -> Result<(), BacklogError> {
        let updates: Vec<_> = updates.into_iter().map(|kept| (kept.update_id, kept.json)).collect();
        Ok(self.0.backlog().keep(&updates).await?)
    }

    async fn all(&self) -> Result<Vec<Kept>, BacklogError> {
        let kept = self.0.backlog().all().await?;
        Ok(kept.into_iter().map(|(update_id, json)| Kept::new(update_id, json)).collect())
    }

    async fn forget(&self, ids: Vec<i64>) -> Result<(), BacklogError> {
        Ok(self.0.backlog().forget(&ids).await?)
    }
}
