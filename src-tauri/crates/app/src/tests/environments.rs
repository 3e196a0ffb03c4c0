mod added;

use domain::{
    compute::Unreachable,
    environment::{EnvironmentId, Installer, PackageIndex, Packages, Source},
    finding::{Cause, ProblemCode},
    runtime::Status,
};
use engine::twin::{BuildScript, TwinImage};

use super::*;
use crate::api::{
    BuildEnvironment, DeleteEnvironment, EnvironmentForm, EnvironmentView, Nothing, OfEnvironment,
    OfEnvironmentVersion, OfOperation, SaveEnvironment, VersionAnswer,
};

fn packages(requirements: &str) -> Source {
    Source::Packages(Packages {
        base: repository().tagged(V1).to_string(),
        promptflow: String::new(),
        tools: false,
        requirements: requirements.into(),
        system_packages: vec![],
        installer: Installer::Pip,
        index: PackageIndex::default(),
    })
}

async fn try_save(
    app: &App,
    id: Option<&EnvironmentId>,
    name: &str,
    source: Source,
) -> Result<EnvironmentId, domain::finding::Problem> {
    let form = EnvironmentForm {
        name: name.into(),
        description: String::new(),
        source,
        port: None,
        health_path: String::new(),
    };
    let request = SaveEnvironment { environment: id.cloned(), form };
    Ok(handlers::save_environment(app, request).await?.environment)
}

async fn save(app: &App, name: &str, source: Source) -> EnvironmentId {
    try_save(app, None, name, source).await.expect("saved")
}

fn asked(id: &EnvironmentId) -> BuildEnvironment {
    BuildEnvironment {
        environment: id.clone(),
        compute: compute(),
        newest_base: false,
        no_cache: false,
        exactly: None,
        update: vec![],
    }
}

async fn begin_build(app: &App, id: &EnvironmentId) -> OperationId {
    handlers::build_environment(app, asked(id)).await.expect("begins").operation
}

async fn build(app: &App, id: &EnvironmentId) -> Operation {
    let operation = begin_build(app, id).await;
    ended(app, &operation).await
}

async fn view(app: &App, id: &EnvironmentId) -> EnvironmentView {
    let list = handlers::list_environments(app, Nothing {}).await.expect("list");
    list.environments.into_iter().find(|one| one.id == *id).expect("listed")
}

fn named(id: &EnvironmentId, version: Option<u32>) -> EnvironmentDraft {
    EnvironmentDraft::Named { environment: id.clone(), version }
}

impl World {
    /// The next build makes an image that serves so.
    fn will_build(&self, content: &str, serves: Serves) {
        self.will_build_image(content, Image::that(serves));
    }

    fn will_build_image(&self, content: &str, image: Image) {
        let mut config = image.config;
        config["Labels"] = json!({service::LABEL: image.serves.word()});
        let made = TwinImage::new(content).configured(config).that(image.behaviour);
        self.engine().will_build(BuildScript::makes(made));
    }

    async fn tags(&self) -> Vec<String> {
        let images = self.engine().images().await.expect("images");
        let ours = |tag: &String| tag.contains("promptflow-runtimes/");
        images.into_iter().flat_map(|image| image.tags).filter(ours).collect()
    }
}

#[test]
fn a_build_whose_connection_broke_is_begun_once_more() {
    let world = World::new();
    let broken = || BuildScript {
        end: Err(Unreachable::Other { reason: "error reading a body".into() }.into()),
        ..BuildScript::makes(TwinImage::new(""))
    };
    paused(async {
        let app = world.app().await;
        let id = save(&app, "rag", packages("pandas\n")).await;
        world.engine().will_build(broken());
        world.will_build("one", Serves::Well);
        succeeded(build(&app, &id).await);
        // Twice in a row is told.
        world.engine().will_build(broken());
        world.engine().will_build(broken());
        let failed = build(&app, &id).await;
        assert_eq!(failed.state, OperationState::Failed, "{failed:#?}");
        let problem = failed.problem.expect("a problem");
        assert_eq!(problem.code, ProblemCode::ComputeUnreachable, "{problem:#?}");
        assert_eq!(world.tags().await.len(), 1);
    });
}

