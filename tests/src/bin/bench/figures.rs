//! Figures, what they are held against, and the tables in which they are written down.

use std::fmt::Write as _;

use serde_json::{Value, json};

/// One figure.
pub struct Figure {
    /// What was measured.
    pub what: String,
    pub value: f64,
    pub unit: &'static str,
    /// The largest value that is right; `None` for figures that are told for comparison.
    pub limit: Option<f64>,
    /// How many measurements it comes from, and their spread.
    pub from: String,
}

impl Figure {
    /// A figure without a target.
    pub fn told(what: &str, value: f64, unit: &'static str, from: String) -> Self {
        Self { what: what.to_owned(), value, unit, limit: None, from }
    }

    /// A figure that should not be larger than `limit`.
    pub fn at_most(self, limit: f64) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// Whether the target was met; `None` without one.
    pub fn met(&self) -> Option<bool> {
        self.limit.map(|limit| self.value <= limit)
    }
}

/// Figures on one subject.
pub struct Chapter {
    pub title: &'static str,
    /// How it was measured, in sentences.
    pub how: String,
    pub figures: Vec<Figure>,
}

/// The value below which that part (0 to 1) of the measurements lies; 0 without any.
pub fn quantile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * part).round() as usize).copied().unwrap_or(0.0)
}

/// The middle measurement.
pub fn median(values: &[f64]) -> f64 {
    quantile(values, 0.5)
}

/// `20 measurements, 404 to 511`.
pub fn spread(values: &[f64]) -> String {
    let lowest = quantile(values, 0.0);
    let highest = quantile(values, 1.0);
    format!("{} measurements, {} to {}", values.len(), number(lowest), number(highest))
}

fn number(value: f64) -> String {
    if value < 10.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}

/// The tables as Markdown.
pub fn markdown(about: &str, chapters: &[Chapter]) -> String {
    let mut text = format!(
        "# Benchmark\n\n`make bench` measures this anew; every comparison is made side by side in one run.\n\n{about}\n"
    );
    for chapter in chapters {
        let _ = write!(text, "\n## {}\n\n{}\n\n", chapter.title, chapter.how);
        text.push_str("| | figure | target | | from |\n|---|---:|---:|---|---|\n");
        for figure in &chapter.figures {
            let _ = writeln!(
                text,
                "| {} | {} {} | {} | {} | {} |",
                figure.what,
                number(figure.value),
                figure.unit,
                figure.limit.map_or(String::new(), |limit| format!(
                    "≤ {} {}",
                    number(limit),
                    figure.unit
                )),
                match figure.met() {
                    Some(true) => "met",
                    Some(false) => "**missed**",
                    None => "",
                },
                figure.from,
            );
        }
    }
    text
}

/// The same for programs.
pub fn document(about: &str, chapters: &[Chapter]) -> Value {
    let figures = |chapter: &Chapter| -> Vec<Value> {
        chapter
            .figures
            .iter()
            .map(|figure| {
                json!({
                    "what": figure.what, "value": figure.value, "unit": figure.unit,
                    "atMost": figure.limit, "met": figure.met(), "from": figure.from,
                })
            })
            .collect()
    };
    json!({
        "about": about,
        "chapters": chapters
            .iter()
            .map(|chapter| json!({ "title": chapter.title, "how": chapter.how, "figures": figures(chapter) }))
            .collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_one() {
        assert!((median(&[5.0, 1.0, 3.0]) - 3.0).abs() < f64::EPSILON);
        assert!((quantile(&[1.0, 2.0, 3.0, 4.0, 5.0], 1.0) - 5.0).abs() < f64::EPSILON);
        assert!(median(&[]).abs() < f64::EPSILON);
    }

    #[test]
    fn a_missed_target_is_said() {
        let chapter = Chapter {
            title: "T",
            how: "H.".into(),
            figures: vec![
                Figure::told("a", 12.0, "ms", String::new()).at_most(10.0),
                Figure::told("b", 9.0, "ms", String::new()).at_most(10.0),
            ],
        };
        let text = markdown("On X.", &[chapter]);
        assert!(text.contains("| a | 12 ms | ≤ 10 ms | **missed** |"), "{text}");
        assert!(text.contains("| b | 9.00 ms | ≤ 10 ms | met |"), "{text}");
    }
}
