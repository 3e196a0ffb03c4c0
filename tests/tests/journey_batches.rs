//! Batch runs through the real window, on a real runtime: set up from a file, watched, paused, mended,
//! evaluated, compared and taken along.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use real_parts::PartResult;
use real_parts::docker::DockerEngine;
use real_parts::journey::{Name, SOON};
use real_parts::program::free_port;
use real_parts::runtime_images::{REPOSITORY, RuntimeImages, VERSIONS};
use real_parts::steps::{
    NewRuntime, OPERATION_LIMIT, add_runtime, choose, click_first, open_on, open_page,
    press_in_dialog,
};
use real_parts::window::Window;

const DOUBLE: &str = "
inputs:
  number: {type: int}
  pause: {type: double, default: 0}
outputs:
  double: {type: int, reference: '${work.output}'}
nodes:
- name: work
  type: python
  source: {type: code, path: work.py}
  inputs: {number: '${inputs.number}', pause: '${inputs.pause}'}
";

fn work(fails: bool) -> String {
    let fault = if fails {
        "    if number == 13:\n        raise ValueError('thirteen is not wanted')\n"
    } else {
        ""
    };
    format!(
        "import time\nfrom promptflow.core import tool\n\n\n@tool\ndef work(number: int, pause: float) -> int:\n    time.sleep(pause)\n{fault}    return number * 2\n"
    )
}

const CHECK: &str = "
inputs:
  double: {type: int}
  number: {type: int}
outputs:
  right: {type: bool, reference: '${judge.output}'}
nodes:
- name: judge
  type: python
  source: {type: code, path: judge.py}
  inputs: {double: '${inputs.double}', number: '${inputs.number}'}
- name: accuracy
  type: python
  source: {type: code, path: accuracy.py}
  aggregation: true
  inputs: {judged: '${judge.output}'}
";

const JUDGE: &str = "
from promptflow.core import tool


@tool
def judge(double: int, number: int) -> bool:
    return double == number * 2
";

const ACCURACY: &str = "
from typing import List
from promptflow.core import log_metric, tool


@tool
def accuracy(judged: List[bool]) -> float:
    share = sum(judged) / len(judged)
    log_metric('accuracy', share)
    return share
";

