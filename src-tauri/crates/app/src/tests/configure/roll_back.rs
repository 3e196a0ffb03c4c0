//! A roll back gives back what the last replacement changed: image and settings.

use super::*;

async fn roll_back(app: &App, id: &RuntimeId) -> Operation {
    let request = OfRuntime { runtime: id.clone() };
    let started = handlers::roll_back_runtime(app, request).await.expect("begins");
    ended(app, &started.operation).await
}

async fn goes_back(app: &App, id: &RuntimeId) -> Vec<String> {
    let request = OfRuntime { runtime: id.clone() };
    let preview = handlers::preview_roll_back(app, request).await.expect("preview");
    preview.changes.iter().map(|change| change.setting.title()).collect()
}

#[test]
fn settings_go_back_and_what_was_changed_in_place_stays() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let made = create(&app, full("eval")).await;
        assert_eq!(goes_back(&app, &made.id).await, Vec::<String>::new());
        let port = free_port();
        succeeded(
            change(&app, &made.id, |draft| {
                draft.host_port = port.into();
                draft.memory_limit = None;
                draft.variables = vec![given("MODE", "slow"), given("NEW", "1")];
                draft.mounts.clear();
            })
            .await,
        );
        succeeded(
            change(&app, &made.id, |draft| {
                draft.description = "written since".into();
                draft.restart_policy = RestartPolicy::Always;
            })
            .await,
        );
        assert_eq!(
            goes_back(&app, &made.id).await,
            [
                "published port",
                "memory limit",
                "variable MODE",
                "variable LEVEL",
                "variable NEW",
                "mount /data"
            ]
        );
        let operation = succeeded(roll_back(&app, &made.id).await);
        let after = row(&app, "eval");
        assert_eq!((&after.endpoint, after.memory_limit), (&made.endpoint, made.memory_limit));
        assert_eq!((&after.digest, after.generation), (&made.digest, 3));
        assert_eq!(after.restart_policy, "always");
        let spec = after.spec.expect("spec");
        assert_eq!(spec.description, "written since");
        assert_eq!(spec.variables, ["MODE", "LEVEL"]);
        let env = env_of(&world, "eval");
        assert!(env.contains(&"MODE=fast".into()) && env.contains(&"LEVEL=1".into()), "{env:?}");
        assert!(!env.iter().any(|entry| entry.starts_with("NEW=")), "{env:?}");
        assert!(after.mounts.iter().any(|mount| mount.source == "data"), "{:?}", after.mounts);
        // Nothing is wrong with the image.
        let digest = Digest::parse(&made.digest).expect("digest");
        assert_eq!(world.history.is_bad_digest(&digest).await.expect("asked"), None);
        assert!(!serde_json::to_string(&operation).expect("json").contains("fast"));
    });
}

#[test]
fn a_roll_back_of_an_update_changes_no_settings() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let app = world.app().await;
        let mut asked = full("eval");
        asked.host_port = 0;
        let made = create(&app, asked).await;
        succeeded(update(&app, &made.id, version(V2)).await);
        assert_eq!(goes_back(&app, &made.id).await, Vec::<String>::new());
        succeeded(roll_back(&app, &made.id).await);
        let after = row(&app, "eval");
        assert_eq!(after.endpoint, made.endpoint);
        assert_eq!(world.tag_of("eval"), V1);
    });
}

#[test]
fn a_change_after_an_update_is_taken_back_alone() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Well));
    paused(async {
        let app = world.app().await;
        let made = create(&app, full("eval")).await;
        succeeded(update(&app, &made.id, version(V2)).await);
        succeeded(change(&app, &made.id, |draft| draft.cpu_limit = Some(1.0)).await);
        assert_eq!(goes_back(&app, &made.id).await, ["CPU limit"]);
        succeeded(roll_back(&app, &made.id).await);
        assert_eq!(world.tag_of("eval"), V2);
        assert!(row(&app, "eval").cpu_limit.abs() < f64::EPSILON);
    });
}
