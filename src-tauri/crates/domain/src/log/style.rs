//! Lines as terminals get them, to text and styles. No control character but the tab comes through.

use std::ops::Range;

use vte::{Params, Parser, Perform};

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// One of the sixteen of a theme.
    Theme(u8),
    Exact(u8, u8, u8),
}

/// How text looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    pub bold: bool,
    pub faint: bool,
    pub italic: bool,
    pub underline: bool,
    pub strike: bool,
    pub inverse: bool,
    pub colour: Option<Colour>,
    pub background: Option<Colour>,
}

/// A piece of a line that looks the same throughout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    pub style: Style,
    pub found: bool,
}

/// Whether a line is text as it is: valid, and without control characters but the tab.
fn is_clean(line: &[u8]) -> bool {
    // Without branches, so that many bytes are looked at together.
    let is_control =
        |byte: u8| u8::from(byte < 0x20) & u8::from(byte != b'\t') | u8::from(byte == 0x7f);
    let control = line.iter().fold(0, |control, byte| control | is_control(*byte)) != 0;
    !control
        && std::str::from_utf8(line).is_ok_and(|text| {
            text.is_ascii() || !text.chars().any(|c| ('\u{80}'..'\u{a0}').contains(&c))
        })
}

/// The text of a line without escape sequences, in `text`; `false` = it is the line as it is.
pub fn clean(line: &[u8], text: &mut Vec<u8>) -> bool {
    text.clear();
    if is_clean(line) {
        text.extend_from_slice(line);
        return false;
    }
    read(line, |c, _| text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()));
    true
}

/// A line in pieces; `found` are places in its clean text. At most `most` bytes of the text are told.
pub fn pieces(line: &[u8], found: &[Range<usize>], most: usize) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let (mut at, mut next) = (0, 0);
    let mut put = |c: char, style: Style| {
        let end = at + c.len_utf8();
        if end > most {
            at = usize::MAX / 2;
            return;
        }
        while found.get(next).is_some_and(|range| range.end <= at) {
            next += 1;
        }
        let is_found = found.get(next).is_some_and(|range| range.contains(&at));
        at = end;
        match pieces.last_mut() {
            Some(last) if last.style == style && last.found == is_found => last.text.push(c),
            _ => pieces.push(Piece { text: c.into(), style, found: is_found }),
        }
    };
    if is_clean(line) {
        for c in String::from_utf8_lossy(&line[..line.len().min(most + 4)]).chars() {
            put(c, Style::default());
        }
    } else {
        read(line, put);
    }
    pieces
}

/// Tells each character of a line with its style.
fn read(line: &[u8], put: impl FnMut(char, Style)) {
    let mut screen = Screen { put, style: Style::default() };
    let mut parser = Parser::new();
    parser.advance(&mut screen, line);
    // A character that the end of the line cut is told as one that is not valid.
    if cut_at_end(line) {
        (screen.put)('\u{fffd}', screen.style);
    }
}

/// Whether the last character of a line is not complete.
fn cut_at_end(line: &[u8]) -> bool {
    let last = &line[line.len().saturating_sub(3)..];
    (0..last.len()).any(|from| {
        std::str::from_utf8(&last[from..])
            .is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
    })
}

struct Screen<P> {
    put: P,
    style: Style,
}

impl<P: FnMut(char, Style)> Perform for Screen<P> {
    fn print(&mut self, c: char) {
        // The rest of the control characters, which come as text in UTF-8.
        let c = if ('\u{7f}'..'\u{a0}').contains(&c) { '\u{fffd}' } else { c };
        (self.put)(c, self.style);
    }

    fn execute(&mut self, byte: u8) {
        match byte {
            b'\t' => (self.put)('\t', self.style),
            // Shown by its symbol: nothing that stands in a log is lost.
            0..0x20 => {
                if let Some(symbol) = char::from_u32(0x2400 + u32::from(byte)) {
                    (self.put)(symbol, self.style);
                }
            }
            _ => (self.put)('\u{fffd}', self.style),
        }
    }

    fn csi_dispatch(&mut self, params: &Params, intermediates: &[u8], _: bool, action: char) {
        if action == 'm' && intermediates.is_empty() {
            self.style.change(params);
        }
    }
}

impl Style {
    /// "Select graphic rendition".
    fn change(&mut self, params: &Params) {
        let mut params = params.iter();
        while let Some(param) = params.next() {
            let mut rest = || params.next().and_then(|param| param.first().copied());
            match param {
                [] | [0] => *self = Self::default(),
                [1] => self.bold = true,
                [2] => self.faint = true,
                [3] => self.italic = true,
                [4] => self.underline = true,
                [4, kind] => self.underline = *kind != 0,
                [7] => self.inverse = true,
                [9] => self.strike = true,
                [22] => (self.bold, self.faint) = (false, false),
                [23] => self.italic = false,
                [24] => self.underline = false,
                [27] => self.inverse = false,
                [29] => self.strike = false,
                [code @ 30..=37] => self.colour = theme(code - 30),
                [38] => self.colour = extended(&mut rest),
                [38, sub @ ..] => self.colour = with_colons(sub),
                [39] => self.colour = None,
                [code @ 40..=47] => self.background = theme(code - 40),
                [48] => self.background = extended(&mut rest),
                [48, sub @ ..] => self.background = with_colons(sub),
                [49] => self.background = None,
                [code @ 90..=97] => self.colour = theme(code - 82),
                [code @ 100..=107] => self.background = theme(code - 92),
                _ => {}
            }
        }
    }
}

