use domain::{finding::ProblemCode, secret::Secret};
use vault::{Vault, VaultState};

use super::*;
use crate::api::{
    DeleteLogin, KeyringState, LoginSource, Nothing, RegistryLogins, SaveLogin, TryLogin,
};

/// A password that would be found wherever it was written.
const PLANTED: &str = "planted-hunter2-password";
const HOST: &str = "registry.test";

fn login() -> SaveLogin {
    SaveLogin {
        registry: HOST.into(),
        username: "ann".into(),
        password: Secret::new(PLANTED.into()),
    }
}

async fn list(app: &App) -> RegistryLogins {
    handlers::registry_logins(app, Nothing {}).await.expect("logins")
}

/// Registries with where their login is kept.
async fn sources(app: &App) -> Vec<(String, LoginSource)> {
    list(app).await.logins.into_iter().map(|login| (login.registry, login.source)).collect()
}

fn missing() -> VaultState {
    VaultState::Missing { reason: "no bus".into() }
}

#[test]
fn a_login_is_kept_in_the_keyring_replaced_and_deleted() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        handlers::save_registry_login(&app, login()).await.expect("save");
        let kept = list(&app).await;
        assert_eq!(kept.keyring.state, KeyringState::Available);
        assert_eq!(sources(&app).await, [(HOST.to_owned(), LoginSource::Keyring)]);
        let account = format!("registry-login:{HOST}");
        assert_eq!(world.vault.in_keyring(&account), Some(Secret::new(PLANTED.into())));
        let password = Secret::new("another".into());
        let other = SaveLogin { username: "bob".into(), password: password.clone(), ..login() };
        handlers::save_registry_login(&app, other).await.expect("replace");
        assert_eq!(list(&app).await.logins[0].username, "bob");
        assert_eq!(world.vault.in_keyring(&account), Some(password));
        handlers::delete_registry_login(&app, DeleteLogin { registry: HOST.into() })
            .await
            .expect("delete");
        assert_eq!(sources(&app).await, []);
        assert_eq!(world.vault.in_keyring(&account), None);
    });
}

#[test]
fn a_registry_is_understood_as_people_write_it() {
    for (typed, expected) in [
        ("https://Registry.Test/v2/", HOST),
        ("registry.test", HOST),
        ("index.docker.io", "docker.io"),
        ("127.0.0.1:5000", "127.0.0.1:5000"),
        ("localhost", "localhost"),
    ] {
        let world = World::new();
        paused(async {
            let app = world.app().await;
            let typed = SaveLogin { registry: typed.into(), ..login() };
            handlers::save_registry_login(&app, typed).await.expect("save");
            assert_eq!(sources(&app).await, [(expected.to_owned(), LoginSource::Keyring)]);
            // The same spelling deletes it.
            handlers::delete_registry_login(&app, DeleteLogin { registry: expected.into() })
                .await
                .expect("delete");
            assert_eq!(sources(&app).await, []);
        });
    }
}

#[test]
fn each_field_of_a_login_has_its_own_problem() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        for (field, request) in [
            ("registry", SaveLogin { registry: "no host".into(), ..login() }),
            ("registry", SaveLogin { registry: String::new(), ..login() }),
            ("username", SaveLogin { username: "  ".into(), ..login() }),
            ("password", SaveLogin { password: Secret::new(String::new()), ..login() }),
        ] {
            let problem = handlers::save_registry_login(&app, request).await.expect_err("refused");
            assert_eq!(problem.field.as_deref(), Some(field));
        }
        assert_eq!(sources(&app).await, []);
    });
}

#[test]
fn each_state_of_the_keyring_is_told_as_it_is() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        handlers::save_registry_login(&app, login()).await.expect("save");
        for (state, expected) in [
            (VaultState::Locked, KeyringState::Locked),
            (missing(), KeyringState::Missing),
            (VaultState::Hanging { seconds: 3 }, KeyringState::Hanging),
        ] {
            world.vault.set_state(state);
            let told = list(&app).await;
            assert_eq!(told.keyring.state, expected);
            assert!(told.keyring.hint.is_some() && !told.keyring.sentence.is_empty());
            assert_eq!(told.logins[0].source, LoginSource::KeyringNotReadable);
            let refused = handlers::save_registry_login(&app, login()).await.expect_err("refused");
            assert_eq!((refused.code, refused.retry), (ProblemCode::Keyring, true));
        }
        world.vault.set_state(VaultState::Available);
        assert_eq!(sources(&app).await, [(HOST.to_owned(), LoginSource::Keyring)]);
    });
}

