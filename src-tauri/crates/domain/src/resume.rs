//! What a create that was cut off had made on its compute, judged from the containers alone.

use crate::{container::Container, label::Labels, name::Part, operation::OperationId};

/// The containers of a create that was cut off.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remains<'a> {
    /// The runtime's own container. The engine makes one as a whole or not at all, so it is what was
    /// asked for, whether it was started or not.
    pub whole: Option<&'a Container>,
    /// What was there to look into the image only.
    pub half_made: Vec<&'a Container>,
}

/// Sorts what this create had made out of all containers of a compute. One that somebody renamed is
/// still the runtime's own.
pub fn remains<'a>(operation: &OperationId, all: &'a [Container]) -> Remains<'a> {
    let mut remains = Remains::default();
    for container in all {
        let made_by = Labels::read(&container.labels).map(|labels| labels.operation);
        if made_by.as_ref() != Some(operation) {
            continue;
        }
        let serves = Part::of_container(&container.name).1 == Part::Serving;
        if serves && remains.whole.is_none() {
            remains.whole = Some(container);
        } else {
            remains.half_made.push(container);
        }
    }
    remains
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{container::tests::container, label};

    fn made(id: &str, name: &str, operation: &str) -> Container {
        let mut made = container(id, name);
        made.labels.insert(label::RUNTIME.into(), "r".into());
        made.labels.insert(label::OPERATION.into(), operation.into());
        made
    }

    fn sorted(all: &[Container]) -> (Option<&str>, Vec<&str>) {
        let remains = remains(&OperationId("o".into()), all);
        let whole = remains.whole.map(|container| container.id.as_str());
        (whole, remains.half_made.iter().map(|container| container.id.as_str()).collect())
    }

    #[test]
    fn the_runtimes_own_container_is_whole_and_a_probe_is_not() {
        let all =
            [made("a", "eval", "o"), made("b", "eval.candidate", "o"), container("c", "other")];
        assert_eq!(sorted(&all), (Some("a"), vec!["b"]));
        assert_eq!(sorted(&[made("a", "renamed", "o")]), (Some("a"), vec![]));
    }

    #[test]
    fn what_another_operation_made_is_not_touched() {
        let all = [made("a", "eval", "p"), made("b", "eval.candidate", "p")];
        assert_eq!(sorted(&all), (None, vec![]));
    }
}
