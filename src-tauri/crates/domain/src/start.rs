//! How a runtime's service is started: decided by the image's configuration and a short probe,
//! never by the repository's name.

use serde_json::Value;

/// Who decides how the service is started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartedBy {
    /// The image's own command.
    Image,
    /// The open executor service, started by us because the image serves something else.
    Executor,
    /// The person gave a start command.
    Person,
}

impl StartedBy {
    /// As the label has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Executor => "executor",
            Self::Person => "person",
        }
    }

    /// Reads the label.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "image" => Some(Self::Image),
            "executor" => Some(Self::Executor),
            "person" => Some(Self::Person),
            _ => None,
        }
    }
}

/// The port a service listens on when neither the person nor the image says.
pub const USUAL_PORT: u16 = 8080;

/// TCP ports that an image's configuration exposes, lowest first.
pub fn exposed_ports(image_config: &Value) -> Vec<u16> {
    let mut ports: Vec<u16> = image_config["ExposedPorts"]
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(port, _)| port.strip_suffix("/tcp").unwrap_or(port).parse().ok())
        .collect();
    ports.sort_unstable();
    ports
}

/// The port inside: what was asked, else the image's exposed port (8080 where it is among
/// several), else 8080.
pub fn target_port(asked: Option<u16>, image_config: &Value) -> u16 {
    let exposed = exposed_ports(image_config);
    asked.unwrap_or_else(|| {
        if exposed.contains(&USUAL_PORT) {
            USUAL_PORT
        } else {
            exposed.first().copied().unwrap_or(USUAL_PORT)
        }
    })
}

/// What the image's own command is, as far as its configuration tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OwnCommand {
    /// It starts the open executor service: left alone.
    Executor,
    /// A shell or a bare interpreter, or nothing at all: it serves nothing by itself.
    Nothing,
    /// Something: only a trial can tell whether it serves.
    Something,
}

/// Reads the command of an image's configuration.
pub fn own_command(image_config: &Value) -> OwnCommand {
    let words: Vec<&str> = ["Entrypoint", "Cmd"]
        .iter()
        .filter_map(|key| image_config[key].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    if words.iter().any(|word| word.contains("promptflow.executor")) {
        return OwnCommand::Executor;
    }
    let bare = |word: &str| {
        let name = word.rsplit('/').next().unwrap_or(word);
        matches!(name, "sh" | "bash" | "dash" | "ash" | "zsh" | "node" | "tini" | "dumb-init")
            || name == "python"
            || name
                .strip_prefix("python")
                .is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b'.'))
    };
    if words.iter().all(|word| bare(word) || *word == "--") {
        OwnCommand::Nothing
    } else {
        OwnCommand::Something
    }
}

/// Looks for Pythons that can serve the executor. Prints one line for each:
/// `path|python version|promptflow version|uvicorn version|tools version`, empty where missing.
/// Written for any POSIX shell; the Azure image's Python stands in its own place.
pub const PROBE: &str = r#"for p in "$(command -v python)" "$(command -v python3)" /azureml-envs/prompt-flow/runtime/bin/python /opt/venv/bin/python /opt/conda/bin/python; do
[ -x "$p" ] || continue
"$p" -c '
import sys
from importlib.metadata import version, PackageNotFoundError
from importlib.util import find_spec
def v(n):
    try: return version(n)
    except PackageNotFoundError: return ""
def has(n):
    try: return find_spec(n) is not None
    except Exception: return False
core = (v("promptflow-core") or v("promptflow")) if has("promptflow.executor._service") else ""
print("|".join([sys.executable, "%d.%d.%d" % sys.version_info[:3], core, v("uvicorn"), v("promptflow-tools")]))
' 2>/dev/null
done
exit 0"#;

/// One Python that the probe found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundPython {
    pub path: String,
    pub version: String,
    /// Version of the Prompt flow whose executor service is there.
    pub promptflow: Option<String>,
    pub uvicorn: Option<String>,
    pub tools: Option<String>,
}

impl FoundPython {
    /// It can serve the open executor.
    pub fn serves(&self) -> bool {
        self.promptflow.is_some() && self.uvicorn.is_some()
    }
}

/// Reads what [`PROBE`] printed; lines of another form are passed over.
pub fn read_probe(output: &str) -> Vec<FoundPython> {
    let mut found: Vec<FoundPython> = Vec::new();
    for line in output.lines() {
        let parts: Vec<&str> = line.trim().split('|').collect();
        let [path, version, promptflow, uvicorn, tools] = parts[..] else { continue };
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        if path.starts_with('/') && !found.iter().any(|python| python.path == path) {
            found.push(FoundPython {
                path: path.to_owned(),
                version: version.to_owned(),
                promptflow: some(promptflow),
                uvicorn: some(uvicorn),
                tools: some(tools),
            });
        }
    }
    found
}

/// Flow runs that are active in a container, as its processes show them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunsSeen {
    pub runs: u32,
    /// One process more than the runs have: of a run that just begins or ends, or of a batch run that has ended.
    pub and_one: bool,
}

/// How many flow runs are active, from the command lines of a container's processes. The executor
/// forks two processes for each run: one that holds its result, then one that runs it. Of a batch run the one that
/// holds results stays when it has ended, until the next one begins. `None` = it cannot be told.
pub fn active_runs(processes: &[String]) -> Option<RunsSeen> {
    let servers = processes.iter().filter(|line| line.contains("uvicorn")).count();
    if servers == 0 {
        return None;
    }
    let spawned = processes.iter().filter(|line| line.contains("multiprocessing.spawn")).count();
    // The server itself is one of them; with an init, its command line names the server as well.
    let inits = processes
        .iter()
        .filter(|line| {
            let first = line.split_whitespace().next().unwrap_or("");
            line.contains("uvicorn")
                && (first.ends_with("-init")
                    || first.ends_with("tini")
                    || first.ends_with("catatonit"))
        })
        .count();
    let forks = (servers - inits).saturating_sub(1);
    let runs = u32::try_from(forks / 2 + spawned).ok()?;
    Some(RunsSeen { runs, and_one: forks % 2 == 1 })
}

