//! Whether the system ended processes of a container for memory, as its control group counts it.

/// Files inside a container that tell it, of the second and of the first version of control groups.
pub const COUNTERS: [&str; 2] =
    ["/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"];

/// How many processes were ended, as these files tell it together; `None` = they do not.
pub fn ended_for_memory(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let second = "low 0\nhigh 0\nmax 12\noom 2\noom_kill 3\noom_group_kill 0\n";
        assert_eq!(ended_for_memory(second), Some(3));
        let first = "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n";
        assert_eq!(ended_for_memory(first), Some(1));
        assert_eq!(ended_for_memory("oom_kill_disable 0\nunder_oom 0\n"), None);
    }
}