#[test]
fn a_version_is_an_image_that_was_proved_and_a_runtime_can_be_made_of_it() {
    let world = World::new();
    world.will_build("one", Serves::Well);
    paused(async {
        let app = world.app().await;
        let id = save(&app, "rag", packages("pandas\n")).await;
        assert!(view(&app, &id).await.versions.is_empty());
        let nothing_yet = begin_create_refused(&app, named(&id, None)).await;
        assert_eq!(nothing_yet.field.as_deref(), Some("environment.named"));
        succeeded(build(&app, &id).await);
        let row =
            create(&app, RuntimeDraft { environment: named(&id, None), ..draft("eval") }).await;
        assert_eq!((row.status, row.environment.as_str()), (Status::Available, "rag"));
        assert_eq!(world.tag_of("eval"), "1");
        let view = view(&app, &id).await;
        assert_eq!(view.versions[0].runtimes, std::slice::from_ref(&row.id));
        assert_eq!(world.containers(), [("eval".to_owned(), true)]);
    });
}

async fn begin_create_refused(
    app: &App,
    environment: EnvironmentDraft,
) -> domain::finding::Problem {
    let draft = RuntimeDraft { environment, ..draft("other") };
    let request = OfDraft { compute: compute(), draft };
    handlers::create_runtime(app, request).await.expect_err("refused")
}

#[test]
fn a_build_that_fails_or_does_not_serve_leaves_nothing_and_touches_nothing() {
    let world = World::new();
    world.will_build("one", Serves::Well);
    paused(async {
        let app = world.app().await;
        let id = save(&app, "rag", packages("pandas\n")).await;
        succeeded(build(&app, &id).await);
        let before =
            create(&app, RuntimeDraft { environment: named(&id, None), ..draft("eval") }).await;
        world.engine().will_build(BuildScript::fails(&[
            "ERROR: Could not find a version that satisfies the requirement pandaz (from versions: none)",
            "ERROR: No matching distribution found for pandaz",
        ]));
        world.will_build_image("two", Image::that_exits());
        for cause in [Cause::PackageNotFound, Cause::ContainerExited] {
            let failed = build(&app, &id).await;
            assert_eq!(failed.state, OperationState::Failed, "{failed:#?}");
            let finding = failed.problem.and_then(|problem| problem.finding).expect("finding");
            assert_eq!(finding.cause, cause, "{finding:#?}");
            assert_eq!(world.tags().await, ["localhost/promptflow-runtimes/rag:1"]);
            assert_eq!(world.containers(), [("eval".to_owned(), true)]);
        }
        assert_eq!(view(&app, &id).await.versions.len(), 1);
        let now = row(&app, "eval");
        assert_eq!((now.container_id, now.status), (before.container_id, Status::Available));
    });
}

#[test]
fn a_cancelled_build_leaves_nothing() {
    let world = World::new();
    let slow = BuildScript {
        pause: Duration::from_secs(60),
        ..BuildScript::makes(TwinImage::new("slow"))
    };
    world.engine().will_build(slow);
    paused(async {
        let app = world.app().await;
        let id = save(&app, "rag", packages("")).await;
        let operation = begin_build(&app, &id).await;
        tokio::time::sleep(Duration::from_secs(70)).await;
        // Meanwhile nothing else changes it.
        let busy = try_save(&app, Some(&id), "rag", packages("x")).await.expect_err("busy");
        assert_eq!(busy.code, ProblemCode::Busy);
        handlers::cancel_operation(&app, OfOperation { operation: operation.clone() })
            .await
            .expect("cancelled");
        assert_eq!(ended(&app, &operation).await.state, OperationState::Cancelled);
        assert!(world.tags().await.is_empty() && world.containers().is_empty());
        try_save(&app, Some(&id), "rag", packages("x")).await.expect("free again");
    });
}

