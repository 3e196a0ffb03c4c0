//! A disk without space: the engine's, on a small file system of its own, at each point of an update and a
//! create; and the one of the application's own home. The state is judged with the engine's own client.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use app::api::{Nothing, OfDraft};
use app::handlers;
use domain::finding::{Problem, ProblemCode};
use domain::operation::{Operation, OperationKind, OperationState};
use real_parts::around::Verb;
use real_parts::docker::DockerOptions;
use real_parts::headless::{compute, ended, refused, version};
use real_parts::images::small_runtime;
use real_parts::meddler::Meddler;
use real_parts::scene::{NAME, NEW, OLD, REPOSITORY, Scene, life, succeeded};
use real_parts::watch::PortWatch;
use real_parts::{PartResult, program};

const FULL: &str = "The compute's disk is full. There is no space left where the engine keeps images and containers.";
const ADVICE: &str = "Remove images and containers that are not needed, then try again.";
/// A version whose layer is this many MiB.
const BIG: (&str, usize) = ("20240601.v1", 24);
const DISK_MIB: u32 = 96;

/// Takes all space of a file system, but for `leave` bytes; dropped: gives it back.
struct Filler(PathBuf);

impl Filler {
    fn fill(folder: &Path, leave: u64) -> PartResult<Self> {
        let filler = Self(folder.join("filler"));
        let mut file = File::create(&filler.0)?;
        for size in [1024 * 1024, 64 * 1024, 1024] {
            let block = vec![1_u8; size];
            while file.write_all(&block).is_ok() {}
        }
        file.sync_all().ok();
        let length = file.metadata()?.len();
        file.set_len(length.saturating_sub(leave))?;
        Ok(filler)
    }
}

