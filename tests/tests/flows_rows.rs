//! Rows of a batch on a real service: which processes run them, and what happens when these are ended.
#![cfg(feature = "app")]

use std::time::{Duration, Instant};

use app::{RowsToEnd, end_rows};
use domain::compute::{ComputeAddress, ComputeId, ComputeOrigin, FoundCompute};
use domain::flow::{ended_by_force, row_answered};
use domain::secret::Secret;
use engine::docker::DockerEngine;
use executor::client::ExecutorClient;
use executor::{BatchRequest, Executor, Line, Place, Sealed};
use real_parts::PartResult;
use real_parts::flow_world::{World, inside, world};
use serde_json::{Map, Value, json};

const LIMIT: Duration = Duration::from_secs(60);
const LOG: &str = "/tmp/rows/run.log";

/// The service of the world's runtime, with a batch of a flow whose rows take as long as they say.
struct Batch {
    client: ExecutorClient,
    base: String,
}

fn place(flow: &str, file: &str) -> Place {
    Place {
        folder: flow.to_owned(),
        file: file.to_owned(),
        output: "/tmp/rows/output".into(),
        log: LOG.into(),
    }
}

const CODE: &str = "import os, subprocess\\nclass Talk:\\n    def __init__(self, end: str):\\n        self.end = end\\n    def __call__(self, text: str, seconds: int) -> str:\\n        subprocess.run([\"sleep\", str(seconds)])\\n        return text + self.end + str(os.environ.get(\"TOKEN\"))\\n";

impl Batch {
    async fn begin(world: &World, workers: u32, token: &str) -> PartResult<Self> {
        inside(
            world,
            &format!(
                "mkdir -p /tmp/rows/flow && cd /tmp/rows && : > run.log && printf 'entry: talk:Talk\\n' > flow/flow.flex.yaml && printf '{CODE}' > flow/talk.py"
            ),
        )?;
        let client = ExecutorClient::new().expect("client");
        let base = world.row.endpoint.clone().unwrap_or_default();
        let request = BatchRequest {
            place: place("/tmp/rows/flow", "flow.flex.yaml"),
            connections: Sealed::default(),
            variables: vec![("TOKEN".into(), Secret::new(token.into()))],
            workers: Some(workers),
            line_limit: None,
            init: Map::from_iter([("end".to_owned(), "!".into())]),
        };
        client.runs().begin_batch(&base, &request, LIMIT).await.expect("begun");
        Ok(Self { client, base })
    }

    async fn row(&self, number: u32, seconds: u32) -> Value {
        let inputs = json!({"text": format!("row {number} "), "seconds": seconds});
        let inputs = inputs.as_object().cloned().unwrap_or_default();
        let line = Line { run: "batch".into(), number, inputs };
        self.client.runs().run_line(&self.base, &line).await.expect("answered")
    }

    async fn end(&self) {
        self.client.runs().end_batch(&self.base, LIMIT).await.expect("ended");
    }
}

async fn engine(world: &World) -> DockerEngine {
    let found = FoundCompute {
        id: ComputeId("test".into()),
        name: "Test".into(),
        origin: ComputeOrigin::DockerHost,
        address: ComputeAddress::Socket {
            path: world.engine.socket().to_string_lossy().into_owned(),
        },
    };
    DockerEngine::connect(&found).await.expect("connected")
}

/// Programs inside that sleep for so long.
fn sleeping(world: &World, seconds: u32) -> PartResult<usize> {
    let script = format!("grep -lz '^{seconds}$' /proc/[0-9]*/cmdline 2>/dev/null || true");
    Ok(inside(world, &script)?.lines().count())
}

