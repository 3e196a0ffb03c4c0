//! Log drivers that keep nothing that can be read.

use crate::finding::{Cause, Evidence, Finding};

/// Why the log of a container cannot be read: its driver gives nothing back. `podman` = that is its engine.
pub fn cannot_be_read(name: &str, driver: &str, podman: bool) -> Finding {
    let readable = if podman { "k8s-file" } else { "local" };
    let sentence = if driver.is_empty() {
        format!("The engine does not give back the log of {name}.")
    } else {
        format!("The log of {name} cannot be read: its log driver is “{driver}”.")
    };
    let meaning = if driver == "none" {
        "What it writes is kept nowhere.".to_owned()
    } else {
        format!(
            "What it writes goes where “{driver}” brings it, and the engine keeps nothing of it."
        )
    };
    let default = if podman {
        "Containers get this driver from `log_driver` in containers.conf; `k8s-file` and `journald` can be read."
    } else {
        "Containers get this driver from `log-driver` in the engine's daemon.json; `local`, `json-file` and `journald` \
         can be read."
    };
    Finding {
        cause: Cause::LogCannotBeRead,
        sentence,
        meaning,
        evidence: vec![Evidence {
            probe: "Log driver of the container".into(),
            seen: if driver.is_empty() { "not known".into() } else { driver.to_owned() },
        }],
        advice: vec![
            format!(
                "The driver of a container is fixed when it is made. Change the engine's default to `{readable}`, then \
                 update or reconfigure the runtime: that makes its container again."
            ),
            default.into(),
            "If the driver was set for this container alone, make the runtime again without that setting.".into(),
        ],
        remedies: vec![],
    }
}
