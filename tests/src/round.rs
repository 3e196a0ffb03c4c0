//! One round through a [ward](crate::ward): each fault is held against what the application says of it, and
//! becomes a row of the table of causes.

use domain::diagnosis::{Diagnosis, Link, LinkState};
use domain::finding::{Cause, Remedy};
use domain::operation::OperationId;
use jiff::Timestamp;

use crate::error::PartResult;
use crate::ward::{Making, Patient, Row, Ward};

/// Seconds within which every cause is named, also while others keep the machine busy. How soon it really is stands in
/// the table.
const WITHIN: f64 = 30.0;

/// What was seen so far, and remedies that go on.
pub struct Round {
    pub ward: Ward,
    pub rows: Vec<Row>,
    /// The row that a remedy belongs to, whose it is, and the operation.
    pub mending: Vec<(usize, Patient, OperationId)>,
}

/// A remedy's name, as the table has it.
pub fn title(remedy: &Remedy) -> String {
    format!("{remedy:?}").split([' ', '{']).next().unwrap_or_default().to_owned()
}

impl Round {
    /// Nothing was seen yet.
    pub fn new(ward: Ward) -> Self {
        Self { ward, rows: vec![], mending: vec![] }
    }

    /// Holds a diagnosis against what was done, and begins its remedy.
    pub async fn holds(
        &mut self,
        fault: &str,
        patient: &Patient,
        found: &Diagnosis,
        expected: (Link, Cause),
        seconds: f64,
        mends: bool,
    ) -> PartResult<()> {
        let (link, cause) = expected;
        assert_eq!(found.broken, Some(link), "{fault}: {found:#?}");
        let finding = found.finding.as_ref().expect("a finding");
        assert_eq!(finding.cause, cause, "{fault}: {found:#?}");
        assert!(!finding.evidence.is_empty(), "{fault}: {found:#?}");
        assert!(seconds <= WITHIN, "{fault} took {seconds:.1} s: {found:#?}");
        // Nothing behind the broken link is shown as passed.
        let behind =
            found.checks.iter().filter(|check| check.link > link && check.link < Link::Versions);
        for check in behind {
            assert_eq!(check.state, LinkState::NotReached, "{fault}: {found:#?}");
        }
        let mended = self.treats(patient, finding.remedies.first(), mends).await?;
        self.rows.push(Row {
            fault: fault.to_owned(),
            link: format!("{link:?}"),
            cause: format!("{cause:?}"),
            seconds: seconds.max(0.0),
            mended,
        });
        Ok(())
    }

    /// The service is well all the same, and what is wrong beside the chain is told as a warning.
    pub async fn warned(
        &mut self,
        fault: &str,
        patient: &Patient,
        expected: (Link, Cause),
        mends: bool,
    ) -> PartResult<()> {
        let (link, cause) = expected;
        let found = self.ward.look(patient).await?;
        assert_eq!(found.broken, None, "{fault}: {found:#?}");
        let check = found.checks.iter().find(|check| check.link == link).expect("a check");
        assert_eq!(check.state, LinkState::Warning, "{fault}: {found:#?}");
        let finding = found.others.iter().find(|one| one.cause == cause);
        let finding = finding.unwrap_or_else(|| panic!("{fault}: {found:#?}"));
        assert!(!finding.evidence.is_empty(), "{fault}: {found:#?}");
        let seconds = f64::from(found.milliseconds) / 1000.0;
        assert!(seconds <= WITHIN, "{fault} took {seconds:.1} s: {found:#?}");
        let mended = self.treats(patient, finding.remedies.first(), mends).await?;
        self.rows.push(Row {
            fault: fault.to_owned(),
            link: format!("{link:?}, told as a warning"),
            cause: format!("{cause:?}"),
            seconds,
            mended,
        });
        Ok(())
    }

    /// Begins the first remedy, and says what it is.
    async fn treats(
        &mut self,
        patient: &Patient,
        first: Option<&Remedy>,
        mends: bool,
    ) -> PartResult<String> {
        if !mends {
            return Ok(first.map_or_else(
                || "no".to_owned(),
                |remedy| format!("{}, by a page", title(remedy)),
            ));
        }
        let remedy = first.expect("a remedy");
        let operation = self.ward.mend(patient, remedy.clone()).await?;
        self.mending.push((self.rows.len(), patient.clone(), operation));
        Ok(title(remedy))
    }

    /// A runtime that was made so: the application names the cause by itself.
    pub async fn by_itself(
        &mut self,
        fault: &str,
        making: Making<'_>,
        expected: (Link, Cause),
        mends: bool,
    ) -> PartResult<Patient> {
        let patient = self.ward.make(making).await?;
        if expected.0 == Link::Started {
            self.ward.start_refused(&patient).await?;
        } else {
            // A refusal shows in what is told.
            let _ = self.ward.engine.start(&patient.name).await;
        }
        let refused = Timestamp::now();
        let (found, at) = self.ward.told(&patient, expected.1).await?;
        let evidence = match expected.0 {
            Link::Running => self.ward.ended_at(&patient).await.unwrap_or(refused),
            _ => refused,
        };
        let seconds = (at.as_millisecond() - evidence.as_millisecond()) as f64 / 1000.0;
        self.holds(fault, &patient, &found, expected, seconds, mends).await?;
        Ok(patient)
    }

    /// Something happened to it just now.
    pub async fn after(
        &mut self,
        fault: &str,
        patient: &Patient,
        since: Timestamp,
        expected: (Link, Cause),
        mends: bool,
    ) -> PartResult<()> {
        let (found, at) = self.ward.told(patient, expected.1).await?;
        let seconds = (at.as_millisecond() - since.as_millisecond()) as f64 / 1000.0;
        self.holds(fault, patient, &found, expected, seconds, mends).await
    }

    /// Somebody asks.
    pub async fn asked(
        &mut self,
        fault: &str,
        patient: &Patient,
        expected: (Link, Cause),
        mends: bool,
    ) -> PartResult<()> {
        let found = self.ward.look(patient).await?;
        let seconds = f64::from(found.milliseconds) / 1000.0;
        self.holds(fault, patient, &found, expected, seconds, mends).await
    }

    /// Waits for every remedy that was begun.
    pub async fn all_mended(&mut self) -> PartResult<()> {
        for (_, patient, operation) in std::mem::take(&mut self.mending) {
            self.ward.mended(&patient, &operation).await?;
            self.ward.ground.client(&["rm", "-f", &patient.name])?;
        }
        Ok(())
    }
}
