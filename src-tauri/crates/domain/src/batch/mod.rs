//! Batch runs: one execution of a flow for each row of a file.
//!
//! A [`Mapping`] says where each input of the flow comes from; [`inputs_of_row`] makes the typed inputs of
//! one row. A [`Batch`] is how the whole stands, [`Finished`] which rows never run again, an
//! [`Aggregation`] what the nodes that run once over all rows get.

mod aggregate;
mod ahead;
mod compare;
mod describe;
pub mod export;
mod failures;
mod finished;
mod latency;
mod mapping;
mod nodes;
pub mod pf_run;
mod query;
mod row;
mod state;
mod values;

pub use aggregate::{Aggregation, Metric, metrics};
pub use ahead::{Ahead, Before};
pub use compare::{differs, fingerprint};
pub use describe::Described;
pub use failures::{FailureGroup, FailureGroups};
pub use finished::Finished;
pub use latency::{DurationBar, Durations};
pub use mapping::{Mapping, Source, check, propose, read};
pub use nodes::{NodeFigures, RowNode, add_figures, node_list, read_node_list};
pub use query::{RowPage, RowQuery, RowSort};
pub use row::{DataRow, OtherRun, RowPreview, RowProblem, inputs_of_row, preview};
pub use state::{
    Batch, BatchId, BatchRow, BatchSettings, BatchState, DataFormat, Lane, LaneState, Pace,
    RowState, propose_workers,
};
pub use values::named_values;

#[cfg(test)]
mod result_tests;
#[cfg(test)]
mod tests;
