//! What a link must know of the packets it carries.

use crate::random::Random;

/// Lets a type travel over a link.
pub trait Packet: Clone {
    /// Returns how many bytes it takes on the wire; the rate and the MTU count them. What lies below (IP,
    /// Ethernet) is counted if the caller counts it.
    fn bytes(&self) -> usize;

    /// Changes it as a bad wire would. A type that stands for what checksums protect does nothing.
    fn corrupt(&mut self, random: &mut Random);
}

impl Packet for Vec<u8> {
    fn bytes(&self) -> usize {
        self.len()
    }

    /// Flips one bit; an empty packet has none.
    fn corrupt(&mut self, random: &mut Random) {
        let bit = random.below(self.len() as u64 * 8);
        if let Some(byte) = self.get_mut((bit / 8) as usize) {
            *byte ^= 1 << (bit % 8);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corruption_flips_exactly_one_bit() {
        let mut random = Random::new(5);
        for _ in 0..100 {
            let mut packet = vec![0xff; 20];
            packet.corrupt(&mut random);
            assert_eq!(packet.iter().map(|byte| byte.count_zeros()).sum::<u32>(), 1);
        }
    }

    #[test]
    fn an_empty_packet_stays_as_it_is() {
        let mut packet = Vec::new();
        packet.corrupt(&mut Random::new(5));
        assert_eq!(packet, [0; 0]);
    }
}
