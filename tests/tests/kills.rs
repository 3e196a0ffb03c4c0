//! The application is killed in the middle of an operation: before and after each call that changes the
//! engine, and at random moments. After its next start exactly one container serves, and nothing of the
//! operation is left. The state is judged with the engine's own client.
//!
//! The usual run takes the most dangerous calls of each operation; `make test-long` takes all.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use app::handlers;
use domain::operation::{OperationKind, OperationState};
use real_parts::headless::refused;
use real_parts::scene::{NAME, NEW, OLD, Scene, Standing, life, succeeded};
use real_parts::{PartError, PartResult};

/// What is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Create,
    Update,
    RollBack,
    Configure,
    Delete,
}

const ALL: [Kind; 5] = [Kind::Create, Kind::Update, Kind::RollBack, Kind::Configure, Kind::Delete];
/// The two limits of memory, in bytes, between which a change of the configuration goes.
const LIMITS: [u64; 2] = [256 * 1024 * 1024, 512 * 1024 * 1024];

/// When it is killed.
#[derive(Clone, Debug)]
enum Moment {
    Never,
    /// `before` or `after`, a call's name, and its number among those of that name.
    Call(&'static str, String, u32),
    /// After so many milliseconds.
    At(u64),
}

impl Moment {
    fn words(&self) -> Vec<String> {
        match self {
            Self::Never => vec!["never".into()],
            Self::Call(when, call, number) => {
                vec![(*when).into(), call.clone(), number.to_string()]
            }
            Self::At(after) => vec!["at".into(), after.to_string()],
        }
    }
}

/// What the worker did before it ended or was killed.
struct Work {
    killed: bool,
    said: String,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::RollBack => "roll-back",
            Self::Configure => "configure",
            Self::Delete => "delete",
        }
    }

    /// The state from which it is begun.
    fn prepare(self, scene: &Scene) -> PartResult<()> {
        let standing = scene.standing()?;
        match self {
            Self::Create => {
                for (name, _) in standing.containers {
                    scene.docker(&["rm", "-f", "-v", &name])?;
                }
                // A pull that was cut off may have left its image without a tag.
                let images = scene.docker(&["image", "ls", "-q"])?;
                for image in images.lines().collect::<BTreeSet<_>>() {
                    scene.docker(&["image", "rm", "-f", image])?;
                }
            }
            Self::Update | Self::Configure | Self::Delete if standing.version.is_some() => {}
            Self::RollBack if standing.keeps_previous() => {}
            Self::Update | Self::Configure | Self::Delete => scene.fresh()?,
            Self::RollBack => {
                if standing.version.is_none() {
                    scene.fresh()?;
                }
                let to = other_version(&scene.standing()?);
                life(async {
                    let app = scene.open().await?;
                    succeeded(&scene.update(&app, to).await?)
                })?;
            }
        }
        Ok(())
    }

    fn argument(self, scene: &Scene) -> PartResult<String> {
        Ok(match self {
            Self::Create => serde_json::to_string(&scene.draft())
                .map_err(|error| PartError::new(error.to_string()))?,
            Self::Update => other_version(&scene.standing()?).to_owned(),
            Self::Configure => {
                let other = usize::from(memory(scene)? == LIMITS[0].to_string());
                LIMITS[other].to_string()
            }
            Self::RollBack | Self::Delete => NAME.to_owned(),
        })
    }

    /// Does it in a process of its own.
    fn work(self, scene: &Scene, moment: &Moment) -> PartResult<Work> {
        let socket = scene.hand().engine().socket();
        let output = Command::new(env!("CARGO_BIN_EXE_worker"))
            .args([socket.as_path(), scene.home.path()])
            .args([&scene.repository(), self.word(), &self.argument(scene)?])
            .args(moment.words())
            .output()?;
        let mut said = String::from_utf8_lossy(&output.stdout).into_owned();
        said.push_str(&String::from_utf8_lossy(&output.stderr));
        Ok(Work { killed: !output.status.success() && output.status.code().is_none(), said })
    }
}

/// The runtime's limit of memory, as the engine's own client tells it.
fn memory(scene: &Scene) -> PartResult<String> {
    scene.docker(&["inspect", NAME, "--format", "{{.HostConfig.Memory}}"])
}

