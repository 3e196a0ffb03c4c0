//! The rules of creating, starting, stopping, renaming and removing, in the engine's own words.

use domain::container::{ContainerState, PublishedPort};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    shape::{first_networks, merged_config},
    world::{TwinContainer, World},
};
use crate::{EngineError, ExecOutput, docker::convert};

fn refused(status: u16, message: String) -> EngineError {
    EngineError::Refused { status, message }
}

/// Two bindings that cannot both be had.
fn collide(one: &PublishedPort, other: &PublishedPort) -> bool {
    let every = |address: &str| matches!(address, "" | "0.0.0.0" | "::");
    one.host_port == other.host_port
        && one.protocol == other.protocol
        && (one.host_address == other.host_address
            || every(&one.host_address)
            || every(&other.host_address))
}

impl World {
    fn name_is_free(&self, name: &str) -> Result<(), EngineError> {
        match self.containers.iter().find(|item| item.name == name) {
            None => Ok(()),
            Some(holder) => Err(EngineError::Conflict(format!(
                "Conflict. The container name \"/{name}\" is already in use by container \"{}\". You have to remove (or rename) that container to be able to reuse that name.",
                holder.id
            ))),
        }
    }

    pub fn create(&mut self, name: &str, body: &Value) -> Result<String, EngineError> {
        let asked = convert::text(body, "/Image");
        let image = self.images.find(asked)?;
        self.name_is_free(name)?;
        let networks = first_networks(body);
        if networks.len() > 1 {
            let names: Vec<&str> = networks.keys().map(String::as_str).collect();
            return Err(refused(
                400,
                format!("Container cannot be connected to network endpoints: {}", names.join(", ")),
            ));
        }
        let config = merged_config(&image.config, body);
        let (mounts, anonymous) = self.new_mounts(&config, body);
        self.volumes.extend(anonymous.iter().cloned());
        let id = self.new_id();
        self.containers.push(TwinContainer {
            id: id.clone(),
            name: name.to_owned(),
            image_id: image.id,
            body: body.clone(),
            config,
            state: ContainerState::Created,
            exit_code: 0,
            error: String::new(),
            created: Timestamp::now(),
            started: None,
            finished: None,
            restart_count: 0,
            bound: Vec::new(),
            networks,
            mounts,
            anonymous,
            lines: Vec::new(),
        });
        self.tell_container(self.containers.len() - 1, "create", &[]);
        Ok(id)
    }

    pub fn start(&mut self, container: &str) -> Result<(), EngineError> {
        let at = self.position(container)?;
        if self.containers[at].is_running() {
            return Ok(());
        }
        let behaviour = self.behaviour(at);
        let obstacle = self.obstacle(at).or_else(|| {
            behaviour.refuses_start.map(|(status, words)| (127, refused(status, words)))
        });
        if let Some((exit_code, error)) = obstacle {
            // The state stays as it was, and no `die` is told.
            let item = &mut self.containers[at];
            item.exit_code = exit_code;
            item.error = error.words();
            return Err(error);
        }
        let mut bound = self.asked_ports(at);
        for port in &mut bound {
            if port.host_port == 0 {
                port.host_port = self.new_port();
            }
        }
        let item = &mut self.containers[at];
        item.bound = bound;
        item.state = ContainerState::Running;
        item.exit_code = 0;
        item.error.clear();
        item.started = Some(Timestamp::now());
        for (source, text) in &behaviour.log {
            item.log(*source, text);
        }
        self.tell_container(at, "start", &[]);
        if let Some(code) = behaviour.exits {
            self.process_ends(at, code);
        }
        Ok(())
    }

    fn asked_ports(&self, at: usize) -> Vec<PublishedPort> {
        // As inspect tells of a container that does not run: as asked for.
        convert::container(self.inspected(at), convert::Dialect::Docker).ports
    }

    /// Why a container cannot start here now, with the exit code that the engine notes.
    fn obstacle(&self, at: usize) -> Option<(i64, EngineError)> {
        let item = &self.containers[at];
        for network in item.networks.keys() {
            if !self.networks.contains(network) {
                return Some((128, EngineError::NotFound(format!("network {network} not found"))));
            }
        }
        let others = || self.containers.iter().filter(|other| other.is_running());
        let address =
            |endpoint: &Value| convert::text(endpoint, "/IPAMConfig/IPv4Address").to_owned();
        for (network, endpoint) in &item.networks {
            let wanted = address(endpoint);
            let taken = others()
                .filter_map(|other| other.networks.get(network))
                .any(|endpoint| address(endpoint) == wanted);
            if !wanted.is_empty() && taken {
                return Some((128, refused(403, "Address already in use".into())));
            }
        }
        let prefix = format!(
            "driver failed programming external connectivity on endpoint {} ({})",
            item.name, item.id
        );
        for port in self.asked_ports(at).iter().filter(|port| port.host_port != 0) {
            let (host, number) = (&port.host_address, port.host_port);
            if others().any(|other| other.bound.iter().any(|bound| collide(bound, port))) {
                let words =
                    format!("{prefix}: Bind for {host}:{number} failed: port is already allocated");
                return Some((128, refused(500, words)));
            }
            if self.held_ports.contains(&number) {
                let words = format!(
                    "{prefix}: Error starting userland proxy: listen tcp4 {host}:{number}: bind: address already in use"
                );
                return Some((128, refused(500, words)));
            }
        }
        None
    }

