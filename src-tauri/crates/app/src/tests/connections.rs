use std::collections::BTreeMap;

use domain::{
    connection::{Answer, ConnectionDraft, ConnectionType, Miss, Pair, TestVerdict},
    finding::ProblemCode,
    secret::Secret,
};
use vault::{Vault, VaultState};

use super::*;
use crate::{
    api::{
        Change, CheckConnection, ConnectionFile, ConnectionView, FromFile, Nothing, OfConnection,
        ReadConnectionFile, SaveConnection, SecretState, TestConnection,
    },
    connections,
};

/// A key that would be found wherever it was written.
const PLANTED: &str = "planted-api-key-4471";
const BASE: &str = "https://x.openai.azure.com";

fn azure(name: &str) -> ConnectionDraft {
    ConnectionDraft {
        name: name.into(),
        kind: ConnectionType::AzureOpenAi,
        fields: BTreeMap::from([("api_base".into(), format!("{BASE}/"))]),
        pairs: vec![],
        given: vec![],
    }
}

fn custom(name: &str, keys: &[(&str, bool)]) -> ConnectionDraft {
    let pair = |(key, secret): &(&str, bool)| Pair {
        key: (*key).into(),
        value: if *secret { String::new() } else { format!("value of {key}") },
        secret: *secret,
    };
    ConnectionDraft {
        kind: ConnectionType::Custom,
        fields: BTreeMap::new(),
        pairs: keys.iter().map(pair).collect(),
        ..azure(name)
    }
}

fn secrets(all: &[(&str, &str)]) -> BTreeMap<String, Secret> {
    all.iter().map(|(key, value)| ((*key).into(), Secret::new((*value).into()))).collect()
}

fn new(draft: ConnectionDraft, all: &[(&str, &str)]) -> SaveConnection {
    SaveConnection { original: None, draft, secrets: secrets(all), file: None }
}

fn edit(original: &str, draft: ConnectionDraft, all: &[(&str, &str)]) -> SaveConnection {
    SaveConnection { original: Some(original.into()), ..new(draft, all) }
}

async fn save(app: &App, request: SaveConnection) {
    handlers::save_connection(app, request).await.expect("saved");
}

async fn refused(app: &App, request: SaveConnection) -> Option<String> {
    handlers::save_connection(app, request).await.expect_err("refused").field
}

async fn views(app: &App) -> Vec<ConnectionView> {
    handlers::list_connections(app, Nothing {}).await.expect("list").connections
}

async fn names(app: &App) -> Vec<String> {
    views(app).await.into_iter().map(|view| view.connection.name.to_string()).collect()
}

fn in_keyring(world: &World, account: &str) -> Option<String> {
    world.vault.in_keyring(account).map(|secret| secret.expose().to_owned())
}

fn of(name: &str) -> OfConnection {
    OfConnection { name: name.into() }
}

async fn resolved(app: &App, name: &str) -> Result<serde_json::Value, domain::finding::Problem> {
    connections::for_flow(app, &[name.to_owned()]).await.map(|all| all.request_value())
}

#[test]
fn a_connection_is_added_edited_renamed_and_deleted() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        save(&app, new(azure("aoai"), &[("api_key", PLANTED)])).await;
        let view = views(&app).await.remove(0);
        assert_eq!(view.endpoint, Some(format!("{BASE}/")));
        assert_eq!((view.secret, view.testable), (SecretState::Keyring, true));
        assert_eq!(in_keyring(&world, "connection:aoai:api_key").as_deref(), Some(PLANTED));

        // Nothing given: the secret stays, under a new name too.
        let mut changed = azure("renamed");
        changed.fields.insert("api_version".into(), "2024-06-01".into());
        save(&app, edit("aoai", changed, &[("api_key", "")])).await;
        assert_eq!(names(&app).await, ["renamed"]);
        assert_eq!(in_keyring(&world, "connection:renamed:api_key").as_deref(), Some(PLANTED));
        assert_eq!(in_keyring(&world, "connection:aoai:api_key"), None);
        let value = resolved(&app, "renamed").await.expect("resolved");
        assert_eq!(value["renamed"]["value"]["api_key"], PLANTED);
        assert_eq!(value["renamed"]["value"]["api_version"], "2024-06-01");

        save(&app, edit("renamed", azure("renamed"), &[("api_key", "other")])).await;
        assert_eq!(in_keyring(&world, "connection:renamed:api_key").as_deref(), Some("other"));
        handlers::delete_connection(&app, of("renamed")).await.expect("deleted");
        assert_eq!(names(&app).await, [""; 0]);
        assert_eq!(in_keyring(&world, "connection:renamed:api_key"), None);
        let gone = handlers::delete_connection(&app, of("renamed")).await.expect_err("gone");
        assert_eq!(gone.code, ProblemCode::NotFound);
    });
}

