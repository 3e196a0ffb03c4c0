//! Which requirements files a Dockerfile installs.

use super::Dockerfile;

impl Dockerfile {
    /// Paths within the build context that may be the requirements files that its steps install, the likeliest
    /// first: where a step finds one inside the image tells only its name for sure.
    pub fn requirements(&self) -> Vec<String> {
        let mut found: Vec<String> = Vec::new();
        let mut add = |path: &str| {
            let path = path.trim_matches(['"', '\'', ',', ']', ';']);
            let path = path.trim_start_matches("./").trim_start_matches('/');
            let name = path.rsplit('/').next().unwrap_or(path);
            for path in [path, name] {
                if !path.is_empty() && !path.contains('$') && !found.iter().any(|own| own == path) {
                    found.push(path.to_owned());
                }
            }
        };
        // Other programs have an option -r as well.
        if !self.text().contains("install") {
            return found;
        }
        for line in self.text().lines().filter(|line| !line.trim_start().starts_with('#')) {
            let mut words = line.split_whitespace().peekable();
            while let Some(word) = words.next() {
                let word = word.trim_matches(['"', '[', ',', '\'']);
                match word {
                    "-r" | "--requirement" => {
                        if let Some(next) = words.peek() {
                            add(next);
                        }
                    }
                    _ => {
                        if let Some(path) = word.strip_prefix("--requirement=") {
                            add(path);
                        }
                    }
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_that_steps_install_are_named_as_the_context_may_have_them() {
        let read = |text: &str| Dockerfile::read(text.to_owned()).expect("reads").requirements();
        assert_eq!(
            read(
                "FROM a\nCOPY ./* ./\n# RUN pip install -r no.txt\nRUN pip install -r requirements.txt\n"
            ),
            ["requirements.txt"]
        );
        assert_eq!(
            read("FROM a\nCOPY r /tmp/\nRUN pip install \\\n  --requirement=/tmp/deps.txt\n"),
            ["tmp/deps.txt", "deps.txt"]
        );
        assert_eq!(read("FROM a\nRUN [\"pip\", \"install\", \"-r\", \"./a.txt\"]\n"), ["a.txt"]);
        assert_eq!(read("FROM a\nRUN rm -r x.txt\n"), Vec::<String>::new());
        assert_eq!(read("FROM a\nRUN pip install pandas\n"), Vec::<String>::new());
    }
}
