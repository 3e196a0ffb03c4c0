//! The faults, and what each has to lead to.

use domain::finding::ProblemCode;
use real_parts::lying_registry::Lie;

/// What a fault has to lead to: code and sentence (`HOST`, `IMAGE` and `REPOSITORY` are filled in).
pub type Told = Option<(ProblemCode, &'static str)>;

pub struct Fault {
    pub name: &'static str,
    pub lie: Lie,
    /// `None`: the check is not disturbed, since it does not need what is wrong.
    pub at_check: Told,
    /// `None`: told only in the pull.
    pub at_update: Told,
    /// The registry turned bad after the update had begun. `None`: it is not asked then.
    pub in_pull: Told,
    /// The update names no version, so that the list of tags is needed.
    pub to_newest: bool,
}

const MISBEHAVES: &str = "The registry HOST does not work as it should. Its answer cannot be used, so nothing was taken from it.";
const INTERRUPTED: &str = "The download was interrupted. The connection to the registry broke or stood still, and nothing was kept.";
const UNREACHABLE: &str = "The registry HOST cannot be reached. It does not answer from here.";
const WAITS: &str =
    "The registry HOST asks to wait. Too many requests came from this address within a short time.";
const NO_LOGIN: &str =
    "HOST refused to hand out this repository. It asks for a login, and none is kept for it.";
const DENIED: &str = "HOST refused to hand out IMAGE. The registry asks for a login, the login may not read this repository, or the repository does not exist.";
const NOT_FOUND: &str =
    "The image IMAGE was not found. It does not exist in this repository, or it was removed there.";

/// All of them.
pub fn faults() -> Vec<Fault> {
    use ProblemCode::{ImageNotFound, RateLimited, RegistryDenied, RegistryUnreachable};
    let every =
        |name, lie, check: (ProblemCode, &'static str), pull: (ProblemCode, &'static str)| Fault {
            name,
            lie,
            at_check: Some(check),
            at_update: Some(check),
            in_pull: Some(pull),
            to_newest: false,
        };
    let misbehaves = (RegistryUnreachable, MISBEHAVES);
    let status = |status, code, headers| Lie::Status(status, code, headers);
    vec![
        Fault {
            at_check: None,
            at_update: None,
            ..every(
                "cut in mid-layer",
                Lie::CutInLayer,
                misbehaves,
                (RegistryUnreachable, INTERRUPTED),
            )
        },
        every(
            "cut in mid-answer",
            Lie::CutInAnswer,
            (RegistryUnreachable, UNREACHABLE),
            (RegistryUnreachable, INTERRUPTED),
        ),
        every(
            "401",
            status(401, "UNAUTHORIZED", vec![]),
            (RegistryDenied, NO_LOGIN),
            (RegistryDenied, DENIED),
        ),
        every(
            "403",
            status(403, "DENIED", vec![]),
            (RegistryDenied, NO_LOGIN),
            (RegistryDenied, DENIED),
        ),
        Fault {
            at_update: Some((ImageNotFound, NOT_FOUND)),
            ..every(
                "404",
                status(404, "NAME_UNKNOWN", vec![]),
                (
                    ImageNotFound,
                    "REPOSITORY has no version that can be used: neither a dated one nor \"latest\".",
                ),
                (ImageNotFound, NOT_FOUND),
            )
        },
        every(
            "429, Retry-After: 40",
            status(429, "TOOMANYREQUESTS", vec![("Retry-After", "40".into())]),
            (RateLimited, WAITS),
            (RateLimited, WAITS),
        ),
        every("500", status(500, "UNKNOWN", vec![]), misbehaves, misbehaves),
        every("junk JSON", Lie::Junk, misbehaves, misbehaves),
        every("manifest of another digest", Lie::WrongManifest, misbehaves, misbehaves),
        Fault {
            at_check: None,
            at_update: None,
            ..every("layer of another digest", Lie::WrongLayer, misbehaves, misbehaves)
        },
        every("endless redirect", Lie::RedirectsForEver, misbehaves, misbehaves),
        Fault {
            in_pull: None,
            to_newest: true,
            ..every("page loop in the list of tags", Lie::PagesInCircle, misbehaves, misbehaves)
        },
    ]
}
