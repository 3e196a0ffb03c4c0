//! Which rows of a batch run somebody wants to see.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::{BatchRow, RowState};

/// What rows are sorted by; equal ones by their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub enum RowSort {
    #[default]
    Row,
    State,
    Duration,
    Tokens,
    Tries,
}

/// A page of rows that have ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RowQuery {
    /// `None` = of every state.
    pub state: Option<RowState>,
    /// Only rows whose inputs, output or problem hold this text; case does not count for English letters.
    /// Empty = all.
    pub text: String,
    pub sort: RowSort,
    pub descending: bool,
    /// Rows that are left out at the beginning.
    pub offset: u32,
    /// At most this many, up to [`RowQuery::MOST`].
    pub limit: u32,
}

impl RowQuery {
    /// Rows in one page.
    pub const MOST: u32 = 500;
}

/// One page.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct RowPage {
    pub rows: Vec<BatchRow>,
    /// Rows in all pages.
    pub total: u32,
}