#[test]
fn without_a_keyring_a_password_is_kept_for_this_run_only_after_asking_and_moves_when_one_comes_up()
{
    let world = World::new();
    world.vault.set_state(missing());
    paused(async {
        let app = world.app().await;
        assert!(!list(&app).await.keyring.memory_allowed);
        handlers::save_registry_login(&app, login()).await.expect_err("refused");
        handlers::allow_memory_secrets(&app, Nothing {}).await.expect("allowed");
        assert!(list(&app).await.keyring.memory_allowed);
        handlers::save_registry_login(&app, login()).await.expect("save");
        assert_eq!(sources(&app).await, [(HOST.to_owned(), LoginSource::Memory)]);
        world.vault.set_state(VaultState::Available);
        assert_eq!(sources(&app).await, [(HOST.to_owned(), LoginSource::Keyring)]);
        assert!(!world.vault.holds_in_memory());
    });
}

#[test]
fn dockers_own_logins_are_shown_used_and_hidden_by_ours() {
    let mut world = World::new();
    let password = Secret::new(PLANTED.into());
    let docker = Login { username: "docker".into(), password: password.clone() };
    world.docker_logins = vec![(HOST.into(), docker.clone())];
    world.registry.require_login(HOST, docker.clone());
    world.engine().demand_login(REPOSITORY, docker);
    paused(async {
        let app = world.app().await;
        assert_eq!(sources(&app).await, [(HOST.to_owned(), LoginSource::Docker)]);
        create(&app, draft("eval")).await;
        let wrong = SaveLogin { password: Secret::new("wrong".into()), ..login() };
        handlers::save_registry_login(&app, wrong).await.expect("save");
        assert_eq!(sources(&app).await, [(HOST.to_owned(), LoginSource::Keyring)]);
        let asked = RuntimeDraft { environment: version(V2), ..draft("other") };
        let operation = begin_create(&app, asked).await;
        let problem = ended(&app, &operation).await.problem.expect("denied");
        assert_eq!(problem.code, ProblemCode::RegistryDenied);
        // The login that is kept is the one that is wrong: that is said.
        assert!(problem.sentence.contains("does not accept the login"), "{}", problem.sentence);
    });
}

#[test]
fn a_login_is_tried_for_real_before_it_is_kept_and_afterwards() {
    let world = World::new();
    let right = Login { username: "ann".into(), password: Secret::new(PLANTED.into()) };
    world.registry.require_login(HOST, right);
    let request = |password: Option<&str>| TryLogin {
        registry: HOST.into(),
        repository: Some("flows/runtime".into()),
        username: password.map(|_| "ann".into()),
        password: password.map(|password| Secret::new(password.into())),
    };
    paused(async {
        let app = world.app().await;
        let wrong =
            handlers::try_registry_login(&app, request(Some("wrong"))).await.expect("tried");
        let problem = wrong.problem.expect("denied");
        assert_eq!((problem.code, problem.retry), (ProblemCode::RegistryDenied, false));
        let right =
            handlers::try_registry_login(&app, request(Some(PLANTED))).await.expect("tried");
        assert_eq!(right.problem, None);
        let none =
            handlers::try_registry_login(&app, request(None)).await.expect_err("none is kept");
        assert_eq!(none.code, ProblemCode::NotFound);
        handlers::save_registry_login(&app, login()).await.expect("save");
        let kept = handlers::try_registry_login(&app, request(None)).await.expect("tried");
        assert_eq!(kept.problem, None);
    });
}

#[test]
fn a_password_is_in_no_request_row_change_history_or_file() {
    let world = World::new();
    let right = Login { username: "ann".into(), password: Secret::new(PLANTED.into()) };
    world.registry.require_login(HOST, right.clone());
    world.engine().demand_login(REPOSITORY, right);
    world.publish(V2, Image::that_exits());
    let mut seen = vec![format!("{:?}", login())];
    paused(async {
        let app = world.app().await;
        let mut changes = app.subscribe();
        let variable = domain::spec::Variable {
            name: "SERVICE_KEY".into(),
            value: PLANTED.into(),
            confirmed: true,
        };
        // Refused, denied and good: each leaves its traces.
        let asked = RuntimeDraft { variables: vec![variable], ..draft("eval") };
        seen.push(format!("{asked:?}"));
        let denied = begin_create(&app, asked.clone()).await;
        seen.push(format!("{:?}", ended(&app, &denied).await));
        handlers::save_registry_login(&app, login()).await.expect("save");
        let row = create(&app, asked).await;
        seen.push(format!("{:?}", update(&app, &row.id, version(V2)).await));
        let of = crate::api::OfRuntime { runtime: row.id.clone() };
        seen.push(format!("{:?}", handlers::runtime_detail(&app, of).await));
        seen.push(format!("{:?}", list(&app).await));
        while let Ok(change) = tokio::time::timeout(Duration::from_secs(1), changes.next()).await {
            seen.push(serde_json::to_string(&change).expect("json"));
        }
        let history = world.history.operations(None, 100).await.expect("history");
        assert!(history.len() >= 3);
        seen.push(format!("{history:?}"));
        seen.push(format!("{:?}", world.history.logins().await));
        for container in world.engine().seen() {
            seen.push(format!("{:?}", container.labels));
        }
    });
    for text in &seen {
        assert!(!text.contains(PLANTED), "{text}");
    }
}
