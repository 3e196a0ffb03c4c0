use domain::{
    finding::{Cause, ProblemCode},
    spec::{MountRequest, Variable},
};
use registry::RegistryError;

use super::*;
use crate::api::{CheckState, OfCompute, Preflight, PreflightKind};

/// The fields with which a draft is not fine, in the order told.
async fn fields(app: &App, draft: RuntimeDraft) -> Vec<String> {
    let request = OfDraft { compute: compute(), draft };
    let check = handlers::check_draft(app, request).await.expect("check");
    for problem in &check.problems {
        assert!(problem.sentence.ends_with(['.', ':']), "{}", problem.sentence);
    }
    check.problems.into_iter().map(|problem| problem.field.expect("a field")).collect()
}

fn of_fields(change: impl FnOnce(&mut RuntimeDraft)) -> Vec<String> {
    let world = World::new();
    let mut draft = draft("eval");
    change(&mut draft);
    paused(async { fields(&world.app().await, draft).await })
}

fn variable(name: &str, value: &str) -> Variable {
    Variable { name: name.into(), value: value.into(), confirmed: false }
}

fn mount(source: &str, target: &str) -> MountRequest {
    MountRequest { source: source.into(), target: target.into(), read_only: false }
}

#[test]
fn a_proper_draft_has_no_problem() {
    assert_eq!(of_fields(|_| {}), [""; 0]);
}

#[test]
fn each_field_has_its_own_problem() {
    type Change = fn(&mut RuntimeDraft);
    let cases: [(&str, Change); 23] = [
        ("name", |draft| draft.name = String::new()),
        ("name", |draft| draft.name = "-x".into()),
        ("name", |draft| draft.name = "eval.previous".into()),
        ("environment.reference", |draft| draft.environment = image("")),
        ("environment.reference", |draft| draft.environment = image("Upper/Case")),
        ("environment.version", |draft| draft.environment = version("20241301.v1")),
        ("environment.repository", |draft| {
            let repository = Some("https://x".into());
            draft.environment = EnvironmentDraft::Default { repository, version: None };
        }),
        ("hostPort", |draft| draft.host_port = 70_000),
        ("bindAddress", |draft| draft.bind_address = "localhost".into()),
        ("targetPort", |draft| draft.target_port = Some(0)),
        ("targetPort", |draft| draft.target_port = Some(70_000)),
        ("memoryLimit", |draft| draft.memory_limit = Some(1 << 20)),
        ("memoryLimit", |draft| draft.memory_limit = Some(1 << 40)),
        ("cpuLimit", |draft| draft.cpu_limit = Some(0.0)),
        ("cpuLimit", |draft| draft.cpu_limit = Some(64.0)),
        ("variables.0", |draft| draft.variables = vec![variable("A B", "x")]),
        ("variables.1", |draft| draft.variables = vec![variable("A", "x"), variable("A", "y")]),
        ("variables.0", |draft| draft.variables = vec![variable("OPENAI_API_KEY", "abc")]),
        ("mounts.0", |draft| draft.mounts = vec![mount("data", "relative")]),
        ("mounts.0", |draft| draft.mounts = vec![mount("/no/such/folder", "/code")]),
        ("mounts.1", |draft| draft.mounts = vec![mount("one", "/d"), mount("two", "/d/")]),
        ("startCommand", |draft| draft.start_command = "python 'x".into()),
        ("healthPath", |draft| draft.health_path = "health".into()),
    ];
    for (at, (field, change)) in cases.into_iter().enumerate() {
        assert_eq!(of_fields(change), [field], "case {at}");
    }
}

#[test]
fn what_is_wrong_in_one_field_hides_no_other() {
    let found = of_fields(|draft| {
        draft.name = "-".into();
        draft.environment = image("Upper/Case");
        draft.bind_address = "nowhere".into();
        draft.variables = vec![variable("", "")];
    });
    assert_eq!(found, ["name", "environment.reference", "bindAddress", "variables.0"]);
    let found = of_fields(|draft| {
        draft.host_port = 70_000;
        draft.cpu_limit = Some(0.0);
    });
    assert_eq!(found, ["hostPort", "cpuLimit"]);
}