#[test]
fn what_an_ended_application_left_while_it_proved_is_removed_by_the_next_build() {
    let world = World::new();
    world.will_build("one", Serves::Never);
    let id = paused(async {
        let app = world.app().await;
        let id = save(&app, "rag", packages("")).await;
        begin_build(&app, &id).await;
        while world.containers().is_empty() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        id
    });
    assert_eq!(world.containers().len(), 1, "it was killed while it proved");
    world.will_build("two", Serves::Well);
    paused(async {
        let app = world.start(world.parts(2)).await;
        let history =
            handlers::environment_history(&app, OfEnvironment { environment: id.clone() });
        let history = history.await.expect("history").operations;
        assert_eq!(history[0].state, OperationState::Failed, "{history:#?}");
        succeeded(build(&app, &id).await);
        assert!(world.containers().is_empty(), "{:?}", world.containers());
    });
}

#[test]
fn a_newer_version_is_told_to_its_runtimes_unless_it_failed_here() {
    let world = World::new();
    for content in ["one", "two"] {
        world.will_build(content, Serves::Well);
    }
    paused(async {
        let app = world.app().await;
        let id = save(&app, "rag", packages("")).await;
        succeeded(build(&app, &id).await);
        let runtime =
            create(&app, RuntimeDraft { environment: named(&id, None), ..draft("eval") }).await;
        succeeded(build(&app, &id).await);
        let answer = async || crate::versions::ask_now(&app, &row(&app, "eval")).await.answer;
        assert!(matches!(answer().await, VersionAnswer::NewerOfEnvironment { from: 1, to: 2, .. }));
        succeeded(update(&app, &runtime.id, named(&id, None)).await);
        assert_eq!(world.tag_of("eval"), "2");
        assert!(matches!(answer().await, VersionAnswer::UpToDate { .. }));
        // Rolled back: the version that did not hold is offered no more.
        let back = handlers::roll_back_runtime(&app, crate::api::OfRuntime { runtime: runtime.id })
            .await
            .expect("begins");
        succeeded(ended(&app, &back.operation).await);
        assert_eq!(world.tag_of("eval"), "1");
        assert!(matches!(answer().await, VersionAnswer::UpToDate { .. }));
        let used = DeleteEnvironment { environment: id.clone(), remove_images: true };
        let refusal = handlers::delete_environment(&app, used).await.expect_err("in use");
        assert!(refusal.sentence.contains("eval"), "{refusal:#?}");
    });
}

#[test]
fn an_image_environment_keeps_the_digest_that_was_chosen() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let reference = repository().tagged(V1).to_string();
        let id = save(&app, "taken", Source::Image { reference }).await;
        succeeded(build(&app, &id).await);
        let first = view(&app, &id).await.versions[0].digest.clone();
        // The tag names another image from now on.
        let moved = world.publish(V1, Image::that(Serves::Well).with("User", json!("other")));
        assert_ne!(moved.to_string(), first);
        handlers::check_bases(&app, OfEnvironment { environment: id.clone() })
            .await
            .expect("asked");
        let news = view(&app, &id).await.news.expect("news");
        assert_eq!(news.newer[0].digest, moved.to_string());
        let row =
            create(&app, RuntimeDraft { environment: named(&id, None), ..draft("eval") }).await;
        assert_eq!(row.digest, first);
        assert!(matches!(
            crate::versions::ask_now(&app, &row).await.answer,
            VersionAnswer::NewerBase { .. }
        ));
        succeeded(build(&app, &id).await);
        assert_eq!(view(&app, &id).await.versions[0].digest, moved.to_string());
        assert!(view(&app, &id).await.news.is_none());
    });
}

#[test]
fn what_is_typed_wrong_is_told_at_its_field_and_nothing_is_written() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let bad = try_save(&app, None, "Not A Name", packages("")).await.expect_err("refused");
        assert_eq!(bad.field.as_deref(), Some("name"));
        let source = Source::Image { reference: "a b".into() };
        let bad = try_save(&app, None, "fine", source).await.expect_err("refused");
        assert_eq!(bad.field.as_deref(), Some("reference"));
        save(&app, "fine", packages("")).await;
        let taken = try_save(&app, None, "fine", packages("")).await.expect_err("taken");
        assert_eq!(taken.field.as_deref(), Some("name"));
        let list = handlers::list_environments(&app, Nothing {}).await.expect("list");
        assert_eq!(list.environments.len(), 1);
        let gone = OfEnvironmentVersion { environment: EnvironmentId("x".into()), number: 1 };
        assert!(handlers::environment_version(&app, gone).await.is_err());
    });
}

