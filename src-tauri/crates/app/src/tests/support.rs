//! The support file: nothing that was planted may stand in it, and what was shown is saved.

use std::collections::BTreeMap;

use domain::{
    connection::{ConnectionDraft, ConnectionType},
    flow::FlowId,
    secret::Secret,
    spec::Variable,
    support::RemovedKind,
};
use engine::LogSource;
use vault::VaultState;

use super::*;
use crate::api::{PreviewSupport, SaveConnection, SaveLogin, SaveSupport, SupportFile};

/// Everything that may not be in the text, in small letters.
const PLANTED: [&str; 14] = [
    "planted-connection-key-1",
    "planted-login-password-2",
    "planted-docker-password-3",
    "plantedvariable4aaaaaaaa",
    "sk-planted-unknown-key-5",
    "acme-models",
    "registry.test",
    "docker.acme.example",
    "buildbox-77",
    "carla",
    "10.7.7.7",
    "/srv/acme-flows",
    "carla.smith@acme.example",
    "/home/dora",
];

async fn preview(app: &App, runtime: Option<&RuntimeId>) -> SupportFile {
    let request = PreviewSupport { runtime: runtime.cloned() };
    handlers::preview_support(app, request).await.expect("collected")
}

fn clean_of_all(text: &str) {
    let lower = text.to_lowercase();
    for planted in PLANTED {
        let at = lower.find(planted);
        assert!(
            at.is_none(),
            "{planted} is left: {}",
            &lower[at.unwrap_or(0).saturating_sub(80)..][..160]
        );
    }
}

/// A world in which something is planted everywhere.
async fn planted(world: &mut World) -> (App, Runtime) {
    world.docker_logins = vec![(
        "docker.acme.example".into(),
        Login {
            username: "carla".into(),
            password: Secret::new("planted-docker-password-3".into()),
        },
    )];
    let mut parts = world.parts(1);
    parts.identity.creator.who = "carla@buildbox-77".into();
    parts.identity.process.host = "buildbox-77".into();
    let app = world.start(parts).await;
    let draft = ConnectionDraft {
        name: "aoai".into(),
        kind: ConnectionType::AzureOpenAi,
        fields: BTreeMap::from([("api_base".into(), "https://acme-models.acme.zone/".into())]),
        pairs: vec![],
        given: vec![],
    };
    let secrets =
        BTreeMap::from([("api_key".into(), Secret::new("planted-connection-key-1".into()))]);
    let save = SaveConnection { original: None, draft, secrets, file: None };
    handlers::save_connection(&app, save).await.expect("saved");
    let login = SaveLogin {
        registry: "registry.test".into(),
        username: "carla".into(),
        password: Secret::new("planted-login-password-2".into()),
    };
    handlers::save_registry_login(&app, login).await.expect("saved");
    let flow = FlowId("/srv/acme-flows/web/flow.dag.yaml".into());
    world.history.remember_flow(&flow).await.expect("remembered");
    let variable = Variable {
        name: "MY_TOKEN".into(),
        value: "plantedVariable4aaaaaaaa".into(),
        confirmed: true,
    };
    let draft = RuntimeDraft { variables: vec![variable], ..draft_of("eval") };
    let row = create(&app, draft).await;
    for line in [
        "key planted-connection-key-1 and planted-login-password-2",
        "login planted-docker-password-3, variable plantedVariable4aaaaaaaa",
        "calling acme-models.acme.zone from buildbox-77 (10.7.7.7) with sk-planted-unknown-key-5",
        "File \"/srv/acme-flows/web/tool.py\", line 3, asked by carla.smith@acme.example, carla",
        "open /home/dora/x: the last line that helps",
    ] {
        world.engine().write_log(&row.container_id, LogSource::Error, line).expect("written");
    }
    (app, row)
}

fn draft_of(name: &str) -> RuntimeDraft {
    super::draft(name)
}

