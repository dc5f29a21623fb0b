//! An update that is kept as text is the same update when it is read again.

use alita_telegram::read_update;
use alita_testkit::recorded;

#[test]
fn every_kind_of_update_can_be_kept() {
    for recorded::Recorded { name, update, .. } in recorded::updates() {
        // Some are of a kind that nobody knows; those are never kept.
        let Ok(update) = read_update(update.to_string().as_bytes()) else { continue };
        let kept = serde_json::to_string(&*update).unwrap_or_else(|error| panic!("{name}: {error}"));
        let again = read_update(kept.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}: {kept}"));
        assert_eq!(again, update, "{name}");
    }
}