#[test]
fn a_number_that_another_installation_took_is_not_taken_again() {
    let world = World::new();
    let theirs = "localhost/promptflow-runtimes/rag:4";
    let there = world.engine().add_image(theirs, TwinImage::new("theirs"));
    world.will_build("ours", Serves::Well);
    paused(async {
        let app = world.app().await;
        let id = save(&app, "rag", packages("")).await;
        succeeded(build(&app, &id).await);
        assert_eq!(view(&app, &id).await.versions[0].number, 5);
        assert_eq!(world.engine().image(theirs).await.expect("theirs").id, there.id);
    });
}

#[test]
fn an_image_that_does_not_serve_is_no_version_and_does_not_stay() {
    let world = World::new();
    world.publish(V2, Image::that_exits());
    paused(async {
        let app = world.app().await;
        let reference = repository().tagged(V2).to_string();
        let id = save(&app, "taken", Source::Image { reference: reference.clone() }).await;
        assert_eq!(build(&app, &id).await.state, OperationState::Failed);
        assert!(view(&app, &id).await.versions.is_empty());
        assert!(world.engine().image(&reference).await.is_err(), "it was not there before");
    });
}

#[test]
fn deleting_a_runtime_leaves_the_image_of_its_environment() {
    let world = World::new();
    world.will_build("one", Serves::Well);
    paused(async {
        let app = world.app().await;
        let id = save(&app, "rag", packages("")).await;
        succeeded(build(&app, &id).await);
        let runtime =
            create(&app, RuntimeDraft { environment: named(&id, None), ..draft("eval") }).await.id;
        let of = crate::api::OfRuntime { runtime: runtime.clone() };
        let preview = handlers::preview_delete(&app, of).await.expect("preview");
        assert_eq!(preview.unused_image, None);
        let request =
            crate::api::DeleteRuntime { runtime, remove_volumes: false, remove_image: false };
        let operation = handlers::delete_runtime(&app, request).await.expect("begins").operation;
        succeeded(ended(&app, &operation).await);
        assert_eq!(world.tags().await, ["localhost/promptflow-runtimes/rag:1"]);
        // Nothing runs it: now the environment may go, and its images where that is asked for.
        let delete = DeleteEnvironment { environment: id, remove_images: true };
        handlers::delete_environment(&app, delete).await.expect("deleted");
        assert!(world.tags().await.is_empty());
        let left = handlers::list_environments(&app, Nothing {}).await.expect("list");
        assert!(left.environments.is_empty());
    });
}

#[test]
fn packages_that_are_kept_come_to_the_runtime_once_they_are_proved() {
    let world = World::new();
    for content in ["one", "two"] {
        world.will_build(content, Serves::Well);
    }
    paused(async {
        let app = world.app().await;
        let id = save(&app, "rag", packages("numpy\n")).await;
        succeeded(build(&app, &id).await);
        let runtime =
            create(&app, RuntimeDraft { environment: named(&id, None), ..draft("eval") }).await.id;
        let keep = crate::api::KeepPackages {
            runtime: runtime.clone(),
            requirements: vec!["pandas==2.1".into()],
        };
        let kept = handlers::keep_packages(&app, keep).await.expect("kept");
        assert_eq!((kept.environment, kept.is_new), (id.clone(), false));
        let Source::Packages(now) = view(&app, &id).await.source else { panic!("packages") };
        assert_eq!(now.requirements, "numpy\npandas==2.1\n");
        let request = BuildEnvironment { update: vec![runtime.clone()], ..asked(&id) };
        let operation = handlers::build_environment(&app, request).await.expect("begins").operation;
        succeeded(ended(&app, &operation).await);
        while world.tag_of("eval") != "2" {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        // A failed build updates nothing.
        world.engine().will_build(BuildScript::fails(&["no"]));
        let request = BuildEnvironment { update: vec![runtime], ..asked(&id) };
        let operation = handlers::build_environment(&app, request).await.expect("begins").operation;
        assert_eq!(ended(&app, &operation).await.state, OperationState::Failed);
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert_eq!(world.tag_of("eval"), "2");
    });
}