#[test]
fn nothing_planted_is_in_it_and_what_helps_is() {
    let mut world = World::new();
    paused(async {
        let (app, row) = planted(&mut world).await;
        let log = "2026-01-01T00:00:00Z ERROR app: carla@buildbox-77 asked https://acme-models.acme.zone\n";
        let file = world.folder.path().join("promptflow-runtimes.2026-01-01.log");
        std::fs::write(&file, format!("old\n{log}")).expect("log");
        std::fs::write(
            world.folder.path().join("promptflow-runtimes.2025-12-31.log"),
            "older day\n",
        )
        .expect("log");
        let of = crate::api::OfRuntime { runtime: row.id.clone() };
        handlers::diagnose_runtime(&app, of).await.expect("looked at");
        let shown = preview(&app, Some(&row.id)).await;
        clean_of_all(&shown.text);
        for helps in [
            "first broken link: none",
            "  running passed: ",
            "  health passed: ",
            "version: 0.0.0",
            "checkEveryHours: 24",
            "== Compute Twin 0 ==",
            "== Runtime eval ==",
            "status: Available",
            "variables: ",
            "MY_TOKEN",
            "state by the engine: {",
            "== Log of eval, its last lines ==",
            "the last line that helps",
            "tool.py\", line 3",
            "ERROR app: user-",
            "create of eval: succeeded",
            V1,
        ] {
            assert!(shown.text.contains(helps), "{helps} is missing:\n{}", shown.text);
        }
        assert!(!shown.text.contains("older day"));
        assert_eq!(shown.notes, [""; 0]);
        let kinds: Vec<RemovedKind> = shown.removed.iter().map(|removed| removed.what).collect();
        for kind in [
            RemovedKind::Secrets,
            RemovedKind::Keys,
            RemovedKind::Hosts,
            RemovedKind::Addresses,
            RemovedKind::Mails,
            RemovedKind::Users,
            RemovedKind::Paths,
        ] {
            assert!(kinds.contains(&kind), "{kind:?} of {kinds:?}");
        }
        // About all of them, logs of those that are well are left out.
        let all = preview(&app, None).await;
        clean_of_all(&all.text);
        assert!(all.text.contains("== Runtime eval =="));
        assert!(!all.text.contains("== Log of eval"));
    });
}

#[test]
fn exactly_what_was_shown_is_saved() {
    let mut world = World::new();
    paused(async {
        let (app, row) = planted(&mut world).await;
        let shown = preview(&app, Some(&row.id)).await;
        // What happens meanwhile does not get into it.
        world.engine().write_log(&row.container_id, LogSource::Out, "later").expect("written");
        let save = |id: &str| SaveSupport { id: id.to_owned() };
        let first = handlers::save_support(&app, save(&shown.id)).await.expect("saved").path;
        let second = handlers::save_support(&app, save(&shown.id)).await.expect("saved").path;
        assert_ne!(first, second);
        for path in [first, second] {
            assert_eq!(std::fs::read_to_string(path).expect("file"), shown.text);
        }
        let again = preview(&app, Some(&row.id)).await;
        assert_ne!(again.id, shown.id);
        assert!(again.text.contains("later"));
        for _ in 0..4 {
            preview(&app, None).await;
        }
        let gone = handlers::save_support(&app, save(&shown.id)).await.expect_err("forgotten");
        assert_eq!(gone.code, domain::finding::ProblemCode::ChangedMeanwhile);
        let missing = PreviewSupport { runtime: Some(RuntimeId("none".into())) };
        let missing = handlers::preview_support(&app, missing).await.expect_err("no runtime");
        assert_eq!(missing.code, domain::finding::ProblemCode::NotFound);
    });
}

#[test]
fn what_could_not_be_read_is_told() {
    let mut world = World::new();
    paused(async {
        let (app, row) = planted(&mut world).await;
        world.vault.set_state(VaultState::Locked);
        world.engine().set_unreachable(true);
        let shown = preview(&app, Some(&row.id)).await;
        assert_eq!(shown.notes.len(), 3, "{:#?}", shown.notes);
        assert!(shown.notes[0].starts_with("2 of the secrets"), "{:#?}", shown.notes);
        assert!(shown.notes[1].contains("eval") && shown.notes[2].contains("log of eval"));
        for note in &shown.notes {
            assert!(shown.text.contains(note), "{note}");
        }
        assert!(shown.text.contains("keyring: Locked"));
        assert!(!shown.text.to_lowercase().contains("buildbox-77"));
    });
}

#[test]
fn what_went_wrong_is_in_it() {
    let world = World::new();
    world.publish(V2, Image::that_exits());
    paused(async {
        let app = world.app().await;
        let row = create(&app, super::draft("eval")).await;
        let failed = update(&app, &row.id, version(V2)).await;
        assert_eq!(failed.state, OperationState::Failed);
        let shown = preview(&app, None).await;
        for helps in ["update of eval: failed", "problem: containerFailed", "RuntimeError: no"] {
            assert!(shown.text.contains(helps), "{helps} is missing:\n{}", shown.text);
        }
    });
}