#[test]
fn a_key_may_stand_in_a_variable_only_when_the_person_confirms_it() {
    let confirmed = Variable { confirmed: true, ..variable("OPENAI_API_KEY", "abc") };
    assert_eq!(of_fields(|draft| draft.variables = vec![confirmed]), [""; 0]);
}

#[test]
fn an_address_that_others_reach_has_to_be_confirmed() {
    for address in ["0.0.0.0", "192.168.1.5", "::"] {
        let found = of_fields(|draft| draft.bind_address = address.into());
        assert_eq!(found, ["bindAddress"], "{address}");
    }
    let confirmed = of_fields(|draft| {
        draft.bind_address = "0.0.0.0".into();
        draft.confirmed_exposure = true;
    });
    assert_eq!(confirmed, [""; 0]);
    for address in ["127.0.0.1", "::1"] {
        assert_eq!(of_fields(|draft| draft.bind_address = address.into()), [""; 0], "{address}");
    }
}

#[test]
fn a_name_or_port_that_a_container_has_is_taken_also_while_it_is_stopped() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let asked = draft("eval");
        let port = asked.host_port;
        create(&app, asked).await;
        world.engine().stop("eval", Duration::ZERO).await.expect("stop");
        assert_eq!(fields(&app, draft("eval")).await, ["name"]);
        let request = OfDraft {
            compute: compute(),
            draft: RuntimeDraft { host_port: port, ..draft("other") },
        };
        let problems = handlers::check_draft(&app, request).await.expect("check").problems;
        assert_eq!(problems.len(), 1);
        let (field, code) = (problems[0].field.as_deref(), problems[0].code);
        assert_eq!((field, code), (Some("hostPort"), ProblemCode::PortTaken));
        assert!(problems[0].sentence.contains("eval"), "{}", problems[0].sentence);
    });
}

#[test]
fn a_port_that_another_program_of_this_machine_has_is_taken() {
    let socket = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("socket");
    let port = socket.local_addr().expect("address").port();
    assert_eq!(of_fields(|draft| draft.host_port = port.into()), ["hostPort"]);
}

#[test]
fn a_compute_that_is_away_is_told_on_its_field() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        world.engine().set_unreachable(true);
        settle().await;
        assert_eq!(fields(&app, draft("eval")).await, ["compute"]);
        let request = OfDraft { compute: ComputeId("nowhere".into()), draft: draft("eval") };
        let problems = handlers::check_draft(&app, request).await.expect("check").problems;
        assert_eq!(problems[0].field.as_deref(), Some("compute"));
    });
}

#[test]
fn the_proposal_is_free_and_two_in_one_minute_differ() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let propose = || handlers::propose_runtime(&app, OfCompute { compute: compute() });
        let first = propose().await.expect("proposal");
        assert_eq!(first.repository, repository());
        assert_eq!((first.memory, first.cpus), (8 << 30, 2));
        let host_port = u32::from(first.host_port);
        create(&app, RuntimeDraft { host_port, ..draft(&first.name) }).await;
        let second = propose().await.expect("proposal");
        assert_ne!((&second.name, second.host_port), (&first.name, first.host_port));
        let proposed = RuntimeDraft { host_port: second.host_port.into(), ..draft(&second.name) };
        assert_eq!(fields(&app, proposed).await, [""; 0]);
    });
}

async fn preflight(app: &App, draft: RuntimeDraft) -> Preflight {
    let request = OfDraft { compute: compute(), draft };
    handlers::preflight(app, request).await.expect("preflight")
}

fn state(preflight: &Preflight, kind: PreflightKind) -> CheckState {
    preflight.checks.iter().find(|check| check.kind == kind).expect("checked").state
}