fn other_version(standing: &Standing) -> &'static str {
    if standing.version.as_deref() == Some(OLD) { NEW } else { OLD }
}

/// What the next start of the application came to, and how long after it.
struct After {
    standing: Standing,
    took: Duration,
}

/// Starts the application again, waits until all is quiet, and judges.
fn next_start(kind: Kind, scene: &Scene, told: &str) -> PartResult<After> {
    let after = life(async {
        let began = Instant::now();
        let app = scene.open().await?;
        // Killed before it was written down what was asked for, a create is told as failed.
        let known = handlers::list_operations(&app, app::api::Nothing {}).await.map_err(refused)?;
        let newest = known.operations.first().map(|newest| (newest.kind, newest.state));
        let failed = newest == Some((OperationKind::Create, OperationState::Failed));
        let may_be_gone = kind == Kind::Delete || kind == Kind::Create && failed;
        let standing = scene.settled_when(told, |standing| {
            let runs = standing.containers.contains(&(NAME.to_owned(), "running".to_owned()));
            runs && standing.answers || may_be_gone && standing.containers.is_empty()
        })?;
        let took = began.elapsed();
        app.idle().await;
        Ok(After { standing, took })
    })?;
    // Nothing happens any more once the application says that it is done.
    assert_eq!(scene.standing()?, after.standing, "{told}");
    if let Some(version) = &after.standing.version {
        after.standing.serves(version);
        let policy = "{{.HostConfig.RestartPolicy.Name}}";
        let policy = scene.docker(&["inspect", NAME, "--format", policy])?;
        assert_eq!(policy, "always", "{told}: what serves comes back after a restart");
    } else {
        assert!(kind == Kind::Delete || kind == Kind::Create, "{told}: {:?}", after.standing);
        after.standing.is_gone();
    }
    Ok(after)
}

/// How the state after differs from that before, in one word. The second of each is the limit of memory.
fn word(
    kind: Kind,
    before: &(Standing, Option<String>),
    after: &(Standing, Option<String>),
) -> &'static str {
    match (&before.0.version, &after.0.version) {
        (_, None) => "gone",
        _ if kind == Kind::Configure && before.1 == after.1 => "old",
        _ if kind == Kind::Configure => "new",
        (None, Some(_)) if kind == Kind::Create => "available",
        (before, after) if before == after => "old",
        _ => "new",
    }
}

/// One kill, and what came of it.
fn kill(kind: Kind, scene: &Scene, moment: &Moment) -> PartResult<String> {
    kind.prepare(scene)?;
    let before = (scene.standing()?, memory(scene).ok());
    let told = format!("{kind:?} killed {moment:?}");
    let work = kind.work(scene, moment)?;
    let may_end = matches!(moment, Moment::At(_));
    assert!(work.killed || may_end, "{told}: the worker was not killed: {}", work.said);
    let after = next_start(kind, scene, &told)?;
    let word = word(kind, &before, &(after.standing, memory(scene).ok()));
    println!("{told} → {word}, right after {} ms", after.took.as_millis());
    Ok(format!("{word} | {} ms", after.took.as_millis()))
}

/// A stage with the runtime on it.
fn stage() -> PartResult<Scene> {
    let scene = Scene::start()?;
    scene.fresh()?;
    Ok(scene)
}

