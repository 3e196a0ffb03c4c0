use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use domain::flow::{FlowProblemKind, ValueKind};
use futures_util::StreamExt as _;
use serde_json::json;

use super::*;

const FLOW: &str = "inputs:\n  text:\n    type: string\noutputs:\n  o:\n    type: string\n    reference: ${upper.output}\nadditional_includes:\n- ../shared\n- ../one.txt\n- ../gone\nnodes:\n- name: upper\n  type: python\n  source: {type: code, path: upper.py}\n  inputs:\n    text: ${inputs.text}\n";

fn write(root: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = root.join(path);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        std::fs::write(path, text).expect("file");
    }
}

fn world() -> tempfile::TempDir {
    let root = tempfile::tempdir().expect("folder");
    write(
        root.path(),
        &[
            ("flow/flow.dag.yaml", FLOW),
            ("flow/upper.py", "def upper(): ..."),
            ("flow/data.jsonl", "{\"other\": 1}\n"),
            ("flow/rows.jsonl", "\n{\"text\": \"from data\"}\n{\"text\": \"second\"}\n"),
            ("flow/.gitignore", "*.log\n/build/\nupper.py\n"),
            ("flow/.amlignore", "secret.txt\n"),
            ("flow/a.log", "log"),
            ("flow/build/big.bin", "big"),
            ("flow/secret.txt", "s"),
            ("flow/__pycache__/x.pyc", "x"),
            ("flow/lib/util.py", "u"),
            ("shared/prompt.jinja2", "p"),
            ("shared/deep/x.txt", "x"),
            ("one.txt", "1"),
        ],
    );
    root
}

async fn open(root: &Path) -> FlowOnDisk {
    let typed = root.join("flow").display().to_string();
    FlowPath::find(&typed, Path::new("/")).await.expect("found").read().await.expect("read")
}

async fn unpacked(snapshot: &Snapshot) -> (Vec<u8>, BTreeMap<String, String>) {
    let mut bytes = Vec::new();
    let mut stream = snapshot.archive("flows/x");
    while let Some(piece) = stream.next().await {
        bytes.extend_from_slice(&piece.expect("piece"));
    }
    let mut archive = tar::Archive::new(bytes.as_slice());
    let mut found = BTreeMap::new();
    for entry in archive.entries().expect("entries") {
        let mut entry = entry.expect("entry");
        let path = entry.path().expect("path").to_string_lossy().into_owned();
        let mut text = String::new();
        std::io::Read::read_to_string(&mut entry, &mut text).expect("text");
        found.insert(path, text);
    }
    (bytes, found)
}

#[tokio::test]
async fn a_flow_is_found_by_its_folder_its_file_and_any_file_beside_it() {
    let root = world();
    let at = |path: &str| root.path().join(path).display().to_string();
    let home = root.path();
    let canonical = root.path().canonicalize().expect("path").join("flow/flow.dag.yaml");
    for typed in [
        at("flow"),
        at("flow/"),
        at("flow/flow.dag.yaml"),
        at("flow/upper.py"),
        format!(" \"{}\" ", at("flow")),
        format!("file://{}", at("flow")),
        "~/flow".into(),
    ] {
        let found = FlowPath::find(&typed, home).await.expect("found");
        assert_eq!(found.id.0, canonical.display().to_string(), "{typed}");
        assert_eq!((found.name().as_str(), found.is_there()), ("flow", true));
        assert_eq!(FlowPath::of(&found.id), found);
    }
    let missing = FlowPath::find(&at("nothing"), home).await.expect_err("it is refused");
    assert!(matches!(missing, FlowsError::NotThere(_)), "{missing}");
    let FlowsError::NoFlow { instead, .. } =
        FlowPath::find(&at(""), home).await.expect_err("it is refused")
    else {
        panic!("the folder above is no flow");
    };
    assert_eq!(instead, [root.path().canonicalize().expect("path").join("flow")]);
    for typed in ["flow", ""] {
        let relative = FlowPath::find(typed, home).await.expect_err("it is refused");
        assert!(relative.to_string().contains("whole one"), "{relative}");
    }
}

