//! An assembler for BPF: each method adds one instruction, and labels name the places that jumps go to.
//!
//! The encoding is RFC 9669.

use std::os::fd::{AsRawFd, BorrowedFd};

use Register::R10;

/// A register. R0 holds results; R1 to R5 are arguments, and lost in calls; R6 to R9 survive calls; R10 points behind
/// the stack and cannot be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the registers are numbers")]
pub enum Register {
    R0,
    R1,
    R2,
    R3,
    R4,
    R5,
    R6,
    R7,
    R8,
    R9,
    R10,
}

/// What an instruction computes with: a register, or a constant that is extended with its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A constant.
    Constant(i32),
    /// The content of a register.
    Register(Register),
}

impl From<i32> for Operand {
    fn from(constant: i32) -> Self {
        Self::Constant(constant)
    }
}

impl From<Register> for Operand {
    fn from(register: Register) -> Self {
        Self::Register(register)
    }
}

/// What 64-bit arithmetic does, by its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
#[repr(u8)]
pub enum Operation {
    Add = 0x00,
    And = 0x50,
    Move = 0xb0,
    ShiftLeft = 0x60,
    Subtract = 0x10,
}

/// When a jump is taken, by its code; numbers compare without a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
#[repr(u8)]
pub enum Condition {
    AnyBitOf = 0x40,
    Equal = 0x10,
    GreaterThan = 0x20,
    LessThan = 0xa0,
    NotEqual = 0x50,
}

/// How much memory a load or store moves, by its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Size {
    /// One byte.
    Byte = 0x10,
    /// Eight bytes.
    Double = 0x18,
    /// Two bytes.
    Half = 0x08,
    /// Four bytes.
    Word = 0x00,
}

/// A function of the kernel, by its number in `enum bpf_func_id`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Function {
    /// `bpf_map_lookup_elem(map, key)`.
    MapLookup = 1,
    /// `bpf_redirect_map(map, index, verdict if there is none)`.
    RedirectMap = 51,
    /// `bpf_sk_assign(context, socket, flags)`.
    SocketAssign = 124,
    /// `bpf_sk_release(socket)`.
    SocketRelease = 86,
}

/// A place in a program, to jump to. Made by [`Assembler::label`], and placed once by [`Assembler::place`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label(usize);

/// A program in the making.
#[derive(Debug, Default)]
pub struct Assembler {
    code: Vec<u64>,
    labels: Vec<Option<usize>>,
    jumps: Vec<(usize, Label)>,
}

