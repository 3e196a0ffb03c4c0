//! What is asked of a container from within it: small scripts for any POSIX shell, and how their answers
//! are read. They use what every image has, and leave out what one does not have.

use std::collections::BTreeMap;

use super::{
    facts::InsideAnswer,
    resources::{
        DiskInside, EndpointAnswer, EndpointInside, MemoryInside, NetworkInside, ProxyInside,
    },
};

/// Asks a path of 127.0.0.1 for health, at each port that is given: `sh -c ASK sh /health 8080 8081`.
/// Prints one line for each, `port|first words`.
pub const ASK: &str = r#"path=$1; shift
asked() {
  if command -v wget >/dev/null 2>&1; then wget -q -T 2 -O - "http://127.0.0.1:$1$path" 2>/dev/null && return; fi
  if command -v curl >/dev/null 2>&1; then curl -s -f -m 2 "http://127.0.0.1:$1$path" 2>/dev/null && return; fi
  for p in "$(command -v python3)" "$(command -v python)" /opt/venv/bin/python /azureml-envs/prompt-flow/runtime/bin/python; do
    [ -x "$p" ] && "$p" -c 'import sys, urllib.request as r; print(r.build_opener(r.ProxyHandler({})).open(sys.argv[1], timeout=2).read(200).decode("utf-8", "replace"))' "http://127.0.0.1:$1$path" 2>/dev/null && return
  done
  if command -v nc >/dev/null 2>&1; then
    { printf 'GET %s HTTP/1.0\r\n\r\n' "$path"; sleep 0.3 || sleep 1; } | nc -w 2 127.0.0.1 "$1" 2>/dev/null | {
      read -r how code rest
      [ "$code" = 200 ] || exit 1
      while read -r line; do [ ${#line} -le 1 ] && break; done
      read -r line; printf '%s' "$line"
    }
  fi
}
end='
'
for port in "$@"; do
  body=$(asked "$port" 2>/dev/null)
  printf '%s|%.200s\n' "$port" "${body%%"$end"*}"
done"#;

/// Reads what [`ASK`] printed; lines of another form are passed over.
pub fn read_answers(text: &str) -> Vec<InsideAnswer> {
    text.lines()
        .filter_map(|line| {
            let (port, body) = line.split_once('|')?;
            Some(InsideAnswer { port: port.parse().ok()?, body: body.trim().to_owned() })
        })
        .collect()
}

/// Looks at disks (those of the paths that are given), memory, load and network:
/// `sh -c LOOK sh /tmp /data`.
pub const LOOK: &str = r#"for at in "$@"; do
  set -- $(stat -f -c '%S %b %a' "$at" 2>/dev/null) && [ $# -eq 3 ] && echo "disk $1 $2 $3 $at"
done
for f in /sys/fs/cgroup/memory.current /sys/fs/cgroup/memory/memory.usage_in_bytes; do
  [ -r $f ] && echo "used $(cat $f)"
done
for f in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
  [ -r $f ] && echo "limit $(cat $f)"
done
for f in /sys/fs/cgroup/memory.stat /sys/fs/cgroup/memory/memory.stat; do
  [ -r $f ] && while read -r key value; do
    case $key in inactive_file|total_inactive_file) echo "cache $value";; esac
  done < $f
done
[ -r /proc/loadavg ] && read -r load rest < /proc/loadavg && echo "load $load"
[ -r /etc/resolv.conf ] && while read -r key value rest; do
  [ "$key" = nameserver ] && echo "names $value"
done < /etc/resolv.conf
for v in http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY; do
  eval "[ -n \"\${$v}\" ]" && echo "proxy $v"
done
exit 0"#;

/// What [`LOOK`] printed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Look {
    pub disks: Vec<DiskInside>,
    pub memory: Option<MemoryInside>,
    /// The average of a minute.
    pub load: Option<f64>,
    pub network: NetworkInside,
}

/// Reads what [`LOOK`] printed; lines of another form are passed over.
pub fn read_look(text: &str) -> Look {
    let mut look = Look::default();
    let (mut used, mut limit, mut cache) = (None, None, 0u64);
    for line in text.lines() {
        let Some((key, value)) = line.trim().split_once(' ') else { continue };
        match key {
            "disk" => look.disks.extend(disk(value)),
            "used" => used = value.parse().ok().or(used),
            "limit" => limit = Some(value.parse().unwrap_or(0)),
            // The last one is that of the group with all below it.
            "cache" => cache = value.parse().unwrap_or(cache),
            "load" => look.load = value.parse().ok(),
            "names" => look.network.name_servers.push(value.to_owned()),
            "proxy" => look.network.proxies.push(value.to_owned()),
            _ => {}
        }
    }
    look.memory = used.map(|used: u64| MemoryInside {
        used: used.saturating_sub(cache),
        // "No limit" is a word, or a number beyond all memory.
        limit: limit.filter(|limit: &u64| *limit < 1 << 60).unwrap_or(0),
    });
    look
}

fn disk(line: &str) -> Option<DiskInside> {
    let mut words = line.splitn(4, ' ');
    let mut number = || words.next()?.parse::<u64>().ok();
    let (block, size, free) = (number()?, number()?, number()?);
    Some(DiskInside {
        size: block.saturating_mul(size),
        free: block.saturating_mul(free),
        at: words.next()?.to_owned(),
    })
}

/// Asks addresses and the container's proxies from inside, at the same time and without any key or login:
/// `sh -c ASK_ADDRESSES sh https://a https://b`. Prints one line for each address, `address|status 401`,
/// `address|name` (there is no such name), `address|names` (no server for names gives an answer) or `address|words`, and one
/// for each proxy, `proxy host:port|open` or with the same words; nothing where there is no Python.
pub const ASK_ADDRESSES: &str = r#"for p in "$(command -v python3)" "$(command -v python)" /opt/venv/bin/python /azureml-envs/prompt-flow/runtime/bin/python; do
  [ -x "$p" ] && exec "$p" -c '
import os, socket, sys
import urllib.error, urllib.request
from concurrent.futures import ThreadPoolExecutor, wait
from urllib.parse import urlsplit
def words(error):
    cause = getattr(error, "reason", error)
    if isinstance(cause, socket.gaierror):
        return "names" if cause.errno == socket.EAI_AGAIN else "name"
    return " ".join(str(cause).split())
def ask(address):
    try:
        with urllib.request.urlopen(address, timeout=4) as answer:
            return "status %d" % answer.status
    except urllib.error.HTTPError as error:
        return "status %d" % error.code
    except Exception as error:
        return words(error)
def connect(host, port):
    try:
        socket.create_connection((host, port), 4).close()
        return "open"
    except Exception as error:
        return words(error)
def proxies():
    for kind, proxy in urllib.request.getproxies().items():
        try:
            at = urlsplit(proxy if "//" in proxy else "//" + proxy)
            if kind in ("http", "https", "all") and at.hostname:
                yield at.hostname, at.port or (443 if at.scheme == "https" else 80)
        except ValueError:
            pass
pool = ThreadPoolExecutor(12)
asked = {pool.submit(ask, address): address for address in sys.argv[1:]}
for host, port in sorted(set(proxies())):
    asked[pool.submit(connect, host, port)] = "proxy %s:%d" % (host, port)
wait(asked, timeout=6)
for one, address in asked.items():
    print("%s|%s" % (address, one.result() if one.done() else "no answer within 6 s"), flush=True)
# A name that is looked up without end would keep it here.
os._exit(0)
' "$@"
done
exit 127"#;

/// How the services of connections (names, and the addresses that were asked) answered, by what [`ASK_ADDRESSES`]
/// printed; what it told nothing of was not seen.
pub fn read_addresses(text: &str, asked: &[(String, String)]) -> Vec<EndpointInside> {
    let told: BTreeMap<&str, &str> =
        text.lines().filter_map(|line| line.trim().split_once('|')).collect();
    let answer = |address: &str| match told.get(address) {
        None => EndpointAnswer::NotSeen("it could not be asked from inside".into()),
        Some(&"name") => EndpointAnswer::NoSuchHost,
        Some(&"names") => EndpointAnswer::NoNameServer,
        Some(words) => match words.strip_prefix("status ").map(str::parse) {
            Some(Ok(status)) => EndpointAnswer::Status(status),
            _ => EndpointAnswer::Unreachable((*words).to_owned()),
        },
    };
    asked
        .iter()
        .map(|(connection, address)| EndpointInside {
            connection: connection.clone(),
            address: address.clone(),
            answer: answer(address),
        })
        .collect()
}

/// The proxies that [`ASK_ADDRESSES`] connected to, or tried to.
pub fn read_proxies(text: &str) -> Vec<ProxyInside> {
    let proxy = |line: &str| {
        let (address, words) = line.trim().strip_prefix("proxy ")?.rsplit_once('|')?;
        let refusal = match words {
            "open" => None,
            "name" => Some("its name is not found inside".to_owned()),
            "names" => Some("no server for names gives an answer inside".to_owned()),
            words => Some(words.to_owned()),
        };
        Some(ProxyInside { address: address.to_owned(), refusal })
    };
    text.lines().filter_map(proxy).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_from_inside_are_read_by_port() {
        let answers = read_answers("8080|\n8081|healthy\nnoise\n");
        assert_eq!(answers.len(), 2);
        assert!(!answers[0].is_well() && answers[1].is_well());
    }

    #[test]
    fn what_was_looked_at_inside_is_read() {
        let look = read_look(
            "disk 4096 16 0 /data\nused 300\nlimit 1000\ncache 100\nload 0.52\nnames 10.0.0.2\nproxy https_proxy\njunk\n",
        );
        assert_eq!(look.disks, [DiskInside { at: "/data".into(), size: 65_536, free: 0 }]);
        assert_eq!(look.memory, Some(MemoryInside { used: 200, limit: 1000 }));
        assert_eq!(look.load, Some(0.52));
        assert_eq!(look.network.name_servers, ["10.0.0.2"]);
        assert_eq!(look.network.proxies, ["https_proxy"]);
        let unlimited = read_look("used 5\nlimit max\n");
        assert_eq!(unlimited.memory.map(|memory| memory.limit), Some(0));
        let first = read_look("used 5\nlimit 9223372036854771712\n");
        assert_eq!(first.memory.map(|memory| memory.limit), Some(0));
    }

    #[test]
    fn services_of_connections_are_told_by_what_they_answered() {
        let asked =
            ["a", "b", "c", "d", "e"].map(|name| (name.to_owned(), format!("https://{name}")));
        let told = "https://a|status 401\nhttps://b|name\nhttps://c|[Errno 111] Connection refused\nhttps://e|names\nproxy p:3128|open\nproxy q:80|timed out\nproxy r:80|name\n";
        let answers = read_addresses(told, &asked).into_iter().map(|one| one.answer);
        let expected = [
            EndpointAnswer::Status(401),
            EndpointAnswer::NoSuchHost,
            EndpointAnswer::Unreachable("[Errno 111] Connection refused".into()),
            EndpointAnswer::NotSeen("it could not be asked from inside".into()),
            EndpointAnswer::NoNameServer,
        ];
        assert_eq!(answers.collect::<Vec<_>>(), expected);
        let proxies: Vec<_> =
            read_proxies(told).into_iter().map(|one| (one.address, one.refusal)).collect();
        let [(open, None), (_, Some(late)), (_, Some(unknown))] = &proxies[..] else {
            panic!("{proxies:?}")
        };
        assert_eq!(open, "p:3128");
        assert_eq!(
            (late.as_str(), unknown.as_str()),
            ("timed out", "its name is not found inside")
        );
    }
}
