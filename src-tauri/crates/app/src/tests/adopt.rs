use domain::{adopt::Verdict, finding::ProblemCode, runtime::Status};

use super::*;
use crate::api::{
    AdoptContainer, DeleteRuntime, ForeignContainer, ManageRuntime, OfCompute, OfRuntime,
};

/// A container that somebody made by hand, and started.
async fn by_hand(world: &World, name: &str, serves: Serves, more: Value) -> String {
    let reference = repository().tagged(name);
    let mut image = Image::that(serves);
    image.config["Labels"] = json!({service::LABEL: serves.word()});
    let made = engine::twin::TwinImage::new(name).configured(image.config).that(image.behaviour);
    world.engine().add_image(&reference.to_string(), made);
    let mut body = json!({
        "Image": reference.to_string(),
        "Env": ["OWN=kept"],
        "Labels": {"own": "label"},
        "ExposedPorts": {"8080/tcp": {}},
        "HostConfig": {
            "PortBindings": {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": free_port().to_string()}]},
        },
    });
    for (key, value) in more.as_object().into_iter().flatten() {
        body[key] = value.clone();
    }
    let id = world.engine().create(name, &body).await.expect("create");
    world.engine().start(&id).await.expect("start");
    id
}

async fn foreign(app: &App) -> Vec<ForeignContainer> {
    let request = OfCompute { compute: compute() };
    handlers::foreign_containers(app, request).await.expect("list").containers
}

async fn adopt(app: &App, container: &str) -> RuntimeId {
    let request = AdoptContainer { compute: compute(), container: container.into() };
    handlers::adopt_container(app, request).await.expect("adopted").runtime
}

#[test]
fn an_adopted_container_is_a_runtime_and_nothing_in_it_changed() {
    let world = World::new();
    paused(async {
        let id = by_hand(&world, "theirs", Serves::Well, json!({})).await;
        let before = world.container("theirs").expect("theirs").raw;
        let app = world.app().await;
        let list = foreign(&app).await;
        assert!(matches!(&list[0].verdict, Verdict::Usable { .. }), "{list:#?}");
        let runtime = adopt(&app, &id).await;
        settle().await;
        let row = row(&app, "theirs");
        assert_eq!((row.id.clone(), row.status), (runtime.clone(), Status::Available));
        assert!(row.adopted.is_some() && row.mine, "{row:#?}");
        assert_eq!(world.container("theirs").expect("theirs").raw, before);
        assert!(foreign(&app).await.is_empty(), "it is a runtime by now");
        // Packages can only be installed into it: it has no environment of ours.
        let of = crate::api::OfRuntime { runtime: runtime.clone() };
        let shown = handlers::preview_add_packages(&app, of).await.expect("preview");
        assert!(shown.ways.is_empty() && shown.notes.len() == 1, "{shown:#?}");
        let add = crate::api::AddPackages {
            runtime: runtime.clone(),
            requirements: vec!["pandas".into()],
            to: crate::api::AddPackagesTo::New { name: "mine".into() },
            confirmed: false,
            cancel_runs: false,
            again: None,
        };
        let refused = handlers::add_packages(&app, add).await.expect_err("refused");
        assert_eq!(refused.code, ProblemCode::CannotBeKept);
        // It is not ours to delete.
        let delete =
            DeleteRuntime { runtime: runtime.clone(), remove_volumes: true, remove_image: true };
        let refusal = handlers::delete_runtime(&app, delete).await.expect_err("refused");
        assert_eq!(refusal.code, ProblemCode::CannotBeKept);
    });
    // The link outlives the application; released, everything is as before.
    paused(async {
        let app = world.start(world.parts(2)).await;
        let runtime = row(&app, "theirs").id;
        handlers::release_runtime(&app, OfRuntime { runtime }).await.expect("released");
        assert!(app.runtimes().is_empty());
        assert!(world.answers("theirs"));
        assert_eq!(foreign(&app).await.len(), 1);
    });
}

#[test]
fn an_adopted_container_that_is_made_anew_by_somebody_is_adopted_no_more() {
    let world = World::new();
    paused(async {
        let id = by_hand(&world, "theirs", Serves::Well, json!({})).await;
        let app = world.app().await;
        adopt(&app, &id).await;
        world.engine().remove(&id, true, true).await.expect("removed");
        by_hand(&world, "theirs", Serves::Well, json!({})).await;
        settle().await;
        assert!(app.runtimes().is_empty(), "{:#?}", app.runtimes());
    });
    paused(async {
        let app = world.start(world.parts(2)).await;
        assert!(app.runtimes().is_empty());
        assert_eq!(foreign(&app).await.len(), 1);
    });
}

#[test]
fn managing_it_fully_keeps_everything_and_proves_the_new_one_first() {
    let world = World::new();
    paused(async {
        let id = by_hand(&world, "theirs", Serves::Well, json!({})).await;
        let port = world.container("theirs").expect("theirs").ports[0].host_port;
        let app = world.app().await;
        let runtime = adopt(&app, &id).await;
        settle().await;
        let request =
            ManageRuntime { runtime: runtime.clone(), confirmed: false, cancel_runs: false };
        let operation = handlers::manage_runtime(&app, request.clone()).await.expect("begins");
        succeeded(ended(&app, &operation.operation).await);
        let row = row(&app, "theirs");
        assert_eq!((row.id.clone(), row.status), (runtime, Status::Available));
        assert!(row.adopted.is_none(), "{row:#?}");
        assert_ne!(row.container_id, id);
        let spec = row.spec.expect("spec");
        assert_eq!((spec.host_port, spec.variables), (port, vec!["OWN".to_owned()]));
        let now = world.container("theirs").expect("theirs");
        assert!(now.raw["Config"]["Env"].to_string().contains("OWN=kept"));
        assert_eq!(now.labels.get("own").map(String::as_str), Some("label"));
        let again = handlers::manage_runtime(&app, request).await.expect_err("it is");
        assert_eq!(again.code, ProblemCode::ChangedMeanwhile);
    });
}

#[test]
fn a_service_of_compose_is_adopted_and_updated_by_compose_alone() {
    let world = World::new();
    paused(async {
        let labels = json!({"Labels": {
            "com.docker.compose.project": "shop", "com.docker.compose.service": "flows",
            "com.docker.compose.project.config_files": "/srv/compose.yaml",
        }});
        let id = by_hand(&world, "shop-flows-1", Serves::Well, labels).await;
        let app = world.app().await;
        assert_eq!(foreign(&app).await[0].compose.as_ref().expect("compose").project, "shop");
        let runtime = adopt(&app, &id).await;
        settle().await;
        let refused = update(&app, &runtime, version(V1)).await;
        assert_eq!(refused.state, OperationState::Failed);
        let problem = refused.problem.expect("problem");
        assert!(problem.sentence.contains("Compose"), "{problem:#?}");
        let command = "docker compose -f /srv/compose.yaml -p shop up -d --pull always flows";
        assert!(problem.hints[0].contains(command), "{problem:#?}");
        assert_eq!(row(&app, "shop-flows-1").container_id, id);
    });
}

#[test]
fn each_container_that_cannot_be_adopted_says_why() {
    let world = World::new();
    paused(async {
        by_hand(&world, "other", Serves::Otherwise, json!({})).await;
        let ended = by_hand(&world, "ended", Serves::Well, json!({})).await;
        world.engine().stop(&ended, Duration::ZERO).await.expect("stop");
        by_hand(&world, "silent", Serves::Never, json!({})).await;
        by_hand(&world, "hidden", Serves::Well, json!({"HostConfig": {}})).await;
        let app = world.app().await;
        let list = foreign(&app).await;
        let of = |name: &str| {
            list.iter().find(|one| one.name == name).map(|one| one.verdict.clone()).expect(name)
        };
        assert!(matches!(of("other"), Verdict::AnotherService { .. }), "{:?}", of("other"));
        assert!(matches!(of("ended"), Verdict::NotRunning { paused: false, .. }));
        assert!(
            matches!(of("silent"), Verdict::NothingListens { .. } | Verdict::Unknown { .. }),
            "{:?}",
            of("silent")
        );
        assert!(matches!(of("hidden"), Verdict::NotPublished { .. }));
        let request = AdoptContainer { compute: compute(), container: ended };
        assert!(handlers::adopt_container(&app, request).await.is_err());
        assert!(app.runtimes().is_empty());
    });
}
