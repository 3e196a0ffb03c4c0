//! What happens to a runtime when a newer version appears.

use domain::{operation::OperationId, policy::UpdatePolicy, runtime::RuntimeId, version::Version};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A runtime's policy, and what it means now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PolicyView {
    pub policy: UpdatePolicy,
    /// When it looks next by itself; `None` = it does not.
    #[ts(type = "string | null")]
    pub looks_again: Option<Timestamp>,
    /// The window is open now, until then.
    #[ts(type = "string | null")]
    pub open_until: Option<Timestamp>,
    /// The newest known version is too young, and from which day it is old enough.
    pub too_young: Option<TooYoung>,
    /// What came of the last look in this run of the application, when nothing was begun.
    pub last_look: Option<LastLook>,
    /// What it did by itself and the person has not acknowledged yet.
    pub news: Option<PolicyNews>,
}

/// A version that is not old enough.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct TooYoung {
    pub version: Version,
    #[ts(type = "string")]
    pub old_enough_on: jiff::civil::Date,
}

/// What came of a look.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct LastLook {
    #[ts(type = "string")]
    pub at: Timestamp,
    /// Why nothing was begun, a sentence.
    pub sentence: String,
}

/// An update that a policy began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PolicyNews {
    pub operation: OperationId,
    pub version: Version,
    #[ts(type = "string")]
    pub started: Timestamp,
    /// `None` = it runs.
    pub outcome: Option<PolicyOutcome>,
}

/// How an update that a policy began ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PolicyOutcome {
    pub updated: bool,
    /// What stands now, or why it did not go well.
    pub sentence: String,
}

/// Changes a runtime's policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SetUpdatePolicy {
    pub runtime: RuntimeId,
    pub policy: UpdatePolicy,
}
