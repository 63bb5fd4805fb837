//! Reasons and counts that have a word each: the label of metrics, the field of logs.

/// Makes an enumeration whose members have a word each, and which lists them in the order of their numbers.
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* $visible:vis enum $kind:ident { $($(#[doc = $doc:literal])+ $name:ident $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $visible enum $kind {
            $($(#[doc = $doc])+ $name,)+
        }

        impl $kind {
            /// Every one, in the order of their numbers.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Returns the label of metrics.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)+
                }
            }
        }
    };
}
