//! Unsafe code lives in few rooms, and each use of it says why it is sound.
//!
//! Clippy asks for the same comments, but only in code that is compiled for this machine.

use crate::code::{Code, Token};
use crate::finding::Finding;
use crate::house::House;

pub(super) fn check(house: &House) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in house.packages.ours().filter(|package| !UNSAFE_PACKAGES.contains(&package.name.as_str())) {
        for root in package.roots.iter().filter(|root| root.ships) {
            let code = house.file(&root.path).and_then(|file| file.code.as_ref());
            if !code.is_some_and(|code| code.attributes().any(forbids_unsafe)) {
                let advice = "begin the crate with it, below its documentation";
                findings.push(Finding::new(&root.path, 1, "no #![forbid(unsafe_code)]", advice));
            }
        }
    }
    for file in &house.files {
        let Some(code) = &file.code else { continue };
        for at in code.positions(&["unsafe"]) {
            let line = code.tokens[at].line;
            if let Some(folder) = left_folder(house, &file.path) {
                let advice = format!("move it below {folder}, behind a safe function");
                findings.push(Finding::new(&file.path, line, "unsafe code outside of its folder", advice));
            }
            let Some(duty) = Duty::of(code, at).filter(|duty| !duty.is_done(code, at)) else { continue };
            findings.push(match duty {
                Duty::Proof => {
                    let advice = "write `// SAFETY:` above it: which invariant holds, and who upholds it";
                    Finding::new(&file.path, line, "unsafe code without its proof", advice)
                }
                Duty::Terms => {
                    let advice =
                        "write a section `# Safety` into its documentation: what callers must uphold";
                    Finding::new(&file.path, line, "an unsafe contract without its terms", advice)
                }
            });
        }
    }
    findings
}

fn forbids_unsafe(attribute: &[Token]) -> bool {
    attribute.first().is_some_and(|token| token.is("forbid"))
        && attribute.iter().any(|token| token.is("unsafe_code"))
}

/// The folder that unsafe code of this file's package may not leave, if the file is outside of it. Tests are not
/// confined: the allocator that counts allocations, say, cannot be written without unsafe code.
fn left_folder(house: &House, path: &str) -> Option<String> {
    CONFINED.iter().find_map(|(name, folder)| {
        let package = house.packages.ours().find(|package| package.name == *name)?;
        let sources = format!("{}/src/", package.folder.as_deref()?);
        let folder = format!("{sources}{folder}");
        (path.starts_with(&sources) && !path.starts_with(&folder)).then_some(folder)
    })
}

/// What a use of `unsafe` owes to its readers.
enum Duty {
    /// A block, an impl, or foreign declarations: why it is sound.
    Proof,
    /// A function or a trait: what others must uphold.
    Terms,
}

impl Duty {
    fn of(code: &Code, at: usize) -> Option<Self> {
        // `unsafe extern "C"` is followed by its function, or by a block of declarations.
        let extern_len = if code.reads(at + 1, &["extern"]) { 2 } else { 0 };
        let next = at + 1 + extern_len;
        // `unsafe fn(u8)` is a type and promises nothing; a function of a trait has the terms of the trait.
        let is_function = code.reads(next, &["fn"]) && !code.reads(next + 1, &["("]);
        if code.reads(next, &["trait"]) || (is_function && !is_in_trait_impl(code, at)) {
            Some(Self::Terms)
        } else if code.reads(next, &["{"]) || code.reads(next, &["impl"]) {
            Some(Self::Proof)
        } else {
            None
        }
    }

    /// Whether the comment stands directly above the `unsafe`, or above the statement that it is part of.
    fn is_done(&self, code: &Code, at: usize) -> bool {
        let last = code.tokens[at].line;
        let mut first = code.tokens[statement(code, at)].line;
        let is_done = |text: &str| match self {
            Self::Proof => text.starts_with("SAFETY:"),
            Self::Terms => text.starts_with("# Safety"),
        };
        for comment in code.comments.iter().rev().filter(|comment| comment.is_alone && comment.line <= last) {
            if comment.line + 1 < first {
                return false;
            }
            if is_done(&comment.text) {
                return true;
            }
            first = first.min(comment.line);
        }
        false
    }
}

/// Whether the token stands in the braces of `impl Trait for A`, and in none within these.
fn is_in_trait_impl(code: &Code, at: usize) -> bool {
    let around = (0..at).rev().find(|&open| code.tokens[open].is("{") && code.closing(open) > at);
    around.is_some_and(|open| {
        let head = &code.tokens[statement(code, open)..open];
        // The `for` of `impl<F: for<'a> Fn(&'a u8)> A` is of another kind.
        let is_for = |pair: &[Token]| pair[0].is("for") && !pair[1].is("<");
        head.iter().any(|token| token.is("impl")) && head.windows(2).any(is_for)
    })
}

