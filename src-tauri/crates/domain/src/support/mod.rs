//! What a support file must not hold, taken out of its text: secrets, what looks like a key, host names, network
//! addresses, e-mail addresses, user names and the person's own paths. The same thing gets the same stand-in
//! everywhere (`host-1`), so that what belongs together can still be seen. What is doubtful is taken out.

mod hosts;
mod keys;
mod paths;
mod stand_ins;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};
use stand_ins::StandIns;
use ts_rs::TS;

use crate::{
    scrub::{SCRUBBED, Scrubber},
    secret::Secret,
};

/// What kind of thing was taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RemovedKind {
    /// Secrets that are known here.
    Secrets,
    /// What looks like a key.
    Keys,
    Hosts,
    /// Network addresses other than loopback.
    Addresses,
    Mails,
    Users,
    Paths,
}

/// How often something was taken out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct Removed {
    pub what: RemovedKind,
    /// Places in the text.
    pub times: u32,
}

/// What is known of the person and their surroundings that must not stay. Printing it shows no secret.
#[derive(Debug, Default)]
pub struct Known {
    pub secrets: Vec<Secret>,
    /// Names of machines; public registries among them stay.
    pub hosts: Vec<String>,
    /// Names of accounts.
    pub users: Vec<String>,
    /// `user@host`, of which both go.
    pub creators: Vec<String>,
    /// Home folders, of which everything in them goes.
    pub homes: Vec<String>,
    /// Folders and files of the person.
    pub paths: Vec<String>,
}

/// A text that may be given away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cleaned {
    pub text: String,
    /// What was taken out; kinds of which there was nothing are not in it.
    pub removed: Vec<Removed>,
}

/// Takes out of a text what must not be given away.
pub fn clean(text: &str, known: &Known) -> Cleaned {
    let (mut users, mut hosts) = (known.users.clone(), known.hosts.clone());
    for creator in &known.creators {
        if let Some((user, host)) = creator.split_once('@') {
            users.push(user.to_owned());
            hosts.push(host.to_owned());
        }
    }
    let mut out = StandIns::default();
    let text = stand_ins::prepared(text);
    let text = secrets(&text, &known.secrets, &mut out);
    let text = keys::removed(&text, &mut out);
    let text = hosts::mails(&text, &mut out);
    let text = paths::removed(&text, &known.homes, &known.paths, &mut out);
    let text = hosts::addresses(&text, &mut out);
    let text = hosts::names(&text, &hosts, &mut out);
    let text = paths::users(&text, &users, &mut out);
    Cleaned { text: out.finished(&text), removed: out.removed() }
}

fn secrets(text: &str, known: &[Secret], out: &mut StandIns) -> String {
    let scrubbed = Scrubber::new(known).text(text);
    let mut clean = String::with_capacity(scrubbed.len());
    // What was scrubbed when it was written counts as well.
    for (at, piece) in scrubbed.split(SCRUBBED).enumerate() {
        if at > 0 {
            clean.push(out.fixed(RemovedKind::Secrets, SCRUBBED));
        }
        clean.push_str(piece);
    }
    clean
}