#[test]
fn the_preflight_of_what_can_work_is_good_in_everything_and_makes_nothing() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        world.engine().forget_calls();
        let told = preflight(&app, draft("eval")).await;
        let kinds: Vec<PreflightKind> = told.checks.iter().map(|check| check.kind).collect();
        use PreflightKind::{Disk, Engine, Image, Memory, Name, Port};
        assert_eq!(kinds, [Engine, Image, Disk, Memory, Port, Name]);
        assert!(told.checks.iter().all(|check| check.state == CheckState::Good), "{told:#?}");
        assert!(told.can_create);
        assert_eq!((told.image.as_deref(), told.download_size), (Some(V1), Some(1500)));
        assert_eq!(world.engine().changes(), []);
    });
}

#[test]
fn the_preflight_names_each_thing_that_stands_in_the_way() {
    let world = World::new();
    world.publish("20241214.v1", Image::that(Serves::Well));
    paused(async {
        let app = world.app().await;
        let engine = world.engine();
        engine.set_free_disk(Some(10));
        let told = preflight(&app, draft("eval")).await;
        assert_eq!(
            (state(&told, PreflightKind::Disk), told.can_create),
            (CheckState::Failed, false)
        );
        engine.set_free_disk(None);
        let told = preflight(&app, draft("eval")).await;
        assert_eq!(
            (state(&told, PreflightKind::Disk), told.can_create),
            (CheckState::Unknown, true)
        );

        let told =
            preflight(&app, RuntimeDraft { memory_limit: Some(1 << 40), ..draft("eval") }).await;
        assert_eq!(
            (state(&told, PreflightKind::Memory), told.can_create),
            (CheckState::Failed, false)
        );

        let bad = RuntimeDraft { environment: version("20241214.v1"), ..draft("eval") };
        let told = preflight(&app, bad).await;
        assert_eq!(
            (state(&told, PreflightKind::Image), told.can_create),
            (CheckState::Warning, true)
        );

        let missing = RuntimeDraft { environment: version("20300101.v1"), ..draft("eval") };
        let told = preflight(&app, missing).await;
        assert_eq!(
            (state(&told, PreflightKind::Image), told.can_create),
            (CheckState::Failed, false)
        );

        let asked = draft("eval");
        let host_port = asked.host_port;
        create(&app, asked).await;
        let told = preflight(&app, RuntimeDraft { host_port, ..draft("eval") }).await;
        let states = (state(&told, PreflightKind::Port), state(&told, PreflightKind::Name));
        assert_eq!((states, told.can_create), ((CheckState::Failed, CheckState::Failed), false));
        assert_eq!(told.download_size, Some(0));
    });
}

#[test]
fn an_unreachable_repository_offers_a_mirror_or_another_image() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let error = RegistryError::NoSuchHost { host: "registry.test".into() };
        world.registry.fail("registry.test", Some(error));
        let told = preflight(&app, draft("eval")).await;
        let image = told.checks.iter().find(|check| check.kind == PreflightKind::Image);
        let finding = image.expect("checked").problem.as_ref().expect("problem").finding.as_ref();
        let finding = finding.expect("finding");
        assert_eq!(finding.cause, Cause::NoSuchHost);
        use domain::finding::Remedy;
        assert!(finding.remedies.contains(&Remedy::UseMirror));
        assert!(finding.remedies.contains(&Remedy::ChooseImage));
    });
}

#[test]
fn an_image_that_is_only_on_the_compute_can_be_used_while_its_registry_is_away() {
    let world = World::new();
    let mut local = engine::twin::TwinImage::new("built here");
    local.config["Labels"] = json!({service::LABEL: Serves::Well.word()});
    world.engine().add_image("built/here:1", local);
    paused(async {
        let app = world.app().await;
        let asked = RuntimeDraft { environment: image("built/here:1"), ..draft("eval") };
        let told = preflight(&app, asked.clone()).await;
        assert_eq!((told.can_create, told.download_size), (true, Some(0)));
        create(&app, asked).await;
    });
    assert!(world.answers("eval"));
}
