//! What somebody does by hand, beside the application.

use domain::container::ContainerState;
use serde_json::json;

use super::world::World;

/// One thing that somebody does with Docker's own client. A container that is not there is let be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hand {
    Stop(&'static str),
    Start(&'static str),
    Pause(&'static str),
    /// `docker rm -f`.
    Remove(&'static str),
    Rename(&'static str, &'static str),
    /// `docker container prune`: every container that does not run.
    Prune,
    /// `docker update --memory`, in bytes.
    LimitMemory(&'static str, u64),
    /// Another program takes this port.
    HoldPort(u16),
}

impl World {
    pub fn by_hand(&mut self, hand: Hand) {
        // What a person is refused changes nothing.
        let _ = match hand {
            Hand::Stop(name) => self.stop(name),
            Hand::Start(name) => self.start(name),
            Hand::Remove(name) => self.remove(name, true, false),
            Hand::Rename(name, other) => self.rename(name, other),
            Hand::Pause(name) => self.running(name).map(|at| {
                self.containers[at].state = ContainerState::Paused;
                self.tell_container(at, "pause", &[]);
            }),
            Hand::Prune => {
                let idle = self.containers.iter().filter(|item| !item.is_running());
                let ids: Vec<String> = idle.map(|item| item.id.clone()).collect();
                ids.iter().try_for_each(|id| self.remove(id, false, false))
            }
            Hand::LimitMemory(name, bytes) => self.position(name).map(|at| {
                self.containers[at].body["HostConfig"]["Memory"] = json!(bytes);
                self.tell_container(at, "update", &[]);
            }),
            Hand::HoldPort(port) => {
                self.held_ports.insert(port);
                Ok(())
            }
        };
    }
}