/// The command that starts the open executor service with this Python. One worker: the tables for
/// cancel and batch live in the process.
pub fn executor_command(python: &str, port: u16) -> Vec<String> {
    [python, "-m", "uvicorn", "promptflow.executor._service.app:app", "--host", "0.0.0.0", "--port"]
        .iter()
        .map(ToString::to_string)
        .chain([port.to_string()])
        .collect()
}

/// What is known before a container is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Start it so. `entry` replaces the image's entry point and command; `None` = as the image says.
    Start { by: StartedBy, entry: Option<Vec<String>> },
    /// The image holds Prompt flow and starts something else: try its own command first, and start
    /// it with `otherwise` when that does not serve the executor.
    Try { otherwise: Vec<String> },
}

/// Decides how to start. `pythons` is what the probe found, empty when the image could not be probed.
pub fn decide(
    person: &[String],
    image_config: &Value,
    pythons: &[FoundPython],
    port: u16,
) -> Decision {
    if !person.is_empty() {
        return Decision::Start { by: StartedBy::Person, entry: Some(person.to_vec()) };
    }
    let own = own_command(image_config);
    let serving = pythons.iter().find(|python| python.serves());
    match (own, serving) {
        (OwnCommand::Executor, _) | (_, None) => {
            Decision::Start { by: StartedBy::Image, entry: None }
        }
        (OwnCommand::Nothing, Some(python)) => Decision::Start {
            by: StartedBy::Executor,
            entry: Some(executor_command(&python.path, port)),
        },
        (OwnCommand::Something, Some(python)) => {
            Decision::Try { otherwise: executor_command(&python.path, port) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_port_is_what_was_asked_else_exposed_else_8080() {
        let image = json!({"ExposedPorts": {"9000/tcp": {}, "53/udp": {}}});
        assert_eq!(target_port(Some(7), &image), 7);
        assert_eq!(target_port(None, &image), 9000);
        assert_eq!(target_port(None, &json!({})), 8080);
        let several = json!({"ExposedPorts": {"22/tcp": {}, "8080/tcp": {}}});
        assert_eq!(target_port(None, &several), 8080);
    }

    #[test]
    fn what_the_probe_prints_is_read_and_junk_passed_over() {
        let found = read_probe(
            "warning: x\n/usr/bin/python3|3.11.2|||\n/opt/venv/bin/python|3.11.2|1.18.5|0.38.0|\n/usr/bin/python3|3.11.2|||\n",
        );
        assert_eq!(found.len(), 2);
        assert!(!found[0].serves());
        assert!(found[1].serves());
        assert_eq!(found[1].tools, None);
    }

    fn flow_python() -> Vec<FoundPython> {
        read_probe("/venv/bin/python|3.9.1|1.10.0|0.30.0|1.4.0")
    }

    #[test]
    fn one_that_serves_by_itself_is_left_alone() {
        let image =
            json!({"Cmd": ["python", "-m", "uvicorn", "promptflow.executor._service.app:app"]});
        assert_eq!(
            decide(&[], &image, &flow_python(), 8080),
            Decision::Start { by: StartedBy::Image, entry: None }
        );
        let web = json!({"Cmd": ["httpd", "-f"]});
        assert_eq!(
            decide(&[], &web, &[], 8080),
            Decision::Start { by: StartedBy::Image, entry: None }
        );
    }

    #[test]
    fn one_that_holds_prompt_flow_but_starts_something_else_is_tried_then_started_as_executor() {
        let azure = json!({"Cmd": ["runsvdir", "/var/runit"]});
        let Decision::Try { otherwise } = decide(&[], &azure, &flow_python(), 8080) else {
            panic!("expected a trial");
        };
        assert_eq!(otherwise[0], "/venv/bin/python");
        for bare in [json!({"Cmd": ["/usr/bin/python3.11"]}), json!({}), json!({"Cmd": ["bash"]})] {
            assert!(matches!(
                decide(&[], &bare, &flow_python(), 8080),
                Decision::Start { by: StartedBy::Executor, entry: Some(_) }
            ));
        }
    }

    #[test]
    fn active_runs_are_the_processes_beside_the_server() {
        let lines = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        let server = "/opt/venv/bin/python -m uvicorn promptflow.executor._service.app:app";
        let spawned = "python -c from multiprocessing.spawn import x";
        let seen = |all: &[&str]| active_runs(&lines(all)).map(|seen| (seen.runs, seen.and_one));
        let alone = ["/sbin/docker-init -- python -m uvicorn x", server];
        assert_eq!(seen(&alone), Some((0, false)));
        // A batch run with one process for its rows.
        assert_eq!(seen(&[server, server, spawned]), Some((1, true)));
        // What stays of one that has ended, alone and beside a run.
        assert_eq!(seen(&[server, server]), Some((0, true)));
        assert_eq!(seen(&[server; 4]), Some((1, true)));
        // Each run is two of them.
        assert_eq!(seen(&[server; 3]), Some((1, false)));
        assert_eq!(seen(&[server; 5]), Some((2, false)));
        assert_eq!(seen(&["httpd -f"]), None);
    }

    #[test]
    fn the_persons_command_wins() {
        let own = ["sh".to_owned(), "-c".to_owned(), "serve".to_owned()];
        assert_eq!(
            decide(&own, &json!({}), &flow_python(), 1),
            Decision::Start { by: StartedBy::Person, entry: Some(own.to_vec()) }
        );
    }
}