#[test]
fn secrets_of_a_custom_one_come_and_go_one_by_one() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let both = custom("mine", &[("url", false), ("token", true), ("pin", true)]);
        save(&app, new(both, &[("token", PLANTED), ("pin", "1234"), ("stray", "x")])).await;
        assert_eq!(in_keyring(&world, "connection:mine:stray"), None);
        let one = custom("mine", &[("token", true), ("new", true)]);
        assert_eq!(
            refused(&app, edit("mine", one.clone(), &[])).await.as_deref(),
            Some("pairs.1.value")
        );
        save(&app, edit("mine", one, &[("new", "n")])).await;
        assert_eq!(in_keyring(&world, "connection:mine:pin"), None);
        let value = resolved(&app, "mine").await.expect("resolved");
        assert_eq!(value["mine"]["value"], json!({"token": PLANTED, "new": "n"}));
        assert_eq!(value["mine"]["secret_keys"], json!(["new", "token"]));
    });
}

#[test]
fn each_bad_input_is_refused_at_its_field_before_anything_happens() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        save(&app, new(azure("taken"), &[("api_key", PLANTED)])).await;
        let key = [("api_key", "k")];
        let mut no_address = azure("a");
        no_address.fields.insert("api_base".into(), "x".into());
        for (field, request) in [
            ("name", new(azure("Taken"), &key)),
            ("name", new(azure("a b"), &key)),
            ("api_base", new(no_address, &key)),
            ("api_key", new(azure("a"), &[])),
            ("api_key", new(azure("a"), &[("api_key", "two words")])),
            ("type", edit("taken", custom("taken", &[("t", true)]), &[("t", "x")])),
            ("pairs", new(custom("a", &[("url", false)]), &[])),
        ] {
            assert_eq!(refused(&app, request).await.as_deref(), Some(field));
        }
        assert_eq!(names(&app).await, ["taken"]);
        assert_eq!(in_keyring(&world, "connection:a:api_key"), None);
        // While it is typed the same is told at once, and a kept secret counts.
        let check = async |original: Option<&str>, draft| {
            let request = CheckConnection { original: original.map(str::to_owned), draft };
            let told = handlers::check_connection(&app, request).await.expect("checked");
            told.problems.into_iter().filter_map(|problem| problem.field).collect::<Vec<_>>()
        };
        assert_eq!(check(None, azure("taken")).await, ["name", "api_key"]);
        assert_eq!(check(Some("taken"), azure("taken")).await, [""; 0]);
    });
}

#[test]
fn a_keyring_that_cannot_be_read_is_told_and_nothing_is_lost() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        save(&app, new(azure("aoai"), &[("api_key", PLANTED)])).await;
        world.vault.set_state(VaultState::Locked);
        assert_eq!(views(&app).await[0].secret, SecretState::NotReadable);
        let problem = resolved(&app, "aoai").await.expect_err("not readable");
        assert_eq!(problem.code, ProblemCode::Keyring);
        assert!(problem.sentence.contains("\"aoai\"") && problem.retry, "{problem}");
        for request in
            [edit("aoai", azure("renamed"), &[]), new(azure("second"), &[("api_key", "k")])]
        {
            let problem = handlers::save_connection(&app, request).await.expect_err("refused");
            assert_eq!(problem.code, ProblemCode::Keyring);
        }
        handlers::delete_connection(&app, of("aoai")).await.expect_err("refused");
        assert_eq!(names(&app).await, ["aoai"]);
        // Memory is used once the person agrees.
        handlers::allow_memory_secrets(&app, Nothing {}).await.expect("allowed");
        save(&app, new(azure("second"), &[("api_key", "k")])).await;
        assert_eq!(views(&app).await[1].secret, SecretState::Memory);
        world.vault.set_state(VaultState::Available);
        assert_eq!(views(&app).await[1].secret, SecretState::Keyring);
        world.vault.forget("connection:aoai:api_key").await.expect("forgotten");
        assert_eq!(views(&app).await[0].secret, SecretState::Missing);
        let problem = resolved(&app, "aoai").await.expect_err("missing");
        assert!(problem.sentence.contains("not in the keyring any more"), "{problem}");
    });
}

