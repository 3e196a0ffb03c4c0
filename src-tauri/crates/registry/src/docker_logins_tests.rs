//! Docker's logins, with files as Docker writes them and helpers that are real programs.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use serde_json::json;
use tempfile::TempDir;

/// A folder with a `config.json`, in which helpers can be put.
struct Folder(TempDir);

impl Folder {
    fn new(config: &Value) -> Self {
        Self::with_text(&config.to_string())
    }

    fn with_text(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::write(folder.path().join("config.json"), config).expect("config");
        Self(folder)
    }

    fn helper(self, name: &str, script: &str) -> Self {
        let file = self.0.path().join(format!("docker-credential-{name}"));
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("helper");
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).expect("mode");
        self
    }

    fn logins(&self) -> DockerLogins {
        let mut path = self.0.path().as_os_str().to_owned();
        path.push(":/usr/bin:/bin");
        let mut logins =
            DockerLogins::new(config_file(Some(self.0.path()), Path::new("/nonexistent")))
                .with_helpers_in(path);
        logins.limit = Duration::from_secs(1);
        logins
    }
}

fn login(username: &str, password: &str) -> Login {
    Login { username: username.into(), password: Secret::new(password.into()) }
}

/// Answers `list`, and `get` for one server.
const HELPER: &str = r#"
case "$1" in
  list) echo '{"https://index.docker.io/v1/":"hub","https://index.docker.io/v1/access-token":"hub","r.example:5000":"bob"}' ;;
  get) read -r server
    case "$server" in
      https://index.docker.io/v1/) echo '{"ServerURL":"x","Username":"hub","Secret":"s3"}' ;;
      r.example:5000) echo '{"ServerURL":"x","Username":"<token>","Secret":"t"}' ;;
      *) echo 'credentials not found in native keychain'; exit 1 ;;
    esac ;;
esac"#;

#[test]
fn the_file_is_where_docker_looks_for_it() {
    let home = Path::new("/home/ann");
    assert_eq!(config_file(None, home), Path::new("/home/ann/.docker/config.json"));
    assert_eq!(config_file(Some(Path::new("")), home), Path::new("/home/ann/.docker/config.json"));
    assert_eq!(config_file(Some(Path::new("/etc/d")), home), Path::new("/etc/d/config.json"));
}

#[tokio::test]
async fn no_file_or_an_empty_one_means_no_logins() {
    let nowhere = DockerLogins::new("/nonexistent/config.json".into());
    assert_eq!(nowhere.list().await, Listing::default());
    assert_eq!(nowhere.login_for("docker.io").await, Ok(None));
    assert_eq!(Folder::with_text("\n").logins().list().await, Listing::default());
    assert_eq!(Folder::with_text("{}").logins().list().await, Listing::default());
}

#[tokio::test]
async fn logins_in_the_file_are_listed_and_read() {
    let folder = Folder::new(&json!({"auths": {
        // ann:pass:word, hub:s3
        "https://index.docker.io/v1/": {"auth": "aHViOnMz"},
        "r.example": {"auth": "YW5uOnBhc3M6d29yZA=="},
        "https://q.example/v2/": {"username": "eve", "password": "p"},
        "a.example": {"auth": "MDAwMDog", "identitytoken": "refresh"},
        "empty.example": {"auth": ""},
    }}));
    let listing = folder.logins().list().await;
    assert_eq!(listing.problems, []);
    let told: Vec<_> = listing
        .logins
        .iter()
        .map(|login| (login.registry.as_str(), login.username.as_deref()))
        .collect();
    assert_eq!(
        told,
        [
            ("a.example", None),
            ("docker.io", Some("hub")),
            ("q.example", Some("eve")),
            ("r.example", Some("ann")),
        ]
    );
    let logins = folder.logins();
    assert_eq!(logins.login_for("docker.io").await, Ok(Some(login("hub", "s3"))));
    assert_eq!(logins.login_for("r.example").await, Ok(Some(login("ann", "pass:word"))));
    assert_eq!(logins.login_for("q.example").await, Ok(Some(login("eve", "p"))));
    assert_eq!(
        logins.login_for("a.example").await,
        Ok(Some(login(IDENTITY_TOKEN_USER, "refresh")))
    );
    assert_eq!(logins.login_for("empty.example").await, Ok(None));
    assert_eq!(logins.login_for("r.example:443").await, Ok(None));
}

