//! Classic pcap files, in either byte order, with time in microseconds or nanoseconds.
//!
//! The header of the input, and the time of each packet, go into the output as they are; only lengths are read.

use std::error::Error;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Reads the packets of a capture, one after the other.
pub(crate) struct Reader {
    input: BufReader<File>,
    metadata: Metadata,
    header: [u8; HEADER_LEN],
    order: ByteOrder,
    records: u64,
}

/// One packet of a capture.
#[derive(Default)]
pub(crate) struct Record {
    time: [u8; 8],
    /// The bytes that were captured.
    pub(crate) frame: Vec<u8>,
    /// How many bytes the packet had on the wire.
    original_len: u32,
}

impl Record {
    /// Tells whether the capture kept less than the packet had.
    pub(crate) fn is_cut_short(&self) -> bool {
        self.frame.len() < self.original_len as usize
    }
}

impl Reader {
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let name = path.display();
        let file = File::open(path).map_err(|error| format!("{name}: {error}"))?;
        let metadata = file.metadata()?;
        let mut input = BufReader::new(file);
        let mut header = Vec::new();
        input.by_ref().take(HEADER_LEN as u64).read_to_end(&mut header)?;

        let order = match header.first_chunk() {
            Some([0xa1, 0xb2, 0xc3, 0xd4] | [0xa1, 0xb2, 0x3c, 0x4d]) => ByteOrder::Big,
            Some([0xd4, 0xc3, 0xb2, 0xa1] | [0x4d, 0x3c, 0xb2, 0xa1]) => ByteOrder::Little,
            Some([0x0a, 0x0d, 0x0d, 0x0a]) => {
                let reason = "wanted a classic pcap file, found pcapng";
                return Err(format!("{name}: {reason}; type: editcap -F pcap {name} out.pcap").into());
            }
            _ => return Err(format!("{name}: wanted a pcap file, found something else").into()),
        };
        let Ok(header) = <[u8; HEADER_LEN]>::try_from(header) else {
            return Err(format!("{name}: ends within its file header").into());
        };
        Ok(Self { input, metadata, header, order, records: 0 })
    }

    /// Returns the number of the link layer that the frames begin with.
    pub(crate) fn link_type(&self) -> u32 {
        let [.., a, b, c, d] = self.header;
        // The high bits say whether frames end in a checksum, which nothing here looks at.
        self.order.decode([a, b, c, d]) & 0xffff
    }

    /// Replaces the record by the next one; returns whether there was one.
    pub(crate) fn read(&mut self, record: &mut Record) -> Result<bool> {
        let number = self.records + 1;
        let mut header = [0; RECORD_HEADER_LEN];
        record.frame.clear();
        match self.read_up_to(RECORD_HEADER_LEN, &mut record.frame)? {
            0 => return Ok(false),
            RECORD_HEADER_LEN => header.copy_from_slice(&record.frame),
            _ => return Err(format!("ends within the header of packet {number}").into()),
        }
        let [time @ .., c0, c1, c2, c3, o0, o1, o2, o3] = header;
        let captured_len = self.order.decode([c0, c1, c2, c3]) as usize;
        if captured_len > FRAME_LEN_MAX {
            return Err(format!(
                "damaged at packet {number}: wanted at most {FRAME_LEN_MAX} bytes, found a length of {captured_len}"
            )
            .into());
        }
        record.time = time;
        record.original_len = self.order.decode([o0, o1, o2, o3]);
        record.frame.clear();
        let found = self.read_up_to(captured_len, &mut record.frame)?;
        if found < captured_len {
            return Err(
                format!("ends within packet {number}: wanted {captured_len} bytes, found {found}").into()
            );
        }
        self.records = number;
        Ok(true)
    }

    fn read_up_to(&mut self, len: usize, buffer: &mut Vec<u8>) -> io::Result<usize> {
        self.input.by_ref().take(len as u64).read_to_end(buffer)
    }
}

/// Writes a capture like the one that was read.
pub(crate) struct Writer {
    output: BufWriter<File>,
    order: ByteOrder,
}

impl Writer {
    pub(crate) fn create(path: &Path, like: &Reader) -> Result<Self> {
        let name = path.display();
        if path.metadata().is_ok_and(|there| is_same_file(&there, &like.metadata)) {
            return Err(format!("{name}: is the input as well; name another file for the output").into());
        }
        // A call in the clear is for the eyes of whoever opened it.
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
        let mut output = BufWriter::new(file.map_err(|error| format!("{name}: {error}"))?);

        let mut header = like.header;
        // Sealed packets may be longer than the longest of the input.
        header[16..20].copy_from_slice(&like.order.encode(FRAME_LEN_MAX as u32));
        output.write_all(&header)?;
        Ok(Self { output, order: like.order })
    }

    /// Writes a record as it was read.
    pub(crate) fn copy(&mut self, record: &Record) -> io::Result<()> {
        self.write(record, &record.frame, record.original_len)
    }

    /// Writes another frame in place of the one of a record.
    pub(crate) fn replace(&mut self, record: &Record, frame: &[u8]) -> io::Result<()> {
        self.write(record, frame, frame.len() as u32)
    }

    pub(crate) fn finish(mut self) -> io::Result<()> {
        self.output.flush()
    }

    fn write(&mut self, record: &Record, frame: &[u8], original_len: u32) -> io::Result<()> {
        self.output.write_all(&record.time)?;
        self.output.write_all(&self.order.encode(frame.len() as u32))?;
        self.output.write_all(&self.order.encode(original_len))?;
        self.output.write_all(frame)
    }
}

/// The byte order of the machine that captured.
#[derive(Clone, Copy)]
enum ByteOrder {
    Big,
    Little,
}

impl ByteOrder {
    fn decode(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Big => u32::from_be_bytes(bytes),
            Self::Little => u32::from_le_bytes(bytes),
        }
    }

    fn encode(self, number: u32) -> [u8; 4] {
        match self {
            Self::Big => number.to_be_bytes(),
            Self::Little => number.to_le_bytes(),
        }
    }
}

fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Magic number, version, time zone, accuracy, longest frame, link type.
const HEADER_LEN: usize = 24;

/// Seconds and their fraction, captured length, original length.
const RECORD_HEADER_LEN: usize = 16;

/// The longest frame that libpcap reads and writes: what is longer is no length, but damage.
const FRAME_LEN_MAX: usize = 262_144;