async fn until_sleeping(world: &World, seconds: u32, count: usize) -> PartResult<()> {
    let limit = Instant::now() + Duration::from_secs(30);
    while sleeping(world, seconds)? != count {
        assert!(Instant::now() < limit, "not {count} rows of {seconds} s run");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_ended_and_nothing_else() -> PartResult<()> {
    let world = world().await?;
    one_row_is_ended_and_the_other_goes_on(&world).await?;
    all_rows_of_a_cancelled_batch_end(&world).await?;
    after_an_ended_row_answers_are_those_of_the_row_before(&world).await?;
    variables_of_a_batch_stay_until_they_are_emptied(&world).await?;
    Ok(())
}

async fn one_row_is_ended_and_the_other_goes_on(world: &World) -> PartResult<()> {
    let engine = engine(world).await;
    let batch = Batch::begin(world, 2, "x").await?;
    let ending = async {
        until_sleeping(world, 120, 1).await?;
        until_sleeping(world, 9, 1).await?;
        let none =
            end_rows(&engine, &world.container, LOG, RowsToEnd::One(7)).await.expect("ended");
        assert_eq!(none, Vec::<u32>::new(), "a row that does not run");
        let none = end_rows(&engine, &world.container, "/tmp/none.log", RowsToEnd::All)
            .await
            .expect("ended");
        assert_eq!(none, Vec::<u32>::new(), "a log that is not there");
        let ended =
            end_rows(&engine, &world.container, LOG, RowsToEnd::One(0)).await.expect("ended");
        assert_eq!(ended, [0]);
        assert_eq!(sleeping(world, 120)?, 0, "what the row has started goes on");
        assert_eq!(sleeping(world, 9)?, 1, "the other row was touched");
        Ok(()) as PartResult<()>
    };
    let (long, short, ending) = tokio::join!(batch.row(0, 120), batch.row(1, 9), ending);
    ending?;
    assert!(ended_by_force(&long), "{long}");
    assert_eq!(row_answered(&long), Some(0));
    assert_eq!(short["run_info"]["status"], "Completed", "{short}");
    assert_eq!((row_answered(&short), &short["output"]), (Some(1), &"row 1 !x".into()));
    batch.end().await;
    Ok(())
}

async fn all_rows_of_a_cancelled_batch_end(world: &World) -> PartResult<()> {
    let engine = engine(world).await;
    let batch = Batch::begin(world, 2, "x").await?;
    let asked = async {
        until_sleeping(world, 121, 2).await?;
        let asked = Instant::now();
        let ended = end_rows(&engine, &world.container, LOG, RowsToEnd::All).await.expect("ended");
        assert_eq!(ended, [0, 1]);
        Ok(asked) as PartResult<Instant>
    };
    let (first, second, asked) = tokio::join!(batch.row(0, 121), batch.row(1, 121), asked);
    assert!(ended_by_force(&first) && ended_by_force(&second), "{first} {second}");
    batch.end().await;
    let took = asked?.elapsed();
    assert!(took < Duration::from_secs(25), "{took:?}");
    assert_eq!(sleeping(world, 121)?, 0);
    Ok(())
}

/// The fault of the service that [`row_answered`] is for. When this fails since the service has mended it, what
/// is done against it can go.
async fn after_an_ended_row_answers_are_those_of_the_row_before(world: &World) -> PartResult<()> {
    let engine = engine(world).await;
    let mut shifted = false;
    for _ in 0..5 {
        let batch = Batch::begin(world, 1, "x").await?;
        let ending = async {
            until_sleeping(world, 122, 1).await?;
            Ok(end_rows(&engine, &world.container, LOG, RowsToEnd::All).await.expect("ended"))
                as PartResult<Vec<u32>>
        };
        let (first, ended) = tokio::join!(batch.row(0, 122), ending);
        assert!(ended_by_force(&first) && ended? == [0], "{first}");
        let (second, third) = (batch.row(1, 0).await, batch.row(2, 0).await);
        batch.end().await;
        if ended_by_force(&second) {
            assert_eq!((row_answered(&second), row_answered(&third)), (Some(1), Some(1)));
            assert_eq!(third["output"], "row 1 !x");
            shifted = true;
            break;
        }
        assert_eq!((row_answered(&second), row_answered(&third)), (Some(1), Some(2)));
    }
    assert!(shifted, "the service tells every row's answer rightly");
    Ok(())
}

/// What is given as variables to the beginning of a batch stays in the service's own process, for everything
/// that runs there later; another beginning with empty values, of a flow that is not there, takes it away.
async fn variables_of_a_batch_stay_until_they_are_emptied(world: &World) -> PartResult<()> {
    let batch = Batch::begin(world, 1, "planted-value-77").await?;
    batch.row(0, 0).await;
    batch.end().await;
    let told = async |name: &str| {
        let script = format!(
            "mkdir -p /tmp/rows/{name} && cd /tmp/rows/{name} && printf 'entry: {name}:told\\n' > flow.flex.yaml && printf 'import os\\ndef told() -> str:\\n    return str(os.environ.get(\"TOKEN\"))\\n' > {name}.py"
        );
        inside(world, &script)?;
        let request = executor::RunRequest {
            run: name.into(),
            place: place(&format!("/tmp/rows/{name}"), "flow.flex.yaml"),
            inputs: Map::new(),
            connections: Sealed::default(),
            variables: vec![],
        };
        let answer = batch.client.runs().run_flow(&batch.base, &request).await.expect("answered");
        Ok(answer["output"].clone()) as PartResult<Value>
    };
    assert_eq!(told("before").await?, "planted-value-77", "it does not stay");
    let nothing = BatchRequest {
        place: Place { folder: "/nothing".into(), ..place("", "flow.dag.yaml") },
        connections: Sealed::default(),
        variables: vec![("TOKEN".into(), Secret::new(String::new()))],
        workers: Some(1),
        line_limit: None,
        init: Map::new(),
    };
    let refused = batch.client.runs().begin_batch(&batch.base, &nothing, LIMIT).await;
    assert!(matches!(refused, Err(executor::RunError::Refused { status: 500, .. })), "{refused:?}");
    assert_eq!(told("after").await?, "");
    Ok(())
}
