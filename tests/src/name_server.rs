//! A server for names that knows none: it says of each that it does not exist.

use std::net::{IpAddr, UdpSocket};

use crate::error::PartResult;

/// Answers at port 53 of this address until the process ends. Returns at once.
pub fn start(at: IpAddr) -> PartResult<()> {
    let socket = UdpSocket::bind((at, 53))?;
    std::thread::spawn(move || {
        let mut question = [0; 512];
        while let Ok((length, who)) = socket.recv_from(&mut question) {
            let Some(answer) = question.get_mut(..length).filter(|question| question.len() > 3)
            else {
                continue;
            };
            // The question again, as an answer: recursion is there, and the name is not (RFC 1035, 4.1.1).
            answer[2] |= 0x80;
            answer[3] = 0x83;
            let _ = socket.send_to(answer, who);
        }
    });
    Ok(())
}