fn theme(index: u16) -> Option<Colour> {
    u8::try_from(index).ok().map(Colour::Theme)
}

/// `5;n` or `2;r;g;b`.
fn extended(rest: &mut impl FnMut() -> Option<u16>) -> Option<Colour> {
    match rest()? {
        5 => indexed(rest()?),
        2 => exact(rest()?, rest()?, rest()?),
        _ => None,
    }
}

/// `5:n`, `2:r:g:b` or `2::r:g:b`.
fn with_colons(sub: &[u16]) -> Option<Colour> {
    match sub {
        [5, index, ..] => indexed(*index),
        [2, red, green, blue] | [2, _, red, green, blue, ..] => exact(*red, *green, *blue),
        _ => None,
    }
}

fn exact(red: u16, green: u16, blue: u16) -> Option<Colour> {
    let part = |part: u16| u8::try_from(part).ok();
    Some(Colour::Exact(part(red)?, part(green)?, part(blue)?))
}

/// One of the 256: the theme's, a cube of 6 × 6 × 6, and greys.
fn indexed(index: u16) -> Option<Colour> {
    let index = u8::try_from(index).ok()?;
    let level = |step: u8| if step == 0 { 0 } else { 55 + 40 * step };
    Some(match index {
        0..=15 => Colour::Theme(index),
        16..=231 => {
            let cube = index - 16;
            Colour::Exact(level(cube / 36), level(cube / 6 % 6), level(cube % 6))
        }
        grey => {
            let part = 8 + 10 * (grey - 232);
            Colour::Exact(part, part, part)
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(line: &[u8]) -> (String, bool) {
        let mut text = Vec::new();
        let changed = clean(line, &mut text);
        (String::from_utf8(text).expect("text"), changed)
    }

    #[test]
    fn escape_sequences_become_styles() {
        let line = b"\x1b[1;31mred\x1b[0m plain \x1b[38;5;208mo\x1b[48;2;1;2;3mx\x1b[m";
        assert_eq!(text(line), ("red plain ox".into(), true));
        let piece = |text: &str, style, found| Piece { text: text.into(), style, found };
        let red = Style { bold: true, colour: Some(Colour::Theme(1)), ..Style::default() };
        let orange = Style { colour: Some(Colour::Exact(255, 135, 0)), ..Style::default() };
        let on = Style { background: Some(Colour::Exact(1, 2, 3)), ..orange };
        assert_eq!(
            pieces(line, std::slice::from_ref(&(2..5)), 100),
            [
                piece("re", red, false),
                piece("d", red, true),
                piece(" p", Style::default(), true),
                piece("lain ", Style::default(), false),
                piece("o", orange, false),
                piece("x", on, false),
            ]
        );
    }

    #[test]
    fn what_is_not_text_is_shown_as_such() {
        assert_eq!(text(b"tab\tand more"), ("tab\tand more".into(), false));
        assert_eq!(text(b"a\x08\rb\x00\x7f"), ("a\u{2408}\u{240d}b\u{2400}\u{fffd}".into(), true));
        assert_eq!(text(b"a\xff\xfeb"), ("a\u{fffd}\u{fffd}b".into(), true));
        assert!(!text("a\u{9b}31mb".as_bytes()).0.contains('\u{9b}'));
        assert_eq!(text("ä".as_bytes()), ("ä".into(), false));
        assert_eq!(text(b"a\xe2\x82"), ("a\u{fffd}".into(), true));
        // A link of a terminal, and the title of its window.
        assert_eq!(
            text(b"\x1b]8;;http://x\x07link\x1b]8;;\x07\x1b]0;title\x1b\\!"),
            ("link!".into(), true)
        );
    }

    #[test]
    fn only_the_beginning_of_a_long_line_is_told() {
        let pieces = pieces("äöü".repeat(1000).as_bytes(), &[], 9);
        assert_eq!(pieces.iter().map(|piece| piece.text.as_str()).collect::<String>(), "äöüä");
    }

    proptest! {
        #[test]
        fn pieces_are_the_clean_text_without_control_characters(
            line in prop::collection::vec(prop_oneof![any::<u8>(), Just(0x1b), Just(b'['), Just(b';'), Just(b'm'), b'0'..=b'9'], 0..80)
        ) {
            let (text, _) = text(&line);
            let told: String = pieces(&line, &[1..3, 5..6], 1000).into_iter().map(|piece| piece.text).collect();
            prop_assert_eq!(&told, &text);
            prop_assert!(!text.chars().any(|c| c.is_control() && c != '\t'), "{:?}", text);
        }
    }
}
