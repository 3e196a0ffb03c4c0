//! What holds for any log: the tests with random logs and the fuzz target look for one that breaks it.

use super::*;

/// Cuts of a log that are tried at most, about.
const CUTS: usize = 32;

/// Looks at a text as a log of lines.
pub fn holds_for_text(text: &[u8]) {
    let lines: Vec<Vec<u8>> = text.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
    holds(&lines);
}

/// Looks at lines, which are without their ends.
pub fn holds(lines: &[Vec<u8>]) {
    let (mut marker, mut names) = (Marker::default(), Names::default());
    let (mut text, mut shown) = (Vec::new(), Vec::new());
    for line in lines {
        clean(line, &mut shown);
        let shown_text = std::str::from_utf8(&shown).expect("what is shown is text");
        assert!(
            !shown_text.chars().any(|c| c.is_control() && c != '\t'),
            "no control character comes through: {shown_text:?}"
        );
        let told: String =
            pieces(line, &[], usize::MAX / 4).iter().map(|piece| piece.text.as_str()).collect();
        assert_eq!(told, shown_text, "the pieces are the text");
        let (mark, _) = marker.line(&shown, false, &mut names);
        assert_eq!(Mark::from_bytes(mark.to_bytes()), mark, "a mark survives as bytes");
        assert!(!mark.inside || mark.continued, "what is inside belongs to a line above");
        assert!(mark.node == 0 || names.name(mark.node).is_some(), "a node's number has a name");
        assert!(mark.run == 0 || names.name(mark.run).is_some(), "a run's number has a name");
        let _ = place(&shown);
        text.extend_from_slice(&shown);
        text.push(b'\n');
    }
    let read = |cut: usize| {
        let mut analysis = Analysis::default();
        analysis.text(&text[..cut], 0);
        let before = memchr::memchr_iter(b'\n', &text[..cut]).count();
        analysis.text(&text[cut..], i64::try_from(before).unwrap_or(0));
        analysis.finish(|frame| frame)
    };
    let whole = read(0);
    let cuts: Vec<usize> = memchr::memchr_iter(b'\n', &text).map(|at| at + 1).collect();
    for cut in cuts.iter().step_by(cuts.len().div_ceil(CUTS).max(1)) {
        assert_eq!(read(*cut), whole, "any cut between lines gives the same: {cut}");
    }
    for node in &whole.nodes {
        assert!(node.total_seconds >= 0.0 && node.longest_seconds <= node.total_seconds);
        assert!(node.running <= node.count && node.failed <= node.count);
    }
}
