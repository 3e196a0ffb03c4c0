//! A tag that moves between what was shown and what would be taken.

use domain::finding::ProblemCode;

use super::*;
use crate::api::PreviewUpdate;

async fn shown(app: &App, id: &RuntimeId) -> String {
    let request = PreviewUpdate { runtime: id.clone(), environment: version(V2) };
    handlers::preview_update(app, request).await.expect("preview").to.digest
}

async fn update_as_shown(app: &App, id: &RuntimeId, shown: String) -> Operation {
    let request = UpdateRuntime {
        runtime: id.clone(),
        environment: version(V2),
        confirmed: false,
        cancel_runs: false,
        shown: Some(shown),
    };
    let operation = handlers::update_runtime(app, request).await.expect("begins").operation;
    ended(app, &operation).await
}

#[test]
fn an_image_that_nobody_was_shown_is_not_taken() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        let first = shown(&app, &id).await;
        world.publish(V2, Image::that(Serves::Well).with("Env", json!(["REBUILT=1"])));
        world.engine().forget_calls();
        let refused = update_as_shown(&app, &id, first).await;
        let problem = refused.problem.expect("refused");
        assert_eq!(problem.code, ProblemCode::Moved);
        assert_eq!(
            problem.sentence,
            format!("{V2} names another image now than when it was shown. Nothing was done.")
        );
        assert_eq!(world.engine().changes(), []);
        assert_eq!(world.containers(), [("eval".to_owned(), true)]);
        // Shown anew, it is taken.
        let now = shown(&app, &id).await;
        succeeded(update_as_shown(&app, &id, now).await);
        assert_eq!(world.tag_of("eval"), V2);
    });
}