    /// The main process ended; what follows depends on the restart policy.
    pub fn process_ends(&mut self, at: usize, exit_code: i64) {
        self.ends(at, exit_code);
        let item = &mut self.containers[at];
        let again = match item.restart_policy() {
            "always" | "unless-stopped" => true,
            "on-failure" => exit_code != 0,
            _ => false,
        };
        if again {
            item.state = ContainerState::Restarting;
            item.restart_count += 1;
        } else {
            self.remove_if_asked(at);
        }
    }

    fn ends(&mut self, at: usize, exit_code: i64) {
        let item = &mut self.containers[at];
        item.state = ContainerState::Exited;
        item.exit_code = exit_code;
        item.finished = Some(Timestamp::now());
        item.bound.clear();
        self.tell_container(at, "die", &[("exitCode", &exit_code.to_string())]);
    }

    fn remove_if_asked(&mut self, at: usize) {
        let auto = self.containers[at].body.pointer("/HostConfig/AutoRemove");
        if auto == Some(&Value::Bool(true)) {
            self.take_away(at, true);
        }
    }

    pub fn stop(&mut self, container: &str) -> Result<(), EngineError> {
        let at = self.position(container)?;
        if !self.containers[at].is_running() {
            return Ok(());
        }
        let exit_code = if self.behaviour(at).ignores_stop { 137 } else { 143 };
        self.tell_container(at, "kill", &[]);
        self.ends(at, exit_code);
        self.tell_container(at, "stop", &[]);
        self.remove_if_asked(at);
        Ok(())
    }

    pub fn remove(
        &mut self,
        container: &str,
        force: bool,
        volumes: bool,
    ) -> Result<(), EngineError> {
        let Ok(at) = self.position(container) else { return Ok(()) };
        if self.containers[at].is_running() {
            if !force {
                return Err(EngineError::Conflict(format!(
                    "You cannot remove a running container {}. Stop the container before attempting removal or force remove",
                    self.containers[at].id
                )));
            }
            self.tell_container(at, "kill", &[]);
            self.ends(at, 137);
        }
        self.take_away(at, volumes);
        Ok(())
    }

    fn take_away(&mut self, at: usize, volumes: bool) {
        self.tell_container(at, "destroy", &[]);
        let gone = self.containers.remove(at);
        if volumes {
            // A volume that another container refers to stays.
            for name in gone.anonymous {
                let used = self.containers.iter().any(|item| {
                    item.mounts.iter().any(|mount| convert::text(mount, "/Name") == name)
                });
                if !used {
                    self.volumes.remove(&name);
                }
            }
        }
    }

    pub fn remove_volume(&mut self, name: &str) -> Result<(), EngineError> {
        let user = self
            .containers
            .iter()
            .find(|item| item.mounts.iter().any(|mount| convert::text(mount, "/Name") == name));
        if let Some(user) = user {
            return Err(EngineError::Conflict(format!(
                "remove {name}: volume is in use - [{}]",
                user.id
            )));
        }
        if self.volumes.remove(name) {
            Ok(())
        } else {
            Err(EngineError::NotFound(format!("get {name}: no such volume")))
        }
    }

    pub fn rename(&mut self, container: &str, name: &str) -> Result<(), EngineError> {
        let at = self.position(container)?;
        self.name_is_free(name)?;
        let old = std::mem::replace(&mut self.containers[at].name, name.to_owned());
        self.tell_container(at, "rename", &[("oldName", &old)]);
        Ok(())
    }

    pub fn set_restart_policy(&mut self, at: usize, policy: &Value) {
        let item = &mut self.containers[at];
        if !item.body.get("HostConfig").is_some_and(Value::is_object) {
            item.body["HostConfig"] = json!({});
        }
        item.body["HostConfig"]["RestartPolicy"] = policy.clone();
        self.tell_container(at, "update", &[]);
    }

    pub fn connect_network(
        &mut self,
        network: &str,
        container: &str,
        endpoint: &Value,
    ) -> Result<(), EngineError> {
        let at = self.position(container)?;
        if !self.networks.contains(network) {
            return Err(EngineError::NotFound(format!("network {network} not found")));
        }
        let item = &mut self.containers[at];
        if item.networks.contains_key(network) {
            return Err(refused(
                403,
                format!("endpoint with name {} already exists in network {network}", item.name),
            ));
        }
        let endpoint = if endpoint.is_null() { json!({}) } else { endpoint.clone() };
        item.networks.insert(network.to_owned(), endpoint);
        Ok(())
    }

    pub fn remove_image(&mut self, reference: &str) -> Result<(), EngineError> {
        let image = self.images.find(reference)?;
        if let Some(user) = self.containers.iter().find(|item| item.image_id == image.id) {
            return Err(EngineError::Conflict(format!(
                "conflict: unable to remove repository reference \"{reference}\" (must force) - container {} is using its referenced image {}",
                &user.id[..12],
                &image.id[7..19]
            )));
        }
        let gone = self.images.remove(reference)?;
        self.tell_image("untag", &image.id);
        if let Some(id) = gone {
            self.tell_image("delete", &id);
        }
        Ok(())
    }

    pub fn exec(&self, container: &str, command: &[String]) -> Result<ExecOutput, EngineError> {
        let at = self.running(container)?;
        let known = self.behaviour(at).exec.into_iter().find(|(words, _)| words == command);
        Ok(known.map_or_else(
            || ExecOutput {
                exit_code: 127,
                out: String::new(),
                error: format!(
                    "exec: \"{}\": executable file not found in $PATH",
                    command.first().map_or("", String::as_str)
                ),
            },
            |(_, output)| output,
        ))
    }
}