#[test]
fn a_connection_is_tried_as_it_is_and_as_it_stands_in_the_form() {
    let world = World::new();
    world.endpoints.serve(BASE, PLANTED, json!({"data": []}));
    paused(async {
        let app = world.app().await;
        let kept = |name: &str| TestConnection {
            original: Some(name.into()),
            draft: None,
            secrets: BTreeMap::new(),
            file: None,
        };
        let form = |original: Option<&str>, draft, all: &[(&str, &str)]| TestConnection {
            original: original.map(str::to_owned),
            draft: Some(draft),
            secrets: secrets(all),
            file: None,
        };
        let verdict = async |request| {
            let test = handlers::test_connection(&app, request).await.expect("tested");
            assert!(!test.sentence.is_empty());
            test.verdict
        };
        let right = [("api_key", PLANTED)];
        assert_eq!(verdict(form(None, azure("new"), &right)).await, TestVerdict::Accepted);
        let wrong = form(None, azure("new"), &[("api_key", "wrong")]);
        assert_eq!(verdict(wrong).await, TestVerdict::NotAuthorised);
        assert_eq!(names(&app).await, [""; 0]);
        save(&app, new(azure("aoai"), &right)).await;
        assert_eq!(verdict(kept("aoai")).await, TestVerdict::Accepted);
        // The kept secret goes with a changed form.
        assert_eq!(verdict(form(Some("aoai"), azure("other"), &[])).await, TestVerdict::Accepted);
        world.endpoints.miss(BASE, Miss::NoSuchHost);
        assert_eq!(verdict(kept("aoai")).await, TestVerdict::Unreachable);
        let told = Answer { status: 429, retry_after: Some(3), json: None, excerpt: "slow".into() };
        world.endpoints.answer(BASE, told);
        assert_eq!(verdict(kept("aoai")).await, TestVerdict::Throttled);
        let asked = world.endpoints.asked();
        assert_eq!(asked.len(), 6);
        assert!(asked[0].starts_with(&format!("{BASE}/openai/models?api-version=")));
        // What has no known endpoint is said to be so, and asks nobody.
        save(&app, new(custom("mine", &[("t", true)]), &[("t", "x")])).await;
        assert_eq!(verdict(kept("mine")).await, TestVerdict::NotTestable);
        assert_eq!(world.endpoints.asked().len(), 6);
        let problem =
            handlers::test_connection(&app, form(None, azure(""), &right)).await.expect_err("name");
        assert_eq!(problem.field.as_deref(), Some("name"));
        handlers::test_connection(&app, kept("gone")).await.expect_err("gone");
    });
}

/// Looks into a file of this name and content.
async fn looked(app: &App, world: &World, name: &str, text: &str) -> ConnectionFile {
    let path = world.folder.path().join(name);
    std::fs::write(&path, text).expect("file");
    let request = ReadConnectionFile { path: path.display().to_string() };
    handlers::read_connection_file(app, request).await.expect("read")
}

#[test]
fn a_file_is_shown_without_its_secrets_and_taken_over_with_them() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let text =
            format!("name: my_aoai\ntype: azure_open_ai\napi_key: {PLANTED}\napi_base: {BASE}\n");
        let file = looked(&app, &world, "aoai.yaml", &text).await;
        assert!(!serde_json::to_string(&file).expect("json").contains(PLANTED));
        let found = file.found[0].clone();
        assert_eq!((found.draft.given.len(), found.missing.len()), (1, 0));
        let from = FromFile { path: file.path.clone(), kind: found.draft.kind };
        let request = SaveConnection { file: Some(from), ..new(found.draft, &[]) };
        save(&app, request).await;
        assert_eq!(in_keyring(&world, "connection:my_aoai:api_key").as_deref(), Some(PLANTED));
        // Once more: under a free name.
        let again = looked(&app, &world, "aoai.yaml", &text).await.found.remove(0);
        assert_eq!(again.draft.name, "my_aoai_2");
        assert!(again.left_out[0].contains("\"my_aoai\" already"));

        let text = format!("OPENAI_API_KEY={PLANTED}\nDB_PASSWORD=planted-too\nPLACE=here\n");
        let file = looked(&app, &world, ".env", &text).await;
        let kinds: Vec<ConnectionType> = file.found.iter().map(|found| found.draft.kind).collect();
        assert_eq!(kinds, [ConnectionType::OpenAi, ConnectionType::Custom]);
        assert!(!serde_json::to_string(&file).expect("json").contains("planted"));
        let custom = file.found[1].draft.clone();
        let from = FromFile { path: file.path, kind: ConnectionType::Custom };
        // What was typed goes before what the file says.
        let typed = new(custom, &[("DB_PASSWORD", "typed")]);
        save(&app, SaveConnection { file: Some(from), ..typed }).await;
        let value = resolved(&app, "custom_connection").await.expect("resolved");
        assert_eq!(
            value["custom_connection"]["value"],
            json!({"OPENAI_API_KEY": PLANTED, "DB_PASSWORD": "typed", "PLACE": "here"})
        );
    });
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        let large = world.folder.path().join("large.env");
        std::fs::write(&large, "A=b\n".repeat(100_000)).expect("file");
        let binary = world.folder.path().join("binary.yaml");
        std::fs::write(&binary, [0xff, 0xfe, 0x00]).expect("file");
        let planted = world.folder.path().join("planted.yaml");
        std::fs::write(&planted, format!("{PLANTED}: [")).expect("file");
        for path in [
            "relative.yaml".into(),
            "/no/such/file".into(),
            world.folder.path().display().to_string(),
            large.display().to_string(),
            binary.display().to_string(),
            planted.display().to_string(),
        ] {
            let request = ReadConnectionFile { path: path.clone() };
            let problem = handlers::read_connection_file(&app, request).await.expect_err(&path);
            assert_eq!(problem.field.as_deref(), Some("path"), "{path}");
            assert!(!format!("{problem:?}").contains(PLANTED));
        }
    });
}