#[tokio::test]
async fn a_flow_is_read_with_its_sample_and_what_is_missing() {
    let root = world();
    let flow = open(root.path()).await;
    let read = flow.read.as_ref().expect("read");
    assert_eq!(read.flow.inputs[0].kind, ValueKind::String);
    assert_eq!(read.flow.nodes[0].line, 13);
    assert_eq!(flow.missing_includes, ["../gone"]);
    assert!(
        flow.is_file("upper.py") && flow.is_file("shared/deep/x.txt") && flow.is_file("one.txt")
    );
    assert!(!flow.is_file("shared/none") && !flow.is_file("lib"));
    assert_eq!(flow.sample.as_ref().and_then(|row| row.get("text")), Some(&json!("from data")));
    let text = flow.path.text("shared/prompt.jinja2", &read.flow.additional_includes, 10).await;
    assert_eq!(text.map(|file| file.text).as_deref(), Ok("p"));
    let outside = flow.path.text("../one.txt", &[], 10).await;
    assert!(matches!(outside, Err(FlowsError::NotThere(_))), "{outside:?}");

    std::fs::write(root.path().join("flow/flow.dag.yaml"), "nodes:\n- name: a\n  b: [\n")
        .expect("file");
    let broken = open(root.path()).await;
    assert!(broken.read.is_none());
    let syntax = broken.syntax.expect("syntax");
    assert_eq!(syntax.kind, FlowProblemKind::Syntax);
    assert!(syntax.line >= 3, "{syntax:?}");
}

#[tokio::test]
async fn a_flex_flow_takes_its_inputs_from_its_code() {
    let root = tempfile::tempdir().expect("folder");
    write(
        root.path(),
        &[
            ("flow/flow.flex.yaml", "entry: chat:talk\nsample:\n  inputs:\n    question: hello\n"),
            ("flow/chat.py", "def talk(question: str, top: int = 3):\n    return question\n"),
        ],
    );
    let flow = open(root.path()).await;
    let inputs = &flow.read.as_ref().expect("read").flow.inputs;
    assert_eq!(inputs.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["question", "top"]);
    assert_eq!(flow.sample.and_then(|row| row.get("question").cloned()), Some(json!("hello")));
}

#[tokio::test]
async fn a_snapshot_holds_what_a_run_needs_and_nothing_else() {
    let root = world();
    let flow = open(root.path()).await;
    let snapshot = flow.snapshot(None).await.expect("snapshot");
    assert_eq!(
        snapshot.paths().collect::<Vec<_>>(),
        [
            ".amlignore",
            ".gitignore",
            "data.jsonl",
            "flow.dag.yaml",
            "lib/util.py",
            "one.txt",
            "rows.jsonl",
            "shared/deep/x.txt",
            "shared/prompt.jinja2",
            // Ignored, and needed by a node all the same.
            "upper.py",
        ]
    );
    let (bytes, found) = unpacked(&snapshot).await;
    assert_eq!(found["flows/x/shared/prompt.jinja2"], "p");
    assert!(
        found.contains_key("flows/x.complete") && found.contains_key("flows/x/lib"),
        "{found:?}"
    );
    // The same files make the same archive, whenever they were written.
    std::fs::write(root.path().join("one.txt"), "1").expect("file");
    let again = open(root.path()).await.snapshot(None).await.expect("snapshot");
    assert_eq!(again.hash(), snapshot.hash());
    assert_eq!(unpacked(&again).await.0, bytes);
}

#[tokio::test]
async fn the_hash_differs_by_path_by_mode_and_by_content() {
    let root = world();
    let take = async || open(root.path()).await.snapshot(None).await.expect("snapshot");
    let mut seen = vec![take().await.hash().to_owned()];
    let file = root.path().join("flow/lib/util.py");
    std::fs::write(&file, "v").expect("file");
    seen.push(take().await.hash().to_owned());
    std::fs::rename(&file, root.path().join("flow/lib/utils.py")).expect("renamed");
    seen.push(take().await.hash().to_owned());
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(root.path().join("flow/lib/utils.py"), mode).expect("mode");
    seen.push(take().await.hash().to_owned());
    let flow = open(root.path()).await;
    let mut document = flow.document.clone();
    document.set("display_name", domain::flow::Content::Text("other".into()));
    let instead = flow.snapshot(Some(&document)).await.expect("snapshot");
    assert!(unpacked(&instead).await.1["flows/x/flow.dag.yaml"].contains("\"other\""));
    assert_eq!(
        std::fs::read_to_string(root.path().join("flow/flow.dag.yaml")).expect("file"),
        FLOW
    );
    seen.push(instead.hash().to_owned());
    let different: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!(different.len(), seen.len());
}

#[tokio::test]
async fn a_big_file_that_changes_while_it_is_sent_is_told() {
    let root = world();
    let big = root.path().join("flow/big.bin");
    std::fs::write(&big, vec![7_u8; 3_000_000]).expect("file");
    let snapshot = open(root.path()).await.snapshot(None).await.expect("snapshot");
    assert_eq!(unpacked(&snapshot).await.1["flows/x/big.bin"].len(), 3_000_000);
    std::fs::write(&big, vec![8_u8; 2_999_999]).expect("file");
    let pieces: Vec<_> = snapshot.archive("flows/x").collect().await;
    let error = pieces.into_iter().find_map(Result::err).expect("an error");
    assert!(error.to_string().contains("changed while"), "{error}");
}

