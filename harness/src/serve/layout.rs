//! Where the hosts of a cluster are: every node has two ports of the loopback interface, one for its clients and one for its
//! peers. Whoever knows the first port and the number of nodes knows them all.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;

use netsplit_systems::net::AddressBook;
use netsplit_systems::node::{HTTP_PORT, PEER_PORT, REDIS, REDIS_PORT};

/// A node's port for its peers is its port for its clients plus this; more nodes than that would run into one another.
const TO_PEERS: u16 = 100;

/// The most nodes of a cluster.
pub const MOST_NODES: u16 = TO_PEERS;

/// How often free ports are looked for.
const ATTEMPTS: usize = 100;

/// Why there is no place for a cluster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoPlace {
    /// The number of nodes.
    #[error("a cluster on one machine has 1 to {MOST_NODES} nodes, not {0}")]
    Nodes(u16),
    /// The last port would be beyond 65,535.
    #[error("{nodes} nodes from port {first_port} on would need ports above 65535: choose a lower --port")]
    Ports {
        /// How many nodes.
        nodes: u16,
        /// The port of the first.
        first_port: u16,
    },
    /// Somebody listens there.
    #[error("port {port} can't be used ({reason}): choose others with --port, or --port 0 for any that are free")]
    Taken {
        /// Where.
        port: u16,
        /// What the system says.
        reason: String,
    },
}

/// The addresses of a cluster's hosts.
#[derive(Clone, Debug)]
pub struct Layout {
    nodes: u16,
    first_port: u16,
    redis: Option<SocketAddr>,
}

impl Layout {
    /// `nodes` nodes whose clients find them at `first_port` and the ports behind it.
    pub fn new(nodes: u16, first_port: u16) -> Result<Layout, NoPlace> {
        if !(1..=MOST_NODES).contains(&nodes) {
            return Err(NoPlace::Nodes(nodes));
        }
        if first_port.checked_add(TO_PEERS + nodes).is_none() {
            return Err(NoPlace::Ports { nodes, first_port });
        }
        Ok(Layout { nodes, first_port, redis: None })
    }

    /// The same at ports that are free now.
    pub fn free(nodes: u16) -> Result<Layout, NoPlace> {
        let mut refused = NoPlace::Nodes(nodes);
        for _ in 0..ATTEMPTS {
            let found = free_port()
                .map_err(|error| NoPlace::Taken { port: 0, reason: error.to_string() })
                .and_then(|port| Layout::new(nodes, port))
                .and_then(|layout| layout.must_be_free().map(|()| layout));
            match found {
                Ok(layout) => return Ok(layout),
                Err(error) => refused = error,
            }
        }
        Err(refused)
    }

    /// The same nodes, standing on the Redis at this address.
    #[must_use]
    pub fn on(self, redis: Option<SocketAddr>) -> Layout {
        Layout { redis, ..self }
    }

    /// An `Err` names a port that somebody listens on.
    pub fn must_be_free(&self) -> Result<(), NoPlace> {
        for port in self.names().iter().flat_map(|name| [self.clients_of(name), self.peers_of(name)]) {
            TcpListener::bind(port)
                .map_err(|error| NoPlace::Taken { port: port.port(), reason: error.kind().to_string() })?;
        }
        Ok(())
    }

    /// `n1`, `n2`, …
    pub fn names(&self) -> Vec<Arc<str>> {
        (1..=self.nodes).map(|number| format!("n{number}").into()).collect()
    }

    /// The first port.
    pub fn first_port(&self) -> u16 {
        self.first_port
    }

    /// The Redis.
    pub fn redis(&self) -> Option<SocketAddr> {
        self.redis
    }

    /// Where clients find a node of this cluster.
    pub fn clients_of(&self, node: &str) -> SocketAddr {
        loopback(self.first_port + place(node))
    }

    fn peers_of(&self, node: &str) -> SocketAddr {
        loopback(self.first_port + TO_PEERS + place(node))
    }

    /// The addresses, as a node's network wants them.
    pub fn book(&self) -> AddressBook {
        let mut book = AddressBook::new();
        for name in self.names() {
            book.insert((name.clone(), HTTP_PORT), self.clients_of(&name));
            book.insert((name.clone(), PEER_PORT), self.peers_of(&name));
        }
        book.extend(self.redis.map(|redis| ((REDIS.into(), REDIS_PORT), redis)));
        book
    }
}

fn place(node: &str) -> u16 {
    let number: u16 = node.trim_start_matches('n').parse().expect("the names are n1, n2, …");
    number - 1
}

fn loopback(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// A port that nobody listens on now.
pub(crate) fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(loopback(0))?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_port_of_a_cluster_is_another() {
        let layout = Layout::new(MOST_NODES, 8001).unwrap();
        let ports: std::collections::BTreeSet<SocketAddr> = layout.book().into_values().collect();
        assert_eq!(ports.len(), 2 * usize::from(MOST_NODES));
        assert_eq!(layout.clients_of("n3"), "127.0.0.1:8003".parse().unwrap());
    }

    #[test]
    fn ports_that_are_too_high_or_taken_are_named() {
        assert_eq!(Layout::new(3, 65_500).unwrap_err(), NoPlace::Ports { nodes: 3, first_port: 65_500 });
        assert_eq!(Layout::new(0, 8001).unwrap_err(), NoPlace::Nodes(0));
        let layout = Layout::free(3).unwrap();
        let _taken = TcpListener::bind(layout.peers_of("n2")).unwrap();
        let refused = layout.must_be_free().unwrap_err();
        assert!(matches!(refused, NoPlace::Taken { port, .. } if port == layout.peers_of("n2").port()), "{refused}");
    }
}
