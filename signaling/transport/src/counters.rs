//! What happened, by word.

sip::words! {
    /// What is counted; each thing that is dropped, closed or refused at one place only.
    pub enum Count {
        /// Datagrams that were delivered.
        UdpReceived "udp_received",
        /// Datagrams that were handed to the kernel.
        UdpSent "udp_sent",
        /// Datagrams of unknown hosts, dropped unread.
        UdpStranger "udp_stranger",
        /// Datagrams without a message: line ends and zeros that keep a NAT open.
        UdpEmpty "udp_empty",
        /// Datagrams that the kernel dropped because nobody had taken those before.
        UdpLost "udp_lost",
        /// Datagrams that could not be sent.
        UdpUnsent "udp_unsent",
        /// Datagrams that did not arrive, as ICMP says.
        UdpRefused "udp_refused",
        /// INVITEs of unknown hosts that were delivered, by whatever protocol.
        StrangerInvited "stranger_invited",
        /// INVITEs of unknown hosts beyond those that are heard in a second.
        StrangerThrottled "stranger_throttled",
        /// Messages from connections that were delivered.
        StreamReceived "stream_received",
        /// Messages that were written to connections.
        StreamSent "stream_sent",
        /// Pings that were answered.
        Ping "ping",
        /// Connections that came in.
        Accepted "accepted",
        /// Connections that were opened to others.
        Connected "connected",
        /// Handshakes of TLS that succeeded.
        Handshaken "handshaken",
        /// Connections that the kernel could not accept, for lack of descriptors or memory.
        AcceptFailed "accept_failed",
        /// Connections refused because there are too many.
        ConnectionsFull "connections_full",
        /// Connections refused because their host has too many.
        HostFull "host_full",
        /// Connections refused because too many others are in the middle of a handshake.
        HandshakesFull "handshakes_full",
        /// Connections refused because too many unknown hosts have one.
        StrangersFull "strangers_full",
        /// Connections of unknown hosts that neither invited nor named a host of ours.
        StrangerClosed "stranger_closed",
        /// Connections that their peers ended.
        PeerClosed "peer_closed",
        /// Connections that broke.
        Broken "broken",
        /// Connections that could not be opened in time.
        ConnectTimeout "connect_timeout",
        /// Connections that could not be opened.
        ConnectFailed "connect_failed",
        /// Handshakes that took too long.
        HandshakeTimeout "handshake_timeout",
        /// Handshakes that failed.
        HandshakeFailed "handshake_failed",
        /// Connections that were closed because a message did not end in time.
        PartialTimeout "partial_timeout",
        /// Connections that were closed because their peer did not read.
        SlowReader "slow_reader",
        /// Connections that were closed because nothing came for long.
        Idle "idle",
        /// Connections that were closed because where the next message begins is not known.
        Malformed "malformed",
        /// Connections that were closed because they speak another protocol, such as HTTP.
        NotSip "not_sip",
    }
}

/// Counts since the start. None of them ever falls.
#[derive(Clone, Debug)]
pub struct Counters([u64; Count::ALL.len()]);

impl Counters {
    pub(crate) const fn new() -> Self {
        Self([0; Count::ALL.len()])
    }

    /// Returns one count.
    pub fn of(&self, count: Count) -> u64 {
        self.0.get(count as usize).copied().unwrap_or(0)
    }

    /// Returns every count with its word, always in the same order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Count::ALL.iter().zip(&self.0).map(|(count, number)| (count.word(), *number))
    }

    pub(crate) fn add(&mut self, count: Count) {
        self.add_many(count, 1);
    }

    pub(crate) fn add_many(&mut self, count: Count, number: u64) {
        if let Some(sum) = self.0.get_mut(count as usize) {
            *sum = sum.saturating_add(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_count_has_a_word_and_a_place_of_its_own() {
        let mut counters = Counters::new();
        for (at, &count) in Count::ALL.iter().enumerate() {
            counters.add_many(count, at as u64);
        }
        for (at, (&count, (word, number))) in Count::ALL.iter().zip(counters.iter()).enumerate() {
            assert_eq!((count.word(), counters.of(count)), (word, number));
            assert_eq!(number, at as u64);
            assert_eq!(Count::ALL.iter().filter(|other| other.word() == word).count(), 1, "{word}");
        }
    }
}
