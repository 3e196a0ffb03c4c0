//! Places in the person's own flows.

use std::path::{Path, PathBuf};

use domain::flow::{FlowId, Frame};

use crate::{api::LogPlace, flows::place::everything};

/// Flows that lines may name places in, with the folders they are in on this machine.
#[derive(Default)]
pub(super) struct Places {
    /// The one that the log is of.
    pub own: Option<(FlowId, PathBuf)>,
    /// Others that this application knows.
    pub known: Vec<(FlowId, PathBuf)>,
}

/// The path within a flow's folder inside a runtime.
fn within(file: &str) -> Option<&str> {
    let rest = file.strip_prefix(everything().as_str())?.strip_prefix("flows/")?;
    rest.split_once('/').map(|(_, file)| file)
}

impl Places {
    /// The place that a frame names; `None` = it is not of the person's own code.
    pub fn place(&self, frame: Frame) -> Option<LogPlace> {
        let inside = within(&frame.file);
        let relative = inside.or_else(|| self.in_own(&frame.file)).unwrap_or(&frame.file);
        let is_own = inside.is_some() || relative.len() < frame.file.len();
        let foreign = frame.file.starts_with('<')
            || frame.file.contains("/site-packages/")
            || frame.file.contains("/lib/python");
        if foreign || (!is_own && relative.starts_with('/')) {
            return None;
        }
        let here = self.here(relative);
        Some(LogPlace {
            flow: here.as_ref().map(|(flow, _)| flow.clone()),
            file: relative.to_owned(),
            line: frame.line,
            function: frame.function,
            path: here.map(|(_, path)| path.display().to_string()),
        })
    }

    /// A frame with its path within the flow's folder.
    pub fn shorten(&self, mut frame: Frame) -> Frame {
        if let Some(inside) = within(&frame.file).or_else(|| self.in_own(&frame.file)) {
            frame.file = inside.to_owned();
        }
        frame
    }

    fn in_own<'a>(&self, file: &'a str) -> Option<&'a str> {
        let (_, folder) = self.own.as_ref()?;
        file.strip_prefix(folder.to_str()?)?.strip_prefix('/')
    }

    /// The flow that has this file. Where several have one, it is not known which is meant.
    fn here(&self, relative: &str) -> Option<(FlowId, PathBuf)> {
        let safe = Path::new(relative)
            .components()
            .all(|part| matches!(part, std::path::Component::Normal(_)));
        if !safe {
            return None;
        }
        let file = |(flow, folder): &(FlowId, PathBuf)| {
            let path = folder.join(relative);
            path.is_file().then(|| (flow.clone(), path))
        };
        if let Some(own) = &self.own {
            return file(own);
        }
        let mut found = self.known.iter().filter_map(file);
        match (found.next(), found.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_a_flow_is_found_on_this_machine() {
        let folder = tempfile::tempdir().expect("folder");
        std::fs::create_dir(folder.path().join("lib")).expect("lib");
        std::fs::write(folder.path().join("lib/slow.py"), "").expect("file");
        let flow = (FlowId("/x/flow.dag.yaml".into()), folder.path().to_owned());
        let frame = |file: &str| Frame { file: file.into(), line: 7, function: "f".into() };
        let inside = frame("/tmp/promptflow-runtimes/flows/0abc/lib/slow.py");
        for places in [
            Places { own: Some(flow.clone()), known: vec![] },
            Places { own: None, known: vec![flow.clone()] },
        ] {
            let place = places.place(inside.clone()).expect("place");
            assert_eq!((place.file.as_str(), place.line), ("lib/slow.py", 7));
            assert_eq!(place.flow, Some(flow.0.clone()));
            assert!(place.path.is_some_and(|path| path.ends_with("lib/slow.py")));
            assert_eq!(places.place(frame("/usr/lib/python3.11/site-packages/x.py")), None);
            assert_eq!(places.place(frame("<frozen importlib>")), None);
            let elsewhere = places.place(frame("/tmp/promptflow-runtimes/flows/0abc/../../x.py"));
            assert_eq!(elsewhere.expect("place").path, None);
        }
        let twice = Places { own: None, known: vec![flow.clone(), (FlowId("/y".into()), flow.1)] };
        assert_eq!(twice.place(inside).expect("place").path, None);
    }
}
