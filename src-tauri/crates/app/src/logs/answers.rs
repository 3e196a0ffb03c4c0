//! What the window asks of an open log.

use std::{io, ops::ControlFlow, sync::Arc, sync::atomic::Ordering};

use domain::{
    finding::{Problem, ProblemCode},
    log::{Analysis, Filter, Finder},
};

use super::{
    lines::{Shown, put_line},
    open::Opened,
    selection::{Selection, Wanted, group_head},
    store::signed,
};
use crate::{
    api::{
        FilterLog, FindInLog, FoldLog, LocateInLog, LogFilter, LogFound, LogHit, LogLinePart,
        LogMatches, LogOf, LogPage, LogPosition, LogQuery, LogSearched, LogText, LogView,
        NodeTimes, OfStream, ReadLog, ReadLogLine, ReadLogText, SearchLog,
    },
    context::lock,
    flows,
};

/// Lines of a page at most.
const PAGE: u32 = 1000;
/// Bytes of a part of a line.
const PART: usize = 64 * 1024;
/// Bytes of a text for the clipboard.
const TEXT: usize = 8 * 1024 * 1024;

fn finder(query: &LogQuery) -> Result<Finder, Problem> {
    Finder::new(&query.text, query.expression, query.case)
}

fn given_up() -> Problem {
    Problem::new(ProblemCode::ChangedMeanwhile, "Another filter or search was asked for meanwhile.")
}

impl Opened {
    pub async fn read_log(self: Arc<Self>, request: ReadLog) -> Result<LogPage, Problem> {
        self.blocking(move |opened| {
            let views = lock(&opened.views);
            let shown = Shown {
                store: &opened.store,
                view: &views.view,
                search: views.search.as_ref().and_then(|search| search.wanted.search.as_ref()),
                places: &opened.places,
            };
            let lines = shown.page(request.from, request.count.min(PAGE) as usize)?;
            Ok(LogPage { view: views.view(), lines })
        })
        .await
    }

    pub async fn filter_log(self: Arc<Self>, request: FilterLog) -> Result<LogView, Problem> {
        let text = request.filter.text.as_ref().map(finder).transpose()?;
        let filter = request.filter;
        self.show(move |opened, wanted| {
            wanted.folds = super::selection::Folds { folded: filter.folded, ..Default::default() };
            wanted.text = text;
            wanted.filter = opened.filter(&filter);
        })
        .await
    }

    fn filter(&self, asked: &LogFilter) -> Filter {
        let names = lock(&self.store.names);
        Filter {
            levels: asked.levels.iter().copied().collect(),
            nodes: Filter::numbers(&names, &asked.nodes),
            runs: Filter::numbers(&names, &asked.runs),
            rows: asked.rows.iter().copied().collect(),
            sources: asked.sources.iter().filter_map(|source| u8::try_from(*source).ok()).collect(),
            noise: asked.noise,
        }
    }

    pub async fn fold_log(self: Arc<Self>, request: FoldLog) -> Result<LogView, Problem> {
        self.show(move |_, wanted| {
            if wanted.folds.is_folded(request.number) != request.folded
                && !wanted.folds.but.remove(&request.number)
            {
                wanted.folds.but.insert(request.number);
            }
        })
        .await
    }

    /// Changes what is shown. One that is asked for later wins.
    async fn show(
        self: &Arc<Self>,
        change: impl FnOnce(&Self, &mut Wanted) + Send + 'static,
    ) -> Result<LogView, Problem> {
        let turn = self.filter_turn.fetch_add(1, Ordering::SeqCst) + 1;
        let view = self.blocking(move |opened| {
            let go_on = || opened.filter_turn.load(Ordering::SeqCst) == turn;
            let (mut wanted, search, revision) = {
                let views = lock(&opened.views);
                let search = views.search.as_ref().map(|search| search.wanted.search.clone());
                (views.view.wanted.clone(), search, views.revision)
            };
            change(opened, &mut wanted);
            let mut view = Selection::new(wanted);
            if !view.catch_up(&opened.store, &go_on)? {
                return Ok(None);
            }
            let mut search =
                search.map(|search| Selection::new(Wanted { search, ..view.unfolded() }));
            if let Some(search) = &mut search
                && !search.catch_up(&opened.store, &go_on)?
            {
                return Ok(None);
            }
            let mut views = lock(&opened.views);
            if !go_on() {
                return Ok(None);
            }
            if views.revision != revision {
                // Marks are others now: what was selected by them is selected anew.
                view = Selection::new(view.wanted.clone());
                search = search.map(|search| Selection::new(search.wanted));
            }
            view.catch_up(&opened.store, &|| true)?;
            views.view = view;
            if views.search.is_some() {
                views.search = search.or(views.search.take());
            }
            views.revision += 1;
            Ok(Some(views.view()))
        });
        let view = view.await?.ok_or_else(given_up)?;
        self.stirred.notify_one();
        Ok(view)
    }

