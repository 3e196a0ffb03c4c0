//! Several Pythons in one container: which of them has a module that the one which serves lacks.

use crate::finding::Evidence;

/// Prints for every Python of a container whether it has the module that is given, one line each:
/// `path|version|prefix|yes` or `…|no`. `sh -c WHO_HAS sh package.module`.
///
/// Only where a module stands is looked at; nothing of it is run.
pub const WHO_HAS: &str = r#"module=$1
all() {
  ifs=$IFS; IFS=:
  for d in $PATH; do printf '%s\n' "$d/python3" "$d/python"; done
  IFS=$ifs
  for p in /usr/bin/python3 /usr/local/bin/python3 /opt/venv/bin/python /opt/*/bin/python /opt/*/envs/*/bin/python \
    /azureml-envs/*/bin/python /azureml-envs/*/*/bin/python /root/*conda*/bin/python /root/*conda*/envs/*/bin/python \
    /home/*/*conda*/bin/python /home/*/*conda*/envs/*/bin/python; do
    printf '%s\n' "$p"
  done
}
seen=' '
n=0
all | while read -r p; do
  [ -x "$p" ] || continue
  case $seen in *" $p "*) continue;; esac
  seen="$seen$p "
  n=$((n + 1))
  [ $n -le 16 ] || break
  "$p" -c '
import sys
from importlib.machinery import PathFinder
sys.path = [place for place in sys.path if place]
def has(name):
    places, spec, so_far = sys.path, None, ""
    for part in name.split("."):
        so_far = so_far + "." + part if so_far else part
        spec = PathFinder.find_spec(so_far, places)
        if spec is None:
            return False
        places = spec.submodule_search_locations or []
    return True
print("|".join([sys.executable, "%d.%d.%d" % sys.version_info[:3], sys.prefix, "yes" if has(sys.argv[1]) else "no"]))
' "$module" 2>/dev/null </dev/null
done
exit 0"#;

/// Reads what [`WHO_HAS`] printed: where the module is in one Python and not in another, what was seen of each.
/// `None` = no Python has it, or all have, so that tells nothing. Lines of another form are passed over.
pub fn read_who_has(module: &str, text: &str) -> Option<Evidence> {
    let mut prefixes: Vec<&str> = Vec::new();
    let mut lines = Vec::new();
    let (mut with, mut without) = (false, false);
    for line in text.lines() {
        let parts: Vec<&str> = line.trim().split('|').collect();
        let [path, version, prefix, answer] = parts[..] else { continue };
        // One Python has several names.
        if !path.starts_with('/') || prefixes.contains(&prefix) {
            continue;
        }
        let has = match answer {
            "yes" => "has it",
            "no" => "does not have it",
            _ => continue,
        };
        prefixes.push(prefix);
        with |= answer == "yes";
        without |= answer == "no";
        lines.push(format!("{path} (Python {version}) {has}"));
    }
    (with && without).then(|| Evidence {
        probe: format!("Pythons inside that have the module {module}"),
        seen: lines.join("\n"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_in_one_of_two_pythons_is_told() {
        let told = "/opt/venv/bin/python|3.11.2|/opt/venv|no\n/opt/conda/bin/python|3.9.1|/opt/conda|yes\nnoise\n/opt/conda/bin/python3|3.9.1|/opt/conda|yes\n";
        let evidence = read_who_has("docx", told).map(|evidence| evidence.seen);
        let expected = "/opt/venv/bin/python (Python 3.11.2) does not have it\n/opt/conda/bin/python (Python 3.9.1) has it";
        assert_eq!(evidence.as_deref(), Some(expected));
    }

    #[test]
    fn one_that_none_has_or_all_have_tells_nothing() {
        assert_eq!(read_who_has("docx", "/usr/bin/python3|3.11.2|/usr|no\n"), None);
        assert_eq!(read_who_has("docx", "/usr/bin/python3|3.11.2|/usr|yes\n"), None);
        assert_eq!(read_who_has("docx", ""), None);
    }
}
