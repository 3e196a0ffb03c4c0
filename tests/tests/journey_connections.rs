//! Connections of flows through the real window: added, tried against a service that answers as Azure
//! OpenAI does, edited, imported and exported. The key is in the keyring and nowhere else.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use real_parts::PartResult;
use real_parts::journey::{Name, SOON};
use real_parts::program::files_with;
use real_parts::steps::{click_first, open_page, press_in_dialog};
use real_parts::window::{Window, WindowOptions};

const KEY: &str = "planted-azure-openai-key-3391";
const WRONG: &str = "planted-wrong-key-7710";
const OTHER: &str = "planted-key-of-a-file-5528";

/// A service that lists its models to whoever has the key, as Azure OpenAI does.
struct FakeAzure {
    port: u16,
    /// From now on it answers 429.
    tired: Arc<AtomicBool>,
}

impl FakeAzure {
    fn start() -> PartResult<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let tired = Arc::new(AtomicBool::new(false));
        let is_tired = tired.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let is_tired = is_tired.clone();
                std::thread::spawn(move || answer(&connection, &is_tired));
            }
        });
        Ok(Self { port, tired })
    }

    fn address(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }
}

fn answer(connection: &TcpStream, tired: &AtomicBool) -> Option<()> {
    let mut reader = BufReader::new(connection);
    let mut request = String::new();
    reader.read_line(&mut request).ok()?;
    let mut key = None;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        if header.trim().is_empty() {
            break;
        }
        let (name, value) = header.split_once(':')?;
        if name.eq_ignore_ascii_case("api-key") {
            key = Some(value.trim().to_owned());
        }
    }
    let asked = request.starts_with("GET /openai/models?api-version=2024-02-01 ");
    let (status, body) = match key.as_deref() {
        _ if tired.load(Ordering::Relaxed) => ("429 Too Many Requests", "{}".to_owned()),
        _ if !asked => ("404 Not Found", r#"{"error":{"code":"404"}}"#.to_owned()),
        Some(KEY | OTHER) => ("200 OK", r#"{"data":[],"object":"list"}"#.to_owned()),
        // It tells the key again, as careless services do.
        given => ("401 Unauthorized", format!(r#"{{"error":"no access for {given:?}"}}"#)),
    };
    write!(
        &mut &*connection,
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nRetry-After: 5\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .ok()
}

async fn nothing_wrong(window: &Window) -> PartResult<()> {
    assert_eq!(window.axe().await?, []);
    assert_eq!(window.page_errors().await?, Vec::<String>::new());
    Ok(())
}

/// No file, no line of the log and nothing on the page holds any of the keys.
async fn nowhere(window: &Window, when: &str) -> PartResult<()> {
    let page = window.run("return document.documentElement.outerHTML", Vec::new()).await?;
    for secret in [KEY, WRONG, OTHER] {
        assert!(!page.to_string().contains(secret), "{when}: the page holds {secret}");
        assert_eq!(files_with(window.home(), secret)?, Vec::<String>::new(), "{when}: {secret}");
        assert!(!window.log().contains(secret), "{when}: the log holds {secret}");
    }
    Ok(())
}

fn in_keyring(window: &mut Window, account: &str) -> PartResult<Option<String>> {
    window.keyring().lookup(&["service", "io.promptflow-runtimes", "username", account])
}

#[tokio::test]
async fn a_connection_is_added_tried_edited_imported_and_its_key_is_in_the_keyring_only()
-> PartResult<()> {
    let azure = FakeAzure::start()?;
    let mut window = Window::open(WindowOptions {
        environment: vec![("DOCKER_HOST".into(), "unix:///no/engine.sock".into())],
        ..WindowOptions::default()
    })
    .await?;
    open_page(&window, "Connections").await?;
    window.wait_text(SOON, "No connection yet").await?;
    nothing_wrong(&window).await?;

    // Filled in with a wrong key first.
    click_first(&window, "button", "Add connection").await?;
    window.find("dialog", "Add connection").await?;
    press_in_dialog(&window, "Save").await?;
    window.wait_text(SOON, "Give the connection a name").await?;
    window.fill("textbox", "Name", "my_aoai").await?;
    window.fill("textbox", "API base", "http://models.example.com").await?;
    window.wait_text(SOON, "everyone on the way can read the key").await?;
    window.fill("textbox", "API base", &azure.address()).await?;
    window.fill("textbox", "API key", WRONG).await?;
    window.click("button", "Test").await?;
    window.wait_text(SOON, "Not authorised").await?;
    window.click("button", "Answer").await?;
    window.wait_text(SOON, "**secret**").await?;
    nothing_wrong(&window).await?;
    window.fill("textbox", "API key", KEY).await?;
    window.click("button", "Test").await?;
    window.wait_text(SOON, "was reached and accepts the key").await?;
    window.wait_text(SOON, "Use host.docker.internal").await?;
    assert_eq!(in_keyring(&mut window, "connection:my_aoai:api_key")?, None);
    press_in_dialog(&window, "Save").await?;
    window.wait_gone(SOON, "dialog", Name::Any).await?;
    window.find("rowheader", "my_aoai").await?;
    window.wait_text(SOON, "In the keyring").await?;
    assert_eq!(in_keyring(&mut window, "connection:my_aoai:api_key")?.as_deref(), Some(KEY));
    nothing_wrong(&window).await?;
    nowhere(&window, "after it was saved").await?;

    // Tried as it is kept; the service asks to wait.
    window.click("button", "Test the connection my_aoai").await?;
    window.wait_text(SOON, "Accepted").await?;
    azure.tired.store(true, Ordering::Relaxed);
    window.click("button", "Test the connection my_aoai").await?;
    window.wait_text(SOON, "Wait 5 s").await?;
    azure.tired.store(false, Ordering::Relaxed);

    // Edited: the key is not shown, and stays where nothing is typed.
    window.click("button", "Edit the connection my_aoai").await?;
    window.find("dialog", "Edit connection").await?;
    window.wait_text(SOON, "Leave it empty to keep it as it is").await?;
    nowhere(&window, "while it is edited").await?;
    window.fill("textbox", "Name", "team_aoai").await?;
    window.click("button", "Test").await?;
    window.wait_text(SOON, "was reached and accepts the key").await?;
    press_in_dialog(&window, "Save").await?;
    window.wait_gone(SOON, "dialog", Name::Any).await?;
    window.find("rowheader", "team_aoai").await?;
    assert_eq!(in_keyring(&mut window, "connection:team_aoai:api_key")?.as_deref(), Some(KEY));
    assert_eq!(in_keyring(&mut window, "connection:my_aoai:api_key")?, None);

    // A file of pf connection, and a file of variables.
    let folder = tempfile::tempdir()?;
    let yaml = folder.path().join("aoai.yml");
    std::fs::write(
        &yaml,
        format!(
            "$schema: https://azuremlschemas.azureedge.net/promptflow/latest/AzureOpenAIConnection.schema.json\nname: of_file\ntype: azure_open_ai\napi_key: {OTHER}\napi_base: {}\n",
            azure.address()
        ),
    )?;
    window.click("button", "Import").await?;
    window.fill("textbox", "File", &yaml.to_string_lossy()).await?;
    window.click("button", "Read file").await?;
    window.wait_text(SOON, "Taken from the file").await?;
    nowhere(&window, "while it is imported").await?;
    window.click("button", "Test").await?;
    window.wait_text(SOON, "was reached and accepts the key").await?;
    press_in_dialog(&window, "Save").await?;
    window.wait_gone(SOON, "dialog", Name::Any).await?;
    window.find("rowheader", "of_file").await?;
    assert_eq!(in_keyring(&mut window, "connection:of_file:api_key")?.as_deref(), Some(OTHER));

    let variables = folder.path().join(".env");
    std::fs::write(&variables, format!("TICKETS_TOKEN={OTHER}\nTICKETS_URL=https://t.example\n"))?;
    window.click("button", "Import").await?;
    window.fill("textbox", "File", &variables.to_string_lossy()).await?;
    window.click("button", "Read file").await?;
    window.wait_text(SOON, "Taken from the file").await?;
    nothing_wrong(&window).await?;
    window.fill("textbox", "Name", "tickets").await?;
    press_in_dialog(&window, "Save").await?;
    window.wait_gone(SOON, "dialog", Name::Any).await?;
    window.click("button", "Test the connection tickets").await?;
    window.wait_text(SOON, "A custom connection cannot be tested").await?;
    nowhere(&window, "after the imports").await?;

    // Exported without its key; found by what is searched; deleted with its key.
    window.click("button", "Export the connection team_aoai").await?;
    window.wait_text(SOON, "team_aoai.yml").await?;
    let exported = files_with(window.home(), "type: azure_open_ai\napi_base: http://127.0.0.1")?;
    assert_eq!(exported.len(), 1, "{exported:?}");
    assert!(std::fs::read_to_string(&exported[0])?.contains("<user-input>"));
    window.fill("searchbox", "Search connections", "azure team").await?;
    window.wait_gone(SOON, "rowheader", "of_file").await?;
    window.click("button", "Delete the connection team_aoai").await?;
    window.wait_text(SOON, "Flows that name team_aoai cannot run").await?;
    window.click("button", "Delete connection").await?;
    window.wait_gone(SOON, "rowheader", "team_aoai").await?;
    assert_eq!(in_keyring(&mut window, "connection:team_aoai:api_key")?, None);
    nowhere(&window, "after it was deleted").await?;

    // A keyring that is locked is told, by each connection too.
    window.keyring().lock()?;
    open_page(&window, "Runtimes").await?;
    open_page(&window, "Connections").await?;
    window.wait_text(SOON, "Secret not readable").await?;
    window.click("button", "Test the connection of_file").await?;
    window.wait_text(SOON, "of the connection \"of_file\" cannot be read").await
}
