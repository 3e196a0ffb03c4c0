//! What to do about an operation that was cut off, judged from the containers alone.

use crate::{
    container::Container,
    label::{Labels, LockRecord},
    name::Part,
};

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

    fn all(&self) -> impl Iterator<Item = &'a Container> {
        [self.serving, self.candidate, self.next, self.previous].into_iter().flatten()
    }

    fn by_id(&self, id: &str) -> Option<&'a Container> {
        self.all().find(|container| container.id == id)
    }

    /// The old container: also one that was made again, after somebody had removed it, from its own
    /// configuration. No other container of the runtime was made by another operation than the lock's.
    fn old(&self, lock: &LockRecord) -> Option<&'a Container> {
        self.by_id(&lock.old).or_else(|| {
            self.all().find(|container| {
                lock.older.as_deref() != Some(container.id.as_str())
                    && Labels::read(&container.labels)
                        .is_some_and(|labels| labels.operation != lock.operation)
            })
        })
    }
}

/// What puts things right. Ids of containers throughout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// The old container has its name: it never lost it, or got it back as the last thing of putting
    /// back. What was made goes, and nothing else is touched, for somebody may have stopped it since.
    /// With `start`, an engine that started again may have given its port to the new one meanwhile.
    KeepOld { old: String, remove: Vec<String>, older: Option<String>, start: bool },
    /// The new container has the name: prove it; if it is not healthy in time, put the old one back.
    ProveNew { new: String, old: String, older: Option<String> },
    /// The old container was renamed, and nothing has its name: put it back.
    PutBack { old: String, remove: Vec<String>, older: Option<String> },
    /// The old container is gone; the best that is there takes or keeps the name.
    OldGone { keep: Option<String>, remove: Vec<String>, older: Option<String> },
}

/// Judges an operation that was cut off. Go by ids from the lock, never by names alone: a previous
/// container may have been kept from an earlier update.
pub fn judge(parts: &Parts<'_>, lock: &LockRecord) -> Recovery {
    let id = |container: &Container| container.id.clone();
    let is_older = |container: &Container| lock.older.as_deref() == Some(container.id.as_str());
    // Everything that this operation made, apart from the container named in `keep`.
    let made = |keep: &str| -> Vec<String> {
        parts
            .all()
            .filter(|container| container.id != keep && !is_older(container))
            .map(id)
            .collect()
    };
    let older = lock.older.as_deref().and_then(|older| parts.by_id(older)).map(id);
    match parts.old(lock) {
        Some(old) if parts.serving.is_some_and(|serving| serving.id == old.id) => {
            let start = lock.old_was_running && parts.next.is_some();
            Recovery::KeepOld { old: id(old), remove: made(&old.id), older, start }
        }
        Some(old) => match parts.serving {
            Some(new) => Recovery::ProveNew { new: id(new), old: id(old), older },
            None => Recovery::PutBack { old: id(old), remove: made(&old.id), older },
        },
        None => {
            let best = parts.serving.or(parts.next);
            Recovery::OldGone {
                keep: best.map(id),
                remove: made(best.map_or("", |container| &container.id)),
                older,
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
            purpose: crate::label::Purpose::Replace,
        }
    }

    fn kept(remove: &[&str], older: Option<&str>, start: bool) -> Recovery {
        Recovery::KeepOld {
            old: "old".into(),
            remove: remove.iter().map(|&id| id.to_owned()).collect(),
            older: older.map(str::to_owned),
            start,
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
            kept(&["c"], None, false)
        );
        assert_eq!(
            judged(&[("old", "a"), ("n", "a.next"), ("p", "a.previous")], Some("p")),
            kept(&["n"], Some("p"), true),
            "a previous one kept from before stays"
        );
    }

    #[test]
    fn one_that_somebody_renamed_is_the_old_one_still() {
        assert_eq!(
            judged(&[("old", "theirs"), ("c", "a.candidate"), ("l", "a.lock")], None),
            kept(&["c"], None, false)
        );
    }

    #[test]
    fn one_that_was_made_again_is_the_old_one() {
        let mut again = container("again", "a.previous");
        again.labels.insert(crate::label::RUNTIME.into(), "r".into());
        again.labels.insert(crate::label::OPERATION.into(), "an earlier one".into());
        let mut new = container("n", "a");
        new.labels.insert(crate::label::RUNTIME.into(), "r".into());
        new.labels.insert(crate::label::OPERATION.into(), "o".into());
        assert_eq!(
            judge(&Parts::of([&again, &new]), &lock(None)),
            Recovery::ProveNew { new: "n".into(), old: "again".into(), older: None }
        );
        assert_eq!(
            judge(&Parts::of([&again]), &lock(None)),
            Recovery::PutBack { old: "again".into(), remove: vec![], older: None }
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
            Recovery::OldGone { keep: Some("n".into()), remove: vec!["c".into()], older: None }
        );
        assert_eq!(
            judged(&[], None),
            Recovery::OldGone { keep: None, remove: vec![], older: None }
        );
    }

    #[test]
    fn the_older_previous_is_never_among_what_is_removed() {
        for name in ["a.previous", "a.candidate"] {
            let plan = judged(&[("old", "a"), ("p", name)], Some("p"));
            assert_eq!(plan, kept(&[], Some("p"), false));
        }
    }
}
