//! Updates that take long.

use super::*;

#[tokio::test]
async fn what_is_kept_is_kept_once_until_it_is_forgotten() {
    for world in worlds().await {
        let kept = |id: i64, body: &str| (id, body.to_owned());
        world.db.backlog().keep(&[kept(9, "nine"), kept(7, "seven")]).await.unwrap();
        world.db.backlog().keep(&[kept(7, "another"), kept(8, "eight")]).await.unwrap();
        let after_crash = world.neighbour().await;
        let expected = [kept(7, "seven"), kept(8, "eight"), kept(9, "nine")];
        assert_eq!(after_crash.backlog().all().await.unwrap(), expected);
        after_crash.backlog().forget(&[7, 9, 10]).await.unwrap();
        assert_eq!(world.db.backlog().all().await.unwrap(), [kept(8, "eight")]);

        world.clock.advance(Duration::from_secs(25 * 60 * 60));
        assert_eq!(world.db.backlog().all().await.unwrap(), [], "nobody waits for an answer any more");
        assert_eq!(world.db.sweep().await.unwrap(), 1);
    }
}