#[tokio::test]
async fn a_store_keeps_what_the_file_leaves_empty() {
    let folder = Folder::new(&json!({
        "auths": {"https://index.docker.io/v1/": {}, "r.example:5000": {}},
        "credsStore": "store",
    }))
    .helper("store", HELPER);
    let listing = folder.logins().list().await;
    let helper = || KeptBy::Helper("store".into());
    assert_eq!(
        listing.logins,
        [
            DockerLogin {
                registry: "docker.io".into(),
                username: Some("hub".into()),
                kept_by: helper()
            },
            DockerLogin {
                registry: "r.example:5000".into(),
                username: Some("bob".into()),
                kept_by: helper()
            },
        ]
    );
    let logins = folder.logins();
    assert_eq!(logins.login_for("docker.io").await, Ok(Some(login("hub", "s3"))));
    assert_eq!(logins.login_for("r.example:5000").await, Ok(Some(login(IDENTITY_TOKEN_USER, "t"))));
    assert_eq!(logins.login_for("unknown.example").await, Ok(None));
}

#[tokio::test]
async fn a_helper_for_one_registry_goes_before_the_file() {
    let folder = Folder::new(&json!({
        "auths": {"https://index.docker.io/v1/": {"auth": "YW5uOnA="}},
        "credHelpers": {"https://index.docker.io/v1/": "own", "off.example": ""},
    }))
    .helper("own", HELPER);
    assert_eq!(folder.logins().login_for("docker.io").await, Ok(Some(login("hub", "s3"))));
    let listing = folder.logins().list().await;
    assert_eq!(
        listing.logins,
        [DockerLogin {
            registry: "docker.io".into(),
            username: None,
            kept_by: KeptBy::Helper("own".into())
        }]
    );
}

#[tokio::test]
async fn a_helper_that_hangs_is_ended_and_told() {
    let folder = Folder::new(&json!({
        "auths": {"r.example": {"auth": "YW5uOnA="}},
        "credsStore": "slow",
    }));
    let mark = folder.0.path().join("process");
    let folder = folder.helper("slow", &format!("echo $$ > {}\nexec sleep 600", mark.display()));
    let silent = DockerLoginsError::HelperSilent { helper: "slow".into(), seconds: 1 };
    let listing = folder.logins().list().await;
    assert_eq!(listing.problems, std::slice::from_ref(&silent));
    // What the file holds is there all the same.
    assert_eq!(listing.logins.len(), 1);
    assert_eq!(folder.logins().login_for("other.example").await, Err(silent));
    let process = std::fs::read_to_string(mark).expect("it ran");
    let folder = format!("/proc/{}", process.trim());
    // The system ends it in its own time; gone, or ended and not yet reaped, will do.
    let ended = async {
        while std::fs::read(format!("{folder}/cmdline")).is_ok_and(|line| !line.is_empty()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), ended).await.expect("the helper was ended");
}

#[tokio::test]
async fn a_helper_that_fails_or_is_missing_or_is_no_name_is_told_in_words() {
    let with = |store: &str| Folder::new(&json!({"credsStore": store}));
    let folder = with("bad").helper("bad", "echo secret; echo 'no display' >&2; exit 1");
    let error = folder.logins().login_for("r.example").await.expect_err("failed");
    assert_eq!(error.to_string(), "Docker's credential helper bad gave no login: no display");
    let folder = with("junk").helper("junk", "echo 'secret hunter2'");
    let error = folder.logins().login_for("r.example").await.expect_err("junk");
    assert!(!error.to_string().contains("hunter2"), "{error}");
    for name in ["gone", "../sh", "a b"] {
        let error = with(name).logins().login_for("r.example").await;
        assert!(matches!(error, Err(DockerLoginsError::HelperMissing { .. })), "{error:?}");
    }
}

#[tokio::test]
async fn a_broken_file_is_told_without_its_content() {
    let folder = Folder::with_text(r#"{"auths": {"r.example": {"auth": "hunter2"}"#);
    let error = folder.logins().login_for("r.example").await.expect_err("broken");
    assert!(matches!(error, DockerLoginsError::Malformed { .. }));
    assert!(!error.to_string().contains("hunter2"), "{error}");
    let folder = Folder::new(&json!({"auths": {"r.example": {"auth": "%%%"}}}));
    let listing = folder.logins().list().await;
    assert_eq!(listing.problems, [DockerLoginsError::Undecodable { registry: "r.example".into() }]);
}