    pub async fn locate_in_log(
        self: Arc<Self>,
        request: LocateInLog,
    ) -> Result<LogPosition, Problem> {
        self.blocking(move |opened| {
            let views = lock(&opened.views);
            let view = views.view();
            let number = request.number.clamp(opened.store.first(), opened.store.end());
            let index = views.view.index_of(&opened.store, number.saturating_add(1))? - 1;
            Ok(LogPosition { view, index: index.max(view.first), number: request.number })
        })
        .await
    }

    pub async fn search_log(self: Arc<Self>, request: SearchLog) -> Result<LogSearched, Problem> {
        let query = request.query.as_ref().map(finder).transpose()?;
        let turn = self.search_turn.fetch_add(1, Ordering::SeqCst) + 1;
        let matches = self.blocking(move |opened| {
            let Some(query) = query else {
                lock(&opened.views).search = None;
                return Ok(Some(None));
            };
            let go_on = || opened.search_turn.load(Ordering::SeqCst) == turn;
            let (wanted, revision) = {
                let views = lock(&opened.views);
                (Wanted { search: Some(query), ..views.view.unfolded() }, views.revision)
            };
            let mut search = Selection::new(wanted);
            if !search.catch_up(&opened.store, &go_on)? {
                return Ok(None);
            }
            let mut views = lock(&opened.views);
            if !go_on() {
                return Ok(None);
            }
            if views.revision != revision {
                let wanted = Wanted { search: search.wanted.search, ..views.view.unfolded() };
                search = Selection::new(wanted);
                search.catch_up(&opened.store, &|| true)?;
            }
            views.search = Some(search);
            Ok(Some(views.matches()))
        });
        let matches = matches.await?.ok_or_else(given_up)?;
        self.stirred.notify_one();
        Ok(LogSearched { matches })
    }

    pub async fn find_in_log(self: Arc<Self>, request: FindInLog) -> Result<LogFound, Problem> {
        let found = self
            .blocking(move |opened| opened.find(request))
            .await?
            .ok_or_else(|| Problem::field("query", "Nothing is searched for."))?;
        self.stirred.notify_one();
        Ok(found)
    }

    fn find(&self, request: FindInLog) -> io::Result<Option<LogFound>> {
        let store = &self.store;
        let mut views = lock(&self.views);
        if let Some(search) = &mut views.search {
            search.catch_up(store, &|| true)?;
        }
        views.view.catch_up(store, &|| true)?;
        let Some(search) = &views.search else { return Ok(None) };
        let matches = views.matches().unwrap_or(LogMatches { lines: 0 });
        if matches.lines == 0 {
            return Ok(Some(LogFound { found: None, matches }));
        }
        let (first, end) = (-search.before(), search.after());
        let number = request.number.clamp(store.first() - 1, store.end());
        let after = search.index_of(store, number.saturating_add(1))?;
        let before = search.index_of(store, number)?;
        let index = match (request.backwards, request.here) {
            (false, true) => before,
            (false, false) => after,
            (true, true) => after - 1,
            (true, false) => before - 1,
        };
        let wrapped = !(first..end).contains(&index);
        let index = match (wrapped, request.backwards) {
            (false, _) => index,
            (true, false) => first,
            (true, true) => end - 1,
        };
        let Some(number) = search.numbers(store, index, 1)?.first().copied() else {
            return Ok(Some(LogFound { found: None, matches }));
        };
        self.unfold(&mut views.view, number)?.then(|| views.revision += 1);
        let position = LogPosition {
            view: views.view(),
            index: views.view.index_of(store, number + 1)? - 1,
            number,
        };
        let ordinal = (index - first).unsigned_abs() + 1;
        let hit = LogHit { position, ordinal, wrapped };
        Ok(Some(LogFound { found: Some(hit), matches }))
    }