impl Drop for Filler {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn scene() -> PartResult<Scene> {
    let scene = Scene::start_with(DockerOptions {
        small_disk_mib: Some(DISK_MIB),
        arguments: vec!["--max-download-attempts=1".into()],
        ..DockerOptions::default()
    })?;
    scene.registry.push(&small_runtime(BIG.0)?.padded(BIG.1)?, REPOSITORY, BIG.0)?;
    scene.fresh()?;
    Ok(scene)
}

/// The folder of the engine's small file system.
fn disk(scene: &Scene) -> PathBuf {
    let root = scene.hand().engine().data_root();
    root.parent().map(Path::to_owned).unwrap_or(root)
}

fn says_full(told: &str, problem: Option<&Problem>) {
    let problem = problem.unwrap_or_else(|| panic!("{told}: no problem"));
    assert_eq!(problem.code, ProblemCode::DiskFull, "{told}: {problem:#?}");
    assert_eq!(problem.sentence, FULL, "{told}: {problem:#?}");
    assert_eq!(problem.hints, [ADVICE], "{told}: {problem:#?}");
}

/// No image but the old one's is left.
fn nothing_pulled_is_left(scene: &Scene, told: &str) -> PartResult<()> {
    let images = scene.docker(&["images", "-a", "--format", "{{.Repository}}:{{.Tag}}"])?;
    assert_eq!(images, format!("{}:{OLD}", scene.repository()), "{told}");
    Ok(())
}

fn row(fault: &str, state: &str, began: Instant, gap: Duration) {
    println!(
        "| {fault} | {state} | {:.1} s | {} ms |",
        began.elapsed().as_secs_f32(),
        gap.as_millis()
    );
}

/// Where in an update the disk becomes full.
#[derive(Clone, Copy)]
struct Moment {
    name: &'static str,
    verb: Verb,
    /// The container's part in whose creation or start it happens; empty = the runtime itself.
    part: &'static str,
}

/// An update to [`NEW`] on a disk that fills up right before this call.
fn full_at(scene: &Scene, moment: Moment) -> PartResult<()> {
    let told = moment.name;
    let (folder, filler) = (disk(scene), std::sync::Arc::new(std::sync::Mutex::new(None)));
    let (its, place) = (filler.clone(), folder.clone());
    // A start is told the id: which container it is about follows from the creates before it.
    let created = std::sync::Mutex::new(String::new());
    let meddler = Meddler::before(
        move |call| {
            let mut last = created.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            if call.verb == Verb::Create {
                last.clone_from(&call.about);
            }
            let about = if call.verb == Verb::Create { &call.about } else { &*last };
            call.verb == moment.verb && *about == format!("{NAME}{}", moment.part)
        },
        move || {
            let full = Filler::fill(&place, 0)?;
            *its.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(full);
            Ok(())
        },
    );
    let (watch, began) = (PortWatch::start(scene.port), Instant::now());
    let operation = life(async {
        let app = scene.open_with(&meddler).await?;
        scene.update(&app, NEW).await
    })?;
    meddler.acted()?;
    assert_eq!(operation.state, OperationState::Failed, "{told}: {operation:#?}");
    says_full(told, operation.problem.as_ref());
    // Still on the full disk.
    scene.settled(told)?.serves(OLD);
    let (gap, took) = (watch.end()?.longest_gap, began);
    nothing_pulled_is_left(scene, told)?;
    row(told, "old", took, gap);
    drop(filler.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take());
    Ok(())
}

/// With space again, the same update works; then back to the old one, without a previous.
fn works_again(scene: &Scene) -> PartResult<()> {
    let operation = life(async {
        let app = scene.open().await?;
        scene.update(&app, NEW).await
    })?;
    succeeded(&operation)?;
    scene.settled("with space again")?.serves(NEW);
    Ok(())
}

const LOCK: Moment = Moment { name: "full at the lock", verb: Verb::Create, part: ".lock" };
const CANDIDATE: Moment =
    Moment { name: "full at creating the candidate", verb: Verb::Create, part: ".candidate" };
const CANDIDATE_STARTS: Moment =
    Moment { name: "full at starting the candidate", verb: Verb::Start, part: ".candidate" };
const NEXT: Moment =
    Moment { name: "full at creating the new one", verb: Verb::Create, part: ".next" };
const NEXT_STARTS: Moment =
    Moment { name: "full at starting the new one", verb: Verb::Start, part: ".next" };

#[test]
fn a_full_disk_of_the_engine_leaves_the_old_one_and_says_so() -> PartResult<()> {
    let scene = scene()?;
    // In the pull.
    let filler = Filler::fill(&disk(&scene), 12 * 1024 * 1024)?;
    let (watch, began) = (PortWatch::start(scene.port), Instant::now());
    let operation = life(async {
        let app = scene.open().await?;
        scene.update(&app, BIG.0).await
    })?;
    assert_eq!(operation.state, OperationState::Failed, "{operation:#?}");
    says_full("pull", operation.problem.as_ref());
    scene.settled("pull")?.serves(OLD);
    nothing_pulled_is_left(&scene, "pull")?;
    row("full in the pull", "old", began, watch.end()?.longest_gap);
    drop(filler);
    full_at(&scene, CANDIDATE)?;
    full_at(&scene, NEXT_STARTS)?;
    works_again(&scene)
}

#[test]
#[ignore = "long: make test-long"]
fn a_disk_that_fills_up_at_any_other_moment_of_an_update_does_neither() -> PartResult<()> {
    let scene = scene()?;
    for moment in [LOCK, CANDIDATE_STARTS, NEXT] {
        full_at(&scene, moment)?;
    }
    works_again(&scene)
}

/// A second runtime is created on a disk with so much space, in vain.
fn create_in_vain(scene: &Scene, leave: u64, told: &str) -> PartResult<()> {
    let filler = Filler::fill(&disk(scene), leave)?;
    let began = Instant::now();
    let mut draft = scene.draft();
    draft.name = "second".into();
    draft.host_port = program::free_port()?.into();
    draft.environment = version(BIG.0);
    let request = OfDraft { compute: compute(), draft };
    let operation: Operation = life(async {
        let app = scene.open().await?;
        let started = handlers::create_runtime(&app, request).await.map_err(refused)?;
        ended(&app, &started.operation).await
    })?;
    assert_eq!(operation.state, OperationState::Failed, "{told}: {operation:#?}");
    says_full(told, operation.problem.as_ref());
    let names = scene.docker(&["ps", "-a", "--format", "{{.Names}}"])?;
    assert_eq!(names, NAME, "{told}: nothing of it is left");
    nothing_pulled_is_left(scene, told)?;
    scene.settled(told)?.serves(OLD);
    row(told, "nothing of it", began, Duration::ZERO);
    drop(filler);
    Ok(())
}

#[test]
fn a_create_on_a_full_disk_leaves_nothing() -> PartResult<()> {
    create_in_vain(&scene()?, 12 * 1024 * 1024, "create: full in the pull")
}

/// A small file system for the application's home.
struct SmallHome(tempfile::TempDir);

impl SmallHome {
    fn make() -> PartResult<Self> {
        let folder = tempfile::tempdir()?;
        let image = folder.path().join("disk.img");
        File::create(&image)?.set_len(8 * 1024 * 1024)?;
        let mounted = folder.path().join("home");
        std::fs::create_dir(&mounted)?;
        let word = |path: &Path| path.to_string_lossy().into_owned();
        program::run("mkfs.ext4", &["-q", "-F", &word(&image)])?;
        program::run("mount", &["-o", "loop", &word(&image), &word(&mounted)])?;
        Ok(Self(folder))
    }
    fn path(&self) -> PathBuf {
        self.0.path().join("home")
    }
}

impl Drop for SmallHome {
    fn drop(&mut self) {
        let _ = program::run("umount", &["-l", &self.path().to_string_lossy()]);
    }
}

#[test]
fn a_full_disk_of_the_application_itself_stops_no_work_on_runtimes() -> PartResult<()> {
    let scene = Scene::start()?;
    scene.fresh()?;
    let home = SmallHome::make()?;
    let folder = home.path();
    let open = || scene.open_wrapped(&folder, Box::new(|engine| engine));
    life(async {
        let app = open().await?;
        let filler = Filler::fill(&folder, 0)?;
        let (began, watch) = (Instant::now(), PortWatch::start(scene.port));
        succeeded(&scene.update(&app, NEW).await?)?;
        // What cannot be kept is said where a person asked for it to be kept.
        let problem = handlers::change_settings(&app, app::api::Settings::default())
            .await
            .expect_err("cannot be kept");
        assert_eq!(problem.code, ProblemCode::Storage, "{problem:#?}");
        scene.settled("home full")?.serves(NEW);
        row("the application's home is full", "new", began, watch.end()?.longest_gap);
        drop(filler);
        succeeded(&scene.roll_back(&app).await?)
    })?;
    scene.settled("with space again")?.serves(OLD);
    // With space again, what is done is kept.
    life(async {
        let app = open().await?;
        let kept = handlers::list_operations(&app, Nothing {}).await.map_err(refused)?.operations;
        assert!(kept.iter().any(|kept| kept.kind == OperationKind::RollBack), "{kept:#?}");
        Ok(())
    })
}
