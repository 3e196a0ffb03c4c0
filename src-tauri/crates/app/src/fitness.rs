//! Which image of a repository can be used on a compute: the one place that judges it.

use domain::{
    facts::{PassedOver, Unfit},
    finding::{Problem, ProblemCode},
    image::{Digest, Repository},
    version::Version,
};
use engine::Engine;

use crate::{
    context::App,
    resolve::{self, Target},
};

/// Versions that are looked at, newest first, before the search is given up.
const MOST_LOOKS: usize = 20;

/// Why an image with one of these digests counts as bad here; `None` when it does not.
pub(crate) async fn failed_here(app: &App, digests: &[Digest]) -> Option<Unfit> {
    for digest in digests {
        match app.parts.history.is_bad_digest(digest).await {
            Ok(Some(why)) => return Some(Unfit::FailedHere { why }),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the history could not be asked about a digest"),
        }
    }
    None
}

/// Everything known against an image that can run on the compute.
pub(crate) async fn against(app: &App, target: &Target) -> Vec<Unfit> {
    let published = target.version().filter(|version| app.known.is_known_bad(*version));
    let mut all: Vec<Unfit> = published.map(|_| Unfit::PublishedAsBad).into_iter().collect();
    all.extend(failed_here(app, &target.digests()).await);
    all
}

/// The newest of some versions that can be used, and newer ones that cannot.
pub(crate) struct Newest {
    pub target: Option<Target>,
    /// Newest first.
    pub passed_over: Vec<PassedOver>,
}

/// Looks for the newest of these versions (newest first) that a compute can use: not published as bad,
/// made for its processor, and not tried here in vain.
///
/// # Errors
/// The registry gave no answer about one, so nothing can be said of it.
pub(crate) async fn newest_good(
    app: &App,
    engine: &dyn Engine,
    repository: &Repository,
    versions: impl IntoIterator<Item = Version>,
) -> Result<Newest, Problem> {
    let mut passed_over = Vec::new();
    let mut looks = 0;
    for version in versions {
        let tag = version.to_string();
        if app.known.is_known_bad(version) {
            passed_over.push(PassedOver { tag, because: Unfit::PublishedAsBad });
            continue;
        }
        if looks == MOST_LOOKS {
            return Err(Problem::new(
                ProblemCode::ImageNotFound,
                format!("None of the {MOST_LOOKS} newest versions of {repository} can be used here. Older ones were not looked at."),
            )
            .hint("Choose a version or another image yourself."));
        }
        looks += 1;
        match resolve::image(app, engine, &repository.tagged(&tag)).await {
            Ok(target) => match failed_here(app, &target.digests()).await {
                Some(because) => passed_over.push(PassedOver { tag, because }),
                None => return Ok(Newest { target: Some(target), passed_over }),
            },
            Err(problem) if problem.code == ProblemCode::WrongArchitecture => {
                passed_over.push(PassedOver { tag, because: not_for(engine) });
            }
            Err(problem) => return Err(problem),
        }
    }
    Ok(Newest { target: None, passed_over })
}

/// That an image has nothing for this compute's processor.
pub(crate) fn not_for(engine: &dyn Engine) -> Unfit {
    Unfit::NotForArchitecture { architecture: engine.facts().architecture.clone() }
}

/// That a repository has nothing to offer, with what was passed over.
pub(crate) fn nothing_of(repository: &Repository, passed_over: &[PassedOver]) -> Problem {
    let architecture =
        passed_over.iter().all(|one| matches!(one.because, Unfit::NotForArchitecture { .. }));
    let code = match passed_over.first() {
        Some(_) if architecture => ProblemCode::WrongArchitecture,
        _ => ProblemCode::ImageNotFound,
    };
    let sentence = match passed_over.first() {
        None => format!(
            "{repository} has no version that can be used: neither a dated one nor \"latest\"."
        ),
        Some(PassedOver { tag, because }) => {
            format!("{repository} has no version that can be used. {tag} {because}")
        }
    };
    Problem::new(code, sentence).hint("Choose another repository (a mirror) or an image.")
}