    /// Opens the fold that hides a line; `true` = one did.
    fn unfold(&self, view: &mut Selection, number: i64) -> io::Result<bool> {
        let Some((part, line)) = self.store.part_of(number) else { return Ok(false) };
        if view.wanted.text.is_some()
            || !part.records(line, 1)?.first().is_some_and(|l| l.mark.inside)
        {
            return Ok(false);
        }
        let base = number - signed(line);
        let head = group_head(part, line)?.map_or(self.store.first(), |head| base + signed(head));
        if !view.wanted.folds.is_folded(head) {
            return Ok(false);
        }
        if !view.wanted.folds.but.remove(&head) {
            view.wanted.folds.but.insert(head);
        }
        *view = Selection::new(view.wanted.clone());
        view.catch_up(&self.store, &|| true)?;
        Ok(true)
    }

    pub async fn read_log_line(
        self: Arc<Self>,
        request: ReadLogLine,
    ) -> Result<LogLinePart, Problem> {
        let read = self.blocking(move |opened| {
            let Some((part, line)) = opened.store.part_of(request.number) else { return Ok(None) };
            part.text(line, request.from, PART).map(Some)
        });
        let (mut text, bytes) = read
            .await?
            .ok_or_else(|| Problem::new(ProblemCode::NotFound, "The log has no such line."))?;
        // A part ends between two characters.
        let mut whole = text.len();
        if request.from + (whole as u64) < bytes {
            while whole > 0
                && text.len() - whole < 4
                && std::str::from_utf8(&text[..whole]).is_err()
            {
                whole -= 1;
            }
        }
        text.truncate(whole);
        let next = request.from + text.len() as u64;
        Ok(LogLinePart {
            text: String::from_utf8_lossy(&text).into_owned(),
            next: (next < bytes && !text.is_empty()).then_some(next),
            bytes,
        })
    }

    pub async fn read_log_text(self: Arc<Self>, request: ReadLogText) -> Result<LogText, Problem> {
        self.blocking(move |opened| {
            let views = lock(&opened.views);
            let view = views.view();
            let end = request.end.min(view.end);
            let mut cut = request.from < view.first;
            let mut index = request.from.max(view.first);
            let mut text = Vec::new();
            let names = opened.source_names();
            'all: while index < end {
                let count = usize::try_from(end - index).unwrap_or(0).min(PAGE as usize);
                let numbers = views.view.numbers(&opened.store, index, count)?;
                if numbers.is_empty() {
                    break;
                }
                index += signed(numbers.len() as u64);
                for number in numbers {
                    if text.len() >= TEXT {
                        cut = true;
                        break 'all;
                    }
                    opened.put(&mut text, number, request.times, &names)?;
                }
            }
            text.pop();
            Ok(LogText { text: String::from_utf8_lossy(&text).into_owned(), cut })
        })
        .await
    }

    /// Names of the sources, where a line has to say which it is of.
    pub(super) fn source_names(&self) -> Vec<String> {
        let standing = lock(&self.standing);
        let names = standing.sources.iter().map(|source| source.name.clone());
        if standing.sources.len() > 1 { names.collect() } else { vec![] }
    }

    fn put(
        &self,
        text: &mut Vec<u8>,
        number: i64,
        times: bool,
        names: &[String],
    ) -> io::Result<()> {
        let Some((part, at)) = self.store.part_of(number) else { return Ok(()) };
        let Some(record) = part.records(at, 1)?.first().copied() else { return Ok(()) };
        let (line, _) = part.text(at, 0, TEXT)?;
        let name = names.get(usize::from(record.mark.source)).map(String::as_str);
        put_line(text, record.time.filter(|_| times), name, &line);
        Ok(())
    }

    pub async fn log_node_times(self: Arc<Self>, _: OfStream) -> Result<NodeTimes, Problem> {
        let mut times = self
            .blocking(|opened| {
                let mut analysis = Analysis::default();
                let store = &opened.store;
                let parts = [(store.first(), store.older.get()), (0, Some(&store.tail))];
                for (first, part) in
                    parts.into_iter().filter_map(|(first, part)| Some((first, part?)))
                {
                    part.go_through(0..part.lines(), true, |block| {
                        analysis.text(block.text, first + signed(block.first));
                        ControlFlow::Continue(())
                    })?;
                }
                Ok(analysis.finish(|frame| opened.places.shorten(frame)))
            })
            .await?;
        if let LogOf::FlowRun { run } = &self.of {
            times.measure(&flows::run_detail(&self.app, run).await?.run.nodes);
        }
        Ok(times)
    }
}