impl Assembler {
    /// Starts an empty program.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a label that is placed later.
    pub fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() - 1)
    }

    /// Places a label before the next instruction.
    ///
    /// # Panics
    ///
    /// If it has a place already.
    pub fn place(&mut self, label: Label) {
        let place = self.labels[label.0].replace(self.code.len());
        assert_eq!(place, None, "a label has one place");
    }

    /// Computes in 64 bits: `target = target operation operand`.
    pub fn compute(&mut self, operation: Operation, target: Register, operand: impl Into<Operand>) {
        self.binary(CLASS_ALU64 | operation as u8, target, operand.into(), 0);
    }

    /// Copies a register or a constant.
    pub fn set(&mut self, target: Register, operand: impl Into<Operand>) {
        self.compute(Operation::Move, target, operand);
    }

    /// Turns the low 16 bits from network order into host order, or back, and clears the others.
    pub fn swap_half(&mut self, target: Register) {
        self.push(CLASS_ALU | SOURCE_REGISTER | OPERATION_END, target, None, 0, 16);
    }

    /// Loads from memory: `target = *(pointer + offset)`, filled up with zeros.
    pub fn load(&mut self, size: Size, target: Register, pointer: Register, offset: i16) {
        self.push(CLASS_LDX | MODE_MEMORY | size as u8, target, Some(pointer), offset, 0);
    }

    /// Stores into memory: `*(pointer + offset) = source`.
    pub fn store(&mut self, size: Size, pointer: Register, offset: i16, source: Register) {
        self.push(CLASS_STX | MODE_MEMORY | size as u8, pointer, Some(source), offset, 0);
    }

    /// Loads a map, as the argument of a call.
    pub fn load_map(&mut self, target: Register, map: BorrowedFd<'_>) {
        self.wide(target, PSEUDO_MAP, map, 0);
    }

    /// Loads the address of a byte in the only value of an array.
    pub fn load_map_value(&mut self, target: Register, map: BorrowedFd<'_>, offset: u32) {
        self.wide(target, PSEUDO_MAP_VALUE, map, offset);
    }

    /// Loads the address of a byte on the stack, which grows downwards: offsets are from -512 to -1.
    pub fn load_stack(&mut self, target: Register, offset: i32) {
        self.set(target, R10);
        self.compute(Operation::Add, target, offset);
    }

    /// Jumps.
    pub fn jump(&mut self, to: Label) {
        self.jumps.push((self.code.len(), to));
        self.push(CLASS_JMP, Register::R0, None, 0, 0);
    }

    /// Jumps if 64 bits of the register fulfil the condition.
    pub fn jump_if(&mut self, condition: Condition, left: Register, right: impl Into<Operand>, to: Label) {
        self.jumps.push((self.code.len(), to));
        self.binary(CLASS_JMP | condition as u8, left, right.into(), 0);
    }

    /// Jumps if the low 32 bits of the register fulfil the condition.
    ///
    /// This is how words are compared with constants: in 64 bits, a constant with its highest bit set is extended with
    /// its sign and equals no word.
    pub fn jump_if_word(&mut self, condition: Condition, left: Register, right: u32, to: Label) {
        self.jumps.push((self.code.len(), to));
        self.push(CLASS_JMP32 | condition as u8, left, None, 0, right.cast_signed());
    }

    /// Calls a function of the kernel.
    pub fn call(&mut self, function: Function) {
        self.push(CLASS_JMP | OPERATION_CALL, Register::R0, None, 0, function as i32);
    }

    /// Ends the program with the result in R0.
    pub fn exit(&mut self) {
        self.push(CLASS_JMP | OPERATION_EXIT, Register::R0, None, 0, 0);
    }

    /// Resolves the jumps and returns the instructions.
    ///
    /// # Panics
    ///
    /// If a jump goes to a label without a place, or further than 32,767 instructions.
    #[must_use]
    pub fn assemble(mut self) -> Vec<u64> {
        for (at, label) in self.jumps {
            let place = self.labels[label.0].expect("a label that is jumped to has a place");
            // A jump counts from the instruction behind it.
            let distance = place as i64 - at as i64 - 1;
            let offset = i16::try_from(distance).expect("a jump is at most 32,767 instructions long");
            self.code[at] |= u64::from(offset.cast_unsigned()) << OFFSET_SHIFT;
        }
        self.code
    }

    fn binary(&mut self, code: u8, target: Register, operand: Operand, offset: i16) {
        match operand {
            Operand::Constant(constant) => self.push(code, target, None, offset, constant),
            Operand::Register(source) => self.push(code | SOURCE_REGISTER, target, Some(source), offset, 0),
        }
    }

    /// The only instruction of 16 bytes: its second half carries 32 more bits of the constant.
    fn wide(&mut self, target: Register, source: u64, map: BorrowedFd<'_>, high: u32) {
        self.push(CLASS_LD | Size::Double as u8, target, None, 0, map.as_raw_fd());
        *self.code.last_mut().expect("an instruction was just pushed") |= source << SOURCE_SHIFT;
        self.code.push(u64::from(high) << CONSTANT_SHIFT);
    }

    fn push(&mut self, code: u8, target: Register, source: Option<Register>, offset: i16, constant: i32) {
        let source = source.map_or(0, |source| source as u64);
        self.code.push(
            u64::from(code)
                | (target as u64) << TARGET_SHIFT
                | source << SOURCE_SHIFT
                | u64::from(offset.cast_unsigned()) << OFFSET_SHIFT
                | u64::from(constant.cast_unsigned()) << CONSTANT_SHIFT,
        );
    }
}

// RFC 9669 section 3: one instruction is a code of 8 bits, two registers of 4, an offset of 16 and a constant of 32.
const TARGET_SHIFT: u32 = 8;
const SOURCE_SHIFT: u32 = 12;
const OFFSET_SHIFT: u32 = 16;
const CONSTANT_SHIFT: u32 = 32;

// RFC 9669 section 3.3: the low three bits are the class of an instruction.
const CLASS_LD: u8 = 0;
const CLASS_LDX: u8 = 1;
const CLASS_STX: u8 = 3;
const CLASS_ALU: u8 = 4;
const CLASS_JMP: u8 = 5;
const CLASS_JMP32: u8 = 6;
const CLASS_ALU64: u8 = 7;

