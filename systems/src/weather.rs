//! The weather on the links: what the network does to single messages, beside cutting and delaying them.
//!
//! A message between nodes is a frame on a link that promises no delivery: it can be lost, doubled, overtaken or damaged.
//! HTTP and Redis go over TCP, which hides all of that at the price of time: a segment that is lost or damaged is sent
//! again after a time-out, and duplicates are thrown away (RFC 9293; the first retransmission time-out of Linux). On a narrow
//! link both wait until what was sent before has left.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use rand::Rng;
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

use crate::dice::dice;

/// How long TCP waits before it sends a lost segment again.
pub(crate) const RETRANSMISSION: Duration = Duration::from_millis(200);

/// How often which mishap befalls a message, each in a thousandth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conditions {
    /// The message is lost.
    pub loss_permille: u16,
    /// It arrives twice.
    pub duplication_permille: u16,
    /// The next message overtakes it.
    pub reordering_permille: u16,
    /// A bit of it is flipped.
    pub corruption_permille: u16,
    /// How much the link carries; as much as is sent, if this is not said.
    pub bytes_per_s: Option<u32>,
}

impl Conditions {
    /// Both mishaps together, each at its worse rate.
    #[must_use]
    pub fn worse(self, other: Conditions) -> Conditions {
        Conditions {
            loss_permille: self.loss_permille.max(other.loss_permille),
            duplication_permille: self.duplication_permille.max(other.duplication_permille),
            reordering_permille: self.reordering_permille.max(other.reordering_permille),
            corruption_permille: self.corruption_permille.max(other.corruption_permille),
            bytes_per_s: [self.bytes_per_s, other.bytes_per_s].into_iter().flatten().min(),
        }
    }
}

/// What befalls one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Delivered,
    Lost,
    Doubled,
    Overtaken,
    /// A bit is flipped, chosen by this number.
    Damaged(u32),
}

/// How many messages met with which mishap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mishaps {
    /// Lost, or sent again later by TCP.
    pub lost: u64,
    /// Arrived twice.
    pub doubled: u64,
    /// Overtaken by the next one.
    pub overtaken: u64,
    /// Damaged.
    pub damaged: u64,
    /// Had to wait until a narrow link had room.
    pub queued: u64,
}

/// The weather of a whole run; clones are the same.
#[derive(Clone, Debug)]
pub struct Weather {
    seed: u64,
    /// Whether it was ever bad: fair weather costs nothing.
    stormy: Arc<AtomicBool>,
    links: Arc<Mutex<Links>>,
}

/// By sender, then by receiver.
type Links = BTreeMap<String, BTreeMap<String, Link>>;

#[derive(Debug)]
struct Link {
    conditions: Conditions,
    dice: ChaCha8Rng,
    mishaps: Mishaps,
    /// When all that was sent so far will have left, in simulated time.
    free_at: Duration,
}

impl Weather {
    /// Fair weather everywhere; each direction of each link draws from its own labelled stream of `seed`.
    pub fn fair(seed: u64) -> Weather {
        Weather { seed, stormy: Arc::default(), links: Arc::default() }
    }

    /// Sets the conditions for messages from one host to another.
    pub fn set(&self, from: &str, to: &str, conditions: Conditions) {
        self.stormy.store(true, Ordering::Relaxed);
        let mut links = self.links.lock().expect("no holder panics");
        let link = links.entry(from.to_owned()).or_default().entry(to.to_owned()).or_insert_with(|| Link {
            conditions: Conditions::default(),
            dice: dice(self.seed, &format!("weather {from} to {to}")),
            mishaps: Mishaps::default(),
            free_at: Duration::ZERO,
        });
        link.conditions = conditions;
        if conditions.bytes_per_s.is_none() {
            // What waited has left.
            link.free_at = Duration::ZERO;
        }
    }

    /// Every direction of a link that was ever set, as from and to.
    pub fn links(&self) -> Vec<(String, String)> {
        let links = self.links.lock().expect("no holder panics");
        links.iter().flat_map(|(from, links)| links.keys().map(|to| (from.clone(), to.clone()))).collect()
    }

    /// What befell messages from one host to another so far.
    pub fn mishaps(&self, from: &str, to: &str) -> Mishaps {
        let links = self.links.lock().expect("no holder panics");
        links.get(from).and_then(|links| links.get(to)).map(|link| link.mishaps).unwrap_or_default()
    }