#[test]
fn an_exported_connection_holds_no_secret_and_overwrites_nothing() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        save(&app, new(azure("aoai"), &[("api_key", PLANTED)])).await;
        let mut paths = Vec::new();
        for _ in 0..2 {
            let saved = handlers::export_connection(&app, of("aoai")).await.expect("exported");
            let text = std::fs::read_to_string(&saved.path).expect("text");
            assert!(
                text.contains("type: azure_open_ai") && text.contains("<user-input>"),
                "{text}"
            );
            assert!(!text.contains(PLANTED));
            paths.push(saved.path);
        }
        assert!(paths[0].ends_with("aoai.yml") && paths[1].ends_with("aoai-2.yml"), "{paths:?}");
    });
}

#[test]
fn what_a_flow_needs_and_is_not_there_is_named() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        save(&app, new(azure("aoai"), &[("api_key", PLANTED)])).await;
        let wanted = ["aoai".to_owned(), "Aoai".to_owned(), "other".to_owned()];
        assert_eq!(connections::unknown(&app, &wanted).await.expect("told"), ["Aoai", "other"]);
        let problem = resolved(&app, "other").await.expect_err("unknown");
        assert_eq!(problem.code, ProblemCode::NotFound);
        assert!(problem.sentence.contains("\"other\""));
        let Ok(all) = connections::for_flow(&app, &wanted[..1]).await else {
            panic!("it is there");
        };
        let scrubber = domain::scrub::Scrubber::new(all.secrets());
        assert_eq!(scrubber.text(&format!("key {PLANTED}")), "key **secret**");
        assert_eq!(all.value("aoai", "api_key"), Some(Secret::new(PLANTED.into())));
    });
}

#[test]
fn a_secret_is_in_no_request_view_change_history_or_file() {
    let world = World::new();
    world.endpoints.serve(BASE, PLANTED, json!({"data": []}));
    let request = new(azure("aoai"), &[("api_key", PLANTED)]);
    let mut seen = vec![format!("{request:?}")];
    paused(async {
        let app = world.app().await;
        let mut changes = app.subscribe();
        save(&app, request).await;
        let told = handlers::list_connections(&app, Nothing {}).await.expect("list");
        seen.push(serde_json::to_string(&told).expect("json"));
        let test = TestConnection {
            original: Some("aoai".into()),
            draft: None,
            secrets: secrets(&[("api_key", PLANTED)]),
            file: None,
        };
        seen.push(format!("{test:?}"));
        let test = handlers::test_connection(&app, test).await.expect("tested");
        seen.push(serde_json::to_string(&test).expect("json"));
        let mut told = false;
        while let Ok(change) = tokio::time::timeout(Duration::from_secs(1), changes.next()).await {
            told |= format!("{change:?}").contains(&format!("{:?}", Change::Connections));
            seen.push(serde_json::to_string(&change).expect("json"));
        }
        assert!(told, "the window is told of the change");
        seen.push(format!("{:?}", world.history.connections().await.expect("history")));
    });
    for text in &seen {
        assert!(!text.contains(PLANTED), "{text}");
    }
}