/// The first token of the statement, item or match arm that the token at `end` is part of, its attributes included.
fn statement(code: &Code, end: usize) -> usize {
    let mut is_arm = false;
    let mut start = end;
    while start > 0 {
        let before = &code.tokens[start - 1];
        if before.is(";") || before.is("{") || before.is("}") || (is_arm && before.is(",")) {
            break;
        }
        start -= 1;
        is_arm |= code.reads(start, &["=", ">"]);
    }
    // A comma behind a closing brace belongs to what stands before it.
    if start < end && code.tokens[start].is(",") { start + 1 } else { start }
}

/// Packages that may hold unsafe code at all: system calls, mapped memory, intrinsics.
const UNSAFE_PACKAGES: [&str; 3] = ["crypto", "netio", "numa"];

/// Packages that may hold it in one folder of their `src/` only.
const CONFINED: [(&str, &str); 1] = [("crypto", "cipher/")];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    fn faults(text: &str) -> Vec<String> {
        Sample::new().file("a.rs", text).faults(check)
    }

    #[test]
    fn proofs_above_the_block_or_its_statement_pass() {
        for text in [
            "fn f() {\n// SAFETY: proof\n// over two lines\nunsafe { g() }\n}",
            "fn f() {\n// SAFETY: proof\nlet x = g(1,\nunsafe { h() });\n}",
            "fn f() {\nlet x =\n// SAFETY: proof\nunsafe { h() };\n}",
            "fn f() {\n// SAFETY: proof\n#[cfg(unix)]\nunsafe { h() };\n}",
            "match x {\nA => { 1 },\n// SAFETY: proof\nB => unsafe { h() },\n}",
            "// SAFETY: proof\nunsafe impl Send for A {}",
            "// SAFETY: proof\nunsafe extern \"C\" { fn f(); }",
        ] {
            assert!(faults(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn blocks_and_impls_without_a_proof_are_found() {
        for text in [
            "\nunsafe { g() }",
            "// SAFETY: far away\n\n\nunsafe { g() }",
            "// SAFETY: of another statement\nf();\nunsafe { g() }",
            "match x {\n// SAFETY: of another arm\nA => 1,\nB => unsafe { g() },\n}",
            "// Safe, really.\nunsafe impl Send for A {}",
            "let x = \"// SAFETY: text\";\nunsafe { g() }",
            "f(); // SAFETY: of what stands before it\nunsafe { g() }",
        ] {
            let [fault] = faults(text).try_into().unwrap_or_else(|found| panic!("{text}: {found:?}"));
            assert!(fault.ends_with("unsafe code without its proof"), "{fault}");
        }
    }

    #[test]
    fn contracts_with_terms_pass_and_without_are_found() {
        let terms = "/// Reads.\n///\n/// # Safety\n///\n/// Terms.\n#[inline]\npub(crate) ";
        for contract in ["unsafe fn f() {}", "unsafe extern \"C\" fn f() {}", "unsafe trait T {}"] {
            assert!(faults(&format!("{terms}{contract}")).is_empty());
            assert_eq!(faults(contract), ["a.rs:1: an unsafe contract without its terms"]);
        }
        assert!(faults("struct A { f: unsafe fn(u8), g: unsafe extern \"C\" fn(u8) }").is_empty());
        assert!(faults("impl T for A { fn f() {} unsafe fn g() {} }").is_empty());
        for inherent in
            ["impl A { unsafe fn g() {} }", "impl<F: for<'a> Fn(&'a u8)> A<F> { unsafe fn g() {} }"]
        {
            assert_eq!(faults(inherent), ["a.rs:1: an unsafe contract without its terms"]);
        }
    }

    #[test]
    fn crate_roots_forbid_unsafe_code_unless_listed() {
        let house = |text: &str| {
            let sample = Sample::new().member("numa", "numa").member("wire", "wire");
            sample.root("wire", "wire/tests/t.rs").file("wire/src/lib.rs", text)
        };
        assert!(house("//! Formats.\n#![forbid(unsafe_code)]").faults(check).is_empty());
        for text in ["", "#![deny(unsafe_code)]", "// #![forbid(unsafe_code)]"] {
            assert_eq!(house(text).faults(check), ["wire/src/lib.rs:1: no #![forbid(unsafe_code)]"]);
        }
    }

    #[test]
    fn unsafe_code_of_crypto_stays_in_its_folder() {
        let house = |path: &str| {
            let sample = Sample::new().member("crypto", "crypto");
            sample.file(path, "// SAFETY: proof\nunsafe { f() }").faults(check)
        };
        for path in ["crypto/src/cipher/lanes.rs", "crypto/tests/no_allocation.rs", "other/src/lib.rs"] {
            assert!(house(path).is_empty(), "{path}");
        }
        for path in ["crypto/src/srtp.rs", "crypto/src/cipher.rs"] {
            assert_eq!(house(path), [format!("{path}:2: unsafe code outside of its folder")]);
        }
    }
}
