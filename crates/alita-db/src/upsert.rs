//! The two ends of every insert: keep the row that is there, or set the named columns.

use sea_orm::sea_query::{IntoIden, OnConflict};

/// Leaves a row with this key as it is.
pub(crate) fn or_keep<C: IntoIden>(key: impl IntoIterator<Item = C>) -> OnConflict {
    OnConflict::columns(key).do_nothing().to_owned()
}

/// Sets these columns of the row with this key, and no others.
pub(crate) fn or_set<C: IntoIden>(
    key: impl IntoIterator<Item = C>,
    columns: impl IntoIterator<Item = C>,
) -> OnConflict {
    OnConflict::columns(key).update_columns(columns).to_owned()
}