fn write(folder: &Path, files: &[(&str, &str)]) -> PartResult<()> {
    std::fs::create_dir_all(folder)?;
    for (name, text) in files {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// A file of so many rows, each with this pause in seconds.
fn rows(root: &Path, name: &str, rows: u32, pause: f64) -> PartResult<PathBuf> {
    let mut text = "number,pause\n".to_owned();
    for row in 0..rows {
        let _ = writeln!(text, "{row},{pause}");
    }
    let file = root.join(name);
    std::fs::write(&file, text)?;
    Ok(file)
}

/// The page as it is now, for a person to look at.
async fn look(window: &Window, name: &str) -> PartResult<()> {
    assert_eq!(window.axe().await?, []);
    if std::env::var_os("PROMPTFLOW_RUNTIMES_LOOK").is_some() {
        let file = format!("../target/pictures/{name}.png");
        window.picture(&Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).await?;
    }
    Ok(())
}

async fn open_flow(window: &Window, folder: &Path) -> PartResult<()> {
    open_page(window, "Flows").await?;
    window.fill("textbox", "Folder of a flow", &folder.to_string_lossy()).await?;
    window.click("button", "Open flow").await?;
    let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
    window.find("heading", name.as_str()).await.map(drop)
}

/// Fills the form for this file, once the window has looked at it.
async fn fill(window: &Window, file: &Path) -> PartResult<()> {
    window.fill("textbox", "File of rows", &file.to_string_lossy()).await?;
    let proposed =
        "[...document.querySelectorAll('input')].some((input) => input.value === '${data.number}')";
    window.wait(SOON, "the proposed source", proposed).await?;
    window.find("table", "First rows").await.map(drop)
}

async fn begin(window: &Window, name: &str) -> PartResult<()> {
    window.click("button", "Start").await?;
    window.find_within(OPERATION_LIMIT, "heading", name).await.map(drop)
}

/// Waits until the batch run on the page has ended like this.
async fn stands(window: &Window, state: &str) -> PartResult<()> {
    // Rows have states as well: it has ended when nothing of it can be cancelled any more.
    window.wait_gone(OPERATION_LIMIT, "button", "Cancel").await?;
    window.wait_text(SOON, state).await
}

#[tokio::test]
async fn a_file_of_rows_runs_is_mended_evaluated_and_compared() -> PartResult<()> {
    let engine = DockerEngine::start()?;
    let registry = RuntimeImages::ready()?.registry()?;
    let window = open_on(&engine, &format!("{}/{REPOSITORY}", registry.address())).await?;
    let new = NewRuntime::named("mine").version(VERSIONS[2]).port(free_port()?);
    add_runtime(&window, &new).await?;
    let root = tempfile::tempdir()?;
    let (double, check) = (root.path().join("double"), root.path().join("check"));
    write(&double, &[("flow.dag.yaml", DOUBLE), ("work.py", &work(true))])?;
    write(&check, &[("flow.dag.yaml", CHECK), ("judge.py", JUDGE), ("accuracy.py", ACCURACY)])?;
    let quick = rows(root.path(), "rows.csv", 40, 0.0)?;
    let slow = rows(root.path(), "slow.csv", 40, 1.0)?;
    open_flow(&window, &check).await?;
    open_flow(&window, &double).await?;
    choose(&window, "Runtime", Name::Starts("mine".into())).await?;

    // Set up: what is missing is told at its field, and the file proposes where inputs come from.
    window.click("button", "Batch run").await?;
    window.find("heading", "New batch run of double").await?;
    window
        .fill("textbox", "File of rows", &root.path().join("nothing.csv").to_string_lossy())
        .await?;
    window.wait_text(SOON, "is not there").await?;
    fill(&window, &quick).await?;
    window.wait_text(SOON, "40 rows").await?;
    window.fill("textbox", "Rows at the same time", "4").await?;
    look(&window, "batch-form").await?;
    begin(&window, "double 1").await?;
    stands(&window, "Completed").await?;
    window.find("grid", "Results").await?;
    look(&window, "batch-completed").await?;
    if std::env::var_os("PROMPTFLOW_RUNTIMES_PICTURES").is_some_and(|value| value == "1") {
        let file = "../docs/pictures/batch-light.png";
        window.picture(&Path::new(env!("CARGO_MANIFEST_DIR")).join(file)).await?;
    }

    // What failed is found, and says why.
    window.click("button", "Failed 1").await?;
    window.wait_text(SOON, "thirteen is not wanted").await?;
    window.click("button", "Show row 14").await?;
    window.find("region", "Row 14").await?;
    look(&window, "batch-row").await?;

    // Mended in any editor; only that row runs again, and that the files changed is told.
    std::fs::write(double.join("work.py"), work(false))?;
    window.click("button", "Rerun failed").await?;
    window.wait_gone(OPERATION_LIMIT, "button", "Rerun failed").await?;
    stands(&window, "Completed").await?;
    window.find_within(OPERATION_LIMIT, "button", "Completed 40").await?;
    look(&window, "batch-mended").await?;

    // What each step did, over all rows and in one; and the form as this one was begun.
    window.find("table", "Steps over all rows").await?;
    window.click("button", "Run again").await?;
    window.find("heading", "New batch run of double").await?;
    let as_before = format!(
        "[...document.querySelectorAll('input')].some((input) => input.value === '{}')",
        quick.display()
    );
    window.wait(SOON, "the file of the earlier one", &as_before).await?;
    window.wait_text(SOON, "40 rows").await?;
    look(&window, "batch-again-form").await?;
    window.click("button", "Cancel").await?;
    open_page(&window, "Flows").await?;
    click_first(&window, "button", "Batch runs").await?;
    window.click("link", "double 1").await?;
    window.find("heading", "double 1").await?;

    // Taken along.
    window.click("button", "Export").await?;
    window.click("menuitem", "CSV").await?;
    window.wait_text(SOON, "The results were exported").await?;

    // An evaluation on what it gave.
    window.click("button", "Evaluate").await?;
    window.find("dialog", "Evaluate double 1").await?;
    choose(&window, "Flow", "check").await?;
    press_in_dialog(&window, "Next").await?;
    window.find("heading", "New batch run of check").await?;
    let proposed = "[...document.querySelectorAll('input')].some((input) => input.value === '${run.outputs.double}')";
    window.wait(SOON, "the proposed output", proposed).await?;
    look(&window, "batch-evaluation-form").await?;
    begin(&window, "check 1").await?;
    stands(&window, "Completed").await?;
    window.find_within(OPERATION_LIMIT, "region", "Metrics").await?;
    window.wait_text(SOON, "accuracy").await?;
    look(&window, "batch-evaluated").await?;

    // A slow one: paused, gone on with, cancelled.
    open_flow(&window, &double).await?;
    window.click("button", "Batch run").await?;
    fill(&window, &slow).await?;
    window.fill("textbox", "Rows at the same time", "4").await?;
    begin(&window, "double 2").await?;
    let ended = "document.querySelector('[aria-label^=\"Show row\"]') !== null";
    window.wait(OPERATION_LIMIT, "the first row", ended).await?;
    look(&window, "batch-running").await?;
    window.click("button", "Pause").await?;
    window.find_within(OPERATION_LIMIT, "button", "Resume").await?;
    look(&window, "batch-paused").await?;
    window.click("button", "Resume").await?;
    window.find_within(OPERATION_LIMIT, "button", "Pause").await?;
    window.click("button", "Cancel").await?;
    stands(&window, "Cancelled").await?;

    // Side by side.
    open_page(&window, "Flows").await?;
    click_first(&window, "button", "Batch runs").await?;
    window.find("grid", "Batch runs").await?;
    look(&window, "batches").await?;
    window.click("checkbox", "Choose double 1").await?;
    window.click("checkbox", "Choose double 2").await?;
    window.click("button", "Compare").await?;
    window.find("table", "Figures of the batch runs").await?;
    window.find("grid", "Rows side by side").await?;
    look(&window, "batch-compare").await?;
    window.resize(700, 900).await?;
    look(&window, "batch-compare-narrow").await?;
    assert_eq!(window.page_errors().await?, Vec::<String>::new());

    // Nothing of it is in the person's folder.
    let mut files: Vec<String> = std::fs::read_dir(&double)?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    files.sort();
    assert_eq!(files, ["flow.dag.yaml", "work.py"]);
    Ok(())
}
