//! What a person may configure with Docker's own client, in random combinations.

/// A small reproducible source of choices (a linear congruential generator).
pub struct Choices(u64);

impl Choices {
    /// The choices of one case: always the same.
    pub fn of(case: u64) -> Self {
        Self(case.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
    pub fn yes(&mut self) -> bool {
        self.below(2) == 0
    }
}

/// What a choice may depend on: its source, and the number of its case, of which addresses and names are
/// made that no other case has.
pub struct Draw {
    pub choices: Choices,
    pub case: u64,
}

impl Draw {
    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.choices.below(all.len() as u64) as usize]
    }
}

/// One thing a person may have configured: arguments for `docker create`.
pub type Option_ = fn(&mut Draw) -> Vec<String>;

pub fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

pub const OPTIONS: [Option_; 41] = [
    |d| {
        words(d.one_of(&[
            "-p 127.0.0.1::8080",
            "-p 8080",
            "-p 127.0.0.1::8080 -p 127.0.0.2::8080 -p 127.0.0.1::8080",
            "-P",
        ]))
    },
    |d| words(&format!("-p 127.0.0.1:{0}:9090/udp -p 127.0.0.3:{0}:9090/udp", 21_000 + d.case)),
    // One of a range, which another container may take a number of.
    |d| words(&format!("-p 127.0.0.1:{0}0-{0}9:9191 --expose 9192", 2_200 + d.case)),
    |_| words("--network-alias flows --network-alias second"),
    |d| words(&format!("--ip POOL200.{}", 20 + d.case)),
    |_| words("--link neighbour:db"),
    |d| words(&format!("-v data-{}:/data", d.case)),
    |d| words(&format!("-v data-{}:/readonly:ro", d.case)),
    |_| words("-v /srv:/srv-in:ro"),
    |_| words("-v /anonymous"),
    |_| words("--mount type=volume,target=/unnamed"),
    |_| words("--mount type=volume,target=/labelled,volume-label=of=me,volume-nocopy"),
    |_| words("--mount type=bind,source=/opt,target=/bound,readonly,bind-propagation=private"),
    |_| words("--volumes-from neighbour:ro"),
    |d| {
        words(d.one_of(&[
            "--tmpfs /quick:size=1048576",
            "--mount type=tmpfs,target=/quick,tmpfs-size=2097152,tmpfs-mode=1770",
        ]))
    },
    |_| words("--label team=a --label of.image=mine"),
    |_| words("-e MODE=fast -e SAME=2 -e EMPTY= -e OF_BOTH=person"),
    // Of the image's variables, one is taken away.
    |_| words("-e TAKEN_AWAY"),
    |d| {
        words(d.one_of(&["--restart always", "--restart unless-stopped", "--restart on-failure:3"]))
    },
    |_| words("--memory 256m --memory-reservation 128m --memory-swap 512m"),
    |d| words(d.one_of(&["--cpus 1.5 --cpu-shares 512", "--cpu-period 50000 --cpu-quota 40000"])),
    |_| words("--cpuset-cpus 0"),
    |_| words("--pids-limit 200"),
    |_| words("--ulimit nofile=2048:4096 --ulimit core=0"),
    |_| words("--shm-size 96m"),
    |_| words("--cap-drop ALL --cap-add NET_BIND_SERVICE"),
    |_| words("--device /dev/null:/dev/mine --device /dev/zero:/dev/read:r"),
    |_| vec!["--device-cgroup-rule".into(), "c 42:* rmw".into()],
    |_| words("--sysctl net.ipv4.ip_unprivileged_port_start=0"),
    |_| words("--security-opt no-new-privileges"),
    |_| words("--group-add 4242"),
    |_| words("--dns 10.9.8.7 --dns-search example.test --dns-option ndots:2"),
    |_| words("--add-host other.test:10.1.2.3 --domainname example.test"),
    |d| {
        words(d.one_of(&[
            "--log-opt max-size=1m --log-opt max-file=2",
            "--log-driver local --log-opt max-size=2m",
            "--log-driver none",
        ]))
    },
    |_| words("--user 10002:10002 --workdir /srv/www --hostname my-host"),
    |d| words(d.one_of(&["--stop-signal SIGINT --stop-timeout 7", "--stop-timeout 0"])),
    |d| words(d.one_of(&["--health-cmd true --health-interval 30s", "--no-healthcheck"])),
    |d| words(d.one_of(&["--init", "--tty --interactive"])),
    |_| words("--read-only --oom-score-adj 100"),
    |d| words(d.one_of(&["--ipc shareable", "--ipc private", "--pid host"])),
    |_| words("--entrypoint /srv/serve"),
];
