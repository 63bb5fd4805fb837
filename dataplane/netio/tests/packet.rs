//! Packet sockets on a virtual cable: whole frames, many at once.

use std::io::Write;
use std::time::{Duration, Instant};

use netio::{BATCH_MAX, DriverError, PacketSocket};

use veth::{NEAR, Veth, ip};

#[path = "contract/veth.rs"]
mod veth;

/// How long to wait for what must happen. Only a failing test waits so long.
const PATIENCE: Duration = Duration::from_secs(10);
/// IEEE 802 keeps this type of content for experiments, so that no kernel mixes in.
const EXPERIMENT: [u8; 2] = [0x88, 0xb5];

#[test]
fn frames_arrive_whole_and_in_order_at_the_other_end_alone() {
    let Some((mut near, mut far)) = ends() else { return };
    for round in 0..8_usize {
        let frames: Vec<_> =
            (0..BATCH_MAX).map(|place| frame(round * BATCH_MAX + place, 60 + 10 * place)).collect();
        assert_eq!(near.send(frames.iter().map(Vec::as_slice)), Ok(BATCH_MAX));
        assert_eq!(received(&mut far, BATCH_MAX, 2048), frames.into_iter().map(Some).collect::<Vec<_>>());
    }
    let answer = frame(7, 100);
    assert_eq!(far.send([answer.as_slice()]), Ok(1));
    assert_eq!(
        received(&mut near, 1, 2048),
        [Some(answer)],
        "what was sent before is not heard by its sender"
    );
    assert_eq!((near.dropped(), far.dropped()), (0, 0));
}

#[test]
fn more_frames_than_a_batch_are_left_to_the_caller() {
    let Some((mut near, mut far)) = ends() else { return };
    let frames: Vec<_> = (0..BATCH_MAX + 9).map(|place| frame(place, 60)).collect();
    assert_eq!(near.send(frames.iter().map(Vec::as_slice)), Ok(BATCH_MAX));
    assert_eq!(near.send(frames[BATCH_MAX..].iter().map(Vec::as_slice)), Ok(9));
    assert_eq!(near.send([]), Ok(0));
    assert_eq!(received(&mut far, frames.len(), 2048).len(), frames.len());
}

#[test]
fn a_frame_that_does_not_fit_its_buffer_has_no_length() {
    let Some((mut near, mut far)) = ends() else { return };
    let (short, long) = (frame(1, 100), frame(2, 101));
    assert_eq!(near.send([short.as_slice(), long.as_slice()]), Ok(2));
    assert_eq!(received(&mut far, 2, 100), [Some(short), None]);
}

#[test]
fn frames_that_nobody_receives_are_counted() {
    let Some((mut near, mut far)) = ends() else { return };
    let large = frame(1, 1500);
    let start = Instant::now();
    while far.dropped() == 0 {
        near.send(vec![large.as_slice(); BATCH_MAX]).expect("the cable takes it");
        assert!(start.elapsed() < PATIENCE, "the buffer of the socket has an end");
    }
    let before = far.dropped();
    assert!(far.dropped() >= before, "the count only rises");
}

#[test]
fn a_vanished_interface_is_told() {
    let Some((mut near, _far)) = ends() else { return };
    ip(&format!("link delete {NEAR}")).expect("the command is right");
    let told = near.send([frame(1, 60).as_slice()]);
    assert_eq!(told, Err(DriverError::InterfaceGone));
}

#[test]
fn an_unknown_interface_is_refused_with_what_to_type() {
    let refused = PacketSocket::open("nowhere0").err().expect("there is no such interface");
    assert!(refused.to_string().contains("nowhere0") && refused.remedy.contains("ip link"), "{refused}");
    assert!(PacketSocket::open("a\0b").is_err());
}

/// Lays a cable with a socket at each end, or says loudly why not.
fn ends() -> Option<(PacketSocket, PacketSocket)> {
    let veth = match Veth::new(1) {
        Ok(veth) => veth,
        Err(lacking) => {
            writeln!(std::io::stderr(), "SKIPPED: packet sockets: {lacking}").expect("stderr is open");
            return None;
        }
    };
    veth.introduce();
    let near = PacketSocket::open(NEAR).unwrap_or_else(|error| panic!("{error}"));
    let far = veth.at_far_end(|| PacketSocket::open("far")).unwrap_or_else(|error| panic!("{error}"));
    Some((near, far))
}

/// A frame for everybody, with its number and a pattern.
fn frame(number: usize, len: usize) -> Vec<u8> {
    let mut frame =
        [&[0xff; 6][..], &[2, 0, 0, 0, 0, 1], &EXPERIMENT, &(number as u32).to_be_bytes()].concat();
    frame.extend((frame.len()..len).map(|at| (at * 7 + number) as u8));
    frame
}

/// Receives until so many of our frames have come; the kernel sends others of its own. A frame that was cut off is one
/// of ours: the kernel's are shorter.
fn received(socket: &mut PacketSocket, count: usize, room: usize) -> Vec<Option<Vec<u8>>> {
    let mut buffers = vec![vec![0; room]; BATCH_MAX];
    let mut all = Vec::new();
    let start = Instant::now();
    while all.len() < count && start.elapsed() < PATIENCE {
        socket.wait(Duration::from_millis(100));
        let came = socket.receive(buffers.iter_mut().map(Vec::as_mut_slice)).expect("the socket works");
        for (place, buffer) in buffers[..came].iter().enumerate() {
            if buffer[12..14] == EXPERIMENT {
                all.push(socket.received(place).map(|len| buffer[..len].to_vec()));
            }
        }
        assert_eq!(socket.received(came), None);
    }
    all
}