    /// When so many bytes that are sent `now` will have left, behind all that was sent before; `None` if nothing holds them up.
    pub(crate) fn queue(&self, from: &str, to: &str, size_bytes: usize, now: Duration) -> Option<Duration> {
        let mut links = self.stormy_links()?;
        let link = links.get_mut(from)?.get_mut(to)?;
        let bytes_per_s = u64::from(link.conditions.bytes_per_s?.max(1));
        let takes_us = (size_bytes as u64).saturating_mul(1_000_000) / bytes_per_s;
        link.free_at = link.free_at.max(now) + Duration::from_micros(takes_us);
        link.mishaps.queued += 1;
        Some(link.free_at)
    }

    /// Whether a link is narrow: when it is no more, what waited leaves at once.
    pub(crate) fn is_narrow(&self, from: &str, to: &str) -> bool {
        let links = self.stormy_links();
        let link = links.as_ref().and_then(|links| links.get(from)?.get(to));
        link.is_some_and(|link| link.conditions.bytes_per_s.is_some())
    }

    fn stormy_links(&self) -> Option<MutexGuard<'_, Links>> {
        self.stormy.load(Ordering::Relaxed).then(|| self.links.lock().expect("no holder panics"))
    }

    /// Draws what befalls a frame between nodes.
    pub(crate) fn fate(&self, from: &str, to: &str) -> Fate {
        self.draw(from, to, true).unwrap_or(Fate::Delivered)
    }

    /// Draws whether TCP must send a segment again.
    pub(crate) fn retransmits(&self, from: &str, to: &str) -> bool {
        matches!(self.draw(from, to, false), Some(Fate::Lost | Fate::Damaged(_)))
    }

    /// Of a segment of TCP, which is no frame, nobody ever sees that it was doubled or overtaken: that counts as no mishap.
    fn draw(&self, from: &str, to: &str, framed: bool) -> Option<Fate> {
        let mut links = self.stormy_links()?;
        let Link { conditions, dice, mishaps, .. } = links.get_mut(from)?.get_mut(to)?;
        if *conditions == Conditions::default() {
            return None;
        }
        let mut happens = |permille: u16, count: &mut u64, seen: bool| {
            let happens = dice.random_range(0..1000) < permille;
            *count += u64::from(happens && seen);
            happens
        };
        Some(if happens(conditions.loss_permille, &mut mishaps.lost, true) {
            Fate::Lost
        } else if happens(conditions.duplication_permille, &mut mishaps.doubled, framed) {
            Fate::Doubled
        } else if happens(conditions.reordering_permille, &mut mishaps.overtaken, framed) {
            Fate::Overtaken
        } else if happens(conditions.corruption_permille, &mut mishaps.damaged, true) {
            Fate::Damaged(dice.random())
        } else {
            Fate::Delivered
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Conditions, Fate, Weather};

    #[test]
    fn each_direction_has_its_own_weather_and_its_own_dice() {
        let weather = Weather::fair(7);
        weather.set("a", "b", Conditions { loss_permille: 500, ..Conditions::default() });
        let fates = |weather: &Weather| (0..100).map(|_| weather.fate("a", "b")).collect::<Vec<_>>();
        let first = fates(&weather);
        let lost = first.iter().filter(|fate| **fate == Fate::Lost).count();
        assert!((30..70).contains(&lost), "{lost} of 100");
        assert_eq!(weather.mishaps("a", "b").lost, lost as u64);
        assert_eq!(weather.fate("b", "a"), Fate::Delivered);
        let again = Weather::fair(7);
        again.set("b", "a", Conditions { loss_permille: 500, ..Conditions::default() });
        again.set("a", "b", Conditions { loss_permille: 500, ..Conditions::default() });
        assert_eq!(fates(&again), first);
    }

    #[test]
    fn bytes_queue_on_a_narrow_link_until_it_is_wide_again() {
        let (weather, second) = (Weather::fair(7), Duration::from_secs(1));
        assert_eq!(weather.queue("a", "b", 1000, second), None);
        weather.set("a", "b", Conditions { bytes_per_s: Some(500), ..Conditions::default() });
        assert_eq!(weather.queue("a", "b", 1000, second), Some(3 * second));
        assert_eq!(weather.queue("a", "b", 500, 2 * second), Some(4 * second), "behind what was sent before");
        assert_eq!(weather.queue("b", "a", 500, second), None, "the other direction has a line of its own");
        weather.set("a", "b", Conditions::default());
        assert!(!weather.is_narrow("a", "b"));
        assert_eq!(weather.mishaps("a", "b").queued, 2);
        weather.set("a", "b", Conditions { bytes_per_s: Some(500), ..Conditions::default() });
        assert_eq!(weather.queue("a", "b", 500, 2 * second), Some(3 * second), "what waited has left by then");
    }
}