#[tokio::test]
async fn an_image_of_this_machine_goes_along_and_an_address_stays() {
    let root = world();
    write(root.path(), &[("flow/a.png", "not really")]);
    let folder = root.path().join("flow");
    let image = image_value(&folder, "a.png").await.expect("image");
    assert_eq!(image, json!({"data:image/png;base64": "bm90IHJlYWxseQ=="}));
    for text in ["https://x/a.png", "b.png", "a.log"] {
        assert_eq!(image_value(&folder, text).await, Ok(json!(text)));
    }
}

#[tokio::test]
async fn changes_are_told_once_also_when_an_editor_replaces_a_file() {
    let root = world();
    let flow = open(root.path()).await;
    let told = Arc::new(AtomicU32::new(0));
    let count = told.clone();
    let _watching = watch(flow.places(), move || {
        count.fetch_add(1, Ordering::SeqCst);
    })
    .expect("watching");
    let until = async |wanted: u32| {
        let limit = Instant::now() + Duration::from_secs(5);
        while told.load(Ordering::SeqCst) < wanted && Instant::now() < limit {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // Nothing comes after it.
        tokio::time::sleep(Duration::from_millis(400)).await;
        assert_eq!(told.load(Ordering::SeqCst), wanted);
    };
    let own = root.path().join("flow/upper.py");
    for _ in 0..3 {
        std::fs::write(root.path().join("flow/.upper.py.swp"), "x").expect("file");
        std::fs::rename(root.path().join("flow/.upper.py.swp"), &own).expect("renamed");
    }
    until(1).await;
    // Of something included.
    std::fs::write(root.path().join("one.txt"), "2").expect("file");
    until(2).await;
    // Reading, and what Python leaves, is no change.
    std::fs::read(&own).expect("read");
    std::fs::write(root.path().join("flow/__pycache__/y.pyc"), "y").expect("file");
    until(2).await;
}

#[tokio::test]
async fn a_folder_is_included_as_an_archive_when_only_the_folder_is_there() {
    let root = tempfile::tempdir().expect("folder");
    let flow = "additional_includes:\n- ../words.zip\n- ../real.zip\n- ../gone.zip\nnodes: []\n";
    let files = [
        ("flow/flow.dag.yaml", flow),
        ("words/a.txt", "a"),
        ("words/deep/b.txt", "b"),
        ("words/.gitignore", "*.log\n"),
        ("words/c.log", "c"),
        ("real.zip", "is sent as it is"),
        ("real/x.txt", "is not looked at"),
    ];
    write(root.path(), &files);
    let flow = open(root.path()).await;
    assert_eq!(flow.missing_includes, ["../gone.zip"]);
    let place = root.path().canonicalize().expect("path").join("words");
    assert!(flow.places().contains(&place), "changes of the folder are not seen");
    let take = async || open(root.path()).await.snapshot(None).await.expect("snapshot");
    let snapshot = take().await;
    assert_eq!(snapshot.paths().collect::<Vec<_>>(), ["flow.dag.yaml", "real.zip", "words.zip"]);
    let mut found = BTreeMap::new();
    let mut sent = Vec::new();
    let pieces: Vec<_> = snapshot.archive("f").collect().await;
    for piece in pieces {
        sent.extend_from_slice(&piece.expect("piece"));
    }
    for entry in tar::Archive::new(sent.as_slice()).entries().expect("entries") {
        let mut entry = entry.expect("entry");
        let mut content = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut content).expect("content");
        found.insert(entry.path().expect("path").display().to_string(), content);
    }
    assert_eq!(found["f/real.zip"], b"is sent as it is");
    let mut archive =
        zip::ZipArchive::new(std::io::Cursor::new(found["f/words.zip"].clone())).expect("archive");
    let names: Vec<String> =
        archive.file_names().map(|name| name.expect("a name").into_owned()).collect();
    assert_eq!(names, ["words/", "words/.gitignore", "words/a.txt", "words/deep/b.txt"]);
    let mut text = String::new();
    let mut entry = archive.by_name("words/deep/b.txt").expect("entry");
    std::io::Read::read_to_string(&mut entry, &mut text).expect("text");
    assert_eq!(text, "b");
    // The same files make the same archive, whenever they were written.
    write(root.path(), &[("words/a.txt", "a")]);
    assert_eq!(take().await.hash(), snapshot.hash());
    write(root.path(), &[("words/a.txt", "z")]);
    assert_ne!(take().await.hash(), snapshot.hash());
}
