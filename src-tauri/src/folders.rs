//! Where this installation keeps its things.

use std::path::PathBuf;

use app::Folders;

const NAME: &str = "promptflow-runtimes";

/// `PROMPTFLOW_RUNTIMES_HOME` moves everything to one folder; otherwise the system's own places.
pub fn of_process() -> Folders {
    let path =
        |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = path("HOME").or_else(|| path("USERPROFILE")).unwrap_or_else(std::env::temp_dir);
    let downloads = || {
        let usual = home.join("Downloads");
        if usual.is_dir() { usual } else { home.clone() }
    };
    if let Some(folder) = path("PROMPTFLOW_RUNTIMES_HOME") {
        return Folders {
            data: folder.join("data"),
            logs: folder.join("logs"),
            downloads: folder.join("downloads"),
        };
    }
    let data = path("XDG_DATA_HOME").or_else(|| path("LOCALAPPDATA"));
    let state = path("XDG_STATE_HOME").or_else(|| path("LOCALAPPDATA"));
    Folders {
        data: data.unwrap_or_else(|| home.join(".local/share")).join(NAME),
        logs: state.unwrap_or_else(|| home.join(".local/state")).join(NAME).join("logs"),
        downloads: downloads(),
    }
}
