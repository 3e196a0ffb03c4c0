//! Ending rows of a batch that run inside a runtime, and nothing else there.
//!
//! For what the service does afterwards, see [`domain::flow::RowProcess`]'s module.

use std::time::Duration;

use domain::flow::{RowProcess, RowProcesses};
use engine::{Engine, EngineError, ExecOutput};

/// How long each of the two programs may take.
const LIMIT: Duration = Duration::from_secs(20);

/// Where Python may be: the service is written in it, so one of them is.
const PYTHONS: [&str; 4] =
    ["python3", "python", "/opt/venv/bin/python", "/azureml-envs/prompt-flow/runtime/bin/python"];

/// Codes of a program that is not there or cannot be run.
const NOT_THERE: [i64; 2] = [126, 127];

/// Writes the last line of a log about each process that runs rows: the log itself may be very long.
const LINES: &str = r#"
import re, sys
about = re.compile(r" execution\.bulk .*Process id(?:\(|: )(\d+).*Line number")
last = {}
try:
    with open(sys.argv[1], errors="replace") as log:
        for line in log:
            found = about.search(line)
            if found:
                last[found[1]] = line
except FileNotFoundError:
    pass
sys.stdout.writelines(last.values())
"#;

/// Ends processes and what they have started. Each argument is `process:service:began`: it is ended only if it
/// still descends from this service and is as old as the row says, so that it is certainly the row's. Writes
/// the numbers of those that were ended. A process is stopped first, so that it starts nothing meanwhile.
const END: &str = r#"
import os, signal, sys

def parents():
    tree = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat") as stat:
                    fields = stat.read().rpartition(")")[2].split()
            except OSError:
                continue
            if fields[0] != "Z":
                tree[int(name)] = (int(fields[1]), int(fields[19]))
    return tree

def send(process, what):
    try:
        os.kill(process, what)
    except ProcessLookupError:
        pass

with open("/proc/stat") as stat:
    booted = next(int(line.split()[1]) for line in stat if line.startswith("btime"))
tick = os.sysconf("SC_CLK_TCK")
for wanted in sys.argv[1:]:
    process, service, began = map(int, wanted.split(":"))
    tree = parents()
    if process not in tree or process in (service, os.getpid()):
        continue
    if booted + tree[process][1] / tick > began + 2:
        continue
    above, seen = tree[process][0], set()
    while above in tree and above != service and above not in seen:
        seen.add(above)
        above = tree[above][0]
    if above != service:
        continue
    send(process, signal.SIGSTOP)
    below = [process]
    for one in below:
        started = [other for other, (parent, _) in parents().items() if parent == one]
        for other in started:
            if other not in below:
                send(other, signal.SIGSTOP)
                below.append(other)
    for one in below:
        send(one, signal.SIGKILL)
    print(process)
"#;

/// Which rows are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowsToEnd {
    All,
    /// The one with this number, from 0.
    One(u32),
}

/// Ends the rows that run in a container as the log of their batch, a path inside, tells: exactly their
/// processes and what these have started. Answers the numbers of the rows that were ended; none = none of them
/// runs, or there is no such log. Rows that begin afterwards are not ended: ask again until the service has
/// answered all of them. Both programs run as the container's own user.
pub async fn end_rows(
    engine: &dyn Engine,
    container: &str,
    log: &str,
    which: RowsToEnd,
) -> Result<Vec<u32>, EngineError> {
    let lines = python(engine, container, LINES, &[log.to_owned()]).await?;
    let mut rows = RowProcesses::default();
    lines.lines().for_each(|line| rows.line(line));
    let mut rows = rows.running();
    rows.retain(|one| which == RowsToEnd::All || which == RowsToEnd::One(one.row));
    if rows.is_empty() {
        return Ok(vec![]);
    }
    let wanted: Vec<String> = rows.iter().map(argument).collect();
    let ended = python(engine, container, END, &wanted).await?;
    let ended: Vec<u32> = ended.lines().filter_map(|line| line.trim().parse().ok()).collect();
    Ok(rows.iter().filter(|one| ended.contains(&one.process)).map(|one| one.row).collect())
}

fn argument(one: &RowProcess) -> String {
    format!("{}:{}:{}", one.process, one.service, one.began.as_second())
}

/// Runs a program with the first Python that is there, and answers what it wrote.
async fn python(
    engine: &dyn Engine,
    container: &str,
    program: &str,
    arguments: &[String],
) -> Result<String, EngineError> {
    let mut words = String::new();
    for name in PYTHONS {
        let mut command = vec![name.to_owned(), "-c".into(), program.into()];
        command.extend_from_slice(arguments);
        match engine.exec(container, &command, LIMIT).await {
            Ok(ExecOutput { exit_code: 0, out, .. }) => return Ok(out),
            Ok(done) => {
                words = format!("{}{}", done.out, done.error);
                if !NOT_THERE.contains(&done.exit_code) {
                    break;
                }
            }
            // Podman refuses a program that is not there rather than answering with a code.
            Err(EngineError::Refused { message, .. }) => words = message,
            Err(error) => return Err(error),
        }
    }
    Err(EngineError::Refused { status: 500, message: words.trim().to_owned() })
}
