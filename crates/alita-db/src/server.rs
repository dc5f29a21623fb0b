//! What the database's server says about itself.

use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::{Db, Error};

impl Db {
    /// How many connections the server allows to everybody together; an embedded database has no server.
    ///
    /// # Errors
    ///
    /// When the database refuses or does not answer.
    pub async fn server_connections(&self) -> Result<Option<u32>, Error> {
        let connection = self.connection();
        let backend = connection.get_database_backend();
        if backend != DbBackend::Postgres {
            return Ok(None);
        }
        let question = "SELECT current_setting('max_connections')::int4 AS allowed";
        let Some(row) = connection.query_one_raw(Statement::from_string(backend, question)).await? else {
            return Ok(None);
        };
        Ok(u32::try_from(row.try_get::<i32>("", "allowed")?).ok())
    }
}
