use domain::disk::{ImageNeed, ImageRole};

use super::*;
use crate::api::{CleanDisk, DiskImage, OfCompute};

async fn images(app: &App) -> Vec<DiskImage> {
    handlers::disk(app, OfCompute { compute: compute() }).await.expect("disk").images
}

#[test]
fn what_a_runtime_runs_or_may_go_back_to_stays_whatever_is_asked() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    world.publish(V3, Image::that(Serves::Well));
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        for next in [V2, V3] {
            succeeded(update(&app, &id, version(next)).await);
        }
        // Somebody pruned: V2 runs nowhere any more, and is what the runtime would go back to.
        world.engine().remove("eval.previous", true, false).await.expect("removed");
        settle().await;
        let before = images(&app).await;
        let of = |tag: &str| {
            before.iter().find(|image| image.names[0].ends_with(tag)).expect(tag).clone()
        };
        assert!(matches!(of(V3).need, ImageNeed::InUse { .. }), "{before:#?}");
        assert!(matches!(of(V2).need, ImageNeed::ToGoBack { .. }), "{before:#?}");
        assert_eq!((of(V1).need, of(V1).role), (ImageNeed::Nothing, ImageRole::Runtime));
        let all = before.iter().map(|image| image.id.clone()).collect();
        let request = CleanDisk { compute: compute(), images: all, build_cache: false };
        let cleaned = handlers::clean_disk(&app, request).await.expect("cleaned");
        assert_eq!((cleaned.removed, cleaned.kept.len()), (1, 2), "{cleaned:#?}");
        let left: Vec<String> = images(&app).await.into_iter().flat_map(|one| one.names).collect();
        assert!(left.iter().all(|name| !name.ends_with(V1)) && left.len() == 2, "{left:?}");
        // It can still go back.
        let back = handlers::roll_back_runtime(&app, crate::api::OfRuntime { runtime: id }).await;
        succeeded(ended(&app, &back.expect("begins").operation).await);
        assert_eq!(world.tag_of("eval"), V2);
    });
}

#[test]
fn a_download_that_may_not_fit_is_asked_about_before_anything_happens() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        world.engine().set_free_disk(Some(10));
        let request = crate::api::PreviewUpdate { runtime: id.clone(), environment: version(V2) };
        let preview = handlers::preview_update(&app, request).await.expect("preview");
        let told = &preview.confirmations[0];
        assert_eq!(told.code, domain::finding::ProblemCode::DiskFull, "{preview:#?}");
        let refused = update(&app, &id, version(V2)).await;
        assert_eq!(refused.state, OperationState::Failed);
        assert_eq!(world.tag_of("eval"), V1);
    });
}
