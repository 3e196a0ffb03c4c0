//! The support file: what helps others to find what is wrong, without what is nobody's business.

mod facts;
mod known;
mod logs;
mod text;

use std::collections::VecDeque;

use domain::{
    finding::{Problem, ProblemCode},
    runtime::Runtime,
    support::clean,
};

use crate::{
    api::{PreviewSupport, SaveSupport, SavedFile, SupportFile},
    context::{App, lock, now},
    downloads::save_new,
    operations,
};

/// Texts that are remembered until they are saved.
const REMEMBERED: usize = 4;

/// Texts that were shown, newest last, each with its id: exactly what was shown is saved.
#[derive(Default)]
pub(crate) struct Shown {
    count: u64,
    texts: VecDeque<(String, String)>,
}

impl Shown {
    fn remember(&mut self, text: &str) -> String {
        self.count += 1;
        let id = format!("support-{}", self.count);
        self.texts.push_back((id.clone(), text.to_owned()));
        if self.texts.len() > REMEMBERED {
            self.texts.pop_front();
        }
        id
    }

    fn text(&self, id: &str) -> Option<String> {
        self.texts.iter().find(|(own, _)| own == id).map(|(_, text)| text.clone())
    }
}

/// Collects it and takes out what must not be given away.
pub(crate) async fn preview(app: &App, request: PreviewSupport) -> Result<SupportFile, Problem> {
    let rows: Vec<Runtime> = match &request.runtime {
        Some(id) => vec![operations::row(app, id)?],
        None => app.runtimes(),
    };
    let mut notes = Vec::new();
    let containers = facts::containers(app, &rows).await;
    let known = known::gather(app, &rows, &containers, &mut notes).await;
    let mut raw = facts::write(app, &rows, &containers).await;
    logs::write(app, &mut raw, &rows, request.runtime.is_some(), &mut notes).await;
    let raw = raw.finished(&notes);
    // Much text, and much to look for.
    let cleaned = tokio::task::spawn_blocking(move || clean(&raw, &known)).await;
    let cleaned = cleaned.map_err(|error| {
        Problem::new(ProblemCode::Internal, "The support file could not be made.")
            .details(error.to_string())
    })?;
    let id = lock(&app.shown_support).remember(&cleaned.text);
    // What is said beside the text is cleaned in it; here only this application's own words stand.
    Ok(SupportFile { id, text: cleaned.text, removed: cleaned.removed, notes })
}

/// Saves one that was shown.
pub(crate) async fn save(app: &App, request: SaveSupport) -> Result<SavedFile, Problem> {
    let text = lock(&app.shown_support).text(&request.id).ok_or_else(|| {
        Problem::new(
            ProblemCode::ChangedMeanwhile,
            "This support file is not remembered any more, so nothing was saved.",
        )
        .hint("Collect it again, look through it, and save it then.")
    })?;
    let stamp = now().to_zoned(jiff::tz::TimeZone::UTC).strftime("%Y%m%d-%H%M%S").to_string();
    let name = format!("promptflow-runtimes-support-{stamp}");
    save_new(app, (name, "txt"), text, "The support file").await
}
