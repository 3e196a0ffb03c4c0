//! The rules of the single links.

mod ending;
mod engine;
mod flows;
mod image;
mod port;
mod resources;
mod running;
mod service;
mod words;

pub(super) use ending::state_words;
pub(super) use port::{inside_words, listening_words};
pub(super) use words::own;

use super::{chain::Judged, check::Link, facts::Facts};

/// Judges a link; `None` = what it needs was not looked at.
pub(super) fn judge(link: Link, facts: &Facts) -> Option<Judged> {
    match link {
        Link::Compute => engine::compute(facts),
        Link::Permission => engine::permission(facts),
        Link::Image => image::image(facts),
        Link::Container => running::container(facts),
        Link::Started => running::started(facts),
        Link::Running => running::running(facts),
        Link::PortPublished => port::published(facts),
        Link::Listening => port::listening(facts),
        Link::Reachable => port::reachable(facts),
        Link::Health => service::health(facts),
        Link::Protocol => service::protocol(facts),
        Link::Versions => service::versions(facts),
        Link::Disk => resources::disk(facts),
        Link::Memory => resources::memory(facts),
        Link::Processor => resources::processor(facts),
        Link::Clock => resources::clock(facts),
        Link::Network => resources::network(facts),
        Link::ModelEndpoints => resources::endpoints(facts),
        Link::Flows => flows::flows(facts),
    }
}
