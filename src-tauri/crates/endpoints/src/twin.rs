//! A twin of the services: answers are scripted, keys are checked.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use domain::{
    connection::{Answer, Miss, Probe},
    secret::Secret,
};
use serde_json::Value;

use crate::Endpoints;

/// Services in memory, by the beginning of their addresses. An address that was never scripted has no host.
#[derive(Debug, Default)]
pub struct TwinEndpoints {
    world: Mutex<World>,
}

#[derive(Debug, Default)]
struct World {
    services: HashMap<String, Service>,
    asked: Vec<String>,
}

#[derive(Debug)]
enum Service {
    /// The key that it takes, and what it answers then.
    Serves(Secret, Value),
    Answers(Answer),
    Misses(Miss),
}

impl TwinEndpoints {
    /// No service anywhere.
    pub fn new() -> Self {
        Self::default()
    }

    /// A service that answers whoever has the key with this, and others with 401.
    pub fn serve(&self, address: &str, key: &str, body: Value) {
        let service = Service::Serves(Secret::new(key.to_owned()), body);
        self.lock().services.insert(address.to_owned(), service);
    }

    /// From now on it answers so, whatever the key.
    pub fn answer(&self, address: &str, answer: Answer) {
        self.lock().services.insert(address.to_owned(), Service::Answers(answer));
    }

    /// From now on it cannot be asked.
    pub fn miss(&self, address: &str, miss: Miss) {
        self.lock().services.insert(address.to_owned(), Service::Misses(miss));
    }

    /// Where requests went so far.
    pub fn asked(&self) -> Vec<String> {
        self.lock().asked.clone()
    }

    fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Endpoints for TwinEndpoints {
    async fn ask(&self, probe: &Probe, secret: &Secret, _limit: Duration) -> Result<Answer, Miss> {
        let mut world = self.lock();
        world.asked.push(probe.url.clone());
        let found = world.services.iter().find(|(address, _)| probe.url.starts_with(*address));
        let status = |status, json: Option<Value>| Answer {
            status,
            retry_after: None,
            excerpt: json.as_ref().map(Value::to_string).unwrap_or_default(),
            json,
        };
        match found.map(|(_, service)| service) {
            None => Err(Miss::NoSuchHost),
            Some(Service::Serves(key, body)) if key == secret => {
                Ok(status(200, Some(body.clone())))
            }
            Some(Service::Serves(..)) => Ok(status(401, None)),
            Some(Service::Answers(answer)) => Ok(answer.clone()),
            Some(Service::Misses(miss)) => Err(miss.clone()),
        }
    }
}
