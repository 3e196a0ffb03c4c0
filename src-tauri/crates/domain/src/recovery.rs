//! What to do about an operation that was cut off, judged from the containers alone.

use crate::{container::Container, label::LockRecord, name::Part};

/// The containers of one runtime, by the part that their names give them.
#[derive(Clone, Debug, Default)]
pub struct Parts<'a> {
    pub serving: Option<&'a Container>,
    pub candidate: Option<&'a Container>,
    pub next: Option<&'a Container>,
    pub previous: Option<&'a Container>,
    pub lock: Option<&'a Container>,
}

impl<'a> Parts<'a> {
    /// Sorts the containers of one runtime.
    pub fn of(containers: impl IntoIterator<Item = &'a Container>) -> Self {
        let mut parts = Self::default();
        for container in containers {
            let place = match Part::of_container(&container.name).1 {
                Part::Serving => &mut parts.serving,
                Part::Candidate => &mut parts.candidate,
                Part::Next => &mut parts.next,
                Part::Previous => &mut parts.previous,
                Part::Lock => &mut parts.lock,
            };
            *place = Some(container);
        }
        parts
    }

    fn by_id(&self, id: &str) -> Option<&'a Container> {
        [self.serving, self.candidate, self.next, self.previous]
            .into_iter()
            .flatten()
            .find(|container| container.id == id)
    }
}

/// What puts things right. Ids of containers throughout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// The old container still serves under its name: remove what was made, start it if it ran.
    KeepOld { old: String, remove: Vec<String> },
    /// The new container has the name: prove it; if it is not healthy in time, put the old one back.
    ProveNew { new: String, old: String, older: Option<String> },
    /// The old container was renamed, and nothing has its name: put it back.
    PutBack { old: String, remove: Vec<String>, older: Option<String> },
    /// The old container is gone; the best that is there takes or keeps the name.
    OldGone { keep: Option<String>, remove: Vec<String> },
}

/// Judges an operation that was cut off. Go by ids from the lock, never by names alone: a previous
/// container may have been kept from an earlier update.
pub fn judge(parts: &Parts<'_>, lock: &LockRecord) -> Recovery {
    let id = |container: &Container| container.id.clone();
    let is_older = |container: &Container| lock.older.as_deref() == Some(container.id.as_str());
    // Everything that this operation made, apart from the container named in `keep`.
    let made = |keep: &str| -> Vec<String> {
        [parts.candidate, parts.next, parts.serving, parts.previous]
            .into_iter()
            .flatten()
            .filter(|container| container.id != keep && container.id != lock.old)
            .filter(|container| !is_older(container))
            .map(id)
            .collect()
    };
    let older = lock.older.as_deref().and_then(|older| parts.by_id(older)).map(id);
    match parts.by_id(&lock.old) {
        Some(old) if parts.serving.is_some_and(|serving| serving.id == old.id) => {
            Recovery::KeepOld { old: id(old), remove: made("") }
        }
        Some(old) => match parts.serving {
            Some(new) => Recovery::ProveNew { new: id(new), old: id(old), older },
            None => Recovery::PutBack { old: id(old), remove: made(""), older },
        },
        None => {
            let best = parts.serving.or(parts.next);
            Recovery::OldGone {
                keep: best.map(id),
                remove: made(best.map_or("", |container| &container.id)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::container::tests::container;
    use crate::label::{Creator, ProcessMark};
    use crate::operation::OperationId;

    fn lock(older: Option<&str>) -> LockRecord {
        LockRecord {
            operation: OperationId("o".into()),
            creator: Creator { installation: "i".into(), who: "a@b".into() },
            process: ProcessMark { host: "b".into(), pid: 1, started: 1 },
            since: jiff::Timestamp::UNIX_EPOCH,
            old: "old".into(),
            old_was_running: true,
            old_restart_policy: serde_json::Value::Null,
            older: older.map(str::to_owned),
            target: "t".into(),
        }
    }

    fn judged(containers: &[(&str, &str)], older: Option<&str>) -> Recovery {
        let all: Vec<Container> = containers.iter().map(|(id, name)| container(id, name)).collect();
        judge(&Parts::of(&all), &lock(older))
    }

    #[test]
    fn before_the_renames_the_old_one_is_kept() {
        assert_eq!(
            judged(&[("old", "a"), ("c", "a.candidate"), ("l", "a.lock")], None),
            Recovery::KeepOld { old: "old".into(), remove: vec!["c".into()] }
        );
        assert_eq!(
            judged(&[("old", "a"), ("n", "a.next"), ("p", "a.previous")], Some("p")),
            Recovery::KeepOld { old: "old".into(), remove: vec!["n".into()] },
            "a previous one kept from before stays"
        );
    }

    #[test]
    fn between_the_renames_the_old_one_is_put_back() {
        assert_eq!(
            judged(&[("old", "a.previous"), ("n", "a.next"), ("p", "a.candidate")], Some("p")),
            Recovery::PutBack {
                old: "old".into(),
                remove: vec!["n".into()],
                older: Some("p".into())
            }
        );
    }

    #[test]
    fn after_the_renames_the_new_one_is_proven() {
        assert_eq!(
            judged(&[("old", "a.previous"), ("n", "a")], None),
            Recovery::ProveNew { new: "n".into(), old: "old".into(), older: None }
        );
    }

    #[test]
    fn when_the_old_one_is_gone_the_best_that_is_there_keeps_the_name() {
        assert_eq!(
            judged(&[("n", "a.next"), ("c", "a.candidate")], None),
            Recovery::OldGone { keep: Some("n".into()), remove: vec!["c".into()] }
        );
        assert_eq!(judged(&[], None), Recovery::OldGone { keep: None, remove: vec![] });
    }

    #[test]
    fn the_older_previous_is_never_among_what_is_removed() {
        for name in ["a.previous", "a.candidate"] {
            let plan = judged(&[("old", "a"), ("p", name)], Some("p"));
            assert_eq!(plan, Recovery::KeepOld { old: "old".into(), remove: vec![] });
        }
    }
}
