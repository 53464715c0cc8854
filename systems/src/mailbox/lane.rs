//! The way from this node to one other: a link, and which of its connections is the present one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{Link, Say};
use crate::node::spawn;
use crate::peers::Peers;

/// How long the other has to answer a beat, and a link to open.
const DEADLINE: Duration = Duration::from_millis(300);

/// Between two beats, and between two times that a message is sent.
const INTERVAL: Duration = Duration::from_millis(100);

/// How a message is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// It is sent once, behind those before it.
    Once,
    /// It is sent until it is acknowledged, whatever becomes of the others.
    Resent,
}

/// The way; clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Lane {
    peers: Peers<Say, bool>,
    to: Arc<str>,
    life: u64,
    /// The number of the present connection.
    number: Arc<AtomicU64>,
    delivery: Delivery,
}

impl Lane {
    pub(super) fn begin(peers: Peers<Say, bool>, to: Arc<str>, life: u64, delivery: Delivery) -> Lane {
        let lane = Lane { peers, to, life, number: Arc::default(), delivery };
        spawn(lane.clone().watch());
        lane
    }

    /// Beats, so that a connection that died in silence is given up: the link opens another, which gets another number.
    async fn watch(self) {
        loop {
            if self.peers.ask(&self.to, Say::Beat, DEADLINE).await.is_err() {
                self.number.fetch_add(1, Ordering::Relaxed);
            }
            tokio::time::sleep(INTERVAL).await;
        }
    }

    /// Hands a message to the link.
    pub(super) fn send(&self, letter: String) {
        let lane = self.clone();
        match self.delivery {
            Delivery::Once => spawn(lane.send_once(letter)),
            Delivery::Resent => spawn(lane.send_until_acknowledged(letter)),
        }
    }

    /// Tasks begin in the order in which they are spawned, and the link keeps the order of those who wait for it.
    async fn send_once(self, letter: String) {
        self.peers.tell(&self.to, self.mail(letter), DEADLINE).await;
    }

    async fn send_until_acknowledged(self, letter: String) {
        while self.peers.ask(&self.to, self.mail(letter.clone()), DEADLINE).await.is_err() {
            tokio::time::sleep(INTERVAL).await;
        }
    }

    fn mail(&self, letter: String) -> Say {
        let link = Link { life: self.life, number: self.number.load(Ordering::Relaxed) };
        Say::Mail { link, letter }
    }
}