/// Section 4: the operand is a register.
const SOURCE_REGISTER: u8 = 0x08;
/// Section 4.2: a change of byte order.
const OPERATION_END: u8 = 0xd0;
const OPERATION_CALL: u8 = 0x80;
const OPERATION_EXIT: u8 = 0x90;
/// Section 5: an ordinary load or store.
const MODE_MEMORY: u8 = 0x60;

/// Section 5.4: the constant is the descriptor of a map.
const PSEUDO_MAP: u64 = 1;
/// Section 5.4: the address of a value in that map.
const PSEUDO_MAP_VALUE: u64 = 2;

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::Register::*;
    use super::*;

    /// Assembles one instruction and returns its bytes in the order of memory.
    fn bytes(write: impl FnOnce(&mut Assembler)) -> [u8; 8] {
        let mut asm = Assembler::new();
        write(&mut asm);
        asm.assemble()[0].to_le_bytes()
    }

    /// The expected bytes are written down from the tables of RFC 9669, in the order of a little-endian machine.
    #[test]
    fn instructions_are_encoded_as_compilers_encode_them() {
        assert_eq!(bytes(|asm| asm.set(R6, R1)), [0xbf, 0x16, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes(|asm| asm.set(R0, 2)), [0xb7, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!(
            bytes(|asm| asm.compute(Operation::Add, R2, -4)),
            [0x07, 0x02, 0, 0, 0xfc, 0xff, 0xff, 0xff]
        );
        assert_eq!(bytes(|asm| asm.compute(Operation::Add, R4, R0)), [0x0f, 0x04, 0, 0, 0, 0, 0, 0]);
        assert_eq!(bytes(|asm| asm.compute(Operation::ShiftLeft, R0, 2)), [0x67, 0, 0, 0, 2, 0, 0, 0]);
        assert_eq!(bytes(|asm| asm.swap_half(R7)), [0xdc, 0x07, 0, 0, 16, 0, 0, 0]);
        assert_eq!(bytes(|asm| asm.load(Size::Word, R3, R1, 4)), [0x61, 0x13, 4, 0, 0, 0, 0, 0]);
        assert_eq!(bytes(|asm| asm.load(Size::Half, R5, R2, 12)), [0x69, 0x25, 12, 0, 0, 0, 0, 0]);
        assert_eq!(bytes(|asm| asm.load(Size::Byte, R0, R4, 9)), [0x71, 0x40, 9, 0, 0, 0, 0, 0]);
        assert_eq!(bytes(|asm| asm.store(Size::Word, R10, -4, R1)), [0x63, 0x1a, 0xfc, 0xff, 0, 0, 0, 0]);
        assert_eq!(bytes(|asm| asm.call(Function::RedirectMap)), [0x85, 0, 0, 0, 0x33, 0, 0, 0]);
        assert_eq!(bytes(Assembler::exit), [0x95, 0, 0, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn a_map_is_loaded_in_two_halves() {
        let map = std::io::stdin();
        let mut asm = Assembler::new();
        asm.load_map(R1, map.as_fd());
        asm.load_map_value(R2, map.as_fd(), 0x4_0000);
        assert_eq!(asm.assemble(), [0x1118, 0, 0x2218, 0x4_0000 << 32]);
    }

    #[test]
    fn jumps_count_from_the_instruction_behind_them() {
        let mut asm = Assembler::new();
        let (ahead, back) = (asm.label(), asm.label());
        asm.place(back);
        asm.jump_if(Condition::GreaterThan, R4, R3, ahead);
        asm.jump_if_word(Condition::NotEqual, R1, 0xc000_0201, ahead);
        asm.jump(back);
        asm.place(ahead);
        asm.exit();
        assert_eq!(
            asm.assemble().iter().map(|code| code.to_le_bytes()).collect::<Vec<_>>(),
            [
                [0x2d, 0x34, 2, 0, 0, 0, 0, 0],
                [0x56, 0x01, 1, 0, 0x01, 0x02, 0x00, 0xc0],
                [0x05, 0, 0xfd, 0xff, 0, 0, 0, 0],
                [0x95, 0, 0, 0, 0, 0, 0, 0],
            ]
        );
    }

    #[test]
    #[should_panic(expected = "a label that is jumped to has a place")]
    fn a_jump_to_nowhere_is_refused() {
        let mut asm = Assembler::new();
        let nowhere = asm.label();
        asm.jump(nowhere);
        let _ = asm.assemble();
    }
}
