//! Where a runtime is reached.

use domain::container::PublishedPort;

use super::*;

#[test]
fn each_kind_of_addresses_is_asked_at_its_own_number() {
    let world = World::new();
    paused(async {
        let app = world.app().await;
        create(&app, draft("eval")).await;
        let mut container = world.container("eval").expect("there");
        let target = container.ports[0].container_port;
        let at = |container_port, address: &str, host_port| PublishedPort {
            container_port,
            protocol: "tcp".into(),
            host_address: address.into(),
            host_port,
        };
        for (ports, expected) in [
            (vec![at(target, "::", 2), at(target, "0.0.0.0", 1)], "http://127.0.0.1:1"),
            (vec![at(9, "0.0.0.0", 3), at(target, "::", 2)], "http://[::1]:2"),
            (vec![at(target, "", 4), at(9, "0.0.0.0", 3)], "http://127.0.0.1:4"),
            (vec![at(target, "192.0.2.7", 5)], "http://192.0.2.7:5"),
        ] {
            container.ports = ports;
            assert_eq!(crate::table::endpoint(&container).as_deref(), Some(expected));
        }
    });
}
