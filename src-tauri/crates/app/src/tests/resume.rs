//! A create that is cut off goes on by itself at the next start, and never twice.

use domain::{
    finding::{Cause, ProblemCode},
    label::Labels,
    operation::{OperationKind, StepKind},
    secret::Secret,
    spec::Variable,
};
use registry::RegistryError;
use vault::{Vault as _, VaultState};

use super::*;

const VALUE: &str = "quite-fast";

/// With a variable, whose value must not be lost nor written down.
fn with_variable() -> RuntimeDraft {
    let variables = vec![Variable { name: "MODE".into(), value: VALUE.into(), confirmed: false }];
    RuntimeDraft { variables, ..draft("eval") }
}

/// From now on the image arrives.
fn arrives(world: &World) {
    world.publish(V1, Image::that(Serves::Well));
}

/// From now on a pull of the image never ends.
fn stalls(world: &World) {
    let reference = repository().tagged(V1);
    world.publish_with(&reference, Image::that(Serves::Well), PullScript::stalls());
}

/// A create of this draft, until `here` says that the application dies now.
fn cut_off(world: &World, draft: RuntimeDraft, here: impl Fn(&World) -> bool) -> Operation {
    paused(async {
        let app = world.app().await;
        let id = begin_create(&app, draft).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        for _ in 0..10_000 {
            if here(world) {
                return lock(&app.operations).get(&id).expect("known").view();
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("it did not come so far: {:?}", world.containers());
    })
}

fn cut_off_in_mid_pull(world: &World, draft: RuntimeDraft) -> Operation {
    stalls(world);
    cut_off(world, draft, |_| true)
}

fn account(operation: &Operation) -> String {
    format!("values-of-create:{}", operation.id)
}

/// How the create ends after the next start.
fn goes_on(world: &World, before: &Operation) -> Operation {
    paused(async {
        let app = world.start(world.parts(2)).await;
        ended(&app, &before.id).await
    })
}

/// Nothing is remembered any more.
fn nothing_is_kept(world: &World, operation: &Operation) {
    assert_eq!(paused(world.history.begun()).expect("history"), []);
    assert_eq!(world.vault.in_keyring(&account(operation)), None);
}

fn images(world: &World) -> usize {
    paused(world.engine().images()).expect("images").len()
}

fn only_eval() -> Vec<(String, bool)> {
    vec![("eval".to_owned(), true)]
}

#[test]
fn a_create_cut_off_in_mid_pull_goes_on_until_available_as_the_same_operation() {
    let world = World::new();
    let before = cut_off_in_mid_pull(&world, with_variable());
    let kept = paused(world.history.begun()).expect("history");
    assert!(!format!("{kept:?}").contains(VALUE), "the value is in the history");
    assert!(world.vault.in_keyring(&account(&before)).is_some());
    arrives(&world);
    let after = succeeded(goes_on(&world, &before));
    assert_eq!((&after.id, &after.runtime), (&before.id, &before.runtime));
    assert_eq!((after.started, &after.started_by), (before.started, &before.started_by));
    assert!(after.steps.iter().all(|step| step.finished.is_some()), "{after:#?}");
    assert_eq!(world.containers(), only_eval());
    let container = world.container("eval").expect("eval");
    assert!(container.raw["Config"]["Env"].to_string().contains("MODE=quite-fast"));
    let labels = Labels::read(&container.labels).expect("labels");
    assert_eq!(
        (Some(labels.runtime), labels.operation),
        (before.runtime.clone(), before.id.clone())
    );
    let told = paused(world.history.operations(None, 10)).expect("history");
    assert_eq!(told.len(), 1, "one entry: {told:#?}");
    assert_eq!(told[0].state, OperationState::Succeeded);
    nothing_is_kept(&world, &after);
}

#[test]
fn a_create_that_is_not_cut_off_leaves_nothing_in_the_keyring_however_it_ends() {
    for serves in [Serves::Well, Serves::Never] {
        let world = World::new();
        world.publish(V1, Image::that(serves));
        let operation = paused(async {
            let app = world.app().await;
            let id = begin_create(&app, with_variable()).await;
            ended(&app, &id).await
        });
        assert!(operation.state.is_final());
        nothing_is_kept(&world, &operation);
    }
}

#[test]
fn it_waits_for_its_compute_shown_as_running_and_holds_no_window() {
    let world = World::new();
    let before = cut_off_in_mid_pull(&world, with_variable());
    arrives(&world);
    paused(async {
        world.engine().set_unreachable(true);
        let app = world.start(world.parts(2)).await;
        tokio::time::sleep(Duration::from_secs(30)).await;
        let told = crate::operations::list(&app, None).await.expect("history");
        assert_eq!(told.len(), 1);
        assert_eq!((&told[0].id, told[0].state), (&before.id, OperationState::Running));
        let note = told[0].steps[0].note.as_deref().expect("note");
        assert!(note.contains("as soon as its compute is connected"), "{note}");
        assert!(app.may_close(), "nothing happens while it waits");
        world.engine().set_unreachable(false);
        succeeded(ended(&app, &before.id).await);
    });
    assert_eq!(world.containers(), only_eval());
}

#[test]
fn cancelled_while_it_waits_it_ends_at_once_and_what_it_had_made_goes_when_the_compute_is_back() {
    let world = World::new();
    world.publish(V1, Image::that(Serves::Never));
    let before = cut_off(&world, with_variable(), |world| world.containers() == only_eval());
    paused(async {
        world.engine().set_unreachable(true);
        let app = world.start(world.parts(2)).await;
        crate::operations::cancel(&app, &before.id).expect("known");
        let after = ended(&app, &before.id).await;
        assert_eq!(after.state, OperationState::Cancelled);
        let outcome = after.outcome.expect("outcome");
        assert!(outcome.contains("as soon as its compute is connected"), "{outcome}");
    });
    // The application ended before the compute was there: it is still remembered.
    paused(async {
        world.engine().set_unreachable(false);
        assert_eq!(world.containers(), only_eval());
        world.start(world.parts(3)).await;
        settle().await;
        assert_eq!(world.containers(), []);
        let told = world.history.operations(None, 10).await.expect("history");
        assert_eq!((told.len(), told[0].state), (1, OperationState::Cancelled));
    });
    assert_eq!(images(&world), 0);
    nothing_is_kept(&world, &before);
}

#[test]
fn a_cancel_works_as_in_the_first_one() {
    let world = World::new();
    let before = cut_off_in_mid_pull(&world, with_variable());
    paused(async {
        let app = world.start(world.parts(2)).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
        crate::operations::cancel(&app, &before.id).expect("known");
        assert_eq!(ended(&app, &before.id).await.state, OperationState::Cancelled);
    });
    assert_eq!((world.containers(), images(&world)), (vec![], 0));
    nothing_is_kept(&world, &before);
}

#[test]
fn what_was_cancelled_before_the_application_died_does_not_go_on() {
    let world = World::new();
    world.publish(V1, Image::that(Serves::Never));
    let before = paused(async {
        let app = world.app().await;
        let id = begin_create(&app, with_variable()).await;
        while world.containers() != only_eval() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // What was made cannot be removed before the application dies.
        world.engine().set_unreachable(true);
        crate::operations::cancel(&app, &id).expect("known");
        tokio::time::sleep(Duration::from_secs(1)).await;
        lock(&app.operations).get(&id).expect("known").view()
    });
    assert_eq!(before.state, OperationState::Cancelling);
    world.engine().set_unreachable(false);
    paused(async {
        let app = world.start(world.parts(2)).await;
        assert_eq!(ended(&app, &before.id).await.state, OperationState::Cancelled);
    });
    assert_eq!((world.containers(), images(&world)), (vec![], 0));
    nothing_is_kept(&world, &before);
}

#[test]
fn a_container_that_only_looked_into_the_image_is_removed_and_the_work_done_anew() {
    let world = World::new();
    // The look into the image takes so long that the application dies meanwhile.
    let mut image = Image::that(Serves::AsExecutor).with("Cmd", json!(["python3"]));
    image.behaviour.in_a_shell = Some(Box::default());
    world.publish(V1, image);
    let looks = |world: &World| world.containers().iter().any(|(name, _)| name != "eval");
    let before = cut_off(&world, with_variable(), looks);
    assert_eq!(world.containers(), [("eval.candidate".to_owned(), true)]);
    let probe = world.container("eval.candidate").expect("probe").id;
    let after = goes_on(&world, &before);
    assert!(after.state.is_final());
    let all = world.engine().seen();
    assert!(all.iter().all(|container| container.id != probe), "{all:#?}");
    let expected = if after.state == OperationState::Succeeded { only_eval() } else { vec![] };
    assert_eq!(world.containers(), expected);
    nothing_is_kept(&world, &before);
}

#[test]
fn a_container_that_runs_already_is_gone_on_with_also_without_the_values() {
    let world = World::new();
    let before = paused(async {
        let app = world.app().await;
        let id = begin_create(&app, with_variable()).await;
        while world.containers() != only_eval() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        lock(&app.operations).get(&id).expect("known").view()
    });
    let container = world.container("eval").expect("eval").id;
    paused(world.vault.forget(&account(&before))).expect("forgotten");
    world.engine().forget_calls();
    let after = succeeded(goes_on(&world, &before));
    assert_eq!(world.containers(), only_eval());
    assert_eq!(world.container("eval").expect("eval").id, container);
    assert_eq!(world.engine().changes(), [], "nothing had to be done to it");
    assert_eq!(after.to.as_deref(), Some(V1));
    let pull = after.steps.iter().find(|step| step.kind == StepKind::Pull).expect("step");
    assert_eq!(pull.note.as_deref(), Some("It was done before the application ended."));
    nothing_is_kept(&world, &before);
}

#[test]
fn a_container_that_was_not_started_yet_is_started_also_under_a_name_that_somebody_gave_it() {
    for name in ["eval", "renamed"] {
        let world = World::new();
        let before = cut_off(&world, draft("eval"), |world| world.containers() == only_eval());
        paused(async {
            let engine = world.engine();
            let whole = world.container("eval").expect("eval");
            engine.remove("eval", true, true).await.expect("remove");
            let mut body = json!({"Image": whole.image_id, "Labels": whole.labels});
            body["ExposedPorts"] = json!({"8080/tcp": {}});
            body["HostConfig"] = whole.raw["HostConfig"].clone();
            engine.create(name, &body).await.expect("create");
        });
        // It had ended well already: only its end had not been written down.
        let unfinished = Operation { state: OperationState::Running, ..before.clone() };
        let world = as_if_unfinished(world, &unfinished);
        let after = succeeded(goes_on(&world, &before));
        assert_eq!(world.containers(), [(name.to_owned(), true)]);
        assert_eq!(after.outcome.as_deref(), Some(format!("{name} is available.").as_str()));
    }
}

/// The same world with a history in which this create, asked for without variables, did not end.
fn as_if_unfinished(world: World, operation: &Operation) -> World {
    let history = History::in_memory().expect("history");
    let spec = paused(async {
        let app = world.app().await;
        crate::wizard::spec(&app, &OfDraft { compute: compute(), draft: draft("eval") })
            .expect("spec")
    });
    let begun = history::BegunCreate {
        operation: operation.id.clone(),
        process: world.parts(1).identity.process,
        request: json!({"spec": spec, "values": false}),
        pulling: None,
    };
    paused(async {
        history.save_operation(operation).await.expect("saved");
        history.keep_begun(&begun).await.expect("kept");
    });
    World { history, ..world }
}

#[test]
fn a_name_that_somebody_took_meanwhile_ends_it_with_nothing_left() {
    let world = World::new();
    let before = cut_off_in_mid_pull(&world, with_variable());
    arrives(&world);
    let theirs = engine::twin::TwinImage::new("theirs");
    paused(async {
        world.engine().add_image("theirs:1", theirs);
        world.engine().create("eval", &json!({"Image": "theirs:1"})).await.expect("create");
    });
    let after = goes_on(&world, &before);
    assert_eq!(after.state, OperationState::Failed);
    assert_eq!(after.problem.expect("problem").code, ProblemCode::NameTaken);
    assert_eq!(world.containers(), [("eval".to_owned(), false)], "theirs is not touched");
    nothing_is_kept(&world, &before);
}

#[test]
fn an_image_that_is_gone_meanwhile_ends_it_with_nothing_left() {
    let world = World::new();
    let before = cut_off_in_mid_pull(&world, with_variable());
    let gone = RegistryError::NotFound { reference: "x".into() };
    world.registry.fail("registry.test", Some(gone));
    let after = goes_on(&world, &before);
    assert_eq!(after.state, OperationState::Failed);
    let finding = after.problem.expect("problem").finding.expect("finding");
    assert_eq!(finding.cause, Cause::ImageNotFound);
    assert_eq!((world.containers(), images(&world)), (vec![], 0));
    nothing_is_kept(&world, &before);
}

#[test]
fn an_image_that_it_had_pulled_is_removed_when_it_fails_in_the_end() {
    let world = World::new();
    world.publish(V1, Image::that(Serves::Never));
    let before = cut_off(&world, draft("eval"), |world| world.containers() == only_eval());
    assert_eq!(images(&world), 1);
    let after = goes_on(&world, &before);
    let finding = after.problem.expect("problem").finding.expect("finding");
    assert_eq!(finding.cause, Cause::NotReadyInTime);
    assert_eq!((world.containers(), images(&world)), (vec![], 0));
    nothing_is_kept(&world, &before);
}

#[test]
fn values_that_cannot_be_read_end_it_with_a_sentence_and_are_forgotten_when_they_can_be() {
    let world = World::new();
    let before = cut_off_in_mid_pull(&world, with_variable());
    arrives(&world);
    world.vault.set_state(VaultState::Locked);
    let after = goes_on(&world, &before);
    assert_eq!(after.state, OperationState::Failed);
    let problem = after.problem.expect("problem");
    assert_eq!(problem.code, ProblemCode::Keyring);
    assert!(problem.sentence.contains("The keyring is locked."), "{}", problem.sentence);
    assert_eq!(world.containers(), []);
    assert!(world.vault.in_keyring(&account(&before)).is_some());
    world.vault.set_state(VaultState::Available);
    paused(async {
        world.start(world.parts(3)).await;
        settle().await;
    });
    nothing_is_kept(&world, &before);
}

#[test]
fn values_that_are_lost_or_damaged_end_it_with_a_sentence() {
    for (left, expected) in [(None, "are not in the keyring"), (Some("{"), "are damaged")] {
        let world = World::new();
        let before = cut_off_in_mid_pull(&world, with_variable());
        arrives(&world);
        paused(async {
            match left {
                None => world.vault.forget(&account(&before)).await,
                Some(text) => world.vault.keep(&account(&before), &Secret::new(text.into())).await,
            }
        })
        .expect("keyring");
        let after = goes_on(&world, &before);
        assert_eq!(after.state, OperationState::Failed);
        let sentence = after.problem.expect("problem").sentence;
        assert!(sentence.contains(expected), "{sentence}");
        assert_eq!(world.containers(), []);
        nothing_is_kept(&world, &before);
    }
}

#[test]
fn without_a_keyring_a_create_works_says_what_it_cannot_and_needs_none_without_values() {
    let missing = || VaultState::Missing { reason: "no bus".into() };
    let world = World::new();
    world.vault.set_state(missing());
    let operation = paused(async {
        let app = world.app().await;
        let id = begin_create(&app, with_variable()).await;
        succeeded(ended(&app, &id).await)
    });
    let note = operation.steps[0].note.as_deref().expect("note");
    assert!(note.contains("cannot keep the values"), "{note}");
    assert_eq!(world.containers(), only_eval());

    let world = World::new();
    world.vault.set_state(missing());
    let before = cut_off_in_mid_pull(&world, draft("eval"));
    assert_eq!(before.steps[0].note, None, "there is nothing to keep");
    arrives(&world);
    let after = succeeded(goes_on(&world, &before));
    assert_eq!(world.containers(), only_eval());
    nothing_is_kept(&world, &after);
}

#[test]
fn what_a_living_process_or_another_machine_works_on_is_not_taken_up() {
    for host in ["here", "there"] {
        let world = World::new();
        stalls(&world);
        let first = ProcessMark { host: host.into(), pid: 1, started: 1 };
        let before = paused(async {
            let mut parts = world.parts(1);
            parts.identity.process = first;
            let app = world.start(parts).await;
            let id = begin_create(&app, with_variable()).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            lock(&app.operations).get(&id).expect("known").view()
        });
        arrives(&world);
        world.engine().forget_calls();
        paused(async {
            let mut parts = world.parts(2);
            parts.is_alive = |mark| mark.host == "here" && mark.pid == 1;
            let app = world.start(parts).await;
            tokio::time::sleep(Duration::from_secs(60)).await;
            assert!(!lock(&app.operations).contains_key(&before.id));
        });
        assert_eq!(world.engine().changes(), []);
        assert!(world.vault.in_keyring(&account(&before)).is_some());
        let told = paused(world.history.operations(None, 10)).expect("history");
        assert_eq!(told[0].state, OperationState::Running, "it is not closed either");
    }
}

#[test]
fn of_two_applications_on_one_home_one_takes_it_up() {
    let world = World::new();
    let before = cut_off_in_mid_pull(&world, with_variable());
    arrives(&world);
    paused(async {
        let parts = |start| Parts { is_alive: |mark| mark.pid != 1, ..world.parts(start) };
        let (one, other) = tokio::join!(world.start(parts(2)), world.start(parts(3)));
        let has = |app: &App| lock(&app.operations).contains_key(&before.id);
        assert!(has(&one) != has(&other), "one and only one");
        let taken = if has(&one) { &one } else { &other };
        succeeded(ended(taken, &before.id).await);
        settle().await;
    });
    assert_eq!(world.containers(), only_eval());
}

#[test]
fn a_look_into_an_image_by_another_living_application_is_left_alone() {
    let world = World::new();
    let mut image = Image::that(Serves::AsExecutor).with("Cmd", json!(["python3"]));
    image.behaviour.in_a_shell = Some(Box::default());
    world.publish(V1, image);
    let looks = |world: &World| world.containers().iter().any(|(name, _)| name != "eval");
    cut_off(&world, draft("eval"), looks);
    paused(async {
        let parts = Parts { is_alive: |mark| mark.pid == 1, ..world.parts(2) };
        world.start(parts).await;
        settle().await;
    });
    assert_eq!(world.containers(), [("eval.candidate".to_owned(), true)]);
}

#[test]
fn an_operation_of_another_kind_is_still_closed() {
    let world = World::new();
    world.publish(V2, Image::that(Serves::Never));
    let update = paused(async {
        let app = world.app().await;
        let id = create(&app, draft("eval")).await.id;
        let update = begin_update(&app, &id, version(V2)).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        update
    });
    paused(async {
        world.start(world.parts(2)).await;
        let told = world.history.operation(&update).await.expect("history").expect("kept");
        assert_eq!((told.kind, told.state), (OperationKind::Update, OperationState::Failed));
    });
}

#[test]
fn an_end_that_was_told_is_written_down_already_and_does_not_go_on() {
    let world = World::new();
    let before = paused(async {
        let app = world.app().await;
        let mut changes = app.subscribe();
        let id = begin_create(&app, draft("eval")).await;
        loop {
            for change in changes.next().await {
                if let crate::api::Change::Operation { operation } = change
                    && operation.id == id
                    && operation.state.is_final()
                {
                    // The application dies at this very moment.
                    return *operation;
                }
            }
        }
    });
    let kept = paused(world.history.operation(&before.id)).expect("history").expect("kept");
    assert_eq!(kept.state, OperationState::Succeeded);
    paused(async {
        let app = world.start(world.parts(2)).await;
        assert!(!lock(&app.operations).contains_key(&before.id));
        settle().await;
    });
    assert_eq!(world.containers(), only_eval());
    nothing_is_kept(&world, &before);
}