fn sample(kind: Kind, moments: &[(&'static str, &str, u32)]) -> PartResult<()> {
    let scene = stage()?;
    for (when, call, number) in moments {
        kill(kind, &scene, &Moment::Call(when, (*call).to_owned(), *number))?;
    }
    Ok(())
}

#[test]
fn a_create_that_is_killed_goes_on_by_itself() -> PartResult<()> {
    sample(Kind::Create, &[("before", "in pull", 2), ("after", "create eval", 1)])
}

#[test]
fn an_update_that_is_killed_leaves_the_old_runtime_or_the_new_one() -> PartResult<()> {
    sample(Kind::Update, &[("after", "rename to eval.previous", 1), ("after", "stop", 1)])
}

#[test]
fn a_roll_back_that_is_killed_leaves_the_old_runtime_or_the_new_one() -> PartResult<()> {
    sample(Kind::RollBack, &[("after", "stop", 1)])
}

#[test]
fn a_change_that_is_killed_leaves_the_old_settings_or_the_new_ones() -> PartResult<()> {
    sample(Kind::Configure, &[("after", "stop", 1)])
}

#[test]
fn a_delete_that_is_killed_leaves_the_runtime_or_nothing() -> PartResult<()> {
    sample(Kind::Delete, &[("after", "stop", 1), ("before", "remove", 1)])
}

/// Kills before and after every call of this operation, and prints the table of it.
fn every_call(kind: Kind) -> PartResult<()> {
    let scene = stage()?;
    if kind == Kind::Update {
        // The second one meets a previous container that is kept already: the longest way.
        let first = kind.work(&scene, &Moment::Never)?;
        assert!(first.said.contains("Succeeded"), "{}", first.said);
    }
    kind.prepare(&scene)?;
    let whole = kind.work(&scene, &Moment::Never)?;
    assert!(whole.said.contains("Succeeded"), "{}", whole.said);
    let calls: Vec<&str> =
        whole.said.lines().filter(|line| !line.starts_with("Succeeded")).collect();
    assert!(calls.len() >= 3, "{}", whole.said);
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let mut table = format!("{} changes the engine with {} calls\n", kind.word(), calls.len());
    for (at, call) in calls.iter().enumerate() {
        let number = numbers.entry(call).or_default();
        *number += 1;
        let mut row = format!("| {} | {call} |", at + 1);
        for when in ["before", "after"] {
            let moment = Moment::Call(when, (*call).to_owned(), *number);
            write!(row, " {} |", kill(kind, &scene, &moment)?).map_err(|_| failed_to_write())?;
        }
        writeln!(table, "{row}").map_err(|_| failed_to_write())?;
    }
    println!("{table}");
    Ok(())
}

fn failed_to_write() -> PartError {
    PartError::new("The table cannot be written.")
}

#[test]
#[ignore = "long: make test-long"]
fn every_call_of_a_create() -> PartResult<()> {
    every_call(Kind::Create)
}

#[test]
#[ignore = "long: make test-long"]
fn every_call_of_an_update() -> PartResult<()> {
    every_call(Kind::Update)
}

#[test]
#[ignore = "long: make test-long"]
fn every_call_of_a_roll_back() -> PartResult<()> {
    every_call(Kind::RollBack)
}

#[test]
#[ignore = "long: make test-long"]
fn every_call_of_a_change_of_the_configuration() -> PartResult<()> {
    every_call(Kind::Configure)
}

#[test]
#[ignore = "long: make test-long"]
fn every_call_of_a_delete() -> PartResult<()> {
    every_call(Kind::Delete)
}

/// A row of numbers that looks random and is the same for the same seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        // Splitmix64, <https://prng.di.unimi.it/splitmix64.c>.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }
}

#[test]
#[ignore = "long: make test-long"]
fn fifty_random_moments_of_random_operations() -> PartResult<()> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seed = std::env::var("PROMPTFLOW_RUNTIMES_SEED")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or_else(|| now.map_or(1, |now| now.as_secs()));
    println!("PROMPTFLOW_RUNTIMES_SEED={seed}");
    let mut random = Random(seed);
    let scene = stage()?;
    let mut lengths = BTreeMap::new();
    for kind in ALL {
        kind.prepare(&scene)?;
        let whole = kind.work(&scene, &Moment::Never)?;
        let length = whole.said.split_whitespace().rev().nth(1).and_then(|text| text.parse().ok());
        let length: u64 = length.ok_or_else(|| PartError::new(whole.said.clone()))?;
        lengths.insert(kind.word(), length);
    }
    println!("milliseconds of each: {lengths:?}");
    let mut table = String::new();
    for number in 1..=50 {
        let kind = ALL[usize::try_from(random.below(5)).unwrap_or(0)];
        let at = random.below(lengths[kind.word()]);
        let what = kill(kind, &scene, &Moment::At(at))?;
        writeln!(table, "| {number} | {} | {at} ms | {what} |", kind.word())
            .map_err(|_| failed_to_write())?;
    }
    println!("{table}");
    Ok(())
}
