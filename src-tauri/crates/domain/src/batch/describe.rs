//! What a person calls a batch run and says of it.

use crate::finding::Problem;

/// A name, tags and a note that can be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    pub name: String,
    pub tags: Vec<String>,
    pub description: String,
}

impl Described {
    /// Characters of a name.
    pub const LONGEST_NAME: usize = 200;
    pub const MOST_TAGS: usize = 20;
    /// Characters of a tag.
    pub const LONGEST_TAG: usize = 50;
    /// Characters of a note.
    pub const LONGEST_DESCRIPTION: usize = 10_000;

    /// Takes what a person typed: without space around it, without empty tags, and each tag once. Big and
    /// small letters of tags count.
    ///
    /// # Errors
    /// The name is empty, or something is too much. Fields: `name`, `tags`, `description`.
    pub fn read(name: &str, tags: &[String], description: &str) -> Result<Self, Problem> {
        let (name, description) = (name.trim(), description.trim());
        if name.is_empty() {
            return Err(Problem::field("name", "A batch run needs a name."));
        }
        if name.chars().count() > Self::LONGEST_NAME {
            let most = Self::LONGEST_NAME;
            return Err(Problem::field("name", format!("A name has at most {most} characters.")));
        }
        if name.chars().any(char::is_control) {
            return Err(Problem::field("name", "A name is one line."));
        }
        let mut own: Vec<String> = Vec::new();
        for tag in tags.iter().map(|tag| tag.trim()).filter(|tag| !tag.is_empty()) {
            if tag.chars().count() > Self::LONGEST_TAG {
                let most = Self::LONGEST_TAG;
                return Err(Problem::field(
                    "tags",
                    format!("A tag has at most {most} characters."),
                ));
            }
            if !own.iter().any(|known| known == tag) {
                own.push(tag.to_owned());
            }
        }
        if own.len() > Self::MOST_TAGS {
            let most = Self::MOST_TAGS;
            return Err(Problem::field("tags", format!("A batch run has at most {most} tags.")));
        }
        if description.chars().count() > Self::LONGEST_DESCRIPTION {
            let most = Self::LONGEST_DESCRIPTION;
            return Err(Problem::field(
                "description",
                format!("A note has at most {most} characters."),
            ));
        }
        Ok(Self { name: name.to_owned(), tags: own, description: description.to_owned() })
    }
}
