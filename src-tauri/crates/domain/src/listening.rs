//! Which addresses something listens on, from the kernel's table.
//! Form: `/proc/net/tcp` and `tcp6`, <https://docs.kernel.org/networking/proc_net_tcp.html>.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The state `LISTEN` in the table.
const LISTEN: &str = "0A";

/// Reads the listening sockets from one or both tables; lines of another form are passed over.
pub fn read(table: &str) -> Vec<SocketAddr> {
    let mut found: Vec<SocketAddr> = table
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace().skip(1);
            let local = words.next()?;
            let _remote = words.next()?;
            (words.next()? == LISTEN).then_some(local)
        })
        .filter_map(address)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    // Words of 32 bits in the machine's own order, which is little-endian wherever images run.
    let word = |at: usize| u32::from_str_radix(host.get(at..at + 8)?, 16).ok().map(u32::swap_bytes);
    let host: IpAddr = match host.len() {
        8 => Ipv4Addr::from(word(0)?).into(),
        32 => {
            let words = [word(0)?, word(8)?, word(16)?, word(24)?];
            let number = words.iter().fold(0u128, |all, part| (all << 32) | u128::from(*part));
            Ipv6Addr::from(number).into()
        }
        _ => return None,
    };
    Some(SocketAddr::new(host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listening_sockets_are_read_from_both_tables() {
        let table = "  sl  local_address rem_address   st\n   0: 0100007F:1F90 00000000:0000 0A 0\n   1: 0100007F:0050 0200007F:1234 01 0\n   0: 00000000000000000000000000000000:1F91 00000000000000000000000000000000:0000 0A\n   2: 00000000000000000000000001000000:0016 00000000000000000000000000000000:0000 0A\njunk\n";
        let told: Vec<String> = read(table).iter().map(ToString::to_string).collect();
        assert_eq!(told, ["127.0.0.1:8080", "[::]:8081", "[::1]:22"]);
    }
}
